package store

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pratique/pratique/internal/catalog"
)

// exceptionColumns reads an exception e without its targets.
const exceptionColumns = `e.id, e.instance_id, e.scope, e.action, e.category, e.vulnerability, e.package, e.finding, e.rule, e.path,
	e.author, e.reason, e.created_at, e.updated_at, e.expires_at, e.ended_at`

// exceptionTargets reads the targets of an exception e. No name or digest has a
// comma or an "@".
const exceptionTargets = `COALESCE((SELECT string_agg(t.namespace || '@' || t.repository || '@' || t.digest, ',' ORDER BY t.namespace, t.repository, t.digest)
	FROM exception_target t WHERE t.exception_id = e.id AND t.namespace <> ''), '')`

// exceptionRow collects the columns of exceptionColumns and exceptionTargets.
type exceptionRow struct {
	e                                catalog.Exception
	created, updated, expires, ended int64
	targets                          string
}

func (r *exceptionRow) dest() []any {
	e, c := &r.e, &r.e.Criteria
	return []any{&e.ID, &e.InstanceID, &e.Scope, &e.Action, &c.Category, &c.Vulnerability, &c.Package, &c.FindingID, &c.Rule, &c.Path,
		&e.Author, &e.Reason, &r.created, &r.updated, &r.expires, &r.ended}
}

func (r *exceptionRow) value() catalog.Exception {
	e := r.e
	e.CreatedAt, e.UpdatedAt = fromMillis(r.created), fromMillis(r.updated)
	e.ExpiresAt, e.EndedAt = fromMillis(r.expires), fromMillis(r.ended)
	for _, name := range split(r.targets) {
		var t catalog.Target
		t.Namespace, name, _ = strings.Cut(name, "@")
		t.Repository, t.Digest, _ = strings.Cut(name, "@")
		e.Targets = append(e.Targets, t)
	}
	return e
}

func scanException(row scanner) (catalog.Exception, error) {
	var r exceptionRow
	err := row.Scan(append(r.dest(), &r.targets)...)
	return r.value(), err
}

func readException(ctx context.Context, q querier, instanceID string, id int64) (catalog.Exception, error) {
	return one(ctx, q, exceptionNotFound(id), scanException,
		`SELECT `+exceptionColumns+`, `+exceptionTargets+` FROM exception e WHERE e.id = $1 AND e.instance_id = $2`, id, instanceID)
}

// CreateException adds an exception made by e.Author now. The revision of every
// namespace whose verdicts it can change grows.
//
// Errors: Invalid as catalog.NewException says; NotFound "instance_not_found",
// "namespace_not_found", "repository_not_found", "manifest_unknown" for a
// target; Conflict "exception_exists" if an exception in force has the same
// criteria and one of the targets; Conflict "too_many_exceptions".
func (s *Store) CreateException(ctx context.Context, e catalog.Exception) (made catalog.Exception, err error) {
	made, _, err = s.createException(ctx, e, e.Author, false)
	return made, err
}

// ImportException is CreateException for a decision that was made elsewhere, by
// e.Author, and brought here by somebody else, who stands in the history. It is
// created only once: where the same decision is there already, that is returned.
func (s *Store) ImportException(ctx context.Context, e catalog.Exception, by string) (made catalog.Exception, created bool, err error) {
	return s.createException(ctx, e, by, true)
}

func (s *Store) createException(ctx context.Context, e catalog.Exception, by string, once bool) (made catalog.Exception, created bool, err error) {
	err = s.update(ctx, s.front, "create an exception", func(tx *tx) error {
		e, err := catalog.NewException(e, tx.now)
		if err != nil {
			return err
		}
		if err := lockExceptions(ctx, tx, e.InstanceID); err != nil {
			return err
		}
		if once {
			made, err = sameException(ctx, tx, e)
			if created = made.ID == 0; err != nil || !created {
				return err
			}
		}
		created = true
		for _, t := range e.Targets {
			if err := checkTarget(ctx, tx, e.InstanceID, t); err != nil {
				return err
			}
		}
		if err := checkRoom(ctx, tx, e.InstanceID); err != nil {
			return err
		}
		if err := checkDuplicate(ctx, tx, e); err != nil {
			return err
		}
		if e.ID, err = insertException(ctx, tx, e); err != nil {
			return err
		}
		made, err = recordException(ctx, tx, e, catalog.ExceptionCreatedEvent, by, e.Reason)
		return err
	})
	return made, created, err
}

