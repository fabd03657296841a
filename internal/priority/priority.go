// Package priority lets work in the background give way to what somebody waits
// for. Reading layers keeps as many processors busy as there are; without it, a
// request would wait until the Go scheduler takes one away from them.
package priority

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
)

type background struct{}

// Run runs f as work in the background and returns its error, or one that tells
// of its panic.
func Run(ctx context.Context, f func(context.Context) error) error {
	ctx = context.WithValue(ctx, background{}, true)
	done := make(chan error, 1)
	go func() {
		defer func() {
			if p := recover(); p != nil {
				done <- fmt.Errorf("it panicked: %v\n%s", p, debug.Stack())
			}
		}()
		Enter(ctx)
		done <- f(ctx)
	}()
	return <-done
}

// Enter begins a goroutine that keeps a processor busy. If it is part of work in
// the background it gets a thread of its own with a low priority, which ends
// with it: an unprivileged process cannot raise it again.
func Enter(ctx context.Context) {
	if ctx.Value(background{}) == nil {
		return
	}
	runtime.LockOSThread() // and never unlocked
	lower()
}
