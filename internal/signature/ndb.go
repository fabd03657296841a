package signature

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/pratique/pratique/internal/rulefile"
)

// Bounds of patterns of bytes.
const (
	maxPatterns = 300_000
	maxTokens   = 4000
	// maxGap bounds {n-m}; what is farther is written *.
	maxGap = 1 << 20
	// minRun is the least number of fixed bytes in a row that a pattern must
	// have, unless it says where it stands.
	minRun = minWord
)

// pattern is a signature of *.ndb: parts that follow each other at a distance.
type pattern struct {
	name   string
	target int
	where  where
	parts  []bytesPart
	// gaps stand between the parts: one fewer than those.
	gaps []gap
}

// where says where a pattern may begin.
type where struct {
	from origin
	// n is counted from there, section for that of a section.
	n       int64
	section int
	// more is how much farther on it may begin.
	more int64
}

// origin is what an offset is counted from.
type origin uint8

const (
	anywhere origin = iota
	fromStart
	fromEnd
	fromEntry
	fromSection
	fromLastSection
)

// gap is a number of bytes that may be anything.
type gap struct{ least, most int }

const endless = math.MaxInt

// bytesPart is a row of bytes of fixed length, not all of which are known.
type bytesPart struct {
	tokens []token
	size   int
	// run is the longest row of known bytes in it, runAt where that begins.
	run   []byte
	runAt int
}

// token is one element of a part: known bytes, a byte known in part, or one of
// several rows of the same length.
type token struct {
	literal     []byte
	value, mask byte
	choices     [][]byte
	negated     bool
	size        int
}

// unsupported is why a signature is passed over.
type unsupported string

func (u unsupported) Error() string { return string(u) }

// readPattern reads a line of *.ndb: NAME:TYPE:OFFSET:BYTES, and for which
// versions of ClamAV.
func (p *parser) readPattern(at lineOf, line string) error {
	fields := strings.Split(line, ":")
	if len(fields) < 4 || len(fields) > 6 {
		return errors.New("expected NAME:TYPE:OFFSET:BYTES")
	}
	one, err := parsePattern(fields)
	var skip unsupported
	if errors.As(err, &skip) {
		p.skip(at, string(skip))
		return nil
	}
	if err != nil {
		return err
	}
	if len(p.patterns) >= maxPatterns {
		return fmt.Errorf("more than %d patterns", maxPatterns)
	}
	p.patterns = append(p.patterns, one)
	p.decides(at, line)
	return nil
}

func parsePattern(fields []string) (*pattern, error) {
	p := &pattern{name: fields[0]}
	if err := checkName(p.name); err != nil {
		return nil, err
	}
	var err error
	if p.target, err = strconv.Atoi(fields[1]); err != nil || p.target < 0 {
		return nil, fmt.Errorf("type %q is no number", rulefile.Clip(fields[1]))
	}
	if _, ok := targets[p.target]; !ok {
		return nil, unsupported(fmt.Sprintf("files of type %d are not taken apart", p.target))
	}
	if p.where, err = parseWhere(fields[2]); err != nil {
		return nil, err
	}
	if p.where.from >= fromEntry && p.target != targetELF {
		return nil, unsupported("offsets from the entry point or a section are known in ELF files only")
	}
	if err := p.parseBytes(strings.TrimSpace(fields[3])); err != nil {
		return nil, err
	}
	if p.where.from == anywhere && len(p.anchor()) < minRun {
		return nil, unsupported(fmt.Sprintf("fewer than %d known bytes in a row, and no offset", minRun))
	}
	return p, nil
}

// parseWhere reads an offset: *, n, EOF-n, EP+n, Sx+n, SL+n, each but the first
// perhaps with ",m" for how much farther on it may be.
func parseWhere(text string) (where, error) {
	var w where
	if text == "*" {
		return w, nil
	}
	bad := fmt.Errorf("offset %q is none of *, n, EOF-n, EP+n, Sx+n, SL+n", rulefile.Clip(text))
	base, more, shifts := strings.Cut(text, ",")
	if shifts {
		n, err := strconv.ParseUint(more, 10, 31)
		if err != nil {
			return w, bad
		}
		w.more = int64(n)
	}
	name, sign, number := base, int64(1), ""
	if at := strings.IndexAny(base, "+-"); at >= 0 {
		name, number = base[:at], base[at+1:]
		if base[at] == '-' {
			sign = -1
		}
	}
	switch {
	case name == "VI" || strings.HasPrefix(name, "SE") || strings.HasPrefix(name, "$"):
		return w, unsupported("offsets by version information, whole sections and macros are not supported")
	case name == "EOF" && sign < 0:
		w.from = fromEnd
	case name == "EP":
		w.from = fromEntry
	case name == "SL" && sign > 0:
		w.from = fromLastSection
	case strings.HasPrefix(name, "S") && sign > 0:
		n, err := strconv.ParseUint(name[1:], 10, 12)
		if err != nil {
			return w, bad
		}
		w.from, w.section = fromSection, int(n)
	case number == "":
		w.from, number = fromStart, name
	default:
		return w, bad
	}
	n, err := strconv.ParseUint(number, 10, 40)
	if err != nil {
		return w, bad
	}
	w.n = sign * int64(n)
	return w, nil
}

