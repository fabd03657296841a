package scan_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/image/imagetest"
)

// At a closed gate a request is refused and a scan by itself fails, each naming
// the gate that is closed first and how it is opened.
func TestGates(t *testing.T) {
	each(t, func(e *env) {
		defer e.start()()
		set := func(gate catalog.ScanGate, open bool) {
			e.must(e.store.SetGate(e.Context(), e.instance.ID, gate, open, "ann"))
		}
		a := e.push(imagetest.Build(e, debian), "app", "1")
		if s := e.next(); s.State != catalog.Success {
			e.Fatalf("with all gates open: %+v", s)
		}
		// From the last to the first, so that each is the first that is closed.
		for n, gate := range []catalog.ScanGate{catalog.GateFeature, catalog.GateAuthorization, catalog.GateRegistry, catalog.GateScanning} {
			set(gate, false)
			e.push(small(e, n), "app", string(gate))
			s := e.next()
			if s.State != catalog.Failed || s.Cause != gate.Cause() || !strings.Contains(s.Detail, "(gate "+string(gate)+")") ||
				!strings.Contains(s.Detail, "pratique admin gate open "+string(gate)) {
				e.Errorf("pushed at a closed gate %s: %+v", gate, s)
			}
			_, err := e.service.Request(e.Context(), a.ID, catalog.TriggerManual)
			var refused *catalog.Error
			switch {
			case gate == catalog.GateAuthorization:
				// Accepted, and ends with the specification's cause.
				e.must(err)
				if s := e.next(); s.Cause != catalog.CauseNotAuthorized {
					e.Errorf("requested without authorization: %+v", s)
				}
			case !errors.As(err, &refused) || refused.Code != "gate_closed" || !strings.Contains(refused.Error(), string(gate)):
				e.Errorf("requested at a closed gate %s: %v", gate, err)
			}
		}
		for _, gate := range catalog.ScanGates() {
			set(gate, true)
		}
		_, err := e.service.Request(e.Context(), a.ID, catalog.TriggerManual)
		e.must(err)
		if s := e.next(); s.State != catalog.Success {
			e.Errorf("with all gates open again: %+v", s)
		}
	})
}

// A scan can be stopped while it waits and while it runs, but not twice, and the
// report before it stays in force.
func TestStop(t *testing.T) {
	each(t, func(e *env) {
		first := imagetest.Build(e, debian)
		a := e.push(first, "app", "1")
		waiting := e.scans(a)[0]
		e.must(e.service.Stop(e.Context(), waiting.ID, "ann"))
		stopped := func(id int64) {
			e.Helper()
			s, err := e.store.Scan(e.Context(), id)
			e.must(err)
			if s.State != catalog.Failed || s.Cause != catalog.CauseStopped || s.Detail != "stopped by ann" {
				e.Errorf("stopped: %+v", s)
			}
		}
		stopped(waiting.ID)
		var known *catalog.Error
		if err := e.service.Stop(e.Context(), waiting.ID, "ann"); !errors.As(err, &known) || known.Code != "scan_ended" {
			e.Errorf("stopped twice: %v", err)
		}
		if err := e.service.Stop(e.Context(), 1<<40, "ann"); !errors.As(err, &known) || known.Code != "scan_not_found" {
			e.Errorf("stopped what is not there: %v", err)
		}

		second := imagetest.Build(e, debian+"-- layer --\nRUN more\n-- srv/more --\nx\n")
		reading, proceed := make(chan struct{}, 1), make(chan struct{})
		e.blobs.interfere(func(_ context.Context, digest string) error {
			if digest == second.Layers[1].Digest {
				reading <- struct{}{}
				<-proceed
			}
			return nil
		})
		defer e.start()()
		_, err := e.service.Request(e.Context(), a.ID, catalog.TriggerManual)
		e.must(err)
		if s := e.next(); s.State != catalog.Success {
			e.Fatalf("after being stopped: %+v", s)
		}
		before, by := e.report(a)
		b := e.push(second, "app", "2")
		<-reading
		running := e.scans(b)[0]
		e.must(e.service.Stop(e.Context(), running.ID, "ann"))
		close(proceed)
		stopped(running.ID)
		e.next()
		if after, still := e.report(a); still.ID != by.ID || after.Image.Digest != before.Image.Digest {
			e.Error("another artifact's report changed")
		}
		e.quiet()
	})
}
