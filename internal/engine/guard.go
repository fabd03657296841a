package engine

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/pratique/pratique/internal/collect"
	"github.com/pratique/pratique/internal/collect/malware"
	"github.com/pratique/pratique/internal/priority"
	"github.com/pratique/pratique/internal/report"
)

// grace is how long a collector may take to notice that its time is over
// before it is left behind.
const grace = 5 * time.Second

// abandonLimit is how many calls of a collector are left behind in one layer
// before it is not called any more.
const abandonLimit = 3

// outcome is what one call of a collector came to.
type outcome struct {
	// facts is nil if the collector was left behind.
	facts *report.LayerFacts
	note  *report.Note
	// abandoned says that the call still runs, with the content it was given.
	abandoned bool
}

// collect calls a collector and turns whatever goes wrong into a note. What it
// found before that counts, unless it still runs and could change it.
func (p *pass) collect(ctx context.Context, c collect.Collector, f report.File, file *content) outcome {
	e := p.engine
	called, cancel := context.WithTimeout(ctx, e.opts.Timeout)
	defer cancel()
	facts := &report.LayerFacts{DiffID: p.diffID, Collectors: e.version}
	done := make(chan error, 1)
	p.call(ctx, func() {
		defer func() {
			if r := recover(); r != nil {
				e.opts.Logger.Error("collector panicked", "collector", c.Name(), "path", f.Path, "layer", p.diffID,
					"panic", r, "stack", string(debug.Stack()))
				done <- fmt.Errorf("it panicked: %v", r)
			}
		}()
		done <- c.Collect(called, f, file, facts)
	})
	select {
	case err := <-done:
		return finished(ctx, called, c, f, facts, err)
	case <-called.Done():
	}
	if ctx.Err() != nil {
		file.revoked.Store(true) // nobody waits for what is still to be read
	}
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case err := <-done:
		return finished(ctx, called, c, f, facts, err)
	case <-timer.C:
	}
	file.revoked.Store(true)
	p.hangUp()
	note := collectorNote(noteTimeout, c, f, "the collector took too long and was left behind; what it would have found is missing")
	return outcome{note: note, abandoned: true}
}

// call runs f in the goroutine that collectors are called in, one after the
// other. There is one for a layer and not one for a call, since it may have a
// thread of its own.
func (p *pass) call(ctx context.Context, f func()) {
	if p.calls == nil {
		calls := make(chan func())
		p.calls = calls
		go func() {
			priority.Enter(ctx)
			for f := range calls {
				f()
			}
		}()
	}
	p.calls <- f
}

// hangUp ends the goroutine that collectors are called in, as soon as it
// returns from its last call. The next call makes another one.
func (p *pass) hangUp() {
	if p.calls != nil {
		close(p.calls)
		p.calls = nil
	}
}

func finished(ctx, called context.Context, c collect.Collector, f report.File, facts *report.LayerFacts, err error) outcome {
	o := outcome{facts: facts}
	switch {
	case err == nil || ctx.Err() != nil:
	case called.Err() != nil:
		o.note = collectorNote(noteTimeout, c, f, "the collector took too long; what it had not found by then is missing")
	default:
		o.note = collectorNote(noteFailed, c, f, fmt.Sprintf("the file could not be read completely: %v", err))
	}
	return o
}

// wants asks a collector about a file; one that panics over it does not want it.
func (e *Engine) wants(c collect.Collector, f report.File) (want bool) {
	defer func() {
		if p := recover(); p != nil {
			e.opts.Logger.Error("collector panicked over a name", "collector", c.Name(), "path", f.Path, "panic", p)
			want = false
		}
	}()
	return c.Want(f)
}

// Codes of the engine's notes.
const (
	noteFailed    = "collector-failed"
	noteTimeout   = "collector-timeout"
	noteGaveUp    = "collector-given-up"
	noteTooLarge  = "file-too-large"
	noteSpool     = "file-not-spooled"
	noteHardLink  = "hard-link-not-read"
	noteMore      = "more-notes-left-out"
	noteNoLayers  = "image-without-layers"
	maxMessage    = 500
	maxLayerNotes = 200

	noteMoreSecrets = "more-secrets-left-out"
	maxLayerSecrets = 10_000

	noteMoreLicences = "more-licences-left-out"
	maxLayerLicences = 20_000
	noteMoreMalware  = "more-malware-left-out"
	maxLayerMalware  = 10_000
	noteMoreConfigs  = "more-settings-left-out"
	// maxLayerConfigs bounds the configuration files kept of a layer, in bytes; each
	// counts configCost beside its content.
	maxLayerConfigs = 16 << 20
	configCost      = 256
)

func collectorNote(code string, c collect.Collector, f report.File, message string) *report.Note {
	if len(message) > maxMessage {
		message = message[:maxMessage] + "…"
	}
	return &report.Note{Code: code, Message: message, Path: f.Path, Collector: c.Name()}
}

// Repeatable reports whether reading the layer again would give the same
// facts. It would not where a collector ran out of time, or could not ask whom
// it should, or the disk was full;
// such facts are worth having but not worth keeping.
func Repeatable(facts *report.LayerFacts) bool {
	for _, n := range facts.Notes {
		switch n.Code {
		case noteTimeout, noteGaveUp, noteSpool, malware.NoteClamd:
			return false
		}
	}
	return true
}
