package server_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pratique/pratique/internal/access"
	"github.com/pratique/pratique/internal/api"
	"github.com/pratique/pratique/internal/api/client"
	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/registry"
	"github.com/pratique/pratique/internal/server"
)

// who asks in TestRoutes: the columns of the table.
var columns = []struct {
	name, title string
	role        catalog.Role
	realm       client.Realm
}{
	{"nobody", "nobody", "", client.Realm{}},
	{"stranger", "no role", "", client.Realm{}},
	{"reader", "reader", catalog.Reader, client.Realm{Namespace: "team"}},
	{"writer", "writer", catalog.Writer, client.Realm{Namespace: "team"}},
	{"maintainer", "maintainer", catalog.Maintainer, client.Realm{Namespace: "team"}},
	{"auditor", "auditor", catalog.Auditor, client.Realm{}},
	{"administrator", "administrator", catalog.Administrator, client.Realm{}},
	{"everywhere", "administrator everywhere", catalog.Administrator, client.Realm{Everywhere: true}},
}

// route is a row of the table.
type route struct {
	method, path, operation, verb, on string
}

// open tells whether a role held in a realm opens a route, where the role alone
// decides that.
func (r route) open(role catalog.Role, realm client.Realm) (may, decided bool) {
	holds := map[api.On]bool{
		api.OnNamespace:  true,
		api.OnInstance:   realm.Namespace == "",
		api.OnEverything: realm.Everywhere,
	}
	here, known := holds[api.On(r.on)]
	decided = known && role != "" && r.verb != "" && r.verb != string(access.List)
	return here && slices.Contains(access.Rights(role), access.Verb(r.verb)), decided
}

// beside is what a server answers beside the registry and the REST interface. A
// pattern that is not here fails TestRoutes.
var beside = map[string][]route{
	"/": {
		{method: "GET", path: "/", on: open},
		{method: "GET", path: "/{page}", on: open},
		{method: "GET", path: "/assets/{asset}", on: open},
	},
	"/healthz":              {{method: "GET", path: "/healthz", on: open}},
	"/readyz":               {{method: "GET", path: "/readyz", on: open}},
	"/metrics":              {{method: "GET", path: "/metrics", verb: string(access.Audit), on: string(api.OnEverything)}},
	"/v2/token":             {{method: "GET", path: "/v2/token", on: open}, {method: "POST", path: "/v2/token", on: open}},
	access.OIDCLoginPath:    {{method: "GET", path: access.OIDCLoginPath, on: open}},
	access.OIDCCallbackPath: {{method: "GET", path: access.OIDCCallbackPath, on: open}},
}

const open = string(api.OnNothing)

// besideRoutes returns what is beside, and fails for what is mounted and not
// listed, for what is listed and not mounted, and for methods that are answered
// and not listed.
func (e *env) besideRoutes() []route {
	e.Helper()
	var rows []route
	mounted := make(map[string]bool)
	for _, pattern := range e.server.Patterns() {
		mounted[pattern] = true
		if pattern == "/v2/" || pattern == api.Prefix+"/" {
			continue // list themselves
		}
		listed := beside[pattern]
		if len(listed) == 0 {
			e.Errorf("nobody has said who may ask for %s: add it to beside in this test", pattern)
		}
		rows = append(rows, listed...)
		for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY"} {
			if slices.ContainsFunc(listed, func(r route) bool { return r.method == method }) {
				continue
			}
			if a := e.do(method, pattern, nil); a.StatusCode != http.StatusMethodNotAllowed && a.StatusCode != http.StatusNotFound {
				e.Errorf("%s %s: %s, and nobody has said that it is answered", method, pattern, a.Status)
			}
		}
	}
	for pattern := range beside {
		if !mounted[pattern] {
			e.Errorf("%s is listed and not there", pattern)
		}
	}
	return rows
}

