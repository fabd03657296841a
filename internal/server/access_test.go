package server_test

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/pratique/pratique/internal/access"
	"github.com/pratique/pratique/internal/api"
	"github.com/pratique/pratique/internal/api/client"
	"github.com/pratique/pratique/internal/catalog"
)

const annsPassword = "a password of ann's"

// browser is somebody's browser: it keeps cookies and says where requests come
// from.
type browser struct {
	*env
	http *http.Client
}

func (e *env) browser() browser {
	jar, err := cookiejar.New(nil)
	e.must(err)
	return browser{e, &http.Client{Jar: jar}}
}

// ask sends a request as a page of the server does, unless headers say otherwise.
func (b browser) ask(method, path, body string, headers ...string) answer {
	b.Helper()
	req, err := http.NewRequestWithContext(b.Context(), method, b.url+"/api/v1"+path, strings.NewReader(body))
	b.must(err)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	req.Header.Set("Sec-Fetch-Mode", "cors")
	req.Header.Set(access.CSRFHeader, "1")
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Set(name, value)
		if value == "" {
			req.Header.Del(name)
		}
	}
	res, err := b.http.Do(req)
	b.must(err)
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	b.must(err)
	return answer{res, string(got)}
}

func (b browser) signIn(name, password string) answer {
	b.Helper()
	return b.ask("POST", "/session", fmt.Sprintf(`{"name":%q,"password":%q}`, name, password))
}

// TestSession follows somebody with a browser from the one-time password to the
// end of the session, and whoever kept the cookie afterwards.
func TestSession(t *testing.T) {
	t.Parallel()
	e := start(t, config(t))
	e.namespace("team", api.NamespaceChange{})
	made, err := e.control.CreateAccount(t.Context(), api.AccountCreate{Name: "ann", OneTime: true})
	e.must(err)
	e.must(e.control.GrantRole(t.Context(), client.Realm{Namespace: "team"}, "ann", false, catalog.Maintainer))

	b := e.browser()
	b.ask("GET", "/account", "").want(t, 401, "credentials_missing")
	refused := b.signIn("ann", "wrong").want(t, 401, "credentials_wrong")
	if got := refused.Header.Get("WWW-Authenticate"); !strings.HasPrefix(got, "Session ") { // or the browser would ask, too
		t.Errorf("a sign-in that failed is challenged with %q", got)
	}
	b.signIn("ann", made.Password).want(t, 200, `"passwordMustChange":true`)
	b.ask("GET", "/namespaces", "").want(t, 403, "password_must_change")
	b.ask("GET", "/sessions", "").want(t, 403, "password_must_change")
	b.ask("POST", "/account/password", fmt.Sprintf(`{"oldPassword":%q,"newPassword":%q}`, made.Password, annsPassword)).want(t, 204)
	b.ask("GET", "/account", "").want(t, 200, `"passwordMustChange":false`, `"via":"session"`, `"role":"maintainer"`, `"rights":["read","pull","push","scan","delete","handle","manage","list"]`)
	b.ask("GET", "/namespaces/team", "").want(t, 200)

	// What a page elsewhere makes the browser send changes nothing.
	const change = `{"autoScan":true}`
	b.ask("PATCH", "/namespaces/team", change, access.CSRFHeader+": ").want(t, 403, "csrf_header_missing")
	b.ask("PATCH", "/namespaces/team", change, "Sec-Fetch-Site: cross-site").want(t, 403, "cross_origin")
	b.ask("PATCH", "/namespaces/team", change, "Sec-Fetch-Site: ", "Origin: https://evil.example").want(t, 403, "cross_origin")
	b.ask("POST", "/session", fmt.Sprintf(`{"name":"ann","password":%q}`, annsPassword), "Sec-Fetch-Site: cross-site").want(t, 403, "cross_origin")
	b.ask("GET", "/namespaces/team", "").want(t, 200, `"autoScan":false`)
	e.do("GET", "/api/v1/audit?action=change&result=denied", nil).want(t, 200, `"actor":"ann"`, "PATCH /api/v1/namespaces/team", "csrf_header_missing", "cross_origin")
	b.ask("PATCH", "/namespaces/team", change).want(t, 200, `"autoScan":true`)

	// Another browser; the first ends the second's session.
	other := e.browser()
	other.signIn("ann", annsPassword).want(t, 200)
	list := decode[struct{ Items []api.Session }](t, b.ask("GET", "/sessions", "").want(t, 200).body)
	if len(list.Items) != 2 || list.Items[0].Current == list.Items[1].Current {
		t.Fatalf("sessions: %+v", list.Items)
	}
	for _, s := range list.Items {
		if !s.Current {
			b.ask("DELETE", "/sessions/"+s.ID, "").want(t, 204)
		}
	}
	other.ask("GET", "/account", "").want(t, 401)

	// A cookie that was kept opens nothing after the end of its session.
	at, err := url.Parse(e.url)
	e.must(err)
	kept := b.http.Jar.Cookies(at)
	b.ask("DELETE", "/session", "").want(t, 204)
	if left := b.http.Jar.Cookies(at); len(left) != 0 {
		t.Errorf("cookies left: %v", left)
	}
	thief := e.browser()
	thief.http.Jar.SetCookies(at, kept)
	thief.ask("GET", "/account", "").want(t, 401)
	thief.ask("DELETE", "/namespaces/team", "").want(t, 401)
}