// parseBytes reads the last field of a signature.
func (p *pattern) parseBytes(text string) error {
	r := &byteReader{text: text}
	var part bytesPart
	next := func(g gap) error {
		if part.size == 0 {
			return errors.New("a pattern has known bytes before and after each gap")
		}
		p.parts, p.gaps = append(p.parts, part.finish()), append(p.gaps, g)
		part = bytesPart{}
		return nil
	}
	tokens := 0
	for r.at < len(r.text) {
		if tokens++; tokens > maxTokens {
			return unsupported(fmt.Sprintf("it has more than %d elements", maxTokens))
		}
		var err error
		switch c := r.text[r.at]; c {
		case '*':
			r.at++
			err = next(gap{0, endless})
		case '{', '[':
			var g gap
			if g, err = r.gap(); err == nil {
				err = next(g)
			}
		case '(', '!':
			var t token
			if t, err = r.choice(); err == nil {
				part.add(t)
			}
		default:
			var t token
			if t, err = r.byte(); err == nil {
				part.add(t)
			}
		}
		if err != nil {
			return err
		}
	}
	if part.size == 0 {
		return errors.New("a pattern ends with known bytes")
	}
	p.parts = append(p.parts, part.finish())
	return nil
}

// anchor returns the longest row of known bytes of a pattern.
func (p *pattern) anchor() []byte {
	var longest []byte
	for _, part := range p.parts {
		if len(part.run) > len(longest) {
			longest = part.run
		}
	}
	return longest
}

// add adds a token, known bytes to those before them.
func (b *bytesPart) add(t token) {
	b.size += t.size
	if n := len(b.tokens); n > 0 && t.literal != nil && b.tokens[n-1].literal != nil {
		last := &b.tokens[n-1]
		last.literal = append(last.literal, t.literal...)
		last.size = len(last.literal)
		return
	}
	b.tokens = append(b.tokens, t)
}

// finish finds the longest row of known bytes.
func (b bytesPart) finish() bytesPart {
	at := 0
	for _, t := range b.tokens {
		if len(t.literal) > len(b.run) {
			b.run, b.runAt = t.literal, at
		}
		at += t.size
	}
	return b
}

// byteReader reads the hexadecimal form of a pattern.
type byteReader struct {
	text string
	at   int
}

func (r *byteReader) fail() error {
	return fmt.Errorf("%q at place %d is no part of a pattern", rulefile.Clip(r.text[r.at:]), r.at+1)
}

// byte reads two digits of which either may be a question mark.
func (r *byteReader) byte() (token, error) {
	if r.at+2 > len(r.text) {
		return token{}, r.fail()
	}
	t := token{size: 1}
	for i := range 2 {
		d, ok := digit(r.text[r.at+i])
		switch {
		case ok:
			t.value, t.mask = t.value<<4|d, t.mask<<4|0xf
		case r.text[r.at+i] == '?':
			t.value, t.mask = t.value<<4, t.mask<<4
		default:
			return token{}, r.fail()
		}
	}
	r.at += 2
	if t.mask == 0xff {
		return token{literal: []byte{t.value}, size: 1}, nil
	}
	return t, nil
}

func digit(c byte) (byte, bool) {
	switch {
	case '0' <= c && c <= '9':
		return c - '0', true
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10, true
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}

// gap reads {n}, {n-m}, {-m}, {n-} or [n-m].
func (r *byteReader) gap() (gap, error) {
	end := strings.IndexAny(r.text[r.at:], "}]")
	if end < 0 {
		return gap{}, r.fail()
	}
	inner := r.text[r.at+1 : r.at+end]
	first, last, isRange := strings.Cut(inner, "-")
	g := gap{0, endless}
	var err error
	if first != "" {
		if g.least, err = strconv.Atoi(first); err != nil || g.least < 0 {
			return gap{}, r.fail()
		}
	}
	switch {
	case !isRange:
		g.most = g.least
	case last != "":
		if g.most, err = strconv.Atoi(last); err != nil || g.most < g.least {
			return gap{}, r.fail()
		}
	}
	if inner == "" || inner == "-" {
		return gap{}, r.fail()
	}
	if g.least > maxGap || g.most != endless && g.most > maxGap {
		return gap{}, unsupported(fmt.Sprintf("a gap is wider than %d bytes", maxGap))
	}
	r.at += end + 1
	return g, nil
}

// choice reads (aa|bb|cc) and !(aa|bb). Letters stand for boundaries of lines
// and words, and rows of different lengths are allowed; neither is supported.
func (r *byteReader) choice() (token, error) {
	var t token
	if r.text[r.at] == '!' {
		t.negated = true
		if r.at++; r.at == len(r.text) || r.text[r.at] != '(' {
			return token{}, r.fail()
		}
	}
	end := strings.IndexByte(r.text[r.at:], ')')
	if end < 0 {
		return token{}, r.fail()
	}
	inner := r.text[r.at+1 : r.at+end]
	if inner == "B" || inner == "L" || inner == "W" {
		return token{}, unsupported("boundaries of words and lines are not supported")
	}
	if strings.ContainsAny(inner, "?*{}[]()") {
		return token{}, unsupported("wildcards within alternatives are not supported")
	}
	for one := range strings.SplitSeq(inner, "|") {
		b, err := hex.DecodeString(one)
		if err != nil || len(b) == 0 {
			return token{}, r.fail()
		}
		if t.choices = append(t.choices, b); t.size != 0 && t.size != len(b) {
			return token{}, unsupported("alternatives of different lengths are not supported")
		}
		t.size = len(b)
	}
	r.at += end + 1
	return t, nil
}

// matches reports whether the part stands at a place of the content. There must
// be room for it.
func (b *bytesPart) matches(content []byte) bool {
	for i := range b.tokens {
		t := &b.tokens[i]
		here := content[:t.size]
		switch {
		case t.literal != nil:
			if !bytes.Equal(here, t.literal) {
				return false
			}
		case t.choices != nil:
			if t.among(here) == t.negated {
				return false
			}
		case here[0]&t.mask != t.value:
			return false
		}
		content = content[t.size:]
	}
	return true
}

func (t *token) among(here []byte) bool {
	for _, c := range t.choices {
		if bytes.Equal(here, c) {
			return true
		}
	}
	return false
}