// sameException finds one in force that decides the same about the same, whoever
// made it; its ID is 0 if there is none.
func sameException(ctx context.Context, tx *tx, e catalog.Exception) (catalog.Exception, error) {
	var other catalog.Exception
	found, _, err := duplicate(ctx, tx, e)
	if err == nil && found.ID != 0 {
		other, err = readException(ctx, tx, e.InstanceID, found.ID)
	}
	if err != nil || other.Action != e.Action || other.Scope != e.Scope || other.Reason != e.Reason ||
		millis(other.ExpiresAt) != millis(e.ExpiresAt) || !slices.Equal(other.Targets, e.Targets) {
		return catalog.Exception{}, err
	}
	return other, nil
}

// lockExceptions lets one transaction at a time change the exceptions of an
// instance, so that none misses what another is about to add.
func lockExceptions(ctx context.Context, tx *tx, instanceID string) error {
	noInstance := catalog.Errorf(catalog.NotFound, "instance_not_found", "there is no instance %s", instanceID)
	_, err := one(ctx, tx, noInstance, scalar[string], `SELECT id FROM instance WHERE id = $1`+tx.dialect.forNoKeyUpdate, instanceID)
	return err
}

// checkTarget makes sure that what an exception names is there: a name that was
// mistyped would be one that never holds.
func checkTarget(ctx context.Context, tx *tx, instanceID string, t catalog.Target) error {
	if t.Repository == "" {
		_, err := one(ctx, tx, namespaceNotFound(t.Namespace), scalar[int64],
			`SELECT id FROM namespace WHERE instance_id = $1 AND name = $2`, instanceID, t.Namespace)
		return err
	}
	key := catalog.RepositoryKey{InstanceID: instanceID, Namespace: t.Namespace, Repository: t.Repository}
	repo, err := repositoryID(ctx, tx, key, "")
	if err != nil || t.Digest == "" {
		return err
	}
	_, err = one(ctx, tx, manifestUnknown(key, t.Digest), scalar[int64],
		`SELECT id FROM artifact WHERE repository_id = $1 AND digest = $2`, repo, t.Digest)
	return err
}

func checkRoom(ctx context.Context, tx *tx, instanceID string) error {
	n, err := one(ctx, tx, nil, scalar[int], `SELECT count(*) FROM exception WHERE instance_id = $1 AND ended_at = 0`, instanceID)
	if err == nil && n >= catalog.MaxExceptions {
		err = catalog.Errorf(catalog.Conflict, "too_many_exceptions", "the instance has %d exceptions already", n).
			Advise("remove those that have expired, or make one for what several are about")
	}
	return err
}

// targets returns the names under which an exception is kept: those of its
// targets, or one that stands for everything.
func targets(e catalog.Exception) []catalog.Target {
	if len(e.Targets) == 0 {
		return []catalog.Target{{}}
	}
	return e.Targets
}

// checkDuplicate refuses an exception with the criteria and a target of another
// one in force, also if that does something else: one of them would be without
// effect, or the two contradict each other.
func checkDuplicate(ctx context.Context, tx *tx, e catalog.Exception) error {
	other, t, err := duplicate(ctx, tx, e)
	if err != nil || other.ID == 0 {
		return err
	}
	where := t.String()
	if where == "" {
		where = "the instance"
	}
	return catalog.Errorf(catalog.Conflict, "exception_exists", "exception %d by %s (%s) is about %s in %s already",
		other.ID, other.Author, other.Action, e.Criteria, where).
		Advise("change its reason or expiry, or remove it first")
}

// duplicate finds another exception in force with the criteria and a target of e,
// and that target; its ID is 0 if there is none. It comes without targets.
func duplicate(ctx context.Context, tx *tx, e catalog.Exception) (catalog.Exception, catalog.Target, error) {
	c := e.Criteria
	for _, t := range targets(e) {
		other, err := one(ctx, tx, nil, scanException, `SELECT `+exceptionColumns+`, ''
			FROM exception e JOIN exception_target t ON t.exception_id = e.id
			WHERE NOT t.ended AND t.instance_id = $1 AND t.namespace = $2 AND t.repository = $3 AND t.digest = $4
			AND e.ended_at = 0 AND (e.expires_at = 0 OR e.expires_at > $5) AND e.category = $6 AND e.vulnerability = $7
			AND e.package = $8 AND e.finding = $9 AND e.rule = $10 AND e.path = $11 AND e.id <> $12 LIMIT 1`,
			e.InstanceID, t.Namespace, t.Repository, t.Digest, millis(tx.now),
			string(c.Category), c.Vulnerability, c.Package, c.FindingID, c.Rule, c.Path, e.ID)
		if err != nil || other.ID != 0 {
			return other, t, err
		}
	}
	return catalog.Exception{}, catalog.Target{}, nil
}

