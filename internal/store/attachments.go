package store

import (
	"context"
	"regexp"
	"slices"

	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/vex"
)

// maxDocumentSignatures is how many signatures of documents are looked at for one
// image.
const maxDocumentSignatures = 4 * catalog.MaxAttached

// cosignTag is how cosign names what it attaches to a manifest, where it does not
// use the manifest's subject.
var cosignTag = regexp.MustCompile(`^sha256-([0-9a-f]{64})\.(att|sig)$`)

// taggedSubject is the digest of the manifest that a tag of cosign's is about;
// empty for other tags.
func taggedSubject(tag string) string {
	if m := cosignTag.FindStringSubmatch(tag); m != nil {
		return "sha256:" + m[1]
	}
	return ""
}

// cosignTagOf undoes taggedSubject; it is empty for digests cosign does not know.
func cosignTagOf(digest, suffix string) string {
	if tag := "sha256-" + digest[min(len(digest), len("sha256:")):] + suffix; taggedSubject(tag) == digest {
		return tag
	}
	return ""
}

func putAttachments(ctx context.Context, tx *tx, artifactID int64, list []catalog.Attachment) error {
	rows := make([][]any, len(list))
	for i, a := range list {
		rows[i] = []any{artifactID, i, string(a.Kind), a.Content, clean(a.Signature, maxMessage)}
	}
	return tx.insert(ctx, `INSERT INTO attachment (artifact_id, position, kind, content, signature)`, rows, "ON CONFLICT DO NOTHING")
}

// attachmentsChanged makes the verdicts old that what is attached to a manifest can
// change, and tells of it, if the namespace believes documents at all: if the
// manifest is an image, its own, and if it is a document, that of the image the
// document is about.
func attachmentsChanged(ctx context.Context, tx *tx, key catalog.RepositoryKey, repo int64, subjects []string, cause, detail string) error {
	ns, err := readNamespace(ctx, tx, key.InstanceID, key.Namespace)
	if err != nil || ns.Policy.Gate.Statements.Trust == catalog.TrustNone {
		return err
	}
	subjects = slices.DeleteFunc(subjects, func(s string) bool { return s == "" })
	if len(subjects) == 0 {
		return nil
	}
	args := []any{repo}
	for _, s := range subjects {
		args = append(args, s)
	}
	among := "(" + places(2, len(subjects)) + ")"
	images, err := all(ctx, tx, scalar[int64], `SELECT a.id FROM artifact a WHERE a.repository_id = $1 AND a.kind = '`+string(catalog.KindImage)+`' AND (a.digest IN `+among+`
		OR a.digest IN (SELECT d.subject FROM artifact d JOIN attachment x ON x.artifact_id = d.id
			WHERE d.repository_id = $1 AND d.digest IN `+among+` AND x.kind = '`+string(catalog.AttachedDocument)+`')) ORDER BY a.id`, args...)
	if err != nil || len(images) == 0 {
		return err
	}
	if _, err := tx.exec(ctx, `UPDATE namespace SET revision = revision + 1 WHERE id = $1`, ns.ID); err != nil {
		return err
	}
	for _, id := range images {
		if _, err := tx.exec(ctx, `UPDATE artifact SET attached_revision = (SELECT revision FROM namespace WHERE id = $1) WHERE id = $2`, ns.ID, id); err != nil {
			return err
		}
		if err := tx.emitAbout(ctx, id, catalog.Event{Kind: catalog.EventStatements, Cause: cause, Data: catalog.EventData{Detail: detail}}); err != nil {
			return err
		}
	}
	return nil
}

// subjectsOf are the manifests that an artifact is attached to, if it holds
// anything that could be attached.
func subjectsOf(ctx context.Context, q querier, artifactID int64) ([]string, error) {
	names, err := all(ctx, q, scalar[string], `SELECT a.subject FROM artifact a WHERE a.id = $1 AND EXISTS (SELECT 1 FROM attachment x WHERE x.artifact_id = a.id)
		UNION ALL SELECT t.name FROM tag t WHERE t.artifact_id = $1 AND EXISTS (SELECT 1 FROM attachment x WHERE x.artifact_id = t.artifact_id)`, artifactID)
	for i := 1; i < len(names); i++ { // the first is the subject
		names[i] = taggedSubject(names[i])
	}
	return names, err
}

