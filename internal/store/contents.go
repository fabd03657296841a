package store

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/pratique/pratique/internal/catalog"
)

// Bounds of what is kept of a package's names. Longer ones occur in hostile
// images only; the documents of sets have them whole.
const (
	maxPackageName    = 256
	maxPackageVersion = 128
	maxVulnerability  = 128
)

// maxQuery is how many values are looked up at a time.
const maxQuery = 1000

// packedSet is a set of packages ready to be stored.
type packedSet struct {
	id       int64 // of one that is stored
	layer    int
	doc      document
	packages []catalog.HeldPackage
}

// packSets compresses the documents of sets, in the order of layers.
func (c *codec) packSets(sets []catalog.PackageSet) ([]packedSet, error) {
	out := make([]packedSet, len(sets))
	for i, set := range sets {
		doc, err := c.pack(set.Document)
		if err != nil {
			return nil, err
		}
		out[i] = packedSet{set.ID, set.Layer, doc, cleanPackages(set.Packages)}
	}
	slices.SortFunc(out, func(a, b packedSet) int { return cmp.Compare(a.layer, b.layer) })
	return out, nil
}

// cleanPackages makes what images say of packages fit for the database.
func cleanPackages(packages []catalog.HeldPackage) []catalog.HeldPackage {
	out := slices.Clone(packages)
	for i := range out {
		p := &out[i]
		p.Name, p.Source = clean(p.Name, maxPackageName), clean(p.Source, maxPackageName)
		p.Version, p.SourceVersion = clean(p.Version, maxPackageVersion), clean(p.SourceVersion, maxPackageVersion)
		p.Type, p.Ecosystem, p.Module = clean(p.Type, maxPackageVersion), clean(p.Ecosystem, maxPackageVersion), clean(p.Module, maxPackageVersion)
		p.Keys = slices.Clone(p.Keys)
		for k := range p.Keys {
			p.Keys[k].Ecosystem, p.Keys[k].Name = clean(p.Keys[k].Ecosystem, maxPackageVersion), clean(p.Keys[k].Name, maxPackageName)
		}
		p.Vulnerabilities = slices.Clone(p.Vulnerabilities)
		for k := range p.Vulnerabilities {
			v := &p.Vulnerabilities[k]
			v.ID, v.FixedVersion = clean(v.ID, maxVulnerability), clean(v.FixedVersion, maxPackageVersion)
		}
	}
	return out
}

// putContents records what an artifact holds and what of it is vulnerable. Of
// what is recorded already it writes nothing.
func putContents(ctx context.Context, tx *tx, artifactID int64, sets []packedSet) error {
	if err := linkSets(ctx, tx, artifactID, sets); err != nil {
		return err
	}
	var packages []catalog.HeldPackage
	for _, set := range sets {
		packages = append(packages, set.packages...)
	}
	return putVulnerabilities(ctx, tx, packages, `SELECT set_id FROM artifact_package_set WHERE artifact_id = $1`, artifactID)
}

// linkSets makes sets those of an artifact.
func linkSets(ctx context.Context, tx *tx, artifactID int64, sets []packedSet) error {
	type link struct {
		layer int
		key   string
	}
	before, err := all(ctx, tx, func(row scanner) (l link, err error) {
		err = row.Scan(&l.layer, &l.key)
		return l, err
	}, `SELECT l.layer, s.document_key FROM artifact_package_set l JOIN package_set s ON s.id = l.set_id
		WHERE l.artifact_id = $1 ORDER BY l.layer`, artifactID)
	if err != nil {
		return err
	}
	if slices.EqualFunc(before, sets, func(l link, s packedSet) bool { return l.layer == s.layer && l.key == s.doc.key }) {
		return nil
	}
	if _, err := tx.exec(ctx, `DELETE FROM artifact_package_set WHERE artifact_id = $1`, artifactID); err != nil {
		return err
	}
	// What was found before was found in something else.
	if err := forgetPast(ctx, tx, artifactID); err != nil {
		return err
	}
	rows := make([][]any, len(sets))
	for i, set := range sets {
		id, err := putSet(ctx, tx, set)
		if err != nil {
			return err
		}
		rows[i] = []any{artifactID, set.layer, id}
	}
	return tx.insert(ctx, `INSERT INTO artifact_package_set (artifact_id, layer, set_id)`, rows, "")
}

