package access

import (
	"context"
	"crypto/sha256"
	"fmt"
	"sync"
	"time"

	"github.com/pratique/pratique/internal/catalog"
)

// knownFor is how long what is known about an account, a credential or a session
// counts without being read again. Changes made by this process count at once,
// those of others after that time at the latest.
const knownFor = time.Second

// maxKnown bounds how many of each are remembered.
const maxKnown = 4096

// known remembers what requests with tokens, credentials and cookies need of the
// store, so that a pull does not cost a read more.
type known struct {
	accounts    memory[catalog.Account]
	credentials memory[catalog.Credential]
	sessions    memory[catalog.Session]
	tokens      memory[claims]
}

// maxKnownToken is the length in bytes up to which a token is remembered: those
// that clients ask for one repository have a fraction of it.
const maxKnownToken = 2 << 10

// token is what a token says, if it was issued here and still counts, or did
// less than knownFor ago.
func (a *Authenticator) token(token, service string) (claims, error) {
	if len(token) > maxKnownToken {
		return a.tokens.verify(token, service)
	}
	key := sha256.Sum256([]byte(service + " " + token))
	return a.known.tokens.get(string(key[:]), a.now(), func() (claims, error) { return a.tokens.verify(token, service) })
}

// memory remembers values for knownFor.
type memory[T any] struct {
	mu     sync.Mutex
	values map[string]remembered[T] // guarded by mu
	// turn grows with each forget, so that what was read before is not kept
	// after it.
	turn int // guarded by mu
}

type remembered[T any] struct {
	value T
	until time.Time
}

// get returns what is remembered, or what read returns.
func (m *memory[T]) get(key string, now time.Time, read func() (T, error)) (T, error) {
	m.mu.Lock()
	r, ok := m.values[key]
	turn := m.turn
	m.mu.Unlock()
	if ok && now.Before(r.until) {
		return r.value, nil
	}
	value, err := read()
	if err != nil {
		return value, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if turn != m.turn {
		return value, nil
	}
	if m.values == nil || len(m.values) >= maxKnown {
		m.values = make(map[string]remembered[T])
	}
	m.values[key] = remembered[T]{value, now.Add(knownFor)}
	return value, nil
}

// forget makes the next get read anew, whatever it is for.
func (m *memory[T]) forget() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.values = nil
	m.turn++
}

func (k *known) forget() {
	k.accounts.forget()
	k.credentials.forget()
	k.sessions.forget()
}

// account is an account as it is now, or was less than knownFor ago.
func (a *Authenticator) account(ctx context.Context, name string) (catalog.Account, error) {
	return a.known.accounts.get(name, a.now(), func() (catalog.Account, error) { return a.store.Account(ctx, name) })
}

// changed is called after everything that changes who may do what.
func (a *Authenticator) changed(err error) error {
	a.known.forget()
	return err
}

// Account reads an account. NotFound "account_not_found".
func (a *Authenticator) Account(ctx context.Context, name string) (catalog.Account, error) {
	return a.store.Account(ctx, name)
}

// Accounts lists accounts by name.
func (a *Authenticator) Accounts(ctx context.Context, page catalog.Page) ([]catalog.Account, error) {
	return a.store.Accounts(ctx, page)
}

// CreateAccount adds an account without roles. With a password it can log in;
// one without is for machines, which use credentials. If random is set, the
// password is made, returned, and must be changed at its first use.
//
// Errors: Invalid "account_name_invalid", "password_unacceptable"; Conflict
// "account_exists".
func (a *Authenticator) CreateAccount(ctx context.Context, name, password string, random bool, by string) (made catalog.Account, shown string, err error) {
	if err := catalog.CheckAccountName(name); err != nil {
		return made, "", err
	}
	account := catalog.Account{Name: name, OneTime: random}
	switch {
	case random:
		shown = newPassword()
		password = shown
	case password != "":
		if err := checkPassword(name, password); err != nil {
			return made, "", err
		}
	}
	if password != "" {
		if account.PasswordHash, err = a.hasher.hash(ctx, password); err != nil {
			return made, "", err
		}
	}
	made, err = a.store.CreateAccount(ctx, account, by)
	return made, shown, a.changed(err)
}

