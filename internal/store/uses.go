package store

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/report"
)

// holders tells which of the selected images hold some packages. Both are read
// as numbers and brought together here: in SQL, counting the images of each
// vulnerability joins every vulnerability with every image that has it, which
// takes seconds where this takes a tenth of one.
type holders struct {
	// images are the images of each set, numbered from 0.
	images map[int64][]int32
	// sets are the sets of each package that images hold.
	sets map[int64][]int64
	// seen holds, for each image, the number of the last count it was part of.
	seen  []int32
	count int32
}

// fewSets is up to how many sets all their packages are read; beyond, it is those
// that were asked about, in all sets.
const fewSets = 200

// holders reads which images hold the packages that a query for ids selects, at
// least; the query's placeholders begin with $1.
func (s *Store) holders(ctx context.Context, instanceID string, f catalog.ImageFilter, packages string, args ...any) (*holders, error) {
	h := &holders{images: make(map[int64][]int32), sets: make(map[int64][]int64)}
	if err := s.readImages(ctx, h, instanceID, f); err != nil || len(h.images) == 0 {
		return h, err
	}
	query := `SELECT package_id, set_id FROM package_set_item WHERE package_id IN (` + packages + `)`
	if len(h.images) <= fewSets {
		query, args = `SELECT package_id, set_id FROM package_set_item WHERE set_id IN (`+places(1, len(h.images))+`)`, nil
		for set := range h.images {
			args = append(args, set)
		}
	}
	rows, err := s.reads.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var id, set int64
	for rows.Next() {
		if err := rows.Scan(&id, &set); err != nil {
			return nil, err
		}
		if h.images[set] != nil {
			h.sets[id] = append(h.sets[id], set)
		}
	}
	return h, rows.Err()
}