// TestCredentialsAtTheRegistry: a program logs in with a credential, pulls what
// it may, and is refused the moment it is revoked.
func TestCredentialsAtTheRegistry(t *testing.T) {
	t.Parallel()
	e := start(t, config(t))
	ctx := t.Context()
	e.namespace("team", api.NamespaceChange{})
	e.namespace("other", api.NamespaceChange{})
	img := debian(t, "team")
	manifest := e.push(img, "team/app", "1")
	e.push(debian(t, "other"), "other/app", "1")
	_, err := e.control.CreateAccount(ctx, api.AccountCreate{Name: "deployer"})
	e.must(err)
	for _, n := range []string{"team", "other"} {
		e.must(e.control.GrantRole(ctx, client.Realm{Namespace: n}, "deployer", false, catalog.Writer))
	}
	made, err := e.control.CreateCredential(ctx, api.CredentialCreate{Account: "deployer", Kind: "temporary", Namespaces: []string{"team"}, Verbs: []string{"pull"}})
	e.must(err)
	login := func(user, password string) string {
		req, err := http.NewRequest(http.MethodGet, e.url, nil)
		e.must(err)
		req.SetBasicAuth(user, password)
		return "Authorization: " + req.Header.Get("Authorization")
	}
	basic := login("deployer", made.Token)
	token := func(scope string) string {
		a := e.do("GET", "/v2/token?scope="+url.QueryEscape(scope), nil, basic).want(t, 200)
		return "Authorization: Bearer " + decode[struct{ Token string }](t, a.body).Token
	}
	pull := token("repository:team/app:pull,push")
	layer := "/v2/team/app/blobs/" + img.Layers[0].Digest
	e.do("GET", "/v2/", nil, basic).want(t, 200)
	for _, auth := range []string{basic, pull} {
		e.do("GET", manifest, nil, auth).want(t, 200)
		e.do("GET", layer, nil, auth).want(t, 200)
	}
	e.do("POST", "/v2/team/app/blobs/uploads/", nil, basic).want(t, 403, "DENIED")
	e.do("POST", "/v2/team/app/blobs/uploads/", nil, pull).want(t, 403)
	// What is elsewhere stays there, by whichever way it is asked for.
	e.do("GET", "/v2/other/app/manifests/1", nil, basic).want(t, 403)
	e.do("GET", "/v2/other/app/manifests/1", nil, pull).want(t, 403)
	e.do("GET", "/v2/other/app/blobs/"+img.Layers[0].Digest, nil, token("repository:other/app:pull")).want(t, 403)
	e.do("GET", "/api/v1/namespaces/team/repositories", nil, basic).want(t, 403, "credential_restricted")
	e.do("GET", "/api/v1/namespaces/team", nil, pull).want(t, 403, "token_restricted")
	e.do("GET", manifest, nil, login("somebody", made.Token)).want(t, 401)

	e.must(e.control.RevokeCredential(ctx, made.ID))
	for _, auth := range []string{basic, pull} {
		e.do("GET", manifest, nil, auth).want(t, 401)
	}
}

