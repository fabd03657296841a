package engine

import (
	"sort"

	"github.com/pratique/pratique/internal/report"
)

// facet is a kind of facts about files: where a layer's facts list them, and
// where one of them says which file it is about.
type facet[F any] struct {
	list func(*report.LayerFacts) *[]F
	path func(*F) *string
}

// The kinds of facts about files. A new one stands here and in facets.
var (
	packageSets = facet[report.PackageSet]{
		func(l *report.LayerFacts) *[]report.PackageSet { return &l.Packages },
		func(f *report.PackageSet) *string { return &f.Path },
	}
	ownedSets = facet[report.OwnedSet]{
		func(l *report.LayerFacts) *[]report.OwnedSet { return &l.Owned },
		func(f *report.OwnedSet) *string { return &f.Path },
	}
	releaseFiles = facet[report.ReleaseFile]{
		func(l *report.LayerFacts) *[]report.ReleaseFile { return &l.Releases },
		func(f *report.ReleaseFile) *string { return &f.Path },
	}
	secretFacts = facet[report.Secret]{
		func(l *report.LayerFacts) *[]report.Secret { return &l.Secrets },
		func(f *report.Secret) *string { return &f.Path },
	}
	configFiles = facet[report.ConfigFile]{
		func(l *report.LayerFacts) *[]report.ConfigFile { return &l.Configs },
		func(f *report.ConfigFile) *string { return &f.Path },
	}
	weakPasswords = facet[report.WeakPassword]{
		func(l *report.LayerFacts) *[]report.WeakPassword { return &l.Passwords },
		func(f *report.WeakPassword) *string { return &f.Path },
	}
	malwareFacts = facet[report.Malware]{
		func(l *report.LayerFacts) *[]report.Malware { return &l.Malware },
		func(f *report.Malware) *string { return &f.Path },
	}
	fileHashes = facet[report.FileHash]{
		func(l *report.LayerFacts) *[]report.FileHash { return &l.Hashes },
		func(f *report.FileHash) *string { return &f.Path },
	}
	licenceFiles = facet[report.LicenceFile]{
		func(l *report.LayerFacts) *[]report.LicenceFile { return &l.Licences },
		func(f *report.LicenceFile) *string { return &f.Path },
	}
)

// anyFacet is a facet of whatever type.
type anyFacet interface {
	empty(l *report.LayerFacts) bool
	sort(l *report.LayerFacts)
	add(l, found *report.LayerFacts, path string)
	eachPath(l *report.LayerFacts, visit func(path string))
}

var facets = []anyFacet{
	packageSets, ownedSets, releaseFiles, secretFacts, configFiles, weakPasswords, malwareFacts, fileHashes, licenceFiles,
}

func (k facet[F]) empty(l *report.LayerFacts) bool { return len(*k.list(l)) == 0 }

func (k facet[F]) sort(l *report.LayerFacts) { k.sortByPath(*k.list(l)) }

// sortByPath leaves those of a file in their order.
func (k facet[F]) sortByPath(all []F) {
	sort.SliceStable(all, func(i, j int) bool { return *k.path(&all[i]) < *k.path(&all[j]) })
}

// add adds what was found in one file, whose path it is found under whatever the
// collector says.
func (k facet[F]) add(l, found *report.LayerFacts, path string) {
	list := k.list(l)
	before := len(*list)
	*list = append(*list, *k.list(found)...)
	for n := before; n < len(*list); n++ {
		*k.path(&(*list)[n]) = path
	}
}

func (k facet[F]) eachPath(l *report.LayerFacts, visit func(path string)) {
	list := *k.list(l)
	for n := range list {
		visit(*k.path(&list[n]))
	}
}

// gather returns the facts of all layers that keep wants, by path, then layer.
// keep completes a fact by what only the whole image tells.
func (k facet[F]) gather(layers []*report.LayerFacts, keep func(f *F, layer int) bool) []F {
	var all []F
	for n, l := range layers {
		for _, f := range *k.list(l) {
			all = append(all, f)
			if !keep(&all[len(all)-1], n) {
				all = all[:len(all)-1]
			}
		}
	}
	k.sortByPath(all)
	return all
}
