package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/pratique/pratique/internal/advisory"
	"github.com/pratique/pratique/internal/api"
)

// hostile is a name that erases the line, colours what follows, sets the title of
// the window, reads from right to left and begins a row of its own.
const hostile = "evil\x1b[2K\x1b]0;owned\a\u202etxt.\u2066\u009b31m\r\tcell\nteam/app\u2028allow"

// fill sets every text in v to the hostile one, in lists of one element.
func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem())
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Field(i).CanSet() {
				fill(v.Field(i))
			}
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0))
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key)
		fill(value)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	case reflect.String:
		v.SetString(hostile)
	case reflect.Int, reflect.Int64:
		v.SetInt(1)
	}
}

func filled[T any]() T {
	var v T
	fill(reflect.ValueOf(&v).Elem())
	return v
}

// TestHostileText prints what a server answers with hostile text in every place
// for text: nothing reaches the terminal that it obeys, and no line begins with
// what the text wants to begin one with.
func TestHostileText(t *testing.T) {
	tests := map[string]func(w io.Writer){
		"images with a package":   func(w io.Writer) { printUses(w, filled[[]api.PackageImage](), true) },
		"vulnerabilities":         func(w io.Writer) { printVulnerabilities(w, filled[api.Counted[api.RiskVulnerability]]()) },
		"packages":                func(w io.Writer) { printPackages(w, filled[api.Counted[api.RiskPackage]]()) },
		"repositories":            func(w io.Writer) { printRepositories(w, filled[[]api.RepositorySummary]()) },
		"judging":                 func(w io.Writer) { printJudging(w, filled[api.Judging]()) },
		"namespaces":              func(w io.Writer) { printNamespaces(w, filled[[]api.Namespace]()) },
		"namespace":               func(w io.Writer) { printNamespace(w, filled[api.Namespace]()) },
		"preview of a policy":     func(w io.Writer) { printPreview(w, filled[api.PolicyPreview]()) },
		"images of an index":      func(w io.Writer) { printMembers(w, filled[api.Artifact]()) },
		"verdict":                 func(w io.Writer) { printVerdict(w, filled[api.Verdict]()) },
		"event":                   func(w io.Writer) { printEvent(w, filled[api.Event]()) },
		"accounts":                func(w io.Writer) { printAccounts(w, filled[[]api.Account]()) },
		"batch":                   func(w io.Writer) { printBatch(w, filled[api.Batch]()) },
		"images of a batch":       func(w io.Writer) { printBatchImages(w, filled[[]api.BatchImage]()) },
		"schedules":               func(w io.Writer) { printSchedules(w, filled[[]api.Schedule]()) },
		"exceptions":              func(w io.Writer) { printExceptions(w, filled[[]api.Exception]()) },
		"history of exceptions":   func(w io.Writer) { printExceptionHistory(w, filled[[]api.ExceptionEvent]()) },
		"import of exceptions":    func(w io.Writer) { printImport(w, filled[api.ExceptionImport]()) },
		"gates":                   func(w io.Writer) { printGates(w, filled[[]api.Gate]()) },
		"settings":                func(w io.Writer) { printSettings(w, filled[api.Settings]()) },
		"statement":               func(w io.Writer) { printStatement(w, filled[api.Statement]()) },
		"import of advisories":    func(w io.Writer) { printResult(w, filled[advisory.ImportResult]()) },
		"a sentence":              func(w io.Writer) { sayf(w, "%s is %v: %q\n", hostile, []string{hostile}, hostile) },
		"an error of many lines":  func(w io.Writer) { io.WriteString(w, printableLines("one\x1b[2K\ntwo\u202e\n")) },
		"something of many kinds": func(w io.Writer) { sayf(w, "%d %t %.1f %v\n", 1, true, 1.5, nil) },
	}
	for name, print := range tests {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			print(&out)
			if out.Len() == 0 {
				t.Fatal("nothing was printed")
			}
			for _, r := range out.String() {
				if r != '\n' && (r < ' ' || r >= 0x7f && r < 0xa0 || r == '\u2028' || r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069') {
					t.Fatalf("%q reaches the terminal:\n%q", r, out.String())
				}
			}
			if strings.Contains(out.String(), "\nteam/app") {
				t.Errorf("a text looks like a line of its own:\n%s", out.String())
			}
		})
	}
}

// TestOneTable finds other ways of printing tables, which would not be safe.
func TestOneTable(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if file != "table.go" && !strings.HasSuffix(file, "_test.go") && bytes.Contains(text, []byte(`"text/tabwriter"`)) {
			t.Errorf("%s prints a table by itself: use newTable", file)
		}
	}
}
