package registry

import (
	"context"
	"log/slog"
	"time"

	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/gate"
)

// Gatekeeper decides whether content may leave (specification §4.3). It joins
// what the store knows with the rules of package gate.
//
// A verdict that is stored and still holds is used as it is, so that a pull
// costs one read. Where there is none, or policy or exceptions have changed, or
// what exempted something has expired, it is made from the findings of the last
// successful scan and stored.
//
// Where the namespace holds pulls of images that are being scanned, the answer
// comes when the scan has ended, or when the time is up.
type Gatekeeper struct {
	store gateStore
	now   func() time.Time
	log   *slog.Logger
	// observe is told of refusals.
	observe func(catalog.Decision)
	holds   *holds
}

type gateStore interface {
	namespaces
	verdicts
	eventStore
	Pull(ctx context.Context, key catalog.RepositoryKey, reference string) (catalog.Pull, error)
}

// NewGatekeeper makes a gatekeeper that holds up to held pulls at a time. now is
// the clock; refused is told of each refusal. The caller releases what it holds
// at the end.
func NewGatekeeper(store gateStore, now func() time.Time, held int, log *slog.Logger, refused func(catalog.Decision)) *Gatekeeper {
	return &Gatekeeper{store: store, now: now, log: log, observe: refused, holds: newHolds(store, held, log)}
}

// Release ends the waiting of pulls that are held, which get the answer they
// would get at the end of their time. None is held any more.
func (g *Gatekeeper) Release() { g.holds.release() }

// outcome is what the gate says to one account about one artifact or blob.
type outcome struct {
	verdict catalog.Verdict
	// exempt: what is refused to others passes for this account.
	exempt bool
}

// passes reports whether it may leave.
func (o outcome) passes() bool { return o.exempt || o.verdict.Decision == catalog.Allow }

// outcomeFor applies a namespace's exempt accounts to a verdict.
func outcomeFor(v catalog.Verdict, ns catalog.Namespace, account string) outcome {
	return outcome{v, v.Decision != catalog.Allow && ns.Policy.Gate.Exempts(account)}
}

// Verdict decides about one artifact. fresh tells that the verdict rests on
// findings and is not stored yet.
func (g *Gatekeeper) Verdict(ctx context.Context, pull catalog.Pull) (v catalog.Verdict, fresh bool, err error) {
	now := g.now()
	if !pull.Namespace.Policy.Block || !pull.Artifact.Kind.Scannable() || !pull.Reported {
		return gate.Decide(pull, nil, nil, now), false, nil
	}
	if pull.Verdict.Valid(pull.Namespace.Revision, now) {
		return pull.Verdict, false, nil
	}
	exposure, err := g.store.Exposure(ctx, pull.Artifact.ID)
	if err != nil {
		return catalog.Verdict{}, false, err
	}
	// Read after the policy: exceptions newer than its revision make a verdict
	// that is not used again, older ones would make one that is.
	exceptions, err := g.store.ArtifactExceptions(ctx, pull.Artifact.Key, pull.Artifact.Digest)
	if err != nil {
		return catalog.Verdict{}, false, err
	}
	v = gate.Decide(pull, exposure, exceptions, now)
	v.ScanID = pull.Verdict.ScanID
	return v, true, nil
}

// Manifest decides whether a manifest may leave for an account. If the namespace
// holds such pulls, it waits.
func (g *Gatekeeper) Manifest(ctx context.Context, pull catalog.Pull, account string) (outcome, error) {
	v, err := g.settle(ctx, pull)
	o := outcomeFor(v, pull.Namespace, account)
	if err != nil || o.passes() || v.Hold == 0 {
		return o, err
	}
	key, digest := pull.Artifact.Key, pull.Artifact.Digest
	err = g.holds.wait(ctx, key, func() (time.Duration, error) {
		// By digest: the answer is about what was asked for, wherever the tag may
		// have moved.
		pull, err := g.store.Pull(ctx, key, digest)
		if err != nil {
			return 0, err
		}
		if v, err = g.settle(ctx, pull); err != nil {
			return 0, err
		}
		o = outcomeFor(v, pull.Namespace, account)
		return v.Hold, nil
	})
	return o, err
}

// settle decides about one artifact and stores the verdict if it is fresh.
func (g *Gatekeeper) settle(ctx context.Context, pull catalog.Pull) (catalog.Verdict, error) {
	v, fresh, err := g.Verdict(ctx, pull)
	if err != nil || !fresh {
		return v, err
	}
	// Keeping it saves the next pull the work; this one does not depend on it.
	if err := g.store.SetVerdict(ctx, pull.Artifact.ID, v); err != nil && ctx.Err() == nil {
		g.log.Warn("verdict not stored", "repository", pull.Artifact.Key.String(), "digest", pull.Artifact.Digest, "error", err)
	}
	return v, nil
}

