package signature

import (
	"bytes"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/pratique/pratique/internal/rulefile"
)

// FuzzLoad holds that any file of a user is read or refused with its name.
func FuzzLoad(f *testing.F) {
	for _, text := range []string{
		"aggressive: true\nrules:\n  - {id: mine, kind: dropper, severity: low, title: Mine, types: [shell], keywords: [abcde], pattern: 'a.*'}\n",
		"kinds:\n  kk: {means: M., remove: R.}\nrules: []\n", "rules: &a [*a]",
		"d41d8cd98f00b204e9800998ecf8427e:1:N\n", "N:0:*:6162??63{1-3}(aa|bb)6465*!(61|62)?1\n", "N:6:EP+1,2:61626364\nM:7:EOF-3:61\n", "N:6:S1+0:[1-2]",
	} {
		for n := range names {
			f.Add(byte(n), []byte(text))
		}
	}
	f.Fuzz(func(t *testing.T, n byte, text []byte) {
		name := names[int(n)%len(names)]
		r, err := Load(fstest.MapFS{name: {Data: text}})
		if (r == nil) == (err == nil) {
			t.Fatalf("%v, %v", r, err)
		}
		if err != nil {
			if !strings.Contains(err.Error(), name) {
				t.Errorf("does not say where: %v", err)
			}
			return
		}
		r.Version()
		r.Find(t.Context(), File{Path: "x.sh", Size: int64(len(text)), Kind: KindOf("x.sh", text), Content: text})
	})
}

var names = []string{"malware-x.yaml", "x.hdb", "x.hsb", "x.ndb", "x.fp", "x.sha256"}

// FuzzFind holds that any bytes are looked at safely, that what is told of them
// is short and printable, and that it is the same every time.
func FuzzFind(f *testing.F) {
	for _, c := range textCases(f) {
		f.Add(c.Path, []byte(c.Found[0]))
	}
	f.Add("usr/bin/x", []byte(program{section: 64, interp: true, extra: "UPX!"}.build()))
	f.Add("usr/bin/x.jpg", []byte(pe("x")))
	r, err := newRules(rulefile.Source{Name: "malware.yaml", Content: builtin}, []rulefile.Source{
		{Name: "malware-a.yaml", Content: []byte("aggressive: true\n")},
		{Name: "x.ndb", Content: []byte("A:0:*:61626364*65{1-3}66\nB:6:EP+1,9:6162\nC:6:SL+0:00\nD:7:*:61626364\nE:0:EOF-9,8:!(61|62)6?\nF:6:S1+0,99:0000\n")},
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, path string, text []byte) {
		file := File{Path: path, Mode: 0o755, Size: int64(len(text)), Kind: KindOf(path, text), Content: text}
		hits, _ := r.Find(t.Context(), file)
		lines := bytes.Count(text, []byte("\n")) + 1
		for _, h := range hits {
			if h.Line < 0 || h.Line > lines || len(h.Excerpt) > 2*maxExcerpt+200 || strings.ContainsAny(h.Excerpt, "\n\x1b\x00") {
				t.Errorf("%+v", h)
			}
		}
		again, _ := r.Find(t.Context(), file)
		if diff := cmp.Diff(hits, again); diff != "" {
			t.Error(diff)
		}
		file.Content, file.Rest = text[:min(len(text), HeadSize)], bytes.NewReader(text)
		r.Find(t.Context(), file)
	})
}
