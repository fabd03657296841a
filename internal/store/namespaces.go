package store

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/pratique/pratique/internal/catalog"
)

// CreateNamespace adds a namespace whose automatic scans and blocking are off.
//
// Errors: Invalid "namespace_name_invalid", Conflict "namespace_exists",
// NotFound "instance_not_found".
func (s *Store) CreateNamespace(ctx context.Context, instanceID, name string, public bool) (ns catalog.Namespace, err error) {
	if err := catalog.CheckNamespaceName(name); err != nil {
		return ns, err
	}
	err = s.update(ctx, s.front, "create a namespace", func(tx *tx) error {
		if _, err := one(ctx, tx, instanceNotFound(instanceID), scalar[string], `SELECT id FROM instance WHERE id = $1`, instanceID); err != nil {
			return err
		}
		made, err := tx.exec(ctx, `INSERT INTO namespace (instance_id, name, public, auto_scan, block, threshold,
				allowlist_expires_at, allowlist_created_at, allowlist_updated_at, revision, policy_revision, created_at, updated_at)
			VALUES ($1, $2, $3, FALSE, FALSE, $4, 0, 0, 0, 1, 1, $5, $5) ON CONFLICT DO NOTHING`,
			instanceID, name, public, int64(catalog.DefaultThreshold), millis(tx.now))
		if err != nil {
			return err
		}
		if made == 0 {
			return catalog.Errorf(catalog.Conflict, "namespace_exists", "there is a namespace %q already", name).
				Advise("choose another name, or use the one that is there")
		}
		ns, err = readNamespace(ctx, tx, instanceID, name)
		return err
	})
	return ns, err
}

// namespaceColumns reads a namespace n with its allowlist. No id on an
// allowlist contains a comma.
const namespaceColumns = `n.id, n.instance_id, n.name, n.public, n.auto_scan, n.block, n.threshold,
	n.allowlist_expires_at, n.allowlist_created_at, n.allowlist_updated_at, n.gate, n.revision, n.created_at, n.updated_at,
	COALESCE((SELECT string_agg(e.vulnerability, ',' ORDER BY e.position) FROM allowlist_entry e WHERE e.namespace_id = n.id), ''),
	COALESCE((SELECT i.settings FROM instance_setting i WHERE i.instance_id = n.instance_id), '')`

const countRepositories = `(SELECT count(*) FROM repository r WHERE r.namespace_id = n.id)`

// namespaceRow collects the columns of namespaceColumns.
type namespaceRow struct {
	ns                                                      catalog.Namespace
	expires, listCreated, listUpdated, nsCreated, nsUpdated int64
	gate, items, settings                                   string
}

func (r *namespaceRow) dest() []any {
	return []any{&r.ns.ID, &r.ns.InstanceID, &r.ns.Name, &r.ns.Public, &r.ns.AutoScan, &r.ns.Policy.Block, &r.ns.Policy.Threshold,
		&r.expires, &r.listCreated, &r.listUpdated, &r.gate, &r.ns.Revision, &r.nsCreated, &r.nsUpdated, &r.items, &r.settings}
}

func (r *namespaceRow) value() (catalog.Namespace, error) {
	list := &r.ns.Policy.Allowlist
	list.ExpiresAt, list.CreatedAt, list.UpdatedAt = fromMillis(r.expires), fromMillis(r.listCreated), fromMillis(r.listUpdated)
	list.Items = split(r.items)
	r.ns.CreatedAt, r.ns.UpdatedAt = fromMillis(r.nsCreated), fromMillis(r.nsUpdated)
	settings, err := parseSettings(r.settings)
	if err != nil {
		return r.ns, err
	}
	r.ns.Scope = settings.Scope()
	return r.ns, decodeGate(r.gate, &r.ns.Policy.Gate)
}

// decodeGate reads what encodeGate wrote. Most namespaces have the default, which
// costs nothing.
func decodeGate(text string, g *catalog.GateSettings) error {
	if text == "" {
		return nil
	}
	if err := json.Unmarshal([]byte(text), g); err != nil {
		return fmt.Errorf("read the settings of a gate: %w", err)
	}
	return nil
}

