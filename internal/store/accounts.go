package store

import (
	"context"
	"slices"

	"github.com/pratique/pratique/internal/catalog"
)

// CreateAccount adds an account with the roles it holds itself; by names who
// gives them. Its groups do not count.
//
// Errors: Conflict "account_exists", also where issuer and subject belong to
// another account; NotFound as GrantRole's.
func (s *Store) CreateAccount(ctx context.Context, a catalog.Account, by string) (catalog.Account, error) {
	err := s.update(ctx, s.front, "create an account", func(tx *tx) (err error) {
		exists := catalog.Errorf(catalog.Conflict, "account_exists", "there is an account %q already", a.Name).
			Advise("choose another name, or set a new password for it")
		a.ID, err = one(ctx, tx, exists, scalar[int64], `INSERT INTO account (name, password_hash, one_time, disabled, issuer, subject, created_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING RETURNING id`,
			a.Name, a.PasswordHash, a.OneTime, a.Disabled, a.Issuer, a.Subject, millis(tx.now))
		if err != nil {
			return err
		}
		for _, r := range a.Roles {
			if err := grantRole(ctx, tx, catalog.RoleGrant{Realm: r.Realm, Role: r.Role, Account: a.Name, GrantedBy: by}); err != nil {
				return err
			}
		}
		a, err = readAccount(ctx, tx, a.Name)
		return err
	})
	return a, err
}

const accountColumns = `a.id, a.name, a.password_hash, a.one_time, a.disabled, a.issuer, a.subject, a.created_at`

func scanAccount(row scanner) (a catalog.Account, err error) {
	var created int64
	err = row.Scan(&a.ID, &a.Name, &a.PasswordHash, &a.OneTime, &a.Disabled, &a.Issuer, &a.Subject, &created)
	a.CreatedAt = fromMillis(created)
	return a, err
}

// Account reads an account with its groups and roles. NotFound
// "account_not_found".
func (s *Store) Account(ctx context.Context, name string) (catalog.Account, error) {
	a, err := readAccount(ctx, s.reads, name)
	return a, s.fail("read an account", err)
}

// AccountOf reads the account of somebody at an OpenID provider. NotFound
// "account_not_found".
func (s *Store) AccountOf(ctx context.Context, issuer, subject string) (catalog.Account, error) {
	missing := catalog.Errorf(catalog.NotFound, "account_not_found", "nobody here belongs to that account of the provider")
	a, err := one(ctx, s.reads, missing, scanAccount, `SELECT `+accountColumns+` FROM account a
		WHERE a.issuer = $1 AND a.subject = $2 AND a.issuer <> ''`, issuer, subject)
	if err == nil {
		err = readRoles(ctx, s.reads, &a)
	}
	return a, s.fail("read an account", err)
}

func readAccount(ctx context.Context, q querier, name string) (catalog.Account, error) {
	a, err := one(ctx, q, accountNotFound(name), scanAccount, `SELECT `+accountColumns+` FROM account a WHERE a.name = $1`, name)
	if err != nil {
		return a, err
	}
	return a, readRoles(ctx, q, &a)
}

// heldRoles reads the roles of accounts as a row each, with the account's id.
const heldRoles = `SELECT h.account_id, COALESCE(r.instance_id, ''), COALESCE(n.name, ''), r.role, h.via FROM (
		SELECT id AS account_id, CAST(NULL AS BIGINT) AS group_id, '' AS via FROM account
		UNION ALL SELECT m.account_id, m.group_id, g.name FROM group_member m JOIN account_group g ON g.id = m.group_id
	) h JOIN role_grant r ON (h.group_id IS NULL AND r.account_id = h.account_id) OR r.group_id = h.group_id
	LEFT JOIN namespace n ON n.id = r.namespace_id`

type accountRole struct {
	account int64
	held    catalog.HeldRole
}

func scanHeldRole(row scanner) (r accountRole, err error) {
	err = row.Scan(&r.account, &r.held.InstanceID, &r.held.Namespace, &r.held.Role, &r.held.Group)
	return r, err
}

