package store

import (
	"context"
	"strings"
	"time"

	"github.com/pratique/pratique/internal/catalog"
)

// CreateCredential adds a credential of an account.
//
// Errors: NotFound "account_not_found"; Conflict "too_many_credentials".
func (s *Store) CreateCredential(ctx context.Context, c catalog.Credential) (catalog.Credential, error) {
	err := s.update(ctx, s.front, "create a credential", func(tx *tx) error {
		account, err := accountID(ctx, tx, c.Account)
		if err != nil {
			return err
		}
		// What has expired makes room.
		if _, err := tx.exec(ctx, `DELETE FROM credential WHERE account_id = $1 AND expires_at <> 0 AND expires_at <= $2`, account, millis(tx.now)); err != nil {
			return err
		}
		n, err := one(ctx, tx, nil, scalar[int64], `SELECT count(*) FROM credential WHERE account_id = $1`, account)
		if err != nil {
			return err
		}
		if n >= catalog.MaxCredentials {
			return catalog.Errorf(catalog.Conflict, "too_many_credentials", "%s has %d credentials already", c.Account, n).
				Advise("remove those that are not used any more")
		}
		c.CreatedAt = fromMillis(millis(tx.now))
		_, err = tx.exec(ctx, `INSERT INTO credential (id, account_id, name, temporary, hash, namespaces, verbs, disabled, created_at, expires_at, used_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0)`, c.ID, account, c.Name, c.Temporary, c.Hash, strings.Join(c.Namespaces, ","), strings.Join(c.Verbs, ","),
			c.Disabled, millis(tx.now), millis(c.ExpiresAt))
		return err
	})
	return c, err
}

const credentialColumns = `c.id, a.name, c.name, c.temporary, c.hash, c.namespaces, c.verbs, c.disabled, c.created_at, c.expires_at, c.used_at`

func scanCredential(row scanner) (c catalog.Credential, err error) {
	var created, expires, used int64
	var namespaces, verbs string
	err = row.Scan(&c.ID, &c.Account, &c.Name, &c.Temporary, &c.Hash, &namespaces, &verbs, &c.Disabled, &created, &expires, &used)
	c.Namespaces, c.Verbs = split(namespaces), split(verbs)
	c.CreatedAt, c.ExpiresAt, c.UsedAt = fromMillis(created), fromMillis(expires), fromMillis(used)
	return c, err
}

// Credential reads a credential. NotFound "credential_not_found".
func (s *Store) Credential(ctx context.Context, id string) (catalog.Credential, error) {
	c, err := one(ctx, s.reads, credentialNotFound(id), scanCredential,
		`SELECT `+credentialColumns+` FROM credential c JOIN account a ON a.id = c.account_id WHERE c.id = $1`, id)
	return c, s.fail("read a credential", err)
}

// Credentials lists the credentials of an account, or of all if it is empty,
// oldest first. The page's After is the id of a credential.
func (s *Store) Credentials(ctx context.Context, account string, page catalog.Page) ([]catalog.Credential, error) {
	list, err := all(ctx, s.reads, scanCredential, `SELECT `+credentialColumns+` FROM credential c JOIN account a ON a.id = c.account_id
		WHERE (CAST($1 AS TEXT) = '' OR a.name = $1) AND c.id > $2 ORDER BY c.id LIMIT $3`, account, page.After, limit(page))
	return list, s.fail("list credentials", err)
}

// SetCredential enables or disables a credential. NotFound
// "credential_not_found".
func (s *Store) SetCredential(ctx context.Context, id string, disabled bool) error {
	return s.changeCredential(ctx, id, `UPDATE credential SET disabled = $2 WHERE id = $1`, id, disabled)
}

// DeleteCredential removes a credential. NotFound "credential_not_found".
func (s *Store) DeleteCredential(ctx context.Context, id string) error {
	return s.changeCredential(ctx, id, `DELETE FROM credential WHERE id = $1`, id)
}

func (s *Store) changeCredential(ctx context.Context, id, statement string, args ...any) error {
	return s.update(ctx, s.front, "change a credential", func(tx *tx) error {
		n, err := tx.exec(ctx, statement, args...)
		if err == nil && n == 0 {
			err = credentialNotFound(id)
		}
		return err
	})
}

func credentialNotFound(id string) error {
	return catalog.Errorf(catalog.NotFound, "credential_not_found", "there is no credential %q", id)
}

