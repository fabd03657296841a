package access

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/pratique/pratique/internal/catalog"
)

// Accounts is what access needs of the store. Account fails with NotFound where
// there is none of that name, CreateAccount with Conflict where there is.
type Accounts interface {
	Account(ctx context.Context, name string) (catalog.Account, error)
	CreateAccount(ctx context.Context, a catalog.Account) (catalog.Account, error)
	Accounts(ctx context.Context) ([]catalog.Account, error)
	SetPassword(ctx context.Context, name, hash string) error
}

// Authenticator checks credentials and issues tokens. Its methods may be called
// concurrently.
type Authenticator struct {
	// Logger is told of what went wrong inside where Token or Middleware answer
	// by themselves; nil means nobody is. Set it before use.
	Logger *slog.Logger

	accounts Accounts
	hasher   *hasher
	limiter  *limiter
	tokens   tokens
	now      func() time.Time
	// memoryKey keys the hashes under which passwords are remembered. It is
	// random and never leaves the process.
	memoryKey [32]byte

	mu       sync.Mutex
	checked  map[[32]byte]success // guarded by mu
	checking map[[32]byte]*check  // guarded by mu
}

// success remembers that a password fitted a hash.
type success struct {
	hash  string
	until time.Time
}

// check is a password check that is under way. The fields below done may be
// read once it is closed.
type check struct {
	done chan struct{}
	ok   bool
	err  error
}

const (
	// rememberFor is how long a password that was right is not hashed again.
	// The account's hash is compared each time, so that a changed password
	// counts at once.
	rememberFor = 3 * time.Minute
	// maxRemembered bounds the passwords remembered.
	maxRemembered = 4096
)

// New makes an authenticator. key signs tokens: at least 32 random bytes, the
// same in all processes that serve an instance. A shorter one is an error, as
// tokens could then be forged.
func New(accounts Accounts, key []byte) (*Authenticator, error) {
	if len(key) < 32 {
		return nil, errors.New("the key that signs tokens has fewer than 32 bytes")
	}
	a := &Authenticator{
		accounts: accounts,
		hasher:   newHasher(),
		now:      time.Now,
		checked:  make(map[[32]byte]success),
		checking: make(map[[32]byte]*check),
	}
	rand.Read(a.memoryKey[:]) // never fails
	clock := func() time.Time { return a.now() }
	a.limiter = newLimiter(a.mac, clock)
	a.tokens = newTokens(key, clock)
	return a, nil
}

// mac is a keyed hash of the parts. Each part's length goes into it, so that no
// two lists of parts are the same.
func (a *Authenticator) mac(parts ...string) (sum [32]byte) {
	h := hmac.New(sha256.New, a.memoryKey[:])
	for _, part := range parts {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part))))
		h.Write([]byte(part))
	}
	h.Sum(sum[:0])
	return sum
}

// administrator is the account Bootstrap creates.
const administrator = "admin"

// Bootstrap creates the administrator "admin" with a random password if there
// is no account yet, and returns both. Where there is one already, also one
// that another process created meanwhile, both are empty.
func (a *Authenticator) Bootstrap(ctx context.Context) (name, password string, err error) {
	existing, err := a.accounts.Accounts(ctx)
	if err != nil || len(existing) > 0 {
		return "", "", err
	}
	password = newPassword()
	hash, err := a.hasher.hash(ctx, password)
	if err != nil {
		return "", "", err
	}
	_, err = a.accounts.CreateAccount(ctx, catalog.Account{
		Name: administrator, PasswordHash: hash, Admin: true, CreatedAt: a.now(),
	})
	if catalog.Is(err, catalog.Conflict) {
		return "", "", nil
	}
	if err != nil {
		return "", "", err
	}
	return administrator, password, nil
}

// ResetPassword gives an account a new random password. The old one stops
// counting at once, tokens issued for it when they expire.
func (a *Authenticator) ResetPassword(ctx context.Context, name string) (password string, err error) {
	password = newPassword()
	return password, a.setPassword(ctx, name, password)
}

// minPassword is the length in bytes that a password somebody chooses must have.
const minPassword = 12

// SetPassword gives an account the password its owner chose, of at least
// minPassword and at most maxPassword bytes. It takes effect as ResetPassword's does. Errors: Invalid
// "password_unacceptable", or what the store reports.
func (a *Authenticator) SetPassword(ctx context.Context, name, password string) error {
	if len(password) < minPassword || len(password) > maxPassword {
		return catalog.Errorf(catalog.Invalid, "password_unacceptable", "the password has %d characters", len(password)).
			Advise("choose one of %d to %d characters", minPassword, maxPassword)
	}
	return a.setPassword(ctx, name, password)
}