func readRoles(ctx context.Context, q querier, a *catalog.Account) (err error) {
	if a.Groups, err = all(ctx, q, scalar[string], `SELECT g.name FROM group_member m JOIN account_group g ON g.id = m.group_id
		WHERE m.account_id = $1 ORDER BY g.name`, a.ID); err != nil {
		return err
	}
	roles, err := all(ctx, q, scanHeldRole, heldRoles+` WHERE h.account_id = $1 ORDER BY 2, 3, 4, 5`, a.ID)
	for _, r := range roles {
		a.Roles = append(a.Roles, r.held)
	}
	return err
}

// Accounts lists accounts by name, with their groups and roles.
func (s *Store) Accounts(ctx context.Context, page catalog.Page) ([]catalog.Account, error) {
	list, err := all(ctx, s.reads, scanAccount, `SELECT `+accountColumns+` FROM account a WHERE a.name > $1 ORDER BY a.name LIMIT $2`,
		page.After, limit(page))
	for i := range list {
		if err == nil {
			err = readRoles(ctx, s.reads, &list[i])
		}
	}
	return list, s.fail("list accounts", err)
}

// UpdateAccount changes an account. One that is disabled loses its sessions.
//
// Errors: NotFound "account_not_found"; Conflict "last_administrator".
func (s *Store) UpdateAccount(ctx context.Context, name string, change catalog.AccountChange) error {
	return s.update(ctx, s.front, "change an account", func(tx *tx) error {
		id, err := accountID(ctx, tx, name)
		if err != nil {
			return err
		}
		if change.PasswordHash != nil {
			if _, err := tx.exec(ctx, `UPDATE account SET password_hash = $1 WHERE id = $2`, *change.PasswordHash, id); err != nil {
				return err
			}
		}
		if change.OneTime != nil {
			if _, err := tx.exec(ctx, `UPDATE account SET one_time = $1 WHERE id = $2`, *change.OneTime, id); err != nil {
				return err
			}
		}
		if change.Disabled == nil {
			return nil
		}
		return keepAdministrator(ctx, tx, func() error {
			if _, err := tx.exec(ctx, `UPDATE account SET disabled = $1 WHERE id = $2`, *change.Disabled, id); err != nil || !*change.Disabled {
				return err
			}
			_, err := tx.exec(ctx, `DELETE FROM session WHERE account_id = $1`, id)
			return err
		})
	})
}

// DeleteAccount removes an account with its roles, credentials and sessions.
//
// Errors: NotFound "account_not_found"; Conflict "last_administrator".
func (s *Store) DeleteAccount(ctx context.Context, name string) error {
	return s.update(ctx, s.front, "delete an account", func(tx *tx) error {
		return keepAdministrator(ctx, tx, func() error {
			n, err := tx.exec(ctx, `DELETE FROM account WHERE name = $1`, name)
			if err == nil && n == 0 {
				err = accountNotFound(name)
			}
			return err
		})
	})
}

// keepAdministrator refuses a change after which nobody could undo it.
func keepAdministrator(ctx context.Context, tx *tx, change func() error) error {
	before, err := hasAdministrator(ctx, tx)
	if err != nil {
		return err
	}
	if err := change(); err != nil || !before {
		return err
	}
	after, err := hasAdministrator(ctx, tx)
	if err == nil && !after {
		err = catalog.Errorf(catalog.Conflict, "last_administrator", "nobody would be left who is administrator everywhere").
			Advise("make somebody else administrator first")
	}
	return err
}

func hasAdministrator(ctx context.Context, q querier) (bool, error) {
	return one(ctx, q, nil, scalar[bool], `SELECT EXISTS (SELECT 1 FROM account a JOIN role_grant r
		ON r.account_id = a.id OR r.group_id IN (SELECT m.group_id FROM group_member m WHERE m.account_id = a.id)
		WHERE NOT a.disabled AND r.role = 'administrator' AND r.instance_id IS NULL AND r.namespace_id IS NULL)`)
}

func accountID(ctx context.Context, q querier, name string) (int64, error) {
	return one(ctx, q, accountNotFound(name), scalar[int64], `SELECT id FROM account WHERE name = $1`, name)
}

func accountNotFound(name string) error {
	return catalog.Errorf(catalog.NotFound, "account_not_found", "there is no account %q", name).
		Advise("list those there are, for example with: pratique admin account list")
}

