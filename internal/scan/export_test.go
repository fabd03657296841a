package scan

import "context"

var (
	Family    = family
	Successor = successor
)

// JudgeAgain does once what judgeAgainUntil does all the time.
func (s *Service) JudgeAgain(ctx context.Context) error {
	a := &again{Service: s, id: "test"}
	return a.run(ctx)
}
