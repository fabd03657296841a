// Package compliance says which software and which licences are not wanted in
// images, by rules that are data.
//
// The built-in rules are in software.yaml and licences.yaml, which document
// their form; Load adds a user's own.
//
// # What it guarantees
//
// A Policy never changes and answers by its rules and the question alone. Names,
// versions and licences come from images: any text is safe, and the work for
// one of a given length is bounded.
//
// # What it does not do
//
// It reads no image and orders no versions: packages and their licences are
// facts that others gained, and whoever asks about versions brings the order. It
// gives no legal advice: a rule tells what a licence is known for.
package compliance
