package store

import (
	"context"

	"github.com/pratique/pratique/internal/catalog"
)

// Rules returns the files of rules of a namespace, sorted by name. NotFound
// "namespace_not_found".
func (s *Store) Rules(ctx context.Context, instanceID, namespace string) (catalog.RuleFiles, error) {
	rules, err := readRules(ctx, s.reads, instanceID, namespace)
	return rules, s.fail("read the rules of a namespace", err)
}

func readRules(ctx context.Context, q querier, instanceID, namespace string) (rules catalog.RuleFiles, err error) {
	rules, err = one(ctx, q, namespaceNotFound(namespace), func(row scanner) (r catalog.RuleFiles, err error) {
		err = row.Scan(&r.NamespaceID, &r.Revision)
		return r, err
	}, `SELECT id, rules_revision FROM namespace WHERE instance_id = $1 AND name = $2`, instanceID, namespace)
	if err != nil || rules.Revision == 0 {
		return rules, err
	}
	rules.Files, err = all(ctx, q, func(row scanner) (f catalog.RuleFile, err error) {
		var updated int64
		err = row.Scan(&f.Name, &f.Content, &f.UpdatedBy, &updated)
		f.UpdatedAt = fromMillis(updated)
		return f, err
	}, `SELECT name, content, updated_by, updated_at FROM rule_file WHERE namespace_id = $1 ORDER BY name`, rules.NamespaceID)
	return rules, err
}

// maxRuled bounds the namespaces that RuledNamespaces lists.
const maxRuled = 10000

// RuledNamespaces lists the namespaces of an instance that have rules of their
// own, by name, the first ten thousand.
func (s *Store) RuledNamespaces(ctx context.Context, instanceID string) ([]catalog.RuledNamespace, error) {
	list, err := all(ctx, s.reads, func(row scanner) (r catalog.RuledNamespace, err error) {
		var updated int64
		err = row.Scan(&r.Namespace, &r.Files, &updated)
		r.UpdatedAt = fromMillis(updated)
		return r, err
	}, `SELECT n.name, count(*), max(f.updated_at) FROM rule_file f JOIN namespace n ON n.id = f.namespace_id
		WHERE n.instance_id = $1 GROUP BY n.name ORDER BY n.name LIMIT $2`, instanceID, maxRuled)
	return list, s.fail("list the namespaces with rules", err)
}

// OtherCollectors counts the reported images of a namespace whose layers were
// read by other collectors than those of a version.
func (s *Store) OtherCollectors(ctx context.Context, instanceID, namespace, version string) (int, error) {
	n, err := one(ctx, s.reads, nil, scalar[int], `SELECT count(*) FROM namespace n JOIN repository r ON r.namespace_id = n.id
			JOIN artifact a ON a.repository_id = r.id JOIN report v ON v.artifact_id = a.id
		WHERE n.instance_id = $1 AND n.name = $2 AND EXISTS (SELECT 1 FROM scan_layer l WHERE l.scan_id = v.scan_id AND l.collectors <> $3)`,
		instanceID, namespace, version)
	return n, s.fail("count images by other rules", err)
}

// PutRule adds or replaces a file of rules of the namespace that the files
// before were read from, or removes it where there is no content. It does not
// look into the file.
//
// Errors: Conflict "rules_changed" if before is not the state of the rules any
// more; NotFound "rule_file_not_found" for a file to remove; Invalid
// "rules_invalid" for too many or too large ones.
func (s *Store) PutRule(ctx context.Context, before catalog.RuleFiles, f catalog.RuleFile) error {
	if len(f.Content) > catalog.MaxRuleFile {
		return catalog.Errorf(catalog.Invalid, "rules_invalid", "%s has %d bytes, more than %d", f.Name, len(f.Content), catalog.MaxRuleFile).
			Advise("keep large lists in the directory of rules that the server reads")
	}
	return s.update(ctx, s.front, "change the rules of a namespace", func(tx *tx) error {
		n, err := tx.exec(ctx, `UPDATE namespace SET rules_revision = rules_revision + 1, updated_at = $1
			WHERE id = $2 AND rules_revision = $3`, millis(tx.now), before.NamespaceID, before.Revision)
		if err != nil {
			return err
		}
		if n == 0 {
			return catalog.Errorf(catalog.Conflict, "rules_changed", "somebody else has changed the rules meanwhile").
				Advise("look at them again and repeat the change")
		}
		if len(f.Content) == 0 {
			return deleteRule(ctx, tx, before.NamespaceID, f.Name)
		}
		if _, err := tx.exec(ctx, `INSERT INTO rule_file (namespace_id, name, content, updated_by, updated_at) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (namespace_id, name) DO UPDATE SET content = excluded.content, updated_by = excluded.updated_by, updated_at = excluded.updated_at`,
			before.NamespaceID, f.Name, f.Content, f.UpdatedBy, millis(tx.now)); err != nil {
			return err
		}
		files, err := one(ctx, tx, nil, scalar[int64], `SELECT count(*) FROM rule_file WHERE namespace_id = $1`, before.NamespaceID)
		if err == nil && files > catalog.MaxRuleFiles {
			err = catalog.Errorf(catalog.Invalid, "rules_invalid", "a namespace has at most %d files of rules", catalog.MaxRuleFiles).
				Advise("put the rules of one kind into one file")
		}
		return err
	})
}

func deleteRule(ctx context.Context, tx *tx, namespaceID int64, name string) error {
	n, err := tx.exec(ctx, `DELETE FROM rule_file WHERE namespace_id = $1 AND name = $2`, namespaceID, name)
	if err == nil && n == 0 {
		err = catalog.Errorf(catalog.NotFound, "rule_file_not_found", "the namespace has no rules in a file %s", name)
	}
	return err
}
