// Package rules puts the rules that images are judged by together: what is
// secret, what is malicious, which passwords are weak, how a system should be
// configured, what software is not wanted.
//
// Rules are data. Each kind has built-in defaults, embedded in the package that
// applies them, and a documented form in which users add to them or replace
// them: files of a directory, or of a namespace. This package finds the files of
// each kind by their names and knows nothing of what is in them.
//
// A set never changes. Files with an error make no set, so the rules in force
// stay in force.
package rules

import (
	"fmt"
	"io/fs"
	"slices"

	"github.com/pratique/pratique/internal/baseline"
	"github.com/pratique/pratique/internal/compliance"
	"github.com/pratique/pratique/internal/password"
	"github.com/pratique/pratique/internal/secret"
	"github.com/pratique/pratique/internal/signature"
)

// Set is all rules, ready for use. It is safe for concurrent use; its fields are
// never nil and must not be changed.
type Set struct {
	Secrets    *secret.Rules
	Passwords  *password.Words
	Baseline   *baseline.Rules
	Malware    *signature.Rules
	Compliance *compliance.Policy
}

// Default returns the built-in rules.
func Default() *Set {
	return &Set{
		Secrets:    secret.Default(),
		Passwords:  password.Default(),
		Baseline:   baseline.Default(),
		Malware:    signature.Default(),
		Compliance: compliance.Default(),
	}
}

// Load returns the built-in rules with those in the files of user, a flat
// directory, added. Files that Owned does not know are not looked at. Errors name
// the file, the line where there is one, and what is wrong.
func Load(user fs.FS) (*Set, error) {
	var s Set
	var err error
	if s.Secrets, err = secret.Load(user); err != nil {
		return nil, err
	}
	if s.Passwords, err = password.Load(user); err != nil {
		return nil, err
	}
	if s.Baseline, err = baseline.Load(user); err != nil {
		return nil, err
	}
	if s.Malware, err = signature.Load(user); err != nil {
		return nil, err
	}
	if s.Compliance, err = compliance.Load(user); err != nil {
		return nil, err
	}
	return &s, nil
}

// Open loads the rules in a directory. A file in it that is none of the kinds
// known is an error, as is a directory without any.
func Open(dir string) (*Set, error) {
	files, err := ReadDir(dir)
	if err != nil {
		return nil, err
	}
	s, err := Load(files)
	if err != nil {
		return nil, fmt.Errorf("rules in %s: %w", dir, err)
	}
	return s, nil
}

// owners tell the files of each kind by their names.
var owners = []func(name string) bool{secret.Owns, password.Owns, baseline.Owns, signature.Owns, compliance.Owns}

// kinds describes the names for messages.
const kinds = "secrets*.yaml, excluded-paths.txt, passwords*.txt, baseline*.yaml, software*.yaml, licences*.yaml, malware*.yaml, *.hdb, *.hsb, *.ndb, *.sha256, *.fp, *.sfp"

// Kinds describes the names of files of rules, for messages.
func Kinds() string { return kinds }

// Owned reports whether a file of this name would be read.
func Owned(name string) bool {
	return slices.ContainsFunc(owners, func(owns func(string) bool) bool { return owns(name) })
}
