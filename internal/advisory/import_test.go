package advisory

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pratique/pratique/internal/report"
)

// counts gives "name records/excluded/skipped" per ecosystem, with a star where
// it changed.
func counts(r ImportResult) []string {
	var out []string
	for _, e := range r.Ecosystems {
		s := fmt.Sprintf("%s %d/%d/%d", e.Name, e.Records, e.Excluded, e.Skipped)
		if e.Changed {
			s += "*"
		}
		out = append(out, s)
	}
	return out
}

var smallCounts = []string{
	"AlmaLinux 2/1/0*", "Alpine 1/0/0*", "Debian 4/1/2*", "Go 2/0/0*", "Maven 1/0/0*", "NuGet 1/0/0*", "PyPI 2/0/0*",
	"Ubuntu 3/0/0*", "crates.io 1/1/0*", "npm 3/0/0*", "kev 1/0/0*", "epss 2/0/0*", "eol 4/0/0*",
}

func TestImport(t *testing.T) {
	bucket := smallBucket(t)
	dir := t.TempDir()
	res := importInto(t, dir, bucket)
	if d := cmp.Diff(smallCounts, counts(res)); d != "" {
		t.Errorf("ecosystems (-want +got):\n%s", d)
	}
	if !res.Changed || res.Revision == "" {
		t.Errorf("first import: %+v", res)
	}
	i := slices.IndexFunc(res.Ecosystems, func(e EcosystemResult) bool { return e.Name == "Debian" })
	var names []string
	for _, s := range res.Ecosystems[i].SkippedRecords {
		names = append(names, s.Record)
		if s.Reason == "" {
			t.Errorf("%s was skipped without a reason", s.Record)
		}
	}
	slices.Sort(names)
	if d := cmp.Diff([]string{"BROKEN.json", "NOID.json"}, names); d != "" {
		t.Errorf("skipped (-want +got):\n%s", d)
	}

	again := importInto(t, dir, bucket)
	if again.Changed || again.Revision != res.Revision {
		t.Errorf("second import of the same: %+v", again)
	}
	for _, c := range counts(again) {
		if strings.HasSuffix(c, "*") {
			t.Errorf("%s changed without a change", c)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(dir, tempPrefix+"*")); left != nil {
		t.Errorf("left behind: %v", left)
	}
}

func TestImportIsDeterministic(t *testing.T) {
	bucket := smallBucket(t)
	a := importInto(t, t.TempDir(), bucket)
	b := importInto(t, t.TempDir(), bucket)
	if a.Revision != b.Revision {
		t.Errorf("revisions %s and %s of the same data", a.Revision, b.Revision)
	}
}

func TestImportLayouts(t *testing.T) {
	bucket := smallBucket(t)
	want := importInto(t, t.TempDir(), bucket).Revision
	server := httptest.NewServer(http.FileServer(http.Dir(bucket)))
	defer server.Close()

	if res := importInto(t, t.TempDir(), zipOf(t, bucket)); res.Revision != want {
		t.Errorf("from a zip file: %v", counts(res))
	}
	if res := importInto(t, t.TempDir(), filepath.Join(bucket, "osv")); len(res.Ecosystems) != 10 {
		t.Errorf("from the plain layout: %v", counts(res))
	}
	res, err := Import(t.Context(), t.TempDir(), server.URL, ImportOptions{
		Feeds: Feeds{EPSS: server.URL + "/epss/epss_scores-2025-01-01.csv.gz"},
	})
	if err != nil || res.Revision != want {
		t.Errorf("from a server: %v, %v", counts(res), err)
	}
	res, err = Import(t.Context(), t.TempDir(), server.URL+"/osv", ImportOptions{
		Feeds: Feeds{KEV: filepath.Join(bucket, "kev", "known_exploited_vulnerabilities.json")},
	})
	if err != nil || len(res.Ecosystems) != 11 {
		t.Errorf("from a server with the plain layout: %v, %v", counts(res), err)
	}
	os.Remove(filepath.Join(bucket, "osv", "ecosystems.txt"))
	if res := importInto(t, t.TempDir(), bucket); res.Revision != want {
		t.Errorf("without ecosystems.txt: %v", counts(res))
	}
}

func TestImportFrom(t *testing.T) {
	empty := t.TempDir()
	text := filepath.Join(empty, "text")
	put(t, empty, "text", []byte("no zip"))
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	for _, from := range []string{"", empty, text, filepath.Join(empty, "absent"), server.URL, server.URL + "/x.zip"} {
		dir := t.TempDir()
		if _, err := Import(t.Context(), dir, from, ImportOptions{}); err == nil {
			t.Errorf("import from %q worked", from)
		}
		if _, err := Open(dir); !errors.Is(err, ErrNone) || !strings.Contains(err.Error(), "pratique advisories import") {
			t.Errorf("after a failed import from %q: %v", from, err)
		}
	}
}

func TestFailedImportKeepsTheOld(t *testing.T) {
	bucket := smallBucket(t)
	dir := t.TempDir()
	want := importInto(t, dir, bucket)
	before := files(t, dir)

	archive := filepath.Join(bucket, "osv", "npm", "all.zip") // the last ecosystem
	whole, err := os.ReadFile(archive)
	if err != nil {
		t.Fatal(err)
	}
	flipped := bytes.Clone(whole)
	flipped[60] ^= 0xff // in the first entry's content
	for name, data := range map[string][]byte{
		"truncated": whole[:len(whole)/2],
		"empty":     {},
		"flipped":   flipped,
		"bomb":      bomb(t),
	} {
		// Another ecosystem changes too; it must not come into force alone.
		put(t, bucket, "osv/Alpine/all.zip", archiveOf(t, "x.json", `{"id":"ALPINE-CVE-2024-1111","affected":[{"package":{"ecosystem":"Alpine:v3.19","name":"x"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"}]}]}]}`))
		put(t, bucket, "osv/npm/all.zip", data)
		if res, err := Import(t.Context(), dir, bucket, ImportOptions{}); err == nil || !strings.Contains(err.Error(), "npm/all.zip") {
			t.Errorf("%s archive: %+v, %v; the error is to name it", name, counts(res), err)
		}
		if d := cmp.Diff(before, files(t, dir)); d != "" {
			t.Errorf("%s archive: files (-before +after):\n%s", name, d)
		}
	}
	if got := openDB(t, dir).Revision(); got != want.Revision {
		t.Errorf("revision %s in force, want %s", got, want.Revision)
	}

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Import(ctx, dir, smallBucket(t), ImportOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled import: %v", err)
	}
}

// bomb is an archive with one record of a size no record has, and nothing else.
func bomb(t *testing.T) []byte {
	return archiveOf(t, "bomb.json", strings.Repeat(" ", maxRecord+1))
}

func archiveOf(t *testing.T, name, content string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	w.Write([]byte(content))
	z.Close()
	return b.Bytes()
}

func files(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

func TestImportMendsDamage(t *testing.T) {
	bucket, dir := smallBucket(t), t.TempDir()
	want := importInto(t, dir, bucket)
	names, _ := filepath.Glob(filepath.Join(dir, "*"+fileSuffix))
	for i, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		switch i % 3 {
		case 0:
			os.Remove(name)
		case 1:
			b[len(b)/3] ^= 1
			os.WriteFile(name, b, 0o644)
		case 2:
			os.WriteFile(name, b[:len(b)/2], 0o644)
		}
	}
	got, err := Update(t.Context(), dir, ImportOptions{})
	if err != nil || got.Revision != want.Revision {
		t.Fatalf("import over a damaged database: %+v, %v", got, err)
	}
	if err := useAll(openDB(t, dir)); err != nil {
		t.Error(err)
	}
}

func TestOneImportAtATime(t *testing.T) {
	bucket, dir := smallBucket(t), t.TempDir()
	var once sync.Once
	_, err := Import(t.Context(), dir, bucket, ImportOptions{Progress: func(string) {
		once.Do(func() {
			if _, err := Import(t.Context(), dir, bucket, ImportOptions{}); !errors.Is(err, ErrBusy) {
				t.Errorf("second import: %v, want ErrBusy", err)
			}
		})
	}})
	if err != nil {
		t.Fatal(err)
	}
}

// recorder counts the answers a server gives, by path and status.
type recorder struct {
	h    http.Handler
	mu   sync.Mutex
	seen []string
	// fail, if set, is asked first.
	fail func(w http.ResponseWriter, r *http.Request) bool
}

type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(s int) { w.status = s; w.ResponseWriter.WriteHeader(s) }

func (rec *recorder) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	sw := &statusWriter{w, 200}
	if rec.fail == nil || !rec.fail(sw, r) {
		rec.h.ServeHTTP(sw, r)
	}
	rec.mu.Lock()
	defer rec.mu.Unlock()
	rec.seen = append(rec.seen, fmt.Sprintf("%d %s", sw.status, strings.TrimPrefix(r.URL.Path, "/")))
}

