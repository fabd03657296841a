package baseline

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The document's table of rules is that of baseline.yaml; UPDATE=1 writes it.
func TestDocumentedRules(t *testing.T) {
	const page, begin, end = "../../docs/baseline.md", "<!-- rules -->\n", "<!-- end of rules -->\n"
	raw, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(raw), begin)
	got, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		t.Fatalf("%s has no place for the table", page)
	}
	var want strings.Builder
	want.WriteString("\n| rule | severity | what is wrong if it fails | what should be there | standard |\n| --- | --- | --- | --- | --- |\n")
	for _, r := range Default().rules {
		severity := r.Severity
		if r.Unused != "" {
			severity += ", without passwords " + r.Unused
		}
		suggested := strings.ReplaceAll(r.fill(r.Suggested, "", ""), "|", `\|`)
		fmt.Fprintf(&want, "| `%s` | %s | %s | %s | %s |\n", r.ID, severity, r.Title, suggested, r.Standard)
	}
	want.WriteString("\n")
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(page, []byte(before+begin+want.String()+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want.String(), got); diff != "" {
		t.Errorf("the table of rules is stale; run UPDATE=1 go test ./internal/baseline (-want +got):\n%s", diff)
	}
}
