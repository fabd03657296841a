package api

import (
	"net/url"
	"strings"

	"github.com/pratique/pratique/internal/catalog"
)

// InNamespace is the part of a path that names a namespace.
type InNamespace struct {
	Namespace string `path:"namespace" doc:"Name of the namespace" example:"team"`
}

// InRepository is the part of a path that names a repository.
type InRepository struct {
	InNamespace
	Repository string `path:"repository" doc:"Name of the repository within its namespace; a \"/\" in it is sent as %2F or %252F" example:"backend/api"`
}

// InArtifact is the part of a path that names an artifact.
type InArtifact struct {
	InRepository
	Reference string `path:"reference" doc:"A tag or a digest" example:"1.0"`
}

// key checks and decodes the repository.
func (p InRepository) key(instanceID string) (catalog.RepositoryKey, error) {
	namespace, repository := decode(p.Namespace), decode(p.Repository)
	if err := catalog.CheckNamespaceName(namespace); err != nil {
		return catalog.RepositoryKey{}, err
	}
	if err := catalog.CheckRepositoryName(repository); err != nil {
		return catalog.RepositoryKey{}, err
	}
	return catalog.RepositoryKey{InstanceID: instanceID, Namespace: namespace, Repository: repository}, nil
}

// reference checks and decodes the tag or digest.
func (p InArtifact) reference() (string, error) {
	reference := decode(p.Reference)
	if !isDigest(reference) {
		return reference, catalog.CheckTag(reference)
	}
	alg, sum, _ := strings.Cut(reference, ":")
	if (alg == "sha256" && len(sum) == 64 || alg == "sha512" && len(sum) == 128) && strings.Trim(sum, "0123456789abcdef") == "" {
		return reference, nil
	}
	return "", catalog.Errorf(catalog.Invalid, "digest_invalid", "the digest in the path is not well formed").
		Advise("use sha256: or sha512: and the lower-case hexadecimal sum")
}

// isDigest tells a digest from a tag: no tag has a colon.
func isDigest(reference string) bool { return strings.Contains(reference, ":") }

// decode undoes the second of two encodings, which gateways that decode paths
// make necessary. No name has a "%" in it, so one that was encoded once is not
// changed. What cannot be decoded is left for the checks of names to refuse.
func decode(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	decoded, err := url.PathUnescape(s)
	if err != nil {
		return s
	}
	return decoded
}