func (a *Authenticator) setPassword(ctx context.Context, name, password string) error {
	if _, err := a.accounts.Account(ctx, name); err != nil {
		return err
	}
	hash, err := a.hasher.hash(ctx, password)
	if err != nil {
		return err
	}
	return a.accounts.SetPassword(ctx, name, hash)
}

// Authenticate returns who sends a request: the actor of its context where
// there is one, else that of its Basic or Bearer credentials, else anonymous.
//
// Wrong, expired or malformed credentials are an error of kind Unauthorized,
// too many failures or checks at a time one of kind Busy (see RetryAfter). What
// the store reports is passed on. A client whose password was right a moment
// ago is not held up by failures others cause.
func (a *Authenticator) Authenticate(r *http.Request) (Actor, error) {
	if actor, ok := ActorOf(r.Context()); ok {
		return actor, nil
	}
	c, err := parseAuthorization(r.Header)
	switch {
	case err != nil:
		return Actor{}, err
	case c.basic:
		return a.login(r.Context(), c, clientAddress(r.RemoteAddr))
	case c.token != "":
		return a.tokens.verify(c.token, service(r))
	}
	return Actor{}, nil
}

// report logs an error the client is not told about.
func (a *Authenticator) report(r *http.Request, err error) {
	if a.Logger != nil {
		a.Logger.ErrorContext(r.Context(), "check credentials", "path", r.URL.Path, "error", err)
	}
}

// login checks a name and a password.
func (a *Authenticator) login(ctx context.Context, c credentials, address string) (Actor, error) {
	account, err := a.accounts.Account(ctx, c.name)
	switch {
	case catalog.Is(err, catalog.NotFound):
		account = catalog.Account{} // no hash: checked as long as any, in vain
	case err != nil:
		return Actor{}, err
	}
	ok, err := a.check(ctx, c, account.PasswordHash, address)
	if err != nil {
		return Actor{}, err
	}
	if !ok {
		return Actor{}, catalog.Errorf(catalog.Unauthorized, "credentials_wrong", "user name or password is wrong").
			Advise("log in again; an administrator can reset a password")
	}
	return Actor{Name: account.Name, Admin: account.Admin}, nil
}

// check reports whether the password belongs to the hash. What was right lately
// is remembered, and the same check is made once for all who wait for it.
func (a *Authenticator) check(ctx context.Context, c credentials, hash, address string) (bool, error) {
	key := a.mac(c.name, c.password, hash, address)
	remembered := a.mac(c.name, c.password)
	for {
		a.mu.Lock()
		if s, ok := a.checked[remembered]; ok && s.hash == hash && hash != "" && a.now().Before(s.until) {
			a.mu.Unlock()
			return true, nil
		}
		running, ok := a.checking[key]
		if !ok {
			running = &check{done: make(chan struct{})}
			a.checking[key] = running
		}
		a.mu.Unlock()
		if !ok {
			running.ok, running.err = a.verify(ctx, c, hash, address)
			a.finish(key, remembered, hash, running)
			return running.ok, running.err
		}
		select {
		case <-running.done:
		case <-ctx.Done():
			return false, ctx.Err()
		}
		// The one who checked may have gone away; that says nothing to us.
		if !errors.Is(running.err, context.Canceled) && !errors.Is(running.err, context.DeadlineExceeded) {
			return running.ok, running.err
		}
	}
}

// verify checks the password against the hash, within the limits on failures.
func (a *Authenticator) verify(ctx context.Context, c credentials, hash, address string) (bool, error) {
	refund, err := a.limiter.reserve(c.name, address)
	if err != nil {
		return false, err
	}
	ok, err := a.hasher.verify(ctx, hash, c.password)
	if ok || err != nil {
		refund()
	}
	return ok, err
}

// finish publishes the result of a check and remembers it if the password was
// right.
func (a *Authenticator) finish(key, remembered [32]byte, hash string, c *check) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.checking, key)
	close(c.done)
	if !c.ok {
		return
	}
	now := a.now()
	if len(a.checked) >= maxRemembered {
		for k, s := range a.checked {
			if !now.Before(s.until) {
				delete(a.checked, k)
			}
		}
	}
	if len(a.checked) >= maxRemembered {
		clear(a.checked) // all still fresh; to check them again is dear, not wrong
	}
	a.checked[remembered] = success{hash: hash, until: now.Add(rememberFor)}
}
