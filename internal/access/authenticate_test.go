package access

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pratique/pratique/internal/catalog"
)

// accounts is a store in memory.
type accounts struct {
	Store  // what it does not have
	mu     sync.Mutex
	byName map[string]catalog.Account // guarded by mu
	err    error                      // guarded by mu; what every call fails with
}

func newAccounts() *accounts { return &accounts{byName: make(map[string]catalog.Account)} }

func (s *accounts) Account(_ context.Context, name string) (catalog.Account, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return catalog.Account{}, s.err
	}
	a, ok := s.byName[name]
	if !ok {
		return a, catalog.Errorf(catalog.NotFound, "account_not_found", "there is no account %q", name)
	}
	return a, nil
}

func (s *accounts) CreateAccount(_ context.Context, a catalog.Account, _ string) (catalog.Account, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.byName[a.Name]; ok {
		return a, catalog.Errorf(catalog.Conflict, "account_exists", "there is an account %q", a.Name)
	}
	s.byName[a.Name] = a
	return a, s.err
}

func (s *accounts) Accounts(context.Context, catalog.Page) ([]catalog.Account, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []catalog.Account
	for _, a := range s.byName {
		all = append(all, a)
	}
	return all, s.err
}

func (s *accounts) UpdateAccount(_ context.Context, name string, change catalog.AccountChange) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.byName[name]
	a.PasswordHash = *change.PasswordHash
	s.byName[name] = a
	return s.err
}

func (s *accounts) DeleteSessions(context.Context, string) error { return nil }

var testKey = []byte("0123456789abcdef0123456789abcdef")

// clock is set by hand.
type clock struct {
	mu sync.Mutex
	at time.Time // guarded by mu
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// newTest makes an authenticator with the administrator and her password, and
// an ordinary account "user" with password "user".
func newTest(t testing.TB) (*Authenticator, *accounts, *clock, string) {
	t.Helper()
	store, c := newAccounts(), &clock{at: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	a, err := New(store, testKey)
	if err != nil {
		t.Fatal(err)
	}
	a.now = c.now
	// The failure limiter's slots must not collide by chance.
	a.memoryKey = [32]byte{1}
	name, password, err := a.Bootstrap(t.Context())
	if err != nil || name != "admin" || password == "" {
		t.Fatalf("bootstrap: %q, %q, %v", name, password, err)
	}
	hash, err := a.hasher.hash(t.Context(), "user")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.CreateAccount(t.Context(), catalog.Account{Name: "user", PasswordHash: hash}, ""); err != nil {
		t.Fatal(err)
	}
	return a, store, c, password
}

func request(authorization string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "http://registry.example:8480/v2/", nil)
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	return r
}

func TestBootstrap(t *testing.T) {
	a, store, _, _ := newTest(t)
	admin, _ := store.Account(t.Context(), "admin")
	if len(admin.Roles) != 1 || admin.Roles[0].Role != catalog.Administrator {
		t.Errorf("account %+v", admin)
	}
	if name, password, err := a.Bootstrap(t.Context()); name != "" || password != "" || err != nil {
		t.Errorf("second bootstrap: %q, %q, %v", name, password, err)
	}
	store.err = errors.New("disk on fire")
	if _, _, err := a.Bootstrap(t.Context()); !errors.Is(err, store.err) {
		t.Errorf("bootstrap without a store: %v", err)
	}
}

func TestAuthenticate(t *testing.T) {
	a, store, _, password := newTest(t)
	admin := Actor{Name: "admin", Roles: []catalog.HeldRole{{Role: catalog.Administrator}}, Via: "password"}
	for _, tc := range []struct {
		name    string
		request *http.Request
		want    Actor
		kind    catalog.Kind
	}{
		{name: "nothing", request: request("")},
		{name: "right", request: request(basic("admin", password)), want: admin},
		{name: "right again", request: request(basic("admin", password)), want: admin},
		{name: "not an administrator", request: request(basic("user", "user")), want: Actor{Name: "user", Via: "password"}},
		{name: "wrong", request: request(basic("admin", password+"x")), kind: catalog.Unauthorized},
		{name: "somebody else's", request: request(basic("user", password)), kind: catalog.Unauthorized},
		{name: "unknown", request: request(basic("nobody", password)), kind: catalog.Unauthorized},
		{name: "unknown, empty", request: request(basic("nobody", "")), kind: catalog.Unauthorized},
		{name: "name in another case", request: request(basic("Admin", password)), kind: catalog.Unauthorized},
		{name: "no token", request: request("Bearer abc"), kind: catalog.Unauthorized},
		{name: "in context", request: request("Bearer abc").WithContext(WithActor(t.Context(), admin)), want: admin},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := a.Authenticate(tc.request)
			if tc.kind == "" && err != nil || tc.kind != "" && !catalog.Is(err, tc.kind) {
				t.Fatalf("error: %v", err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("actor (-want +got):\n%s", diff)
			}
		})
	}
	store.err = catalog.Errorf(catalog.Unavailable, "database", "the database is away")
	if _, err := a.Authenticate(request(basic("admin", password))); !catalog.Is(err, catalog.Unavailable) {
		t.Errorf("without a store: %v", err)
	}
}

