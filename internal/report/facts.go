package report

import (
	"cmp"
	"io/fs"
	"strings"
)

// LayerFacts is what one layer contains, gained in one pass over its bytes.
// It is immutable and depends only on the layer's content and on the version
// of the collectors, never on advisories, on policy or on other layers.
type LayerFacts struct {
	// DiffID is the digest of the uncompressed layer, "sha256:…".
	DiffID string `json:"diffId"`
	// Collectors is the version of the collectors that produced the facts.
	Collectors string `json:"collectors"`
	// Size is the number of uncompressed bytes.
	Size int64 `json:"size"`
	// Files holds every entry that stays visible in this layer, sorted by path.
	// Whiteouts are not in it.
	Files []File `json:"files,omitempty"`
	// Whiteouts are the paths this layer deletes from the layers below, sorted.
	Whiteouts []string `json:"whiteouts,omitempty"`
	// Opaques are the directories whose content from below this layer hides, sorted.
	Opaques []string `json:"opaques,omitempty"`
	// Releases holds the files that name the operating system, by path.
	Releases []ReleaseFile `json:"releases,omitempty"`
	// Packages holds what package files and databases of this layer list, one
	// set per file, sorted by path.
	Packages []PackageSet `json:"packages,omitempty"`
	// Owned holds the files that distribution packages claim, one set per list.
	Owned []OwnedSet `json:"owned,omitempty"`
	// Secrets are the places that hold something secret, sorted by path, then
	// in the order of the file.
	Secrets []Secret `json:"secrets,omitempty"`
	// Configs are files that configure the system, sorted by path.
	Configs []ConfigFile `json:"configs,omitempty"`
	// Passwords are the accounts whose password was guessed, sorted by path,
	// then in the order of the file.
	Passwords []WeakPassword `json:"passwords,omitempty"`
	// Malware is what was recognised as malicious, sorted by path.
	Malware []Malware `json:"malware,omitempty"`
	// Hashes are those of executables and scripts, sorted by path.
	Hashes []FileHash `json:"hashes,omitempty"`
	// Licences are the licence texts and statements of files, sorted by path.
	Licences []LicenceFile `json:"licences,omitempty"`
	// Notes tell what could not be read, and why.
	Notes []Note `json:"notes,omitempty"`
}

// File is one entry of a layer.
type File struct {
	// Path is clean, slash-separated and relative to the root: "usr/bin/bash".
	Path string `json:"p"`
	// Size is in bytes; 0 for anything but regular files. A hard link counts 0,
	// as its content is counted under the name it links to.
	Size int64 `json:"s,omitempty"`
	// Mode holds type and permission bits as package fs defines them.
	Mode fs.FileMode `json:"m"`
	UID  int         `json:"u,omitempty"`
	GID  int         `json:"g,omitempty"`
	// Link is the target of a symbolic link as written, or of a hard link as a
	// clean path.
	Link string `json:"l,omitempty"`
	// Capabilities are the file capabilities a program gains when it is run, as
	// libcap names them, sorted: "cap_net_raw".
	Capabilities []string `json:"c,omitempty"`
}

// ReleaseFile is a file that names the operating system, such as
// etc/os-release, with its content (at most 64 KiB).
type ReleaseFile struct {
	Path    string `json:"path"`
	Content string `json:"content"`
}

// PackageSet is what one file lists: a package database (many packages) or a
// file that is itself evidence of a package (a jar, a dist-info directory).
type PackageSet struct {
	// Path is the file read.
	Path string `json:"path"`
	// Extractor names what read it, e.g. "os/dpkg".
	Extractor string `json:"extractor"`
	// Database says that the file lists the packages of the whole file system
	// and is rewritten by every layer that installs something. A package then
	// belongs to the first layer whose database lists it.
	Database bool      `json:"database,omitempty"`
	Packages []Package `json:"packages"`
}

// OwnedSet is the files one distribution package owns, as far as they could be
// evidence of another package (libraries, jars, executables).
type OwnedSet struct {
	// Path is the list the set was read from: var/lib/dpkg/info/curl.list.
	Path string `json:"path"`
	// Package is the owner's name.
	Package string   `json:"package"`
	Files   []string `json:"files"`
}

