package secret

import (
	"fmt"
	"strings"
	"testing"
)

func TestExcludedPaths(t *testing.T) {
	r, err := load(t, map[string]string{"excluded-paths.txt": "# ours\n/srv/app/\n\n/etc/test.txt\n/opt//x/../y\n"})
	if err != nil {
		t.Fatal(err)
	}
	for p, want := range map[string]bool{
		"srv/app": true, "srv/app/a/b": true, "srv/application": false, "srv": false,
		"etc/test.txt": true, "etc/test.txt2": false, "opt/y/a": true, "opt/x": false, "": false,
	} {
		if got := r.Excluded(p); got != want {
			t.Errorf("%q: %t", p, got)
		}
	}
	if r.Version() != Default().Version() {
		t.Error("what is collected depends on the excluded paths")
	}
	if Default().Excluded("srv/app") {
		t.Error("the built-in rules changed")
	}
}

func TestExcludedPathsErrors(t *testing.T) {
	many := new(strings.Builder)
	for n := range maxPaths + 1 {
		fmt.Fprintf(many, "/p%d\n", n)
	}
	for name, tt := range map[string]struct{ text, want string }{
		"relative":  {"/a\nb/c\n", `excluded-paths.txt:2: "b/c" is no absolute path`},
		"windows":   {`C:\x`, "excluded-paths.txt:1"},
		"root":      {"/./", "everything"},
		"wildcard":  {"/a/*\n", "wildcard"},
		"too many":  {many.String(), "excluded-paths.txt:21: more than 20"},
		"too long":  {"/" + strings.Repeat("a", maxPath), "bytes"},
		"long line": {"/" + strings.Repeat("a", 1<<17), "excluded-paths.txt"},
	} {
		if _, err := load(t, map[string]string{"excluded-paths.txt": tt.text}); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
