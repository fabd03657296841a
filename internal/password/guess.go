package password

import (
	"context"
	"crypto/sha256"
	"fmt"
	"sync"
	"time"
)

// Account is somebody who is let in with a password.
type Account struct {
	User   string
	Stored Stored
}

// Outcome is what guessing came to.
type Outcome struct {
	// How holds what kind of guess was right, account by account.
	How []How
	// Unfinished is how many accounts were not tried with all words because the
	// budget ended.
	Unfinished int
	// Tried and Planned count guesses, Planned those that would have been made
	// with a budget without end. Both leave out accounts known from before.
	Tried, Planned int
}

// Guess guesses the passwords of accounts within the context's budget. It makes
// the same guesses for the same accounts, words and budget, unless an account is
// known from an earlier call, for which no guess is needed. The error is ctx's;
// what was found before that is in the outcome.
func (w *Words) Guess(ctx context.Context, accounts []Account) (Outcome, error) {
	s := search{words: w, budget: budgetOf(ctx), accounts: accounts, how: make([]How, len(accounts))}
	open := make([]int, 0, len(accounts))
	for n, a := range accounts {
		if a.Stored.is == nil {
			continue
		}
		if how, ok := w.known.get(w.key(a)); ok {
			s.how[n] = how
			continue
		}
		s.planned += w.guesses(a.User)
		open = append(open, n)
	}
	for round := range rounds {
		var err error
		if open, err = s.round(ctx, round, open); err != nil {
			return s.outcome(), err
		}
	}
	for _, n := range open {
		w.known.put(w.key(accounts[n]), NotGuessed)
	}
	return s.outcome(), nil
}

// search is one call of Guess.
type search struct {
	words    *Words
	budget   *Budget
	accounts []Account

	how                        []How
	unfinished, tried, planned int
}

func (s *search) outcome() Outcome {
	return Outcome{How: s.how, Unfinished: s.unfinished, Tried: s.tried, Planned: s.planned}
}

// round makes the guesses of one round for the accounts that are still open and
// returns those that are so after it.
func (s *search) round(ctx context.Context, round int, open []int) ([]int, error) {
	left := open[:0]
	for _, n := range open {
		a := s.accounts[n]
		for word, how := range s.words.round(round, a.User) {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			if !s.budget.take(a.Stored.cost) {
				s.unfinished++
				n = -1
				break
			}
			s.tried++
			if a.Stored.is(word, a.User) {
				s.how[n] = how
				s.words.known.put(s.words.key(a), how)
				n = -1
				break
			}
		}
		if n >= 0 {
			left = append(left, n)
		}
	}
	return left, nil
}

// DefaultBudget is what guessing may cost for one image.
const DefaultBudget = 20 * time.Second

// budgetVersion changes when prices or bounds of a guess do, with which the same
// budget ends elsewhere.
const budgetVersion = 1

// Budget is what guessing may still cost. It is safe for concurrent use, so that
// layers read at the same time can share one.
type Budget struct {
	mu   sync.Mutex
	left time.Duration
}

// NewBudget returns a budget of this much time on an ordinary processor; see the
// package's description.
func NewBudget(d time.Duration) *Budget { return &Budget{left: d} }

// take pays for a guess, if there is enough left.
func (b *Budget) take(cost time.Duration) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.left < cost {
		return false
	}
	b.left -= cost
	return true
}

type budgetKey struct{}

// WithBudget returns a context in which all guesses are paid from one budget.
func WithBudget(ctx context.Context, b *Budget) context.Context {
	return context.WithValue(ctx, budgetKey{}, b)
}

// HasBudget reports whether the context has a budget.
func HasBudget(ctx context.Context) bool { return ctx.Value(budgetKey{}) != nil }

// budgetOf returns the context's budget, or a new one of the usual size.
func budgetOf(ctx context.Context) *Budget {
	if b, ok := ctx.Value(budgetKey{}).(*Budget); ok {
		return b
	}
	return NewBudget(DefaultBudget)
}

// key is what an account is remembered under.
func (w *Words) key(a Account) [sha256.Size]byte {
	h := sha256.New()
	fmt.Fprintf(h, "%x %q %q %q", w.hash, a.Stored.Scheme, a.User, a.Stored.form)
	return [sha256.Size]byte(h.Sum(nil))
}

// memory holds outcomes in two generations. When the younger is full it becomes
// the older, and that is forgotten.
type memory struct {
	mu         sync.Mutex
	young, old map[[sha256.Size]byte]How
}

// maxRemembered bounds a generation; a full one needs about four megabytes.
const maxRemembered = 50_000

func (m *memory) get(key [sha256.Size]byte) (How, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	how, ok := m.young[key]
	if !ok {
		if how, ok = m.old[key]; ok {
			m.put1(key, how)
		}
	}
	return how, ok
}

func (m *memory) put(key [sha256.Size]byte, how How) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.put1(key, how)
}

// put1 needs the lock.
func (m *memory) put1(key [sha256.Size]byte, how How) {
	if m.young == nil || len(m.young) >= maxRemembered {
		m.young, m.old = make(map[[sha256.Size]byte]How), m.young
	}
	m.young[key] = how
}
