package password

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"path"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/pratique/pratique/internal/rulefile"
)

// MaxWords is how many words users may add (§3.7).
const MaxWords = 300

// maxWord bounds a word, in bytes: bcrypt takes no more.
const maxWord = 72

// How tells what kind of guess was right.
type How string

// Kinds of guesses.
const (
	NotGuessed  How = ""
	EmptyWord   How = "empty"
	AccountName How = "account-name" // the account's name or a variant of it
	Common      How = "common"       // one of the built-in list
	Word        How = "word"         // one of the user's lists
)

// Words are what to guess with: the built-in list and the user's own. They are
// safe for concurrent use. What was guessed, and what was not, is remembered, in
// memory only, so that the same account in the next layer or image costs nothing.
type Words struct {
	common []string
	own    []string
	hash   [sha256.Size]byte
	known  *memory
}

//go:embed words.txt
var builtin string

// variants is the version of the rules in names.go. It changes with them.
const variants = 1

var defaults = sync.OnceValue(func() *Words { return newWords(nil) })

// Default returns the built-in words.
func Default() *Words { return defaults() }

// Owns reports whether a user's file of this name holds words: "passwords.txt",
// "passwords-team.txt".
func Owns(name string) bool {
	ok, _ := path.Match("passwords*.txt", name)
	return ok
}

// Load returns the built-in words with those in the user's files added; without
// any file it returns Default. A file holds one word a line, exactly as it is
// guessed: there are no comments, and only empty lines do not count. The error
// names file, line and what is wrong.
func Load(user fs.FS) (*Words, error) {
	files, err := rulefile.Load(user, Owns)
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return Default(), nil
	}
	var own []string
	for _, f := range files {
		if own, err = appendWords(own, f); err != nil {
			return nil, err
		}
	}
	return newWords(own), nil
}

// appendWords adds the words of a file to those of the files before.
func appendWords(words []string, f rulefile.Source) ([]string, error) {
	lines := bufio.NewScanner(bytes.NewReader(bytes.TrimPrefix(f.Content, []byte("\ufeff"))))
	lines.Buffer(nil, rulefile.MaxFile+1)
	for n := 1; lines.Scan(); n++ {
		word := lines.Text() // without the end of the line, "\r\n" included
		if word == "" {
			continue
		}
		err := checkWord(word)
		if err == nil && len(words) == MaxWords {
			err = fmt.Errorf("there are more than %d words", MaxWords)
		}
		if err != nil {
			return nil, f.At(n, err)
		}
		words = append(words, word)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", f.Name, err)
	}
	return words, nil
}

func checkWord(word string) error {
	switch {
	case len(word) > maxWord:
		return fmt.Errorf("the word has %d bytes, more than %d", len(word), maxWord)
	case !utf8.ValidString(word):
		return errors.New("the word is not UTF-8")
	case strings.ContainsFunc(word, unicode.IsControl):
		return errors.New("the word has a control character in it")
	}
	return nil
}

func newWords(own []string) *Words {
	w := &Words{common: strings.Fields(builtin), known: new(memory)}
	seen := make(map[string]bool)
	for _, word := range w.common {
		seen[word] = true
	}
	for _, word := range own {
		if !seen[word] {
			seen[word] = true
			w.own = append(w.own, word)
		}
	}
	h := sha256.New()
	fmt.Fprintf(h, "%d %d %q %q", variants, budgetVersion, w.common, w.own)
	h.Sum(w.hash[:0])
	return w
}

// Version is the version of all words, in 48 bits.
func (w *Words) Version() int {
	return int(binary.BigEndian.Uint64(w.hash[:8]) >> 16)
}

// Guesses are made in rounds, so that each of many accounts gets its likeliest
// guesses before any gets the long list. The user's words come before what is
// rare in the built-in list: for the costliest schemes a budget does not reach
// that.
const (
	roundName   = iota // the account's name and its nearest variants, the very commonest words
	roundCommon        // more variants, what is common
	roundOwn           // the user's words
	roundRare          // the rest
	rounds

	veryCommon   = 10
	fairlyCommon = 100
)

// round yields the guesses of one round for an account.
func (w *Words) round(n int, user string) iter.Seq2[string, How] {
	return func(yield func(string, How) bool) {
		each := func(words []string, how How) bool {
			for _, word := range words {
				if !yield(word, how) {
					return false
				}
			}
			return true
		}
		switch n {
		case roundName:
			near, _ := names(user)
			_ = yield("", EmptyWord) && each(near, AccountName) && each(w.common[:veryCommon], Common)
		case roundCommon:
			_, far := names(user)
			_ = each(far, AccountName) && each(w.common[veryCommon:fairlyCommon], Common)
		case roundOwn:
			each(w.own, Word)
		case roundRare:
			each(w.common[fairlyCommon:], Common)
		}
	}
}

// guesses is how many guesses all rounds have for an account.
func (w *Words) guesses(user string) int {
	near, far := names(user)
	return 1 + len(near) + len(far) + len(w.common) + len(w.own)
}
