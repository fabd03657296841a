package catalog

import (
	"errors"
	"fmt"
)

// Kind classifies an error for the edge of the program: package registry turns
// it into an OCI error code, package api into a problem document.
type Kind string

const (
	NotFound     Kind = "not-found"
	Invalid      Kind = "invalid"
	Unauthorized Kind = "unauthorized"
	Denied       Kind = "denied"
	Conflict     Kind = "conflict"
	TooLarge     Kind = "too-large"
	Blocked      Kind = "blocked"
	Busy         Kind = "busy"
	Unavailable  Kind = "unavailable"
	// Internal is what every error that is not an *Error counts as. Its text
	// never reaches a client.
	Internal Kind = "internal"
)

// Error tells what happened, to what, and what to do next. Its texts are safe
// to show to the client that caused it.
type Error struct {
	Kind Kind
	// Code is stable and machine-readable, in lower case with underscores:
	// "namespace_not_found". For a scan it is a Cause.
	Code string
	// Message says what happened and names the thing it happened to.
	Message string
	// Advice says what to do next; it may be empty where Message suffices.
	Advice string
	// Err is the underlying error, for the log only.
	Err error
}

// Error returns message and advice.
func (e *Error) Error() string {
	if e.Advice == "" {
		return e.Message
	}
	return e.Message + ": " + e.Advice
}

// Unwrap returns the underlying error.
func (e *Error) Unwrap() error { return e.Err }

// Errorf makes an Error; a %w operand becomes its underlying error.
func Errorf(kind Kind, code, format string, args ...any) *Error {
	wrapped := fmt.Errorf(format, args...)
	return &Error{Kind: kind, Code: code, Message: wrapped.Error(), Err: errors.Unwrap(wrapped)}
}

// Advise sets what to do next and returns e.
func (e *Error) Advise(format string, args ...any) *Error {
	e.Advice = fmt.Sprintf(format, args...)
	return e
}

// KindOf returns the kind of the first *Error in err's chain, or Internal.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Internal
}

// Is reports whether err's kind is kind.
func Is(err error, kind Kind) bool { return err != nil && KindOf(err) == kind }

// NamespaceNotFound says that there is no such namespace: also to those who may
// not see it.
func NamespaceNotFound(name string) error {
	return Errorf(NotFound, "namespace_not_found", "there is no namespace %q", name).
		Advise("create it first, for example with: pratique admin namespace create %s", name)
}
