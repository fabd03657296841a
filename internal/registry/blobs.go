package registry

import (
	"context"
	"net/http"
	"time"

	"github.com/pratique/pratique/internal/access"
	"github.com/pratique/pratique/internal/catalog"
)

// getBlob serves GET and HEAD, also of parts.
func (reg *Registry) getBlob(req *request) error {
	ctx := req.r.Context()
	if _, err := reg.Store.BlobLink(ctx, req.key, req.digest); err != nil {
		return err
	}
	if req.r.Method != http.MethodHead || !req.isPusher() {
		o, err := reg.gate.Blob(ctx, req.key, req.digest, req.actor.Name, true)
		if err == nil {
			err = reg.admit(req, 0, req.digest, o)
		}
		if err != nil {
			return err
		}
	}
	content, err := reg.Blobs.Get(ctx, req.digest)
	if err != nil {
		if catalog.Is(err, catalog.NotFound) {
			reg.log.Error("the content of a blob is missing; push it again", "repository", req.key.String(), "digest", req.digest)
		}
		return err
	}
	defer content.Close()
	h := req.w.Header()
	h.Set("Docker-Content-Digest", req.digest)
	h.Set("Etag", `"`+req.digest+`"`)
	h.Set("Content-Type", "application/octet-stream")
	setPrivate(h)
	http.ServeContent(req.w, req.r, "", time.Time{}, content)
	return nil
}

// deleteBlob takes a blob out of the repository.
func (reg *Registry) deleteBlob(req *request) error {
	if err := reg.Store.DeleteBlobLink(req.r.Context(), req.key, req.digest); err != nil {
		return err
	}
	req.w.WriteHeader(http.StatusAccepted)
	return nil
}

// maxMountSources bounds in how many repositories a blob is looked for that is
// to be mounted from anywhere.
const maxMountSources = 32

// mount tries to link a blob from another repository; from may be empty for any.
// Where the actor may not pull from there, or the blob may not leave there, or
// is not there, it is not mounted, and the client has to upload it.
func (reg *Registry) mount(req *request, digest, from string) (mounted bool, err error) {
	ctx := req.r.Context()
	sources, err := reg.mountSources(ctx, req, digest, from)
	if err != nil {
		return false, err
	}
	for _, source := range sources {
		mounted, err := reg.mountFrom(req, source, digest)
		if mounted || err != nil && !catalog.Is(err, catalog.NotFound) {
			return mounted, err
		}
	}
	return false, nil
}

// mountFrom is mount for one source. It does not wait for scans: a client that
// is not given the blob uploads it.
func (reg *Registry) mountFrom(req *request, source catalog.RepositoryKey, digest string) (mounted bool, err error) {
	ctx := req.r.Context()
	if ok, err := reg.can(req, req.actor, access.Pull, source); !ok || err != nil {
		return false, err
	}
	if _, err := reg.Store.BlobLink(ctx, source, digest); err != nil {
		return false, err
	}
	o, err := reg.gate.Blob(ctx, source, digest, req.actor.Name, false)
	if err != nil {
		return false, err
	}
	if !o.passes() {
		_ = reg.gate.refusal(o) // for the observer
		return false, nil
	}
	from := *req
	from.key = source
	if err := reg.admit(&from, 0, digest, o); err != nil {
		return false, err
	}
	err = reg.Store.MountBlob(ctx, source, req.key, digest)
	return err == nil, err
}

func (reg *Registry) mountSources(ctx context.Context, req *request, digest, from string) ([]catalog.RepositoryKey, error) {
	if from == "" {
		sources, err := reg.Store.BlobSources(ctx, req.key.InstanceID, digest)
		return sources[:min(len(sources), maxMountSources)], err
	}
	namespace, repository, err := catalog.SplitName(from)
	if err != nil {
		return nil, nil // nothing can be there
	}
	return []catalog.RepositoryKey{{InstanceID: req.key.InstanceID, Namespace: namespace, Repository: repository}}, nil
}
