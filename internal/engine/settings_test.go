package engine_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pratique/pratique/internal/engine"
	"github.com/pratique/pratique/internal/image/imagetest"
)

// Of configuration files the visible ones count, each with the layer it is in.
func TestConfigsOfVisibleFiles(t *testing.T) {
	img := imagetest.Build(t, "-- layer --\nA\n-- etc/passwd --\nroot:x:0:0::/root:\n-- etc/hosts.equiv --\n+\n-- etc/login.defs --\nUMASK 022\n"+
		"-- layer --\nB\n-- etc/passwd mode=0666 --\na:x:1:1::/:\n-- etc/.wh.hosts.equiv --\n").Image(t)
	facts, err := engine.New(engine.Options{TempDir: t.TempDir()}).Image(t.Context(), img)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range facts.Configs {
		got = append(got, fmt.Sprintf("%s %d %v %q", c.Path, c.Layer, c.Mode, c.Content))
	}
	want := `etc/login.defs 0 -rw-r--r-- "UMASK 022\n"; etc/passwd 1 -rw-rw-rw- "a:x:1:1::/:\n"`
	if strings.Join(got, "; ") != want {
		t.Errorf("%q", got)
	}
}

// A layer of a great many configuration files is kept in part, and that is said.
func TestConfigsAreBounded(t *testing.T) {
	var text strings.Builder
	text.WriteString("-- layer plain --\nA\n")
	line := strings.Repeat("x", 15_000) + "\n"
	for n := range 1500 {
		fmt.Fprintf(&text, "-- home/u%d/.rhosts --\n%s", n, line)
	}
	img := imagetest.Build(t, text.String()).Image(t)
	facts, err := engine.New(engine.Options{TempDir: t.TempDir()}).Image(t.Context(), img)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(facts.Configs); n < 1000 || n > 1200 {
		t.Errorf("%d files are kept", n)
	}
	if len(facts.Notes) != 1 || facts.Notes[0].Code != "more-settings-left-out" {
		t.Errorf("%+v", facts.Notes)
	}
}
