package secret

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pratique/pratique/internal/report"
	"github.com/pratique/pratique/internal/rulefile"
)

func TestBuiltin(t *testing.T) {
	r, err := defaults()
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range r.rules {
		if one.Means == "" || one.Revoke == "" || one.Instead == "" || one.Severity == report.Unknown {
			t.Errorf("rule %s does not say what to do: %+v", one.ID, one.Description)
		}
		if _, err := one.compiled(); err != nil {
			t.Errorf("rule %s: %v", one.ID, err)
		}
	}
	again, err := newRules(rulefile.Source{Name: "rules.yaml", Content: builtin})
	if err != nil || again.Version() != r.Version() || r.Version() <= 0 || r.Version()>>48 != 0 {
		t.Errorf("versions %d and %d (%v)", again.Version(), r.Version(), err)
	}
}

func load(t *testing.T, files map[string]string) (*Rules, error) {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return Load(os.DirFS(dir))
}

func TestLoad(t *testing.T) {
	r, err := load(t, map[string]string{
		"secrets-a.yaml": "kinds:\n  badge: {means: M., revoke: R., instead: I.}\nrules:\n" +
			"  - {id: our-badge, title: Badge, kind: badge, severity: high, keywords: [BADGE-], pattern: 'BADGE-([0-9]{6})', check: luhn}\n",
		"secrets-b.yaml": "rules:\n  - {id: jwt, disabled: true}\n  - {id: netrc, title: Ours, kind: badge, severity: low, files: [.netrc]}\n",
		"c.other":        "not read",
	})
	if err != nil {
		t.Fatal(err)
	}
	d, ok := r.Describe("our-badge")
	if diff := cmp.Diff(Description{ID: "our-badge", Title: "Badge", Severity: report.High, Means: "M.", Revoke: "R.", Instead: "I."}, d); diff != "" || !ok {
		t.Error(diff)
	}
	if _, ok := r.Describe("jwt"); ok || len(r.IDs()) != len(Default().IDs()) {
		t.Error("jwt is not disabled")
	}
	if d, _ := r.Describe("netrc"); d.Title != "Ours" {
		t.Errorf("netrc is %q", d.Title)
	}
	hits, _ := r.Find(t.Context(), "a", []byte("x BADGE-123455 y BADGE-123456"))
	if diff := cmp.Diff([]Hit{{"our-badge", 1, "BADGE-" + Mask}}, hits); diff != "" {
		t.Errorf("luhn: %s", diff)
	}
	if r.Version() == Default().Version() {
		t.Error("other rules have the same version")
	}
	worded, err := load(t, map[string]string{"secrets-w.yaml": "rules:\n  - {id: keystore-file, title: Other words, kind: keystore, severity: low, files: ['*.jks', '*.p12', '*.pfx', '*.keystore', '*.bcfks', '*.kdb']}\n"})
	if err != nil || worded.Version() != Default().Version() {
		t.Errorf("other words change the version (%v)", err)
	}
}

