package registry

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/pratique/pratique/internal/blob"
	"github.com/pratique/pratique/internal/catalog"
)

// startUpload begins an upload, or saves the client one by a mount, or takes
// the whole blob at once.
func (reg *Registry) startUpload(req *request) error {
	ctx, query := req.r.Context(), req.r.URL.Query()
	if _, err := reg.Store.Namespace(ctx, req.key.InstanceID, req.key.Namespace); err != nil {
		return err
	}
	if digest := query.Get("mount"); digest != "" {
		if _, _, err := blob.ParseDigest(digest); err != nil {
			return err
		}
		mounted, err := reg.mount(req, digest, query.Get("from"))
		if err != nil {
			return err
		}
		if mounted {
			return req.created(digest)
		}
	}
	digest, alg := query.Get("digest"), blob.Algorithm(query.Get("digest-algorithm"))
	if digest != "" {
		var err error
		if alg, _, err = blob.ParseDigest(digest); err != nil {
			return err
		}
	}
	if !alg.Known() {
		alg = blob.SHA256
	}
	id, err := reg.newUpload(ctx, req.owner(), alg)
	if err != nil {
		return err
	}
	if digest == "" {
		return req.uploadState(http.StatusAccepted, id, 0)
	}
	_, err = reg.receive(req, id, blob.AtEnd)
	if err == nil {
		err = reg.commit(ctx, req, id, digest)
	}
	if err != nil {
		// The client knows no id to continue with.
		return errors.Join(err, ignoreUnknown(reg.Blobs.AbortUpload(context.WithoutCancel(ctx), id)))
	}
	return req.created(digest)
}

func (reg *Registry) newUpload(ctx context.Context, owner string, alg blob.Algorithm) (id string, err error) {
	n, err := reg.Blobs.Uploads(ctx)
	if err != nil {
		return "", err
	}
	if n >= reg.Limits.Uploads {
		return "", catalog.Errorf(catalog.Busy, "too_many_uploads", "%d uploads are unfinished", n).
			Advise("finish or cancel some, or wait until they expire")
	}
	return reg.Blobs.StartUpload(ctx, owner, alg)
}

// owner is whose the uploads of this request are.
func (req *request) owner() string { return req.key.InstanceID + "/" + req.key.String() }

// ownUpload returns the id of the upload the path names, if it belongs to the
// repository.
func (req *request) ownUpload() (id string, err error) {
	if !blob.OwnedBy(req.upload, req.owner()) {
		return "", catalog.Errorf(catalog.NotFound, "upload_unknown", "there is no upload %q in %s", clip(req.upload), req.key).
			Advise("start a new one")
	}
	return req.upload, nil
}

func (reg *Registry) uploadStatus(req *request) error {
	id, err := req.ownUpload()
	if err != nil {
		return err
	}
	size, err := reg.Blobs.UploadSize(req.r.Context(), id)
	if err != nil {
		return err
	}
	return req.uploadState(http.StatusNoContent, id, size)
}

// patchUpload adds a chunk, or as much as the client streams.
func (reg *Registry) patchUpload(req *request) error {
	id, err := req.ownUpload()
	if err != nil {
		return err
	}
	size, err := reg.receiveChunk(req, id)
	if err != nil {
		return err
	}
	return req.uploadState(http.StatusAccepted, id, size)
}

// putUpload completes an upload. The body may hold its last chunk, or all.
func (reg *Registry) putUpload(req *request) error {
	id, err := req.ownUpload()
	if err != nil {
		return err
	}
	digest := req.r.URL.Query().Get("digest")
	if _, _, err := blob.ParseDigest(digest); err != nil {
		return err
	}
	if _, err := reg.receiveChunk(req, id); err != nil {
		return err
	}
	if err := reg.commit(req.r.Context(), req, id, digest); err != nil {
		return err
	}
	return req.created(digest)
}

func (reg *Registry) cancelUpload(req *request) error {
	id, err := req.ownUpload()
	if err != nil {
		return err
	}
	if err := reg.Blobs.AbortUpload(req.r.Context(), id); err != nil {
		return err
	}
	req.w.WriteHeader(http.StatusNoContent)
	return nil
}