// TestBlobsStay: who knows the digest of a layer and may push elsewhere does not
// get it from there, by any way that could make the one repository's the other's.
func TestBlobsStay(t *testing.T) {
	t.Parallel()
	e := start(t, config(t))
	e.namespace("mine", api.NamespaceChange{})
	e.namespace("secret", api.NamespaceChange{})
	img := debian(t, "what nobody else shall see")
	e.push(img, "secret/app", "1")
	_, err := e.control.CreateAccount(t.Context(), api.AccountCreate{Name: "eve", Password: annsPassword})
	e.must(err)
	e.must(e.control.GrantRole(t.Context(), client.Realm{Namespace: "mine"}, "eve", false, catalog.Maintainer))
	req, err := http.NewRequest(http.MethodGet, e.url, nil)
	e.must(err)
	req.SetBasicAuth("eve", annsPassword)
	basic := "Authorization: " + req.Header.Get("Authorization")
	asked := e.do("GET", "/v2/token?scope=repository:mine/app:*&scope=repository:secret/app:*", nil, basic).want(t, 200)
	logins := map[string]string{"password": basic, "token": "Authorization: Bearer " + decode[struct{ Token string }](t, asked.body).Token}

	layer := img.Layers[0]
	const kind, list = "application/vnd.oci.image.manifest.v1+json", "application/vnd.oci.image.index.v1+json"
	own := []byte("{}")
	settings := fmt.Sprintf(`{"mediaType":"application/vnd.oci.image.config.v1+json","size":%d,"digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"}`, len(own))
	e.do("POST", "/v2/mine/app/blobs/uploads/?digest=sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a", own, basic).want(t, 201)
	naming := func(mediaType string) []byte {
		return fmt.Appendf(nil, `{"schemaVersion":2,"mediaType":%q,"config":%s,"layers":[{"mediaType":%q,"size":%d,"digest":%q}]}`, kind, settings, mediaType, len(img.Blobs[layer.Digest]), layer.Digest)
	}
	member := fmt.Appendf(nil, `{"schemaVersion":2,"mediaType":%q,"manifests":[{"mediaType":%q,"size":%d,"digest":%q}]}`, list, kind, len(img.Manifest), img.Digest)
	for name, login := range logins {
		ask := func(method, path string, body []byte, headers ...string) answer {
			return e.do(method, path, body, append(headers, login)...)
		}
		// Ways to make it one's own, each refused or without effect.
		ask("POST", "/v2/mine/app/blobs/uploads/?from=secret/app&mount="+layer.Digest, nil).want(t, 202)
		ask("POST", "/v2/mine/app/blobs/uploads/?mount="+layer.Digest, nil).want(t, 202)
		ask("POST", "/v2/mine/app/blobs/uploads/?digest="+layer.Digest, []byte("not it")).want(t, 400, "DIGEST_INVALID")
		ask("PUT", "/v2/mine/app/manifests/1", naming("application/vnd.oci.image.layer.v1.tar+gzip"), "Content-Type: "+kind).want(t, 404, "MANIFEST_BLOB_UNKNOWN")
		ask("PUT", "/v2/mine/app/manifests/2", naming("application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"), "Content-Type: "+kind).want(t, 201)
		ask("PUT", "/v2/mine/app/manifests/3", member, "Content-Type: "+list).want(t, 404, "MANIFEST_BLOB_UNKNOWN")
		upload := ask("POST", "/v2/mine/app/blobs/uploads/", nil).want(t, 202).Header.Get("Location")
		ask("PUT", upload+sep(upload)+"digest="+layer.Digest, nil).want(t, 400, "DIGEST_INVALID")
		// And to get it.
		for _, method := range []string{"GET", "HEAD"} {
			for _, headers := range [][]string{nil, {"Range: bytes=0-9"}, {"If-None-Match: \"" + layer.Digest + "\""}} {
				for _, path := range []string{"/v2/mine/app/blobs/" + layer.Digest, "/v2/mine/app/manifests/" + img.Digest} {
					if a := ask(method, path, nil, headers...); a.StatusCode != 404 {
						t.Errorf("by %s, %s %s %v: %s", name, method, path, headers, a.Status)
					}
				}
				for _, path := range []string{"/v2/secret/app/blobs/" + layer.Digest, "/v2/secret/app/manifests/" + img.Digest, "/v2/secret/app/manifests/1", "/v2/secret/app/tags/list", "/v2/secret/app/referrers/" + img.Digest} {
					if a := ask(method, path, nil, headers...); a.StatusCode != 403 {
						t.Errorf("by %s, %s %s %v: %s", name, method, path, headers, a.Status)
					}
				}
			}
		}
	}
	// What was pushed there can be had there still.
	e.do("GET", "/v2/secret/app/blobs/"+layer.Digest, nil, "Range: bytes=0-9").want(t, 206)
}

