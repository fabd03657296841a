package catalog

import (
	"regexp"
	"slices"
	"strings"
	"time"
)

// Role is what somebody is to an instance or a namespace. What each role may do
// is for package access to say.
type Role string

const (
	// Administrator may do everything.
	Administrator Role = "administrator"
	// Maintainer looks after namespaces: settings, members, findings, deletion.
	Maintainer Role = "maintainer"
	// Writer pushes images and has them scanned.
	Writer Role = "writer"
	// Reader pulls images and reads what is known about them.
	Reader Role = "reader"
	// Auditor reads everything but the images themselves, and changes nothing.
	Auditor Role = "auditor"
)

// Roles lists all roles.
func Roles() []Role { return []Role{Administrator, Maintainer, Writer, Reader, Auditor} }

// ParseRole reads the name of a role. Invalid "role_unknown".
func ParseRole(name string) (Role, error) {
	if role := Role(strings.ToLower(name)); slices.Contains(Roles(), role) {
		return role, nil
	}
	return "", Errorf(Invalid, "role_unknown", "%q is not a role", clip(name)).
		Advise("use administrator, maintainer, writer, reader or auditor")
}

// Realm is where a role holds: in one namespace of an instance, in a whole
// instance where Namespace is empty, or everywhere where both are.
type Realm struct {
	InstanceID string
	Namespace  string
}

// Covers reports whether what is in the other realm is in this one too.
func (r Realm) Covers(other Realm) bool {
	switch {
	case r.InstanceID == "":
		return r.Namespace == ""
	case r.InstanceID != other.InstanceID:
		return false
	}
	return r.Namespace == "" || r.Namespace == other.Namespace
}

// HeldRole is a role somebody holds in a realm.
type HeldRole struct {
	Realm
	Role Role
	// Group is the group by which it is held; empty if the account holds it.
	Group string
}

// RoleGrant is a role given to an account or to a group.
type RoleGrant struct {
	Realm
	Role Role
	// One of Account and Group is set.
	Account, Group string
	GrantedAt      time.Time
	GrantedBy      string
}

// Holder names who holds the role, for messages.
func (g RoleGrant) Holder() string {
	if g.Group != "" {
		return "group " + g.Group
	}
	return "account " + g.Account
}

// Account is somebody who can log in.
type Account struct {
	ID   int64
	Name string
	// PasswordHash is an argon2id hash in PHC string form; empty if the account
	// has no password.
	PasswordHash string
	// OneTime: the password opens nothing but its own change.
	OneTime bool
	// Disabled accounts can do nothing.
	Disabled bool
	// Issuer and Subject are who the account belongs to at an OpenID provider;
	// empty for one that is only known here.
	Issuer, Subject string
	CreatedAt       time.Time
	// Groups are those it is in, sorted.
	Groups []string
	// Roles are those it holds itself and by its groups.
	Roles []HeldRole
}

// AccountChange is a modification of an account. Nil fields keep their value.
type AccountChange struct {
	PasswordHash *string
	OneTime      *bool
	Disabled     *bool
}

// Group holds roles for its members.
type Group struct {
	ID        int64
	Name      string
	CreatedAt time.Time
	// Members are names of accounts, sorted.
	Members []string
}

var accountName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._@+-]{0,127}$`)

// CheckAccountName checks the name of an account or a group. Names of the
// program's own actors are not among those it allows.
func CheckAccountName(name string) error {
	if !accountName.MatchString(name) || name == SocketActor {
		return Errorf(Invalid, "account_name_invalid", "%q cannot be the name of an account or a group", clip(name)).
			Advise("use up to 128 letters, digits, '.', '_', '@', '+' and '-', beginning with a letter or digit")
	}
	return nil
}

// SocketActor is the name under which changes over the control socket are
// recorded.
const SocketActor = "control-socket"

// Credential is what a machine logs in with in an account's name. Only a hash of
// its secret is stored.
type Credential struct {
	// ID is public: it names the credential in lists and in its token.
	ID      string
	Account string
	// Name says what it is for.
	Name string
	// Temporary ones last for hours at most.
	Temporary bool
	// Hash is the SHA-256 of the secret.
	Hash []byte
	// Namespaces and Verbs narrow what the account may do; empty for no
	// narrowing.
	Namespaces []string
	Verbs      []string
	Disabled   bool
	CreatedAt  time.Time
	// ExpiresAt is from when it no longer counts; zero for never.
	ExpiresAt time.Time
	// UsedAt is when it was used last, to the minute or so; zero if never.
	UsedAt time.Time
}

// Active reports whether the credential counts at the moment now.
func (c Credential) Active(now time.Time) bool {
	return !c.Disabled && (c.ExpiresAt.IsZero() || now.Before(c.ExpiresAt))
}

// Bounds of credentials.
const (
	// MaxCredentials is how many an account may have.
	MaxCredentials = 100
	// MaxTemporary is how long a temporary credential may last.
	MaxTemporary = 24 * time.Hour
)

// Session is a browser that is logged in. Its id, which the browser holds, is
// stored as a hash.
type Session struct {
	// Hash is the SHA-256 of the id.
	Hash    []byte
	Account string
	// Address and Agent say where it was begun.
	Address, Agent string
	// Method is how: "password" or "oidc".
	Method    string
	CreatedAt time.Time
	// SeenAt is when it was used last, to the minute or so.
	SeenAt time.Time
	// ExpiresAt is its end, however much it is used.
	ExpiresAt time.Time
}

// Visibility says which namespaces of an instance somebody may see.
type Visibility struct {
	// All of them; or those in Names, and if Public is set the public ones.
	All    bool
	Public bool
	Names  []string
	// Among, if not empty, leaves out all others.
	Among []string
}

// Sees reports whether a namespace may be seen.
func (v Visibility) Sees(name string, public bool) bool {
	if len(v.Among) > 0 && !slices.Contains(v.Among, name) {
		return false
	}
	return v.All || slices.Contains(v.Names, name) || v.Public && public
}

// Everything reports whether nothing is hidden.
func (v Visibility) Everything() bool { return v.All && len(v.Among) == 0 }

// AuditResult is what became of something somebody tried.
type AuditResult string

const (
	// AuditDone succeeded, AuditDenied was refused for lack of a right or of the
	// right credentials, AuditFailed went wrong otherwise.
	AuditDone   AuditResult = "done"
	AuditDenied AuditResult = "denied"
	AuditFailed AuditResult = "failed"
)

// AuditEntry is who did what to what, from where, with which result.
type AuditEntry struct {
	// ID grows, but not without gaps.
	ID         int64
	InstanceID string
	At         time.Time
	// Actor is the name of an account, empty for nobody in particular; Via is
	// how it showed who it is: "password", "session", "credential ID", "token",
	// "socket", "oidc".
	Actor, Via string
	// Address is where the request came from.
	Address string
	// Action is the operation of the REST interface, or what was done to the
	// registry: "registry.push".
	Action    string
	Namespace string
	// Target is what it was done to.
	Target string
	Result AuditResult
	// Detail is what was asked for, where that can hold nothing secret, or a
	// code that says why it did not succeed.
	Detail string
	// Count is how often it happened within a minute.
	Count int64
}

// AuditFilter selects entries. Zero fields select all.
type AuditFilter struct {
	Actor, Address, Action, Namespace string
	Result                            AuditResult
	Since, Until                      time.Time
}
