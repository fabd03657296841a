package secret

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/pratique/pratique/internal/rulefile"
)

const (
	// before is how far before its keyword a secret's pattern may begin.
	before = 96
	// maxHits bounds what is told of one text, maxRuleHits of one rule in it.
	maxHits     = 500
	maxRuleHits = 50
	// maxCandidates bounds what is remembered of a text while it is read.
	maxCandidates = 2_000
	// maxTried bounds the bytes that expressions are tried on, so that a text
	// made of keywords takes seconds, not hours.
	maxTried = 32 << 20
	// maxWhole is how much of a file is tried by a rule for certain files that
	// has no keywords.
	maxWhole = 1 << 20
	// maxExcerpt bounds what an excerpt shows before the mask, in bytes.
	maxExcerpt = 60
	// Mask stands for a secret, whatever its length.
	Mask = "********"
)

// Hit is a secret that was found.
type Hit struct {
	Rule string
	// Line counts from 1; 0 means the file as a whole.
	Line int
	// Excerpt is printable and holds no secret.
	Excerpt string
}

// Find returns the secrets in a file, in its order. path is as in report.File;
// empty for a text that is no file. complete is false if the text made too much
// work or held too much to be told.
func (r *Rules) Find(ctx context.Context, path string, text []byte) (hits []Hit, complete bool) {
	s := r.search(ctx, path, text)
	found := s.settle()
	line, from := 1, 0
	perRule := make(map[*rule]int)
	for _, f := range found {
		if perRule[f.rule]++; perRule[f.rule] > maxRuleHits || len(hits) == maxHits {
			s.cut = true
			continue
		}
		line += bytes.Count(text[from:f.start], []byte("\n"))
		from = f.start
		hits = append(hits, Hit{f.rule.ID, line, s.excerpt(f)})
	}
	for _, n := range s.forFile {
		if one := r.rules[n]; one.pattern == "" {
			hits = append(hits, Hit{Rule: one.ID})
		}
	}
	return hits, !s.cut
}

// OfFile returns what is known of a file by its path alone, for one whose
// content is not looked into.
func (r *Rules) OfFile(path string) []Hit {
	var hits []Hit
	for _, n := range r.forFile(path) {
		if one := r.rules[n]; one.pattern == "" {
			hits = append(hits, Hit{Rule: one.ID})
		}
	}
	return hits
}

// Mask returns a text with everything masked that some rule takes for a secret,
// also what Find leaves out because another rule knows better. The text is
// otherwise unchanged.
func (r *Rules) Mask(ctx context.Context, text string) string {
	s := r.search(ctx, "", []byte(text))
	if s.cut {
		return Mask // better nothing than half of it
	}
	if len(s.found) == 0 {
		return text
	}
	var b strings.Builder
	at := 0
	for _, m := range s.masked() {
		b.WriteString(text[at:m.from])
		b.WriteString(Mask)
		at = m.to
	}
	b.WriteString(text[at:])
	return b.String()
}

// found is a match of a rule: the whole of it, and the secret in it.
type found struct {
	rule       *rule
	begin      int // of the match
	start, end int // of the secret
	// shown is the number of bytes at the start of the secret that all secrets
	// of the rule begin with.
	shown int
}

// search is the reading of one text.
type search struct {
	rules   *Rules
	text    []byte
	forFile []int
	// next is for each rule where the text begins that it has not seen.
	next  []int
	tried int
	found []found
	cut   bool
}

func (r *Rules) search(ctx context.Context, path string, text []byte) *search {
	s := &search{rules: r, text: text, forFile: r.forFile(path)}
	for _, n := range s.forFile {
		if one := r.rules[n]; one.pattern != "" && len(one.keywords) == 0 {
			s.try(one, 0, min(len(text), maxWhole), 0, 0)
		}
	}
	a := r.automaton()
	if a.trie == nil {
		return s
	}
	a.trie.Walk(text, func(end, n, word int64) bool {
		for _, index := range a.rules[word] {
			s.around(index, int(end-n)+1, int(end)+1)
		}
		return !s.cut && (s.tried < maxTried/64 || ctx.Err() == nil)
	})
	if ctx.Err() != nil {
		s.cut = true
	}
	return s
}

// around tries a rule on the surroundings of its keyword.
func (s *search) around(index, start, end int) {
	if s.next == nil {
		s.next = make([]int, len(s.rules.rules))
	}
	if start < s.next[index] {
		return
	}
	one := s.rules.rules[index]
	if len(one.files) > 0 && !slices.Contains(s.forFile, index) {
		return
	}
	// Twice the reach, so that keywords in the first half need not be tried
	// again.
	from, to, clipped := max(0, start-before), min(len(s.text), end+2*one.reach), true
	if !one.lines {
		if nl := bytes.LastIndexByte(s.text[from:start], '\n'); nl >= 0 {
			from += nl + 1
		}
		if nl := bytes.IndexByte(s.text[end:to], '\n'); nl >= 0 {
			to, clipped = end+nl, false
		}
	}
	last := s.try(one, from, to, s.next[index], start)
	if clipped && to < len(s.text) {
		to = max(end, to-one.reach)
	}
	s.next[index] = max(last, to)
}