// CreateGroup adds a group without members. Conflict "group_exists".
func (s *Store) CreateGroup(ctx context.Context, name string) error {
	return s.update(ctx, s.front, "create a group", func(tx *tx) error {
		n, err := tx.exec(ctx, `INSERT INTO account_group (name, created_at) VALUES ($1, $2) ON CONFLICT DO NOTHING`, name, millis(tx.now))
		if err == nil && n == 0 {
			err = catalog.Errorf(catalog.Conflict, "group_exists", "there is a group %q already", name)
		}
		return err
	})
}

// Groups lists all groups by name with their members.
func (s *Store) Groups(ctx context.Context) ([]catalog.Group, error) {
	list, err := all(ctx, s.reads, func(row scanner) (g catalog.Group, err error) {
		var created int64
		err = row.Scan(&g.ID, &g.Name, &created)
		g.CreatedAt, g.Members = fromMillis(created), []string{}
		return g, err
	}, `SELECT id, name, created_at FROM account_group ORDER BY name`)
	if err != nil {
		return nil, s.fail("list groups", err)
	}
	type member struct {
		group int64
		name  string
	}
	members, err := all(ctx, s.reads, func(row scanner) (m member, err error) {
		err = row.Scan(&m.group, &m.name)
		return m, err
	}, `SELECT m.group_id, a.name FROM group_member m JOIN account a ON a.id = m.account_id ORDER BY a.name`)
	for _, m := range members {
		i := slices.IndexFunc(list, func(g catalog.Group) bool { return g.ID == m.group })
		if i >= 0 {
			list[i].Members = append(list[i].Members, m.name)
		}
	}
	return list, s.fail("list groups", err)
}

// DeleteGroup removes a group with its roles.
//
// Errors: NotFound "group_not_found"; Conflict "last_administrator".
func (s *Store) DeleteGroup(ctx context.Context, name string) error {
	return s.update(ctx, s.front, "delete a group", func(tx *tx) error {
		return keepAdministrator(ctx, tx, func() error {
			n, err := tx.exec(ctx, `DELETE FROM account_group WHERE name = $1`, name)
			if err == nil && n == 0 {
				err = groupNotFound(name)
			}
			return err
		})
	})
}

// SetMember puts an account into a group or takes it out. What is so already is
// no error.
//
// Errors: NotFound "group_not_found", "account_not_found"; Conflict
// "last_administrator".
func (s *Store) SetMember(ctx context.Context, group, account string, member bool) error {
	return s.update(ctx, s.front, "change a group", func(tx *tx) error {
		g, err := groupID(ctx, tx, group)
		if err != nil {
			return err
		}
		a, err := accountID(ctx, tx, account)
		if err != nil {
			return err
		}
		if member {
			_, err := tx.exec(ctx, `INSERT INTO group_member (group_id, account_id, external) VALUES ($1, $2, FALSE)
				ON CONFLICT (group_id, account_id) DO UPDATE SET external = FALSE`, g, a)
			return err
		}
		return keepAdministrator(ctx, tx, func() error {
			_, err := tx.exec(ctx, `DELETE FROM group_member WHERE group_id = $1 AND account_id = $2`, g, a)
			return err
		})
	})
}

// SetExternalGroups makes an account a member of exactly these groups, as far as
// an OpenID provider says so; members made here stay. Groups that are not there
// are left out.
func (s *Store) SetExternalGroups(ctx context.Context, account string, groups []string) error {
	return s.update(ctx, s.front, "take over the groups of an account", func(tx *tx) error {
		a, err := accountID(ctx, tx, account)
		if err != nil {
			return err
		}
		if _, err := tx.exec(ctx, `DELETE FROM group_member WHERE account_id = $1 AND external`, a); err != nil {
			return err
		}
		for _, name := range groups {
			if _, err := tx.exec(ctx, `INSERT INTO group_member (group_id, account_id, external)
				SELECT id, CAST($1 AS BIGINT), TRUE FROM account_group WHERE name = $2 ON CONFLICT DO NOTHING`, a, name); err != nil {
				return err
			}
		}
		return nil
	})
}

func groupID(ctx context.Context, q querier, name string) (int64, error) {
	return one(ctx, q, groupNotFound(name), scalar[int64], `SELECT id FROM account_group WHERE name = $1`, name)
}

func groupNotFound(name string) error {
	return catalog.Errorf(catalog.NotFound, "group_not_found", "there is no group %q", name).
		Advise("create it first, for example with: pratique admin group create %s", name)
}

// grantKey is what a grant refers to, by id; nil for none.
type grantKey struct {
	instance, namespace, account, group any
}

