package vex

import (
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"

	packageurl "github.com/package-url/packageurl-go"

	"github.com/pratique/pratique/internal/catalog"
)

// Products that are no images: what a package URL has no words for.
const (
	instanceProduct  = "urn:pratique:instance"
	namespaceProduct = "urn:pratique:namespace:"
)

// maxIdentifier bounds the identifiers that are looked at, in bytes.
const maxIdentifier = 1 << 10

// Image is what the products of statements are compared with.
type Image struct {
	// Digest is that of its manifest.
	Digest string
	// Repository is its name, with or without registry: "team/app"; empty if it
	// has none.
	Repository string
}

// names reports whether the product is the image: its purl (pkg:oci) has the
// image's digest, or no version and the image's repository, or its hash is the
// image's digest. Where one of these says something else, it is another product.
func (p *Component) names(img Image) bool {
	found := false
	for name, sum := range p.Hashes {
		algorithm := strings.ReplaceAll(strings.ToLower(name), "-", "")
		if algorithm != "sha256" && algorithm != "sha512" {
			continue
		}
		if want, ok := strings.CutPrefix(img.Digest, algorithm+":"); ok {
			if !strings.EqualFold(sum, want) {
				return false
			}
			found = true
		}
	}
	for _, id := range p.purls() {
		u, err := parsePurl(id)
		if err != nil || u.Type != packageurl.TypeOCI {
			continue
		}
		if !namesImage(u, img) {
			return false
		}
		found = true
	}
	return found
}

func namesImage(u packageurl.PackageURL, img Image) bool {
	if u.Version != "" {
		return u.Version == img.Digest
	}
	if img.Repository == "" {
		return false
	}
	if location := u.Qualifiers.Map()["repository_url"]; location != "" {
		return repositoryOf(location) == repositoryOf(img.Repository)
	}
	return u.Name == path.Base(img.Repository)
}

func (p *Component) purls() []string {
	ids := []string{p.ID}
	if id := p.Identifiers["purl"]; id != "" && id != p.ID {
		ids = append(ids, id)
	}
	return slices.DeleteFunc(ids, func(id string) bool { return !strings.HasPrefix(id, "pkg:") || len(id) > maxIdentifier })
}

func parsePurl(text string) (packageurl.PackageURL, error) { return packageurl.FromString(text) }

// repositoryOf takes the registry from where an image is kept. The first part is
// one if it could not be a namespace.
func repositoryOf(location string) string {
	_, after, found := strings.Cut(location, "://")
	if found {
		location = after
	}
	host, rest, ok := strings.Cut(location, "/")
	if ok && (strings.ContainsAny(host, ".:") || host == "localhost") {
		return rest
	}
	return location
}

// product names what an exception holds for. registry, if not empty, stands
// before the names of repositories.
func product(t catalog.Target, registry string) Component {
	switch {
	case t.Namespace == "":
		return Component{ID: instanceProduct}
	case t.Repository == "":
		return Component{ID: namespaceProduct + t.Namespace}
	}
	location := strings.TrimPrefix(registry+"/"+t.Namespace+"/"+t.Repository, "/")
	u := packageurl.NewPackageURL(packageurl.TypeOCI, "", path.Base(t.Repository), t.Digest,
		packageurl.Qualifiers{{Key: "repository_url", Value: location}}, "")
	c := Component{ID: u.ToString()}
	if sum, ok := strings.CutPrefix(t.Digest, "sha256:"); ok {
		c.Hashes = map[string]string{"sha-256": sum}
	}
	return c
}

// target undoes product: it says what a product is on this server.
func target(p *Component) (catalog.ExceptionScope, catalog.Target, error) {
	if p.ID == instanceProduct {
		return catalog.ScopeInstance, catalog.Target{}, nil
	}
	if name, ok := strings.CutPrefix(p.ID, namespaceProduct); ok {
		return catalog.ScopeNamespace, catalog.Target{Namespace: name}, nil
	}
	wrong := func(format string, args ...any) (catalog.ExceptionScope, catalog.Target, error) {
		return "", catalog.Target{}, fmt.Errorf(format, args...)
	}
	ids := p.purls()
	if len(ids) == 0 {
		return wrong("product %q is no package URL", clip(p.ID))
	}
	u, err := parsePurl(ids[0])
	if err != nil || u.Type != packageurl.TypeOCI {
		return wrong("product %q is no image (pkg:oci)", clip(ids[0]))
	}
	location := u.Qualifiers.Map()["repository_url"]
	if location == "" {
		return wrong("product %q does not say in which repository it is (repository_url)", clip(ids[0]))
	}
	t := catalog.Target{Digest: u.Version}
	t.Namespace, t.Repository, _ = strings.Cut(repositoryOf(location), "/")
	switch {
	case t.Repository == "":
		return wrong("product %q is in no namespace", clip(ids[0]))
	case t.Digest == "":
		return catalog.ScopeRepository, t, nil
	case !strings.HasPrefix(t.Digest, "sha256:") && !strings.HasPrefix(t.Digest, "sha512:"):
		return wrong("the version of product %q is no digest", clip(ids[0]))
	}
	return catalog.ScopeArtifact, t, nil
}

// subcomponents names a package by its name alone: which kind it is of, an
// exception does not say.
func subcomponents(name string) []Component {
	if name == "" {
		return nil
	}
	return []Component{{ID: "pkg:generic/" + strings.ReplaceAll(url.QueryEscape(name), "+", "%20")}}
}

// packageName is what reports call the package that a subcomponent names.
// versioned tells that the subcomponent is one version of it.
func packageName(c *Component) (name string, versioned bool, err error) {
	ids := c.purls()
	if len(ids) == 0 {
		return "", false, fmt.Errorf("subcomponent %q is no package URL", clip(c.ID))
	}
	u, err := parsePurl(ids[0])
	if err != nil {
		return "", false, fmt.Errorf("subcomponent %q is no package URL", clip(ids[0]))
	}
	separator := "/"
	switch u.Type {
	case packageurl.TypeDebian, packageurl.TypeRPM, packageurl.TypeApk, packageurl.TypeAlpm:
		return u.Name, u.Version != "", nil // the namespace is the distribution
	case packageurl.TypeMaven:
		separator = ":"
	}
	if u.Namespace != "" {
		return u.Namespace + separator + u.Name, u.Version != "", nil
	}
	return u.Name, u.Version != "", nil
}
