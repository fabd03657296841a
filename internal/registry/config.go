package registry

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/pratique/pratique/internal/access"
	"github.com/pratique/pratique/internal/blob"
	"github.com/pratique/pratique/internal/catalog"
)

// Config is what a Registry is made of. Store, Blobs, Access and Instance are
// required.
type Config struct {
	Store  Store
	Blobs  Blobs
	Access *access.Authenticator
	// Instance chooses the instance a request is for, by its host name.
	Instance func(*http.Request) (catalog.Instance, error)
	Limits   Limits
	// Logger gets what clients are not told; nil for slog.Default.
	Logger *slog.Logger
	// OnPush, if not nil, is called after a manifest was accepted and before it
	// is acknowledged; created tells whether it was not there before. It must
	// return soon.
	OnPush func(ctx context.Context, a catalog.Artifact, created bool)
	// ObservePull, if not nil, is told each decision about content that was
	// asked for: Allow once for a manifest that is served, anything else for
	// each request that is refused.
	ObservePull func(catalog.Decision)
	// Audit, if not nil, is told who pulled, pushed and deleted what, and who was
	// refused. It must return soon.
	Audit func(catalog.AuditEntry)
	// Now is the clock; nil for time.Now.
	Now func() time.Time
}

// Limits bound what one request may cost. Zero fields take the default.
type Limits struct {
	// Manifest is the largest manifest in bytes: 4 MiB, which is also the least
	// that the specification wants.
	Manifest int64
	// Descriptors is how many layers or members a manifest may have: 4096.
	Descriptors int
	// Blob is the largest blob in bytes: 64 GiB.
	Blob int64
	// Streams is how many request bodies are received at the same time: 256.
	Streams int
	// Uploads is how many uploads may be unfinished at the same time: 10000.
	Uploads int
	// Held is how many pulls may wait for the end of a scan at the same time: 256.
	// What is beyond is refused at once.
	Held int
	// Idle is how long a client may neither send nor take anything of a body: one
	// minute. There is no limit on how long a body takes as a whole.
	Idle time.Duration
}

func (l Limits) withDefaults() Limits {
	l.Manifest = orDefault(l.Manifest, 4<<20)
	l.Descriptors = orDefault(l.Descriptors, 4096)
	l.Blob = orDefault(l.Blob, 64<<30)
	l.Streams = orDefault(l.Streams, 256)
	l.Uploads = orDefault(l.Uploads, 10_000)
	l.Held = orDefault(l.Held, 256)
	l.Idle = orDefault(l.Idle, time.Minute)
	return l
}

func orDefault[T int | int64 | time.Duration](v, def T) T {
	if v <= 0 {
		return def
	}
	return v
}

// Store is what the registry needs of package store, which says what the
// methods promise.
type Store interface {
	namespaces
	blobLinks
	manifests
	listings
	verdicts
	eventStore
}

type namespaces interface {
	Namespace(ctx context.Context, instanceID, name string) (catalog.Namespace, error)
}

type blobLinks interface {
	AddBlob(ctx context.Context, key catalog.RepositoryKey, digest string, size int64) error
	BlobLink(ctx context.Context, key catalog.RepositoryKey, digest string) (size int64, err error)
	MountBlob(ctx context.Context, from, to catalog.RepositoryKey, digest string) error
	DeleteBlobLink(ctx context.Context, key catalog.RepositoryKey, digest string) error
	BlobSources(ctx context.Context, instanceID, digest string) ([]catalog.RepositoryKey, error)
}

type manifests interface {
	PutManifest(ctx context.Context, push catalog.ManifestPush) (a catalog.Artifact, created bool, err error)
	Pull(ctx context.Context, key catalog.RepositoryKey, reference string) (catalog.Pull, error)
	DeleteManifest(ctx context.Context, key catalog.RepositoryKey, digest string) error
	DeleteTag(ctx context.Context, key catalog.RepositoryKey, tag string) error
}

type listings interface {
	RepositoryNames(ctx context.Context, instanceID string, see catalog.Visibility, page catalog.Page) ([]string, error)
	Tags(ctx context.Context, key catalog.RepositoryKey, page catalog.Page) ([]string, error)
	Referrers(ctx context.Context, key catalog.RepositoryKey, subject, artifactType string) ([]catalog.Descriptor, error)
	Members(ctx context.Context, artifactID int64) ([]catalog.Descriptor, error)
	RecordPulls(ctx context.Context, records []catalog.PullRecord) error
	EmitPulls(ctx context.Context, pulls []catalog.Event) error
}

type verdicts interface {
	BlobPulls(ctx context.Context, key catalog.RepositoryKey, digest string) ([]catalog.Pull, error)
	Exposure(ctx context.Context, artifactID int64) ([]catalog.Exposure, error)
	ArtifactExceptions(ctx context.Context, key catalog.RepositoryKey, digest string) ([]catalog.Exception, error)
	SetVerdict(ctx context.Context, artifactID int64, v catalog.Verdict) error
}

// Blobs is what the registry needs of a store of blobs; package blob says what
// the methods promise.
type Blobs interface {
	Get(ctx context.Context, digest string) (blob.Reader, error)
	StartUpload(ctx context.Context, owner string, alg blob.Algorithm) (id string, err error)
	UploadSize(ctx context.Context, id string) (int64, error)
	AppendUpload(ctx context.Context, id string, offset int64, r io.Reader) (size int64, err error)
	CommitUpload(ctx context.Context, id, digest string) (size int64, err error)
	AbortUpload(ctx context.Context, id string) error
	Uploads(ctx context.Context) (int, error)
}
