package rulefile

import (
	"errors"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

func TestLoad(t *testing.T) {
	user := fstest.MapFS{"b.yaml": {Data: []byte("2")}, "a.yaml": {Data: []byte("1")}, "c.txt": {Data: []byte("3")}}
	owns := func(name string) bool { return strings.HasSuffix(name, ".yaml") }
	got, err := Load(user, owns)
	want := []Source{{"a.yaml", []byte("1")}, {"b.yaml", []byte("2")}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
	if got, err := Load(fstest.MapFS{"c.txt": {}}, owns); err != nil || got != nil {
		t.Errorf("none: %v, %v", got, err)
	}
	for name, user := range map[string]fstest.MapFS{
		"large":     {"a.yaml": {Data: make([]byte, MaxFile+1)}},
		"directory": {"a.yaml/b": {}},
	} {
		if _, err := Load(user, owns); err == nil || !strings.Contains(err.Error(), "a.yaml") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRead(t *testing.T) {
	user := fstest.MapFS{"a": {Data: []byte("123")}}
	if s, err := Read(user, "a", 3); err != nil || string(s.Content) != "123" {
		t.Errorf("%q, %v", s.Content, err)
	}
	if _, err := Read(user, "a", 2); err == nil || err.Error() != "rules: a has more than 2 bytes" {
		t.Error(err)
	}
	if _, err := Read(user, "b", 2); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

// form has a field of each kind that is read.
type form struct {
	Kinds map[string]part   `yaml:"kinds"`
	Parts []part            `yaml:"parts"`
	One   *part             `yaml:"one"`
	Later []Node            `yaml:"later"`
	Named map[string]Node   `yaml:"named"`
	Texts map[string]string `yaml:"texts"`
}

type part struct {
	ID    string   `yaml:"id"`
	Count int      `yaml:"count"`
	List  []string `yaml:"list"`
}

func TestDecode(t *testing.T) {
	s := Source{"f", []byte("kinds:\n  k: {id: a}\nparts:\n  - {id: b, count: 2, list: [x, y]}\none: {id: c}\nlater:\n\n  - {id: d, count: 1}\ntexts: {e: f}\n")}
	var got form
	if err := s.Decode(&got); err != nil {
		t.Fatal(err)
	}
	if len(got.Later) != 1 || !got.Later[0].Present() || got.Later[0].Line() != 8 || got.Named["x"].Present() || got.Named["x"].Line() != 0 {
		t.Errorf("nodes are %+v and %+v", got.Later, got.Named)
	}
	later := part{ID: "before", List: []string{"kept"}}
	if err := got.Later[0].Decode(&later); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(part{"d", 1, []string{"kept"}}, later); diff != "" {
		t.Error(diff)
	}
	got.Later = nil
	want := form{
		Kinds: map[string]part{"k": {ID: "a"}}, Parts: []part{{"b", 2, []string{"x", "y"}}}, One: &part{ID: "c"},
		Texts: map[string]string{"e": "f"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	var unchanged part
	if err := (Node{}).Decode(&unchanged); err != nil || unchanged.ID != "" {
		t.Errorf("what is not there: %v, %+v", err, unchanged)
	}
}

// Errors name file, line and what is wrong, and nothing of this program.
func TestDecodeErrors(t *testing.T) {
	for text, want := range map[string]string{
		"":                                 "f:1: the file is empty",
		"# nothing":                        "f:1: the file is empty",
		"---\n":                            "f:2: expected fields (kinds, parts, one, later, named, texts)",
		"- a":                              "f:1: expected fields (kinds, parts, one, later, named, texts)",
		"parts: [":                         "f:1: did not find expected node content",
		"parts: []\n\na: [\n\n":            "f:4: did not find expected node content",
		"a: 1":                             `f:1: "a" is not a field: use kinds, parts, one, later, named, texts`,
		"parts: []\nparts: []":             `f:2: "parts" is there twice`,
		"parts: 1":                         "f:1: expected a list",
		"parts: {a: b}":                    "f:1: expected a list",
		"kinds: [a]":                       "f:1: expected names and values",
		"kinds:\n  k: []":                  "f:2: expected fields (id, count, list)",
		"kinds:\n  k: {id: a, no: b}":      `f:2: "no" is not a field: use id, count, list`,
		"parts:\n  - {id: a}\n  - a":       "f:3: expected fields (id, count, list)",
		"one:\n  count: many":              `f:2: "many" is not what belongs here`,
		"one:\n  id: [a]":                  "f:2: a list is not what belongs here",
		"one:\n  id: {a: b}":               "f:2: a mapping is not what belongs here",
		"one:\n  count: !!binary aGk=":     "f:2: ",
		"later:\n  - a: 1\n  -":            "f:3: expected fields or a value",
		"texts: {a: b,\n a: c}":            `f:2: mapping key "a" already defined at line 1`,
		"parts: []\n---\nparts: []":        "f:1: there is more than one document",
		"parts: &a\n - {list: *a}":         "f:2: aliases and deep nesting are not supported",
		"parts:\n - {<<: {id: a}}":         `f:2: "<<" is not a field`,
		"one: {id: \"a\\e[2J\", \"\\e\":}": `f:1: "\x1b" is not a field`,
		"parts: " + strings.Repeat("[", 50) + strings.Repeat("]", 50): "f:1: aliases and deep nesting are not supported",
		"\x00": "f:1: control characters are not allowed",
	} {
		err := Source{"f", []byte(text)}.Decode(new(form))
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
		if err != nil && (strings.Contains(err.Error(), "rulefile") || strings.Contains(err.Error(), "yaml")) {
			t.Errorf("%q: %v names parts of the program", text, err)
		}
	}
}

// The line of an error of Decode counts, that of any other is the one given.
func TestAt(t *testing.T) {
	s := Source{"f", []byte("later:\n  - id: a\n    no: b\n")}
	var f form
	if err := s.Decode(&f); err != nil {
		t.Fatal(err)
	}
	err := s.At(f.Later[0].Line(), f.Later[0].Decode(new(part)))
	if want := `f:3: "no" is not a field: use id, count, list`; err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	if err := s.At(f.Later[0].Line(), fs.ErrInvalid); err.Error() != "f:2: invalid argument" || !errors.Is(err, fs.ErrInvalid) {
		t.Error(err)
	}
	if err := s.At(0, fs.ErrInvalid); err.Error() != "f:1: invalid argument" {
		t.Error(err)
	}
}

func TestCheckValues(t *testing.T) {
	many := slices.Repeat([]string{"a"}, MaxTails+1)
	compile := func(pattern string, except ...string) error { _, err := Compile(pattern, except); return err }
	severity := func(word string) error { _, err := ParseSeverity(word); return err }
	for name, c := range map[string]struct {
		err  error
		want string // empty if there is nothing wrong
	}{
		"id":              {CheckID("id", "a-1"), ""},
		"short id":        {CheckID("id", "a"), `id "a": an id has 2 to 64`},
		"upper-case id":   {CheckID("kind", "Ab"), `kind "Ab": an id has 2 to 64`},
		"long id":         {CheckID("id", strings.Repeat("a", 65)), "…"},
		"severity":        {severity("high"), ""},
		"no severity":     {severity(""), "severity is missing"},
		"other severity":  {severity("huge"), `"huge" is not a severity`},
		"text":            {CheckText("é", 2), ""},
		"long text":       {CheckText("ééé", 5), "a text has 6 bytes, more than 5"},
		"steering text":   {CheckText("a\u202eb", 10), "cannot be printed"},
		"two lines":       {CheckText("a\nb", 10), "cannot be printed"},
		"tails":           {CheckTails("files", []string{"a", "*.b", "c/[de]", "*/x"}), ""},
		"many tails":      {CheckTails("files", many), "more than 100 files"},
		"empty tail":      {CheckTails("files", []string{""}), `files: "" is no pattern`},
		"absolute tail":   {CheckTails("files", []string{"/etc"}), `files: "/etc" is no pattern`},
		"unclean tail":    {CheckTails("files", []string{"a/../b"}), "is no pattern"},
		"broken tail":     {CheckTails("files", []string{"[a"}), "is no pattern"},
		"long tail":       {CheckTails("files", []string{strings.Repeat("a", 1001)}), "is no pattern"},
		"expressions":     {compile("a+", "b", ""), ""},
		"no expression":   {compile(""), ""},
		"broken":          {compile("("), "error parsing regexp"},
		"broken except":   {compile("a", "("), "error parsing regexp"},
		"empty match":     {compile("a*"), "matches the empty text"},
		"long pattern":    {compile(strings.Repeat("a", 4001)), "a pattern has 4001 bytes"},
		"long except":     {compile("a", strings.Repeat("a", 4001)), "a pattern has 4001 bytes"},
		"many exceptions": {compile("a", many...), "more than 100 exceptions"},
	} {
		if c.want == "" && c.err != nil || c.want != "" && (c.err == nil || !strings.Contains(c.err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", name, c.err, c.want)
		}
	}
}

func TestMatchTail(t *testing.T) {
	for _, c := range []struct {
		pattern, path string
		want          bool
	}{
		{"a", "a", true}, {"a", "x/a", true}, {"a", "a/x", false}, {"a", "xa", false},
		{"*.b", "x/y.b", true}, {"*.b", "x.b/y", false}, {"c/d", "c/d", true}, {"c/d", "x/c/d", true}, {"c/d", "d", false},
		{"*/d", "x/y/d", true}, {"*/d", "d", false}, {"[", "[", false}, {"a", "", false},
	} {
		if got := MatchTail(c.pattern, c.path); got != c.want {
			t.Errorf("%s at the end of %q: %t", c.pattern, c.path, got)
		}
	}
}

func TestClip(t *testing.T) {
	if got := Clip(strings.Repeat("a", 59) + "é"); got != strings.Repeat("a", 59)+"…" {
		t.Errorf("cut within a character: %q", got)
	}
	if got := Clip("short"); got != "short" {
		t.Errorf("%q", got)
	}
}

// FuzzDecode holds that any bytes are read safely, that errors name the place
// and that nothing in them steers a terminal.
func FuzzDecode(f *testing.F) {
	for _, text := range []string{
		"", "---\n", "a: 1", "parts: [", "parts: &a [*a]", "one: {id: !!binary aGk=}", "one: !!x {id: ?}", "parts: []\n...\n--- 1",
		"kinds: {k: {id: a}}\nparts: [{id: b, count: 2, list: [x]}]\none: ~\nlater: [{id: c}, ]\nnamed: {n: 1}\ntexts: {<<: {a: b}}",
		"one: {id: |\n  a\n  b\n}", "? [a, b]\n: c\n", "texts: {\"\\e[2J\": 1, \"\\e[2J\": 2}", "%YAML 1.2\n---\nparts:\n",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		s := Source{"f", text}
		var got form
		err := s.Decode(&got)
		nodes := slices.Concat(got.Later, slices.Collect(maps.Values(got.Named)))
		for _, n := range nodes {
			if err != nil {
				break
			}
			if !n.Present() || n.Line() < 1 {
				t.Errorf("a part in line %d", n.Line())
			}
			if wrong := n.Decode(new(part)); wrong != nil {
				err = s.At(n.Line(), wrong)
			}
		}
		if err == nil {
			return
		}
		if !strings.HasPrefix(err.Error(), "f:") || CheckText(err.Error(), 1000) != nil {
			t.Errorf("%q", err)
		}
	})
}