func insertException(ctx context.Context, tx *tx, e catalog.Exception) (id int64, err error) {
	c := e.Criteria
	id, err = one(ctx, tx, nil, scalar[int64], `INSERT INTO exception (instance_id, scope, action, category, vulnerability, package, finding,
			rule, path, author, reason, created_at, updated_at, expires_at, ended_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12, $13, 0) RETURNING id`,
		e.InstanceID, string(e.Scope), string(e.Action), string(c.Category), c.Vulnerability, c.Package, c.FindingID, c.Rule, c.Path,
		e.Author, e.Reason, millis(tx.now), millis(e.ExpiresAt))
	if err != nil {
		return 0, err
	}
	var rows [][]any
	for _, t := range targets(e) {
		rows = append(rows, []any{id, e.InstanceID, t.Namespace, t.Repository, t.Digest, false})
	}
	return id, tx.insert(ctx, `INSERT INTO exception_target (exception_id, instance_id, namespace, repository, digest, ended)`, rows, "")
}

// recordException writes into the history what happened to an exception, makes
// verdicts old that it can change, and returns it as it is now.
func recordException(ctx context.Context, tx *tx, e catalog.Exception, what, author, reason string) (catalog.Exception, error) {
	if err := addExceptionEvent(ctx, tx, e.ID, what, author, reason); err != nil {
		return e, err
	}
	if e.Action == catalog.Whitelist {
		if err := reviseNamespaces(ctx, tx, e); err != nil {
			return e, err
		}
	}
	return readException(ctx, tx, e.InstanceID, e.ID)
}

func addExceptionEvent(ctx context.Context, tx *tx, id int64, what, author, reason string) error {
	_, err := tx.exec(ctx, `INSERT INTO exception_event (exception_id, happened_at, author, what, reason, expires_at)
		SELECT id, CAST($1 AS BIGINT), $2, $3, $4, expires_at FROM exception WHERE id = $5`, millis(tx.now), author, what, reason, id)
	return err
}

// reviseNamespaces makes the stored verdicts old of the namespaces an exception
// holds for something in.
func reviseNamespaces(ctx context.Context, tx *tx, e catalog.Exception) error {
	if len(e.Targets) == 0 {
		_, err := tx.exec(ctx, `UPDATE namespace SET revision = revision + 1 WHERE instance_id = $1`, e.InstanceID)
		return err
	}
	last := ""
	for _, t := range e.Targets { // sorted
		if t.Namespace == last {
			continue
		}
		last = t.Namespace
		if _, err := tx.exec(ctx, `UPDATE namespace SET revision = revision + 1 WHERE instance_id = $1 AND name = $2`, e.InstanceID, last); err != nil {
			return err
		}
	}
	return nil
}

// Exception reads an exception, also one that was removed. NotFound
// "exception_not_found".
func (s *Store) Exception(ctx context.Context, instanceID string, id int64) (catalog.Exception, error) {
	e, err := readException(ctx, s.reads, instanceID, id)
	return e, s.fail("read an exception", err)
}

// ChangeException sets reason and expiry of an exception that was not removed;
// one that has expired counts again with a later expiry. The revision of
// namespaces grows as with a new one.
//
// Errors: NotFound "exception_not_found"; Conflict "exception_removed",
// "exception_exists"; Invalid as catalog.CheckReason and CheckExpiry say.
func (s *Store) ChangeException(ctx context.Context, instanceID string, id int64, change catalog.ExceptionChange) (e catalog.Exception, err error) {
	err = s.update(ctx, s.front, "change an exception", func(tx *tx) error {
		if e, err = lockException(ctx, tx, instanceID, id); err != nil {
			return err
		}
		if change.Reason != nil {
			if e.Reason, err = catalog.CheckReason(*change.Reason); err != nil {
				return err
			}
		}
		if change.ExpiresAt != nil {
			e.ExpiresAt = *change.ExpiresAt
			if err := catalog.CheckExpiry(e.ExpiresAt, tx.now); err != nil {
				return err
			}
			if err := checkDuplicate(ctx, tx, e); err != nil {
				return err
			}
		}
		if _, err := tx.exec(ctx, `UPDATE exception SET reason = $1, expires_at = $2, updated_at = $3 WHERE id = $4`,
			e.Reason, millis(e.ExpiresAt), millis(tx.now), id); err != nil {
			return err
		}
		e, err = recordException(ctx, tx, e, catalog.ExceptionChangedEvent, change.Author, e.Reason)
		return err
	})
	return e, err
}