// CreateSession adds a session. NotFound "account_not_found".
func (s *Store) CreateSession(ctx context.Context, session catalog.Session) error {
	return s.update(ctx, s.front, "begin a session", func(tx *tx) error {
		account, err := accountID(ctx, tx, session.Account)
		if err != nil {
			return err
		}
		_, err = tx.exec(ctx, `INSERT INTO session (hash, account_id, address, agent, method, created_at, seen_at, expires_at)
			VALUES ($1, $2, $3, $4, $5, $6, $6, $7)`, session.Hash, account, clean(session.Address, 100), clean(session.Agent, 200),
			session.Method, millis(tx.now), millis(session.ExpiresAt))
		return err
	})
}

const sessionColumns = `s.hash, a.name, s.address, s.agent, s.method, s.created_at, s.seen_at, s.expires_at`

func scanSession(row scanner) (out catalog.Session, err error) {
	var created, seen, expires int64
	err = row.Scan(&out.Hash, &out.Account, &out.Address, &out.Agent, &out.Method, &created, &seen, &expires)
	out.CreatedAt, out.SeenAt, out.ExpiresAt = fromMillis(created), fromMillis(seen), fromMillis(expires)
	return out, err
}

// Session reads a session by the hash of its id, whether it has expired or not.
// NotFound "session_not_found".
func (s *Store) Session(ctx context.Context, hash []byte) (catalog.Session, error) {
	session, err := one(ctx, s.reads, catalog.Errorf(catalog.NotFound, "session_not_found", "there is no such session"), scanSession,
		`SELECT `+sessionColumns+` FROM session s JOIN account a ON a.id = s.account_id WHERE s.hash = $1`, hash)
	return session, s.fail("read a session", err)
}

// Sessions lists the sessions of an account, the latest first.
func (s *Store) Sessions(ctx context.Context, account string) ([]catalog.Session, error) {
	list, err := all(ctx, s.reads, scanSession, `SELECT `+sessionColumns+` FROM session s JOIN account a ON a.id = s.account_id
		WHERE a.name = $1 ORDER BY s.created_at DESC, s.hash LIMIT 1000`, account)
	return list, s.fail("list sessions", err)
}

// DeleteSession ends a session of an account; what has ended is no error.
func (s *Store) DeleteSession(ctx context.Context, account string, hash []byte) error {
	return s.update(ctx, s.front, "end a session", func(tx *tx) error {
		_, err := tx.exec(ctx, `DELETE FROM session WHERE hash = $1 AND account_id IN (SELECT id FROM account WHERE name = $2)`, hash, account)
		return err
	})
}

// DeleteSessions ends all sessions of an account.
func (s *Store) DeleteSessions(ctx context.Context, account string) error {
	return s.update(ctx, s.front, "end sessions", func(tx *tx) error {
		_, err := tx.exec(ctx, `DELETE FROM session WHERE account_id IN (SELECT id FROM account WHERE name = $1)`, account)
		return err
	})
}

// PruneSessions removes sessions that have expired or were not used since idle,
// and credentials that expired before idle.
func (s *Store) PruneSessions(ctx context.Context, idle time.Time) error {
	return s.update(ctx, s.back, "remove old sessions", func(tx *tx) error {
		if _, err := tx.exec(ctx, `DELETE FROM session WHERE expires_at <= $1 OR seen_at < $2`, millis(tx.now), millis(idle)); err != nil {
			return err
		}
		_, err := tx.exec(ctx, `DELETE FROM credential WHERE expires_at <> 0 AND expires_at < $1`, millis(idle))
		return err
	})
}

// RecordUse notes when credentials (by id) and sessions (by hash) were used last.
func (s *Store) RecordUse(ctx context.Context, credentials, sessions map[string]time.Time) error {
	return s.update(ctx, s.back, "record the use of credentials", func(tx *tx) error {
		for id, at := range credentials {
			if _, err := tx.exec(ctx, `UPDATE credential SET used_at = $1 WHERE id = $2 AND used_at < $1`, millis(at), id); err != nil {
				return err
			}
		}
		for hash, at := range sessions {
			if _, err := tx.exec(ctx, `UPDATE session SET seen_at = $1 WHERE hash = $2 AND seen_at < $1`, millis(at), []byte(hash)); err != nil {
				return err
			}
		}
		return nil
	})
}
