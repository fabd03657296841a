package signature

import (
	"bytes"
	"context"
	"slices"
)

// Types of files that a pattern can be for, by ClamAV's numbers.
const (
	targetAny  = 0
	targetELF  = 6
	targetText = 7
)

// targets tell whether a file is of a type. Missing are those that ClamAV takes
// apart before it looks: HTML, mail.
var targets = map[int]func(f *File) bool{
	targetAny:  func(*File) bool { return true },
	1:          func(f *File) bool { return f.Kind&PE != 0 },
	2:          func(f *File) bool { return hasPrefix(f.Content, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") },
	5:          func(f *File) bool { return f.Kind&Picture != 0 && binaryKind(f.Content) == Picture },
	targetELF:  func(f *File) bool { return f.Kind&ELF != 0 },
	targetText: func(f *File) bool { return isText(f.Content) },
	9:          func(f *File) bool { return f.Kind&MachO != 0 },
	10:         func(f *File) bool { return hasPrefix(f.Content, "%PDF-") },
	11: func(f *File) bool {
		return hasPrefix(f.Content, "FWS") || hasPrefix(f.Content, "CWS") || hasPrefix(f.Content, "ZWS")
	},
	12: func(f *File) bool { return f.Kind&Class != 0 },
}

func isText(b []byte) bool {
	head := b[:min(len(b), HeadSize)]
	return binaryKind(head) == 0 && bytes.IndexByte(head, 0) < 0
}

const (
	// maxSearched bounds the bytes that patterns are looked for in after their
	// words were found, maxPlaces the places at which a part of one may stand.
	maxSearched = 128 << 20
	maxPlaces   = 100_000
)

// patternSet is the patterns of a set of rules.
type patternSet struct {
	list []*pattern
	// words are the rarest known bytes of each pattern that may stand anywhere,
	// of says whose they are.
	words *words
	of    []int
	// placed are the patterns that say where they stand.
	placed []int
	names  map[string]bool
}

func newPatternSet(list []*pattern) *patternSet {
	s := &patternSet{list: list, names: make(map[string]bool, len(list))}
	var all []word
	for n, p := range list {
		s.names[p.name] = true
		if p.where.from == anywhere {
			all = append(all, word{text: rarest(p.anchor()), exact: true})
			s.of = append(s.of, n)
			continue
		}
		s.placed = append(s.placed, n)
	}
	if len(all) > 0 {
		s.words = newWords(all)
	}
	return s
}

// rarest returns the part of a row of known bytes to look for: the one with most
// different bytes, for rows of zeros are everywhere.
func rarest(run []byte) []byte {
	best, most := run, -1
	for at := 0; at+maxWindow <= len(run) && at < 256; at++ {
		var seen [256]bool
		different := 0
		for _, c := range run[at : at+maxWindow] {
			if !seen[c] && c != 0 && c != ' ' && c != 0xff {
				seen[c] = true
				different++
			}
		}
		if different > most {
			best, most = run[at:at+maxWindow], different
		}
	}
	return best
}

func (s *patternSet) empty() bool { return s == nil || len(s.list) == 0 }

// find returns the names of the patterns that match a file, in their order.
func (s *patternSet) find(ctx context.Context, f File) (names []string, complete bool) {
	m := matching{file: &f, whole: int64(len(f.Content)) == f.Size}
	candidates := slices.Clone(s.placed)
	if s.words != nil {
		candidates = append(candidates, s.candidates(ctx, f.Content)...)
		if s.forText() && isText(f.Content) {
			m.normal = normalized(f.Content)
			candidates = append(candidates, s.candidates(ctx, m.normal)...)
		}
	}
	slices.Sort(candidates)
	for _, n := range slices.Compact(candidates) {
		if m.matches(s.list[n]) {
			names = append(names, s.list[n].name)
		}
		if m.searched > maxSearched || len(names) > maxHits || ctx.Err() != nil {
			return names, false
		}
	}
	return names, true
}

func (s *patternSet) forText() bool {
	return slices.ContainsFunc(s.list, func(p *pattern) bool { return p.target == targetText })
}

// candidates returns the patterns whose word stands in the content.
func (s *patternSet) candidates(ctx context.Context, content []byte) []int {
	seen := make(map[int]bool)
	calls := 0
	s.words.find(content, func(word, _ int) bool {
		seen[s.of[word]] = true
		calls++
		return calls%4096 != 0 || ctx.Err() == nil
	})
	list := make([]int, 0, len(seen))
	for n := range seen {
		list = append(list, n)
	}
	return list
}

// matching is the looking for patterns in one file.
type matching struct {
	file     *File
	whole    bool
	normal   []byte
	headers  *elf
	searched int
}

// matches reports whether a pattern, whose word may be in the file, is in it.
func (m *matching) matches(p *pattern) bool {
	if !targets[p.target](m.file) {
		return false
	}
	content := m.file.Content
	if p.target == targetText {
		if m.normal == nil {
			m.normal = normalized(content)
		}
		content = m.normal
	}
	begin, ok := m.begin(p, len(content))
	if !ok {
		return false
	}
	ends := m.places(content, &p.parts[0], []span{begin}, len(p.gaps) == 0 || p.gaps[0].most == endless)
	for n, g := range p.gaps {
		if len(ends) == 0 {
			return false
		}
		once := n+1 == len(p.gaps) || p.gaps[n+1].most == endless
		ends = m.places(content, &p.parts[n+1], after(ends, g), once)
	}
	return len(ends) > 0
}

// span is a range of places, both ends included.
type span struct{ from, to int }

// begin returns where a pattern may begin.
func (m *matching) begin(p *pattern, size int) (span, bool) {
	at := p.where.n
	switch p.where.from {
	case anywhere:
		return span{0, size}, true
	case fromEnd:
		if !m.whole {
			return span{}, false
		}
		at += int64(size)
	case fromEntry, fromSection, fromLastSection:
		base, ok := m.elfPlace(p.where)
		if !ok {
			return span{}, false
		}
		at += base
	}
	if at < 0 || at > int64(size) {
		return span{}, false
	}
	return span{int(at), int(min(at+p.where.more, int64(size)))}, true
}

// elfPlace returns where in the file the entry point or a section is.
func (m *matching) elfPlace(w where) (int64, bool) {
	if m.headers == nil {
		h, _ := readELF(m.file.Content)
		m.headers = &h
	}
	var at uint64
	switch {
	case w.from == fromEntry:
		var ok bool
		if at, ok = m.headers.offset(m.headers.entry); !ok {
			return 0, false
		}
	case w.from == fromSection && w.section < len(m.headers.section):
		at = m.headers.section[w.section]
	case w.from == fromLastSection && len(m.headers.section) > 0:
		at = m.headers.section[len(m.headers.section)-1]
	default:
		return 0, false
	}
	return int64(at), at <= uint64(len(m.file.Content))
}

// after returns where the next part may begin after ends of the one before.
func after(ends []int, g gap) []span {
	if g.most == endless {
		return []span{{ends[0] + g.least, endless}}
	}
	var spans []span
	for _, e := range ends {
		one := span{e + g.least, e + g.most}
		if n := len(spans); n > 0 && one.from <= spans[n-1].to+1 {
			spans[n-1].to = one.to
			continue
		}
		spans = append(spans, one)
	}
	return spans
}

// places returns the ends of the places where a part stands, in order. If once
// is set the first is enough.
func (m *matching) places(content []byte, part *bytesPart, spans []span, once bool) []int {
	var ends []int
	for _, s := range spans {
		last := min(s.to, len(content)-part.size)
		for at := s.from; at <= last; at++ {
			if len(part.run) > 0 {
				// From one occurrence of the known bytes to the next.
				window := content[at+part.runAt : last+part.runAt+len(part.run)]
				skip := bytes.Index(window, part.run)
				if skip < 0 {
					m.searched += len(window)
					break
				}
				m.searched += skip
				at += skip
			}
			// A place costs as much as some bytes searched.
			if m.searched += part.size + 8; m.searched > maxSearched || len(ends) == maxPlaces {
				return ends
			}
			if part.matches(content[at:]) {
				if ends = append(ends, at+part.size); once {
					return ends
				}
			}
		}
	}
	return ends
}

// normalized returns a text as ClamAV compares it: in small letters, with one
// space for any white space, and without control characters.
func normalized(b []byte) []byte {
	out := make([]byte, 0, len(b))
	for _, c := range b {
		switch {
		case c == ' ' || c >= '\t' && c <= '\r':
			if n := len(out); n == 0 || out[n-1] != ' ' {
				out = append(out, ' ')
			}
		case c < ' ' || c == 0x7f:
		default:
			out = append(out, lower(c))
		}
	}
	return out
}

// IsPattern reports whether a signature of this name is a pattern of bytes,
// which can be wrong, and not the hash of a file.
func (r *Rules) IsPattern(name string) bool { return !r.patterns.empty() && r.patterns.names[name] }
