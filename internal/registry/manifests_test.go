package registry_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestManifests(t *testing.T) {
	e := newEnv(t)
	img := e.pushImage("team/app", "one", "1")
	for _, reference := range []string{"1", img.digest} {
		for _, method := range []string{"GET", "HEAD"} {
			r := e.do(method, "/v2/team/app/manifests/"+reference, nil).want(t, 200).header(t, "Content-Type", typeManifest).
				header(t, "Docker-Content-Digest", img.digest).header(t, "Content-Length", fmt.Sprint(len(img.raw))).
				header(t, "X-Content-Type-Options", "nosniff")
			if method == "GET" && !bytes.Equal(r.body, img.raw) {
				t.Errorf("%s came back as %s", img.raw, r.body)
			}
		}
	}
	e.do("GET", "/v2/team/app/manifests/1", nil, `If-None-Match: "`+img.digest+`"`).want(t, 304)
	e.do("GET", "/v2/team/app/manifests/2", nil).want(t, 404, "MANIFEST_UNKNOWN")
	e.do("GET", "/v2/team/app/manifests/"+sha256Of(nil), nil).want(t, 404, "MANIFEST_UNKNOWN")
	e.do("GET", "/v2/team/nothing/manifests/1", nil).want(t, 404, "NAME_UNKNOWN")
	e.do("GET", "/v2/nothing/app/manifests/1", nil).want(t, 404, "NAME_UNKNOWN")
	e.do("GET", "/v2/other/app/manifests/"+img.digest, nil).want(t, 404, "NAME_UNKNOWN")

	// A tag moves, the manifest it named stays.
	two := e.pushImage("team/app", "two", "1")
	e.do("HEAD", "/v2/team/app/manifests/1", nil).want(t, 200).header(t, "Docker-Content-Digest", two.digest)
	e.do("HEAD", "/v2/team/app/manifests/"+img.digest, nil).want(t, 200)
	e.do("DELETE", "/v2/team/app/manifests/1", nil).want(t, 202)
	e.do("DELETE", "/v2/team/app/manifests/1", nil).want(t, 404, "MANIFEST_UNKNOWN")
	e.do("HEAD", "/v2/team/app/manifests/"+two.digest, nil).want(t, 200)
	e.do("DELETE", "/v2/team/app/manifests/"+two.digest, nil).want(t, 202)
	e.do("HEAD", "/v2/team/app/manifests/"+two.digest, nil).want(t, 404)
}

func TestPushByDigest(t *testing.T) {
	e := newEnv(t)
	img := e.pushImage("team/app", "one", "")
	long := sha512Of(img.raw)
	e.do("PUT", "/v2/team/app/manifests/"+long, img.raw, "Content-Type: "+typeManifest).want(t, 201).header(t, "Docker-Content-Digest", long)
	e.do("GET", "/v2/team/app/manifests/"+long, nil).want(t, 200).header(t, "Docker-Content-Digest", long)
	for _, digest := range []string{sha256Of(nil), sha512Of(nil)} {
		e.do("PUT", "/v2/team/app/manifests/"+digest, img.raw, "Content-Type: "+typeManifest).want(t, 400, "DIGEST_INVALID")
		e.do("GET", "/v2/team/app/manifests/"+digest, nil).want(t, 404, "MANIFEST_UNKNOWN")
	}
	e.do("PUT", "/v2/team/app/manifests/sha256:x", img.raw, "Content-Type: "+typeManifest).want(t, 400, "DIGEST_INVALID")

	r := e.do("PUT", "/v2/team/app/manifests/"+long+"?tag=a&tag=b&tag=a", img.raw, "Content-Type: "+typeManifest).want(t, 201)
	if diff := cmp.Diff([]string{"a", "b"}, r.Header.Values("OCI-Tag")); diff != "" {
		t.Error(diff)
	}
	for _, tag := range []string{"a", "b"} {
		e.do("HEAD", "/v2/team/app/manifests/"+tag, nil).want(t, 200).header(t, "Docker-Content-Digest", long)
	}
	e.do("PUT", "/v2/team/app/manifests/"+long+"?tag=a&tag=..", img.raw, "Content-Type: "+typeManifest).want(t, 400, "TAG_INVALID")
	tags := ""
	for i := range 33 {
		tags += fmt.Sprintf("&tag=t%d", i)
	}
	e.do("PUT", "/v2/team/app/manifests/"+long+"?"+tags, img.raw, "Content-Type: "+typeManifest).want(t, 414)
	e.do("HEAD", "/v2/team/app/manifests/t1", nil).want(t, 404)
}

