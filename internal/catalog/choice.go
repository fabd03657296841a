package catalog

import (
	"slices"
	"strings"

	"github.com/pratique/pratique/internal/report"
)

// choices are the words by which people choose what to look for, and what they
// stand for.
var choices = []struct {
	word       string
	categories []report.Category
}{
	{"vuln", []report.Category{report.System, report.Application}},
	{"malware", []report.Category{report.Malicious}},
	{"baseline", []report.Category{report.Baseline}},
	{"password", []report.Category{report.Password}},
	{"secret", []report.Category{report.Sensitive}},
	{"compliance", []report.Category{report.Compliance}},
}

// ChoiceWords lists the words ParseChoice knows.
func ChoiceWords() []string {
	words := make([]string, len(choices))
	for i, c := range choices {
		words[i] = c.word
	}
	return words
}

// ParseChoice reads what to look for. No words choose everything, which is nil.
// The order of the words does not matter.
func ParseChoice(words []string) ([]report.Category, error) {
	chosen := make(map[string]bool, len(words))
	for _, word := range words {
		word = strings.ToLower(strings.TrimSpace(word))
		if !slices.Contains(ChoiceWords(), word) {
			return nil, Errorf(Invalid, "category_unknown", "%q is nothing to look for", clip(word)).
				Advise("use %s", strings.Join(ChoiceWords(), ", "))
		}
		chosen[word] = true
	}
	if len(chosen) == len(choices) {
		return nil, nil
	}
	var out []report.Category
	for _, c := range choices {
		if chosen[c.word] {
			out = append(out, c.categories...)
		}
	}
	return out, nil
}

// Choice is the opposite of ParseChoice: all words for nil.
func Choice(categories []report.Category) []string {
	if len(categories) == 0 {
		return ChoiceWords()
	}
	var words []string
	for _, c := range choices {
		if slices.Contains(categories, c.categories[0]) {
			words = append(words, c.word)
		}
	}
	return words
}

// Covers reports whether looking for what is chosen by these categories finds
// all that other would; none stand for all.
func Covers(categories, other []report.Category) bool {
	if len(categories) == 0 {
		return true
	}
	if len(other) == 0 {
		return false
	}
	for _, c := range other {
		if !slices.Contains(categories, c) {
			return false
		}
	}
	return true
}