// encodeGate is the same for the same settings.
func encodeGate(g catalog.GateSettings) (string, error) {
	text, err := json.Marshal(g)
	if err != nil {
		return "", fmt.Errorf("encode the settings of a gate: %w", err)
	}
	if string(text) == "{}" {
		return "", nil
	}
	return string(text), nil
}

// split undoes string_agg(…, ','): no text is no elements.
func split(joined string) []string {
	if joined == "" {
		return nil
	}
	return strings.Split(joined, ",")
}

func scanNamespace(row scanner) (catalog.Namespace, error) {
	var r namespaceRow
	if err := row.Scan(append(r.dest(), &r.ns.Repositories)...); err != nil {
		return catalog.Namespace{}, err
	}
	return r.value()
}

func readNamespace(ctx context.Context, q querier, instanceID, name string) (catalog.Namespace, error) {
	return one(ctx, q, namespaceNotFound(name), scanNamespace,
		`SELECT `+namespaceColumns+`, `+countRepositories+` FROM namespace n WHERE n.instance_id = $1 AND n.name = $2`, instanceID, name)
}

// Namespace reads a namespace. NotFound "namespace_not_found".
func (s *Store) Namespace(ctx context.Context, instanceID, name string) (catalog.Namespace, error) {
	ns, err := readNamespace(ctx, s.reads, instanceID, name)
	return ns, s.fail("read a namespace", err)
}

// Namespaces lists the namespaces that may be seen, by name.
func (s *Store) Namespaces(ctx context.Context, instanceID string, see catalog.Visibility, page catalog.Page) ([]catalog.Namespace, error) {
	where, args := visible(see, []any{instanceID, page.After, limit(page)})
	list, err := all(ctx, s.reads, scanNamespace, `SELECT `+namespaceColumns+`, `+countRepositories+` FROM namespace n
		WHERE n.instance_id = $1 AND n.name > $2 AND `+where+` ORDER BY n.name LIMIT $3`, args...)
	return list, s.fail("list namespaces", err)
}

// visible is the condition that a namespace n may be seen, with its arguments
// after those there are.
func visible(see catalog.Visibility, args []any) (string, []any) {
	in := func(names []string) string {
		if len(names) == 0 {
			return "FALSE"
		}
		condition := "n.name IN (" + places(len(args)+1, len(names)) + ")"
		for _, name := range names {
			args = append(args, name)
		}
		return condition
	}
	where := "TRUE"
	if !see.All {
		where = in(see.Names)
		if see.Public {
			where = "(n.public OR " + where + ")"
		}
	}
	if len(see.Among) > 0 {
		where += " AND " + in(see.Among)
	}
	return where, args
}

// limit keeps a page within what catalog.Page promises.
func limit(page catalog.Page) int { return min(max(page.Limit, 1), 1000) }

// UpdateNamespace changes a namespace. Its revision grows if the policy changes,
// which makes stored verdicts old, as changes of exceptions do.
//
// Errors: NotFound "namespace_not_found"; Invalid as catalog.Policy.With says.
func (s *Store) UpdateNamespace(ctx context.Context, instanceID, name string, change catalog.NamespaceChange) (ns catalog.Namespace, err error) {
	err = s.update(ctx, s.front, "change a namespace", func(tx *tx) error {
		id, err := lockNamespace(ctx, tx, instanceID, name, tx.dialect.forNoKeyUpdate)
		if err != nil {
			return err
		}
		before, err := readNamespace(ctx, tx, instanceID, name)
		if err != nil {
			return err
		}
		if !change.ReadAt.IsZero() && !change.ReadAt.Equal(before.UpdatedAt) {
			return catalog.Errorf(catalog.Conflict, "namespace_changed", "somebody changed namespace %s meanwhile", name).
				Advise("read it again and make the change to what it says now")
		}
		after := before
		set(&after.Public, change.Public)
		set(&after.AutoScan, change.AutoScan)
		if after.Policy, err = before.Policy.With(change); err != nil {
			return err
		}
		gate, err := changePolicy(ctx, tx, id, before.Policy, after.Policy, change.Allowlist != nil)
		if err != nil {
			return err
		}
		if _, err := tx.exec(ctx, `UPDATE namespace SET public = $1, auto_scan = $2, block = $3, threshold = $4, gate = $5, updated_at = $6
			WHERE id = $7`, after.Public, after.AutoScan, after.Policy.Block, int64(after.Policy.Threshold), gate,
			max(millis(tx.now), millis(before.UpdatedAt)+1), id); err != nil {
			return err
		}
		ns, err = readNamespace(ctx, tx, instanceID, name)
		return err
	})
	return ns, err
}