// try looks for a rule's secrets in part of the text, beginning not before
// least, and returns where the last one ends. keyword is where the keyword
// begins that led here.
func (s *search) try(one *rule, from, to, least, keyword int) (last int) {
	if s.tried += to - from; s.tried > maxTried {
		s.cut = true
		return to
	}
	e, err := one.compiled()
	if err != nil {
		return to // checked when the rule was read
	}
	for _, m := range e.Pattern.FindAllSubmatchIndex(s.text[from:to], -1) {
		begin, start, end := from+m[0], from+m[2*one.group], from+m[2*one.group+1]
		if m[2*one.group] < 0 || begin < least || begin == from && from > 0 && s.text[from-1] != '\n' && keyword > begin {
			continue // what is before the window could belong to it
		}
		if !one.accepts(e, s.text[begin:from+m[1]], string(s.text[start:end])) {
			continue
		}
		if len(s.found) == maxCandidates {
			s.cut = true
			return to
		}
		s.found = append(s.found, found{one, begin, start, end, one.fixed(s.text[start:end])})
		last = from + m[1]
	}
	return last
}

// accepts reports whether what matches is a secret indeed.
func (r *rule) accepts(e *rulefile.Expressions, whole []byte, secret string) bool {
	if placeholder(secret) || r.entropy > 0 && entropy(secret) < r.entropy {
		return false
	}
	for _, a := range e.Except {
		if a.Match(whole) {
			return false
		}
	}
	return checks[r.check](secret)
}

// fixed is the number of bytes at the start of a secret that are a keyword of
// the rule, and so no secret.
func (r *rule) fixed(secret []byte) int {
	n := 0
	for _, k := range r.keywords {
		if len(k) > n && bytes.HasPrefix(secret, []byte(k)) {
			n = len(k)
		}
	}
	return n
}

// settle returns what was found, in the order of the text and each secret once:
// of overlapping ones that of the rule that is not generic, and then the first.
func (s *search) settle() []found {
	all := slices.Clone(s.found)
	slices.SortStableFunc(all, func(a, b found) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.start, b.start), cmp.Compare(a.rule.order, b.rule.order))
	})
	var kept, taken []found
	for _, f := range all {
		at, _ := slices.BinarySearchFunc(taken, f.start, func(t found, start int) int { return cmp.Compare(t.start, start) })
		if at > 0 && taken[at-1].end > f.start || at < len(taken) && taken[at].start < f.end {
			continue
		}
		taken = slices.Insert(taken, at, f)
		kept = append(kept, f)
	}
	slices.SortFunc(kept, func(a, b found) int { return cmp.Compare(a.start, b.start) })
	return kept
}

func rank(f found) int {
	if f.rule.generic {
		return 1
	}
	return 0
}

// span is a part of the text.
type span struct{ from, to int }

// masked returns the parts of the text that hold secrets, in order and without
// overlaps.
func (s *search) masked() []span {
	spans := make([]span, len(s.found))
	for n, f := range s.found {
		spans[n] = span{f.start + f.shown, f.end}
	}
	slices.SortFunc(spans, func(a, b span) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to)) })
	joined := spans[:0]
	for _, p := range spans {
		if n := len(joined); n > 0 && p.from <= joined[n-1].to {
			joined[n-1].to = max(joined[n-1].to, p.to)
			continue
		}
		joined = append(joined, p)
	}
	return joined
}

// excerpt shows what stands before the secret, as far as the pattern tells, and
// of the secret what all of its kind begin with.
func (s *search) excerpt(f found) string {
	begin, end := max(f.begin, f.start-maxExcerpt), f.start+f.shown
	// Of several lines only the last that says something.
	if nl := bytes.LastIndexByte(bytes.TrimRightFunc(s.text[begin:f.start], unicode.IsSpace), '\n'); nl >= 0 {
		begin += nl + 1
	}
	var b strings.Builder
	for _, other := range s.found {
		// Another secret in what is shown: begin after it.
		if other.start+other.shown < end && other.end > begin && other.start != f.start {
			begin = min(max(begin, other.end), end)
		}
	}
	for text := s.text[begin:end]; len(text) > 0; {
		r, n := utf8.DecodeRune(text)
		switch {
		case unicode.IsSpace(r):
			b.WriteByte(' ')
		case r != utf8.RuneError && unicode.IsPrint(r):
			b.WriteRune(r)
		default:
			b.WriteByte('?')
		}
		text = text[n:]
	}
	return strings.TrimLeft(b.String(), " ") + Mask
}
