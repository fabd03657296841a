// Package access says who asks and what they may do: accounts, groups and the
// roles they hold; passwords, credentials of programs, sessions of browsers and
// sign-in with an OpenID provider; the tokens registry clients work with; one
// function, Can, that decides; and the log of who did what.
//
// It guarantees that nothing is granted that Can did not allow, neither
// directly nor through a token or credential; that what is taken away, disabled
// or revoked opens nothing any more, at once in this process and within a second
// in others; that a password is never stored, compared or kept in memory longer
// than a request needs it except as a hash; that a wrong name and a wrong
// password look and cost the same; and that the memory, the processor time and
// the entries of the log that strangers can make it spend are bounded.
//
// It does not know HTTP error documents of the registry or the REST API: it
// returns errors of package catalog, which those translate. Only the token
// endpoint, Middleware and the sign-in with a provider answer by themselves. It
// believes the address and host of a request: package server says which those
// are behind a proxy.
package access