// Package is one piece of installed software.
type Package struct {
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`
	// Type is the purl type: deb, rpm, apk, npm, pypi, maven, golang, gem,
	// composer, cargo, nuget, …
	Type string `json:"type"`
	// PURL is the package URL, complete with qualifiers.
	PURL string `json:"purl,omitempty"`
	// Ecosystem is the OSV ecosystem of a language package ("npm", "PyPI",
	// "Go", "Maven"). It is empty for distribution packages: theirs follows
	// from the operating system of the whole image.
	Ecosystem string `json:"ecosystem,omitempty"`
	// Source and SourceVersion name the source package a distribution package
	// was built from; both are set for every distribution package that has one.
	Source        string `json:"source,omitempty"`
	SourceVersion string `json:"sourceVersion,omitempty"`
	Arch          string `json:"arch,omitempty"`
	// Module is the module stream of a Red Hat style package ("nodejs:18").
	Module   string   `json:"module,omitempty"`
	Licences []string `json:"licences,omitempty"`
	Supplier string   `json:"supplier,omitempty"`
	// Path is the file that is the evidence: a database for distribution
	// packages; for a nested archive the outer path, "!", and the inner one.
	Path string `json:"path,omitempty"`
	// Inferred says that name and version were guessed from a file's name or
	// manifest, because the file does not say what it is in its ecosystem.
	Inferred bool `json:"inferred,omitempty"`
	// OwnedBy names the distribution package that ships Path; such a language
	// package is listed, and its vulnerabilities are those of the owner.
	OwnedBy string `json:"ownedBy,omitempty"`
	// Layer is the index, from 0, of the layer that brought the package. It is
	// set when layers are merged; within a layer it is 0.
	Layer int `json:"layer"`
	// Vulnerabilities counts those found in this version of the package. It is
	// set when the image is judged.
	Vulnerabilities int `json:"vulnerabilities,omitempty"`
}

// Distribution reports whether the package came from the operating system's
// package manager.
func (p Package) Distribution() bool {
	switch p.Type {
	case "deb", "rpm", "apk", "alpm":
		return true
	}
	return false
}

// ComparePackages is the order of packages in the facts of an image.
func ComparePackages(a, b Package) int {
	return cmp.Or(
		strings.Compare(a.Type, b.Type),
		strings.Compare(a.Name, b.Name),
		strings.Compare(a.Version, b.Version),
		strings.Compare(a.Arch, b.Arch),
		strings.Compare(a.Path, b.Path),
		cmp.Compare(a.Layer, b.Layer),
	)
}

// Secret is a place that holds something secret. It never holds the secret, nor
// anything computed from it: a hash of a password can be guessed.
type Secret struct {
	// Rule is the id of the rule that found it.
	Rule string `json:"rule"`
	Path string `json:"path,omitempty"`
	// Line counts from 1; 0 means the file as a whole.
	Line int `json:"line,omitempty"`
	// Excerpt is what stands around the secret, with the secret masked.
	Excerpt string `json:"excerpt,omitempty"`
	// Config is set instead of Path for what is in an image's configuration; see
	// Location.
	Config string `json:"config,omitempty"`
	// Layer is the index of the layer that holds it, or NoLayer. Within the
	// facts of a layer it is 0.
	Layer int `json:"layer,omitempty"`
	// Hidden is set when layers are merged.
	Hidden Hidden `json:"hidden,omitempty"`
}

// ConfigFile is a small text file that configures the system, such as
// etc/login.defs, whole up to a bound. What is secret in it is masked: in
// etc/passwd and etc/shadow a password hash is written as its scheme and a
// number, "$6$#1", the same for equal hashes of one file.
type ConfigFile struct {
	Path    string      `json:"path"`
	Mode    fs.FileMode `json:"mode"`
	UID     int         `json:"uid,omitempty"`
	GID     int         `json:"gid,omitempty"`
	Content string      `json:"content"`
	// Truncated says that the file goes on after Content.
	Truncated bool `json:"truncated,omitempty"`
	// Layer is set when layers are merged.
	Layer int `json:"layer,omitempty"`
}

// WeakPassword is an account whose password was guessed. It never holds the
// password, nor its hash.
type WeakPassword struct {
	// Service is what the account is for: "system", "redis", "tomcat", "mysql",
	// "postgresql", "ftp", "http".
	Service string `json:"service"`
	User    string `json:"user,omitempty"`
	Path    string `json:"path,omitempty"`
	// Line counts from 1; 0 where the file has no lines.
	Line int `json:"line,omitempty"`
	// Scheme is how the password is stored: "yescrypt", "sha512crypt", "des",
	// "plain", "empty", …
	Scheme string `json:"scheme"`
	// How tells what kind of guess was right: "account-name", "common", "word"
	// for one of the user's, "empty".
	How string `json:"how"`
	// Masked is what may be shown of the password.
	Masked string `json:"masked,omitempty"`
	// Changed is the day of its last change, "2006-01-02", where it is known.
	Changed string `json:"changed,omitempty"`
	// Config is set instead of Path for what is in an image's configuration; see
	// Location.
	Config string `json:"config,omitempty"`
	// Layer and Hidden are as in Secret.
	Layer  int    `json:"layer,omitempty"`
	Hidden Hidden `json:"hidden,omitempty"`
}

// Malware is a file, or a part of one, that was recognised as malicious.
type Malware struct {
	// Rule is what recognised it: the id of a rule, or the name of a signature.
	Rule string `json:"rule"`
	// Engine is "rules", "signatures" or "clamd".
	Engine string `json:"engine"`
	Path   string `json:"path"`
	// Inner is the path within the archive at Path, levels separated by "!".
	Inner string `json:"inner,omitempty"`
	// Size is in bytes, SHA256 in hex, both of the malicious part itself.
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256,omitempty"`
	// Line counts from 1; 0 where the file has no lines.
	Line int `json:"line,omitempty"`
	// Excerpt is what was recognised, masked, fit for a report.
	Excerpt string `json:"excerpt,omitempty"`
	// Layer and Hidden are as in Secret.
	Layer  int    `json:"layer,omitempty"`
	Hidden Hidden `json:"hidden,omitempty"`
}