// A name nobody has must not answer faster than a wrong password does, or say
// anything else.
func TestUnknownNameLooksLikeWrongPassword(t *testing.T) {
	a, _, _, _ := newTest(t)
	try := func(name string) (time.Duration, string) {
		start := time.Now()
		_, err := a.Authenticate(request(basic(name, "wrong")))
		return time.Since(start), err.Error()
	}
	wrong, wrongText := try("admin")
	unknown, unknownText := try("nobody")
	// Without the hash the difference would be a thousandfold.
	if unknown < wrong/10 {
		t.Errorf("an unknown name takes %v, a wrong password %v", unknown, wrong)
	}
	if wrongText != unknownText {
		t.Errorf("messages differ: %q and %q", wrongText, unknownText)
	}
}

func TestChangedPasswordCountsAtOnce(t *testing.T) {
	a, store, _, old := newTest(t)
	if _, err := a.Authenticate(request(basic("admin", old))); err != nil {
		t.Fatal(err)
	}
	password, err := a.ResetPassword(t.Context(), "admin", false)
	if err != nil || password == old {
		t.Fatalf("reset: %q, %v", password, err)
	}
	if _, err := a.Authenticate(request(basic("admin", old))); !catalog.Is(err, catalog.Unauthorized) {
		t.Errorf("old password: %v", err)
	}
	if _, err := a.Authenticate(request(basic("admin", password))); err != nil {
		t.Errorf("new password: %v", err)
	}
	// An account that is gone, though its password is remembered.
	delete(store.byName, "admin")
	if _, err := a.Authenticate(request(basic("admin", password))); !catalog.Is(err, catalog.Unauthorized) {
		t.Errorf("account gone: %v", err)
	}
	if _, err := a.ResetPassword(t.Context(), "admin", false); !catalog.Is(err, catalog.NotFound) {
		t.Errorf("reset of no account: %v", err)
	}
}

