package registry

import (
	"strings"

	"github.com/pratique/pratique/internal/blob"
	"github.com/pratique/pratique/internal/catalog"
)

// endpoint is a kind of resource under /v2/.
type endpoint int

const (
	endpointBase endpoint = iota
	endpointCatalog
	endpointTags
	endpointManifest
	endpointBlob
	endpointUploads
	endpointUpload
	endpointReferrers
)

// target is what the path of a request names. All of it has been checked.
type target struct {
	endpoint endpoint
	// namespace and repository are empty for endpointBase and endpointCatalog.
	namespace  string
	repository string
	// tag is set for endpointManifest, if the path has no digest.
	tag string
	// digest is set for endpointManifest, endpointBlob and endpointReferrers.
	digest string
	// upload is the id for endpointUpload. It is as the client sent it.
	upload string
}

// reference is the tag or the digest.
func (t target) reference() string { return t.tag + t.digest }

// parsePath reads a path. As names may contain slashes and any word in between,
// what a path names is told by its end:
//
//	/v2/
//	/v2/_catalog
//	/v2/NAME/tags/list
//	/v2/NAME/manifests/TAG-OR-DIGEST
//	/v2/NAME/blobs/DIGEST
//	/v2/NAME/blobs/uploads/
//	/v2/NAME/blobs/uploads/ID
//	/v2/NAME/referrers/DIGEST
//
// The error says which part is not what it should be; a path of no such form is
// NotFound, "path_unknown".
func parsePath(path string) (target, error) {
	switch path {
	case "/v2", "/v2/":
		return target{endpoint: endpointBase}, nil
	case "/v2/_catalog":
		return target{endpoint: endpointCatalog}, nil
	}
	rest, ok := strings.CutPrefix(path, "/v2/")
	if !ok {
		return target{}, unknownPath(path)
	}
	if name, ok := strings.CutSuffix(rest, "/blobs/uploads"); ok {
		return named(target{endpoint: endpointUploads}, name)
	}
	parent, last, ok := cutLast(rest)
	if !ok {
		return target{}, unknownPath(path)
	}
	name, word, ok := cutLast(parent)
	if !ok {
		return target{}, unknownPath(path)
	}
	switch word {
	case "manifests":
		return manifestTarget(name, last)
	case "blobs":
		return digestTarget(endpointBlob, name, last)
	case "referrers":
		return digestTarget(endpointReferrers, name, last)
	case "tags":
		if last == "list" {
			return named(target{endpoint: endpointTags}, name)
		}
	case "uploads":
		if name, ok := strings.CutSuffix(name, "/blobs"); ok {
			if last == "" {
				return named(target{endpoint: endpointUploads}, name)
			}
			return named(target{endpoint: endpointUpload, upload: last}, name)
		}
	}
	return target{}, unknownPath(path)
}

func manifestTarget(name, reference string) (target, error) {
	// No tag contains a colon, every digest does.
	if strings.Contains(reference, ":") {
		return digestTarget(endpointManifest, name, reference)
	}
	if err := catalog.CheckTag(reference); err != nil {
		return target{}, err
	}
	return named(target{endpoint: endpointManifest, tag: reference}, name)
}

func digestTarget(e endpoint, name, digest string) (target, error) {
	if _, _, err := blob.ParseDigest(digest); err != nil {
		return target{}, err
	}
	return named(target{endpoint: e, digest: digest}, name)
}

// named adds the checked name to t.
func named(t target, name string) (target, error) {
	var err error
	if t.namespace, t.repository, err = catalog.SplitName(name); err != nil {
		return target{}, err
	}
	return t, nil
}

// cutLast cuts at the last slash.
func cutLast(s string) (before, after string, ok bool) {
	i := strings.LastIndexByte(s, '/')
	if i < 0 {
		return "", s, false
	}
	return s[:i], s[i+1:], true
}

func unknownPath(path string) error {
	if len(path) > 200 {
		path = path[:200] + "…"
	}
	return catalog.Errorf(catalog.NotFound, "path_unknown", "%q is no path of the registry API", path)
}
