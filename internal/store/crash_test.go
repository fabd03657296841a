package store_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/store"
	"github.com/pratique/pratique/internal/store/storetest"
)

// childEnv makes TestChild what the crash tests kill: "MODE DSN".
const childEnv = "PRATIQUE_STORE_TEST_CHILD"

// TestChild is the body of a child process. It tells what it has done on
// standard output, one word per line after "> ", and never ends by itself.
func TestChild(t *testing.T) {
	mode, dsn, ok := strings.Cut(os.Getenv(childEnv), " ")
	if !ok {
		return // not a child
	}
	s, err := store.Open(t.Context(), store.Config{DSN: dsn})
	if err != nil {
		t.Fatal(err)
	}
	b := newBench(t, s)
	say := func(word string) { fmt.Printf("> %s\n", word) }
	if mode == "push" {
		for i := 0; ; i++ {
			say(b.push(fmt.Sprint(i)).Digest)
		}
	}
	var r record
	h := b.honest(&r, layer("one"), layer("two"))
	block := func(ctx context.Context) error {
		say(mode)
		<-ctx.Done()
		return ctx.Err()
	}
	switch mode {
	case "plan":
		h.Plan = func(ctx context.Context, _ int64) error { return block(ctx) }
	case "layer":
		h.Layer = func(ctx context.Context, _ catalog.LayerJob) error { return block(ctx) }
	case "judge":
		h.Judge = func(ctx context.Context, _ int64) error { return block(ctx) }
	}
	b.work(h)
	<-t.Context().Done()
}

// crash runs a child until it has said n words, kills it, and returns the words.
func crash(t *testing.T, mode, dsn string, n int) (words []string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestChild$", "-test.v=false")
	cmd.Env = append(os.Environ(), childEnv+"="+mode+" "+dsn)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for len(words) < n && lines.Scan() {
		if word, ok := strings.CutPrefix(lines.Text(), "> "); ok {
			words = append(words, word)
		} else {
			t.Log(lines.Text())
		}
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	// What it said before it died counts as well.
	for lines.Scan() {
		if word, ok := strings.CutPrefix(lines.Text(), "> "); ok {
			words = append(words, word)
		}
	}
	_ = cmd.Wait() // it was killed
	if len(words) < n {
		t.Fatalf("the child ended after %d words", len(words))
	}
	return words
}

func eachDSN(t *testing.T, f func(t *testing.T, dsn string)) {
	t.Run("sqlite", func(t *testing.T) { f(t, storetest.SQLiteDSN(t)) })
	t.Run("postgres", func(t *testing.T) { f(t, storetest.PostgreSQLDSN(t)) })
}

func reopen(t *testing.T, dsn string) *bench {
	t.Helper()
	s, err := store.Open(t.Context(), store.Config{DSN: dsn})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return newBench(t, s)
}

func TestAcknowledgedPushesSurviveKill(t *testing.T) {
	eachDSN(t, func(t *testing.T, dsn string) {
		var acknowledged []string
		for range 3 {
			acknowledged = append(acknowledged, crash(t, "push", dsn, 10)...)
		}
		b := reopen(t, dsn)
		for _, digest := range acknowledged {
			p, err := b.s.Pull(t.Context(), b.key(), digest)
			b.ok(err)
			if p.Scan == nil || p.Scan.State != catalog.Pending || len(p.Content) == 0 {
				t.Errorf("%s: scan %v, %d bytes", digest, p.Scan, len(p.Content))
			}
		}
	})
}

func TestKilledScansRunAgain(t *testing.T) {
	for _, mode := range []string{"plan", "layer", "judge"} {
		t.Run(mode, func(t *testing.T) {
			eachDSN(t, func(t *testing.T, dsn string) {
				b := reopen(t, dsn)
				var scans []catalog.Scan
				for i := range 3 {
					b.push(fmt.Sprint(i))
				}
				scans = b.promote()
				b.ok(b.s.Close())

				crash(t, mode, dsn, 2)

				b = reopen(t, dsn)
				var r record
				b.work(b.honest(&r, layer("one"), layer("two")))
				for _, scan := range scans {
					if got := b.ended(scan.ID); got.State != catalog.Success {
						t.Errorf("scan: %+v", got)
					}
					if n := r.get()[fmt.Sprint("judge ", scan.ID)]; n != 1 {
						t.Errorf("scan %d was judged %d times", scan.ID, n)
					}
				}
				if n := b.rows("report"); n != len(scans) {
					t.Errorf("%d reports", n)
				}
			})
		})
	}
}
