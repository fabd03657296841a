package server_test

import (
	"strings"
	"testing"

	"github.com/pratique/pratique/internal/api"
	"github.com/pratique/pratique/internal/api/client"
	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/image/imagetest"
	"github.com/pratique/pratique/internal/server"
)

// secretPackage is an image with a package that no other one has.
const secretPackage = `
-- layer --
ADD rootfs.tar /
-- etc/os-release --
VERSION_ID="12"
ID=debian
-- var/lib/dpkg/status --
Package: libsecret
Status: install ok installed
Architecture: amd64
Version: 1.0-1

`

func testLists(t *testing.T, cfg server.Config) {
	importAdvisories(t, cfg.Data)
	e := start(t, cfg)
	ctx := t.Context()
	jsonBody := "Content-Type: application/json"
	for _, name := range []string{"team", "hidden"} {
		e.namespace(name, api.NamespaceChange{AutoScan: ptr(true)})
		e.push(debian(t, name), name+"/app", "1")
		e.scanned(name, "app", "1")
		e.do("POST", "/api/v1/batches", []byte(`{"namespaces":["`+name+`"]}`), jsonBody).want(t, 201)
		e.do("POST", "/api/v1/exceptions", []byte(strings.ReplaceAll(exceptionBody, `"team"`, `"`+name+`"`)), jsonBody).want(t, 201)
	}
	e.push(imagetest.Build(t, secretPackage), "hidden/secret", "1")
	e.scanned("hidden", "secret", "1")
	e.do("POST", "/api/v1/batches", []byte(`{"namespaces":["team","hidden"]}`), jsonBody).want(t, 201)
	e.do("POST", "/api/v1/exceptions", []byte(`{"scope":"namespace","targets":[{"namespace":"team"},{"namespace":"hidden"}],"action":"ignore","rule":"other","reason":"test"}`), jsonBody).want(t, 201)
	login := func(name string, role catalog.Role, realm client.Realm) string {
		_, err := e.control.CreateAccount(ctx, api.AccountCreate{Name: name})
		e.must(err)
		if role != "" {
			e.must(e.control.GrantRole(ctx, realm, name, false, role))
		}
		made, err := e.control.CreateCredential(ctx, api.CredentialCreate{Account: name, Kind: "long-term"})
		e.must(err)
		return "Authorization: Bearer " + made.Token
	}
	reader := login("reader", catalog.Reader, client.Realm{Namespace: "team"})
	auditor := login("auditor", catalog.Auditor, client.Realm{})
	stranger := login("stranger", "", client.Realm{})
	for _, path := range []string{
		"/v2/_catalog", "/api/v1/namespaces", "/api/v1/repositories", "/api/v1/repositories?q=app", "/api/v1/events", "/api/v1/exceptions", "/api/v1/exceptions/history", "/api/v1/batches",
		"/api/v1/dashboard", "/api/v1/risks/vulnerabilities/CVE-2026-0001/images", "/api/v1/risks/vulnerabilities/CVE-2026-0001/history", "/api/v1/risks/packages/images?package=libhole",
	} {
		t.Run(path, func(t *testing.T) {
			seen := func(login string) (team, hidden bool) {
				body := e.do("GET", path, nil, login).want(t, 200).body
				return strings.Contains(body, "team"), strings.Contains(body, "hidden")
			}
			if team, hidden := seen(reader); !team || hidden {
				t.Errorf("the reader of team sees team: %t, hidden: %t", team, hidden)
			}
			if team, hidden := seen(auditor); !team || !hidden {
				t.Errorf("the auditor sees team: %t, hidden: %t", team, hidden)
			}
			if team, hidden := seen(stranger); team || hidden {
				t.Errorf("whoever has no role sees team: %t, hidden: %t", team, hidden)
			}
		})
	}
	for _, path := range []string{"/api/v1/risks/vulnerabilities", "/api/v1/risks/vulnerabilities/CVE-2026-0001"} {
		body := e.do("GET", path, nil, stranger).body
		if strings.Contains(body, "libhole") || strings.Contains(body, `"id":"CVE`) {
			t.Errorf("whoever has no role gets of %s: %s", path, body)
		}
	}
	// Nobody learns of the packages, rules and counts of a namespace who may not see
	// it.
	rule := "/api/v1/risks/findings/rule?category=unsafe-setting&rule=image-healthcheck"
	if body := e.do("GET", rule, nil, reader).want(t, 200).body; !strings.Contains(body, `"namespace":"team"`) {
		t.Errorf("the reader of team is told of a rule: %s", body)
	}
	e.do("GET", rule+"&namespace=hidden", nil, reader).want(t, 404, "rule_not_found")
	e.do("GET", rule, nil, stranger).want(t, 404, "rule_not_found")
	for login, want := range map[string]string{reader: `"total":0}`, stranger: `"total":0}`, auditor: `"total":1}`} {
		if body := e.do("GET", "/api/v1/risks/packages?q=libsecret", nil, login).want(t, 200).body; !strings.Contains(body, want) {
			t.Errorf("a package of a hidden namespace: %s is not in %s", want, body)
		}
	}
	// What is counted is counted in what may be seen.
	for _, path := range []string{"/api/v1/risks/vulnerabilities?q=CVE-2026-0001", "/api/v1/risks/packages?q=libhole"} {
		for login, want := range map[string]string{reader: `"images":1,`, auditor: `"images":2,`} {
			if body := e.do("GET", path, nil, login).want(t, 200).body; !strings.Contains(body, want) {
				t.Errorf("%s: %s is not in %s", path, want, body)
			}
		}
	}
	for _, path := range []string{"", "/repositories", "/repositories/app/artifacts", "/repositories/app/artifacts/1/report", "/roles"} {
		there := e.do("GET", "/api/v1/namespaces/hidden"+path, nil, reader)
		nowhere := e.do("GET", "/api/v1/namespaces/nowhere"+path, nil, reader)
		if there.StatusCode != 404 || strings.ReplaceAll(there.body, "hidden", "nowhere") != nowhere.body {
			t.Errorf("%s: %s is told from %s", path, there.body, nowhere.body)
		}
	}
	e.do("GET", "/api/v1/namespaces/team/repositories/app/artifacts/1/difference?fromNamespace=hidden&from=1", nil, reader).want(t, 404, "namespace_not_found")
}
