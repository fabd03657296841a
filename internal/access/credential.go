package access

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/pratique/pratique/internal/catalog"
)

// A credential's token is "prq_ID_SECRET": 12 and 40 signs of passwordAlphabet,
// so 200 random bits, which no guess finds and one SHA-256 protects as well as
// any slower hash. The fixed beginning lets people and scanners for secrets
// recognize it.
const credentialPrefix = "prq_"

var credentialToken = regexp.MustCompile(`^prq_([0-9a-hjkmnp-tv-z]{12})_([0-9a-hjkmnp-tv-z]{40})$`)

func isCredential(text string) bool { return strings.HasPrefix(text, credentialPrefix) }

// MaskTokens takes the secrets of credentials out of a text that somebody sent, as
// a path: people paste a token where its id belongs. For logs.
func MaskTokens(text string) string {
	if !strings.Contains(text, credentialPrefix) {
		return text
	}
	return tokenWithin.ReplaceAllString(text, "${1}_…")
}

// tokenWithin finds what looks like a credential's token, also a damaged one.
var tokenWithin = regexp.MustCompile(`(` + credentialPrefix + `[0-9A-Za-z]{1,12})[0-9A-Za-z]*_[0-9A-Za-z_]+`)

// CredentialRequest asks for a credential.
type CredentialRequest struct {
	Account string
	// Name says what it is for.
	Name string
	// Temporary ones must expire within catalog.MaxTemporary.
	Temporary bool
	// ExpiresAt is zero for never.
	ExpiresAt time.Time
	// Namespaces and Verbs narrow it; empty for no narrowing.
	Namespaces []string
	Verbs      []string
}

func (r *CredentialRequest) check(now time.Time) error {
	invalid := func(format string, args ...any) *catalog.Error {
		return catalog.Errorf(catalog.Invalid, "credential_invalid", format, args...)
	}
	r.Name = strings.TrimSpace(r.Name)
	switch {
	case len(r.Name) > 128 || !plain(r.Name):
		return invalid("the name of the credential is too long or has control characters")
	case len(r.Namespaces) > 100:
		return invalid("the credential names %d namespaces", len(r.Namespaces)).Advise("use at most 100, or none for all")
	case !r.ExpiresAt.IsZero() && !now.Before(r.ExpiresAt):
		return invalid("the credential would have expired already").Advise("choose a later time")
	case r.ExpiresAt.After(now.AddDate(100, 0, 0)):
		return invalid("the year of the expiry is out of range").Advise("leave the expiry out, if the credential is to count for ever")
	case r.Temporary && (r.ExpiresAt.IsZero() || r.ExpiresAt.After(now.Add(catalog.MaxTemporary))):
		return invalid("a temporary credential counts for at most %d hours", catalog.MaxTemporary/time.Hour).
			Advise("choose an earlier end, or make a long-term one")
	}
	for _, n := range r.Namespaces {
		if err := catalog.CheckNamespaceName(n); err != nil {
			return err
		}
	}
	for _, v := range r.Verbs {
		if !slices.Contains(Verbs(), Verb(v)) {
			return invalid("%.40q is nothing a credential can be for", v).Advise("use %s", joinVerbs(Verbs()))
		}
	}
	slices.Sort(r.Namespaces)
	r.Namespaces = slices.Compact(r.Namespaces)
	slices.Sort(r.Verbs)
	r.Verbs = slices.Compact(r.Verbs)
	return nil
}

func joinVerbs(verbs []Verb) string {
	var names []string
	for _, v := range verbs {
		names = append(names, string(v))
	}
	return strings.Join(names, ", ")
}

// CreateCredential makes a credential and returns its token, which nobody can
// read again.
//
// Errors: Invalid "credential_invalid"; NotFound "account_not_found"; Conflict
// "too_many_credentials".
func (a *Authenticator) CreateCredential(ctx context.Context, r CredentialRequest) (made catalog.Credential, token string, err error) {
	if err := r.check(a.now()); err != nil {
		return made, "", err
	}
	id, secret := randomText(12), randomText(40)
	hash := sha256.Sum256([]byte(secret))
	made, err = a.store.CreateCredential(ctx, catalog.Credential{
		ID: id, Account: r.Account, Name: r.Name, Temporary: r.Temporary, Hash: hash[:],
		Namespaces: r.Namespaces, Verbs: r.Verbs, ExpiresAt: r.ExpiresAt,
	})
	return made, credentialPrefix + id + "_" + secret, err
}

