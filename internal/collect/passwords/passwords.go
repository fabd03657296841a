// Package passwords collects the accounts of a layer whose password is weak: those
// of the system, of web servers, of FTP servers and of databases, from the files
// these keep them in and from the files that set them up.
//
// It knows where the accounts are; package password knows how passwords are
// stored and guesses them. What it adds to the facts is the account and what kind
// of guess was right, neither password nor hash. Accounts that nobody can log in
// to with a password (locked with "!" or "*") are left out.
//
// Each file is read by one reader, chosen by its path. A reader takes what it
// understands and passes over the rest: files are as hostile as the image. At most
// maxAccounts of a file are tried and maxHits told; what was left out because of
// such a bound, because the budget ended or because a hash demands too much is
// told in a note.
package passwords

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pratique/pratique/internal/collect"
	"github.com/pratique/pratique/internal/password"
	"github.com/pratique/pratique/internal/report"
)

// version changes whenever the same bytes and words would give other facts.
const version = 1

// Bounds of one file.
const (
	maxSize     = 16 << 20 // bytes that are read
	maxLine     = 4 << 10  // bytes of a line that is read
	maxAccounts = 20_000
	maxHits     = 1_000
	maxName     = 64 // bytes of an account's name that are told
)

// Codes of notes.
const (
	noteBudget  = "password-budget"
	noteScheme  = "password-scheme"
	noteTooMany = "password-accounts-left-out"
	noteLarge   = "password-file-too-large"
)

// Collector collects weak passwords. It holds no state between calls but what
// the words remember.
type Collector struct {
	words *password.Words
}

var _ collect.Collector = (*Collector)(nil)

// New returns a collector that guesses with these words.
func New(words *password.Words) *Collector { return &Collector{words: words} }

// Name returns "passwords".
func (*Collector) Name() string { return "passwords" }

// Version is the version of what is collected, the words included.
func (c *Collector) Version() int { return version<<48 | c.words.Version() }

// Want reports whether the file is one that accounts are kept in.
func (c *Collector) Want(f report.File) bool { return f.Size > 0 && readerOf(f) != nil }

// Collect looks for weak passwords in one file.
func (c *Collector) Collect(ctx context.Context, f report.File, content collect.Content, facts *report.LayerFacts) error {
	read := readerOf(f)
	if read == nil {
		return nil
	}
	text, err := collect.Read(content, maxSize)
	if err != nil {
		return err
	}
	found := finds{}
	read(text, &found)
	note := func(code, format string, args ...any) {
		facts.Notes = append(facts.Notes, report.Note{Code: code, Message: fmt.Sprintf(format, args...), Path: f.Path, Collector: c.Name()})
	}
	if content.Size() > maxSize {
		note(noteLarge, "the file has %d bytes; weak passwords were looked for in the first %d", content.Size(), maxSize)
	}
	if found.more > 0 {
		note(noteTooMany, "%d accounts beyond the first %d were not looked at", found.more, maxAccounts)
	}
	for _, r := range slices.SortedFunc(maps.Keys(found.refused), refusal.compare) {
		note(noteScheme, "%s", r.sentence(found.refused[r]))
	}
	outcome, err := c.words.Guess(ctx, found.accounts)
	if more := found.tell(f.Path, outcome.How, facts); more > 0 {
		note(noteTooMany, "%d more accounts with weak passwords are not told", more)
	}
	if outcome.Unfinished > 0 {
		note(noteBudget, "the time for guessing passwords ended after %d of %d guesses: %d of %d accounts were not tried with all words, so weak passwords may be missing",
			outcome.Tried, outcome.Planned, outcome.Unfinished, len(found.accounts))
	}
	return err
}

// find is where an account is.
type find struct {
	service string
	line    int
	changed string
}

// finds is what a reader found in a file.
type finds struct {
	accounts []password.Account
	places   []find // of the accounts, one each
	refused  map[refusal]int
	more     int
}

// refusal is why accounts cannot be tried.
type refusal struct {
	scheme string
	costly bool
}

func (r refusal) compare(o refusal) int {
	if c := strings.Compare(r.scheme, o.scheme); c != 0 || r.costly == o.costly {
		return c
	} else if r.costly {
		return 1
	}
	return -1
}

func (r refusal) sentence(n int) string {
	if r.costly {
		return fmt.Sprintf("%d passwords are stored as %s in a way that makes a single guess too costly; they were not tried", n, r.scheme)
	}
	return fmt.Sprintf("%d passwords are stored as %s, which is not supported; they were not tried", n, r.scheme)
}

// add adds an account whose password was read with this error.
func (f *finds) add(at find, user string, stored password.Stored, err error) {
	switch {
	case errors.Is(err, password.ErrUnknown):
	case err != nil:
		if f.refused == nil {
			f.refused = make(map[refusal]int)
		}
		f.refused[refusal{stored.Scheme, errors.Is(err, password.ErrCostly)}]++
	case len(f.accounts) == maxAccounts:
		f.more++
	default:
		f.accounts = append(f.accounts, password.Account{User: user, Stored: stored})
		f.places = append(f.places, at)
	}
}

// tell adds what was guessed to the facts and returns how much that was left out.
func (f *finds) tell(path string, how []password.How, facts *report.LayerFacts) (more int) {
	told := 0
	for n, h := range how {
		if h == password.NotGuessed {
			continue
		}
		if told == maxHits {
			more++
			continue
		}
		told++
		a, at := f.accounts[n], f.places[n]
		facts.Passwords = append(facts.Passwords, report.WeakPassword{
			Service: at.service,
			User:    clip(a.User),
			Path:    path,
			Line:    at.line,
			Scheme:  a.Stored.Scheme,
			How:     string(h),
			Masked:  password.Masked,
			Changed: at.changed,
		})
	}
	return more
}

// clip bounds a name and makes it valid text.
func clip(name string) string {
	if len(name) > maxName {
		name = name[:maxName]
	}
	return strings.ToValidUTF8(name, "?")
}
