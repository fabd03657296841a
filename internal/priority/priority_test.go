package priority

import (
	"context"
	"errors"
	"strings"
	"testing"
)

func TestRun(t *testing.T) {
	wrong := errors.New("something is wrong")
	if err := Run(t.Context(), func(context.Context) error { return wrong }); err != wrong {
		t.Errorf("the error is %v", err)
	}
	if err := Run(t.Context(), func(context.Context) error { panic("an accident") }); err == nil || !strings.Contains(err.Error(), "an accident") {
		t.Errorf("the error is %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Run(ctx, func(ctx context.Context) error { return ctx.Err() }); err != context.Canceled {
		t.Errorf("the error is %v", err)
	}
}