// DisableAccount makes that an account can do nothing, or can again. Its
// sessions end at once, and so does what its tokens and credentials open.
//
// Errors: NotFound "account_not_found"; Conflict "last_administrator".
func (a *Authenticator) DisableAccount(ctx context.Context, name string, disabled bool) error {
	return a.changed(a.store.UpdateAccount(ctx, name, catalog.AccountChange{Disabled: &disabled}))
}

// DeleteAccount removes an account with all it had.
//
// Errors: NotFound "account_not_found"; Conflict "last_administrator".
func (a *Authenticator) DeleteAccount(ctx context.Context, name string) error {
	return a.changed(a.store.DeleteAccount(ctx, name))
}

// ResetPassword gives an account a new random password; a one-time password
// opens nothing but its own change. The old one stops counting at once, and so do
// the account's sessions; tokens issued for it when they expire.
func (a *Authenticator) ResetPassword(ctx context.Context, name string, oneTime bool) (password string, err error) {
	password = newPassword()
	return password, a.setPassword(ctx, name, password, oneTime)
}

// minPassword is the length in bytes that a password somebody chooses must have.
const minPassword = 12

// SetPassword gives an account the password somebody chose, of at least
// minPassword and at most maxPassword bytes. It takes effect as ResetPassword's
// does. Errors: Invalid "password_unacceptable", or what the store reports.
func (a *Authenticator) SetPassword(ctx context.Context, name, password string) error {
	if err := checkPassword(name, password); err != nil {
		return err
	}
	return a.setPassword(ctx, name, password, false)
}

func checkPassword(name, password string) error {
	unacceptable := func(format string, args ...any) error {
		return catalog.Errorf(catalog.Invalid, "password_unacceptable", format, args...).
			Advise("choose one of %d to %d characters that is not the name", minPassword, maxPassword)
	}
	switch {
	case len(password) < minPassword || len(password) > maxPassword:
		return unacceptable("the password has %d characters", len(password))
	case !plain(password):
		return unacceptable("the password has control characters")
	case password == name:
		return unacceptable("the password is the account's name")
	case isCredential(password):
		return unacceptable("the password looks like a credential")
	}
	return nil
}

// ChangePassword lets somebody change the own password, which takes the old one.
// All sessions of the account end.
//
// Errors: Unauthorized "credentials_wrong"; Busy; Invalid
// "password_unacceptable"; Conflict "password_unchanged".
func (a *Authenticator) ChangePassword(ctx context.Context, name, old, password, remote string) error {
	account, err := a.store.Account(ctx, name)
	if err != nil {
		return err
	}
	c := credentials{basic: true, name: name, password: old}
	ok, err := a.check(ctx, c, account.PasswordHash, clientAddress(remote))
	if err != nil {
		return err
	}
	if !ok {
		return catalog.Errorf(catalog.Denied, "old_password_wrong", "the old password is wrong").Advise("try again; an administrator can reset it")
	}
	if old == password {
		return catalog.Errorf(catalog.Conflict, "password_unchanged", "the new password is the old one").Advise("choose another one")
	}
	return a.SetPassword(ctx, name, password)
}

func (a *Authenticator) setPassword(ctx context.Context, name, password string, oneTime bool) error {
	if _, err := a.store.Account(ctx, name); err != nil {
		return err
	}
	hash, err := a.hasher.hash(ctx, password)
	if err != nil {
		return err
	}
	err = a.store.UpdateAccount(ctx, name, catalog.AccountChange{PasswordHash: &hash, OneTime: &oneTime})
	if err == nil {
		err = a.store.DeleteSessions(ctx, name)
	}
	return a.changed(err)
}