// receiveChunk adds the body where its Content-Range says, or at the end if it
// has none. What does not follow on the upload is a blob.RangeError.
func (reg *Registry) receiveChunk(req *request, id string) (size int64, err error) {
	header := req.r.Header.Get("Content-Range")
	if header == "" {
		return reg.receive(req, id, blob.AtEnd)
	}
	chunk, err := parseContentRange(header)
	if err != nil {
		return 0, err
	}
	if n := req.r.ContentLength; n >= 0 && n != chunk.length() {
		return 0, catalog.Errorf(catalog.Invalid, "size_mismatch", "the chunk has %d bytes, but its range %s is %d long", n, clip(header), chunk.length())
	}
	size, err = reg.receive(req, id, chunk.first)
	var disorder *blob.RangeError
	if errors.As(err, &disorder) {
		req.setUploadHeaders(id, disorder.Size)
	}
	if err == nil && size != chunk.last+1 {
		err = catalog.Errorf(catalog.Invalid, "size_mismatch", "the chunk has %d bytes, but its range %s is %d long", size-chunk.first, clip(header), chunk.length()).
			Advise("ask for the upload's status and continue from there")
	}
	return size, err
}

// receive adds the body to an upload. An upload that grows too large is thrown
// away.
func (reg *Registry) receive(req *request, id string, offset int64) (size int64, err error) {
	ctx := req.r.Context()
	if size, err = reg.Blobs.UploadSize(ctx, id); err != nil {
		return 0, err
	}
	release, err := reg.stream()
	if err != nil {
		return 0, err
	}
	defer release()
	tooLarge := catalog.Errorf(catalog.TooLarge, "blob_too_large", "the blob is larger than %d bytes", reg.Limits.Blob).
		Advise("split the layer")
	size, err = reg.Blobs.AppendUpload(ctx, id, offset, reg.newBody(req, reg.Limits.Blob-size, tooLarge))
	if errors.Is(err, tooLarge) {
		err = errors.Join(err, ignoreUnknown(reg.Blobs.AbortUpload(context.WithoutCancel(ctx), id)))
	}
	return size, err
}

// stream takes a place among the bodies being received; release gives it back.
func (reg *Registry) stream() (release func(), err error) {
	select {
	case reg.streams <- struct{}{}:
		return func() { <-reg.streams }, nil
	default:
		return nil, catalog.Errorf(catalog.Busy, "too_many_streams", "the registry is receiving as much as it can").
			Advise("try again in a moment")
	}
}

// commit makes an upload a blob of the repository.
func (reg *Registry) commit(ctx context.Context, req *request, id, digest string) error {
	size, err := reg.Blobs.CommitUpload(ctx, id, digest)
	if err != nil {
		return err
	}
	return reg.Store.AddBlob(ctx, req.key, digest, size)
}

// created answers that a blob is in the repository now.
func (req *request) created(digest string) error {
	h := req.w.Header()
	h.Set("Location", "/v2/"+req.key.String()+"/blobs/"+digest)
	h.Set("Docker-Content-Digest", digest)
	req.w.WriteHeader(http.StatusCreated)
	return nil
}

// uploadState answers where an upload is continued and what has arrived.
func (req *request) uploadState(status int, id string, size int64) error {
	req.setUploadHeaders(id, size)
	req.w.WriteHeader(status)
	return nil
}

// setUploadHeaders: Range is inclusive at both ends, so an empty upload looks
// as if it had one byte. That is what all registries do.
func (req *request) setUploadHeaders(id string, size int64) {
	h := req.w.Header()
	h.Set("Location", "/v2/"+req.key.String()+"/blobs/uploads/"+id)
	h.Set("Docker-Upload-Uuid", id)
	h.Set("Range", "0-"+strconv.FormatInt(max(size-1, 0), 10))
}

func ignoreUnknown(err error) error {
	if catalog.Is(err, catalog.NotFound) {
		return nil
	}
	return err
}
