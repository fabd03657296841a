package engine

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/pratique/pratique/internal/collect/packages"
	"github.com/pratique/pratique/internal/report"
)

// Merge puts the facts of the layers of an image, the lowest first, together
// to those of the image: whiteouts applied, each file and each package
// attributed to the layer that brought it. Neither argument is changed, and
// the result depends on nothing else.
//
// A package listed in a database belongs to the first layer since which the
// database, layer by layer, lists that name, version and architecture. Any
// other package belongs to the layer whose file is its evidence. Secrets are those
// of all layers, with what became of their files.
//
// The error says that layers and image do not belong together.
func Merge(img report.Image, layers []*report.LayerFacts) (*report.ImageFacts, error) {
	if len(layers) != len(img.Layers) {
		return nil, fmt.Errorf("merge: the image has %d layers, but there are facts of %d", len(img.Layers), len(layers))
	}
	for n, l := range layers {
		if l == nil || l.DiffID != img.Layers[n].DiffID {
			return nil, fmt.Errorf("merge: the facts of layer %d are not those of %s", n, img.Layers[n].DiffID)
		}
	}
	m := merger{layers: layers, providers: make(map[string]int), links: make(map[link]bool)}
	m.expect()
	files := newFileSummary(layers)
	walkTree(layers, func(f fate) {
		m.add(f)
		files.add(f)
	})
	m.linked()
	facts := &report.ImageFacts{Image: img, Files: files.summary()}
	facts.OS = packages.OperatingSystem(m.releases())
	facts.Packages = m.packages(facts.OS)
	facts.Secrets = m.secrets()
	facts.Configs = m.configs()
	facts.Passwords = m.passwords()
	facts.Malware = m.malware()
	facts.Hashes = m.hashes()
	facts.Licences = m.licences()
	attachLicences(facts.Packages, facts.Licences)
	facts.Notes = m.notes()
	return facts, nil
}

// merger puts together what the layers' facts and the visible files tell.
type merger struct {
	layers []*report.LayerFacts
	// providers says for each path that facts depend on which layer's entry is
	// visible; absentProvider if none is.
	providers map[string]int
	// links holds the visible hard links to such paths.
	links map[link]bool
}

// link is what a hard link of a layer leads to.
type link struct {
	layer int
	path  string
}

const absentProvider = -1

// expect names the paths whose provider must be known.
func (m *merger) expect() {
	for _, l := range m.layers {
		for _, k := range facets {
			k.eachPath(l, func(path string) { m.providers[path] = absentProvider })
		}
		for _, n := range l.Notes {
			if n.Collector != "" {
				m.providers[n.Path] = absentProvider
			}
		}
	}
}

// add notes who provides what facts depend on.
func (m *merger) add(f fate) {
	if f.hidden != "" || !f.file.Mode.IsRegular() {
		return
	}
	if _, ok := m.providers[f.file.Path]; ok {
		m.providers[f.file.Path] = f.layer
	}
	if _, ok := m.providers[f.file.Link]; ok && f.file.Link != "" {
		m.links[link{f.layer, f.file.Link}] = true
	}
}

// linked gives evidence that is gone under its own name to a hard link of it
// that is still there.
func (m *merger) linked() {
	for n, l := range m.layers {
		for _, s := range l.Packages {
			if m.providers[s.Path] == absentProvider && m.links[link{n, s.Path}] {
				m.providers[s.Path] = n
			}
		}
	}
}

// releases returns the visible files that name the operating system.
func (m *merger) releases() []report.ReleaseFile {
	return releaseFiles.gather(m.layers, func(r *report.ReleaseFile, n int) bool { return m.providers[r.Path] == n })
}

// packages returns what is installed, completed by what only the whole image
// tells: layer, owner, package URL.
func (m *merger) packages(os report.OS) []report.Package {
	var pkgs []report.Package
	var owned []report.OwnedSet
	for n, l := range m.layers {
		for _, s := range l.Packages {
			if m.providers[s.Path] != n {
				continue
			}
			since := m.since(s, n)
			for _, p := range s.Packages {
				p.Layer = n
				if first, ok := since[identityOf(p)]; ok {
					p.Layer = first
				}
				p.PURL = packages.CompletePURL(p, os)
				pkgs = append(pkgs, p)
			}
		}
		for _, s := range l.Owned {
			if m.providers[s.Path] == n {
				owned = append(owned, s)
			}
		}
	}
	slices.SortStableFunc(owned, func(a, b report.OwnedSet) int {
		return cmp.Or(strings.Compare(a.Path, b.Path), strings.Compare(a.Package, b.Package))
	})
	packages.MarkOwned(pkgs, owned)
	slices.SortStableFunc(pkgs, report.ComparePackages)
	return slices.CompactFunc(pkgs, func(a, b report.Package) bool {
		return identityOf(a) == identityOf(b) && a.Path == b.Path
	})
}