// statements returns what the documents attached to an artifact come to, as its
// namespace believes them.
func statements(ctx context.Context, q querier, key catalog.RepositoryKey, digest string) ([]catalog.Exception, error) {
	var settings catalog.GateSettings
	text, err := one(ctx, q, nil, scalar[string], `SELECT gate FROM namespace WHERE instance_id = $1 AND name = $2`, key.InstanceID, key.Namespace)
	if err != nil {
		return nil, err
	}
	if err := decodeGate(text, &settings); err != nil || settings.Statements.Trust == catalog.TrustNone {
		return nil, err
	}
	documents, signatures, err := attached(ctx, q, key, digest)
	if err != nil {
		return nil, err
	}
	img := vex.Image{Digest: digest, Repository: key.Namespace + "/" + key.Repository}
	return vex.Attached(img, settings.Statements, documents, signatures), nil
}

// attached reads the documents attached to an artifact, and the signatures attached
// to them. Where there are more than are looked at, there are none: those left out
// might take back what the others say.
func attached(ctx context.Context, q querier, key catalog.RepositoryKey, digest string) (documents, signatures []catalog.Attachment, err error) {
	repo, err := one(ctx, q, nil, scalar[int64], `SELECT r.id FROM namespace n JOIN repository r ON r.namespace_id = n.id
		WHERE n.instance_id = $1 AND n.name = $2 AND r.name = $3`, key.InstanceID, key.Namespace, key.Repository)
	if err != nil || repo == 0 {
		return nil, nil, err
	}
	documents, err = all(ctx, q, scanAttachment, `SELECT a.digest, CAST($2 AS TEXT), x.kind, x.content, x.signature
		FROM artifact a JOIN attachment x ON x.artifact_id = a.id
		WHERE a.repository_id = $1 AND x.kind <> $3 AND (a.subject = $2 AND a.subject <> ''
			OR a.id IN (SELECT t.artifact_id FROM tag t WHERE t.repository_id = $1 AND t.name = $4))
		ORDER BY a.id, x.position LIMIT $5`,
		repo, digest, string(catalog.AttachedSignature), cosignTagOf(digest, ".att"), catalog.MaxAttached+1)
	if err != nil || len(documents) > catalog.MaxAttached {
		return nil, nil, err
	}
	for _, d := range documents {
		if d.Kind != catalog.AttachedDocument {
			continue
		}
		list, err := all(ctx, q, scanAttachment, `SELECT a.digest, CAST($2 AS TEXT), x.kind, x.content, x.signature
			FROM artifact a JOIN attachment x ON x.artifact_id = a.id
			WHERE a.repository_id = $1 AND x.kind <> $3 AND (a.subject = $2 AND a.subject <> ''
				OR a.id IN (SELECT t.artifact_id FROM tag t WHERE t.repository_id = $1 AND t.name = $4))
			ORDER BY a.id, x.position LIMIT $5`,
			repo, d.Artifact, string(catalog.AttachedDocument), cosignTagOf(d.Artifact, ".sig"), maxDocumentSignatures+1)
		if err != nil {
			return nil, nil, err
		}
		if signatures = append(signatures, list...); len(signatures) > maxDocumentSignatures {
			return nil, nil, nil
		}
	}
	return documents, signatures, nil
}

func scanAttachment(row scanner) (a catalog.Attachment, err error) {
	return a, row.Scan(&a.Artifact, &a.Subject, &a.Kind, &a.Content, &a.Signature)
}

// attachedBy tells what a push attaches, or takes away where a tag of cosign's now
// names something else.
func attachedBy(ctx context.Context, tx *tx, repo int64, push catalog.ManifestPush) error {
	subjects := []string{taggedSubject(push.Tag)}
	if len(push.Attachments) > 0 {
		subjects = append(subjects, push.Subject)
	}
	return attachmentsChanged(ctx, tx, push.Key, repo, subjects, "push", push.Digest+" was pushed")
}
