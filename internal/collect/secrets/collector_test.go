package secrets

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pratique/pratique/internal/report"
	"github.com/pratique/pratique/internal/secret"
)

// content is a file in memory, or one that pretends not to be.
type content struct {
	*bytes.Reader
	inMemory []byte
}

func (c content) Bytes() []byte { return c.inMemory }

func collectText(t testing.TB, path, text string, spooled bool) (*report.LayerFacts, error) {
	t.Helper()
	c := content{bytes.NewReader([]byte(text)), []byte(text)}
	if spooled {
		c.inMemory = nil
	}
	facts := new(report.LayerFacts)
	err := New(secret.Default()).Collect(t.Context(), report.File{Path: path, Size: int64(len(text))}, c, facts)
	return facts, err
}

func TestWant(t *testing.T) {
	c := New(secret.Default())
	for path, want := range map[string]bool{
		"etc/app.conf": true, "root/.bashrc": true, "srv/node_modules/a/index.js": true, "opt/app/config": true, "var/www/x.php": true,
		"library/x": true, "usr": true, "srv/usr/x": true,
		// §3.8
		"usr/share/x": false, "usr/local/etc/x": false, "lib/x": false, "lib32/x": false, "bin/x": false, "sbin/x": false,
		"var/lib/x": false, "var/log/x": false, "srv/node_modules/a/readme.md": false, "srv/node_modules/@s/a/docs/x.md": false,
		"srv/node_modules/a/test/key.pem": false, "srv/a/service/iam/examples_test.go": false, "opt/grafana/public/build/app.js": false,
		"opt/grafana/public/app.js": true, "opt/service/iam/other_test.go": true,
		// what machines make
		"srv/package-lock.json": false, "srv/app.min.js": false, "srv/logo.PNG": false, "srv/a.tar.gz": false,
		// by name alone
		"srv/server.p12": true, "usr/share/server.p12": false,
	} {
		if got := c.Want(report.File{Path: path, Size: 1}); got != want {
			t.Errorf("%s: %t", path, got)
		}
	}
	for _, f := range []report.File{{Path: "srv/a", Size: maxSize + 1}, {Path: "srv/a"}} {
		if c.Want(f) {
			t.Errorf("%+v is wanted", f)
		}
	}
	if !c.Want(report.File{Path: "srv/server.jks", Size: maxSize + 1}) {
		t.Error("a large key store is not wanted")
	}
}

func TestCollect(t *testing.T) {
	const password = "kW7" + "zQ2mT9xLr"
	found := []report.Secret{{Rule: "postgres-url", Path: "srv/a.conf", Line: 2, Excerpt: "postgres://app:" + secret.Mask}}
	for name, tt := range map[string]struct {
		path, text string
		want       []report.Secret
	}{
		"found":          {"srv/a.conf", "# here\nurl = postgres://app:" + password + "@db/x\n", found},
		"invalid UTF-8":  {"srv/a.conf", "# \xff\xfe\xe4\nurl = postgres://app:" + password + "@db/x\n", found},
		"NUL":            {"srv/a.conf", "\x00\nurl = postgres://app:" + password + "@db/x\n", nil},
		"control":        {"srv/a.conf", strings.Repeat("\x01\x02a", 100) + "\nurl = postgres://app:" + password + "@db/x\n", nil},
		"magic":          {"srv/a.conf", "%PDF-1.4\nurl = postgres://app:" + password + "@db/x\n", nil},
		"binary by name": {"srv/a.p12", "\x30\x82\x00\x00", []report.Secret{{Rule: "keystore-file", Path: "srv/a.p12"}}},
		"one long line": {"srv/a.conf", strings.Repeat("x ", 1<<20) + "postgres://app:" + password + "@db/x",
			[]report.Secret{{Rule: "postgres-url", Path: "srv/a.conf", Line: 1, Excerpt: "postgres://app:" + secret.Mask}}},
		"empty": {"srv/a.conf", "", nil},
	} {
		for _, spooled := range []bool{false, true} {
			facts, err := collectText(t, tt.path, tt.text, spooled)
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if diff := cmp.Diff(tt.want, facts.Secrets); diff != "" {
				t.Errorf("%s, spooled %t (-want +got):\n%s", name, spooled, diff)
			}
		}
	}
}

func TestVersion(t *testing.T) {
	c := New(secret.Default())
	if c.Version() <= version<<48 || c.Version()>>48 != version {
		t.Errorf("version %x", c.Version())
	}
}

func BenchmarkWant(b *testing.B) {
	c := New(secret.Default())
	paths := []string{"usr/share/doc/x/copyright", "app/node_modules/express/lib/router/index.js", "etc/ssl/certs/x.pem", "opt/app/lib/x.class"}
	for b.Loop() {
		for _, p := range paths {
			c.Want(report.File{Path: p, Size: 1000})
		}
	}
}

// BenchmarkCollect reads text without anything in it.
func BenchmarkCollect(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	words := strings.Fields("the function returns a list of values that were read from input if err != nil { return fmt.Errorf } for let const export default class import require module see section for details")
	var text strings.Builder
	for text.Len() < 16<<20 {
		text.WriteString(words[r.IntN(len(words))])
		text.WriteByte(" \n"[r.IntN(8)/7])
	}
	data := []byte(text.String())
	c := New(secret.Default())
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		facts := new(report.LayerFacts)
		if err := c.Collect(context.Background(), report.File{Path: "srv/x"}, content{bytes.NewReader(data), data}, facts); err != nil || len(facts.Secrets) > 0 {
			b.Fatal(err, facts.Secrets)
		}
	}
}

var _ io.ReaderAt = content{}
