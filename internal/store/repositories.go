package store

import (
	"context"
	"strings"

	"github.com/pratique/pratique/internal/catalog"
)

// Repositories lists the repositories of a namespace by name. NotFound
// "namespace_not_found".
func (s *Store) Repositories(ctx context.Context, instanceID, namespace string, page catalog.Page) ([]catalog.Repository, error) {
	id, err := one(ctx, s.reads, namespaceNotFound(namespace), scalar[int64],
		`SELECT id FROM namespace WHERE instance_id = $1 AND name = $2`, instanceID, namespace)
	if err != nil {
		return nil, s.fail("list repositories", err)
	}
	list, err := all(ctx, s.reads, func(row scanner) (catalog.Repository, error) {
		r := catalog.Repository{NamespaceID: id, Namespace: namespace}
		var created, updated int64
		err := row.Scan(&r.ID, &r.Name, &created, &updated, &r.Artifacts, &r.Tags)
		r.CreatedAt, r.UpdatedAt = fromMillis(created), fromMillis(updated)
		return r, err
	}, `SELECT r.id, r.name, r.created_at, r.updated_at,
			(SELECT count(*) FROM artifact a WHERE a.repository_id = r.id),
			(SELECT count(*) FROM tag t WHERE t.repository_id = r.id)
		FROM repository r WHERE r.namespace_id = $1 AND r.name > $2 ORDER BY r.name LIMIT $3`, id, page.After, limit(page))
	return list, s.fail("list repositories", err)
}

// AllRepositories lists the repositories of the namespaces that may be seen by
// namespace and name, those with a text in "namespace/repository". After a page
// comes what follows such a name.
func (s *Store) AllRepositories(ctx context.Context, instanceID, text string, see catalog.Visibility, page catalog.Page) ([]catalog.RepositorySummary, error) {
	q := &conditions{}
	q.images(instanceID, catalog.ImageFilter{See: &see})
	q.holds(text, "n.name || '/' || r.name")
	if page.After != "" {
		namespace, name, _ := strings.Cut(page.After, "/")
		q.and("(n.name, r.name) > (" + q.arg(namespace) + ", " + q.arg(name) + ")")
	}
	list, err := all(ctx, s.reads, func(row scanner) (r catalog.RepositorySummary, err error) {
		var created, updated, pushed int64
		err = row.Scan(append([]any{&r.ID, &r.NamespaceID, &r.Namespace, &r.Name, &created, &updated, &r.Artifacts, &r.Tags, &pushed}, standingDest(&r.Standing)...)...)
		r.CreatedAt, r.UpdatedAt, r.PushedAt = fromMillis(created), fromMillis(updated), fromMillis(pushed)
		return r, err
	}, `SELECT r.id, r.namespace_id, r.namespace, r.name, r.created_at, r.updated_at,
			(SELECT count(*) FROM artifact b WHERE b.repository_id = r.id), (SELECT count(*) FROM tag t WHERE t.repository_id = r.id),
			COALESCE((SELECT max(b.pushed_at) FROM artifact b WHERE b.repository_id = r.id), 0),`+standing+`
		FROM (SELECT r.id, r.namespace_id, n.name AS namespace, r.name, r.created_at, r.updated_at
			FROM repository r JOIN namespace n ON n.id = r.namespace_id WHERE `+q.where.String()+` ORDER BY n.name, r.name LIMIT `+q.arg(limit(page))+`) AS r
		LEFT JOIN artifact a ON a.repository_id = r.id AND a.kind = `+q.arg(string(catalog.KindImage))+standingJoins+`
		GROUP BY r.id, r.namespace_id, r.namespace, r.name, r.created_at, r.updated_at ORDER BY r.namespace, r.name`, q.args...)
	return list, s.fail("list repositories", err)
}

