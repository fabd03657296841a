package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/pratique/pratique/internal/catalog"
)

const (
	// maxFindingChanges bounds what is recorded of one change of a report. A
	// report that changes in more is the first one that later ones are compared
	// with.
	maxFindingChanges = 1000
	// maxPath bounds the path that is kept of a finding, in bytes.
	maxPath = 1024
)

// findingChange is a finding that came or went.
type findingChange struct {
	catalog.PastFinding
	came bool
}

// findingChanges compares what was found, but for vulnerabilities, by the ids of
// findings. It returns one more than maxFindingChanges at most.
func findingChanges(before, after []catalog.Exposure) []findingChange {
	before, after = findings(before), findings(after)
	if slices.EqualFunc(before, after, func(a, b catalog.Exposure) bool { return a.FindingID == b.FindingID }) {
		return nil
	}
	had, has := findingIDs(before), findingIDs(after)
	var changes []findingChange
	add := func(list []catalog.Exposure, other map[string]bool, came bool) {
		for _, e := range list {
			if !other[e.FindingID] && len(changes) <= maxFindingChanges {
				changes = append(changes, findingChange{pastFinding(e), came})
			}
		}
	}
	add(before, has, false)
	add(after, had, true)
	return changes
}

// findings returns what is no vulnerability, which comes last.
func findings(exposure []catalog.Exposure) []catalog.Exposure {
	first := len(exposure)
	for first > 0 && !exposure[first-1].IsVulnerability() {
		first--
	}
	return exposure[first:]
}

func findingIDs(exposure []catalog.Exposure) map[string]bool {
	ids := make(map[string]bool, len(exposure))
	for _, e := range exposure {
		ids[e.FindingID] = true
	}
	return ids
}

func pastFinding(e catalog.Exposure) catalog.PastFinding {
	f := catalog.PastFinding{
		ID: clean(e.FindingID, maxRule), Category: e.Category, Rule: clean(e.Rule, maxRule), Title: clean(e.Title, maxTitle),
		Severity: e.Severity, Package: clean(e.Package, maxPackageName), Version: clean(e.Version, maxPackageVersion),
	}
	if len(e.Paths) > 0 {
		f.Path = clean(e.Paths[0], maxPath)
	}
	return f
}

// putFindingChanges records what came and went in an artifact now.
func putFindingChanges(ctx context.Context, tx *tx, artifactID int64, changes []findingChange) error {
	if len(changes) > maxFindingChanges {
		return forgetPast(ctx, tx, artifactID)
	}
	rows := make([][]any, len(changes))
	for i, c := range changes {
		rows[i] = []any{artifactID, millis(tx.now), c.ID, c.came, string(c.Category), c.Rule, c.Title, int64(c.Severity), c.Package, c.Version, c.Path}
	}
	return tx.insert(ctx, `INSERT INTO finding_change (artifact_id, at, finding_id, came, category, rule, title, severity, package, version, path)`,
		rows, `ON CONFLICT DO NOTHING`)
}

// forgetPast makes the report that an artifact gets now the first one that later
// ones are compared with.
func forgetPast(ctx context.Context, tx *tx, artifactID int64) error {
	_, err := tx.exec(ctx, `UPDATE report SET known_since = $1 WHERE artifact_id = $2`, millis(tx.now), artifactID)
	return err
}

// putPast records in what the result of a scan differs from the report that it
// takes the place of. What only one of them looked for has neither come nor gone:
// then nothing is known from before.
func (s *Store) putPast(ctx context.Context, tx *tx, scan catalog.Scan, key string, after []catalog.Exposure) error {
	type earlier struct{ key, categories, wanted string }
	before, err := one(ctx, tx, nil, func(row scanner) (e earlier, err error) {
		return e, row.Scan(&e.key, &e.categories, &e.wanted)
	}, `SELECT r.exposure_key, s.categories, n.categories FROM report r JOIN scan s ON s.id = r.scan_id JOIN scan n ON n.id = $1
		WHERE r.artifact_id = $2`, scan.ID, scan.ArtifactID)
	switch {
	case err != nil:
		return err
	case before.categories != before.wanted:
		return forgetPast(ctx, tx, scan.ArtifactID)
	case before.key == "" || before.key == key:
		return nil
	}
	data, err := one(ctx, tx, nil, scalar[[]byte], `SELECT content FROM document WHERE key = $1`, before.key)
	if err != nil {
		return err
	}
	exposure, err := s.docs.unpackExposure(data)
	if err != nil {
		return fmt.Errorf("artifact %d: %w", scan.ArtifactID, err)
	}
	return putFindingChanges(ctx, tx, scan.ArtifactID, findingChanges(exposure, after))
}