func TestLoadErrors(t *testing.T) {
	rule := func(fields string) string { return "rules:\n\n  - {id: x1, title: T, severity: low" + fields + "}\n" }
	kind := "kinds:\n  kk: {means: M., revoke: R., instead: I.}\n"
	for name, tt := range map[string]struct{ text, want string }{
		"not yaml":         {"rules: [", "bad.yaml:1: did not find expected node content"},
		"empty":            {"", "bad.yaml:1: the file is empty"},
		"two documents":    {"rules: []\n---\nrules: []\n", "more than one document"},
		"no mapping":       {"- a\n", "bad.yaml:1: expected fields"},
		"unknown section":  {"rule: []\n", `bad.yaml:1: "rule" is not a field`},
		"unknown field":    {rule(", kind: k, regex: a"), `bad.yaml:3: "regex" is not a field`},
		"twice":            {rule(", id: x2"), `"id" is there twice`},
		"wrong type":       {rule(", kind: k, entropy: [1]"), "bad.yaml:3"},
		"no list":          {"rules: {a: b}\n", "expected a list"},
		"id":               {"rules:\n  - {id: X Y}\n", `id "X Y"`},
		"severity":         {"rules:\n  - {id: x1, title: T, kind: password, keywords: [abc], pattern: abc}\n", "severity is missing"},
		"odd severity":     {"rules:\n  - {id: x1, title: T, severity: urgent}\n", "not a severity"},
		"kind":             {rule(", kind: nothing"), `kind "nothing" is not known`},
		"title":            {"rules:\n  - {id: x1, severity: low, kind: password, keywords: [abc], pattern: abc}\n", "title is missing"},
		"no keywords":      {rule(", kind: password, pattern: a"), "keywords"},
		"short keyword":    {rule(", kind: password, keywords: [a], pattern: a"), `keyword "a"`},
		"no pattern":       {rule(", kind: password, keywords: [abc]"), "pattern is missing"},
		"pattern":          {rule(", kind: password, keywords: [abc], pattern: '('"), "bad.yaml:3: rule x1: error parsing regexp"},
		"empty match":      {rule(", kind: password, keywords: [abc], pattern: 'a*'"), "empty text"},
		"group":            {rule(", kind: password, keywords: [abc], pattern: abc, group: 1"), "group 1"},
		"entropy":          {rule(", kind: password, keywords: [abc], pattern: abc, entropy: 9"), "entropy 9"},
		"reach":            {rule(", kind: password, keywords: [abc], pattern: abc, reach: 100000"), "reach 100000"},
		"check":            {rule(", kind: password, keywords: [abc], pattern: abc, check: md5"), `check "md5" is not known: use one of base58check`},
		"files":            {rule(", kind: password, files: ['/etc/x']"), `"/etc/x" is no pattern`},
		"allow":            {rule(", kind: password, keywords: [abc], pattern: abc, allow: ['[']"), "error parsing regexp"},
		"names and more":   {rule(", kind: password, names: [abc], value: x, pattern: abc"), "names and value"},
		"names alone":      {rule(", kind: password, names: [abc]"), "names and value"},
		"disable nothing":  {"rules:\n  - {id: no-such-rule, disabled: true}\n", "no such rule"},
		"same id":          {"rules:\n  - {id: jwt, disabled: true}\n  - {id: jwt, disabled: true}\n", "bad.yaml:3: rule jwt is there twice"},
		"aliases":          {"rules: &a\n  - {id: x1, allow: *a}\n", "bad.yaml"},
		"steering text":    {"kinds:\n  kk: {means: \"a\\e[2J\"}\n", "cannot be printed"},
		"long text":        {"kinds:\n  kk: {means: " + strings.Repeat("a", 2000) + "}\n", "more than 1000"},
		"deep":             {"rules: " + strings.Repeat("[", 50) + strings.Repeat("]", 50), "bad.yaml"},
		"kind of a number": {kind + "rules:\n  - 5\n", "bad.yaml:4: expected fields"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := load(t, map[string]string{"secrets-bad.yaml": tt.text})
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.HasPrefix(err.Error(), "secrets-bad.yaml") {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
	if r, err := load(t, nil); err != nil || r != Default() {
		t.Errorf("without files: %v", err)
	}
	if _, err := load(t, map[string]string{"secrets-big.yaml": strings.Repeat("#", rulefile.MaxFile+1)}); err == nil {
		t.Error("a huge file is no error")
	}
}

func TestChecks(t *testing.T) {
	hello, _ := json.Marshal(map[string]string{"alg": "none"})
	for _, tt := range []struct {
		check, in string
		want      bool
	}{
		{"luhn", "4111 1111 1111 1111", true}, {"luhn", "4111 1111 1111 1112", false}, {"luhn", "", false}, {"luhn", "0", false},
		// Published with the formats: an address of BIP 173, an address of the wiki.
		{"bech32", "A12UEL5L", true}, {"bech32", "A12UEL5M", false}, {"bech32", "abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw", true},
		{"bech32", "1", false}, {"bech32", "a1bbbbbb", false},
		{"base58check", "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2", true}, {"base58check", "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN3", false},
		{"base58check", "0", false}, {"base58check", "", false},
		// Published with a description of the format.
		{"crc32-base62", "ghp_" + "zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ" + "0mLq17", true}, {"crc32-base62", "ghp_" + "zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ" + "0mLq18", false},
		{"crc32-base62", "ghp_", false}, {"crc32-base62", "", false},
		{"jwt", "e30.e30.x", false}, {"jwt", "%", false}, {"jwt", string(hello), false},
		{"base64", "YWJj", true}, {"base64", "YWJ", false},
		{"none", "", true},
	} {
		if got := checks[tt.check](tt.in); got != tt.want {
			t.Errorf("%s(%q) is %t", tt.check, tt.in, got)
		}
	}
}

func TestPlaceholder(t *testing.T) {
	for _, s := range []string{
		"", "changeme", "CHANGE_ME", "xxxxxxxx", "********", "${TOKEN}", "$TOKEN", "$(cat x)", "<token>", "<your token>", "%TOKEN%", "%s", "{{ token }}",
		"your-api-key", "[token]", "@TOKEN@", "/run/secrets/token", "file:/x", "process.env.TOKEN", "os.environ['A']", "getToken()", "null", "password",
		"aaaaaaaa", "AKIA" + "IOSFODNN7EXAMPLE", "12345678", "vault:secret/x", "example",
	} {
		if !placeholder(s) {
			t.Errorf("%q is taken for a secret", s)
		}
	}
	g := newGenerator("placeholder")
	for range 500 {
		if s := g.of(alphabets["an"], 24); placeholder(s) {
			t.Errorf("%q is taken for a placeholder", s)
		}
	}
	if placeholder("$apr1$" + "fkYklZi1$qPcdEfTh/Kw3Z") {
		t.Error("a hash is taken for a placeholder")
	}
}

func TestForFile(t *testing.T) {
	r := Default()
	for p, want := range map[string]bool{
		"srv/x.jks": true, "x.jks": true, "srv/x.jks.txt": false, "root/.bash_history": true, "home/a/.config/fish/fish_history": true,
		"home/fish_history": false, "a/gcloud/credentials.db": true, "credentials.db": false, "": false,
	} {
		if got := r.ForFile(p); got != want {
			t.Errorf("%q: %t", p, got)
		}
	}
	if hits := r.OfFile("srv/x.jks"); len(hits) != 1 || hits[0].Rule != "keystore-file" || hits[0].Line != 0 {
		t.Errorf("%v", hits)
	}
}

// Secrets beside one another do not show in each other's excerpts.
func TestExcerpts(t *testing.T) {
	g := newGenerator("excerpts")
	one, two := g.of(alphabets["an"], 14), "ghp_"+g.make("crc", 36)
	for name, tt := range map[string]struct{ text, want string }{
		"on a line":  {"postgres://u:" + one + "@h GITHUB_TOKEN=" + two + " DB_PASSWORD=" + one, "postgres://u:********|ghp_********|DB_PASSWORD=********"},
		"lines":      {"\n\n\tTOKEN=" + two, "ghp_********"},
		"not text":   {"\xff\xfe\u202e\nDB_PASSWORD=" + one, "DB_PASSWORD=********"},
		"in another": {"https://me:" + two + "@git.local", "ghp_********"},
	} {
		hits, _ := Default().Find(t.Context(), "", []byte(tt.text))
		var got []string
		for _, h := range hits {
			got = append(got, h.Excerpt)
		}
		if diff := cmp.Diff(tt.want, strings.Join(got, "|")); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		masked := Default().Mask(t.Context(), tt.text)
		if strings.Contains(masked, one) || strings.Contains(masked, two[4:]) || !strings.Contains(masked, Mask) {
			t.Errorf("%s: masked is %q", name, masked)
		}
	}
	const harmless = "RUN apt-get update && apt-get install -y curl"
	if got := Default().Mask(t.Context(), harmless); got != harmless {
		t.Errorf("masked %q", got)
	}
}

func TestFindIsBounded(t *testing.T) {
	r := Default()
	g := newGenerator("bounds")
	var b strings.Builder
	for range 3000 {
		b.WriteString("key: ghp_" + g.make("crc", 36) + "\n")
	}
	hits, complete := r.Find(t.Context(), "a", []byte(b.String()))
	if len(hits) != maxRuleHits || complete {
		t.Errorf("%d hits, complete %t", len(hits), complete)
	}
	if r.Mask(t.Context(), b.String()) != Mask {
		t.Error("a text that cannot be masked completely shows")
	}
	// One line of keywords, without end.
	hits, complete = r.Find(t.Context(), "a", []byte(strings.Repeat("PASSWORD=TOKEN=password: 'secret_key ", 1<<20/8)))
	if len(hits) > maxHits {
		t.Errorf("%d hits, complete %t", len(hits), complete)
	}
	// A secret at every place of a long line is found.
	for _, at := range []int{0, 95, 96, 97, 511, 512, 513, 5000} {
		text := strings.Repeat("a ghp_ ", at/7) + strings.Repeat(" ", at%7) + " ghp_" + g.make("crc", 36) + " " + strings.Repeat("b ", 3000)
		if hits, _ := r.Find(t.Context(), "a", []byte(text)); !slices.Contains(hitIDs(hits), "github-token") {
			t.Errorf("not found at %d", at)
		}
	}
}

func FuzzFind(f *testing.F) {
	for _, c := range ruleCases(f) {
		path, text, _ := expand(c.id, c.found, false)
		f.Add(path, []byte(text))
	}
	r := Default()
	f.Fuzz(func(t *testing.T, path string, text []byte) {
		hits, _ := r.Find(t.Context(), path, text)
		lines := strings.Count(string(text), "\n") + 1
		for _, h := range hits {
			if h.Line < 0 || h.Line > lines || len(h.Excerpt) > 4*maxExcerpt+maxKeyword+len(Mask) || h.Line > 0 && !strings.HasSuffix(h.Excerpt, Mask) {
				t.Errorf("%+v", h)
			}
		}
		again, _ := r.Find(t.Context(), path, text)
		if diff := cmp.Diff(hits, again); diff != "" {
			t.Error(diff)
		}
		_ = r.Mask(t.Context(), string(text))
	})
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("rules:\n  - {id: x1, title: T, kind: password, severity: low, keywords: [abc], pattern: abc}\n"))
	f.Add([]byte("kinds:\n  kk: {means: a}\nrules: []\n"))
	f.Add([]byte("rules: &a [*a]"))
	f.Fuzz(func(t *testing.T, text []byte) {
		own := rulefile.Source{Name: "rules.yaml", Content: []byte("kinds:\n  password: {means: M., revoke: R., instead: I.}\nrules: []\n")}
		r, err := newRules(own, rulefile.Source{Name: "x.yaml", Content: text})
		if (r == nil) == (err == nil) {
			t.Errorf("%v, %v", r, err)
		}
		if err != nil && !strings.HasPrefix(err.Error(), "x.yaml") {
			t.Errorf("does not say where: %v", err)
		}
	})
}