// changePolicy makes verdicts old if they depend on what differs between two
// policies, and stores a new allowlist. It returns how the gate's settings are
// stored.
func changePolicy(ctx context.Context, tx *tx, namespaceID int64, before, after catalog.Policy, list bool) (gate string, err error) {
	old, err := encodeGate(before.Gate)
	if err != nil {
		return "", err
	}
	if gate, err = encodeGate(after.Gate); err != nil {
		return "", err
	}
	if list {
		if err := replaceAllowlist(ctx, tx, namespaceID, after.Allowlist); err != nil {
			return "", err
		}
	}
	if list || gate != old || after.Block != before.Block || after.Threshold != before.Threshold {
		_, err = tx.exec(ctx, `UPDATE namespace SET revision = revision + 1, policy_revision = revision + 1 WHERE id = $1`, namespaceID)
	}
	return gate, err
}

func set[T any](field *T, value *T) {
	if value != nil {
		*field = *value
	}
}

func replaceAllowlist(ctx context.Context, tx *tx, namespaceID int64, list catalog.Allowlist) error {
	list, err := catalog.NewAllowlist(list.Items, list.ExpiresAt)
	if err != nil {
		return err
	}
	now := millis(tx.now)
	if _, err := tx.exec(ctx, `UPDATE namespace SET allowlist_expires_at = $1, allowlist_updated_at = $2,
			allowlist_created_at = CASE WHEN allowlist_created_at = 0 THEN CAST($2 AS BIGINT) ELSE allowlist_created_at END
		WHERE id = $3`, millis(list.ExpiresAt), now, namespaceID); err != nil {
		return err
	}
	if _, err := tx.exec(ctx, `DELETE FROM allowlist_entry WHERE namespace_id = $1`, namespaceID); err != nil {
		return err
	}
	rows := make([][]any, len(list.Items))
	for i, item := range list.Items {
		rows[i] = []any{namespaceID, i, item}
	}
	return tx.insert(ctx, `INSERT INTO allowlist_entry (namespace_id, position, vulnerability)`, rows, "")
}

// lockNamespace returns the id of a namespace that lock keeps for this
// transaction.
func lockNamespace(ctx context.Context, tx *tx, instanceID, name, lock string) (int64, error) {
	return one(ctx, tx, namespaceNotFound(name), scalar[int64],
		`SELECT id FROM namespace WHERE instance_id = $1 AND name = $2`+lock, instanceID, name)
}

// DeleteNamespace removes a namespace, its empty repositories, and its
// exceptions but for their history.
//
// Errors: NotFound "namespace_not_found"; Conflict "namespace_not_empty" while
// it holds artifacts.
func (s *Store) DeleteNamespace(ctx context.Context, instanceID, name string) error {
	return s.update(ctx, s.front, "delete a namespace", func(tx *tx) error {
		// First, as whoever changes exceptions does, so that neither waits for the
		// other.
		if err := lockExceptions(ctx, tx, instanceID); err != nil {
			return err
		}
		id, err := lockNamespace(ctx, tx, instanceID, name, tx.dialect.forUpdate)
		if err != nil {
			return err
		}
		// Locked, so that no push adds to them until this transaction ends.
		if _, err := all(ctx, tx, scalar[int64], `SELECT id FROM repository WHERE namespace_id = $1 ORDER BY id`+tx.dialect.forUpdate, id); err != nil {
			return err
		}
		artifacts, err := one(ctx, tx, nil, scalar[int64],
			`SELECT count(*) FROM artifact a JOIN repository r ON r.id = a.repository_id WHERE r.namespace_id = $1`, id)
		if err != nil {
			return err
		}
		if artifacts > 0 {
			return catalog.Errorf(catalog.Conflict, "namespace_not_empty", "namespace %q holds %d artifacts", name, artifacts).
				Advise("delete its repositories first")
		}
		if err := dropNamespaceExceptions(ctx, tx, instanceID, name); err != nil {
			return err
		}
		_, err = tx.exec(ctx, `DELETE FROM namespace WHERE id = $1`, id)
		return err
	})
}