func (rec *recorder) take() []string {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	out := rec.seen
	rec.seen = nil
	slices.Sort(out)
	return out
}

func TestUpdateFetchesWhatChanged(t *testing.T) {
	bucket, dir := smallBucket(t), t.TempDir()
	rec := &recorder{h: http.FileServer(http.Dir(bucket))}
	server := httptest.NewServer(rec)
	defer server.Close()
	opts := ImportOptions{Feeds: Feeds{EPSS: server.URL + "/epss/epss_scores-2025-01-01.csv.gz"}, backoff: time.Nanosecond}
	first, err := Import(t.Context(), dir, server.URL, opts)
	if err != nil {
		t.Fatal(err)
	}
	rec.take()

	res, err := Update(t.Context(), dir, ImportOptions{backoff: time.Nanosecond})
	if err != nil || res.Changed {
		t.Fatalf("update without news: %+v, %v", res, err)
	}
	for _, s := range rec.take() {
		if !strings.HasPrefix(s, "304 ") && s != "200 osv/ecosystems.txt" && s != "404 ecosystems.txt" {
			t.Errorf("update without news fetched %q", s)
		}
	}

	db := openDB(t, dir)
	put(t, bucket, "osv/Alpine/all.zip", archiveOf(t, "x.json", `{"id":"ALPINE-CVE-2024-1111","modified":"2024-05-01T00:00:00Z","affected":[{"package":{"ecosystem":"Alpine:v3.19","name":"x"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"}]}]}]}`))
	later := time.Now().Add(time.Hour)
	os.Chtimes(filepath.Join(bucket, "osv", "Alpine", "all.zip"), later, later)
	res, err = Update(t.Context(), dir, ImportOptions{backoff: time.Nanosecond})
	if err != nil || !res.Changed || res.Revision == first.Revision {
		t.Fatalf("update with news: %+v, %v", res, err)
	}
	var full []string
	for _, s := range rec.take() {
		if strings.HasPrefix(s, "200 ") {
			full = append(full, s)
		}
	}
	if d := cmp.Diff([]string{"200 osv/Alpine/all.zip", "200 osv/ecosystems.txt"}, full); d != "" {
		t.Errorf("fetched (-want +got):\n%s", d)
	}

	// The database that was open goes on as it was.
	if !Stale(dir, db) {
		t.Error("the old database is not stale")
	}
	p := report.Package{Type: "apk", Name: "libssl3", Version: "3.1.4-r2", Source: "openssl"}
	if ms, err := db.Match(alpine, p); len(ms) != 1 || err != nil {
		t.Errorf("the old database: %v, %v", ms, err)
	}
	now := openDB(t, dir)
	if Stale(dir, now) {
		t.Error("the new database is stale")
	}
	if ms, err := now.Match(alpine, p); len(ms) != 0 || err != nil {
		t.Errorf("the new database: %v, %v", ms, err)
	}
	changed, err := Changed(db, now)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]PackageKey{{"Alpine:v3.19", "openssl"}, {"Alpine:v3.19", "x"}}, changed); d != "" {
		t.Errorf("changed (-want +got):\n%s", d)
	}
}

