// Package judge turns what an image contains into what is wrong with it: facts
// and knowledge in, findings out.
//
// Judging is pure. It reads no image, keeps no state and looks at no clock, so
// it runs again for every image whenever knowledge changes, and gives the same
// bytes for the same facts and the same knowledge. Each category of findings
// has a file of its own.
//
// A vulnerability is found once for one version of one package, in however many
// places the package is, a secret once for one rule and one path; whether it keeps anybody from pulling the image is for
// package gate to say.
//
// What could not be judged is not passed over: an unknown distribution, an
// ecosystem without advisories, packages without a version are told in notes.
package judge