// RepositoryNames lists "namespace/repository" of the namespaces that may be
// seen, in byte order.
func (s *Store) RepositoryNames(ctx context.Context, instanceID string, see catalog.Visibility, page catalog.Page) ([]string, error) {
	where, args := visible(see, []any{instanceID, page.After, limit(page)})
	list, err := all(ctx, s.reads, scalar[string], `SELECT n.name || '/' || r.name AS path FROM repository r JOIN namespace n ON n.id = r.namespace_id
		WHERE n.instance_id = $1 AND n.name || '/' || r.name > $2 AND `+where+` ORDER BY path LIMIT $3`, args...)
	return list, s.fail("list repositories", err)
}

// DeleteRepository removes a repository with everything in it; scans of its
// artifacts end without a trace. NotFound "namespace_not_found",
// "repository_not_found".
func (s *Store) DeleteRepository(ctx context.Context, key catalog.RepositoryKey) error {
	return s.update(ctx, s.front, "delete a repository", func(tx *tx) error {
		id, err := lockRepository(ctx, tx, key, tx.dialect.forUpdate)
		if err != nil {
			return err
		}
		active, err := all(ctx, tx, scalar[int64], `SELECT id FROM scan WHERE state IN ('Pending', 'Running')
			AND artifact_id IN (SELECT id FROM artifact WHERE repository_id = $1) ORDER BY id`+tx.dialect.forUpdate, id)
		if err != nil {
			return err
		}
		tx.signal = len(active) > 0
		_, err = tx.exec(ctx, `DELETE FROM repository WHERE id = $1`, id)
		return err
	})
}

// repositoryID finds a repository or says what is missing.
func repositoryID(ctx context.Context, q querier, key catalog.RepositoryKey, lock string) (int64, error) {
	id, err := one(ctx, q, nil, scalar[int64], `SELECT r.id FROM namespace n JOIN repository r ON r.namespace_id = n.id
		WHERE n.instance_id = $1 AND n.name = $2 AND r.name = $3`+lock, key.InstanceID, key.Namespace, key.Repository)
	if err != nil || id != 0 {
		return id, err
	}
	if _, err := one(ctx, q, namespaceNotFound(key.Namespace), scalar[int64],
		`SELECT id FROM namespace WHERE instance_id = $1 AND name = $2`, key.InstanceID, key.Namespace); err != nil {
		return 0, err
	}
	return 0, repositoryNotFound(key)
}

// lockRepository finds a repository and keeps other writers out of it.
func lockRepository(ctx context.Context, tx *tx, key catalog.RepositoryKey, lock string) (int64, error) {
	if lock != "" {
		lock += " OF r"
	}
	return repositoryID(ctx, tx, key, lock)
}

// ensureRepository returns the id of a repository of an existing namespace,
// making the repository if need be.
func ensureRepository(ctx context.Context, tx *tx, key catalog.RepositoryKey, namespaceID int64) (int64, error) {
	const find = `SELECT id FROM repository WHERE namespace_id = $1 AND name = $2`
	id, err := one(ctx, tx, nil, scalar[int64], find, namespaceID, key.Repository)
	if err != nil || id != 0 {
		return id, err
	}
	if err := catalog.CheckRepositoryName(key.Repository); err != nil {
		return 0, err
	}
	if _, err := tx.exec(ctx, `INSERT INTO repository (namespace_id, name, created_at, updated_at) VALUES ($1, $2, $3, $3)
		ON CONFLICT DO NOTHING`, namespaceID, key.Repository, millis(tx.now)); err != nil {
		return 0, err
	}
	return one(ctx, tx, repositoryNotFound(key), scalar[int64], find, namespaceID, key.Repository)
}

// AddBlob links content of package blob into a repository. NotFound
// "namespace_not_found".
func (s *Store) AddBlob(ctx context.Context, key catalog.RepositoryKey, digest string, size int64) error {
	return s.update(ctx, s.front, "link a blob", func(tx *tx) error { return addBlob(ctx, tx, key, digest, size) })
}

