package judge

import (
	"fmt"
	"path"
	"regexp"
	"strings"

	"github.com/pratique/pratique/internal/advisory"
	"github.com/pratique/pratique/internal/report"
)

// solution tells in a few sentences what to do about one finding: which version
// to go to, by which command or in which file, and whether it is the base
// image's matter. Names and paths come from the image and are hostile: a command
// is offered only for a name that a shell takes as one plain word.
func solution(os report.OS, p report.Package, m *advisory.Match, at []report.Location) string {
	if m.FixState != report.Fixed {
		return mitigation(os, p, m)
	}
	var first report.Location
	if len(at) > 0 {
		first = at[0]
	}
	if p.Distribution() {
		return systemSolution(os, p, m, first)
	}
	return applicationSolution(p, m, first)
}

// mitigation is for what cannot be fixed by an upgrade.
func mitigation(os report.OS, p report.Package, m *advisory.Match) string {
	name := printable(p.Name, 120)
	if m.FixState == report.WontFix {
		return fmt.Sprintf("%s will not fix this in this release. Remove %s if the image works without it, or move to a newer release; if neither is possible, limit what can reach it and exempt %s for a limited time.", osName(os), name, m.ID)
	}
	return fmt.Sprintf("No fixed version yet. Remove %s if the image works without it, or limit what can reach it; exempt %s for a limited time if you accept the risk, and scan again when there is a fix.", name, m.ID)
}

func systemSolution(os report.OS, p report.Package, m *advisory.Match, at report.Location) string {
	name := printable(p.Name, 120)
	target := m.FixedVersion
	if p.SourceVersion != "" && p.SourceVersion != p.Version && m.Source != "" {
		target = "a build of " + m.Source + " " + m.FixedVersion
	}
	var s strings.Builder
	fmt.Fprintf(&s, "Upgrade %s from %s to %s or later", name, printable(p.Version, 120), target)
	command := ""
	if plainWord.MatchString(p.Name) {
		command = upgradeCommand(os, p)
	}
	switch {
	case at.Layer == 0:
		s.WriteString(". It comes with the base image: rebuild on a newer one")
		if command != "" {
			fmt.Fprintf(&s, ", or add %s to the Dockerfile", code(command))
		}
	case command != "" && at.Instruction != "":
		fmt.Fprintf(&s, ": add %s after %s, or rebuild that step without the cache", code(command), code(instruction(at)))
	case command != "":
		fmt.Fprintf(&s, ": add %s to the Dockerfile, or rebuild without the cache", code(command))
	}
	if m.SubscriptionFix {
		s.WriteString(". Only Ubuntu Pro has this fix: attach a subscription in the build, or move to a release with standard support")
	}
	s.WriteString(". Then push and scan again.")
	return s.String()
}

// plainWord is a package name that needs no quoting.
var plainWord = regexp.MustCompile(`^[A-Za-z0-9@][A-Za-z0-9@/._+:~-]{0,200}$`)

func upgradeCommand(os report.OS, p report.Package) string {
	switch p.Type {
	case "deb":
		return "RUN apt-get update && apt-get install -y --only-upgrade " + p.Name
	case "apk":
		return "RUN apk upgrade --no-cache " + p.Name
	case "rpm":
		switch {
		case strings.Contains(os.ID, "suse") || strings.HasPrefix(os.ID, "sle"):
			return "RUN zypper --non-interactive update " + p.Name
		case os.ID == "centos" && strings.HasPrefix(os.Version, "7"):
			return "RUN yum update -y " + p.Name
		}
		return "RUN dnf upgrade -y " + p.Name
	}
	return ""
}

// instruction is a build instruction short enough for a sentence.
func instruction(at report.Location) string {
	return printable(strings.Join(strings.Fields(at.Instruction), " "), 100)
}

func applicationSolution(p report.Package, m *advisory.Match, at report.Location) string {
	name, fixed := printable(p.Name, 200), m.FixedVersion
	var s strings.Builder
	fmt.Fprintf(&s, "Upgrade %s from %s to %s or later", name, printable(p.Version, 120), fixed)
	outer, inner, nested := strings.Cut(at.Path, "!")
	switch {
	case strings.Contains(at.Path, "node_modules/npm/node_modules/"):
		s.WriteString(". It is part of npm: upgrade npm or the Node.js image")
	case p.Type == "golang" && (p.Name == "stdlib" || p.Name == "toolchain"):
		fmt.Fprintf(&s, ": rebuild %s with Go %s or later", printable(path.Base(outer), 120), fixed)
	default:
		s.WriteString(dependencyChange(p, fixed))
		if p.Type == "golang" && at.Path != "" {
			fmt.Fprintf(&s, " and rebuild %s", printable(path.Base(outer), 120))
		}
	}
	if nested {
		fmt.Fprintf(&s, ". It is inside %s (%s): rebuild or replace that archive", printable(outer, 160), printable(strings.Trim(inner, "!/"), 160))
	}
	switch {
	case at.Layer == 0:
		s.WriteString(". It comes with the base image: a newer one may have the fix")
	case at.Instruction != "":
		fmt.Fprintf(&s, ". It was brought by %s", code(instruction(at)))
	}
	s.WriteString(". Then rebuild, push and scan again.")
	return s.String()
}

// dependencyChange names the file to change and the command that changes it.
func dependencyChange(p report.Package, fixed string) string {
	file, command := "", ""
	switch p.Type {
	case "npm":
		file, command = "package.json", "npm install "+p.Name+"@"+fixed
	case "pypi":
		file, command = "requirements.txt or pyproject.toml", "pip install '"+p.Name+">="+fixed+"'"
	case "maven":
		file = "pom.xml or build.gradle"
	case "golang":
		file, command = "go.mod", "go get "+p.Name+"@v"+strings.TrimPrefix(fixed, "v")
	case "gem":
		file, command = "Gemfile", "bundle update "+p.Name
	case "composer":
		file, command = "composer.json", "composer require "+p.Name+":^"+fixed
	case "cargo":
		file, command = "Cargo.toml", "cargo update -p "+p.Name+" --precise "+fixed
	case "nuget":
		file, command = "the project file (.csproj)", "dotnet add package "+p.Name+" --version "+fixed
	case "hex":
		file, command = "mix.exs", "mix deps.update "+p.Name
	case "pub":
		file, command = "pubspec.yaml", "dart pub upgrade "+p.Name
	case "bitnami":
		return ": use a newer image of the same application"
	default:
		return ""
	}
	if command == "" || !plainWord.MatchString(p.Name) || !plainWord.MatchString(fixed) {
		return " in " + file
	}
	return fmt.Sprintf(" in %s (%s)", file, code(command))
}

// code sets off a command or an instruction from the sentence around it.
func code(s string) string { return "`" + strings.ReplaceAll(s, "`", "'") + "`" }

// printable makes text from an image fit for a sentence: no control characters,
// and no longer than n bytes.
func printable(s string, n int) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 || r == '\u202e' || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "…"
}
