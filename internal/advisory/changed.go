package advisory

import (
	"cmp"
	"slices"
)

// Changed names the packages whose advisories differ between two databases,
// sorted: those whose own records differ, and those with a CVE whose shared
// rating does. It may name a package too many, never one too few. Changes of
// KEV, EPSS and life cycles are not among them. Without an old database every
// package has changed.
func Changed(old, new *DB) ([]PackageKey, error) {
	var out []PackageKey
	add := func(k PackageKey) { out = append(out, k) }
	for name := range new.ecosystems {
		var before *ecosystemFile
		if old != nil {
			before = old.ecosystems[name]
		}
		if err := changedFile(before, new.ecosystems[name], add); err != nil {
			return nil, err
		}
	}
	if old != nil {
		for name, f := range old.ecosystems {
			if new.ecosystems[name] == nil {
				if err := changedFile(nil, f, add); err != nil {
					return nil, err
				}
			}
		}
		if err := rerated(old, new, add); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(out, comparePackageKeys)
	return slices.Compact(out), nil
}

// packageRows returns the rows of a file, none of a file that is not there.
func (f *ecosystemFile) packageRows() ([]byte, error) {
	if f == nil {
		return nil, nil
	}
	return f.rows, f.load()
}

// changedFile compares two files of one ecosystem row by row; either may be nil.
// Files have their content's name, so equal names need no look inside.
func changedFile(old, new *ecosystemFile, add func(PackageKey)) error {
	if old != nil && new != nil && old.name == new.name {
		return nil
	}
	for _, f := range []*ecosystemFile{old, new} {
		if f != nil {
			if err := f.load(); err != nil {
				return err
			}
		}
	}
	a, err := old.packageRows()
	if err != nil {
		return err
	}
	b, err := new.packageRows()
	if err != nil {
		return err
	}
	for len(a) > 0 || len(b) > 0 {
		c := compareRows(a, b)
		if c == 0 {
			if littleOrder.Uint64(a[8:]) != littleOrder.Uint64(b[8:]) {
				// Names are read from both, for names whose hashes collide.
				if err := old.addKey(a, add); err != nil {
					return err
				}
				if err := new.addKey(b, add); err != nil {
					return err
				}
			}
			a, b = a[packageRow:], b[packageRow:]
			continue
		}
		if c < 0 {
			if err := old.addKey(a, add); err != nil {
				return err
			}
			a = a[packageRow:]
			continue
		}
		if err := new.addKey(b, add); err != nil {
			return err
		}
		b = b[packageRow:]
	}
	return nil
}

// compareRows compares the keys of the first rows; no rows come last.
func compareRows(a, b []byte) int {
	switch {
	case len(a) == 0:
		return 1
	case len(b) == 0:
		return -1
	}
	return cmp.Compare(littleOrder.Uint64(a), littleOrder.Uint64(b))
}

// key reads the name of the package a row points to.
func (f *ecosystemFile) key(row []byte) (PackageKey, *decoder, error) {
	d, err := f.packageAt(row)
	if err != nil {
		return PackageKey{}, nil, err
	}
	k := PackageKey{Ecosystem: d.str(), Name: d.str()}
	if d.err != nil {
		return PackageKey{}, nil, f.damaged("the name of a package cannot be read")
	}
	return k, d, nil
}

func (f *ecosystemFile) addKey(row []byte, add func(PackageKey)) error {
	k, _, err := f.key(row)
	if err == nil {
		add(k)
	}
	return err
}

// rerated names the packages of new with a CVE whose shared rating differs.
func rerated(old, new *DB, add func(PackageKey)) error {
	changed, err := changedRatings(old.rates, new.rates)
	if err != nil || len(changed) == 0 {
		return err
	}
	for _, f := range new.ecosystems {
		if err := f.withCVE(changed, add); err != nil {
			return err
		}
	}
	return nil
}

func changedRatings(old, new *ratingTable) (map[cveKey]bool, error) {
	if old != nil && new != nil && old.name == new.name {
		return nil, nil
	}
	before, err := old.all()
	if err != nil {
		return nil, err
	}
	after, err := new.all()
	if err != nil {
		return nil, err
	}
	changed := make(map[cveKey]bool)
	for k, r := range after {
		if before[k] != r {
			changed[k] = true
		}
	}
	for k := range before {
		if _, ok := after[k]; !ok {
			changed[k] = true
		}
	}
	return changed, nil
}

// all returns the whole table, each rating in its stored form.
func (t *ratingTable) all() (map[cveKey]string, error) {
	out := make(map[cveKey]string)
	if t == nil {
		return out, nil
	}
	var failed error
	err := t.each(func(k cveKey, payload []byte) {
		s, err := t.text(payload)
		if err != nil {
			failed = err
		}
		out[k] = s
	})
	if err == nil {
		err = failed
	}
	return out, err
}

// withCVE names the packages with a record about one of the CVEs.
func (f *ecosystemFile) withCVE(cves map[cveKey]bool, add func(PackageKey)) error {
	if err := f.load(); err != nil {
		return err
	}
	concerns := make(map[ref]bool) // records about several CVEs
	for row := f.rows; len(row) > 0; row = row[packageRow:] {
		k, d, err := f.key(row)
		if err != nil {
			return err
		}
		parts, err := f.decodeParts(d)
		if err != nil {
			return err
		}
		for _, p := range parts {
			yes, known := concerns[p.record]
			switch {
			case p.cve != 0:
				yes = cves[p.cve]
			case !known:
				rec, err := f.record(p.record)
				if err != nil {
					return err
				}
				yes = slices.ContainsFunc(rec.cves, func(id string) bool { key, _ := parseCVE(id); return cves[key] })
				concerns[p.record] = yes
			}
			if yes {
				add(k)
				break
			}
		}
	}
	return nil
}