// settleUser is settle for one of the artifacts that use a blob. These come
// without tags, which the message of a stored verdict names.
func (g *Gatekeeper) settleUser(ctx context.Context, pull catalog.Pull) (catalog.Verdict, error) {
	if pull.Reported && !pull.Verdict.Valid(pull.Namespace.Revision, g.now()) {
		var err error
		if pull, err = g.store.Pull(ctx, pull.Artifact.Key, pull.Artifact.Digest); err != nil {
			return catalog.Verdict{}, err
		}
	}
	return g.settle(ctx, pull)
}

// Blob decides whether a blob may leave for an account. Where the namespace
// blocks, a blob leaves only if a manifest of the repository that refers to it
// may leave. If images refer to it, one of them must be free to leave: an
// artifact that nobody scans, made up around the layers of a blocked image, does
// not open the gate. It waits as Manifest does, if hold says so.
func (g *Gatekeeper) Blob(ctx context.Context, key catalog.RepositoryKey, digest, account string, hold bool) (outcome, error) {
	o, err := g.blob(ctx, key, digest, account)
	if err != nil || o.passes() || o.verdict.Hold == 0 || !hold {
		return o, err
	}
	err = g.holds.wait(ctx, key, func() (time.Duration, error) {
		var err error
		o, err = g.blob(ctx, key, digest, account)
		return o.verdict.Hold, err
	})
	return o, err
}

// blob is Blob without waiting.
func (g *Gatekeeper) blob(ctx context.Context, key catalog.RepositoryKey, digest, account string) (outcome, error) {
	ns, err := g.store.Namespace(ctx, key.InstanceID, key.Namespace)
	if err != nil || !ns.Policy.Block {
		return outcome{verdict: catalog.Verdict{Decision: catalog.Allow}}, err
	}
	pulls, err := g.store.BlobPulls(ctx, key, digest)
	if err != nil {
		return outcome{}, err
	}
	var u users
	for _, pull := range pulls {
		v, err := g.settleUser(ctx, pull)
		if catalog.Is(err, catalog.NotFound) {
			continue // deleted meanwhile
		}
		if err != nil {
			return outcome{}, err
		}
		if u.add(pull.Artifact.Kind, v); u.settled() {
			break
		}
	}
	return outcomeFor(u.verdict(gate.Loose(ns, key, digest)), ns, account), nil
}

// users are the verdicts on the artifacts that use a blob, as far as they count;
// nil where there is none.
type users struct {
	// image may leave, refused may not, other is no image and may leave.
	image, refused, other *catalog.Verdict
}

func (u *users) add(kind catalog.ArtifactKind, v catalog.Verdict) {
	switch {
	case v.Decision != catalog.Allow:
		u.refused = telling(u.refused, &v)
	case !kind.Scannable():
		u.other = &v
	case u.image == nil || u.image.WouldRefuse():
		u.image = &v
	}
}

// settled reports whether no other user can change the verdict.
func (u *users) settled() bool { return u.image != nil && !u.image.WouldRefuse() }

// verdict is the one on the blob; loose is that on a blob nobody uses.
func (u *users) verdict(loose catalog.Verdict) catalog.Verdict {
	for _, v := range []*catalog.Verdict{u.image, u.refused, u.other} {
		if v != nil {
			return *v
		}
	}
	return loose
}

// telling returns the refusal to tell of, of two: one that waiting may lift counts
// more than one it will not, and of the latter one that rests on findings.
func telling(a, b *catalog.Verdict) *catalog.Verdict {
	switch {
	case a == nil:
		return b
	case a.Hold != b.Hold:
		if a.Hold > b.Hold {
			return a
		}
		return b
	case b.Decision == catalog.Block:
		return b
	}
	return a
}

// refusal is the error for what does not pass: of kind Blocked, with the
// verdict's message. It tells the observer.
func (g *Gatekeeper) refusal(o outcome) error {
	if o.passes() {
		return nil
	}
	g.observe(o.verdict.Decision)
	return &catalog.Error{Kind: catalog.Blocked, Code: "pull_blocked", Message: o.verdict.Message, Err: refusedFor{o.verdict.Reason}}
}

// refusedFor is the reason of a verdict that refuses.
type refusedFor struct{ reason string }

func (r refusedFor) Error() string { return "refused: " + r.reason }

// passing reports whether the same pull may be answered otherwise soon, without
// anybody doing anything.
func (r refusedFor) passing() bool {
	return r.reason == gate.ReasonPending || r.reason == gate.ReasonRunning
}
