package scan

import (
	"context"

	"github.com/pratique/pratique/internal/catalog"
)

var (
	Family    = family
	Successor = successor
	ScanError = scanError
)

// StepError is trouble of a step of judging.
func StepError(cause catalog.Cause, err error) error { return &stepError{cause, err} }

// JudgeAgain does once what judgeAgainUntil does all the time.
func (s *Service) JudgeAgain(ctx context.Context) error {
	a := &again{Service: s, id: "test"}
	return a.run(ctx)
}
