package signature

import (
	"bytes"
	"cmp"
	"context"
	"io"
	"io/fs"
	"math"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// before is how far before its keyword a match may begin.
	before = 300
	// maxHits bounds what is told of one file, maxRuleHits of one rule in it.
	maxHits     = 50
	maxRuleHits = 5
	// maxTried bounds the bytes that expressions are tried on, so that a text
	// made of keywords takes a second, not hours.
	maxTried = 4 << 20
	// maxExcerpt bounds what is shown of a match, in bytes.
	maxExcerpt = 120

	// MaxContent is how much is looked at, from the beginning, of a text, and by
	// patterns of bytes of any file.
	MaxContent = 32 << 20
	// window is how much of a program is in memory at a time.
	window = 1 << 20
	// whole is up to which size all of a program is looked at; in a larger one
	// instructions are passed over.
	whole = 1 << 20
)

// File is a file to be looked at.
type File struct {
	// Path is that in the image, or within the archive that holds the file.
	Path string
	Mode fs.FileMode
	Size int64
	Kind Kind
	// Content is the beginning of the file, as much as Rules.Content asks for.
	Content []byte
	// Rest reads the file where Content is only its beginning. Without it there
	// is nothing to look at but Content.
	Rest io.ReaderAt
}

// Hit is something that was found.
type Hit struct {
	// Rule is a rule's id or a signature's name, Engine one of the constants.
	Rule   string
	Engine string
	// Line counts from 1; 0 means the file as a whole.
	Line int
	// Excerpt is what was recognised, printable and short; empty where it would
	// tell nothing.
	Excerpt string
}

// Content returns how many bytes of the beginning of a file of this kind must be
// in File.Content: HeadSize where no rule is for what is in such a file.
func (r *Rules) Content(k Kind) int64 {
	switch {
	case !r.patterns.empty() || k&r.kinds&^(Executable|Class) != 0:
		return MaxContent
	case k&r.kinds != 0:
		return window
	}
	return HeadSize
}

// Find returns what is malicious in a file, in its order. complete is false if
// there was more to look at than is looked at.
func (r *Rules) Find(ctx context.Context, f File) (hits []Hit, complete bool) {
	s := search{rules: r, file: f, next: make(map[*rule]int)}
	for _, one := range r.unworded {
		s.whole(one)
	}
	if f.Kind&r.kinds&(text|Picture) != 0 {
		s.words(ctx, r.inText(), f.Content, 0)
		s.cut = s.cut || s.truncated()
	}
	if f.Kind&r.kinds&(Executable|Class) != 0 {
		s.program(ctx)
	}
	if len(f.Content) > 0 && !r.patterns.empty() {
		names, whole := r.patterns.find(ctx, f)
		s.cut = s.cut || !whole || s.truncated()
		for _, name := range names {
			s.found = append(s.found, found{hit: Hit{Rule: name, Engine: EngineSignatures}, start: -1})
		}
	}
	return s.settle(), !s.cut
}

// vocabulary is the words of rules, and which rules have them.
type vocabulary struct {
	words *words
	// uses has for each word the rules it is a word of.
	uses [][]use
}

// use says what a word is to a rule: one of its keywords, or the one that must
// stand in the file as well, by number.
type use struct {
	rule *rule
	also int
}

const isKeyword = -1

func (r *Rules) vocabulary(kinds Kind) *vocabulary {
	v := new(vocabulary)
	index := make(map[string]int)
	var list []word
	add := func(s string, u use) {
		key := string(bytes.ToLower([]byte(s)))
		at, ok := index[key]
		if !ok {
			at = len(list)
			index[key] = at
			list = append(list, word{text: []byte(key)})
			v.uses = append(v.uses, nil)
		}
		v.uses[at] = append(v.uses[at], u)
	}
	for _, one := range r.rules {
		if one.types&kinds == 0 || !r.inForce(one) {
			continue
		}
		for _, k := range one.keywords {
			add(k, use{one, isKeyword})
		}
		for n, k := range one.all {
			add(k, use{one, n})
		}
	}
	v.words = newWords(list)
	return v
}

