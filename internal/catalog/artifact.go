package catalog

import "time"

// RepositoryKey addresses a repository by name.
type RepositoryKey struct {
	InstanceID string
	Namespace  string
	Repository string
}

// String returns "namespace/repository".
func (k RepositoryKey) String() string { return k.Namespace + "/" + k.Repository }

// Repository is a named set of artifacts.
type Repository struct {
	ID          int64
	NamespaceID int64
	Namespace   string
	Name        string
	Artifacts   int
	Tags        int
	CreatedAt   time.Time
	UpdatedAt   time.Time
}

// RepositorySummary is a repository with how its images stand.
type RepositorySummary struct {
	Repository
	// PushedAt is when a manifest was pushed last; zero if there is none.
	PushedAt time.Time
	Standing Standing
}

// ArtifactKind says what a manifest describes, as far as scans and the gate
// care.
type ArtifactKind string

const (
	// KindImage is a container image for one platform.
	KindImage ArtifactKind = "image"
	// KindIndex is an image index or manifest list.
	KindIndex ArtifactKind = "index"
	// KindChart is a Helm chart.
	KindChart ArtifactKind = "chart"
	// KindSignature is a cosign signature or attestation.
	KindSignature ArtifactKind = "signature"
	// KindOther is anything else: an artifact nobody runs.
	KindOther ArtifactKind = "other"
)

// Scannable reports whether a scan can look into artifacts of this kind.
func (k ArtifactKind) Scannable() bool { return k == KindImage }

// Descriptor refers to content by digest, as in the OCI image specification.
type Descriptor struct {
	MediaType    string            `json:"mediaType"`
	Digest       string            `json:"digest"`
	Size         int64             `json:"size"`
	ArtifactType string            `json:"artifactType,omitempty"`
	Annotations  map[string]string `json:"annotations,omitempty"`
	// Platform is set for members of an index: "linux/amd64".
	Platform string `json:"-"`
}

// Artifact is a manifest in a repository.
type Artifact struct {
	ID           int64
	RepositoryID int64
	NamespaceID  int64
	Key          RepositoryKey
	Digest       string
	MediaType    string
	// ArtifactType is what the manifest's artifactType says, or else its
	// config's media type (referrers are filtered by it).
	ArtifactType string
	Kind         ArtifactKind
	// Size is that of the manifest and of all it refers to directly, in bytes.
	Size    int64
	Subject string
	Tags    []string
	// Tagged says that a tag names it, Member that an index of its repository
	// does.
	Tagged, Member bool
	// Platform is that of an image, "os/architecture"; empty where it is not
	// known, as of images pushed to an earlier version of the program.
	Platform string
	PushedAt time.Time
	// FirstPulledAt and PulledAt are when it was pulled first and last; zero if
	// nobody has pulled it yet.
	FirstPulledAt time.Time
	PulledAt      time.Time
}

// Name is how messages name it: by its first tag, or else by its digest.
func (a Artifact) Name() string {
	if len(a.Tags) > 0 {
		return a.Key.String() + ":" + a.Tags[0]
	}
	return a.Key.String() + "@" + a.Digest
}

// ManifestPush is what it takes to accept a manifest.
type ManifestPush struct {
	Key       RepositoryKey
	Digest    string
	MediaType string
	Content   []byte
	// Tag is empty for a push by digest.
	Tag          string
	ArtifactType string
	Annotations  map[string]string
	Kind         ArtifactKind
	// Blobs are config and layers; every one must be in the repository, except
	// those whose media type says they are not distributable.
	Blobs []Descriptor
	// Manifests are the members of an index; they must be in the repository.
	Manifests []Descriptor
	// Subject is the digest of the manifest this one refers to, if any. It
	// need not exist.
	Subject string
	// Stack is that of an image; zero where it is not known.
	Stack Stack
	// Attachments are what it says about its subject, or about what its tag names
	// as cosign does ("sha256-….att"); without Artifact and Subject.
	Attachments []Attachment
}

// Stack identifies the layers of an image as a whole, so that it is recognised
// in images that were built on it.
type Stack struct {
	// ChainID names the layers, in order, see image.ChainIDs; Layers counts them.
	ChainID string
	Layers  int
	// Platform is "os/architecture" or "os/architecture/variant".
	Platform string
}

// BaseImage is an image of a registry that others may be built on.
type BaseImage struct {
	ArtifactID   int64
	RepositoryID int64
	Key          RepositoryKey
	// Registry is the host name of its instance; empty where it has none of its
	// own.
	Registry string
	Digest   string
	// Tag is the one that told most of those it ever had, by itself or through
	// an index. It may name another image by now. Empty if it never had any.
	Tag string
	// Tags name it today, by itself or through an index, sorted.
	Tags  []string
	Stack Stack
}

// TagInfo is a tag with what it names.
type TagInfo struct {
	Name     string
	Digest   string
	PushedAt time.Time
}

// Page selects part of a listing: up to Limit entries (1 to 1000) whose names
// sort after After.
type Page struct {
	After string
	Limit int
}