func TestManifestsRefused(t *testing.T) {
	e := newEnv(t)
	img := e.pushImage("team/app", "one", "1")
	put := func(raw []byte, mediaType string) response {
		return e.do("PUT", "/v2/team/app/manifests/new", raw, "Content-Type: "+mediaType)
	}
	gone, gone2 := descriptor{typeLayer, sha256Of([]byte("gone")), 4, nil}, descriptor{typeLayer, sha256Of([]byte("gone2")), 5, nil}
	missing := manifest{MediaType: typeManifest, Config: &img.config, Layers: []descriptor{gone, img.layer, gone2, gone}}
	r := put(missing.encode(t), typeManifest).want(t, 404, "MANIFEST_BLOB_UNKNOWN")
	for _, d := range []string{gone.Digest, gone2.Digest} {
		if strings.Count(r.message(), d) != 1 {
			t.Errorf("the message names %s %d times: %s", d, strings.Count(r.message(), d), r.message())
		}
	}
	if diff := cmp.Diff(map[string]any{"missing": []any{gone.Digest, gone2.Digest}}, r.first().Detail); diff != "" {
		t.Error(diff)
	}
	// A blob of another repository is not there.
	e.do("PUT", "/v2/other/app/manifests/1", img.raw, "Content-Type: "+typeManifest).want(t, 404, "MANIFEST_BLOB_UNKNOWN")
	e.do("PUT", "/v2/nothing/app/manifests/1", img.raw, "Content-Type: "+typeManifest).want(t, 404)

	index := manifest{MediaType: typeIndex, Manifests: []descriptor{img.descriptor(""), {typeManifest, sha256Of([]byte("gone")), 4, nil}}}
	put(index.encode(t), typeIndex).want(t, 404, "MANIFEST_BLOB_UNKNOWN")

	wrong := img.layer
	wrong.Size++
	put(manifest{MediaType: typeManifest, Config: &img.config, Layers: []descriptor{wrong}}.encode(t), typeManifest).want(t, 400, "MANIFEST_INVALID")
	wrong = img.descriptor("")
	wrong.Size--
	put(manifest{MediaType: typeIndex, Manifests: []descriptor{wrong}}.encode(t), typeIndex).want(t, 400, "MANIFEST_INVALID")

	put([]byte("{"), typeManifest).want(t, 400, "MANIFEST_INVALID")
	put(nil, typeManifest).want(t, 400, "MANIFEST_INVALID")
	put(img.raw, "text/plain").want(t, 400, "MANIFEST_INVALID")
	put(img.raw, typeIndex).want(t, 400, "MANIFEST_INVALID")

	schema1 := []byte(`{"schemaVersion":1,"name":"team/app","tag":"1","fsLayers":[]}`)
	r = put(schema1, "application/vnd.docker.distribution.manifest.v1+prettyjws").want(t, 400, "MANIFEST_INVALID")
	if !strings.Contains(r.message(), "schema 1") || !strings.Contains(r.message(), "rebuild and push") {
		t.Errorf("the message does not say what to do: %s", r.message())
	}

	large := manifest{MediaType: typeManifest, Config: &img.config, Annotations: map[string]string{"x": strings.Repeat("x", 4<<20)}}.encode(t)
	put(large, typeManifest).want(t, 413, "MANIFEST_INVALID")
	e.do("PUT", "/v2/team/app/manifests/new", unsized{bytes.NewReader(large)}, "Content-Type: "+typeManifest).want(t, 413, "MANIFEST_INVALID")
	fits := manifest{MediaType: typeManifest, Config: &img.config}
	fits.Annotations = map[string]string{"x": strings.Repeat("x", 4<<20-len(fits.encode(t))-len(`,"annotations":{"x":""}`))}
	if raw := fits.encode(t); len(raw) != 4<<20 {
		t.Fatalf("the largest manifest has %d bytes", len(raw))
	} else {
		e.do("PUT", "/v2/team/app/manifests/large", raw, "Content-Type: "+typeManifest).want(t, 201)
	}
	e.do("HEAD", "/v2/team/app/manifests/new", nil).want(t, 404)
}

