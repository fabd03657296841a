// Package access says who asks and what they may do: accounts and their
// passwords, the credentials in a request, the tokens registry clients work
// with, and one function, Can, that decides.
//
// It guarantees that nothing is granted that Can did not allow, neither
// directly nor through a token; that a password is never stored, compared or
// kept in memory longer than a request needs it except as a hash; that a wrong
// name and a wrong password look and cost the same; and that the memory and
// processor time strangers can make it spend are bounded.
//
// It does not know HTTP error documents of the registry or the REST API: it
// returns errors of package catalog, which those translate. Only the token
// endpoint and Middleware answer by themselves. Forwarded headers are not
// believed: address and host are those of the connection.
package access