// found is a match of a rule in the file.
type found struct {
	rule  *rule
	hit   Hit
	start int
}

// search is the looking at one file.
type search struct {
	rules *Rules
	file  File
	// next is for each rule where the content begins that it has not seen.
	next map[*rule]int
	// also has for each rule which of the words were seen that must all be there.
	also  map[*rule]uint64
	tried int
	found []found
	cut   bool
}

// whole applies a rule without words.
func (s *search) whole(one *rule) {
	f := &s.file
	if one.types != 0 && f.Kind&one.types == 0 || !one.at(f.Path) {
		return
	}
	switch {
	case one.check != "":
		if excerpt, ok := checks[one.check](f); ok {
			s.add(one, -1, excerpt)
		}
	case one.pattern == "":
		s.add(one, -1, "")
	default:
		s.try(one, 0, len(f.Content), 0)
	}
}

// truncated reports whether the file goes on after its content.
func (s *search) truncated() bool { return int64(len(s.file.Content)) < s.file.Size }

// program applies the rules for programs.
func (s *search) program(ctx context.Context) {
	v := s.rules.inBinary()
	size := int64(len(s.file.Content))
	if s.truncated() && s.file.Rest != nil {
		size = s.file.Size
	}
	s.cut = s.cut || size < s.file.Size
	var buf []byte
	for _, part := range s.data(size) {
		for at := part.from; at < part.to && !s.cut; {
			end := min(at+window, part.to)
			if end <= int64(len(s.file.Content)) {
				s.words(ctx, v, s.file.Content[at:end], int(at))
			} else {
				if buf == nil {
					buf = make([]byte, window)
				}
				if n, _ := s.file.Rest.ReadAt(buf[:end-at], at); int64(n) < end-at {
					s.cut = true
					return
				}
				s.words(ctx, v, buf[:end-at], int(at))
			}
			if at = end; at < part.to {
				at -= maxKeyword // a word may stand across the end
			}
		}
	}
}

// extent is a part of a file, the end not included.
type extent struct{ from, to int64 }

// data returns the parts of a program that are looked at, in order: all of a
// small one, and of a large one what is not in a segment of instructions alone.
func (s *search) data(size int64) []extent {
	all := []extent{{0, size}}
	if s.file.Kind&ELF == 0 || size <= whole {
		return all
	}
	h, _ := readELF(s.file.Content)
	var left []extent
	from := int64(0)
	for _, one := range h.instructions(size) {
		if one.from < from {
			return all // not how programs are made
		}
		left = append(left, extent{from, one.from})
		from = one.to
	}
	return append(left, extent{from, size})
}

// words applies the rules that have some of these words to a part of the file
// that begins at base.
func (s *search) words(ctx context.Context, v *vocabulary, part []byte, base int) {
	calls := 0
	v.words.find(part, func(n, start int) bool {
		for _, u := range v.uses[n] {
			switch {
			case u.rule.types&s.file.Kind == 0:
			case u.also != isKeyword:
				if s.also == nil {
					s.also = make(map[*rule]uint64)
				}
				s.also[u.rule] |= 1 << u.also
			default:
				s.around(u.rule, base+start)
			}
		}
		calls++
		return !s.cut && (calls%1024 != 0 || ctx.Err() == nil)
	})
	if ctx.Err() != nil {
		s.cut = true
	}
}

// around tries a rule on the surroundings of its keyword.
func (s *search) around(one *rule, start int) {
	if start < s.next[one] || !one.at(s.file.Path) {
		return
	}
	content := s.file.Content
	if one.pattern == "" {
		if !s.commented(start) {
			s.add(one, start, "")
			s.next[one] = math.MaxInt // once is enough
		}
		return
	}
	if start >= len(content) {
		return // patterns are for what is in memory
	}
	// Twice the reach, so that keywords in the first half need not be tried
	// again.
	from, to, clipped := max(0, start-before), min(len(content), start+2*one.reach), true
	if !one.lines {
		if end := bytes.LastIndexAny(content[from:start], "\n\r"); end >= 0 {
			from += end + 1
		}
		if end := bytes.IndexAny(content[start:to], "\n\r"); end >= 0 {
			to, clipped = start+end, false
		}
	}
	s.try(one, max(from, s.next[one]), to, start)
	if clipped && to < len(content) {
		to = max(start+1, to-one.reach)
	}
	s.next[one] = to
}