// TestForeignLayers: what may not be distributed need not have been pushed.
func TestForeignLayers(t *testing.T) {
	e := newEnv(t)
	img := e.pushImage("team/app", "one", "1")
	for _, mediaType := range []string{
		"application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
		"application/vnd.oci.image.layer.nondistributable.v1.tar",
		"application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
	} {
		m := manifest{MediaType: typeManifest, Config: &img.config, Layers: []descriptor{{mediaType, sha256Of([]byte(mediaType)), 123, nil}, img.layer}}
		e.pushManifest("team/app", "foreign", typeManifest, m.encode(t))
	}
}

func TestAccept(t *testing.T) {
	e := newEnv(t)
	amd64, arm64 := e.pushImage("team/app", "amd64", ""), e.pushImage("team/app", "arm64", "")
	index := manifest{MediaType: typeIndex, Manifests: []descriptor{arm64.descriptor("linux/arm64"), amd64.descriptor("linux/amd64")}}.encode(t)
	digest := e.pushManifest("team/app", "1", typeIndex, index)
	arm := e.pushManifest("team/app", "arm", typeIndex, manifest{MediaType: typeIndex, Manifests: []descriptor{arm64.descriptor("linux/arm64")}}.encode(t))
	for _, c := range []struct {
		accept, reference string
		status            int
		digest            string
	}{
		{"", "1", 200, digest},
		{"*/*", "1", 200, digest},
		{"application/*", "1", 200, digest},
		{typeIndex, "1", 200, digest},
		{typeManifest + ", " + typeIndex + ";q=0.5", "1", 200, digest},
		{"???", "1", 200, digest},
		{typeManifest, "1", 200, amd64.digest},
		{typeManifest + ", " + typeIndex + ";q=0", "1", 200, amd64.digest},
		{"application/vnd.docker.distribution.manifest.v2+json", "1", 404, ""},
		{typeManifest, "arm", 404, ""},
		{typeManifest, arm, 404, ""},
		{typeManifest, digest, 404, ""},
		{typeIndex, amd64.digest, 404, ""},
		{typeManifest, amd64.digest, 200, amd64.digest},
	} {
		r := e.do("GET", "/v2/team/app/manifests/"+c.reference, nil, "Accept: "+c.accept).want(t, c.status)
		if c.status == 200 {
			r.header(t, "Docker-Content-Digest", c.digest)
			if sha256Of(r.body) != c.digest {
				t.Errorf("Accept %q: the content has another digest", c.accept)
			}
		} else if r.code() != "MANIFEST_UNKNOWN" {
			t.Errorf("Accept %q: %s", c.accept, r.body)
		}
	}
}