// TestRoutes asks everything that a server answers as everybody, and compares
// what they are told with the table in docs/access-routes.md, which UPDATE=1
// writes. A route that nobody has said anything about fails.
func TestRoutes(t *testing.T) {
	t.Parallel()
	cfg := config(t)
	cfg.PublicURL = "http://registry.example"
	cfg.OIDC = server.OIDC{Issuer: "http://127.0.0.1:1", ClientID: "us"} // is asked for, and away
	e := start(t, cfg)
	e.namespace("team", api.NamespaceChange{AutoScan: ptr(true)})
	e.push(debian(t, "x"), "team/app", "1")
	logins := e.cast()
	values := e.things()

	var rows []route
	for _, r := range api.Routes() {
		if !r.Listed {
			t.Errorf("nobody has said who may ask for %s %s: add %q to requirements in internal/api/access.go", r.Method, r.Path, r.Operation)
		}
		rows = append(rows, route{r.Method, r.Path, r.Operation, string(r.Verb), string(r.On)})
	}
	for r, verb := range registry.Routes() {
		on := "namespace"
		if verb == "" {
			on = "what may be seen"
		}
		rows = append(rows, route{r[0], r[1], "", string(verb), on})
	}
	rows = append(rows, e.besideRoutes()...)
	slices.SortFunc(rows, func(a, b route) int {
		return cmp.Or(strings.Compare(a.path, b.path), strings.Compare(a.method, b.method))
	})

	var table strings.Builder
	for _, row := range rows {
		fmt.Fprintf(&table, "| %s `%s` | %s | %s |", row.method, row.path, row.verb, row.on)
		for _, c := range columns {
			answer := e.outcome(row, values, c.name, logins[c.name])
			fmt.Fprintf(&table, " %s |", answer)
			if c.role == "" && answer == "yes" && row.on != string(api.OnNothing) && row.on != string(api.OnSelf) && row.on != string(api.OnSeen) && row.verb != string(access.List) {
				t.Errorf("%s %s is open to %s", row.method, row.path, c.title)
			}
			if may, decided := row.open(c.role, c.realm); decided && (answer == "yes") != may {
				t.Errorf("%s %s: %s for the %s, who may %v", row.method, row.path, answer, c.title, access.Rights(c.role))
			}
		}
		table.WriteString("\n")
	}
	checkTable(t, table.String())
}

// cast makes the accounts of all columns, each with a credential, and returns
// what they log in with.
func (e *env) cast() map[string]string {
	e.Helper()
	logins := map[string]string{}
	for _, c := range columns[1:] {
		_, err := e.control.CreateAccount(e.Context(), api.AccountCreate{Name: c.name})
		e.must(err)
		if c.role != "" {
			e.must(e.control.GrantRole(e.Context(), c.realm, c.name, false, c.role))
		}
		made, err := e.control.CreateCredential(e.Context(), api.CredentialCreate{Account: c.name, Kind: "long-term"})
		e.must(err)
		logins[c.name] = made.Token
	}
	return logins
}

// things makes one of each thing that routes name by number, all in "team", and
// returns the values of the paths' parameters.
func (e *env) things() map[string]string {
	e.Helper()
	type numbered struct{ ID int64 }
	type list struct{ Items []numbered }
	jsonBody := "Content-Type: application/json"
	scans := decode[list](e, e.do("GET", "/api/v1/namespaces/team/repositories/app/artifacts/1/scans", nil).want(e, 200).body)
	batch := decode[numbered](e, e.do("POST", "/api/v1/batches", []byte(`{"namespaces":["team"]}`), jsonBody).want(e, 201).body)
	exception := decode[numbered](e, e.do("POST", "/api/v1/exceptions", []byte(exceptionBody), jsonBody).want(e, 201).body)
	return map[string]string{
		"namespace": "team", "repository": "none", "reference": "1", "tag": "1", "scan": fmt.Sprint(scans.Items[0].ID),
		"account": "nobody", "group": "nobody", "name": "nobody", "kind": "accounts", "file": "none.yaml", "exception": fmt.Sprint(exception.ID),
		"gate": "feature", "batch": fmt.Sprint(batch.ID), "schedule": "none", "credential": "none", "session": "none", "vulnerability": "CVE-2024-3094",
		"digest": "sha256:" + strings.Repeat("0", 64), "upload": "none",
		"page": "repositories", "asset": "none.js",
	}
}

