package registry

import (
	"bytes"
	"context"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/pratique/pratique/internal/access"
	"github.com/pratique/pratique/internal/blob"
	"github.com/pratique/pratique/internal/catalog"
)

// maxTagParameters is how many tags a push by digest may set at once.
const maxTagParameters = 32

// getManifest serves GET and HEAD.
func (reg *Registry) getManifest(req *request) error {
	ctx, head := req.r.Context(), req.r.Method == http.MethodHead
	pull, err := reg.Store.Pull(ctx, req.key, req.reference())
	if err != nil {
		return err
	}
	if pull, err = reg.negotiate(req, pull); err != nil {
		return err
	}
	if !head || !req.isPusher() {
		o, err := reg.gate.Manifest(ctx, pull, req.actor.Name)
		if err == nil {
			err = reg.admit(req, pull.Artifact.ID, pull.Artifact.Digest, o)
		}
		if err != nil {
			return err
		}
	}
	if !head {
		reg.ObservePull(catalog.Allow)
		reg.audit(req, access.Pull, nil) // on record before the client has it
		reg.record.pulled(pull.Artifact.ID, reg.Now())
	}
	w, h := req.w, req.w.Header()
	h.Set("Docker-Content-Digest", pull.Artifact.Digest)
	h.Set("Etag", `"`+pull.Artifact.Digest+`"`)
	h.Set("Content-Type", pull.Artifact.MediaType)
	h.Set("Vary", "Accept")
	setPrivate(h)
	if matchesETag(req.r.Header.Get("If-None-Match"), pull.Artifact.Digest) {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	h.Set("Content-Length", strconv.Itoa(len(pull.Content)))
	w.WriteHeader(http.StatusOK)
	if !head {
		_, _ = w.Write(pull.Content) // a client that went away is no error of ours
	}
	return nil
}

// admit records what the gate said to a request, where that is more than that
// it passes, and returns the refusal. artifactID is 0 for a blob: of those that
// pass because nothing is refused only the manifest is told.
func (reg *Registry) admit(req *request, artifactID int64, digest string, o outcome) error {
	kind := catalog.EventBlocked
	switch {
	case o.exempt:
		kind = catalog.EventExempted
	case o.verdict.WouldRefuse() && artifactID != 0:
		kind = catalog.EventReported
	case o.passes():
		return nil
	default:
		reg.record.refused(artifactID)
	}
	reg.record.happened(incident{kind, req.key, digest, req.actor.Name, o.verdict.Reason, o.verdict.Message})
	return reg.gate.refusal(o)
}

// setPrivate keeps caches from answering in place of the gate.
func setPrivate(h http.Header) { h.Set("Cache-Control", "private, no-cache") }

func matchesETag(header, digest string) bool {
	for tag := range strings.SplitSeq(header, ",") {
		if strings.Trim(strings.TrimPrefix(strings.TrimSpace(tag), "W/"), `"`) == digest {
			return true
		}
	}
	return false
}

// negotiate returns what the client gets where it does not take all kinds of
// manifests: for an index by tag that is the member for linux/amd64, as with
// Docker's registry, since the clients in question can do nothing else.
func (reg *Registry) negotiate(req *request, pull catalog.Pull) (catalog.Pull, error) {
	accept := req.r.Header.Values("Accept")
	if accepts(accept, pull.Artifact.MediaType) {
		return pull, nil
	}
	if pull.Artifact.Kind == catalog.KindIndex && req.tag != "" {
		members, err := reg.Store.Members(req.r.Context(), pull.Artifact.ID)
		if err != nil {
			return pull, err
		}
		for _, m := range members {
			if m.Platform == "linux/amd64" && accepts(accept, m.MediaType) {
				return reg.Store.Pull(req.r.Context(), req.key, m.Digest)
			}
		}
	}
	return pull, catalog.Errorf(catalog.NotFound, "manifest_not_acceptable", "%s in %s is of type %s, which the client does not accept",
		req.reference(), req.key, pull.Artifact.MediaType).Advise("use a newer client, or one for this type of content")
}

// accepts reports whether the values of Accept headers allow a media type.
func accepts(headers []string, mediaType string) bool {
	stated := false
	for _, header := range headers {
		for part := range strings.SplitSeq(header, ",") {
			accepted, params, err := mime.ParseMediaType(part)
			if err != nil {
				continue // what cannot be read restricts nothing
			}
			stated = true
			if q, err := strconv.ParseFloat(params["q"], 64); err == nil && q == 0 {
				continue
			}
			if accepted == "*/*" || accepted == "application/*" || accepted == mediaType {
				return true
			}
		}
	}
	return !stated
}

// putManifest accepts a manifest.
func (reg *Registry) putManifest(req *request) error {
	raw, err := reg.readManifest(req)
	if err != nil {
		return err
	}
	digest, err := checkPushedDigest(raw, req.digest)
	if err != nil {
		return err
	}
	tags, err := pushedTags(req)
	if err != nil {
		return err
	}
	m, err := parseManifest(raw, req.r.Header.Get("Content-Type"), reg.Limits.Descriptors)
	if err != nil {
		return err
	}
	push := m.push(req.key, digest, "", raw)
	if err := reg.checkReferences(req.r.Context(), push); err != nil {
		return err
	}
	if push.Kind, err = reg.kind(req.r.Context(), m); err != nil {
		return err
	}
	push.Stack = reg.stack(req.r.Context(), m, push)
	if push.Attachments, err = reg.attachments(req.r.Context(), m); err != nil {
		return err
	}
	if err := reg.accept(req.r.Context(), push, tags); err != nil {
		return err
	}
	h := req.w.Header()
	h.Set("Location", "/v2/"+req.key.String()+"/manifests/"+digest)
	h.Set("Docker-Content-Digest", digest)
	if push.Subject != "" {
		h.Set("OCI-Subject", push.Subject)
	}
	for _, tag := range tags {
		h.Add("OCI-Tag", tag)
	}
	req.w.WriteHeader(http.StatusCreated)
	return nil
}

// accept stores the manifest once per tag, or once without.
func (reg *Registry) accept(ctx context.Context, push catalog.ManifestPush, tags []string) error {
	if len(tags) == 0 {
		tags = []string{""}
	}
	for _, tag := range tags {
		push.Tag = tag
		artifact, created, err := reg.Store.PutManifest(ctx, push)
		if err != nil {
			return err
		}
		reg.OnPush(ctx, artifact, created)
	}
	return nil
}

func (reg *Registry) readManifest(req *request) ([]byte, error) {
	limit := reg.Limits.Manifest
	tooLarge := catalog.Errorf(catalog.TooLarge, "manifest_too_large", "the manifest is larger than %d bytes", limit).
		Advise("move what annotations hold into a layer or an artifact of its own")
	if req.r.ContentLength > limit {
		return nil, tooLarge
	}
	release, err := reg.stream()
	if err != nil {
		return nil, err
	}
	defer release()
	var b bytes.Buffer
	b.Grow(int(max(req.r.ContentLength, 0)) + bytes.MinRead)
	if _, err := b.ReadFrom(reg.newBody(req, limit, tooLarge)); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// checkPushedDigest returns the digest of a manifest: the one it was pushed by,
// if it fits, else its sha256 digest.
func checkPushedDigest(raw []byte, digest string) (string, error) {
	if digest == "" {
		return blob.SHA256.Of(raw), nil
	}
	alg, _, err := blob.ParseDigest(digest)
	if err != nil {
		return "", err
	}
	if got := alg.Of(raw); got != digest {
		return "", catalog.Errorf(catalog.Invalid, "digest_mismatch", "the manifest has the digest %s, not %s as announced", got, digest)
	}
	return digest, nil
}

// pushedTags are the tag in the path and those in parameters, each once.
func pushedTags(req *request) ([]string, error) {
	var tags []string
	if req.tag != "" {
		tags = append(tags, req.tag)
	}
	for _, tag := range req.r.URL.Query()["tag"] {
		if err := catalog.CheckTag(tag); err != nil {
			return nil, err
		}
		if !slices.Contains(tags, tag) {
			tags = append(tags, tag)
		}
		if len(tags) > maxTagParameters {
			return nil, catalog.Errorf(catalog.Invalid, "too_many_tags", "more than %d tags in one push", maxTagParameters).
				Advise("push the manifest again with the others")
		}
	}
	return tags, nil
}

// checkReferences checks that all a manifest refers to is in the repository and
// has the size the manifest says. The error names everything that is missing.
// The store checks for what is missing again when it accepts the manifest.
func (reg *Registry) checkReferences(ctx context.Context, push catalog.ManifestPush) error {
	var missing []string
	check := func(d catalog.Descriptor, size int64, err error) error {
		switch {
		case catalog.Is(err, catalog.NotFound):
			if !slices.Contains(missing, d.Digest) {
				missing = append(missing, d.Digest)
			}
			return nil
		case err == nil && size != d.Size:
			return invalidManifest("the manifest says that %s has %d bytes, but it has %d", d.Digest, d.Size, size)
		}
		return err
	}
	for _, d := range push.Blobs {
		if isForeign(d.MediaType) {
			continue
		}
		size, err := reg.Store.BlobLink(ctx, push.Key, d.Digest)
		if err := check(d, size, err); err != nil {
			return err
		}
	}
	for _, d := range push.Manifests {
		pull, err := reg.Store.Pull(ctx, push.Key, d.Digest)
		if err := check(d, int64(len(pull.Content)), err); err != nil {
			return err
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return missingReferences(push.Key, missing)
}

func missingReferences(key catalog.RepositoryKey, missing []string) error {
	const shown = 10
	names, more := missing, ""
	if len(names) > shown {
		names, more = names[:shown], " and "+strconv.Itoa(len(missing)-shown)+" more"
	}
	return detailed{
		catalog.Errorf(catalog.NotFound, "manifest_blob_unknown", "the manifest refers to what is not in %s: %s%s",
			key, strings.Join(names, ", "), more).Advise("push it first"),
		map[string]any{"missing": missing},
	}
}

// isForeign reports whether layers of the type need not be in the registry:
// their owners do not allow it.
func isForeign(mediaType string) bool {
	return strings.HasPrefix(mediaType, "application/vnd.oci.image.layer.nondistributable.") ||
		mediaType == "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
}

// deleteManifest removes a tag, or a manifest with all its tags.
func (reg *Registry) deleteManifest(req *request) error {
	var err error
	if req.tag != "" {
		err = reg.Store.DeleteTag(req.r.Context(), req.key, req.tag)
	} else {
		err = reg.Store.DeleteManifest(req.r.Context(), req.key, req.digest)
	}
	if err != nil {
		return err
	}
	req.w.WriteHeader(http.StatusAccepted)
	return nil
}

// writeJSON answers with a document.
func writeJSON(w http.ResponseWriter, status int, contentType string, doc []byte) error {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(doc)))
	w.WriteHeader(status)
	_, _ = io.Copy(w, bytes.NewReader(doc)) // a client that went away is no error of ours
	return nil
}