// TestNoSecretIsKept: passwords, tokens and what a browser holds stand in no file of
// the server and in no line of its log, also where somebody sent them to the wrong
// place.
func TestNoSecretIsKept(t *testing.T) {
	t.Parallel()
	cfg := config(t)
	var log lockedBuffer
	e := startLogging(t, cfg, slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	e.namespace("team", api.NamespaceChange{})
	made, err := e.control.CreateAccount(t.Context(), api.AccountCreate{Name: "ann", OneTime: true})
	e.must(err)
	b := e.browser()
	b.signIn("ann", "guessed-by-somebody").want(t, 401)
	b.signIn("ann", made.Password).want(t, 200)
	b.ask("POST", "/account/password", fmt.Sprintf(`{"oldPassword":%q,"newPassword":%q}`, made.Password, annsPassword)).want(t, 204)
	credential, err := e.control.CreateCredential(t.Context(), api.CredentialCreate{Account: "ann", Kind: "long-term"})
	e.must(err)
	bearer := "Authorization: Bearer " + credential.Token
	e.do("GET", "/api/v1/account", nil, bearer).want(t, 200)
	e.do("GET", "/v2/", nil, bearer).want(t, 200)
	e.do("DELETE", "/api/v1/credentials/"+credential.Token, nil).want(t, 404)
	e.do("GET", "/api/v1/namespaces?token="+credential.Token, nil)
	token := decode[struct{ Token string }](t, e.do("GET", "/v2/token?scope=repository:team/app:pull", nil).want(t, 200).body).Token
	e.do("GET", "/v2/", nil, "Authorization: Bearer "+token).want(t, 200)
	listed := e.do("GET", "/api/v1/credentials?all=true", nil).body + e.do("GET", "/api/v1/accounts", nil).want(t, 200).body + e.do("GET", "/api/v1/audit", nil).want(t, 200).body

	secrets := map[string]string{
		"one-time password": made.Password, "password": annsPassword, "guess": "guessed-by-somebody", "administrator's password": e.password,
		"secret of the credential": credential.Token[len(credential.Token)-40:], "token of the registry": token[strings.LastIndexByte(token, '.'):],
	}
	at, err := url.Parse(e.url)
	e.must(err)
	for _, c := range b.http.Jar.Cookies(at) {
		secrets["cookie "+c.Name] = c.Value
	}
	look := func(where, content string) {
		t.Helper()
		for name, secret := range secrets {
			if strings.Contains(content, secret) {
				t.Errorf("the %s stands in %s", name, where)
			}
		}
	}
	look("an answer", listed)
	look("the database, while it is open", read(t, cfg.Data))
	e.must(e.stop())
	look("a file", read(t, cfg.Data))
	look("the log", log.String())
}

// read is the content of all files in a directory.
func read(t *testing.T, dir string) string {
	t.Helper()
	var all strings.Builder
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		all.Write(content)
		return err
	})
	if err != nil || all.Len() == 0 {
		t.Fatalf("%d bytes in %s: %v", all.Len(), dir, err)
	}
	return all.String()
}