const exceptionBody = `{"scope":"namespace","targets":[{"namespace":"team"}],"action":"ignore","rule":"jwt","reason":"test"}`

// bodies are for operations that look at the request to find out whom to ask.
var bodies = map[string]string{
	"startBatch": `{"namespaces":["team"]}`, "previewBatch": `{"namespaces":["team"]}`, "createException": exceptionBody, "changeException": `{"reason":"other"}`,
	"createCredential": `{"kind":"temporary"}`, "importExceptions": `{}`,
}

var parameter = regexp.MustCompile(`\{(\w+)\}`)

// outcome asks a route and says in a word what the answer means.
func (e *env) outcome(row route, values map[string]string, name, login string) string {
	e.Helper()
	path := parameter.ReplaceAllStringFunc(row.path, func(p string) string {
		name := p[1 : len(p)-1]
		value, ok := values[name]
		if strings.HasPrefix(row.path, "/v2/") && name == "name" {
			value, ok = "team/none", true
		}
		if !ok {
			e.Fatalf("the parameter %s of %s has no value in this test", name, row.path)
		}
		return value
	})
	req, err := http.NewRequestWithContext(e.Context(), row.method, e.url+path, strings.NewReader(bodies[row.operation]))
	e.must(err)
	if bodies[row.operation] != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	switch {
	case login == "":
	case row.path == "/v2/token":
		req.SetBasicAuth(name, login)
	default:
		req.Header.Set("Authorization", "Bearer "+login)
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	e.must(err)
	defer res.Body.Close()
	if policy := res.Header.Get("Content-Security-Policy"); !strings.HasPrefix(policy, "default-src 'none'") || strings.Contains(policy, "script-src 'unsafe") || res.Header.Get("X-Content-Type-Options") != "nosniff" {
		e.Errorf("%s %s: a browser may do with the answer what it likes: %q", row.method, path, policy)
	}
	var problem struct{ Code string }
	if res.Header.Get("Content-Type") == "application/problem+json" {
		e.must(json.NewDecoder(io.LimitReader(res.Body, 1<<20)).Decode(&problem))
	}
	switch {
	case res.StatusCode == http.StatusUnauthorized:
		return "log in"
	case row.on == open && (strings.HasPrefix(row.path, "/auth/") || row.path == "/v2/token"):
		return "yes" // asks who it is itself
	case res.StatusCode == http.StatusForbidden:
		return "no"
	case slices.Contains([]string{"namespace_not_found", "scan_not_found", "batch_not_found", "exception_not_found"}, problem.Code):
		return "not there"
	case res.StatusCode >= http.StatusInternalServerError:
		e.Errorf("%s %s: %s", row.method, path, res.Status)
	}
	return "yes"
}

const tableFile = "../../docs/access-routes.md"

func checkTable(t *testing.T, table string) {
	t.Helper()
	var text bytes.Buffer
	text.WriteString(`# Who may ask for what

Each route of a server, the right it needs, where that right is looked for, and what
becomes of a request of each kind of account: *yes*; *log in*; *no*; or *not there*, the
same answer as for what does not exist. Roles are held in the namespace asked for, up to
maintainer, or in the instance. A test asks a running server for every row and column,
and writes this page with ` + "`UPDATE=1 go test ./internal/server -run TestRoutes`" + `.

*Nothing* needs no right: the console and its files, whether the server lives, where
people and programs log in. ` + "`/metrics`" + ` is open to everybody where the configuration says so.
*Own account* is open to whoever is logged in, as far as it is about that account.
*What may be seen* shows nobody more than they may read. A namespace that is public can
be read by whoever is logged in, and pulled from by everybody.

`)
	text.WriteString("| route | right | on |")
	for _, c := range columns {
		text.WriteString(" " + c.title + " |")
	}
	text.WriteString("\n" + strings.Repeat("| --- ", len(columns)+3) + "|\n" + table)
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(tableFile, text.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	kept, err := os.ReadFile(tableFile)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(kept, text.Bytes()) {
		t.Errorf("%s is not what the server does; look at the difference after UPDATE=1 go test ./internal/server -run TestRoutes", tableFile)
	}
}