func TestServerTroubles(t *testing.T) {
	bucket, dir := smallBucket(t), t.TempDir()
	rec := &recorder{h: http.FileServer(http.Dir(bucket))}
	server := httptest.NewServer(rec)
	defer server.Close()
	opts := ImportOptions{backoff: time.Nanosecond, Feeds: Feeds{EPSS: server.URL + "/epss/epss_scores-2025-01-01.csv.gz"}}

	failures := 2
	rec.fail = func(w http.ResponseWriter, r *http.Request) bool {
		if strings.Contains(r.URL.Path, "Debian") && failures > 0 {
			failures--
			w.WriteHeader(http.StatusServiceUnavailable)
			return true
		}
		return false
	}
	first, err := Import(t.Context(), dir, server.URL, opts)
	if err != nil {
		t.Fatalf("a server that recovers: %v", err)
	}

	rec.fail = func(w http.ResponseWriter, r *http.Request) bool {
		switch {
		case strings.Contains(r.URL.Path, "Alpine"), strings.Contains(r.URL.Path, "kev"):
			w.WriteHeader(http.StatusNotFound)
		case strings.Contains(r.URL.Path, "epss"):
			w.WriteHeader(http.StatusForbidden)
		default:
			return false
		}
		return true
	}
	res, err := Update(t.Context(), dir, opts)
	if err != nil || res.Revision != first.Revision || len(res.Notes) != 3 {
		t.Errorf("what cannot be had stays: %+v, %v", res, err)
	}

	rec.fail = func(w http.ResponseWriter, r *http.Request) bool {
		if strings.Contains(r.URL.Path, "npm") {
			w.WriteHeader(http.StatusInternalServerError)
			return true
		}
		return false
	}
	if _, err := Update(t.Context(), dir, opts); err == nil || !strings.Contains(err.Error(), "npm") {
		t.Errorf("a server that stays broken: %v", err)
	}
	if got := openDB(t, dir).Revision(); got != first.Revision {
		t.Errorf("after a failed update %s is in force, want %s", got, first.Revision)
	}
}