// randomText is n random signs of passwordAlphabet.
func randomText(n int) string {
	b := make([]byte, n)
	rand.Read(b) // never fails
	for i := range b {
		b[i] = passwordAlphabet[b[i]%32]
	}
	return string(b)
}

// Credential reads a credential. NotFound "credential_not_found".
func (a *Authenticator) Credential(ctx context.Context, id string) (catalog.Credential, error) {
	return a.store.Credential(ctx, id)
}

// Credentials lists those of an account, or of all if it is empty.
func (a *Authenticator) Credentials(ctx context.Context, account string, page catalog.Page) ([]catalog.Credential, error) {
	return a.store.Credentials(ctx, account, page)
}

// SetCredential enables or disables a credential, at once. NotFound
// "credential_not_found".
func (a *Authenticator) SetCredential(ctx context.Context, id string, disabled bool) error {
	return a.changed(a.store.SetCredential(ctx, id, disabled))
}

// DeleteCredential revokes a credential, at once. NotFound
// "credential_not_found".
func (a *Authenticator) DeleteCredential(ctx context.Context, id string) error {
	return a.changed(a.store.DeleteCredential(ctx, id))
}

func (a *Authenticator) credential(ctx context.Context, id string) (catalog.Credential, error) {
	return a.known.credentials.get(id, a.now(), func() (catalog.Credential, error) { return a.store.Credential(ctx, id) })
}

// loginMachine checks a credential's token. A name beside it must be its
// account's.
func (a *Authenticator) loginMachine(r *http.Request, c credentials) (Actor, error) {
	actor, err := a.machine(r.Context(), c)
	if err == nil {
		return actor, nil
	}
	if catalog.Is(err, catalog.Unauthorized) {
		// Nobody guesses 200 bits, so that the limit is for clients that do not give
		// up. It is theirs alone: others behind their address are let in.
		if _, limited := a.limiter.reserve("credential", "credentials from "+clientAddress(r.RemoteAddr)); limited != nil {
			err = limited
		}
	}
	a.refusedLogin(r, actor.Name, cmp.Or(actor.Via, "credential"), err)
	return Actor{}, err
}

// machine finds whose credential a token is. With the error for one that does not
// count, though its secret is right, it tells whose it is.
func (a *Authenticator) machine(ctx context.Context, c credentials) (Actor, error) {
	wrong := catalog.Errorf(catalog.Unauthorized, "credential_wrong", "the credential is unknown, disabled, expired or somebody else's").
		Advise("make a new one, for example with: pratique admin credential create")
	parts := credentialToken.FindStringSubmatch(c.token)
	if parts == nil {
		return Actor{}, wrong
	}
	credential, err := a.credential(ctx, parts[1])
	if catalog.Is(err, catalog.NotFound) {
		return Actor{}, wrong
	}
	if err != nil {
		return Actor{}, err
	}
	hash := sha256.Sum256([]byte(parts[2]))
	if subtle.ConstantTimeCompare(hash[:], credential.Hash) != 1 {
		return Actor{}, wrong
	}
	actor := Actor{Name: credential.Account, Via: "credential " + credential.ID}
	if !credential.Active(a.now()) || c.name != "" && c.name != credential.Account {
		return actor, wrong
	}
	account, err := a.account(ctx, credential.Account)
	if err == nil && account.Disabled {
		err = wrong
	}
	if err != nil {
		return actor, err
	}
	a.used.credential(credential.ID, a.now())
	actor.Name, actor.Roles, actor.Limit = account.Name, account.Roles, limitOf(credential)
	return actor, nil
}

// limitOf is what a credential may be used for. It is never nil: whoever has a
// credential is not the account itself.
func limitOf(c catalog.Credential) *Limit {
	l := &Limit{Namespaces: c.Namespaces}
	for _, v := range c.Verbs {
		l.Verbs = append(l.Verbs, Verb(v))
	}
	return l
}
