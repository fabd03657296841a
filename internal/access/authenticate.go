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

	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/pratique/pratique/internal/catalog"
)

// Store is what access needs of package store, which says what the methods
// promise.
type Store interface {
	accountStore
	groupStore
	credentialStore
	sessionStore
}

type accountStore interface {
	Account(ctx context.Context, name string) (catalog.Account, error)
	AccountOf(ctx context.Context, issuer, subject string) (catalog.Account, error)
	CreateAccount(ctx context.Context, a catalog.Account, by string) (catalog.Account, error)
	Accounts(ctx context.Context, page catalog.Page) ([]catalog.Account, error)
	UpdateAccount(ctx context.Context, name string, change catalog.AccountChange) error
	DeleteAccount(ctx context.Context, name string) error
}

type groupStore interface {
	CreateGroup(ctx context.Context, name string) error
	Groups(ctx context.Context) ([]catalog.Group, error)
	DeleteGroup(ctx context.Context, name string) error
	SetMember(ctx context.Context, group, account string, member bool) error
	SetExternalGroups(ctx context.Context, account string, groups []string) error
	GrantRole(ctx context.Context, g catalog.RoleGrant) error
	RevokeRole(ctx context.Context, g catalog.RoleGrant) error
	RoleGrants(ctx context.Context, realm catalog.Realm) ([]catalog.RoleGrant, error)
}

type credentialStore interface {
	CreateCredential(ctx context.Context, c catalog.Credential) (catalog.Credential, error)
	Credential(ctx context.Context, id string) (catalog.Credential, error)
	Credentials(ctx context.Context, account string, page catalog.Page) ([]catalog.Credential, error)
	SetCredential(ctx context.Context, id string, disabled bool) error
	DeleteCredential(ctx context.Context, id string) error
	RecordUse(ctx context.Context, credentials, sessions map[string]time.Time) error
}

type sessionStore interface {
	CreateSession(ctx context.Context, s catalog.Session) error
	Session(ctx context.Context, hash []byte) (catalog.Session, error)
	Sessions(ctx context.Context, account string) ([]catalog.Session, error)
	DeleteSession(ctx context.Context, account string, hash []byte) error
	DeleteSessions(ctx context.Context, account string) error
	PruneSessions(ctx context.Context, idle time.Time) error
}

// Authenticator checks credentials, issues tokens and looks after accounts. Its
// methods may be called concurrently.
type Authenticator struct {
	// Logger is told of what went wrong inside where Token or Middleware answer
	// by themselves; nil means nobody is. Set it before use, and so the others.
	Logger *slog.Logger
	// Log records who logged in, and who could not; nil for nobody.
	Log *AuditLog
	// Sessions says how long sessions last; the zero value is the default.
	Sessions SessionLimits

	store   Store
	hasher  *hasher
	limiter *limiter
	tokens  tokens
	now     func() time.Time
	// memoryKey keys the hashes under which passwords are remembered. It is
	// random and never leaves the process.
	memoryKey [32]byte

	known known
	used  used

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
func New(store Store, key []byte) (*Authenticator, error) {
	if len(key) < 32 {
		return nil, errors.New("the key that signs tokens has fewer than 32 bytes")
	}
	a := &Authenticator{
		store:    store,
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
	existing, err := a.store.Accounts(ctx, catalog.Page{Limit: 1})
	if err != nil || len(existing) > 0 {
		return "", "", err
	}
	password = newPassword()
	hash, err := a.hasher.hash(ctx, password)
	if err != nil {
		return "", "", err
	}
	_, err = a.store.CreateAccount(ctx, catalog.Account{
		Name: administrator, PasswordHash: hash, Roles: []catalog.HeldRole{{Role: catalog.Administrator}},
	}, "first start")
	if catalog.Is(err, catalog.Conflict) {
		return "", "", nil
	}
	if err != nil {
		return "", "", err
	}
	return administrator, password, nil
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
		return a.login(r, c)
	case isCredential(c.token):
		return a.loginMachine(r, c)
	case c.token != "":
		actor, err := a.bearer(r, c.token)
		if err != nil && !errors.Is(err, jwt.ErrExpired) { // clients use theirs until it is refused
			a.refusedLogin(r, actor.Name, "token", err)
			return Actor{}, err
		}
		return actor, err
	}
	return Actor{}, nil
}

// bearer returns whom a token was issued to, as the account is now. With the error
// for one that does not count any more it tells whose it was.
func (a *Authenticator) bearer(r *http.Request, token string) (Actor, error) {
	c, err := a.token(token, service(r))
	if err != nil {
		return Actor{}, err
	}
	actor := Actor{Grants: c.grants(), Via: "token"}
	if c.Subject == "" {
		return actor, nil
	}
	account, err := a.account(r.Context(), c.Subject)
	if catalog.Is(err, catalog.NotFound) || err == nil && (account.Disabled || account.ID != c.Account) {
		return Actor{Name: c.Subject}, badToken("the token's account is not there any more", err)
	}
	if err != nil {
		return Actor{}, err
	}
	actor.Name, actor.Roles = account.Name, account.Roles
	if c.Credential == "" {
		return actor, nil
	}
	credential, err := a.credential(r.Context(), c.Credential)
	if catalog.Is(err, catalog.NotFound) || err == nil && !credential.Active(a.now()) {
		return Actor{Name: c.Subject}, badToken("the credential the token was issued for was revoked or has expired", err)
	}
	actor.Limit, actor.Via = limitOf(credential), "credential "+credential.ID
	return actor, err
}

// report logs an error the client is not told about.
func (a *Authenticator) report(r *http.Request, err error) {
	if a.Logger != nil {
		a.Logger.ErrorContext(r.Context(), "check credentials", "path", MaskTokens(r.URL.Path), "error", err)
	}
}

// login checks a name and a password, which may be a credential's token.
func (a *Authenticator) login(r *http.Request, c credentials) (Actor, error) {
	if isCredential(c.password) {
		return a.loginMachine(r, credentials{name: c.name, token: c.password})
	}
	ctx, address := r.Context(), clientAddress(r.RemoteAddr)
	account, err := a.store.Account(ctx, c.name)
	switch {
	case catalog.Is(err, catalog.NotFound):
		account = catalog.Account{} // no hash: checked as long as any, in vain
	case err != nil:
		return Actor{}, err
	}
	ok, err := a.check(ctx, c, account.PasswordHash, address)
	if err == nil && (!ok || account.Disabled) {
		err = wrongCredentials()
	}
	if err != nil {
		a.refusedLogin(r, account.Name, "password", err)
		return Actor{}, err
	}
	return Actor{Name: account.Name, Roles: account.Roles, OneTime: account.OneTime, Via: "password"}, nil
}

// wrongCredentials does not tell what is wrong with them, nor whether there is
// such an account, or a disabled one.
func wrongCredentials() error {
	return catalog.Errorf(catalog.Unauthorized, "credentials_wrong", "user name or password is wrong").
		Advise("log in again; an administrator can reset a password")
}

// refusedLogin records that somebody could not log in. A name that is no
// account's is not kept: people type passwords into the wrong field.
func (a *Authenticator) refusedLogin(r *http.Request, account, via string, err error) {
	var own *catalog.Error
	if a.Log == nil || !errors.As(err, &own) || own.Kind != catalog.Unauthorized && own.Kind != catalog.Busy {
		return // nobody was refused
	}
	a.Log.Record(catalog.AuditEntry{
		Actor: account, Via: via, Address: Address(r), Action: "login",
		Result: catalog.AuditDenied, Detail: own.Code,
	})
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