// FileHash is the digest of an executable or a script.
type FileHash struct {
	Path string `json:"p"`
	// Inner is as in Malware.
	Inner string `json:"i,omitempty"`
	Size  int64  `json:"s"`
	// SHA256 is in standard base64 without padding.
	SHA256 string `json:"h"`
	// Layer is set when layers are merged.
	Layer int `json:"l,omitempty"`
}

// LicenceFile is a file that says under which licences something is, such as
// usr/share/doc/bash/copyright.
type LicenceFile struct {
	Path string `json:"path"`
	// Package is the distribution package it is about, if it is about one.
	Package string `json:"package,omitempty"`
	// Licences are SPDX ids or expressions, sorted; as the file has them where
	// they are in no list.
	Licences []string `json:"licences"`
	// Layer is set when layers are merged.
	Layer int `json:"layer,omitempty"`
}

// Note tells of something the scan could not do, without failing the scan.
type Note struct {
	// Code is stable and machine-readable: "collector-failed", "file-too-large",
	// "no-advisories", …
	Code string `json:"code"`
	// Message says what happened and what it means for the report.
	Message string `json:"message"`
	// Path and Collector are set where the note is about one file.
	Path      string `json:"path,omitempty"`
	Collector string `json:"collector,omitempty"`
	// Layer is the diff ID of the layer concerned, if it is about one.
	Layer string `json:"layer,omitempty"`
}

// ImageFacts is what an image contains: its configuration and its layers'
// facts merged, whiteouts applied.
type ImageFacts struct {
	Image    Image       `json:"image"`
	OS       OS          `json:"os"`
	Packages []Package   `json:"packages,omitempty"`
	Files    FileSummary `json:"files"`
	// Secrets are those of all layers, also in files that are hidden, sorted by
	// path and layer. Those of the configuration are in Image.
	Secrets []Secret `json:"secrets,omitempty"`
	// Configs and Licences are those of visible files, Hashes too; Passwords and
	// Malware are those of all layers, as with secrets. All are sorted by path.
	Configs   []ConfigFile   `json:"configs,omitempty"`
	Passwords []WeakPassword `json:"passwords,omitempty"`
	Malware   []Malware      `json:"malware,omitempty"`
	Hashes    []FileHash     `json:"hashes,omitempty"`
	Licences  []LicenceFile  `json:"licences,omitempty"`
	Notes     []Note         `json:"notes,omitempty"`
}

// Image identifies what was scanned and how it is built up.
type Image struct {
	// Name is how the user named it: "team/java:1", "oci:dir".
	Name string `json:"name,omitempty"`
	// Digest is that of the manifest; empty for an archive that has none.
	Digest       string `json:"digest,omitempty"`
	MediaType    string `json:"mediaType,omitempty"`
	ConfigDigest string `json:"configDigest,omitempty"`
	Platform     string `json:"platform,omitempty"`
	Created      string `json:"created,omitempty"`
	// Size is the sum of the layers as stored, in bytes.
	Size   int64   `json:"size"`
	Layers []Layer `json:"layers"`
	// Config is what the image's configuration says beside the layers.
	Config ImageConfig `json:"config"`
	// Annotations are the manifest's, with secrets masked.
	Annotations map[string]string `json:"annotations,omitempty"`
	// Secrets and Passwords are those in the image's configuration, for judging.
	// A report tells them as findings.
	Secrets   []Secret       `json:"secrets,omitempty"`
	Passwords []WeakPassword `json:"passwords,omitempty"`
}

// ImageConfig is an image's configuration as far as people look at it, bounded
// and with what is secret masked.
type ImageConfig struct {
	User       string   `json:"user,omitempty"`
	WorkingDir string   `json:"workingDir,omitempty"`
	Entrypoint []string `json:"entrypoint,omitempty"`
	Cmd        []string `json:"cmd,omitempty"`
	// Healthcheck is the command and its arguments; empty for none.
	Healthcheck []string `json:"healthcheck,omitempty"`
	// Env holds NAME=VALUE.
	Env []string `json:"env,omitempty"`
	// Ports and Volumes are sorted: "8080/tcp", "/data".
	Ports   []string          `json:"ports,omitempty"`
	Volumes []string          `json:"volumes,omitempty"`
	Labels  map[string]string `json:"labels,omitempty"`
	// Steps are those of the build, in order.
	Steps []BuildStep `json:"steps,omitempty"`
	// From names the images that the history says it was built on, in order, as
	// FROM names them.
	From []string `json:"from,omitempty"`
}

