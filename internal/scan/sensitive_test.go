package scan_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/engine"
	"github.com/pratique/pratique/internal/image/imagetest"
	"github.com/pratique/pratique/internal/report"
	"github.com/pratique/pratique/internal/scan"
)

// syncBuffer takes the log of several goroutines.
type syncBuffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}

// Secrets become findings, which keep nobody from pulling, and stand nowhere in
// report, facts or log.
func TestSecretsAreNotKept(t *testing.T) {
	one, two := "kW7"+"zQ2mT9xLr", "Hx3"+"tC6jM9fGz"
	each(t, func(e *env) {
		var log syncBuffer
		e.config.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		e.service = scan.New(e.config)
		stop := e.start()
		img := imagetest.Build(e, "env: DB_PASSWORD="+one+"\n-- layer --\nRUN curl -u admin:"+two+" https://a\n-- srv/a --\npostgres://a:"+one+"@db/a\n")
		a := e.push(img, "app", "1")
		if s := e.next(); s.State != catalog.Success {
			e.Fatalf("scan: %+v", s)
		}
		rep, _ := e.report(a)
		if rep.Summary.Findings.ByCategory[report.Sensitive] != 3 || rep.Summary.Total != 0 {
			e.Errorf("findings: %+v", rep.Findings)
		}
		if msg := e.refusal(a); msg != "" {
			e.Errorf("the pull is refused: %s", msg)
		}
		stop()
		doc, _, err := e.store.Report(e.Context(), a.ID)
		e.must(err)
		docs, err := e.store.Facts(e.Context(), []string{img.Layers[0].DiffID}, e.config.Engine.Version())
		e.must(err)
		facts, err := engine.DecodeFacts(docs[img.Layers[0].DiffID])
		e.must(err)
		if len(facts.Secrets) != 1 {
			e.Errorf("facts: %+v", facts.Secrets)
		}
		text, err := json.Marshal(facts)
		e.must(err)
		for where, text := range map[string]string{"report": string(doc), "facts": string(text), "log": log.String()} {
			if strings.Contains(text, one) || strings.Contains(text, two) || text == "" {
				e.Errorf("the %s holds a secret, or nothing", where)
			}
		}
	})
}