func TestTags(t *testing.T) {
	e := newEnv(t)
	img := e.pushImage("team/app", "one", "b")
	for _, tag := range []string{"c", "a", "Z", "10", "9"} {
		e.pushManifest("team/app", tag, typeManifest, img.raw)
	}
	list := func(path string) (tags []string, next string) {
		r := e.do("GET", path, nil).want(t, 200)
		var doc struct {
			Name string
			Tags []string
		}
		e.must(json.Unmarshal(r.body, &doc))
		if doc.Name != "team/app" || doc.Tags == nil {
			t.Errorf("%s", r.body)
		}
		next, _, _ = strings.Cut(strings.TrimPrefix(r.Header.Get("Link"), "<"), ">")
		return doc.Tags, next
	}
	all := []string{"10", "9", "Z", "a", "b", "c"}
	for path, want := range map[string][]string{
		"": all, "?n=6": all, "?n=1000": all, "?n=99999999999999999": all, "?n=0": {}, "?last=b": {"c"}, "?last=c": {}, "?last=zzz": {}, "?n=2&last=Z": {"a", "b"}, "?last=B": {"Z", "a", "b", "c"},
	} {
		got, next := list("/v2/team/app/tags/list" + path)
		if (next != "") != (path == "?n=2&last=Z") {
			t.Errorf("%s: the next page is %q", path, next)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", path, diff)
		}
	}
	for _, n := range []string{"1", "2", "3", "4", "5", "6"} {
		var got []string
		next := "/v2/team/app/tags/list?n=" + n
		for pages := 0; next != "" && pages < 10; pages++ {
			var tags []string
			tags, next = list(next)
			got = append(got, tags...)
		}
		if diff := cmp.Diff(all, got); diff != "" {
			t.Errorf("in pages of %s: %s", n, diff)
		}
	}
	for _, n := range []string{"-1", "x", "1.5", "99999999999999999999999"} {
		e.do("GET", "/v2/team/app/tags/list?n="+n, nil).want(t, 400, "PAGINATION_NUMBER_INVALID")
	}
	e.do("GET", "/v2/team/nothing/tags/list", nil).want(t, 404, "NAME_UNKNOWN")
}

func TestCatalog(t *testing.T) {
	e := newEnv(t)
	for _, name := range []string{"team/b", "team/a/x", "open/app", "other/app"} {
		e.pushBlob(name, []byte("x"))
	}
	r := e.do("GET", "/v2/_catalog", nil).want(t, 200)
	if got := strings.TrimSpace(string(r.body)); got != `{"repositories":["open/app","other/app","team/a/x","team/b"]}` {
		t.Error(got)
	}
	r = e.do("GET", "/v2/_catalog?n=2", nil).want(t, 200)
	if got := strings.TrimSpace(string(r.body)); got != `{"repositories":["open/app","other/app"]}` {
		t.Error(got)
	}
	r.header(t, "Link", `</v2/_catalog?last=other%2Fapp&n=2>; rel="next"`)
	r = e.do("GET", "/v2/_catalog", nil, "Test-Actor: user").want(t, 200)
	if got := strings.TrimSpace(string(r.body)); got != `{"repositories":["open/app"]}` {
		t.Errorf("whoever has no role sees %s", got)
	}
	e.do("GET", "/v2/_catalog", nil, "Test-Actor: lister").want(t, 200)
	for _, actor := range []string{"puller", ""} {
		r := e.do("GET", "/v2/_catalog", nil, "Test-Actor: "+actor).want(t, 401, "UNAUTHORIZED")
		if got := r.Header.Get("WWW-Authenticate"); !strings.HasSuffix(got, `,scope="registry:catalog:*"`) {
			t.Errorf("challenge %s", got)
		}
	}
}

