package render

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/pratique/pratique/internal/report"
)

// page is a page as a browser reads it.
type page struct {
	nodes []*html.Node
	ids   map[string]*html.Node
}

// readPage parses a page as browsers do and checks what must hold for every one.
func readPage(t *testing.T, out []byte) page {
	t.Helper()
	if !utf8.Valid(out) {
		t.Error("the page is not UTF-8")
	}
	root, err := html.Parse(bytes.NewReader(out))
	if err != nil {
		t.Fatal(err)
	}
	p := page{ids: make(map[string]*html.Node)}
	for n := range root.Descendants() {
		p.nodes = append(p.nodes, n)
		if id := attribute(n, "id"); id != "" {
			if p.ids[id] != nil {
				t.Errorf("two elements have the id %q", id)
			}
			p.ids[id] = n
		}
	}
	for _, n := range p.nodes {
		checkNode(t, n)
	}
	for _, n := range p.nodes {
		if target, local := strings.CutPrefix(attribute(n, "href"), "#"); local && p.ids[target] == nil {
			t.Errorf("a link leads to #%s, which is not there", target)
		}
	}
	return p
}

// harmless are the elements a page may consist of: none that loads, runs or
// sends anything.
var harmless = []string{
	"html", "head", "meta", "title", "style", "body", "a", "div", "header", "nav", "main", "section", "footer", "p", "h1", "h2", "h3", "span", "strong", "b", "i", "code",
	"ul", "ol", "li", "dl", "dt", "dd", "details", "summary", "svg", "rect", "table", "caption", "thead", "tbody", "tr", "th", "td",
}

func checkNode(t *testing.T, n *html.Node) {
	t.Helper()
	switch n.Type {
	case html.CommentNode:
		t.Errorf("comment %.80q", n.Data)
	case html.TextNode:
		if i := strings.IndexFunc(n.Data, func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }); i >= 0 {
			t.Errorf("text holds %.20q", n.Data[i:])
		}
	case html.ElementNode:
		if !slices.Contains(harmless, n.Data) {
			t.Errorf("element %q", n.Data)
		}
		for _, a := range n.Attr {
			checkAttribute(t, n, a)
		}
	}
}

func checkAttribute(t *testing.T, n *html.Node, a html.Attribute) {
	t.Helper()
	switch {
	case strings.HasPrefix(a.Key, "on") || a.Key == "style" || a.Key == "src":
		t.Errorf("%s has %s=%.80q", n.Data, a.Key, a.Val)
	case a.Key == "href" && !strings.HasPrefix(a.Val, "#"):
		u, err := url.Parse(a.Val)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || attribute(n, "rel") != "noopener noreferrer" {
			t.Errorf("link to %.80q: %v", a.Val, err)
		}
	}
	if strings.Contains(a.Val, "ZgotmplZ") {
		t.Errorf("%s has %s=%q: the template does not fit", n.Data, a.Key, a.Val)
	}
}