// lockException reads an exception that must not have been removed, and keeps
// others from changing it.
func lockException(ctx context.Context, tx *tx, instanceID string, id int64) (catalog.Exception, error) {
	if err := lockExceptions(ctx, tx, instanceID); err != nil {
		return catalog.Exception{}, err
	}
	e, err := readException(ctx, tx, instanceID, id)
	if err == nil && !e.EndedAt.IsZero() {
		err = catalog.Errorf(catalog.Conflict, "exception_removed", "exception %d was removed on %s", id, e.EndedAt.Format(time.RFC3339)).
			Advise("make a new one, if it is to hold again")
	}
	return e, err
}

// RemoveException ends an exception: what it was about is handled no more. It
// stays in the history, with author and reason of the removal; the reason may
// be empty. The revision of namespaces grows as with a new one.
//
// Errors: NotFound "exception_not_found"; Conflict "exception_removed".
func (s *Store) RemoveException(ctx context.Context, instanceID string, id int64, author, reason string) error {
	return s.update(ctx, s.front, "remove an exception", func(tx *tx) error {
		e, err := lockException(ctx, tx, instanceID, id)
		if err != nil {
			return err
		}
		return endException(ctx, tx, e, author, reason)
	})
}

func endException(ctx context.Context, tx *tx, e catalog.Exception, author, reason string) error {
	if _, err := tx.exec(ctx, `UPDATE exception SET ended_at = $1, updated_at = $1 WHERE id = $2`, millis(tx.now), e.ID); err != nil {
		return err
	}
	if _, err := tx.exec(ctx, `UPDATE exception_target SET ended = TRUE WHERE exception_id = $1`, e.ID); err != nil {
		return err
	}
	_, err := recordException(ctx, tx, e, catalog.ExceptionRemovedEvent, author, clean(reason, maxMessage))
	return err
}

// dropNamespaceExceptions ends the exceptions of a namespace that is deleted,
// and takes it from those that hold for others as well: another namespace of
// that name is to begin without. The caller holds lockExceptions.
func dropNamespaceExceptions(ctx context.Context, tx *tx, instanceID, namespace string) error {
	list, err := all(ctx, tx, scanException, `SELECT `+exceptionColumns+`, `+exceptionTargets+` FROM exception e
		WHERE e.id IN (SELECT exception_id FROM exception_target WHERE NOT ended AND instance_id = $1 AND namespace = $2) ORDER BY e.id`,
		instanceID, namespace)
	if err != nil {
		return err
	}
	reason := fmt.Sprintf("namespace %s was deleted", namespace)
	for _, e := range list {
		rest := 0
		for _, t := range e.Targets {
			if t.Namespace != namespace {
				rest++
			}
		}
		if rest == 0 {
			if err := endException(ctx, tx, e, "", reason); err != nil {
				return err
			}
			continue
		}
		if _, err := tx.exec(ctx, `DELETE FROM exception_target WHERE exception_id = $1 AND namespace = $2`, e.ID, namespace); err != nil {
			return err
		}
		if err := addExceptionEvent(ctx, tx, e.ID, catalog.ExceptionChangedEvent, "", reason); err != nil {
			return err
		}
	}
	return nil
}

// ArtifactExceptions reads the exceptions that hold for an artifact, in one
// query over an index, also those that have expired: whether they have is for
// whoever applies them to say. They come without targets. After them come those
// that documents attached to the artifact make, as its namespace believes them.
func (s *Store) ArtifactExceptions(ctx context.Context, key catalog.RepositoryKey, digest string) ([]catalog.Exception, error) {
	list, err := artifactExceptions(ctx, s.reads, key, digest)
	return list, s.fail("read the exceptions of an artifact", err)
}

func artifactExceptions(ctx context.Context, q querier, key catalog.RepositoryKey, digest string) ([]catalog.Exception, error) {
	list, err := all(ctx, q, scanException, `SELECT `+exceptionColumns+`, ''
		FROM exception_target t JOIN exception e ON e.id = t.exception_id
		WHERE NOT t.ended AND t.instance_id = $1 AND t.namespace IN ('', $2) AND t.repository IN ('', $3) AND t.digest IN ('', $4)
		ORDER BY e.id`, key.InstanceID, key.Namespace, key.Repository, digest)
	if err != nil {
		return nil, err
	}
	said, err := statements(ctx, q, key, digest)
	return append(list, said...), err
}

