// Package password knows how passwords are stored and guesses the weak ones.
//
// A reader of some file gives each password in the form it is stored in to
// Crypt, MySQL, PostgreSQL, Redis or Tomcat, or to Plain, and the accounts to
// Words.Guess. That tries what people choose without thinking: no password, the
// account's own name and its variants, the commonest passwords of the world and
// of container images (words.txt, the likeliest first), and the words of the
// user's own lists.
//
// # What it guarantees
//
// Neither a password nor a hash leaves the package: what is told is the kind of
// the guess that was right. No guess takes more than about a second or 32 MiB,
// whatever a hash demands, and all guesses for an image together are bounded by
// a Budget.
//
// A budget counts what guesses cost, it does not look at a clock. The price of a
// guess is the time it takes on an ordinary processor, and follows from the
// scheme and its parameters alone. So the same files meet the same guesses on
// every machine and on every day, and a search that ends early always ends in
// the same place.
//
// # What it does not do
//
// It is no tool to break into anything: it tries about a thousand words, not
// billions. What it does not find may still be weak.
package password