func attribute(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

// text is what a reader reads within a node, without blanks around.
func (p page) text(n *html.Node) string {
	var b strings.Builder
	for c := range n.Descendants() {
		if c.Type == html.TextNode {
			b.WriteString(c.Data)
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

func TestHTML(t *testing.T) {
	for name, r := range reports() {
		t.Run(name, func(t *testing.T) {
			p := readPage(t, render(t, HTML, r, testOptions))
			for _, c := range report.Categories() {
				if p.ids[string(c)] == nil {
					t.Errorf("no section for %s", c)
				}
			}
			checkStructure(t, p)
		})
	}
}

// checkStructure holds what people who do not see the page depend on.
func checkStructure(t *testing.T, p page) {
	t.Helper()
	level := 0
	landmarks := map[atom.Atom]int{}
	for _, n := range p.nodes {
		switch n.DataAtom {
		case atom.H1, atom.H2, atom.H3:
			now := int(n.Data[1] - '0')
			if now > level+1 {
				t.Errorf("heading of level %d after one of level %d", now, level)
			}
			level = now
		case atom.Header, atom.Nav, atom.Main:
			landmarks[n.DataAtom]++
		case atom.Section:
			if p.ids[attribute(n, "aria-labelledby")] == nil {
				t.Errorf("section %q has no name", attribute(n, "id"))
			}
		case atom.Table:
			if c := n.FirstChild; c == nil || c.NextSibling == nil || c.NextSibling.DataAtom != atom.Caption || p.text(c.NextSibling) == "" {
				t.Error("a table has no caption")
			}
		case atom.Th:
			if attribute(n, "scope") == "" {
				t.Error("the head of a column has no scope")
			}
		}
		if n.Data == "svg" && attribute(n, "aria-label") == "" {
			t.Error("a picture has no text")
		}
	}
	for _, a := range []atom.Atom{atom.Header, atom.Nav, atom.Main} {
		if landmarks[a] != 1 {
			t.Errorf("%d elements %s", landmarks[a], a)
		}
	}
}

// The policy allows the page's own style sheet and nothing else, and both forms
// of the policy agree on that.
func TestHTMLPolicy(t *testing.T) {
	p := readPage(t, render(t, HTML, hostile(), testOptions))
	var policy, style string
	for _, n := range p.nodes {
		switch {
		case attribute(n, "http-equiv") == "Content-Security-Policy":
			policy = attribute(n, "content")
		case n.DataAtom == atom.Style:
			style = n.FirstChild.Data
		}
	}
	hash := sha256.Sum256([]byte(style))
	want := "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(hash[:]) + "'; "
	if !strings.HasPrefix(policy, want) || !strings.HasPrefix(HTMLPolicy(), policy+"; ") {
		t.Errorf("policy of the page: %s\nof HTTP: %s\nwant: %s…", policy, HTMLPolicy(), want)
	}
	for _, never := range []string{"unsafe", "script-src", "http:", "https:", "*", "data:"} {
		if strings.Contains(HTMLPolicy(), never) {
			t.Errorf("the policy holds %q", never)
		}
	}
	if strings.Contains(style, "url(") || strings.Contains(style, "@import") {
		t.Error("the style sheet loads something")
	}
}

// scripted puts an attack into every text of a report.
func scripted(attack string) *report.Report {
	r := complete()
	eachText(r, func(string) string { return attack })
	return r
}

// Nothing in a report becomes an element, an attribute or an address.
func TestHTMLAttacks(t *testing.T) {
	harmless := strings.NewReplacer("<", "(", ">", ")", `"`, "q", "'", "q", "&", "n", "javascript:", "java script")
	for _, attack := range []string{
		"<script>alert(1)</script>", "</title><script>alert(1)</script>", "</style><script>alert(1)</script>", "\"><img src=x onerror=alert(1)>",
		"' onmouseover='alert(1)", "javascript:alert(1)", "data:text/html,<script>alert(1)</script>", "<!--", "]]>", "</textarea></template></svg>", "&lt;script&gt;",
		"{{.}}", "`<b>`", "\x00<script\x00>", "\u2028</script>", "\ufeff<svg onload=alert(1)>",
	} {
		p := readPage(t, render(t, HTML, scripted(attack), testOptions))
		same := readPage(t, render(t, HTML, scripted(harmless.Replace(attack)), testOptions))
		if got, want := elements(p), elements(same); got != want {
			t.Errorf("%q changes the page from %s to %s", attack, want, got)
		}
	}
}

// elements stands for the elements of a page and their order.
func elements(p page) string {
	var b strings.Builder
	for _, n := range p.nodes {
		if n.Type == html.ElementNode {
			b.WriteString(n.Data + " ")
		}
	}
	hash := sha256.Sum256([]byte(b.String()))
	return base64.RawStdEncoding.EncodeToString(hash[:9])
}

func FuzzHTML(f *testing.F) {
	f.Add("<script>", "https://example.org/?a=\"b\"")
	f.Add("`a` \u202e b\xff", "javascript:alert(1)")
	f.Add("", "https://example%3Eorg/")
	f.Add("", "http://0\"0")
	f.Fuzz(func(t *testing.T, text, reference string) {
		r := scripted(text)
		r.Findings[0].References, r.Vulnerabilities[0].References = []string{reference}, []string{reference}
		readPage(t, render(t, HTML, r, testOptions))
	})
}

// What a reader needs stands in the page.
func TestHTMLTells(t *testing.T) {
	p := readPage(t, render(t, HTML, complete(), testOptions))
	for id, want := range map[string][]string{
		"summary":                  {"17 findings. The worst is critical", "4 critical", "2 findings are ignored by decision."},
		string(report.System):      {"CVE-2024-0001", "fixed in 3.0.13-1~deb12u1", "known exploited", "won't fix", "Ignored by alice until 2027-01-31, for this namespace: apt-key is not used here"},
		string(report.Application): {"no fix yet", "GHSA-xxxx-yyyy-zzzz", "layer 2"},
		string(report.Malicious):   {"srv/app/public/up.php:3", "system($_REQUEST[…])", "What to do Take srv/app/public/up.php out of layer 2"},
		string(report.Software):    {"GPL-2.0-or-later", "APT Team <apt@example.org>", "6 packages: 3 deb, 2 maven, 1 npm."},
		string(report.Files):       {"87.7 MB", "1.0 MB wasted", "deleted by layer 1", "cap_net_raw", "-rwsr-xr-x"},
		string(report.Baseline):    {"2 failed, 1 passed, 1 does not apply", "USER 65532", "PermitRootLogin yes"},
		string(report.Password):    {"Weak password of root", "passwd -l root"},
		string(report.Sensitive):   {"deleted by a later layer, but readable in this one", "password ********"},
		string(report.Compliance):  {"tcpdump 4.99.3-1"},
		string(report.BaseImage):   {"docker.io/library/debian:12.4", "by its layers, the lowest 1", "removes 1 finding and adds 0"},
		"configuration":            {"app:app", "/srv/app", "8080/tcp", "GITHUB_TOKEN", "org.opencontainers.image.base.name"},
		"notes":                    {"3 accounts were not tried"},
	} {
		got := p.text(p.ids[id])
		for _, w := range want {
			if !strings.Contains(got, w) {
				t.Errorf("section %s does not tell %q: %s", id, w, got)
			}
		}
	}
}

func TestHTMLNotLookedFor(t *testing.T) {
	r := &report.Report{Categories: []report.Category{report.Sensitive}, Summary: report.Summarize(nil)}
	p := readPage(t, render(t, HTML, r, Options{}))
	for id, want := range map[string]string{
		"summary": "Not looked for: system vulnerabilities", string(report.Sensitive): "Nothing was found.",
		string(report.Password): "This was not looked for.", string(report.BaseImage): "This was not looked for.",
	} {
		if got := p.text(p.ids[id]); !strings.Contains(got, want) {
			t.Errorf("section %s: %s; want %q", id, got, want)
		}
	}
}

// Every finding is shown, software up to a bound.
func TestHTMLBounds(t *testing.T) {
	const n = 4 * (maxHTMLRows + 100)
	r := large(n)
	started := time.Now()
	out := render(t, HTML, r, testOptions)
	t.Logf("%d vulnerabilities: %d bytes in %s", n, len(out), time.Since(started))
	if got := bytes.Count(out, []byte(`<span class="badge`)); got < n/2 {
		t.Errorf("%d lines for %d vulnerabilities", got, n)
	}
	if len(out) > 1200*n+600*maxHTMLRows {
		t.Errorf("%d bytes for %d vulnerabilities", len(out), n)
	}
	if !bytes.Contains(out, []byte("And 100 more, which the JSON form of this report has.")) {
		t.Error("it is not told that software was left out")
	}
}

func TestHTMLBar(t *testing.T) {
	for _, counts := range []map[report.Severity]int{
		{report.Critical: 1}, {report.Critical: 1, report.Low: 1_000_000}, {report.Critical: 1, report.High: 2, report.Medium: 3, report.Low: 4, report.Negligible: 5, report.Unknown: 6},
		{report.High: 1 << 62}, {report.High: -4},
	} {
		total := 0
		for _, n := range counts {
			total += n
		}
		segments, label := htmlBar(report.Summary{BySeverity: counts}, total)
		x := 0
		for _, s := range segments {
			if s.X != x || s.Width < 6 || s.X+s.Width > 1000 {
				t.Errorf("%v: segment %+v begins not at %d or is not within the bar", counts, s, x)
			}
			x += s.Width
		}
		if len(segments) > 0 && x != 1000 || !strings.HasPrefix(label, "Findings by severity: ") {
			t.Errorf("%v: the bar is %d wide, %q", counts, x, label)
		}
	}
}

func TestProse(t *testing.T) {
	for in, want := range map[string][]htmlProse{
		"":           nil,
		"a":          {{"a", false}},
		"a `b` c":    {{"a ", false}, {"b", true}, {" c", false}},
		"`b`":        {{"b", true}},
		"a ` b":      {{"a ` b", false}},
		"`a``b`\x1b": {{"a", true}, {"b", true}, {`\x1b`, false}},
	} {
		if got := proseOf(in); !slices.Equal(got, want) {
			t.Errorf("%q: %+v, want %+v", in, got, want)
		}
	}
}

func BenchmarkHTML(b *testing.B) {
	r := large(10000)
	b.SetBytes(int64(len(render(b, HTML, r, testOptions))))
	b.ReportAllocs()
	for b.Loop() {
		render(b, HTML, r, testOptions)
	}
}