// What was right is remembered for a while: it works without hashing, even
// while others fail from the same address.
func TestRemembered(t *testing.T) {
	a, _, c, password := newTest(t)
	right := request(basic("admin", password))
	if _, err := a.Authenticate(right); err != nil {
		t.Fatal(err)
	}
	for range maxHashing { // from now on nobody can hash
		if err := a.hasher.acquire(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := a.Authenticate(right); err != nil {
		t.Errorf("remembered: %v", err)
	}
	c.advance(rememberFor)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := a.Authenticate(right.WithContext(ctx)); !errors.Is(err, context.Canceled) {
		t.Errorf("forgotten, and yet not hashed again: %v", err)
	}
}

func TestFailuresAreLimited(t *testing.T) {
	a, _, c, password := newTest(t)
	right, wrong := basic("admin", password), basic("admin", "guess")
	for i := range accountRate.burst {
		if _, err := a.Authenticate(request(wrong)); !catalog.Is(err, catalog.Unauthorized) {
			t.Fatalf("guess %d: %v", i, err)
		}
	}
	_, err := a.Authenticate(request(wrong))
	if !catalog.Is(err, catalog.Busy) || RetryAfter(err) != accountRate.interval {
		t.Errorf("one guess too many: %v, retry after %v", err, RetryAfter(err))
	}
	if _, err := a.Authenticate(request(right)); !catalog.Is(err, catalog.Busy) {
		t.Errorf("right password after too many guesses: %v", err)
	}
	elsewhere := request(right)
	elsewhere.RemoteAddr = "192.0.2.99:1234"
	if _, err := a.Authenticate(elsewhere); err != nil {
		t.Errorf("right password from another address: %v", err)
	}
	// Now it is remembered and works from the first address too.
	if _, err := a.Authenticate(request(right)); err != nil {
		t.Errorf("remembered password: %v", err)
	}
	c.advance(accountRate.interval)
	if _, err := a.Authenticate(request(wrong)); !catalog.Is(err, catalog.Unauthorized) {
		t.Errorf("guess after waiting: %v", err)
	}
	if _, err := a.Authenticate(request(wrong)); !catalog.Is(err, catalog.Busy) {
		t.Errorf("second guess after waiting: %v", err)
	}
}

// Many clients that start at once with the right password are one check, not
// many failures.
func TestSameCheckIsMadeOnce(t *testing.T) {
	a, _, _, password := newTest(t)
	var wg sync.WaitGroup
	for range 3 * accountRate.burst {
		wg.Go(func() {
			if _, err := a.Authenticate(request(basic("admin", password))); err != nil {
				t.Errorf("login: %v", err)
			}
		})
	}
	wg.Wait()
}

func TestLimiter(t *testing.T) {
	c := &clock{at: time.Unix(1000, 0)}
	a, err := New(newAccounts(), testKey)
	if err != nil {
		t.Fatal(err)
	}
	a.memoryKey = [32]byte{1}
	l := newLimiter(a.mac, c.now)
	// Successes cost nothing.
	for i := range 1000 {
		refund, err := l.reserve("a", "1")
		if err != nil {
			t.Fatalf("success %d: %v", i, err)
		}
		refund()
	}
	// One address with many accounts.
	for i := range addressRate.burst {
		if _, err := l.reserve(time.Duration(i).String(), "2"); err != nil {
			t.Fatalf("account %d: %v", i, err)
		}
	}
	if _, err := l.reserve("fresh", "2"); !catalog.Is(err, catalog.Busy) {
		t.Errorf("after %d failures: %v", addressRate.burst, err)
	}
	c.advance(time.Hour)
	if _, err := l.reserve("fresh", "2"); err != nil {
		t.Errorf("an hour later: %v", err)
	}
}

func TestRememberedIsBounded(t *testing.T) {
	a, _, c, _ := newTest(t)
	remember := func(n int) {
		for i := range n {
			key := a.mac(time.Duration(i).String(), c.now().String())
			a.finish(key, key, "hash", &check{done: make(chan struct{}), ok: true})
		}
	}
	remember(maxRemembered)
	if len(a.checked) != maxRemembered {
		t.Fatalf("%d remembered, want %d", len(a.checked), maxRemembered)
	}
	c.advance(rememberFor)
	remember(10)
	if len(a.checked) != 10 {
		t.Errorf("%d remembered after the others expired, want 10", len(a.checked))
	}
	remember(2 * maxRemembered)
	if len(a.checked) > maxRemembered {
		t.Errorf("%d remembered, want at most %d", len(a.checked), maxRemembered)
	}
}

func TestClientAddress(t *testing.T) {
	for remote, want := range map[string]string{
		"192.0.2.1:4711":              "192.0.2.1",
		"[::ffff:192.0.2.1]:4711":     "192.0.2.1",
		"[2001:db8:1:2:3:4:5:6]:4711": "2001:db8:1:2::/64",
		"[fe80::1%eth0]:4711":         "fe80::/64",
		"[2001:db8:1:2:ffff::1]:1":    "2001:db8:1:2::/64",
		"@":                           "@",
		"":                            "",
		"somewhere:80":                "somewhere",
	} {
		if got := clientAddress(remote); got != want {
			t.Errorf("address of %q = %q, want %q", remote, got, want)
		}
	}
}

func BenchmarkAuthenticateRemembered(b *testing.B) {
	a, _, _, password := newTest(b)
	r := request(basic("admin", password))
	for b.Loop() {
		if _, err := a.Authenticate(r); err != nil {
			b.Fatal(err)
		}
	}
}

func TestShortKeyIsRefused(t *testing.T) {
	if _, err := New(newAccounts(), testKey[:31]); err == nil {
		t.Error("tokens would be signed with 31 bytes")
	}
}
