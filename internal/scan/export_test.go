package scan

import "github.com/pratique/pratique/internal/catalog"

var (
	Family    = family
	Successor = successor
	ScanError = scanError
)

// StepError is trouble of a step of judging.
func StepError(cause catalog.Cause, err error) error { return &stepError{cause, err} }