func TestReferrers(t *testing.T) {
	e := newEnv(t)
	img := e.pushImage("team/app", "one", "1")
	subject := img.descriptor("")
	config := []byte("{}")
	e.pushBlob("team/app", config)
	empty := describe("application/vnd.oci.empty.v1+json", config)
	want := map[string]string{}
	for _, artifactType := range []string{"application/vnd.sbom", "application/vnd.signature"} {
		raw := manifest{MediaType: typeManifest, ArtifactType: artifactType, Config: &empty, Subject: &subject, Annotations: map[string]string{"of": artifactType}}.encode(t)
		e.do("PUT", "/v2/team/app/manifests/"+sha256Of(raw), raw, "Content-Type: "+typeManifest).want(t, 201).header(t, "OCI-Subject", img.digest)
		want[sha256Of(raw)] = fmt.Sprintf(`{"mediaType":%q,"digest":%q,"size":%d,"artifactType":%q,"annotations":{"of":%q}}`,
			typeManifest, sha256Of(raw), len(raw), artifactType, artifactType)
	}
	list := func(query string) (got []string, r response) {
		r = e.do("GET", "/v2/team/app/referrers/"+img.digest+query, nil).want(t, 200).header(t, "Content-Type", typeIndex)
		var doc struct {
			SchemaVersion int
			MediaType     string
			Manifests     []json.RawMessage
		}
		e.must(json.Unmarshal(r.body, &doc))
		if doc.SchemaVersion != 2 || doc.MediaType != typeIndex || doc.Manifests == nil {
			t.Errorf("%s", r.body)
		}
		for _, m := range doc.Manifests {
			got = append(got, string(m))
		}
		return got, r
	}
	var all []string
	for digest := range want {
		all = append(all, digest)
	}
	slices.Sort(all)
	for i := range all {
		all[i] = want[all[i]]
	}
	got, r := list("")
	if diff := cmp.Diff(all, got); diff != "" {
		t.Error(diff)
	}
	r.header(t, "OCI-Filters-Applied", "")
	got, r = list("?artifactType=application/vnd.sbom")
	if len(got) != 1 || !strings.Contains(got[0], "application/vnd.sbom") {
		t.Errorf("%v", got)
	}
	r.header(t, "OCI-Filters-Applied", "artifactType")
	if got, _ = list("?artifactType=application/x"); len(got) != 0 {
		t.Errorf("%v", got)
	}
	// What nobody refers to has an empty list, also where it is not.
	for _, path := range []string{"/v2/team/app/referrers/" + sha256Of(nil), "/v2/team/nothing/referrers/" + img.digest, "/v2/team/app/referrers/" + sha512Of(nil)} {
		if r := e.do("GET", path, nil).want(t, 200); !strings.Contains(string(r.body), `"manifests":[]`) {
			t.Errorf("%s", r.body)
		}
	}
}

func TestWhoMay(t *testing.T) {
	e := newEnv(t)
	img := e.pushImage("team/app", "one", "1")
	e.pushImage("open/app", "one", "1")
	manifest := "/v2/team/app/manifests/1"
	for _, c := range []struct {
		actor, method, path string
		status              int
		scope               string
	}{
		{"", "GET", "/v2/", 401, ""},
		{"admin", "GET", "/v2/", 200, ""},
		{"user", "GET", "/v2/", 200, ""},
		{"", "GET", manifest, 401, "repository:team/app:pull"},
		{"", "HEAD", manifest, 401, "repository:team/app:pull"},
		{"", "GET", "/v2/team/app/blobs/" + img.layer.Digest, 401, "repository:team/app:pull"},
		{"", "GET", "/v2/team/app/tags/list", 401, "repository:team/app:pull"},
		{"", "GET", "/v2/team/app/referrers/" + img.digest, 401, "repository:team/app:pull"},
		{"", "GET", "/v2/nothing/app/manifests/1", 401, "repository:nothing/app:pull"},
		{"", "PUT", manifest, 401, "repository:team/app:pull,push"},
		{"", "DELETE", manifest, 401, "repository:team/app:delete"},
		{"", "POST", "/v2/team/app/blobs/uploads/", 401, "repository:team/app:pull,push"},
		{"user", "GET", manifest, 403, ""},
		{"user", "PUT", manifest, 403, ""},
		{"user", "POST", "/v2/nothing/app/blobs/uploads/", 403, ""},
		{"user", "GET", "/v2/nothing/app/manifests/1", 403, ""},
		{"puller", "GET", manifest, 200, ""},
		{"puller", "PUT", manifest, 401, "repository:team/app:pull,push"},
		{"narrow", "GET", manifest, 401, "repository:team/app:pull"},
		{"pusher", "DELETE", manifest, 401, "repository:team/app:delete"},
		{"", "GET", "/v2/open/app/manifests/1", 200, ""},
		{"user", "GET", "/v2/open/app/manifests/1", 200, ""},
		{"", "GET", "/v2/open/app/tags/list", 200, ""},
		{"", "PUT", "/v2/open/app/manifests/1", 401, "repository:open/app:pull,push"},
		{"user", "PUT", "/v2/open/app/manifests/1", 403, ""},
		{"", "DELETE", "/v2/open/app/manifests/1", 401, "repository:open/app:delete"},
	} {
		r := e.do(c.method, c.path, nil, "Test-Actor: "+c.actor).want(t, c.status)
		challenge := r.Header.Get("WWW-Authenticate")
		if (c.status == 401) != (challenge != "") {
			t.Errorf("%s %s %s: challenge %q", c.actor, c.method, c.path, challenge)
		}
		if c.scope != "" && !strings.Contains(challenge, `scope="`+c.scope+`"`) {
			t.Errorf("%s %s %s: challenge %q, want scope %s", c.actor, c.method, c.path, challenge, c.scope)
		}
	}
}