func (c *codec) unpackExposure(data []byte) (list []catalog.Exposure, err error) {
	text, err := c.unpack(data)
	if err == nil {
		err = json.Unmarshal(text, &list)
	}
	if err != nil {
		return nil, fmt.Errorf("read what was found: %w", err)
	}
	return list, nil
}

// PrunePast removes what came or went before a moment, of which nothing is known
// then.
func (s *Store) PrunePast(ctx context.Context, before time.Time) error {
	return s.update(ctx, s.back, "remove what is long past", func(tx *tx) error {
		for _, query := range []string{
			`DELETE FROM past_vulnerability WHERE until < $1`,
			`DELETE FROM finding_change WHERE at < $1`,
			`UPDATE past SET since = $1 WHERE since < $1`,
		} {
			if _, err := tx.exec(ctx, query, millis(before)); err != nil {
				return err
			}
		}
		return nil
	})
}

// Past tells in what the report of an artifact was another one at a moment, or at
// the first one after it of which something is known. NotFound "not_scanned".
func (s *Store) Past(ctx context.Context, artifactID int64, at time.Time) (p catalog.Past, err error) {
	if p, err = s.pastMoment(ctx, artifactID, at); err != nil {
		return p, s.fail("look into the past of a report", err)
	}
	if p.Came, err = s.pastVulnerabilities(ctx, artifactID, p.At, `package_vulnerability v`, `v.since > $2 AND NOT EXISTS (SELECT 1
		FROM past_vulnerability o WHERE o.package_id = v.package_id AND o.vulnerability = v.vulnerability AND o.since <= $2 AND o.until > $2)`); err != nil {
		return p, s.fail("read which vulnerabilities came", err)
	}
	if p.Went, err = s.pastVulnerabilities(ctx, artifactID, p.At, `past_vulnerability v`, `v.since <= $2 AND v.until > $2 AND NOT EXISTS (SELECT 1
		FROM package_vulnerability o WHERE o.package_id = v.package_id AND o.vulnerability = v.vulnerability)`); err != nil {
		return p, s.fail("read which vulnerabilities went", err)
	}
	changes, err := all(ctx, s.reads, func(row scanner) (c findingChange, err error) {
		f := &c.PastFinding
		return c, row.Scan(&f.ID, &c.came, &f.Category, &f.Rule, &f.Title, &f.Severity, &f.Package, &f.Version, &f.Path)
	}, `SELECT f.finding_id, f.came, f.category, f.rule, f.title, f.severity, f.package, f.version, f.path
		FROM finding_change f JOIN (SELECT finding_id, min(at) AS at FROM finding_change WHERE artifact_id = $1 AND at > $2 GROUP BY finding_id) AS e
			ON e.finding_id = f.finding_id AND e.at = f.at
		WHERE f.artifact_id = $1 ORDER BY f.finding_id`, artifactID, millis(p.At))
	for _, c := range changes { // the first of each finding tells what was before
		if c.came {
			p.FindingsCame = append(p.FindingsCame, c.PastFinding)
		} else {
			p.FindingsWent = append(p.FindingsWent, c.PastFinding)
		}
	}
	return p, s.fail("read which findings came and went", err)
}

