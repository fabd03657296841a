package judge

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/pratique/pratique/internal/advisory"
	"github.com/pratique/pratique/internal/report"
)

// solution tells in a few sentences what to do about one finding: which version
// to go to, by which command or in which file, and whether it is the base
// image's matter, to which so many layers from the lowest belong. Names and paths come from the image and are hostile: a command
// is offered only for a name that a shell takes as one plain word.
func solution(os report.OS, p report.Package, m *advisory.Match, at []report.Location, baseLayers int) string {
	if m.FixState != report.Fixed {
		return mitigation(os, p, m)
	}
	fromBase := origin(at, baseLayers) == report.FromBase
	var first report.Location // of what is above the base, if anything is
	if n := slices.IndexFunc(at, func(l report.Location) bool { return fromBase || l.Layer >= baseLayers }); n >= 0 {
		first = at[n]
	}
	if p.Distribution() {
		return systemSolution(os, p, m, first, fromBase)
	}
	return applicationSolution(p, m, first, fromBase)
}

// mitigation is for what cannot be fixed by an upgrade.
func mitigation(os report.OS, p report.Package, m *advisory.Match) string {
	name := report.Printable(p.Name, 120)
	if m.FixState == report.WontFix {
		return fmt.Sprintf("%s will not fix this in this release. Remove %s if the image works without it, or move to a newer release; if neither is possible, limit what can reach it and exempt %s for a limited time.", osName(os), name, m.ID)
	}
	return fmt.Sprintf("No fixed version yet. Remove %s if the image works without it, or limit what can reach it; exempt %s for a limited time if you accept the risk, and scan again when there is a fix.", name, m.ID)
}

func systemSolution(os report.OS, p report.Package, m *advisory.Match, at report.Location, fromBase bool) string {
	name := report.Printable(p.Name, 120)
	target := m.FixedVersion
	if p.SourceVersion != "" && p.SourceVersion != p.Version && m.Source != "" {
		target = "a build of " + m.Source + " " + m.FixedVersion
	}
	var s strings.Builder
	fmt.Fprintf(&s, "Upgrade %s from %s to %s or later", name, report.Printable(p.Version, 120), target)
	command := ""
	if plainWord.MatchString(p.Name) {
		command = upgradeCommand(os, p)
	}
	switch {
	case fromBase:
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
		switch manager := rpmManager(os); manager {
		case "zypper":
			return "RUN zypper --non-interactive update " + p.Name
		case "dnf":
			return "RUN dnf upgrade -y " + p.Name
		default:
			return "RUN " + manager + " update -y " + p.Name
		}
	case "alpm":
		return "RUN pacman -Syu --noconfirm" // Arch supports no partial upgrades
	}
	return ""
}

// rpmManager names the program that installs packages on an RPM distribution.
func rpmManager(os report.OS) string {
	major, _, _ := strings.Cut(os.Version, ".")
	switch {
	case strings.Contains(os.ID, "suse") || strings.HasPrefix(os.ID, "sle"):
		return "zypper"
	case os.ID == "photon" || os.ID == "mariner" || os.ID == "azurelinux":
		return "tdnf"
	case os.ID == "amzn" && major != "2023",
		slices.Contains([]string{"centos", "rhel", "ol", "scientific"}, os.ID) && slices.Contains([]string{"5", "6", "7"}, major):
		return "yum"
	}
	return "dnf"
}

// instruction is a build instruction short enough for a sentence.
func instruction(at report.Location) string {
	return report.Printable(strings.Join(strings.Fields(at.Instruction), " "), 100)
}