// secrets returns those of every layer: what a later layer hides can still be
// read by anybody who has the image.
func (m *merger) secrets() []report.Secret {
	return secretFacts.gather(m.layers, func(s *report.Secret, n int) bool {
		s.Layer, s.Hidden = n, m.hidden(n, s.Path)
		return true
	})
}

// passwords are those of every layer, for the same reason as secrets.
func (m *merger) passwords() []report.WeakPassword {
	return weakPasswords.gather(m.layers, func(w *report.WeakPassword, n int) bool {
		w.Layer, w.Hidden = n, m.hidden(n, w.Path)
		return true
	})
}

// malware is that of every layer: it is in the image that people pull.
func (m *merger) malware() []report.Malware {
	return malwareFacts.gather(m.layers, func(s *report.Malware, n int) bool {
		s.Layer, s.Hidden = n, m.hidden(n, s.Path)
		return true
	})
}

// hidden says what became of the path of a layer in the layers above.
func (m *merger) hidden(layer int, path string) report.Hidden {
	switch m.providers[path] {
	case layer:
		return ""
	case absentProvider:
		if m.links[link{layer, path}] {
			return ""
		}
		return report.Deleted
	}
	return report.Replaced
}

// configs returns the visible files that configure the system.
func (m *merger) configs() []report.ConfigFile {
	return configFiles.gather(m.layers, func(c *report.ConfigFile, n int) bool {
		c.Layer = n
		return m.providers[c.Path] == n
	})
}

// hashes returns the digests of visible executables and scripts.
func (m *merger) hashes() []report.FileHash {
	return fileHashes.gather(m.layers, func(h *report.FileHash, n int) bool {
		h.Layer = n
		return m.hidden(n, h.Path) == ""
	})
}

// licences returns what visible files say of licences.
func (m *merger) licences() []report.LicenceFile {
	return licenceFiles.gather(m.layers, func(f *report.LicenceFile, n int) bool {
		f.Layer = n
		return m.hidden(n, f.Path) == ""
	})
}

// identity is what makes two packages of a database the same.
type identity struct{ kind, name, version, arch string }

func identityOf(p report.Package) identity { return identity{p.Type, p.Name, p.Version, p.Arch} }

// since returns, for each package that the database s of layer top lists, the
// lowest layer from which on every version of the database lists it; nil if s
// is no database.
func (m *merger) since(s report.PackageSet, top int) map[identity]int {
	if !s.Database {
		return nil
	}
	first := make(map[identity]int, len(s.Packages))
	for _, p := range s.Packages {
		first[identityOf(p)] = top
	}
	previous := top // the layer that the next lower version must reach
	for n := top - 1; n >= 0; n-- {
		if removes(m.layers[n+1], s.Path) {
			break // deleted and written anew
		}
		for _, lower := range m.layers[n].Packages {
			if lower.Path != s.Path || !lower.Database {
				continue
			}
			for _, p := range lower.Packages {
				id := identityOf(p)
				if at, ok := first[id]; ok && at == previous {
					first[id] = n
				}
			}
			previous = n
		}
	}
	return first
}

// inAllLayers are the collectors whose facts count in every layer, and so do
// notes about what they could not read.
var inAllLayers = []string{"secrets", "passwords", "malware"}

// notes returns the notes of all layers, each layer's once, without those about
// files that are not in the image any more, unless what is in them counts.
func (m *merger) notes() []report.Note {
	var notes []report.Note
	seen := make(map[string]bool)
	for n, l := range m.layers {
		for _, note := range l.Notes {
			everywhere := note.Collector == "" || slices.Contains(inAllLayers, note.Collector)
			if everywhere && !seen[l.DiffID] || !everywhere && m.providers[note.Path] == n {
				notes = append(notes, note)
			}
		}
		seen[l.DiffID] = true
	}
	if len(m.layers) == 0 {
		notes = append(notes, report.Note{Code: noteNoLayers, Message: "the image has no layers, so there is nothing in it to be found"})
	}
	return notes
}
