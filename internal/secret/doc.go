// Package secret finds secrets in text: keys, tokens, passwords, by rules that
// are data.
//
// The built-in rules are in rules.yaml, which documents their form; Load adds a
// user's own. A rule names words that stand beside every secret of its kind.
// One pass of an automaton over the text looks for the words of all rules, and
// only around a word is the rule's regular expression tried. That expression is
// RE2 and sees a bounded window, so no text can make it slow.
//
// # What it guarantees
//
// What is found never leaves the package: a Hit holds the place and an excerpt
// in which everything that any rule took for a secret is masked, except for the
// fixed beginning that all secrets of the kind share ("ghp_"). Not even their
// length shows. Equal text gives equal hits. Any bytes are safe, and the work
// for a text of a given length is bounded.
//
// # What it does not do
//
// It asks nobody whether a secret is in force, and it does not find a password
// that stands for itself: there must be a form, a name or a file to know it by.
// Texts that only look like secrets (placeholders, references to variables,
// examples of documentation, wrong check digits) are left out; see placeholder.
package secret