// lockedBuffer may be written to by many.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer // guarded by mu
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// TestFailuresCountByClient: behind a proxy that is known, failures count by the
// client it names; what anybody else forwards does not make a client another one.
// Whoever guesses an administrator's password locks nobody out elsewhere.
func TestFailuresCountByClient(t *testing.T) {
	t.Parallel()
	for _, known := range []bool{true, false} {
		t.Run(fmt.Sprintf("known %t", known), func(t *testing.T) {
			t.Parallel()
			cfg := config(t)
			if known {
				cfg.Proxies = []string{"127.0.0.1"}
			}
			e := start(t, cfg)
			try := func(client, password string) answer {
				return e.browser().ask("POST", "/session", fmt.Sprintf(`{"name":"admin","password":%q}`, password), "X-Forwarded-For: 198.51.100.9, "+client)
			}
			// However slow this machine is, more come in than are forgotten.
			limited := false
			for i := 0; i < 60 && !limited; i++ {
				client := "203.0.113.1"
				if !known {
					client = fmt.Sprint("203.0.113.", i) // the same one, whatever it says
				}
				limited = try(client, "guessed").StatusCode == http.StatusTooManyRequests
			}
			if !limited {
				t.Error("nobody is held up")
			}
			if known {
				try("203.0.113.200", e.password).want(t, 200)
				e.do("GET", "/api/v1/audit?action=login&address=203.0.113.1", nil, "X-Forwarded-For: 203.0.113.201").want(t, 200, "too_many_failed_logins")
			}
		})
	}
}

// TestLists: whoever may read one namespace sees nothing of another, in any list.
func TestLists(t *testing.T) {
	t.Parallel()
	databases(t, testLists)
}

// TestAudit: what was done and refused is recorded, can be selected and exported,
// and holds no secret.
func TestAudit(t *testing.T) {
	t.Parallel()
	e := start(t, config(t))
	ctx := t.Context()
	e.namespace("team", api.NamespaceChange{})
	e.push(debian(t, "x"), "team/app", "1")
	_, err := e.control.CreateAccount(ctx, api.AccountCreate{Name: "=ann", Password: annsPassword})
	if err == nil {
		t.Error("a formula is the name of an account")
	}
	_, err = e.control.CreateAccount(ctx, api.AccountCreate{Name: "ann", Password: annsPassword})
	e.must(err)
	e.do("PATCH", "/api/v1/namespaces/team", strings.NewReader(`{"preventVul":true}`)).want(t, 200)
	b := e.browser()
	b.signIn("ann", "not "+annsPassword).want(t, 401)
	b.signIn("ann", annsPassword).want(t, 200)
	b.ask("DELETE", "/namespaces/team?secret=hunter2", "").want(t, 403)
	b.ask("GET", "/audit", "").want(t, 403)
	for _, c := range []struct {
		query string
		says  []string
	}{
		{"", []string{"createNamespace", "registry.push", "team/app:1", "control-socket"}},
		{"?actor=ann&result=denied", []string{`"action":"deleteNamespace"`, `"detail":"administrator_required"`, `"address":"127.0.0.1"`, `"via":"session"`, "credentials_wrong"}},
		{"?action=createAccount&result=failed", []string{`"detail":"Bad Request"`}},
		{"?action=createAccount&result=done", []string{`"target":"POST /api/v1/accounts/ann"`}},
		{"?action=patchNamespace", []string{`"target":"PATCH /api/v1/namespaces/team"`, `"detail":"{\"preventVul\":true}"`}},
		{"?action=login&result=done", []string{`"actor":"ann"`}},
		{"?namespace=team&action=registry.push", []string{`"actor":"admin"`, `"result":"done"`}},
		{"/export?format=csv", []string{"id,at,actor,via,", "createNamespace", "\r\n"}},
		{"/export?format=jsonl&action=login", []string{`{"id":`, `"action":"login"`}},
	} {
		a := e.do("GET", "/api/v1/audit"+c.query, nil).want(t, 200, c.says...)
		for _, secret := range []string{annsPassword, "hunter2", e.password} {
			if strings.Contains(a.body, secret) {
				t.Errorf("%s: a secret in %s", c.query, a.body)
			}
		}
	}
	page := decode[api.Latest[api.AuditEntry]](t, e.do("GET", "/api/v1/audit?limit=2", nil).body)
	if len(page.Items) != 2 || page.Next == 0 {
		t.Fatalf("page: %+v", page)
	}
	next := decode[api.Latest[api.AuditEntry]](t, e.do("GET", fmt.Sprint("/api/v1/audit?limit=2&before=", page.Next), nil).body)
	if len(next.Items) != 2 || next.Items[0].ID >= page.Items[1].ID {
		t.Errorf("next page: %+v", next)
	}
}