// BuildStep is one step of a build.
type BuildStep struct {
	// Instruction is written as in a Dockerfile.
	Instruction string `json:"instruction"`
	// Layer is the index of the layer it made; NoLayer if it made none, or the
	// history does not tell.
	Layer int `json:"layer"`
}

// Layer describes one layer in its image.
type Layer struct {
	// Index counts from 0, the lowest layer.
	Index  int    `json:"index"`
	Digest string `json:"digest,omitempty"`
	DiffID string `json:"diffId"`
	// Size is as stored (compressed), in bytes.
	Size int64 `json:"size"`
	// Instruction is the build instruction from the image's history, with
	// secrets masked; empty where the history does not tell.
	Instruction string `json:"instruction,omitempty"`
}

// OS is the operating system found in the merged file system. The zero value
// means none was found.
type OS struct {
	// ID is os-release's ID: "debian", "ubuntu", "alpine", "almalinux", …
	ID string `json:"id,omitempty"`
	// Version is the release as exactly as the file system tells: "12.5" for
	// Debian (from debian_version), "22.04", "3.19.1", "9.3".
	Version  string `json:"version,omitempty"`
	Codename string `json:"codename,omitempty"`
	// Name is for people: os-release's PRETTY_NAME.
	Name string   `json:"name,omitempty"`
	Like []string `json:"like,omitempty"`
}

// FileSummary is the file information of an image (§3.5).
type FileSummary struct {
	// Count and Size cover regular files that are visible in the image.
	Count int   `json:"count"`
	Size  int64 `json:"size"`
	// Largest holds the 50 largest files, largest first, by path where equal.
	Largest []LargeFile `json:"largest,omitempty"`
	// Types divides Count and Size by type, the largest size first.
	Types []FileType `json:"types,omitempty"`
	// Layers tells what each layer adds, in order.
	Layers []LayerFiles `json:"layers,omitempty"`
	// Wasted is how many bytes of files the layers hold that later layers
	// overwrite or delete; WastedFiles are the 50 largest of them.
	Wasted      int64        `json:"wasted"`
	WastedFiles []WastedFile `json:"wastedFiles,omitempty"`
	// Special holds visible entries with special rights, sorted by path, at most
	// 1,000; SpecialCount is how many there are.
	Special      []SpecialFile `json:"special,omitempty"`
	SpecialCount int           `json:"specialCount,omitempty"`
}

// LargeFile is one of an image's largest files.
type LargeFile struct {
	Path  string `json:"path"`
	Size  int64  `json:"size"`
	Layer int    `json:"layer"`
}

// FileType counts visible regular files of one type.
type FileType struct {
	// Type is "program", "library", "script", "archive", "document", …
	Type  string `json:"type"`
	Count int    `json:"count"`
	Size  int64  `json:"size"`
}

// LayerFiles tells what a layer has to do with the files of its image.
type LayerFiles struct {
	Layer int `json:"layer"`
	// Count and Size cover the regular files the layer holds, Replaced those of
	// lower layers that it overwrites and Deleted those it removes.
	Count    int   `json:"count"`
	Size     int64 `json:"size"`
	Replaced int   `json:"replaced,omitempty"`
	Deleted  int   `json:"deleted,omitempty"`
	// Wasted is how many of Size are of no use, because a later layer hides them.
	Wasted int64 `json:"wasted,omitempty"`
}

// WastedFile is a file of a layer that a later layer hides.
type WastedFile struct {
	Path   string `json:"path"`
	Size   int64  `json:"size"`
	Layer  int    `json:"layer"`
	Hidden Hidden `json:"hidden"`
	// By is the index of the layer that hides it.
	By int `json:"by"`
}

// Kinds of special files.
const (
	SpecialSetuid        = "setuid"
	SpecialSetgid        = "setgid"
	SpecialWorldWritable = "world-writable"
	SpecialCapabilities  = "capabilities"
	SpecialDevice        = "device"
)

// SpecialFile is an entry whose rights deserve a look.
type SpecialFile struct {
	Path string `json:"path"`
	// Kinds are of the constants above, in their order.
	Kinds []string `json:"kinds"`
	// Mode is as ls writes it: "-rwsr-xr-x".
	Mode         string   `json:"mode"`
	UID          int      `json:"uid"`
	GID          int      `json:"gid"`
	Capabilities []string `json:"capabilities,omitempty"`
	Layer        int      `json:"layer"`
}
