package scan

import (
	"cmp"
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"

	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/image"
	"github.com/pratique/pratique/internal/judge"
	"github.com/pratique/pratique/internal/report"
)

// bases asks the registry what an image was built on and what could take the
// base's place. What is known of them is compared as of now: both are judged by
// the advisories in force, whenever they were scanned.
func (s *Service) bases(ctx context.Context, a catalog.Artifact, img *report.Image, l lens) (*judge.Bases, error) {
	base, layers, byLayers, err := s.base(ctx, a, img)
	if err != nil || base == nil {
		return &judge.Bases{}, err
	}
	bases := &judge.Bases{Base: baseImage(base)}
	bases.Base.Layers, bases.Base.ByLayers = layers, byLayers
	list, err := s.cfg.Store.NewerImages(ctx, *base)
	if err != nil {
		return nil, err
	}
	newer := successor(base.Tag, slices.DeleteFunc(list, func(b catalog.BaseImage) bool { return b.Digest == a.Digest }))
	if newer == nil {
		return bases, nil
	}
	bases.Newer = baseImage(newer)
	if bases.Newer.Flaws = s.flaws(ctx, newer, l); bases.Newer.Flaws != nil {
		bases.Base.Flaws = s.flaws(ctx, base, l)
	}
	return bases, nil
}

func baseImage(b *catalog.BaseImage) *judge.BaseImage {
	return &judge.BaseImage{Registry: b.Registry, Name: b.Key.String(), Tag: b.Tag, Digest: b.Digest}
}

// base finds what an image was built on, and how many of its layers are the
// base's: the image with the most layers of those that this one begins with and
// goes on after, or else the one whose digest its annotations name.
func (s *Service) base(ctx context.Context, a catalog.Artifact, img *report.Image) (base *catalog.BaseImage, layers int, byLayers bool, err error) {
	diffIDs := make([]string, len(img.Layers))
	for i, l := range img.Layers {
		diffIDs[i] = l.DiffID
	}
	chain := image.ChainIDs(diffIDs)
	if len(chain) > 1 {
		found, ok, err := s.cfg.Store.BaseByLayers(ctx, a.Key.InstanceID, chain[:len(chain)-1])
		if err != nil || ok {
			return &found, found.Stack.Layers, ok, err
		}
	}
	_, digest := judge.AnnotatedBase(img)
	if digest == "" || digest == a.Digest {
		return nil, 0, false, nil
	}
	found, ok, err := s.cfg.Store.BaseByDigest(ctx, a.Key.InstanceID, digest)
	if err != nil || !ok {
		return nil, 0, false, err
	}
	if n := found.Stack.Layers; n <= len(chain) && chain[n-1] == found.Stack.ChainID {
		layers = n // all of them: such an image adds only configuration
	}
	return &found, layers, false, nil
}

// flaws judges an image of the registry by the facts that its scan left, and by
// the rules of the image it is compared for. They are nil if it was not scanned,
// or by a program or rules that are gone. Trouble with another image is none of
// this scan's: it only leaves the comparison out.
func (s *Service) flaws(ctx context.Context, b *catalog.BaseImage, l lens) judge.Flaws {
	rep, err := s.judged(ctx, b, l)
	if err != nil {
		s.cfg.Logger.Debug("a base image cannot be compared", "image", b.Key.String()+"@"+b.Digest, "error", err)
		return nil
	}
	return judge.FlawsOf(rep)
}

func (s *Service) judged(ctx context.Context, b *catalog.BaseImage, l lens) (*report.Report, error) {
	pull, err := s.cfg.Store.ArtifactPull(ctx, b.ArtifactID)
	if err != nil {
		return nil, err
	}
	if !pull.Reported {
		return nil, errors.New("it is not scanned")
	}
	collectors, err := s.cfg.Store.Collectors(ctx, pull.Verdict.ScanID)
	if err != nil {
		return nil, err
	}
	own, err := s.lensFor(ctx, b.Key.InstanceID, b.Key.Namespace, collectors)
	if err != nil {
		return nil, err
	}
	img, err := s.open(ctx, pull)
	if err != nil {
		return nil, err
	}
	facts, err := s.facts(ctx, img, own, own.engine.Version())
	if err != nil {
		return nil, err
	}
	return s.report(facts, judge.Options{Rules: l.rules})
}

// successor chooses what could take the place of a base that was tagged so, from
// images that came after it, newest first: the newest with a tag of the same
// family. Of a base that is known by no tag but "latest", the newest is one.
func successor(tag string, newer []catalog.BaseImage) *catalog.BaseImage {
	for i := range newer {
		tags := newer[i].Tags
		if tag != "" && tag != "latest" {
			tags = slices.DeleteFunc(slices.Clone(tags), func(t string) bool { return family(t) != family(tag) })
		}
		if len(tags) > 0 {
			newer[i].Tag = slices.MaxFunc(tags, compareTags)
			return &newer[i]
		}
	}
	return nil
}

// compareTags orders tags by how much they tell, as the store does: "latest"
// tells nothing, and the longer the more.
func compareTags(a, b string) int {
	return cmp.Or(cmp.Compare(bit(a != "latest"), bit(b != "latest")), cmp.Compare(len(a), len(b)), strings.Compare(a, b))
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// family is what stays of a tag from release to release: "12", "12.5" and
// "2024-01-31" are "#", "12-slim" is "#-slim", "20-alpine3.19" is "#-alpine#",
// and "main-8f3c9e1", with the name of a commit, is "main-#".
func family(tag string) string {
	var words []string
	for word := range strings.FieldsFuncSeq(strings.ToLower(tag), func(r rune) bool { return strings.ContainsRune("-._", r) }) {
		if commit.MatchString(word) {
			word = "#"
		} else if at := strings.IndexAny(word, "0123456789"); at >= 0 {
			word = word[:at] + "#"
		}
		if word == "#" && len(words) > 0 && strings.HasSuffix(words[len(words)-1], "#") {
			continue // a further number of the same version
		}
		words = append(words, word)
	}
	return strings.Join(words, "-")
}

// commit is the name of a Git commit, shortened or not.
var commit = regexp.MustCompile(`^[0-9a-f]{7,40}$`)
