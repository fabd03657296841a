// Package rulefile is how files of rules are read, whatever the rules are about:
// secrets, malicious files, passwords, settings, software and licences.
//
// Load and Read bring a user's files into memory, within bounds. Decode reads
// YAML strictly: one document, the fields of the form given to it and no
// others, each once, without aliases. CheckID, CheckText, CheckTails and
// Compile hold what the values of rules have in common, and MatchTail applies
// patterns of the ends of paths.
//
// # What it guarantees
//
// A user's files are the user's own, but come from other people: any bytes are
// safe, and memory and time are bounded by the sizes given here. Errors name the
// file, the line where there is one, and what is wrong, in words that name
// nothing of this program and in which nothing steers a terminal.
//
// # What it does not do
//
// It does not know what a rule is. What fields there are, what they mean and
// which rule takes the place of which is the matter of the rooms that apply them.
package rulefile