// TestPathTricks: names that are none lead nowhere, in the registry, in the REST
// interface and in tokens.
func TestPathTricks(t *testing.T) {
	t.Parallel()
	e := start(t, config(t))
	e.namespace("team", api.NamespaceChange{})
	e.push(debian(t, "x"), "team/app", "1")
	longest := "team/" + strings.Repeat("a", 250) // 255 characters
	for _, c := range []struct {
		name, path string
		status     int
	}{
		{"parent", "/v2/team/%2e%2e/app/manifests/1", 400},
		{"parent within", "/v2/team/app/..%2f..%2fteam/app/manifests/1", 400},
		{"encoded slash", "/v2/team%2fapp/manifests/1", 200}, // is the same name
		{"encoded twice", "/v2/team%252fapp/manifests/1", 400},
		{"backslash", "/v2/team%5capp/manifests/1", 400},
		{"upper case namespace", "/v2/Team/app/manifests/1", 400},
		{"upper case repository", "/v2/team/App/manifests/1", 400},
		{"empty part", "/v2/team%2f%2fapp/manifests/1", 400},
		{"no namespace", "/v2/app/manifests/1", 400},
		{"NUL", "/v2/team/app%00/manifests/1", 400},
		{"not UTF-8", "/v2/team/app%ff/manifests/1", 400},
		{"255 characters", "/v2/" + longest + "/manifests/1", 404},
		{"256 characters", "/v2/" + longest + "a/manifests/1", 400},
		{"REST, parent", "/api/v1/namespaces/..%2f..%2fv2", 404},
		{"REST, encoded slash", "/api/v1/namespaces/team%2fapp", 404},
		{"REST, upper case", "/api/v1/namespaces/Team", 404},
		{"REST, parent as a repository", "/api/v1/namespaces/team/repositories/..%2f..%2fother/artifacts", 400},
		{"REST, parent encoded twice", "/api/v1/namespaces/team/repositories/%252e%252e/artifacts", 400},
		{"REST, 255 characters", "/api/v1/namespaces/team/repositories/" + strings.Repeat("a", 255) + "/artifacts", 404},
		{"REST, 256 characters", "/api/v1/namespaces/team/repositories/" + strings.Repeat("a", 256) + "/artifacts", 400},
		{"REST, NUL", "/api/v1/namespaces/team%00", 400},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := e.do("GET", c.path, nil)
			for a.StatusCode/100 == 3 {
				a = e.do("GET", a.Header.Get("Location"), nil)
			}
			if a.StatusCode != c.status {
				t.Errorf("%s: %s, want %d: %.200s", c.path, a.Status, c.status, a.body)
			}
		})
	}
	for _, scope := range []string{"repository:team/../other/app:pull", "repository:Team/app:pull", "repository:team%2fapp:pull", "repository:" + longest + "a:pull", "repository:team/app:pull/../push"} {
		a := e.do("GET", "/v2/token?scope="+url.QueryEscape(scope), nil).want(t, 200)
		bearer := "Authorization: Bearer " + decode[struct{ Token string }](t, a.body).Token
		e.do("GET", "/v2/team/app/manifests/1", nil, bearer).want(t, 401)
	}
}
