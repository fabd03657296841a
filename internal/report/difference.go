package report

import (
	"cmp"
	"slices"
	"strings"
)

// Difference is what changed from one image, or one report of it, to another.
type Difference struct {
	// Added is what only the later one has, Removed what only the earlier one
	// has; both worst first, never nil. Kept counts what both have.
	Added   []Change `json:"added" nullable:"false"`
	Removed []Change `json:"removed" nullable:"false"`
	Kept    int      `json:"kept"`
	// NotCompared are the categories that only one of the two looked for: what
	// was not looked for cannot have come or gone.
	NotCompared []Category `json:"notCompared,omitempty"`
	// Packages are those whose versions differ, by type and name; never nil.
	Packages []PackageChange `json:"packages" nullable:"false"`
	// Layers counts the lowest layers that both have in common.
	Layers int `json:"layers"`
	// Size and Files are how much the later one has more: in bytes as stored,
	// and in files.
	Size  int64 `json:"size"`
	Files int   `json:"files"`
}

// Change is a vulnerability or another finding that one of two images has.
type Change struct {
	FindingID string   `json:"findingId"`
	Category  Category `json:"category"`
	// Rule is the vulnerability's id, or the rule that found it.
	Rule     string   `json:"rule"`
	Title    string   `json:"title,omitempty"`
	Severity Severity `json:"severity"`
	Package  string   `json:"package,omitempty"`
	Version  string   `json:"version,omitempty"`
	// FixedVersion is the vulnerability's, where it has one.
	FixedVersion string `json:"fixedVersion,omitempty"`
	// Path is the first place where it is.
	Path string `json:"path,omitempty"`
}

// PackageChange is a package whose versions differ. One that came has none
// before, one that went has none after; several copies have several.
type PackageChange struct {
	Type   string   `json:"type"`
	Name   string   `json:"name"`
	Before []string `json:"before" nullable:"false"`
	After  []string `json:"after" nullable:"false"`
}

// Diff compares two reports. The same vulnerability in another version of the
// same package is the same: an upgrade that keeps it fixed nothing.
func Diff(before, after *Report) Difference {
	d := Difference{
		Added:    []Change{},
		Removed:  []Change{},
		Packages: packageChanges(before.Packages, after.Packages),
		Layers:   commonLayers(before.Image.Layers, after.Image.Layers),
		Size:     after.Image.Size - before.Image.Size,
		Files:    after.Files.Count - before.Files.Count,
	}
	for _, c := range Categories() {
		if slices.Contains(before.Categories, c) != slices.Contains(after.Categories, c) {
			d.NotCompared = append(d.NotCompared, c)
		}
	}
	old, now := d.changes(before), d.changes(after)
	had, has := keys(old), keys(now)
	for _, c := range now {
		if had[c.key()] {
			d.Kept++
		} else {
			d.Added = append(d.Added, c)
		}
	}
	for _, c := range old {
		if !has[c.key()] {
			d.Removed = append(d.Removed, c)
		}
	}
	sortChanges(d.Added)
	sortChanges(d.Removed)
	return d
}

// changes lists what is wrong in a report, as far as it is compared.
func (d *Difference) changes(r *Report) []Change {
	all := make([]Change, 0, len(r.Vulnerabilities)+len(r.Findings))
	for i := range r.Vulnerabilities {
		v := &r.Vulnerabilities[i]
		if !slices.Contains(d.NotCompared, v.Category) {
			all = append(all, Change{FindingID: v.FindingID, Category: v.Category, Rule: v.ID, Title: v.Title, Severity: v.Severity,
				Package: v.Package, Version: v.Version, FixedVersion: v.FixedVersion, Path: firstPath(v.Locations)})
		}
	}
	for i := range r.Findings {
		f := &r.Findings[i]
		if !slices.Contains(d.NotCompared, f.Category) {
			all = append(all, Change{FindingID: f.FindingID, Category: f.Category, Rule: f.Rule, Title: f.Title, Severity: f.Severity,
				Package: f.Package, Version: f.Version, Path: firstPath(f.Locations)})
		}
	}
	return all
}

func firstPath(locations []Location) string {
	if len(locations) == 0 {
		return ""
	}
	return cmp.Or(locations[0].Path, locations[0].Config)
}

// key is what makes two changes the same. That of a vulnerability has no
// version; other findings have ids that do not depend on what an upgrade moves.
func (c Change) key() string {
	if c.Category == System || c.Category == Application {
		return strings.Join([]string{c.Rule, string(c.Category), c.Package}, "\x00")
	}
	return c.FindingID
}

func keys(changes []Change) map[string]bool {
	set := make(map[string]bool, len(changes))
	for _, c := range changes {
		set[c.key()] = true
	}
	return set
}

func sortChanges(changes []Change) {
	slices.SortStableFunc(changes, func(a, b Change) int {
		return cmp.Or(
			cmp.Compare(b.Severity, a.Severity),
			cmp.Compare(slices.Index(Categories(), a.Category), slices.Index(Categories(), b.Category)),
			cmp.Compare(a.Rule, b.Rule),
			cmp.Compare(a.Package, b.Package),
			cmp.Compare(a.FindingID, b.FindingID),
		)
	})
}

// packageName is what packages of two images are compared by.
type packageName struct{ kind, name string }

// packageChanges compares the versions of packages.
func packageChanges(before, after []Package) []PackageChange {
	old, now := versions(before), versions(after)
	changes := []PackageChange{}
	add := func(n packageName) {
		if !slices.Equal(old[n], now[n]) {
			changes = append(changes, PackageChange{Type: n.kind, Name: n.name, Before: append([]string{}, old[n]...), After: append([]string{}, now[n]...)})
		}
	}
	for n := range old {
		add(n)
	}
	for n := range now {
		if _, known := old[n]; !known {
			add(n)
		}
	}
	slices.SortFunc(changes, func(a, b PackageChange) int {
		return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.Name, b.Name))
	})
	return changes
}

// versions lists the versions of each package, sorted, each once.
func versions(packages []Package) map[packageName][]string {
	all := make(map[packageName][]string)
	for _, p := range packages {
		n := packageName{p.Type, p.Name}
		all[n] = append(all[n], p.Version)
	}
	for n, list := range all {
		slices.Sort(list)
		all[n] = slices.Compact(list)
	}
	return all
}

// commonLayers counts the lowest layers that two images share.
func commonLayers(a, b []Layer) int {
	n := 0
	for n < len(a) && n < len(b) && a[n].DiffID == b[n].DiffID {
		n++
	}
	return n
}
