package api

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pratique/pratique/internal/catalog"
)

// recordingStore remembers what was asked for, and has nothing.
type recordingStore struct {
	Store
	key       catalog.RepositoryKey
	reference string
	asked     bool
}

func (s *recordingStore) Pull(_ context.Context, key catalog.RepositoryKey, reference string) (catalog.Pull, error) {
	s.key, s.reference, s.asked = key, reference, true
	return catalog.Pull{}, catalog.Errorf(catalog.NotFound, "manifest_unknown", "not there")
}

const digest = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

func TestPathDecoding(t *testing.T) {
	for _, tt := range []struct {
		name, path            string
		repository, reference string
		status                int
	}{
		{"plain", "team/repositories/app/artifacts/1", "app", "1", 404},
		{"encoded once", "team/repositories/a%2Fb%2Fc/artifacts/1", "a/b/c", "1", 404},
		{"lower case", "team/repositories/a%2fb/artifacts/1", "a/b", "1", 404},
		{"encoded twice", "team/repositories/a%252Fb/artifacts/1", "a/b", "1", 404},
		{"encoded thrice", "team/repositories/a%25252Fb/artifacts/1", "", "", 400},
		{"digest", "team/repositories/app/artifacts/" + digest, "app", digest, 404},
		{"digest encoded", "team/repositories/app/artifacts/" + strings.Replace(digest, ":", "%3A", 1), "app", digest, 404},
		{"upper-case digest", "team/repositories/app/artifacts/" + strings.ToUpper(digest), "", "", 400},
		{"unknown algorithm", "team/repositories/app/artifacts/md5:" + strings.Repeat("a", 32), "", "", 400},
		{"dots", "team/repositories/a%2F..%2Fb/artifacts/1", "", "", 400},
		{"dots encoded twice", "team/repositories/%252e%252e/artifacts/1", "", "", 400},
		{"half an encoding", "team/repositories/a%25zz/artifacts/1", "", "", 400},
		{"zero byte", "team/repositories/a%00/artifacts/1", "", "", 400},
		{"bad namespace", "te%2Fam/repositories/app/artifacts/1", "", "", 400},
		{"long name", "team/repositories/" + strings.Repeat("a", 300) + "/artifacts/1", "", "", 400},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cfg := testConfig(t)
			store := &recordingStore{}
			cfg.Store = store
			a := call(t, serve(t, cfg), "GET", Prefix+"/namespaces/"+tt.path, "")
			if a.status != tt.status {
				t.Fatalf("status %d, want %d: %s", a.status, tt.status, a.body)
			}
			var want recordingStore
			if tt.repository != "" {
				want = recordingStore{
					key:       catalog.RepositoryKey{InstanceID: instanceID, Namespace: "team", Repository: tt.repository},
					reference: tt.reference, asked: true,
				}
			}
			if diff := cmp.Diff(want, *store, cmp.AllowUnexported(recordingStore{})); diff != "" {
				t.Errorf("asked for (-want +got):\n%s", diff)
			}
		})
	}
}

// FuzzPath sends arbitrary path elements. What reaches the store is a valid
// name, whatever was sent, and a valid name reaches it however it is encoded.
func FuzzPath(f *testing.F) {
	f.Add("team", "app", "1.0")
	f.Add("team", "a/b", digest)
	f.Add("team", "a%2Fb", "%31")
	f.Add("te%am", "../..", "sha256:")
	f.Add("", "//", "\x00")
	store := &recordingStore{}
	handler := New(Config{
		Store: store, Access: newAccounts(),
		Instance: func(*http.Request) (catalog.Instance, error) { return catalog.Instance{ID: instanceID}, nil },
	})
	ask := func(t *testing.T, path string) int {
		*store = recordingStore{}
		u, err := url.Parse(Prefix + path)
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.URL = u
		r.SetBasicAuth("admin", "right")
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		return w.Code
	}
	valid := func(key catalog.RepositoryKey, reference string) bool {
		return catalog.CheckNamespaceName(key.Namespace) == nil && catalog.CheckRepositoryName(key.Repository) == nil &&
			(isDigest(reference) || catalog.CheckTag(reference) == nil)
	}
	f.Fuzz(func(t *testing.T, namespace, repository, reference string) {
		for _, encode := range []func(string) string{
			url.PathEscape,
			func(s string) string { return url.PathEscape(url.PathEscape(s)) },
		} {
			status := ask(t, "/namespaces/"+encode(namespace)+"/repositories/"+encode(repository)+"/artifacts/"+encode(reference))
			if status >= 500 {
				t.Fatalf("status %d", status)
			}
			if store.asked && !valid(store.key, store.reference) {
				t.Fatalf("asked for %v %q", store.key, store.reference)
			}
			want := catalog.RepositoryKey{InstanceID: instanceID, Namespace: namespace, Repository: repository}
			if valid(want, reference) && !isDigest(reference) && (store.key != want || store.reference != reference) {
				t.Fatalf("asked for %v %q, want %v %q (status %d)", store.key, store.reference, want, reference, status)
			}
		}
	})
}
