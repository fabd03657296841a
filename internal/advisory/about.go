package advisory

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/pratique/pratique/internal/report"
)

// Threat is what is known of a vulnerability apart from any package; nil where
// nothing is.
type Threat struct {
	KEV  *report.KEV
	EPSS *report.EPSS
}

// Threats returns what is known of vulnerabilities, in the order of their ids.
// Those with no CVE id have none.
func (db *DB) Threats(ids []string) ([]Threat, error) {
	// Tables are read in pages of neighbours.
	type place struct {
		key   cveKey
		index int
	}
	places := make([]place, len(ids))
	for i, id := range ids {
		key, _ := parseCVE(id)
		places[i] = place{key, i}
	}
	slices.SortFunc(places, func(a, b place) int { return cmp.Compare(a.key, b.key) })
	threats := make([]Threat, len(ids))
	for _, p := range places {
		var err error
		if threats[p.index].KEV, err = db.KEV(ids[p.index]); err != nil {
			return nil, err
		}
	}
	for _, p := range places {
		var err error
		if threats[p.index].EPSS, err = db.EPSS(ids[p.index]); err != nil {
			return nil, err
		}
	}
	return threats, nil
}

// Titles returns the titles of vulnerabilities by id, as the advisories about some
// packages have them: those of records about one CVE rather than those of
// advisories about several. Vulnerabilities without a title are left out.
func (db *DB) Titles(ids map[PackageKey][]string) (map[string]string, error) {
	titles := make(map[string]string)
	for _, key := range slices.SortedFunc(maps.Keys(ids), comparePackageKeys) {
		name, _, _ := strings.Cut(key.Ecosystem, ":")
		f := db.ecosystems[name]
		if f == nil {
			continue
		}
		if err := f.titles(key, ids[key], titles); err != nil {
			return nil, err
		}
	}
	return titles, nil
}

func comparePackageKeys(a, b PackageKey) int {
	return cmp.Or(strings.Compare(a.Ecosystem, b.Ecosystem), strings.Compare(a.Name, b.Name))
}

// titles adds the titles that are missing of vulnerabilities, by the records about
// a package.
func (f *ecosystemFile) titles(key PackageKey, ids []string, titles map[string]string) error {
	missing := make(map[string]bool, len(ids))
	for _, id := range ids {
		missing[id] = titles[id] == ""
	}
	parts, err := f.parts(key.Ecosystem, key.Name)
	if err != nil {
		return err
	}
	// Records about one CVE come first.
	slices.SortStableFunc(parts, func(a, b storedPart) int { return cmp.Compare(bit(a.cve == 0), bit(b.cve == 0)) })
	for _, p := range parts {
		if p.cve != 0 && !missing[p.cve.String()] {
			continue
		}
		rec, err := f.record(p.record)
		if err != nil {
			return err
		}
		for _, id := range rec.names() {
			if missing[id] && rec.title != "" {
				titles[id], missing[id] = rec.title, false
			}
		}
	}
	return nil
}

// names are the ids of what a record is about.
func (r *record) names() []string {
	if len(r.cves) > 0 {
		return r.cves
	}
	return append([]string{r.id}, r.aliases...)
}
