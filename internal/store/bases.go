package store

import (
	"context"

	"github.com/pratique/pratique/internal/catalog"
)

// SetStack records the layers of an image that was pushed before they were
// recorded; where they are, it does nothing. NotFound "artifact_not_found".
func (s *Store) SetStack(ctx context.Context, artifactID int64, stack catalog.Stack) error {
	known, err := one(ctx, s.background, nil, scalar[bool], `SELECT EXISTS (SELECT 1 FROM artifact_stack WHERE artifact_id = $1)`, artifactID)
	if err != nil || known {
		return s.fail("read the layers of an image", err)
	}
	return s.update(ctx, s.back, "record the layers of an image", func(tx *tx) error {
		repo, err := one(ctx, tx, artifactNotFound(artifactID), scalar[int64], `SELECT repository_id FROM artifact WHERE id = $1`, artifactID)
		if err != nil {
			return err
		}
		if err := putStack(ctx, tx, repo, artifactID, stack); err != nil {
			return err
		}
		if _, err := tx.exec(ctx, `UPDATE artifact SET platform = $1 WHERE id = $2`, clean(stack.Platform, maxType), artifactID); err != nil {
			return err
		}
		tags, err := all(ctx, tx, scalar[string], `SELECT `+tagNames+` FROM artifact a WHERE a.id = $1`, artifactID)
		if err != nil {
			return err
		}
		for _, tag := range split(tags[0]) {
			if err := nameStacks(ctx, tx, artifactID, tag); err != nil {
				return err
			}
		}
		return nil
	})
}

// putStack records the layers of an image, unless they are recorded. An image
// without layers is nothing to build on.
func putStack(ctx context.Context, tx *tx, repo, artifactID int64, stack catalog.Stack) error {
	if stack.Layers == 0 {
		return nil
	}
	_, err := tx.exec(ctx, `INSERT INTO artifact_stack (artifact_id, repository_id, chain_id, layers, platform, tag)
		VALUES ($1, $2, $3, $4, $5, '') ON CONFLICT DO NOTHING`, artifactID, repo, stack.ChainID, stack.Layers, clean(stack.Platform, maxType))
	return err
}

// nameStacks remembers a tag for an image, or for the images of an index,
// unless one is known that tells more: the longer one does ("12.5" and "12"),
// and any does but "latest".
func nameStacks(ctx context.Context, tx *tx, artifactID int64, tag string) error {
	_, err := tx.exec(ctx, `UPDATE artifact_stack SET tag = $1
		WHERE artifact_id IN (
				SELECT CAST($2 AS BIGINT)
				UNION ALL
				SELECT a.id FROM artifact_member m CROSS JOIN artifact a
				WHERE m.artifact_id = $2 AND a.repository_id = m.repository_id AND a.digest = m.digest)
			AND (tag IN ('', 'latest') OR CAST($1 AS TEXT) <> 'latest' AND length(tag) < length(CAST($1 AS TEXT)))`, tag, artifactID)
	return err
}

// tagNames are the tags of artifact a and of the indexes it is a member of, up
// to a hundred.
const tagNames = `COALESCE((SELECT string_agg(t.name, ',' ORDER BY t.name) FROM (
		SELECT g.name FROM tag g WHERE g.artifact_id = a.id
		UNION
		SELECT g.name FROM artifact_member m JOIN tag g ON g.artifact_id = m.artifact_id
			WHERE m.repository_id = a.repository_id AND m.digest = a.digest
		ORDER BY 1 LIMIT 100) AS t), '')`

// hasTags is whether there are any.
const hasTags = `(EXISTS (SELECT 1 FROM tag g WHERE g.artifact_id = a.id)
	OR EXISTS (SELECT 1 FROM artifact_member m JOIN tag g ON g.artifact_id = m.artifact_id
		WHERE m.repository_id = a.repository_id AND m.digest = a.digest))`

// findBase begins at the index of artifact_stack or artifact that the condition
// names; what it joins is found by primary keys.
const findBase = `SELECT a.id, a.repository_id, n.instance_id, n.name, r.name, i.host, a.digest, k.tag, k.chain_id, k.layers, k.platform, ` + tagNames + `
	FROM artifact_stack k JOIN artifact a ON a.id = k.artifact_id
	JOIN repository r ON r.id = a.repository_id JOIN namespace n ON n.id = r.namespace_id JOIN instance i ON i.id = n.instance_id `

func scanBase(row scanner) (b catalog.BaseImage, err error) {
	var tags string
	err = row.Scan(&b.ArtifactID, &b.RepositoryID, &b.Key.InstanceID, &b.Key.Namespace, &b.Key.Repository, &b.Registry,
		&b.Digest, &b.Tag, &b.Stack.ChainID, &b.Stack.Layers, &b.Stack.Platform, &tags)
	b.Tags = split(tags)
	return b, err
}

// firstBase prefers what has a tag, and then what was pushed first: whoever
// pushes a copy later does not change what others are said to be built on.
const firstBase = ` ORDER BY k.layers DESC, CASE WHEN ` + hasTags + ` THEN 0 ELSE 1 END, k.artifact_id LIMIT 1`

// BaseByLayers finds the image of an instance whose layers are exactly those of one
// of the chain IDs, and of several the one with the most layers, then one that
// has a tag, then the one that was pushed first. ok is false if there is none.
func (s *Store) BaseByLayers(ctx context.Context, instanceID string, chainIDs []string) (base catalog.BaseImage, ok bool, err error) {
	if len(chainIDs) == 0 {
		return base, false, nil
	}
	args := []any{instanceID}
	for _, id := range chainIDs {
		args = append(args, id)
	}
	return s.base(ctx, findBase+`WHERE k.chain_id IN (`+places(2, len(chainIDs))+`) AND n.instance_id = $1`+firstBase, args...)
}

// BaseByDigest finds an image of an instance by the digest of its manifest; of
// several as BaseByLayers does. ok is false if there is none.
func (s *Store) BaseByDigest(ctx context.Context, instanceID, digest string) (base catalog.BaseImage, ok bool, err error) {
	return s.base(ctx, findBase+`WHERE a.digest = $2 AND n.instance_id = $1`+firstBase, instanceID, digest)
}

func (s *Store) base(ctx context.Context, query string, args ...any) (base catalog.BaseImage, ok bool, err error) {
	base, err = one(ctx, s.background, errNone, scanBase, query, args...)
	if err == errNone {
		return base, false, nil
	}
	return base, err == nil, s.fail("look for a base image", err)
}

// maxNewer bounds the images looked at for one to replace a base with.
const maxNewer = 200

// NewerImages lists the images with tags that came into the repository of a base
// after it, for the same platform, newest first, up to 200.
func (s *Store) NewerImages(ctx context.Context, base catalog.BaseImage) ([]catalog.BaseImage, error) {
	list, err := all(ctx, s.background, scanBase, findBase+`WHERE k.repository_id = $1 AND k.artifact_id > $2 AND k.platform = $3 AND `+hasTags+`
		ORDER BY k.artifact_id DESC LIMIT $4`, base.RepositoryID, base.ArtifactID, base.Stack.Platform, maxNewer)
	return list, s.fail("look for newer images", err)
}
