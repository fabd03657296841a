package vex

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/report"
)

var (
	now    = time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)
	digest = "sha256:" + strings.Repeat("5", 64)
)

// exceptions are of all kinds that OpenVEX has words for.
func exceptions() []catalog.Exception {
	team := catalog.Target{Namespace: "team"}
	app := catalog.Target{Namespace: "team", Repository: "backend/app"}
	image := catalog.Target{Namespace: "team", Repository: "backend/app", Digest: digest}
	list := []catalog.Exception{
		{Scope: catalog.ScopeInstance, Action: catalog.Whitelist, Reason: "not reachable"},
		{Scope: catalog.ScopeNamespace, Targets: []catalog.Target{{Namespace: "other"}, team}, Action: catalog.Ignore, Reason: "no fix yet\nask ada: later"},
		{Scope: catalog.ScopeRepository, Targets: []catalog.Target{app}, Action: catalog.Whitelist, Reason: "component_not_present: removed: by us", Criteria: catalog.Criteria{Package: "xz-utils"}},
		{Scope: catalog.ScopeArtifact, Targets: []catalog.Target{image}, Action: catalog.Whitelist, Reason: "fixed", ExpiresAt: now.Add(time.Hour + time.Millisecond)},
		{Scope: catalog.ScopeArtifact, Targets: []catalog.Target{image}, Action: catalog.Whitelist, Reason: "fixed: by a patch", Criteria: catalog.Criteria{Package: "org.apache:log4j", Path: "srv/**&=?/ä", FindingID: "0123456789abcdef0123"}},
		{Scope: catalog.ScopeInstance, Action: catalog.Whitelist, Reason: "component_not_present", Criteria: catalog.Criteria{Category: report.System, Package: "@scope/name+x"}},
		{Scope: catalog.ScopeInstance, Action: catalog.Ignore, Reason: "under_investigation", Criteria: catalog.Criteria{Package: "a%2Fb c"}},
		{Scope: catalog.ScopeInstance, Action: catalog.Whitelist, Reason: "who knows: nobody", Criteria: catalog.Criteria{Package: "vim"}},
	}
	for i := range list {
		e := &list[i]
		e.ID, e.Author, e.CreatedAt, e.UpdatedAt = int64(i+1), "ada & <bob>", now, now.Add(time.Duration(i)*time.Minute)
		e.Criteria.Vulnerability = fmt.Sprintf("CVE-2026-%04d", i)
	}
	return list
}

// again imports what was exported.
func again(t testing.TB, raw []byte) []catalog.Exception {
	t.Helper()
	doc, err := Parse(raw)
	if err != nil {
		t.Fatalf("%v\n%s", err, raw)
	}
	var list []catalog.Exception
	for _, i := range Import(doc) {
		if i.Problem != "" {
			t.Errorf("statement %d: %s", i.Statement, i.Problem)
		}
		list = append(list, i.Exceptions...)
	}
	return list
}

func TestExportImport(t *testing.T) {
	for _, registry := range []string{"", "registry.example.com:5000", "localhost"} {
		list := exceptions()
		raw, left, err := Export(append(list, catalog.Exception{Criteria: catalog.Criteria{Rule: "jwt"}}), ExportOptions{Author: "root", Registry: registry, Now: now})
		if err != nil || left != 1 {
			t.Fatalf("%d left out, %v", left, err)
		}
		if diff := cmp.Diff(list, again(t, raw), cmpopts.IgnoreFields(catalog.Exception{}, "ID", "CreatedAt", "UpdatedAt")); diff != "" {
			t.Errorf("registry %q (-exported +imported):\n%s\n%s", registry, diff, raw)
		}
		same, _, _ := Export(append(exceptions(), catalog.Exception{}), ExportOptions{Author: "root", Registry: registry, Now: now})
		if !bytes.Equal(raw, same) {
			t.Error("the same exceptions make another document")
		}
	}
	if raw, left, err := Export([]catalog.Exception{{}}, ExportOptions{}); raw != nil || left != 1 || err != nil {
		t.Errorf("without statements: %s, %d, %v", raw, left, err)
	}
}

// document is one with the given statements.
func document(statements string) string {
	return `{"@context":"https://openvex.dev/ns/v0.2.0","@id":"urn:x","author":"eve","timestamp":"2026-08-03T00:00:00Z","version":1,"statements":[` + statements + `]}`
}

