package catalog

import (
	"slices"
	"strings"
	"time"

	"github.com/pratique/pratique/internal/report"
)

// Tenant is an account that owns everything below it.
type Tenant struct {
	ID   int64
	Name string
}

// Instance is one registry of a tenant in a region. Scan limits count per
// instance; authorization to scan counts per tenant and region.
type Instance struct {
	// ID is a UUID.
	ID       string
	TenantID int64
	Region   string
	Name     string
	// Host is the host name (without port) by which clients reach the
	// instance; empty for the default instance, which answers to all others.
	Host string
}

// Namespace groups repositories under one scan and download policy.
type Namespace struct {
	ID         int64
	InstanceID string
	Name       string
	// Public namespaces may be pulled from without logging in.
	Public bool
	// AutoScan scans every image that arrives.
	AutoScan bool
	Policy   Policy
	// Revision grows with every change of policy, allowlist or exceptions. A
	// stored verdict holds only for the revision it was made under.
	Revision     int64
	Repositories int
	CreatedAt    time.Time
	UpdatedAt    time.Time
	// Scope is that of the instance.
	Scope Scope
}

// Answer is what becomes of pulls in a state.
func (n Namespace) Answer(state PullState) Answer {
	if a, ok := n.Policy.Gate.Answers[state]; ok {
		return a
	}
	return n.Scope.Answer(state)
}

// DefaultThreshold applies where blocking is switched on without a threshold.
const DefaultThreshold = report.High

// MaxAllowlist is the number of entries an allowlist may hold (§4.1).
const MaxAllowlist = 100

// Allowlist exempts vulnerabilities from blocking downloads.
type Allowlist struct {
	// Items are ids, upper-cased, without duplicates, in the order given.
	Items []string
	// ExpiresAt is when the list stops counting; the zero time means never.
	ExpiresAt time.Time
	CreatedAt time.Time
	UpdatedAt time.Time
}

// Expired reports whether the list no longer counts: from ExpiresAt on (§4.3).
func (l Allowlist) Expired(now time.Time) bool {
	return !l.ExpiresAt.IsZero() && !now.Before(l.ExpiresAt)
}

// Contains reports whether the list names the vulnerability under one of the
// given ids, compared without regard to case (§4.4). It does not look at
// ExpiresAt.
func (l Allowlist) Contains(ids ...string) bool {
	for _, id := range ids {
		if slices.Contains(l.Items, strings.ToUpper(id)) {
			return true
		}
	}
	return false
}

// NewAllowlist checks and normalizes the entries of an allowlist (§4.1, §4.4):
// trimmed, upper-cased, at most MaxAllowlist, none blank, malformed or twice.
func NewAllowlist(items []string, expiresAt time.Time) (Allowlist, error) {
	if len(items) > MaxAllowlist {
		return Allowlist{}, Errorf(Invalid, "allowlist_too_long", "the allowlist has %d entries", len(items)).
			Advise("keep at most %d; split the namespace, or upgrade what can be fixed", MaxAllowlist)
	}
	list := Allowlist{Items: make([]string, 0, len(items)), ExpiresAt: expiresAt}
	for i, item := range items {
		id := strings.ToUpper(strings.TrimSpace(item))
		switch {
		case id == "":
			return Allowlist{}, Errorf(Invalid, "allowlist_entry_blank", "entry %d of the allowlist is blank", i+1)
		case len(id) > 64 || !cveID.MatchString(id):
			return Allowlist{}, Errorf(Invalid, "allowlist_entry_malformed", "entry %d of the allowlist, %q, is not the id of a vulnerability", i+1, clip(item)).
				Advise("use ids as reports show them, such as CVE-2024-3094")
		case slices.Contains(list.Items, id):
			return Allowlist{}, Errorf(Invalid, "allowlist_entry_duplicate", "%s is on the allowlist twice", id)
		}
		list.Items = append(list.Items, id)
	}
	return list, nil
}

// NamespaceChange is a modification of a namespace. Nil fields keep their value.
type NamespaceChange struct {
	// ReadAt, unless it is zero, is the namespace's UpdatedAt when whoever makes
	// the change read it: it is refused if somebody changed it since.
	ReadAt    time.Time
	Public    *bool
	AutoScan  *bool
	Block     *bool
	Threshold *report.Severity
	// Allowlist replaces the list; its Items and ExpiresAt count.
	Allowlist *Allowlist
	Gate      *GateChange
}
