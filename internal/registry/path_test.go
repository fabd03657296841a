package registry

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pratique/pratique/internal/catalog"
)

const someHex = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"

func TestParsePath(t *testing.T) {
	digest := "sha256:" + someHex
	long := "sha512:" + someHex + someHex
	cases := []struct {
		path string
		want target
	}{
		{"/v2", target{}},
		{"/v2/", target{}},
		{"/v2/_catalog", target{endpoint: endpointCatalog}},
		{"/v2/team/app/tags/list", target{endpoint: endpointTags, namespace: "team", repository: "app"}},
		{"/v2/team/app/manifests/1.0", target{endpoint: endpointManifest, namespace: "team", repository: "app", tag: "1.0"}},
		{"/v2/team/app/manifests/" + digest, target{endpoint: endpointManifest, namespace: "team", repository: "app", digest: digest}},
		{"/v2/team/app/manifests/" + long, target{endpoint: endpointManifest, namespace: "team", repository: "app", digest: long}},
		{"/v2/team/app/blobs/" + digest, target{endpoint: endpointBlob, namespace: "team", repository: "app", digest: digest}},
		{"/v2/team/app/referrers/" + digest, target{endpoint: endpointReferrers, namespace: "team", repository: "app", digest: digest}},
		{"/v2/team/app/blobs/uploads/", target{endpoint: endpointUploads, namespace: "team", repository: "app"}},
		{"/v2/team/app/blobs/uploads", target{endpoint: endpointUploads, namespace: "team", repository: "app"}},
		{"/v2/team/app/blobs/uploads/abc", target{endpoint: endpointUpload, namespace: "team", repository: "app", upload: "abc"}},
		// Names may hold the very words that make up the interface.
		{"/v2/a/b/c/d/tags/list", target{endpoint: endpointTags, namespace: "a", repository: "b/c/d"}},
		{"/v2/team/blobs/uploads/manifests/1", target{endpoint: endpointManifest, namespace: "team", repository: "blobs/uploads", tag: "1"}},
		{"/v2/team/manifests/manifests/manifests", target{endpoint: endpointManifest, namespace: "team", repository: "manifests", tag: "manifests"}},
		{"/v2/tags/list/tags/list", target{endpoint: endpointTags, namespace: "tags", repository: "list"}},
		{"/v2/team/tags/manifests/list", target{endpoint: endpointManifest, namespace: "team", repository: "tags", tag: "list"}},
		{"/v2/team/blobs/blobs/uploads/", target{endpoint: endpointUploads, namespace: "team", repository: "blobs"}},
		{"/v2/v2/v2/tags/list", target{endpoint: endpointTags, namespace: "v2", repository: "v2"}},
	}
	for _, c := range cases {
		got, err := parsePath(c.path)
		if err != nil {
			t.Errorf("%s: %v", c.path, err)
			continue
		}
		if diff := cmp.Diff(c.want, got, cmp.AllowUnexported(target{})); diff != "" {
			t.Errorf("%s: %s", c.path, diff)
		}
	}
}

func TestParsePathRefuses(t *testing.T) {
	digest := "sha256:" + someHex
	cases := []struct{ path, code string }{
		{"", "path_unknown"},
		{"/", "path_unknown"},
		{"/v1/", "path_unknown"},
		{"/v2x", "path_unknown"},
		{"/v2//", "path_unknown"},
		{"/v2/x", "path_unknown"},
		{"/v2/team/app", "path_unknown"},
		{"/v2/team/app/tags", "path_unknown"},
		{"/v2/team/app/tags/all", "path_unknown"},
		{"/v2/team/app/uploads/x", "path_unknown"},
		{"/v2/team/app/" + digest, "path_unknown"},
		{"/v2/_catalog/x", "path_unknown"},
		{"/v2/" + strings.Repeat("x", 10_000), "path_unknown"},
		{"/v2/app/tags/list", "name_invalid"},
		{"/v2//tags/list", "name_invalid"},
		{"/v2/tags/list", "path_unknown"},
		{"/v2/Team/app/tags/list", "namespace_name_invalid"},
		{"/v2/team/App/tags/list", "repository_name_invalid"},
		{"/v2/team/../etc/manifests/1", "repository_name_invalid"},
		{"/v2/../team/app/manifests/1", "namespace_name_invalid"},
		{"/v2/team/a//b/manifests/1", "repository_name_invalid"},
		{"/v2/team/app//manifests/1", "repository_name_invalid"},
		{"/v2/team/" + strings.Repeat("x", 300) + "/tags/list", "name_invalid"},
		{"/v2/team/app/manifests/", "tag_invalid"},
		{"/v2/team/app/manifests/..", "tag_invalid"},
		{"/v2/team/app/manifests/.x", "tag_invalid"},
		{"/v2/team/app/manifests/a b", "tag_invalid"},
		{"/v2/team/app/manifests/" + strings.Repeat("x", 129), "tag_invalid"},
		{"/v2/team/app/manifests/sha256:baddigeststring", "digest_invalid"},
		{"/v2/team/app/manifests/sha384:" + someHex, "digest_invalid"},
		{"/v2/team/app/manifests/sha512:" + someHex, "digest_invalid"},
		{"/v2/team/app/manifests/SHA256:" + someHex, "digest_invalid"},
		{"/v2/team/app/manifests/sha256:" + strings.ToUpper(someHex), "digest_invalid"},
		{"/v2/team/app/blobs/latest", "digest_invalid"},
		{"/v2/team/app/referrers/latest", "digest_invalid"},
	}
	for _, c := range cases {
		_, err := parsePath(c.path)
		if got := codeOf(err); got != c.code {
			t.Errorf("%.60q: %s, want %s", c.path, got, c.code)
		}
		if err != nil && len(err.Error()) > 1000 {
			t.Errorf("%.60q: the error has %d bytes", c.path, len(err.Error()))
		}
	}
}

func FuzzParsePath(f *testing.F) {
	for _, s := range []string{
		"/v2/", "/v2/_catalog", "/v2/a/b/tags/list", "/v2/a/b/manifests/1", "/v2/a/b/blobs/sha256:" + someHex,
		"/v2/a/b/blobs/uploads/", "/v2/a/b/blobs/uploads/x", "/v2/a/b/referrers/sha256:" + someHex, "/v2/a/../b/manifests/..",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, path string) {
		got, err := parsePath(path)
		if err != nil {
			if k := catalog.KindOf(err); k != catalog.Invalid && k != catalog.NotFound {
				t.Errorf("%q: %v", path, err)
			}
			return
		}
		if got.endpoint == endpointBase || got.endpoint == endpointCatalog {
			return
		}
		name := got.namespace + "/" + got.repository
		if _, _, err := catalog.SplitName(name); err != nil {
			t.Errorf("%q was read as name %q", path, name)
		}
		// Putting it together again gives the path back.
		again := "/v2/" + name + map[endpoint]string{
			endpointTags:      "/tags/list",
			endpointManifest:  "/manifests/" + got.reference(),
			endpointBlob:      "/blobs/" + got.digest,
			endpointUploads:   "/blobs/uploads/",
			endpointUpload:    "/blobs/uploads/" + got.upload,
			endpointReferrers: "/referrers/" + got.digest,
		}[got.endpoint]
		if again != path && again != path+"/" {
			t.Errorf("%q was read as %q", path, again)
		}
	})
}

func codeOf(err error) string {
	if e, ok := err.(*catalog.Error); ok {
		return e.Code
	}
	return "none"
}
