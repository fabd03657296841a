package packages

import (
	"context"
	"regexp"
	"strings"

	"github.com/pratique/pratique/internal/collect"
	"github.com/pratique/pratique/internal/report"
)

// maxRelease is how much of a release file is kept.
const maxRelease = 64 << 10

// Release files in the order in which they are asked. The first two are of one
// format; /etc/os-release is usually a link to the other.
var (
	osReleaseFiles = []string{"etc/os-release", "usr/lib/os-release"}
	// One line such as "CentOS Linux release 7.9.2009 (Core)".
	redHatFiles = []string{
		"etc/centos-release", "etc/rocky-release", "etc/almalinux-release", "etc/oracle-release", "etc/fedora-release",
		"etc/redhat-release", "etc/system-release",
	}
)

const (
	debianVersion = "etc/debian_version"
	alpineRelease = "etc/alpine-release"
	lsbRelease    = "etc/lsb-release"
)

func wantRelease(e entry) bool {
	if !strings.HasPrefix(e.path, "etc/") && e.path != "usr/lib/os-release" {
		return false
	}
	switch e.path {
	case debianVersion, alpineRelease, lsbRelease, "etc/SuSE-release", "etc/arch-release", "etc/gentoo-release",
		"etc/openEuler-release", "etc/euleros-release", "etc/hce-release", "etc/kylin-release", "etc/UnionTech-release":
		return true
	}
	return contains(osReleaseFiles, e.path) || contains(redHatFiles, e.path)
}

func contains(list []string, s string) bool {
	for _, l := range list {
		if l == s {
			return true
		}
	}
	return false
}

func readRelease(_ context.Context, e entry, c collect.Content) (found, error) {
	data := make([]byte, min(c.Size(), maxRelease))
	n, err := c.ReadAt(data, 0)
	if n < len(data) {
		return found{}, err
	}
	return found{release: &report.ReleaseFile{Path: e.path, Content: strings.ToValidUTF8(string(data), "")}}, nil
}

// OperatingSystem tells the operating system from the release files visible in
// the merged file system. It returns the zero value if they name none.
func OperatingSystem(files []report.ReleaseFile) report.OS {
	content := make(map[string]string, len(files))
	for _, f := range files {
		content[f.Path] = f.Content
	}
	os := fromOSRelease(content)
	if os.ID == "" {
		os = fromOtherFiles(content)
	}
	switch os.ID {
	case "debian":
		// os-release names the release, debian_version the point release.
		if v := firstLine(content[debianVersion]); isVersion(v) && sameMajor(v, os.Version) {
			os.Version = v
		}
	case "alpine":
		if os.Version == "" {
			os.Version = firstLine(content[alpineRelease])
		}
	case "centos":
		// os-release of CentOS 7 and 8 names the major release only.
		if _, v, _ := redHat(content["etc/centos-release"]); v != "" && sameMajor(v, os.Version) {
			os.Version = v
		}
	}
	return os
}

func fromOSRelease(content map[string]string) report.OS {
	for _, path := range osReleaseFiles {
		v := parseOSRelease(content[path])
		if v["ID"] == "" {
			continue
		}
		return report.OS{
			ID:       strings.ToLower(text(v["ID"])),
			Version:  text(v["VERSION_ID"]),
			Codename: text(v["VERSION_CODENAME"]),
			Name:     text(firstOf(v["PRETTY_NAME"], v["NAME"])),
			Like:     strings.Fields(text(v["ID_LIKE"])),
		}
	}
	return report.OS{}
}

// fromOtherFiles is for images from before os-release, and without it.
func fromOtherFiles(content map[string]string) report.OS {
	if v := parseOSRelease(content[lsbRelease]); v["DISTRIB_ID"] != "" {
		return report.OS{
			ID:       strings.ToLower(text(v["DISTRIB_ID"])),
			Version:  text(v["DISTRIB_RELEASE"]),
			Codename: text(v["DISTRIB_CODENAME"]),
			Name:     text(v["DISTRIB_DESCRIPTION"]),
		}
	}
	for _, path := range redHatFiles {
		if id, version, name := redHat(content[path]); id != "" {
			return report.OS{ID: id, Version: version, Name: name, Like: []string{"rhel", "fedora"}}
		}
	}
	if v := firstLine(content[alpineRelease]); v != "" {
		return report.OS{ID: "alpine", Version: v, Name: "Alpine Linux " + v}
	}
	if v := firstLine(content[debianVersion]); v != "" {
		os := report.OS{ID: "debian", Name: "Debian GNU/Linux " + v}
		if isVersion(v) {
			os.Version = v
		} else {
			os.Codename, _, _ = strings.Cut(v, "/")
		}
		return os
	}
	return report.OS{}
}

// parseOSRelease reads assignments as a shell would: one in a line, the value
// bare, in single quotes, or in double quotes with backslash escapes.
func parseOSRelease(content string) map[string]string {
	all := map[string]string{}
	for line := range strings.Lines(content) {
		key, value, ok := strings.Cut(strings.TrimSpace(line), "=")
		if !ok || key == "" || strings.HasPrefix(key, "#") || len(all) >= 100 {
			continue
		}
		if _, twice := all[key]; !twice || value != "" {
			all[key] = unquote(value)
		}
	}
	return all
}

func unquote(value string) string {
	if value == "" {
		return ""
	}
	quote := value[0]
	if quote == '\'' {
		value, _, _ = strings.Cut(value[1:], "'")
		return value
	}
	if quote == '"' {
		value = value[1:]
	}
	var b strings.Builder
	for i := 0; i < len(value); i++ {
		switch c := value[i]; {
		case c == '\\' && i+1 < len(value):
			i++
			b.WriteByte(value[i])
		case c == '"' && quote == '"':
			return b.String()
		case (c == ' ' || c == '\t') && quote != '"':
			return b.String()
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

var redHatRelease = regexp.MustCompile(`^(.+?)(?: Linux)?(?: Server| Stream)? release ([0-9][0-9A-Za-z.\-]*)`)

// redHat reads the one line of a Red Hat style release file.
func redHat(content string) (id, version, name string) {
	line := firstLine(content)
	m := redHatRelease.FindStringSubmatch(line)
	if m == nil {
		return "", "", ""
	}
	switch vendor := strings.ToLower(m[1]); {
	case strings.HasPrefix(vendor, "centos"):
		id = "centos"
	case strings.HasPrefix(vendor, "red hat"):
		id = "rhel"
	case strings.HasPrefix(vendor, "rocky"):
		id = "rocky"
	case strings.HasPrefix(vendor, "almalinux"):
		id = "almalinux"
	case strings.HasPrefix(vendor, "oracle"):
		id = "ol"
	case strings.HasPrefix(vendor, "fedora"):
		id = "fedora"
	case strings.HasPrefix(vendor, "amazon"):
		id = "amzn"
	case strings.HasPrefix(vendor, "euleros"):
		id = "euleros"
	case strings.HasPrefix(vendor, "openeuler"):
		id = "openeuler"
	default:
		return "", "", ""
	}
	return id, m[2], line
}

func firstLine(content string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(content), "\n")
	return text(line)
}

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// isVersion reports whether a text is digits and dots.
func isVersion(v string) bool {
	return v != "" && strings.Trim(v, "0123456789.") == "" && startsWithDigit(v)
}

// sameMajor reports whether two versions have the same first number, or the
// second is empty.
func sameMajor(a, b string) bool {
	first, _, _ := strings.Cut(a, ".")
	second, _, _ := strings.Cut(b, ".")
	return second == "" || first == second
}