// Exceptions lists exceptions by id; page.After is the last id of the page
// before.
//
// Errors: Invalid "after_invalid".
func (s *Store) Exceptions(ctx context.Context, instanceID string, f catalog.ExceptionFilter, page catalog.Page) ([]catalog.Exception, error) {
	after, err := pageAfter(page)
	if err != nil {
		return nil, err
	}
	q := exceptionQuery(instanceID, f, s.now())
	if f.State == "" {
		q.and("e.ended_at = 0")
	}
	q.and("e.id > " + q.arg(after))
	list, err := all(ctx, s.reads, scanException, `SELECT `+exceptionColumns+`, `+exceptionTargets+` FROM exception e
		WHERE `+q.where.String()+` ORDER BY e.id LIMIT `+q.arg(limit(page)), q.args...)
	return list, s.fail("list exceptions", err)
}

// ExceptionEvents lists what happened to exceptions, removed ones included,
// latest first; page.After is the last id of the page before.
//
// Errors: Invalid "after_invalid".
func (s *Store) ExceptionEvents(ctx context.Context, instanceID string, f catalog.ExceptionFilter, page catalog.Page) ([]catalog.ExceptionEvent, error) {
	before, err := pageAfter(page)
	if err != nil {
		return nil, err
	}
	q := exceptionQuery(instanceID, f, s.now())
	if before > 0 {
		q.and("v.id < " + q.arg(before))
	}
	list, err := all(ctx, s.reads, func(row scanner) (v catalog.ExceptionEvent, err error) {
		var r exceptionRow
		var at, expires int64
		err = row.Scan(append(r.dest(), &r.targets, &v.ID, &at, &v.Author, &v.What, &v.Reason, &expires)...)
		v.Exception, v.At, v.ExpiresAt = r.value(), fromMillis(at), fromMillis(expires)
		return v, err
	}, `SELECT `+exceptionColumns+`, `+exceptionTargets+`, v.id, v.happened_at, v.author, v.what, v.reason, v.expires_at
		FROM exception_event v JOIN exception e ON e.id = v.exception_id
		WHERE `+q.where.String()+` ORDER BY v.id DESC LIMIT `+q.arg(limit(page)), q.args...)
	return list, s.fail("list what happened to exceptions", err)
}

// pageAfter reads the number a page begins after.
func pageAfter(page catalog.Page) (int64, error) {
	if page.After == "" {
		return 0, nil
	}
	id, err := strconv.ParseInt(page.After, 10, 64)
	if err != nil || id < 0 {
		return 0, catalog.Errorf(catalog.Invalid, "after_invalid", "no page begins after what was given").
			Advise(`pass the "next" of the page before`)
	}
	return id, nil
}

// conditions is a WHERE clause with its arguments.
type conditions struct {
	where strings.Builder
	args  []any
}

// arg adds an argument and returns its placeholder.
func (c *conditions) arg(value any) string {
	c.args = append(c.args, value)
	return "$" + strconv.Itoa(len(c.args))
}

func (c *conditions) and(condition string) {
	if c.where.Len() > 0 {
		c.where.WriteString(" AND ")
	}
	c.where.WriteString(condition)
}

// exceptionQuery selects exceptions e by a filter, at the moment now.
func exceptionQuery(instanceID string, f catalog.ExceptionFilter, now time.Time) *conditions {
	q := &conditions{}
	q.and("e.instance_id = " + q.arg(instanceID))
	for _, is := range []struct{ column, value string }{
		{"vulnerability", strings.ToUpper(f.Vulnerability)},
		{"finding", f.FindingID},
		{"rule", f.Rule},
		{"category", string(f.Category)},
		{"action", string(f.Action)},
	} {
		if is.value != "" {
			q.and("e." + is.column + " = " + q.arg(is.value))
		}
	}
	if f.ID != 0 {
		q.and("e.id = " + q.arg(f.ID))
	}
	q.target(f.Target)
	switch f.State {
	case catalog.ExceptionActive:
		q.and("e.ended_at = 0 AND (e.expires_at = 0 OR e.expires_at > " + q.arg(millis(now)) + ")")
	case catalog.ExceptionExpired:
		q.and("e.ended_at = 0 AND e.expires_at <> 0 AND e.expires_at <= " + q.arg(millis(now)))
	case catalog.ExceptionRemoved:
		q.and("e.ended_at <> 0")
	}
	return q
}

// target selects what holds for something in t.
func (c *conditions) target(t catalog.Target) {
	inner := ""
	for _, is := range []struct{ column, value string }{{"namespace", t.Namespace}, {"repository", t.Repository}, {"digest", t.Digest}} {
		if is.value != "" {
			inner += " AND t." + is.column + " IN ('', " + c.arg(is.value) + ")"
		}
	}
	if inner != "" {
		c.and("EXISTS (SELECT 1 FROM exception_target t WHERE t.exception_id = e.id" + inner + ")")
	}
}
