package catalog

import (
	"regexp"
	"strings"
)

var (
	namespaceName  = regexp.MustCompile(`^[a-z0-9]+(?:[._-][a-z0-9]+)*$`)
	repositoryName = regexp.MustCompile(`^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$`)
	tagName        = regexp.MustCompile(`^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$`)
	cveID          = regexp.MustCompile(`^[A-Z][A-Z0-9]*(?:-[A-Z0-9:.]+)+$`)
)

// MaxNameLength bounds namespace/repository together, as the distribution
// specification advises.
const MaxNameLength = 255

// CheckNamespaceName checks a namespace's name: 1 to 64 characters, lower-case
// letters and digits with single '.', '_' or '-' between them (§1.2).
func CheckNamespaceName(name string) error {
	if len(name) > 64 || !namespaceName.MatchString(name) {
		return Errorf(Invalid, "namespace_name_invalid", "%q cannot be the name of a namespace", clip(name)).
			Advise("use 1 to 64 lower-case letters and digits, with single '.', '_' or '-' between them")
	}
	return nil
}

// CheckRepositoryName checks a repository's name within its namespace, by the
// grammar of the OCI distribution specification.
func CheckRepositoryName(name string) error {
	if len(name) > MaxNameLength || !repositoryName.MatchString(name) {
		return Errorf(Invalid, "repository_name_invalid", "%q cannot be the name of a repository", clip(name)).
			Advise("use lower-case letters and digits, with '.', '_', '-' or '/' between them")
	}
	return nil
}

// CheckTag checks a tag by the grammar of the OCI distribution specification.
func CheckTag(tag string) error {
	if !tagName.MatchString(tag) {
		return Errorf(Invalid, "tag_invalid", "%q cannot be a tag", clip(tag)).
			Advise("use up to 128 letters, digits, '_', '.' and '-', not starting with '.' or '-'")
	}
	return nil
}

// SplitName splits the name of a repository as clients send it,
// "namespace/repository", at its first slash.
func SplitName(name string) (namespace, repository string, err error) {
	namespace, repository, ok := strings.Cut(name, "/")
	if !ok {
		return "", "", Errorf(Invalid, "name_invalid", "%q names no repository in a namespace", clip(name)).
			Advise("use NAMESPACE/REPOSITORY")
	}
	if len(name) > MaxNameLength {
		return "", "", Errorf(Invalid, "name_invalid", "the name %q… is longer than %d characters", clip(name), MaxNameLength).
			Advise("use a shorter one; the namespace counts, too")
	}
	if err := CheckNamespaceName(namespace); err != nil {
		return "", "", err
	}
	return namespace, repository, CheckRepositoryName(repository)
}

// clip shortens what a client sent before it is repeated to it.
func clip(s string) string {
	if len(s) > 80 {
		return s[:80] + "…"
	}
	return s
}