func addBlob(ctx context.Context, tx *tx, key catalog.RepositoryKey, digest string, size int64) error {
	namespaceID, err := lockNamespace(ctx, tx, key.InstanceID, key.Namespace, "")
	if err != nil {
		return err
	}
	id, err := ensureRepository(ctx, tx, key, namespaceID)
	if err != nil {
		return err
	}
	_, err = tx.exec(ctx, `INSERT INTO blob_link (repository_id, digest, size, created_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT DO NOTHING`, id, digest, size, millis(tx.now))
	return err
}

const findBlob = `SELECT b.size FROM namespace n JOIN repository r ON r.namespace_id = n.id
	JOIN blob_link b ON b.repository_id = r.id
	WHERE n.instance_id = $1 AND n.name = $2 AND r.name = $3 AND b.digest = $4`

// BlobLink returns the size of a blob in a repository. NotFound "blob_unknown"
// if the blob is not in the repository.
func (s *Store) BlobLink(ctx context.Context, key catalog.RepositoryKey, digest string) (size int64, err error) {
	size, err = one(ctx, s.reads, blobUnknown(key, digest), scalar[int64], findBlob, key.InstanceID, key.Namespace, key.Repository, digest)
	return size, s.fail("find a blob", err)
}

// MountBlob links the blob of one repository into another. NotFound
// "blob_unknown" if it is not in from, "namespace_not_found" for to.
func (s *Store) MountBlob(ctx context.Context, from, to catalog.RepositoryKey, digest string) error {
	return s.update(ctx, s.front, "mount a blob", func(tx *tx) error {
		size, err := one(ctx, tx, blobUnknown(from, digest), scalar[int64], findBlob,
			from.InstanceID, from.Namespace, from.Repository, digest)
		if err != nil {
			return err
		}
		return addBlob(ctx, tx, to, digest, size)
	})
}

// DeleteBlobLink removes a blob from a repository; the bytes stay with package
// blob. NotFound "blob_unknown"; Conflict "blob_in_use" while a manifest of the
// repository refers to it.
func (s *Store) DeleteBlobLink(ctx context.Context, key catalog.RepositoryKey, digest string) error {
	return s.update(ctx, s.front, "unlink a blob", func(tx *tx) error {
		id, err := lockRepository(ctx, tx, key, tx.dialect.forNoKeyUpdate)
		if err != nil {
			return err
		}
		user, err := one(ctx, tx, nil, scalar[string], `SELECT a.digest FROM artifact_blob b JOIN artifact a ON a.id = b.artifact_id
			WHERE b.repository_id = $1 AND b.digest = $2 LIMIT 1`, id, digest)
		if err != nil {
			return err
		}
		if user != "" {
			return catalog.Errorf(catalog.Conflict, "blob_in_use", "manifest %s of %s refers to blob %s", user, key, digest).
				Advise("delete the manifest first")
		}
		n, err := tx.exec(ctx, `DELETE FROM blob_link WHERE repository_id = $1 AND digest = $2`, id, digest)
		if err == nil && n == 0 {
			err = blobUnknown(key, digest)
		}
		return err
	})
}

// BlobSources lists repositories of the instance that hold the blob, by name,
// up to a hundred.
func (s *Store) BlobSources(ctx context.Context, instanceID, digest string) ([]catalog.RepositoryKey, error) {
	list, err := all(ctx, s.reads, func(row scanner) (catalog.RepositoryKey, error) {
		key := catalog.RepositoryKey{InstanceID: instanceID}
		err := row.Scan(&key.Namespace, &key.Repository)
		return key, err
	}, `SELECT n.name, r.name FROM blob_link b JOIN repository r ON r.id = b.repository_id JOIN namespace n ON n.id = r.namespace_id
		WHERE b.digest = $1 AND n.instance_id = $2 ORDER BY n.name, r.name LIMIT 100`, digest, instanceID)
	return list, s.fail("find a blob", err)
}
