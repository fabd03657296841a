package registry

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pratique/pratique/internal/access"
	"github.com/pratique/pratique/internal/catalog"
)

// deadlines is a connection that notes its deadlines.
type deadlines struct {
	http.ResponseWriter
	reads, writes []time.Time
	// readFrom is the sizes handed to ReadFrom.
	readFrom []int64
}

func (d *deadlines) SetReadDeadline(t time.Time) error  { d.reads = append(d.reads, t); return nil }
func (d *deadlines) SetWriteDeadline(t time.Time) error { d.writes = append(d.writes, t); return nil }

func (d *deadlines) ReadFrom(r io.Reader) (int64, error) {
	n, err := io.Copy(struct{ io.Writer }{d.ResponseWriter}, r)
	d.readFrom = append(d.readFrom, n)
	return n, err
}

// TestSlowBody: each piece that arrives gives the client as much time again,
// and the end of the body ends the hurry.
func TestSlowBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &deadlines{}
		start := time.Now()
		b := &body{control: http.NewResponseController(d), idle: time.Minute, left: 100}
		b.body = readerFunc(func(p []byte) (int, error) {
			time.Sleep(50 * time.Second)
			if len(d.reads) == 4 {
				return 0, io.EOF
			}
			return copy(p, "x"), nil
		})
		if got, err := io.ReadAll(b); string(got) != "xxx" || err != nil {
			t.Errorf("%q, %v", got, err)
		}
		var want []time.Time
		for i := range 4 {
			want = append(want, start.Add(time.Duration(i)*50*time.Second+time.Minute))
		}
		if diff := cmp.Diff(append(want, time.Time{}), d.reads); diff != "" {
			t.Error(diff)
		}
	})
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func TestBodyEnds(t *testing.T) {
	tooMuch := errors.New("too much")
	cases := []struct {
		name string
		body io.Reader
		want string
		err  func(error) bool
	}{
		{"as long as allowed", strings.NewReader("0123456789"), "0123456789", func(err error) bool { return err == nil }},
		{"longer than allowed", strings.NewReader("0123456789x"), "", func(err error) bool { return err == tooMuch }},
		{"broken", io.MultiReader(strings.NewReader("01"), iotest.ErrReader(io.ErrUnexpectedEOF)), "01", func(err error) bool {
			return catalog.Is(err, catalog.Invalid) && errors.Is(err, io.ErrUnexpectedEOF)
		}},
	}
	for _, c := range cases {
		b := &body{control: http.NewResponseController(&deadlines{}), idle: time.Minute, left: 10, tooMuch: tooMuch, body: c.body}
		got, err := io.ReadAll(b)
		if !c.err(err) || (c.want != "" && string(got) != c.want) {
			t.Errorf("%s: %q, %v", c.name, got, err)
		}
	}
}

// TestAnswersArePaced: no answer waits for ever for a client that takes nothing.
func TestAnswersArePaced(t *testing.T) {
	reg := &Registry{Config: Config{Limits: Limits{Idle: time.Minute}}}
	d := &deadlines{ResponseWriter: httptest.NewRecorder()}
	r := httptest.NewRequest(http.MethodGet, "/v2/", nil)
	r = r.WithContext(access.WithActor(r.Context(), access.Actor{Name: "admin", Admin: true}))
	reg.Access, reg.Instance = &access.Authenticator{}, func(*http.Request) (catalog.Instance, error) { return catalog.Instance{}, nil }
	reg.ServeHTTP(d, r)
	if len(d.writes) < 2 || d.writes[0].IsZero() || !d.writes[len(d.writes)-1].IsZero() {
		t.Errorf("deadlines %v", d.writes)
	}
}

// TestPacedWriter: a file goes out in pieces, each with its own time, and
// nothing of it is lost.
func TestPacedWriter(t *testing.T) {
	content := bytes.Repeat([]byte("0123456789abcdef"), pace/8) // 2 pieces
	content = append(content, "rest"...)
	name := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(name, content, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, limit := range []int64{0, 10, pace, pace + 1, int64(len(content))} {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		rec := httptest.NewRecorder()
		d := &deadlines{ResponseWriter: rec}
		w := (&Registry{Config: Config{Limits: Limits{Idle: time.Minute}}}).newPacedWriter(d)
		n, err := io.CopyN(w, f, limit)
		if n != limit || err != nil || !bytes.Equal(rec.Body.Bytes(), content[:limit]) {
			t.Errorf("%d of %d bytes, %v", n, limit, err)
		}
		if pieces := int((limit + pace - 1) / pace); len(d.readFrom) != pieces || len(d.writes) != pieces {
			t.Errorf("%d bytes in pieces of %v with %d deadlines", limit, d.readFrom, len(d.writes))
		}
		w.done()
		if last := d.writes[len(d.writes)-1]; !last.IsZero() {
			t.Errorf("the deadline %v stays", last)
		}
		f.Close()
	}
	// A source shorter than announced is an error of the copy, not a hang.
	w := (&Registry{Config: Config{Limits: Limits{Idle: time.Minute}}}).newPacedWriter(&deadlines{ResponseWriter: httptest.NewRecorder()})
	if n, err := io.CopyN(w, strings.NewReader("abc"), 10); n != 3 || err != io.EOF {
		t.Errorf("%d, %v", n, err)
	}
}