// TestTokens goes the way of clients: refused, told where to get a token, and
// back with it.
func TestTokens(t *testing.T) {
	e := newEnv(t)
	e.pushImage("team/app", "one", "1")
	challenge := e.do("GET", "/v2/team/app/manifests/1", nil, "Test-Actor: ").want(t, 401).Header.Get("WWW-Authenticate")
	realm, rest, _ := strings.Cut(strings.TrimPrefix(challenge, `Bearer realm="`), `"`)
	_, service, _ := strings.Cut(rest, `service="`)
	service, _, _ = strings.Cut(service, `"`)
	req, err := http.NewRequest("GET", realm+"?service="+service+"&scope=repository:team/app:pull", nil)
	e.must(err)
	req.SetBasicAuth("admin", e.password)
	res, err := e.server.Client().Do(req)
	e.must(err)
	defer res.Body.Close()
	var token struct{ Token string }
	e.must(json.NewDecoder(res.Body).Decode(&token))
	e.do("GET", "/v2/team/app/manifests/1", nil, "Test-Actor: ", "Authorization: Bearer "+token.Token).want(t, 200)
	e.do("DELETE", "/v2/team/app/manifests/1", nil, "Test-Actor: ", "Authorization: Bearer "+token.Token).want(t, 401)
	e.do("GET", "/v2/team/app/manifests/1", nil, "Test-Actor: ", "Authorization: Bearer x"+token.Token).want(t, 401, "UNAUTHORIZED")
	e.do("GET", "/v2/team/app/manifests/1", nil, "Test-Actor: ", "Authorization: Basic YTpi").want(t, 401, "UNAUTHORIZED")
}

// TestNoSuchPlace: paths that are none, methods that are not offered.
// TestCrossOrigin: a page somewhere else cannot use the password that a browser
// remembers.
func TestCrossOrigin(t *testing.T) {
	e := newEnv(t)
	content := []byte("x")
	upload := "/v2/team/app/blobs/uploads/?digest=" + sha256Of(content)
	e.do("POST", upload, content, "Sec-Fetch-Site: cross-site").want(t, 403, "DENIED")
	e.do("POST", upload, content, "Origin: http://elsewhere.example").want(t, 403, "DENIED")
	e.do("POST", upload, content, "Origin: "+e.server.URL).want(t, 201)
	e.do("GET", "/v2/", nil, "Sec-Fetch-Site: cross-site").want(t, 200)
}

func TestNoSuchPlace(t *testing.T) {
	e := newEnv(t)
	e.do("GET", "/v2/team", nil).want(t, 404, "UNSUPPORTED")
	e.do("GET", "/v2/team/app/tags/all", nil).want(t, 404, "UNSUPPORTED")
	e.do("GET", "/v2/Team/app/tags/list", nil).want(t, 400, "NAME_INVALID")
	e.do("GET", "/v2/app/tags/list", nil).want(t, 400, "NAME_INVALID")
	e.do("GET", "/v2/team/app/manifests/%2e%2e", nil).want(t, 400, "TAG_INVALID")
	e.do("PATCH", "/v2/team/app/manifests/1", nil).want(t, 405, "UNSUPPORTED").header(t, "Allow", "DELETE, GET, HEAD, PUT")
	e.do("POST", "/v2/", nil).want(t, 405, "UNSUPPORTED")
}