// pastMoment finds the moment that can be told of, and the verdict at it.
func (s *Store) pastMoment(ctx context.Context, artifactID int64, at time.Time) (p catalog.Past, err error) {
	since, err := one(ctx, s.reads, notScanned(artifactID), scalar[int64], `SELECT CASE WHEN r.known_since > p.since THEN r.known_since ELSE p.since END
		FROM report r JOIN past p ON p.id = 1 WHERE r.artifact_id = $1`, artifactID)
	if err != nil {
		return p, err
	}
	p.At = fromMillis(max(since, millis(at)))
	err = s.reads.QueryRowContext(ctx, `SELECT NOT EXISTS (SELECT 1 FROM scan WHERE artifact_id = $1 AND state = 'Success' AND ended_at < $2),
			COALESCE((SELECT after FROM verdict_change WHERE artifact_id = $1 AND at <= $2 ORDER BY id DESC LIMIT 1),
				(SELECT before FROM verdict_change WHERE artifact_id = $1 AND at > $2 ORDER BY id LIMIT 1),
				(SELECT decision FROM report WHERE artifact_id = $1), '')`, artifactID, millis(p.At)).Scan(&p.First, &p.Decision)
	return p, err
}

// pastVulnerabilities lists vulnerabilities v of what an artifact holds for which a
// condition is true at a moment, its $2.
func (s *Store) pastVulnerabilities(ctx context.Context, artifactID int64, at time.Time, from, condition string) ([]catalog.PastVulnerability, error) {
	return all(ctx, s.reads, func(row scanner) (v catalog.PastVulnerability, err error) {
		return v, row.Scan(&v.ID, &v.Severity, &v.FixedVersion, &v.Type, &v.Package, &v.Version)
	}, `SELECT DISTINCT v.vulnerability, v.severity, v.fixed_version, p.type, p.name, p.version
		FROM artifact_package_set l JOIN package_set_item i ON i.set_id = l.set_id JOIN package p ON p.id = i.package_id
		JOIN `+from+` ON v.package_id = p.id WHERE l.artifact_id = $1 AND `+condition+`
		ORDER BY v.vulnerability, p.name, p.version, p.type`, artifactID, millis(at))
}

// VulnerabilityHistory lists when images of an instance had a vulnerability, what
// happened last first: up to limit, after the first offset ones. Of what is over,
// it has as much as PrunePast has left.
func (s *Store) VulnerabilityHistory(ctx context.Context, instanceID, vulnerability string, f catalog.ImageFilter, offset, limit int) ([]catalog.VulnerabilityPeriod, error) {
	q := &conditions{}
	id := q.arg(vulnerability)
	q.images(instanceID, f)
	q.and("(v.until = 0 OR v.until > a.pushed_at)")
	list, err := all(ctx, s.reads, func(row scanner) (h catalog.VulnerabilityPeriod, err error) {
		var tags string
		var since, until int64
		err = row.Scan(&h.Key.InstanceID, &h.Key.Namespace, &h.Key.Repository, &h.Digest, &tags, &h.Package, &h.Packages, &h.Severity, &h.FixedVersion, &since, &until)
		h.Tags, h.Since, h.Until = split(tags), fromMillis(since), fromMillis(until)
		return h, err
	}, `SELECT n.instance_id, n.name, r.name, a.digest, `+tagsColumn+`, h.package, h.packages, h.severity, h.fixed_version, h.found, h.until
		FROM (SELECT id, min(name) AS package, count(DISTINCT name) AS packages, max(severity) AS severity, max(fixed_version) AS fixed_version, found, until,
				CASE WHEN until = 0 THEN found ELSE until END AS latest
			FROM (SELECT a.id, p.name, v.severity, v.fixed_version, v.until, CASE WHEN v.since > a.pushed_at THEN v.since ELSE a.pushed_at END AS found
				FROM (SELECT package_id, severity, fixed_version, since, 0 AS until FROM package_vulnerability WHERE vulnerability = `+id+`
					UNION ALL SELECT package_id, severity, fixed_version, since, until FROM past_vulnerability WHERE vulnerability = `+id+`) AS v
				JOIN package p ON p.id = v.package_id`+usedBy+`WHERE `+q.where.String()+`) AS e
			GROUP BY id, found, until ORDER BY latest DESC, id DESC, found DESC LIMIT `+q.arg(min(max(limit, 1), 1000))+` OFFSET `+q.arg(max(offset, 0))+`) AS h
		JOIN artifact a ON a.id = h.id JOIN repository r ON r.id = a.repository_id JOIN namespace n ON n.id = r.namespace_id
		ORDER BY h.latest DESC, h.id DESC, h.found DESC`, q.args...)
	return list, s.fail("list when images had a vulnerability", err)
}