func TestRatingsChange(t *testing.T) {
	bucket, dir := smallBucket(t), t.TempDir()
	importInto(t, dir, bucket)
	old := openDB(t, dir)
	// Ubuntu rates CVE-2023-1001 no more, which Debian and AlmaLinux relied on.
	put(t, bucket, "osv/Ubuntu/all.zip", archiveOf(t, "x.json", `{"id":"UBUNTU-CVE-2023-9999","affected":[{"package":{"ecosystem":"Ubuntu:22.04:LTS","name":"y"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"}]}]}]}`))
	importInto(t, dir, bucket)
	now := openDB(t, dir)
	got, err := Changed(old, now)
	if err != nil {
		t.Fatal(err)
	}
	want := []PackageKey{
		{"AlmaLinux:8", "openssl-libs"}, {"Debian:11", "curl"}, {"Debian:12", "curl"}, {"Ubuntu:20.04:LTS", "jq"},
		{"Ubuntu:22.04:LTS", "curl"}, {"Ubuntu:22.04:LTS", "y"}, {"Ubuntu:Pro:20.04:LTS", "jq"},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("changed (-want +got):\n%s", d)
	}
	if same, err := Changed(now, now); len(same) != 0 || err != nil {
		t.Errorf("a database differs from itself: %v, %v", same, err)
	}
	all, err := Changed(nil, now)
	if err != nil || !slices.Contains(all, PackageKey{"npm", "evil"}) {
		t.Errorf("against nothing: %v, %v", all, err)
	}
}

func TestInfo(t *testing.T) {
	dir := t.TempDir()
	bucket := smallBucket(t)
	now := time.Date(2025, 2, 3, 4, 5, 6, 7, time.UTC)
	if _, err := Import(t.Context(), dir, bucket, ImportOptions{Now: func() time.Time { return now }}); err != nil {
		t.Fatal(err)
	}
	db := openDB(t, dir)
	info := db.Info()
	i := slices.IndexFunc(info, func(e EcosystemInfo) bool { return e.Name == "crates.io" })
	got := info[i]
	if got.Size == 0 {
		t.Error("no size")
	}
	got.Size = 0
	want := EcosystemInfo{
		Name: "crates.io", Records: 1, Newest: time.Date(2024, 1, 3, 3, 4, 5, 0, time.UTC),
		Built: now.Truncate(time.Second), Source: filepath.ToSlash(bucket) + "/osv/crates.io/all.zip",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("info (-want +got):\n%s", d)
	}
	if k := db.Knowledge(); k.Newest != "2024-01-03T03:04:05Z" || k.Revision != db.Revision() {
		t.Errorf("knowledge %+v", k)
	}
	var tables []string
	for _, e := range db.Tables() {
		tables = append(tables, fmt.Sprintf("%s %d %s", e.Name, e.Records, e.Newest.Format(time.DateOnly)))
	}
	if d := cmp.Diff([]string{"eol 4 2025-01-01", "epss 2 2025-01-01", "kev 1 2025-01-01", "ratings 4 0001-01-01"}, tables); d != "" {
		t.Errorf("tables (-want +got):\n%s", d)
	}
}

func TestOtherFormat(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, manifestName, []byte(`{"format":99}`))
	if _, err := Open(dir); !errors.Is(err, ErrNone) {
		t.Errorf("a format of the future: %v, want ErrNone", err)
	}
	for _, text := range []string{"", "{", fmt.Sprintf(`{"format":%d,"ecosystems":[{"name":"x","file":"../../etc/passwd"}]}`, formatVersion)} {
		put(t, dir, manifestName, []byte(text))
		if _, err := Open(dir); !errors.Is(err, errCorrupt) {
			t.Errorf("manifest %q: %v", text, err)
		}
	}
	put(t, dir, manifestName, fmt.Appendf(nil, `{"format":%d,"ecosystems":[{"name":"x","file":"x.adv"}]}`, formatVersion))
	if _, err := Open(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file is missing: %v", err)
	}
}
