package compliance

import (
	"strings"
)

// Bounds of an expression; what is beyond is taken for one licence.
const (
	maxExpression = 2000
	maxDepth      = 30
)

// expression is a licence expression: a licence, or several joined.
type expression struct {
	licence string       // set for a leaf
	and     bool         // how parts are joined
	parts   []expression // two at least
}

// parseExpression reads an SPDX expression. It takes any text: operators count
// in any case, as do names that are no SPDX ids, several words long if need be,
// and what makes no expression is one licence of that name.
func parseExpression(text string) expression {
	text = strings.Join(strings.Fields(strings.ToValidUTF8(text, "?")), " ")
	whole := expression{licence: text}
	if spdx, ok := Canonical(text); ok {
		return expression{licence: spdx}
	}
	if len(text) > maxExpression {
		whole.licence = strings.ToValidUTF8(text[:maxExpression], "")
		return whole
	}
	p := expressionParser{words: tokens(text)}
	e, ok := p.alternatives(0)
	if !ok || len(p.words) > 0 {
		return whole
	}
	return e
}

// tokens splits a text into words and parentheses.
func tokens(text string) []string {
	return strings.Fields(strings.NewReplacer("(", " ( ", ")", " ) ").Replace(text))
}

type expressionParser struct{ words []string }

func (p *expressionParser) next() string {
	if len(p.words) == 0 {
		return ""
	}
	switch word := strings.ToLower(p.words[0]); word {
	case "and", "or":
		return word
	}
	return p.words[0]
}

// alternatives reads what "or" joins.
func (p *expressionParser) alternatives(depth int) (expression, bool) {
	return p.joined("or", depth, func() (expression, bool) {
		return p.joined("and", depth, func() (expression, bool) { return p.operand(depth) })
	})
}

func (p *expressionParser) joined(operator string, depth int, part func() (expression, bool)) (expression, bool) {
	first, ok := part()
	if !ok {
		return expression{}, false
	}
	parts := []expression{first}
	for p.next() == operator {
		p.words = p.words[1:]
		more, ok := part()
		if !ok {
			return expression{}, false
		}
		parts = append(parts, more)
	}
	if len(parts) == 1 {
		return first, true
	}
	return expression{and: operator == "and", parts: parts}, true
}

// operand reads a licence or what stands in parentheses.
func (p *expressionParser) operand(depth int) (expression, bool) {
	if p.next() == "(" {
		if depth == maxDepth {
			return expression{}, false
		}
		p.words = p.words[1:]
		e, ok := p.alternatives(depth + 1)
		if !ok || p.next() != ")" {
			return expression{}, false
		}
		p.words = p.words[1:]
		return e, true
	}
	var name []string
	for {
		switch p.next() {
		case "", "and", "or", "(", ")":
			return leaf(name)
		}
		name = append(name, p.words[0])
		p.words = p.words[1:]
	}
}

func leaf(words []string) (expression, bool) {
	if len(words) == 0 {
		return expression{}, false
	}
	name := strings.Join(words, " ")
	if spdx, ok := Canonical(name); ok {
		name = spdx
	}
	return expression{licence: name}, true
}

// fold judges an expression by its licences: of those that all apply the worst
// counts, of alternatives the best; the first one among equals.
func fold(e expression, judge func(licence string) verdict) verdict {
	if len(e.parts) == 0 {
		return judge(e.licence)
	}
	chosen := fold(e.parts[0], judge)
	for _, part := range e.parts[1:] {
		v := fold(part, judge)
		if e.and && v.rank() > chosen.rank() || !e.and && v.rank() < chosen.rank() {
			chosen = v
		}
	}
	return chosen
}