func applicationSolution(p report.Package, m *advisory.Match, at report.Location, fromBase bool) string {
	name, fixed := report.Printable(p.Name, 200), m.FixedVersion
	var s strings.Builder
	fmt.Fprintf(&s, "Upgrade %s from %s to %s or later", name, report.Printable(p.Version, 120), fixed)
	outer, inner, nested := strings.Cut(at.Path, "!")
	switch {
	case strings.Contains(at.Path, "node_modules/npm/node_modules/"):
		s.WriteString(". It is part of npm: upgrade npm or the Node.js image")
	case p.Type == "golang" && (p.Name == "stdlib" || p.Name == "toolchain"):
		fmt.Fprintf(&s, ": rebuild %s with Go %s or later", report.Printable(path.Base(outer), 120), fixed)
	default:
		s.WriteString(dependencyChange(p, fixed))
		if p.Type == "golang" && at.Path != "" {
			fmt.Fprintf(&s, " and rebuild %s", report.Printable(path.Base(outer), 120))
		}
	}
	if nested {
		fmt.Fprintf(&s, ". It is inside %s (%s): rebuild or replace that archive", report.Printable(outer, 160), report.Printable(strings.Trim(inner, "!/"), 160))
	}
	switch {
	case fromBase:
		s.WriteString(". It comes with the base image: a newer one may have the fix")
	case at.Instruction != "":
		fmt.Fprintf(&s, ". It was brought by %s", code(instruction(at)))
	}
	s.WriteString(". Then rebuild, push and scan again.")
	return s.String()
}

// dependencyChange names the file to change and the commands that change it.
func dependencyChange(p report.Package, fixed string) string {
	file, commands := dependencyCommands(p, fixed)
	switch {
	case p.Type == "bitnami":
		return ": use a newer image of the same application"
	case file == "":
		return ""
	case len(commands) == 0 || !plainWord.MatchString(p.Name) || !plainWord.MatchString(fixed):
		return " in " + file
	}
	for i, c := range commands {
		commands[i] = code(c)
	}
	return fmt.Sprintf(" in %s (%s)", file, strings.Join(commands, " or "))
}

// dependencyCommands knows, for each kind of package, where a dependency is named
// and by which commands of its managers, one of each, a fixed version gets in.
func dependencyCommands(p report.Package, fixed string) (file string, commands []string) {
	switch name := p.Name; p.Type {
	case "npm":
		return "package.json", []string{"npm install " + name + "@" + fixed, "yarn up " + name + "@" + fixed, "pnpm update " + name + "@" + fixed}
	case "pypi":
		return "requirements.txt or pyproject.toml", []string{"pip install '" + name + ">=" + fixed + "'"}
	case "conda":
		return "environment.yml", []string{"conda install '" + name + ">=" + fixed + "'"}
	case "maven":
		return "pom.xml or build.gradle", nil
	case "golang":
		return "go.mod", []string{"go get " + name + "@v" + strings.TrimPrefix(fixed, "v")}
	case "gem":
		return "Gemfile", []string{"bundle update --conservative " + name}
	case "composer":
		return "composer.json", []string{"composer require --with-all-dependencies " + name + ":^" + fixed}
	case "cargo":
		return "Cargo.toml", []string{"cargo update -p " + name + " --precise " + fixed}
	case "nuget":
		return "the project file (.csproj)", []string{"dotnet add package " + name + " --version " + fixed}
	case "hex":
		return "mix.exs or rebar.config", []string{"mix deps.update " + name, "rebar3 upgrade " + name}
	case "pub":
		return "pubspec.yaml", []string{"dart pub upgrade " + name}
	case "swift":
		return "Package.swift", []string{"swift package update"}
	case "cocoapods":
		return "Podfile", []string{"pod update " + name}
	case "conan":
		return "conanfile.txt or conanfile.py", nil
	case "hackage":
		return "the .cabal file or cabal.project", nil
	case "cran":
		return "DESCRIPTION or renv.lock", []string{"Rscript -e 'renv::install(\"" + name + "@" + fixed + "\")'"}
	case "julia":
		return "Project.toml", []string{"julia --project -e 'using Pkg; Pkg.update(\"" + name + "\")'"}
	}
	return "", nil
}

// code sets off a command or an instruction from the sentence around it.
func code(s string) string { return "`" + strings.ReplaceAll(s, "`", "'") + "`" }