func (s *Store) readImages(ctx context.Context, h *holders, instanceID string, f catalog.ImageFilter) error {
	q := &conditions{}
	q.images(instanceID, f)
	rows, err := s.reads.QueryContext(ctx, `SELECT l.set_id, a.id FROM namespace n JOIN repository r ON r.namespace_id = n.id
		JOIN artifact a ON a.repository_id = r.id JOIN artifact_package_set l ON l.artifact_id = a.id WHERE `+q.where.String(), q.args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	numbers := make(map[int64]int32)
	var set, artifact int64
	for rows.Next() {
		if err := rows.Scan(&set, &artifact); err != nil {
			return err
		}
		n, ok := numbers[artifact]
		if !ok {
			n = int32(len(numbers))
			numbers[artifact] = n
		}
		h.images[set] = append(h.images[set], n)
	}
	h.seen = make([]int32, len(numbers))
	return rows.Err()
}

// held reports whether an image holds a package.
func (h *holders) held(packageID int64) bool { return len(h.sets[packageID]) > 0 }

// of counts the images that hold one of some packages.
func (h *holders) of(packages []int64) int {
	h.count++
	n := 0
	for _, id := range packages {
		for _, set := range h.sets[id] {
			for _, image := range h.images[set] {
				if h.seen[image] != h.count {
					h.seen[image] = h.count
					n++
				}
			}
		}
	}
	return n
}

// vulnerabilityRow is a vulnerability of a package.
type vulnerabilityRow struct {
	id        string
	packageID int64
	severity  report.Severity
	fixable   bool
	since     int64
}

// VulnerabilityUses tells of all vulnerabilities of the images of an instance,
// sorted by id. There are at most as many as there are vulnerabilities.
func (s *Store) VulnerabilityUses(ctx context.Context, instanceID string, f catalog.VulnerabilityFilter) ([]catalog.VulnerabilityUse, error) {
	q := &conditions{}
	q.and("v.severity >= " + q.arg(int64(f.Severity)))
	q.holds(f.Query, "v.vulnerability", "p.name")
	from := ` FROM package_vulnerability v JOIN package p ON p.id = v.package_id WHERE ` + q.where.String()
	h, err := s.holders(ctx, instanceID, f.ImageFilter, `SELECT v.package_id`+from, q.args...)
	if err != nil {
		return nil, s.fail("list the packages of images", err)
	}
	rows, err := all(ctx, s.reads, func(row scanner) (v vulnerabilityRow, err error) {
		return v, row.Scan(&v.id, &v.packageID, &v.severity, &v.fixable, &v.since)
	}, `SELECT v.vulnerability, v.package_id, v.severity, v.fixed_version <> '', v.since`+from, q.args...)
	if err != nil {
		return nil, s.fail("list vulnerabilities", err)
	}
	rows = slices.DeleteFunc(rows, func(v vulnerabilityRow) bool { return !h.held(v.packageID) })
	slices.SortFunc(rows, func(a, b vulnerabilityRow) int {
		return cmp.Or(strings.Compare(a.id, b.id), cmp.Compare(a.packageID, b.packageID))
	})
	var uses []catalog.VulnerabilityUse
	var packages []int64
	for len(rows) > 0 {
		n := slices.IndexFunc(rows, func(v vulnerabilityRow) bool { return v.id != rows[0].id })
		if n < 0 {
			n = len(rows)
		}
		u := catalog.VulnerabilityUse{ID: rows[0].id, Packages: n}
		since := rows[0].since
		packages = packages[:0]
		for _, v := range rows[:n] {
			u.Severity, since = max(u.Severity, v.severity), min(since, v.since)
			if v.fixable {
				u.Fixable++
			}
			packages = append(packages, v.packageID)
		}
		u.Images, u.Since = h.of(packages), fromMillis(since)
		uses, rows = append(uses, u), rows[n:]
	}
	return uses, nil
}

// VulnerabilityKeys lists under which names advisories speak of the packages with
// some vulnerabilities, sorted.
func (s *Store) VulnerabilityKeys(ctx context.Context, ids []string) ([]catalog.VulnerabilityKey, error) {
	var list []catalog.VulnerabilityKey
	for part := range slices.Chunk(ids, maxQuery) {
		args := make([]any, len(part))
		for i, id := range part {
			args[i] = id
		}
		keys, err := all(ctx, s.reads, func(row scanner) (k catalog.VulnerabilityKey, err error) {
			return k, row.Scan(&k.ID, &k.Ecosystem, &k.Name)
		}, `SELECT DISTINCT v.vulnerability, k.ecosystem, k.name FROM package_vulnerability v JOIN package_key k ON k.package_id = v.package_id
			WHERE v.vulnerability IN (`+places(1, len(args))+`) ORDER BY v.vulnerability, k.ecosystem, k.name`, args...)
		if err != nil {
			return nil, s.fail("list the packages with vulnerabilities", err)
		}
		list = append(list, keys...)
	}
	return list, nil
}

// packageName is what packages are listed by.
type packageName struct{ name, kind string }

// PackageNames lists the packages that images of an instance hold by name and
// type: those whose name begins with what was asked for first, up to limit, after
// the first offset ones. total counts all of them.
func (s *Store) PackageNames(ctx context.Context, instanceID string, f catalog.PackageFilter, offset, limit int) (list []catalog.PackageNameUse, total int, err error) {
	names, total, err := s.packageNames(ctx, instanceID, f, offset, limit)
	if err != nil {
		return nil, 0, s.fail("list packages", err)
	}
	if len(names) == 0 {
		if offset > 0 { // past the end nothing tells how many there are
			_, total, err = s.packageNames(ctx, instanceID, f, 0, 1)
		}
		return nil, total, s.fail("count packages", err)
	}
	list, err = s.packageNameUses(ctx, instanceID, f.ImageFilter, names)
	return list, total, s.fail("count the images that hold packages", err)
}

func (s *Store) packageNames(ctx context.Context, instanceID string, f catalog.PackageFilter, offset, limit int) (names []packageName, total int, err error) {
	q := &conditions{}
	q.images(instanceID, f.ImageFilter)
	held := &conditions{args: q.args}
	// The sign keeps SQLite from looking up every set for every package, rather than
	// those that hold it.
	held.and(`EXISTS (SELECT 1 FROM package_set_item i WHERE i.package_id = p.id AND +i.set_id IN (
		SELECT l.set_id FROM namespace n JOIN repository r ON r.namespace_id = n.id JOIN artifact a ON a.repository_id = r.id
		JOIN artifact_package_set l ON l.artifact_id = a.id WHERE ` + q.where.String() + `))`)
	held.holds(f.Query, "p.name")
	if f.Type != "" {
		held.and("p.type = " + held.arg(f.Type))
	}
	begins := "lower(p.name) LIKE " + held.arg(likeText(f.Query)+"%") + " ESCAPE '!'"
	names, err = all(ctx, s.reads, func(row scanner) (n packageName, err error) {
		return n, row.Scan(&n.name, &n.kind, &total)
	}, `SELECT p.name, p.type, count(*) OVER () FROM package p WHERE `+held.where.String()+`
		GROUP BY p.name, p.type ORDER BY CASE WHEN `+begins+` THEN 0 ELSE 1 END, p.name, p.type
		LIMIT `+held.arg(min(max(limit, 1), 1000))+` OFFSET `+held.arg(max(offset, 0)), held.args...)
	return names, total, err
}

// packageNameUses counts what images hold of some packages.
func (s *Store) packageNameUses(ctx context.Context, instanceID string, f catalog.ImageFilter, names []packageName) ([]catalog.PackageNameUse, error) {
	args := make([]any, len(names))
	for i, n := range names {
		args[i] = n.name
	}
	in := ` FROM package p WHERE p.name IN (` + places(1, len(args)) + `)`
	h, err := s.holders(ctx, instanceID, f, `SELECT p.id`+in, args...)
	if err != nil {
		return nil, err
	}
	type held struct {
		packageName
		id      int64
		version string
	}
	packages, err := all(ctx, s.reads, func(row scanner) (p held, err error) {
		return p, row.Scan(&p.id, &p.name, &p.kind, &p.version)
	}, `SELECT p.id, p.name, p.type, p.version`+in, args...)
	if err != nil {
		return nil, err
	}
	found, err := readVulnerabilities(ctx, s.reads, ` IN (SELECT p.id`+in+`)`, args...)
	if err != nil {
		return nil, err
	}
	ids := make(map[packageName][]int64)
	versions := make(map[packageName]map[string]bool)
	of := make(map[int64]packageName)
	for _, p := range packages {
		if !h.held(p.id) {
			continue
		}
		if versions[p.packageName] == nil {
			versions[p.packageName] = make(map[string]bool)
		}
		versions[p.packageName][p.version] = true
		ids[p.packageName], of[p.id] = append(ids[p.packageName], p.id), p.packageName
	}
	worst := make(map[packageName]map[string]report.Severity)
	for key, v := range found {
		if n, ok := of[key.packageID]; ok {
			if worst[n] == nil {
				worst[n] = make(map[string]report.Severity)
			}
			worst[n][v.ID] = max(worst[n][v.ID], v.Severity)
		}
	}
	list := make([]catalog.PackageNameUse, len(names))
	for i, n := range names {
		list[i] = catalog.PackageNameUse{Name: n.name, Type: n.kind, Versions: len(versions[n]), Images: h.of(ids[n]), Vulnerabilities: len(worst[n])}
		for _, severity := range worst[n] {
			list[i].Severity = max(list[i].Severity, severity)
		}
	}
	return list, nil
}