// putSet stores a set unless it is there, and returns its id.
func putSet(ctx context.Context, tx *tx, set packedSet) (int64, error) {
	const find = `SELECT id FROM package_set WHERE document_key = $1`
	id, err := one(ctx, tx, nil, scalar[int64], find, set.doc.key)
	if err != nil || id != 0 {
		return id, err
	}
	if err := tx.put(ctx, set.doc); err != nil {
		return 0, err
	}
	id, err = one(ctx, tx, nil, scalar[int64], `INSERT INTO package_set (document_key) VALUES ($1) ON CONFLICT DO NOTHING RETURNING id`, set.doc.key)
	if err != nil {
		return 0, err
	}
	if id == 0 { // another transaction has just put it, with what it holds
		return one(ctx, tx, nil, scalar[int64], find, set.doc.key)
	}
	ids, err := packageIDs(ctx, tx, set.packages)
	if err != nil {
		return 0, err
	}
	var rows [][]any
	for _, held := range sortedIDs(ids) {
		rows = append(rows, []any{held, id})
	}
	return id, tx.insert(ctx, `INSERT INTO package_set_item (package_id, set_id)`, rows, "")
}

func sortedIDs(ids map[catalog.PackageIdentity]int64) []int64 {
	list := make([]int64, 0, len(ids))
	for _, id := range ids {
		list = append(list, id)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// packageIDs finds the rows of packages, and adds those that are missing.
func packageIDs(ctx context.Context, tx *tx, packages []catalog.HeldPackage) (map[catalog.PackageIdentity]int64, error) {
	ids, err := findPackages(ctx, tx, packages)
	if err != nil {
		return nil, err
	}
	missing := make(map[catalog.PackageIdentity]catalog.HeldPackage)
	for _, p := range packages {
		if ids[p.PackageIdentity] == 0 {
			missing[p.PackageIdentity] = p
		}
	}
	if len(missing) == 0 {
		return ids, nil
	}
	added := make([]catalog.HeldPackage, 0, len(missing))
	for _, p := range missing {
		added = append(added, p)
	}
	// Transactions that add the same packages do so in the same order.
	slices.SortFunc(added, func(a, b catalog.HeldPackage) int { return comparePackages(a.PackageIdentity, b.PackageIdentity) })
	var rows [][]any
	for _, p := range added {
		rows = append(rows, []any{p.Name, p.Version, p.Type, p.Ecosystem, p.Source, p.SourceVersion, p.Module, p.Judged})
	}
	if err := tx.insert(ctx, `INSERT INTO package (name, version, type, ecosystem, source, source_version, module, judged)`, rows, `ON CONFLICT DO NOTHING`); err != nil {
		return nil, err
	}
	found, err := findPackages(ctx, tx, added)
	if err != nil {
		return nil, err
	}
	rows = nil
	for _, p := range added {
		ids[p.PackageIdentity] = found[p.PackageIdentity]
		for _, k := range p.Keys {
			rows = append(rows, []any{k.Ecosystem, k.Name, ids[p.PackageIdentity]})
		}
	}
	return ids, tx.insert(ctx, `INSERT INTO package_key (ecosystem, name, package_id)`, rows, `ON CONFLICT DO NOTHING`)
}

func comparePackages(a, b catalog.PackageIdentity) int {
	return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Version, b.Version), strings.Compare(a.Type, b.Type),
		strings.Compare(a.Ecosystem, b.Ecosystem), strings.Compare(a.Source, b.Source), strings.Compare(a.SourceVersion, b.SourceVersion),
		strings.Compare(a.Module, b.Module), compareBools(a.Judged, b.Judged))
}

func compareBools(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

const packageColumns = `p.name, p.version, p.type, p.ecosystem, p.source, p.source_version, p.module, p.judged`

func packageDest(p *catalog.PackageIdentity) []any {
	return []any{&p.Name, &p.Version, &p.Type, &p.Ecosystem, &p.Source, &p.SourceVersion, &p.Module, &p.Judged}
}

// findPackages finds the rows of packages.
func findPackages(ctx context.Context, q querier, packages []catalog.HeldPackage) (map[catalog.PackageIdentity]int64, error) {
	type version struct{ name, version string }
	wanted := make(map[version]bool, len(packages))
	var args []any
	for _, p := range packages {
		if v := (version{p.Name, p.Version}); !wanted[v] {
			wanted[v] = true
			args = append(args, v.name, v.version)
		}
	}
	ids := make(map[catalog.PackageIdentity]int64, len(packages))
	for part := range slices.Chunk(args, maxQuery) {
		pairs := make([]string, len(part)/2)
		for i := range pairs {
			pairs[i] = "(" + places(2*i+1, 2) + ")"
		}
		if err := readPackages(ctx, q, ids, `(p.name, p.version) IN (VALUES `+strings.Join(pairs, ", ")+`)`, part...); err != nil {
			return nil, err
		}
	}
	return ids, nil
}

// readPackages adds the ids of the packages p that a condition selects.
func readPackages(ctx context.Context, q querier, ids map[catalog.PackageIdentity]int64, where string, args ...any) error {
	rows, err := q.QueryContext(ctx, `SELECT p.id, `+packageColumns+` FROM package p WHERE `+where, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	var id int64
	var p catalog.PackageIdentity
	dest := append([]any{&id}, packageDest(&p)...)
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			return err
		}
		ids[p] = id
	}
	return rows.Err()
}