func TestImport(t *testing.T) {
	const app = `"products":[{"@id":"pkg:oci/app?repository_url=registry.example.com/team/app"}]`
	image := fmt.Sprintf(`"@id":"pkg:oci/app@%s?repository_url=team/app"`, strings.Replace(digest, ":", "%3A", 1))
	tests := []struct {
		name, statement string
		want            []string // exceptions
		problem         string   // of the first statement with one
	}{
		{"justified", `{"vulnerability":{"name":"cve-1"},` + app + `,"status":"not_affected","justification":"component_not_present","impact_statement":"we took it out"}`,
			[]string{"whitelist cve-1 in team/app by eve: component_not_present: we took it out"}, ""},
		{"fixed", `{"vulnerability":{"name":"CVE-1"},` + app + `,"status":"fixed","status_notes":"since 2.0"}`, []string{"whitelist CVE-1 in team/app by eve: fixed: since 2.0"}, ""},
		{"affected", `{"vulnerability":{"name":"CVE-1"},` + app + `,"status":"affected","action_statement":"run"}`, nil, "what is affected is no exception"},
		{"no product", `{"vulnerability":{"name":"CVE-1"},"status":"fixed"}`, nil, "it names no product"},
		{"a package", `{"vulnerability":{"name":"CVE-1"},"products":[{"@id":"pkg:deb/debian/vim@9"}],"status":"fixed"}`, nil, "is no image"},
		{"no repository", `{"vulnerability":{"name":"CVE-1"},"products":[{"@id":"pkg:oci/app"}],"status":"fixed"}`, nil, "repository_url"},
		{"a tag", `{"vulnerability":{"name":"CVE-1"},"products":[{"@id":"pkg:oci/app@1.0?repository_url=team/app"}],"status":"fixed"}`, nil, "is no digest"},
		{"two kinds of products, one of them nothing", `{"vulnerability":{"name":"CVE-1"},"products":[{"@id":"pkg:oci/app?repository_url=team/app"},{` + image + `},{"@id":"cpe:/a:b"}],"status":"fixed"}`,
			[]string{"whitelist CVE-1 in team/app by eve: fixed", "whitelist CVE-1 in team/app@" + digest + " by eve: fixed"}, "no package URL"},
		{"two packages", `{"vulnerability":{"name":"CVE-1"},"products":[{` + image + `,"subcomponents":[{"@id":"pkg:deb/debian/vim@9"},{"identifiers":{"purl":"pkg:maven/a.b/c"}}]}],"status":"fixed"}`,
			[]string{"whitelist CVE-1 in package vim in team/app@" + digest + " by eve: fixed", "whitelist CVE-1 in package a.b:c in team/app@" + digest + " by eve: fixed"}, ""},
		{"a version in a repository", `{"vulnerability":{"name":"CVE-1"},"products":[{"@id":"pkg:oci/app?repository_url=team/app","subcomponents":[{"@id":"pkg:deb/debian/vim@9"}]}],"status":"fixed"}`, nil, "limited to a version"},
		{"replaced", `{"vulnerability":{"name":"CVE-1"},` + app + `,"status":"fixed"},{"vulnerability":{"name":"CVE-1"},` + app + `,"status":"affected","timestamp":"2026-08-04T00:00:00Z"}`, nil, "statement 2 is later"},
		{"replaced by an earlier one in the document", `{"vulnerability":{"name":"CVE-1"},` + app + `,"status":"fixed","timestamp":"2026-08-05T00:00:00Z"},{"vulnerability":{"name":"CVE-1"},` + app + `,"status":"affected"}`,
			[]string{"whitelist CVE-1 in team/app by eve: fixed"}, "statement 1 is later"},
		{"unknown extras", `{"@id":"urn:pratique:exception:1?=action=whitelist","vulnerability":{"name":"CVE-1"},` + app + `,"status":"fixed"}`, nil, `unknown: "action"`},
		{"extras twice", `{"@id":"urn:pratique:exception:1?=author=a&author=b","vulnerability":{"name":"CVE-1"},` + app + `,"status":"fixed"}`, nil, "more than once"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			doc, err := Parse([]byte(document(tt.statement)))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			problem := ""
			for _, i := range Import(doc) {
				for _, e := range i.Exceptions {
					got = append(got, fmt.Sprintf("%s %s in %s by %s: %s", e.Action, e.Criteria, e.Targets[0], e.Author, e.Reason))
				}
				if problem == "" {
					problem = i.Problem
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("exceptions (-want +got):\n%s", diff)
			}
			if !strings.Contains(problem, tt.problem) || (problem == "") != (tt.problem == "") {
				t.Errorf("problem is %q, want %q", problem, tt.problem)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	const good = `{"vulnerability":{"name":"CVE-1"},"status":"fixed"}`
	tests := []struct{ name, text, want string }{
		{"nothing", "", "ends too early"},
		{"no object", "[]", "not a JSON object"},
		{"two", document(good) + "{}", "after its end"},
		{"cut off", document(good)[:50], "ends too early"},
		{"no statement", document(""), "no statement"},
		{"another context", strings.Replace(document(good), "v0.2.0", "v9", 1), "@context"},
		{"earlier form", document(`{"vulnerability":"CVE-1","status":"fixed"}`), "statement 1"},
		{"no author", strings.Replace(document(good), `"eve"`, `""`, 1), "author"},
		{"version 0", strings.Replace(document(good), `"version":1`, `"version":0`, 1), "version"},
		{"a field twice", strings.Replace(document(good), `"version":1`, `"version":1,"version":2`, 1), "twice"},
		{"a field twice in another case", strings.Replace(document(good), `"status"`, `"status":"affected","Status"`, 1), "twice"},
		{"a field that folds", strings.Replace(document(good), `"status"`, `"ſtatus"`, 1), "has a field"},
		{"an unknown field", document(good + `,{"vulnerability":{"name":"CVE-1"},"status":"fixed","x":1}`), "statement 2"},
		{"no status", document(good + `,{"vulnerability":{"name":"CVE-1"}}`), "statement 2: there is no status"},
		{"unknown justification", document(`{"vulnerability":{"name":"CVE-1"},"status":"not_affected","justification":"trust me"}`), "justification"},
		{"no justification", document(`{"vulnerability":{"name":"CVE-1"},"status":"not_affected"}`), "needs a justification"},
		{"fixed and justified", document(`{"vulnerability":{"name":"CVE-1"},"status":"fixed","justification":"component_not_present"}`), "only not_affected"},
		{"no name", document(`{"vulnerability":{"name":" "},"status":"fixed"}`), "no name"},
		{"deep", strings.Repeat(`{"a":`, 1000), "deeper"},
		{"large", strings.Repeat(" ", MaxDocument+1), "more than"},
		{"many statements", document(strings.Repeat(good+",", MaxStatements) + good), "more than"},
		{"many products", document(`{"vulnerability":{"name":"CVE-1"},"status":"fixed","products":[` + strings.Repeat("{},", maxProducts) + `{}]}`), "products"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Parse([]byte(tt.text))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error is %v, want %q", err, tt.want)
			}
		})
	}
}

func FuzzDocument(f *testing.F) {
	raw, _, err := Export(exceptions(), ExportOptions{Author: "root", Registry: "registry.example.com", Now: now})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Add([]byte(document(`{"vulnerability":{"name":"CVE-1","aliases":["GHSA-1"]},"products":[{"@id":"pkg:oci/app","hashes":{"sha-256":"55"},"subcomponents":[{"@id":"pkg:deb/debian/vim@9"}]}],"status":"not_affected","justification":"component_not_present"}`)))
	f.Add([]byte(document(`{"@id":"urn:pratique:exception:1?=expires=2027-01-01T00:00:00Z&path=a%2Fb","vulnerability":{"name":"CVE-1"},"status":"under_investigation"}`)))
	img := Image{Digest: digest, Repository: "team/app"}
	f.Fuzz(func(t *testing.T, raw []byte) {
		doc, err := Parse(raw)
		if err != nil {
			return
		}
		var list []catalog.Exception
		for i, imported := range Import(doc) {
			if imported.Statement != i+1 || len(imported.Exceptions) == 0 && imported.Problem == "" {
				t.Fatalf("statement %d is lost: %+v", i+1, imported)
			}
			if doc.Statements[i].Status == Affected && len(imported.Exceptions) > 0 {
				t.Fatal("what is affected became an exception")
			}
			for _, e := range imported.Exceptions {
				if e, err := catalog.NewException(e, now); err == nil {
					list = append(list, e)
				}
			}
		}
		for _, e := range Attached(img, catalog.StatementSettings{Trust: catalog.TrustAny}, []catalog.Attachment{{Kind: catalog.AttachedDocument, Content: raw}}, nil) {
			if _, err := catalog.CheckDecision(e); err != nil || e.Document == nil || e.Scope != catalog.ScopeArtifact {
				t.Fatalf("%+v: %v", e, err)
			}
		}
		out, _, err := Export(list, ExportOptions{Author: "root", Now: now})
		if err != nil {
			t.Fatal(err)
		}
		if out != nil {
			if _, err := Parse(out); err != nil {
				t.Fatalf("what was written cannot be read: %v\n%s", err, out)
			}
		}
	})
}
