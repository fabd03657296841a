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
// costs one read. Where there is none, or the policy has changed, or the
// allowlist has expired, it is made from the findings of the last successful
// scan and stored.
type Gatekeeper struct {
	store gateStore
	now   func() time.Time
	log   *slog.Logger
	// observe is told of refusals.
	observe func(catalog.Decision)
}

type gateStore interface {
	namespaces
	verdicts
	Pull(ctx context.Context, key catalog.RepositoryKey, reference string) (catalog.Pull, error)
}

// NewGatekeeper makes a gatekeeper. now is the clock; refused is told of each
// refusal.
func NewGatekeeper(store gateStore, now func() time.Time, log *slog.Logger, refused func(catalog.Decision)) *Gatekeeper {
	return &Gatekeeper{store: store, now: now, log: log, observe: refused}
}

// Verdict decides about one artifact. fresh tells that the verdict rests on
// findings and is not stored yet.
func (g *Gatekeeper) Verdict(ctx context.Context, pull catalog.Pull) (v catalog.Verdict, fresh bool, err error) {
	now := g.now()
	if !pull.Namespace.Policy.Block || !pull.Artifact.Kind.Scannable() || !pull.Reported {
		return gate.Decide(pull, nil, now), false, nil
	}
	if pull.Verdict.Valid(pull.Namespace.Revision, now) {
		return pull.Verdict, false, nil
	}
	exposure, err := g.store.Exposure(ctx, pull.Artifact.ID)
	if err != nil {
		return catalog.Verdict{}, false, err
	}
	v = gate.Decide(pull, exposure, now)
	v.ScanID = pull.Verdict.ScanID
	return v, true, nil
}

// Manifest refuses a manifest that may not leave: an error of kind Blocked with
// the verdict's message.
func (g *Gatekeeper) Manifest(ctx context.Context, pull catalog.Pull) error {
	v, err := g.settle(ctx, pull)
	if err != nil || v.Decision == catalog.Allow {
		return err
	}
	return g.refuse(v)
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

// Blob refuses a blob that may not leave. Where the namespace blocks, a blob
// leaves only if a manifest of the repository that refers to it may leave. If
// images refer to it, one of them must be free to leave: an artifact that
// nobody scans, made up around the layers of a blocked image, does not open the
// gate.
func (g *Gatekeeper) Blob(ctx context.Context, key catalog.RepositoryKey, digest string) error {
	ns, err := g.store.Namespace(ctx, key.InstanceID, key.Namespace)
	if err != nil || !ns.Policy.Block {
		return err
	}
	pulls, err := g.store.BlobPulls(ctx, key, digest)
	if err != nil {
		return err
	}
	var reason *catalog.Verdict
	others := false
	for _, pull := range pulls {
		v, err := g.settleUser(ctx, pull)
		switch {
		case catalog.Is(err, catalog.NotFound): // deleted meanwhile
		case err != nil:
			return err
		case v.Decision != catalog.Allow:
			if reason == nil || v.Decision == catalog.Block {
				reason = &v
			}
		case pull.Artifact.Kind.Scannable():
			return nil
		default:
			others = true
		}
	}
	switch {
	case reason != nil:
		return g.refuse(*reason)
	case others:
		return nil
	}
	return g.refuse(catalog.Verdict{
		Decision: catalog.Undecided,
		Message: "no image in " + key.String() + " uses the blob " + digest +
			", and namespace " + key.Namespace + " lets only content leave that was scanned; push the image's manifest, too",
	})
}

// refuse makes the error for a verdict that is not Allow.
func (g *Gatekeeper) refuse(v catalog.Verdict) error {
	g.observe(v.Decision)
	return &catalog.Error{Kind: catalog.Blocked, Code: "pull_blocked", Message: v.Message, Err: refusedFor{v.Reason}}
}

// refusedFor is the reason of a verdict that refuses, for the record.
type refusedFor struct{ reason string }

func (r refusedFor) Error() string { return "refused: " + r.reason }