// vulnerable names a vulnerability of a package.
type vulnerable struct {
	packageID     int64
	vulnerability string
}

// putVulnerabilities makes the vulnerabilities of packages that are on record
// what they are now, and keeps those they had before; sets is a query for the ids
// of sets that hold them all. What stays as it was is not written.
func putVulnerabilities(ctx context.Context, tx *tx, packages []catalog.HeldPackage, sets string, args ...any) error {
	if len(packages) == 0 {
		return nil
	}
	in := ` IN (SELECT i.package_id FROM package_set_item i WHERE i.set_id IN (` + sets + `))`
	ids := make(map[catalog.PackageIdentity]int64, len(packages))
	if err := readPackages(ctx, tx, ids, `p.id`+in, args...); err != nil {
		return err
	}
	before, err := readVulnerabilities(ctx, tx, in, args...)
	if err != nil {
		return err
	}
	now := make(map[vulnerable]catalog.PackageVulnerability)
	judged := make(map[int64]bool, len(packages))
	for _, p := range packages {
		id := ids[p.PackageIdentity]
		if id == 0 {
			continue
		}
		judged[id] = true
		for _, v := range p.Vulnerabilities {
			now[vulnerable{id, v.ID}] = v
		}
	}
	var rows [][]any
	for key, v := range now {
		if was, ok := before[key]; !ok || was.PackageVulnerability != v {
			rows = append(rows, []any{key.packageID, v.ID, int64(v.Severity), v.FixedVersion, millis(tx.now)})
		}
	}
	// Transactions that change the same rows do so in the same order.
	slices.SortFunc(rows, func(a, b []any) int {
		return cmp.Or(cmp.Compare(a[0].(int64), b[0].(int64)), strings.Compare(a[1].(string), b[1].(string)))
	})
	if err := tx.insert(ctx, `INSERT INTO package_vulnerability (package_id, vulnerability, severity, fixed_version, since)`, rows,
		`ON CONFLICT (package_id, vulnerability) DO UPDATE SET severity = excluded.severity, fixed_version = excluded.fixed_version`); err != nil {
		return err
	}
	var past [][]any
	for key, was := range before {
		if _, still := now[key]; still || !judged[key.packageID] {
			continue
		}
		past = append(past, []any{key.packageID, key.vulnerability, was.since, millis(tx.now), int64(was.Severity), was.FixedVersion})
		if _, err := tx.exec(ctx, `DELETE FROM package_vulnerability WHERE package_id = $1 AND vulnerability = $2`, key.packageID, key.vulnerability); err != nil {
			return err
		}
	}
	return tx.insert(ctx, `INSERT INTO past_vulnerability (package_id, vulnerability, since, until, severity, fixed_version)`, past, `ON CONFLICT DO NOTHING`)
}

// knownVulnerability is a vulnerability of a package that is on record.
type knownVulnerability struct {
	catalog.PackageVulnerability
	since int64
}

// readVulnerabilities reads the vulnerabilities of packages whose id is as a
// condition says.
func readVulnerabilities(ctx context.Context, q querier, is string, args ...any) (map[vulnerable]knownVulnerability, error) {
	found := make(map[vulnerable]knownVulnerability)
	rows, err := q.QueryContext(ctx, `SELECT package_id, vulnerability, severity, fixed_version, since FROM package_vulnerability WHERE package_id`+is, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		var v knownVulnerability
		if err := rows.Scan(&id, &v.ID, &v.Severity, &v.FixedVersion, &v.since); err != nil {
			return nil, err
		}
		found[vulnerable{id, v.ID}] = v
	}
	return found, rows.Err()
}

