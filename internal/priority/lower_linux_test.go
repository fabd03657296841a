package priority

import (
	"context"
	"runtime"
	"syscall"
	"testing"
)

// niceness is that of the thread, from -20 to 19.
func niceness(t *testing.T) int {
	t.Helper()
	// The kernel answers 20 less the niceness, so that no answer looks like an
	// error.
	answer, err := syscall.Getpriority(syscall.PRIO_PROCESS, syscall.Gettid())
	if err != nil {
		t.Fatal(err)
	}
	return 20 - answer
}

// Work in the background, and the goroutines of it that keep a processor busy,
// have a low priority; the others keep theirs, also afterwards.
func TestThreads(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	before := niceness(t)
	entered := func(ctx context.Context) int {
		n := make(chan int)
		go func() {
			Enter(ctx)
			n <- niceness(t)
		}()
		return <-n
	}
	err := Run(t.Context(), func(ctx context.Context) error {
		if n := niceness(t); n != low {
			t.Errorf("work in the background has niceness %d", n)
		}
		if n := entered(ctx); n != low {
			t.Errorf("a goroutine of it has niceness %d", n)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if n := entered(t.Context()); n != before {
		t.Errorf("a goroutine that is no work in the background has niceness %d, not %d", n, before)
	}
	if n := niceness(t); n != before {
		t.Errorf("the thread that waited has niceness %d, not %d", n, before)
	}
}
