package engine_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pratique/pratique/internal/engine"
	"github.com/pratique/pratique/internal/image/imagetest"
	"github.com/pratique/pratique/internal/report"
)

// unknownHash is one of yescrypt that no guess matches: the salt is not that
// which it was made with.
func unknownHash(salt int) string {
	return fmt.Sprintf("$y$"+"j75$abcd%04d$"+"BzQ/Q3ssanARhaS/VgiFkENPtOXGzvpch9ry26yhepD", salt)
}

// knownHash is of "changeme".
const knownHash = "$y$" + "j75$abcdefgh$" + "BzQ/Q3ssanARhaS/VgiFkENPtOXGzvpch9ry26yhepD"

// Weak passwords of every layer count, with what became of the file; those of the
// environment are not kept with the facts.
func TestPasswordsOfAllLayers(t *testing.T) {
	img := imagetest.Build(t, "env: REDIS_PASSWORD=redis\n"+
		"-- layer --\nA\n-- etc/shadow --\nroot:"+knownHash+":19783::::::\napp:"+knownHash+":19783::::::\n-- srv/.htpasswd --\nalice:{PLAIN}alice\n"+
		"-- layer --\nB\n-- etc/shadow --\nroot:"+knownHash+":19784::::::\napp:*:19784::::::\n-- srv/.wh..htpasswd --\n").Image(t)
	e := engine.New(engine.Options{Cache: engine.NewFileCache(t.TempDir(), 1<<20), TempDir: t.TempDir()})
	at := func(service, user, path, changed, scheme, how string, layer, line int, hidden report.Hidden) report.WeakPassword {
		return report.WeakPassword{Service: service, User: user, Path: path, Line: line, Scheme: scheme, How: how, Masked: "********",
			Changed: changed, Layer: layer, Hidden: hidden}
	}
	want := []report.WeakPassword{
		at("system", "root", "etc/shadow", "2024-03-01", "yescrypt", "common", 0, 1, report.Replaced),
		at("system", "app", "etc/shadow", "2024-03-01", "yescrypt", "common", 0, 2, report.Replaced),
		at("system", "root", "etc/shadow", "2024-03-02", "yescrypt", "common", 1, 1, ""),
		at("http", "alice", "srv/.htpasswd", "", "plain", "account-name", 0, 1, report.Deleted),
	}
	for _, what := range []string{"read", "from the cache"} {
		facts, err := e.Image(t.Context(), img)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, facts.Passwords); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
		if len(facts.Image.Passwords) != 1 || facts.Image.Passwords[0].Config != "environment variable REDIS_PASSWORD" {
			t.Errorf("%s: %+v", what, facts.Image.Passwords)
		}
	}
}

// All layers of an image share one budget. Facts that it ended are told and kept:
// trying again would end in the same place.
func TestGuessingIsBounded(t *testing.T) {
	var text strings.Builder
	for layer := range 3 {
		fmt.Fprintf(&text, "-- layer --\nL%d\n-- etc/shadow --\n", layer)
		for n := range 4 {
			fmt.Fprintf(&text, "user%d:%s:1::::::\n", n, unknownHash(10*layer+n))
		}
	}
	img := imagetest.Build(t, text.String()).Image(t)
	cache := engine.NewFileCache(t.TempDir(), 1<<20)
	// A guess is priced at about four milliseconds.
	e := engine.New(engine.Options{Cache: cache, TempDir: t.TempDir(), Guessing: 100 * time.Millisecond})
	facts, err := e.Image(t.Context(), img)
	if err != nil {
		t.Fatal(err)
	}
	tried := 0
	for _, n := range facts.Notes {
		if n.Code != "password-budget" {
			t.Errorf("%+v", n)
			continue
		}
		var guesses int
		if _, err := fmt.Sscanf(n.Message, "the time for guessing passwords ended after %d of", &guesses); err != nil {
			t.Errorf("%q: %v", n.Message, err)
		}
		tried += guesses
	}
	if len(facts.Notes) != 3 || tried != 24 {
		t.Errorf("%d notes, %d guesses", len(facts.Notes), tried)
	}
	again, err := e.Image(t.Context(), img)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(facts, again); diff != "" {
		t.Errorf("facts that a budget ended are not kept (-first +second):\n%s", diff)
	}
}