// pruneContents removes sets that no artifact has, and packages in no set.
func pruneContents(ctx context.Context, tx *tx) error {
	if _, err := tx.exec(ctx, `DELETE FROM package_set WHERE NOT EXISTS (
			SELECT 1 FROM artifact_package_set l WHERE l.set_id = package_set.id)`); err != nil {
		return err
	}
	_, err := tx.exec(ctx, `DELETE FROM package WHERE NOT EXISTS (SELECT 1 FROM package_set_item i WHERE i.package_id = package.id)`)
	return err
}

// usedBy joins the images n, r, a that hold package p by their sets l.
const usedBy = ` JOIN package_set_item i ON i.package_id = p.id JOIN artifact_package_set l ON l.set_id = i.set_id
	JOIN artifact a ON a.id = l.artifact_id JOIN repository r ON r.id = a.repository_id JOIN namespace n ON n.id = r.namespace_id `

// images selects those of an instance by a filter.
func (c *conditions) images(instanceID string, f catalog.ImageFilter) {
	c.and("n.instance_id = " + c.arg(instanceID))
	if f.Namespaces != nil {
		marks := []string{"''"}
		for _, name := range f.Namespaces {
			marks = append(marks, c.arg(name))
		}
		c.and("n.name IN (" + strings.Join(marks, ", ") + ")")
	}
	if f.Repository != "" {
		c.and("r.name = " + c.arg(f.Repository))
	}
	if f.See != nil {
		condition, args := visible(*f.See, c.args)
		c.args = args
		c.and(condition)
	}
}

// VulnerableImages lists the images of an instance that have a vulnerability, one
// for each package they have it by, by artifact: those with an artifact id above
// after, up to limit artifacts.
func (s *Store) VulnerableImages(ctx context.Context, instanceID, vulnerability string, f catalog.ImageFilter, after int64, limit int) ([]catalog.PackageUse, error) {
	q := &conditions{}
	q.and("v.vulnerability = " + q.arg(vulnerability))
	list, err := s.packageUses(ctx, q, instanceID, f, after, limit, `package_vulnerability v JOIN package p ON p.id = v.package_id`,
		`v.vulnerability, v.severity, v.fixed_version, CASE WHEN v.since > a.pushed_at THEN v.since ELSE a.pushed_at END`)
	return list, s.fail("list images with a vulnerability", err)
}

// PackageImages lists the images of an instance that hold a package of a name,
// and of a version and type unless they are empty, paged as VulnerableImages.
func (s *Store) PackageImages(ctx context.Context, instanceID, name, version, kind string, f catalog.ImageFilter, after int64, limit int) ([]catalog.PackageUse, error) {
	q := &conditions{}
	q.and("p.name = " + q.arg(name))
	if version != "" {
		q.and("p.version = " + q.arg(version))
	}
	if kind != "" {
		q.and("p.type = " + q.arg(kind))
	}
	list, err := s.packageUses(ctx, q, instanceID, f, after, limit, `package p`, `'', 0, '', 0`)
	return list, s.fail("list images with a package", err)
}

func (s *Store) packageUses(ctx context.Context, q *conditions, instanceID string, f catalog.ImageFilter, after int64, limit int, from, columns string) ([]catalog.PackageUse, error) {
	q.images(instanceID, f)
	q.and("a.id > " + q.arg(after))
	ids := `SELECT DISTINCT a.id FROM ` + from + usedBy + `WHERE ` + q.where.String() + ` ORDER BY a.id LIMIT ` + q.arg(min(max(limit, 1), 1000))
	return all(ctx, s.reads, func(row scanner) (u catalog.PackageUse, err error) {
		var tags string
		var since int64
		dest := []any{&u.ArtifactID, &u.Key.InstanceID, &u.Key.Namespace, &u.Key.Repository, &u.Digest, &tags, &u.Layer}
		dest = append(dest, packageDest(&u.Package)...)
		err = row.Scan(append(dest, &u.Vulnerability.ID, &u.Vulnerability.Severity, &u.Vulnerability.FixedVersion, &since)...)
		u.Tags, u.Since = split(tags), fromMillis(since)
		return u, err
	}, `SELECT a.id, n.instance_id, n.name, r.name, a.digest, `+tagsColumn+`, l.layer, `+packageColumns+`, `+columns+`
		FROM `+from+usedBy+`WHERE `+q.where.String()+` AND a.id IN (`+ids+`)
		ORDER BY a.id, p.name, p.version, p.type, l.layer`, q.args...)
}