// mustChange refuses somebody with a one-time password.
func mustChange() error {
	return catalog.Errorf(catalog.Denied, "password_must_change", "this password can only be used to choose another one").
		Advise("change it in the console, or with: pratique admin account password")
}

// Groups lists all groups by name.
func (a *Authenticator) Groups(ctx context.Context) ([]catalog.Group, error) {
	return a.store.Groups(ctx)
}

// CreateGroup adds a group. Invalid "account_name_invalid"; Conflict
// "group_exists".
func (a *Authenticator) CreateGroup(ctx context.Context, name string) error {
	if err := catalog.CheckAccountName(name); err != nil {
		return err
	}
	return a.store.CreateGroup(ctx, name)
}

// DeleteGroup removes a group with its roles. NotFound "group_not_found";
// Conflict "last_administrator".
func (a *Authenticator) DeleteGroup(ctx context.Context, name string) error {
	return a.changed(a.store.DeleteGroup(ctx, name))
}

// SetMember puts an account into a group or takes it out. Errors as the store's
// method of that name says.
func (a *Authenticator) SetMember(ctx context.Context, group, account string, member bool) error {
	return a.changed(a.store.SetMember(ctx, group, account, member))
}

// RoleGrants lists the roles given in exactly one realm.
func (a *Authenticator) RoleGrants(ctx context.Context, realm catalog.Realm) ([]catalog.RoleGrant, error) {
	return a.store.RoleGrants(ctx, realm)
}

// GrantRole gives a role. Errors: Invalid "role_misplaced"; those of the store's
// method of that name.
func (a *Authenticator) GrantRole(ctx context.Context, g catalog.RoleGrant) error {
	if g.Namespace != "" && (g.Role == catalog.Administrator || g.Role == catalog.Auditor) {
		return catalog.Errorf(catalog.Invalid, "role_misplaced", "nobody can be %s of a single namespace", g.Role).
			Advise("use maintainer or reader there, or give the role in the whole instance")
	}
	return a.changed(a.store.GrantRole(ctx, g))
}

// RevokeRole takes a role away. Errors as the store's method of that name says.
func (a *Authenticator) RevokeRole(ctx context.Context, g catalog.RoleGrant) error {
	return a.changed(a.store.RevokeRole(ctx, g))
}

// used collects when credentials and sessions were used last, until Run writes
// it.
type used struct {
	mu          sync.Mutex
	credentials map[string]time.Time // guarded by mu
	sessions    map[string]time.Time // guarded by mu
}

func note(m *map[string]time.Time, key string, at time.Time) {
	if *m == nil {
		*m = make(map[string]time.Time)
	}
	if _, known := (*m)[key]; known || len(*m) < maxKnown {
		(*m)[key] = at
	}
}

func (u *used) credential(id string, at time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	note(&u.credentials, id, at)
}

func (u *used) session(hash string, at time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	note(&u.sessions, hash, at)
}

// flush writes what was noted.
func (a *Authenticator) flush(ctx context.Context) error {
	a.used.mu.Lock()
	credentials, sessions := a.used.credentials, a.used.sessions
	a.used.credentials, a.used.sessions = nil, nil
	a.used.mu.Unlock()
	if len(credentials)+len(sessions) == 0 {
		return nil
	}
	return a.store.RecordUse(ctx, credentials, sessions)
}

// Run writes now and then when credentials and sessions were used last, and
// removes sessions that have ended, until ctx is done.
func (a *Authenticator) Run(ctx context.Context) error {
	const every = time.Minute
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
			defer cancel()
			a.logFailure(last, a.flush(last))
			return nil
		case <-ticker.C:
		}
		a.logFailure(ctx, a.flush(ctx))
		a.logFailure(ctx, a.store.PruneSessions(ctx, a.now().Add(-a.Sessions.idle())))
	}
}

func (a *Authenticator) logFailure(ctx context.Context, err error) {
	if err != nil && a.Logger != nil {
		a.Logger.WarnContext(ctx, "looking after sessions and credentials", "error", fmt.Sprint(err))
	}
}