func (k grantKey) args() []any { return []any{k.instance, k.namespace, k.account, k.group} }

// sameGrant compares a row with grantKey.args, nulls being the same.
const sameGrant = `COALESCE(instance_id, '') = COALESCE(CAST($1 AS TEXT), '') AND COALESCE(namespace_id, 0) = COALESCE(CAST($2 AS BIGINT), 0)
	AND COALESCE(account_id, 0) = COALESCE(CAST($3 AS BIGINT), 0) AND COALESCE(group_id, 0) = COALESCE(CAST($4 AS BIGINT), 0)`

func resolveGrant(ctx context.Context, q querier, g catalog.RoleGrant) (k grantKey, err error) {
	if g.InstanceID != "" {
		k.instance = g.InstanceID
	}
	if g.Namespace != "" {
		if k.namespace, err = one(ctx, q, namespaceNotFound(g.Namespace), scalar[int64],
			`SELECT id FROM namespace WHERE instance_id = $1 AND name = $2`, g.InstanceID, g.Namespace); err != nil {
			return k, err
		}
	}
	if g.Group != "" {
		k.group, err = groupID(ctx, q, g.Group)
		return k, err
	}
	k.account, err = accountID(ctx, q, g.Account)
	return k, err
}

// GrantRole gives an account or a group a role in a realm, in place of the one
// it has there, if any.
//
// Errors: NotFound "account_not_found", "group_not_found", "namespace_not_found";
// Conflict "last_administrator".
func (s *Store) GrantRole(ctx context.Context, g catalog.RoleGrant) error {
	return s.update(ctx, s.front, "give a role", func(tx *tx) error {
		return keepAdministrator(ctx, tx, func() error { return grantRole(ctx, tx, g) })
	})
}

func grantRole(ctx context.Context, tx *tx, g catalog.RoleGrant) error {
	key, err := resolveGrant(ctx, tx, g)
	if err != nil {
		return err
	}
	if _, err := tx.exec(ctx, `DELETE FROM role_grant WHERE `+sameGrant, key.args()...); err != nil {
		return err
	}
	_, err = tx.exec(ctx, `INSERT INTO role_grant (instance_id, namespace_id, account_id, group_id, role, granted_at, granted_by)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`, append(key.args(), string(g.Role), millis(tx.now), g.GrantedBy)...)
	return err
}

// RevokeRole takes the role away that an account or a group has in a realm.
//
// Errors: those of GrantRole; NotFound "role_not_held".
func (s *Store) RevokeRole(ctx context.Context, g catalog.RoleGrant) error {
	return s.update(ctx, s.front, "take a role away", func(tx *tx) error {
		key, err := resolveGrant(ctx, tx, g)
		if err != nil {
			return err
		}
		return keepAdministrator(ctx, tx, func() error {
			n, err := tx.exec(ctx, `DELETE FROM role_grant WHERE `+sameGrant, key.args()...)
			if err == nil && n == 0 {
				err = catalog.Errorf(catalog.NotFound, "role_not_held", "%s holds no role there itself", g.Holder()).
					Advise("list the roles there are, for example with: pratique admin role list")
			}
			return err
		})
	})
}

// RoleGrants lists the roles that were given: those in one realm exactly.
func (s *Store) RoleGrants(ctx context.Context, realm catalog.Realm) ([]catalog.RoleGrant, error) {
	list, err := all(ctx, s.reads, func(row scanner) (g catalog.RoleGrant, err error) {
		var at int64
		err = row.Scan(&g.InstanceID, &g.Namespace, &g.Account, &g.Group, &g.Role, &at, &g.GrantedBy)
		g.GrantedAt = fromMillis(at)
		return g, err
	}, `SELECT COALESCE(r.instance_id, ''), COALESCE(n.name, ''), COALESCE(a.name, ''), COALESCE(g.name, ''), r.role, r.granted_at, r.granted_by
		FROM role_grant r LEFT JOIN namespace n ON n.id = r.namespace_id LEFT JOIN account a ON a.id = r.account_id
		LEFT JOIN account_group g ON g.id = r.group_id
		WHERE COALESCE(r.instance_id, '') = $1 AND COALESCE(n.name, '') = $2 ORDER BY 3, 4`, realm.InstanceID, realm.Namespace)
	return list, s.fail("list roles", err)
}