// try looks for a rule's pattern in part of the content.
func (s *search) try(one *rule, from, to, keyword int) {
	if s.tried += to - from; s.tried > maxTried {
		s.cut = true
		return
	}
	e, err := one.compiled()
	if err != nil {
		return // checked when the rule was read
	}
	content := s.file.Content
	for _, m := range e.Pattern.FindAllIndex(content[from:to], maxRuleHits) {
		begin, end := from+m[0], from+m[1]
		if s.commented(begin) || slices.ContainsFunc(e.Except, func(n *regexp.Regexp) bool { return n.Match(content[begin:end]) }) {
			continue
		}
		s.add(one, begin, excerpt(content[begin:end]))
	}
}

func (s *search) add(one *rule, start int, excerpt string) {
	s.found = append(s.found, found{one, Hit{Rule: one.ID, Engine: EngineRules, Excerpt: excerpt}, start})
	if len(s.found) > maxHits*10 {
		s.cut = true
	}
}

// commented reports whether what begins at a place stands in a comment that
// takes the whole line: an example, a warning, documentation. What ends a
// comment in a web page's code does not hide there.
func (s *search) commented(start int) bool {
	if s.file.Kind&text == 0 {
		return false
	}
	content := s.file.Content
	line := content[bytes.LastIndexAny(content[:start], "\n\r")+1:]
	if end := bytes.IndexAny(line, "\n\r"); end >= 0 {
		line = line[:end]
	}
	line = bytes.TrimLeft(line[:min(len(line), 4096)], " \t")
	for _, mark := range commentMarks {
		if mark.kinds&s.file.Kind != 0 && bytes.HasPrefix(line, []byte(mark.text)) {
			return !bytes.HasPrefix(line, []byte("#!")) && !bytes.Contains(line, []byte("?>")) && !bytes.Contains(line, []byte("%>"))
		}
	}
	return false
}

var commentMarks = []struct {
	kinds Kind
	text  string
}{
	{text &^ (JavaScript | JSP | ASP | Lua | Batch | HTML), "#"},
	{JavaScript | PHP | JSP | ASP, "//"},
	{ASP, "'"},
	{Lua, "--"},
	{Batch, "::"},
	{Batch, "rem "},
	{Batch, "REM "},
	{Config, ";"},
	{Config, "//"},
}

// settle returns the hits of rules all of whose words were there, each place of
// a rule once, in the order of the file.
func (s *search) settle() []Hit {
	slices.SortStableFunc(s.found, func(a, b found) int { return cmp.Compare(a.start, b.start) })
	var hits []Hit
	perRule := make(map[string]int)
	line, counted := 1, 0
	for _, f := range s.found {
		if f.rule != nil && s.also[f.rule] != 1<<len(f.rule.all)-1 {
			continue
		}
		if perRule[f.hit.Rule]++; perRule[f.hit.Rule] > maxRuleHits || len(hits) == maxHits {
			continue // a file is malicious or not; the rest tells nothing new
		}
		if f.start >= 0 && s.file.Kind&text != 0 {
			line += bytes.Count(s.file.Content[counted:f.start], []byte("\n"))
			counted = f.start
			f.hit.Line = line
		}
		hits = append(hits, f.hit)
	}
	return slices.Compact(hits)
}

// excerpt makes what was found printable and short.
func excerpt(b []byte) string {
	var s strings.Builder
	space := true
	for len(b) > 0 && s.Len() < maxExcerpt {
		r, n := utf8.DecodeRune(b)
		switch {
		case unicode.IsSpace(r):
			if !space {
				s.WriteByte(' ')
			}
		case r != utf8.RuneError && unicode.IsPrint(r):
			s.WriteRune(r)
		default:
			s.WriteByte('?')
		}
		space = unicode.IsSpace(r)
		b = b[n:]
	}
	short := strings.TrimSpace(s.String())
	if len(b) > 0 {
		short += "…"
	}
	return short
}
