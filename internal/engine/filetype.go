package engine

import (
	"strings"

	"github.com/pratique/pratique/internal/report"
)

// Types of files, see docs/files-and-software.md.
const (
	typeProgram       = "program"
	typeLibrary       = "library"
	typeScript        = "script"
	typeSource        = "source code"
	typeBytecode      = "bytecode"
	typeArchive       = "archive"
	typePackages      = "package database"
	typeConfiguration = "configuration"
	typeData          = "data"
	typeDocument      = "document"
	typePicture       = "picture"
	typeFont          = "font"
	typeMedia         = "audio or video"
	typeCertificate   = "certificate or key"
	typeTranslation   = "translation"
	typeTimeZone      = "time zone"
	typeLog           = "log"
	typeOther         = "other"
)

// fileType tells what a file is by its name, mode and path, the way people do
// who look at a listing. What a directory is for comes first, then the name,
// then whether the file can be run, and last where it is. Content is not looked
// at: a script without an ending is a program.
func fileType(f *report.File) string {
	if kind := typeBelow(typeByDirectory, f.Path); kind != "" {
		return kind
	}
	kind := typeByName(f.Path)
	switch executable := f.Mode&0o111 != 0; {
	case kind == typeSource && executable:
		return typeScript
	case kind != "":
		return kind
	case executable:
		return typeProgram
	}
	if kind := typeBelow(typeByPlace, f.Path); kind != "" {
		return kind
	}
	return typeOther
}

// typeByName tells the type by the last part of the path; empty if that does
// not tell.
func typeByName(path string) string {
	dir, base := "", path
	if n := strings.LastIndexByte(path, '/'); n >= 0 {
		dir, base = path[:n], path[n+1:]
	}
	if strings.HasSuffix(dir, ".dist-info") || strings.HasSuffix(dir, ".egg-info") {
		return typePackages
	}
	if kind := lookUp(typeByBase, base); kind != "" {
		return kind
	}
	if _, version, ok := strings.Cut(base, ".so."); ok && strings.Trim(version, "0123456789.") == "" {
		return typeLibrary
	}
	n := strings.LastIndexByte(base, '.')
	if n <= 0 {
		return ""
	}
	return lookUp(typeByExtension, base[n+1:])
}

// maxTypeName is at least the length of each key of typeByBase and
// typeByExtension.
const maxTypeName = 16

// lookUp looks a name up in any case, without allocating.
func lookUp(types map[string]string, name string) string {
	if len(name) > maxTypeName {
		return ""
	}
	var lower [maxTypeName]byte
	for n := range len(name) {
		lower[n] = name[n]
		if 'A' <= name[n] && name[n] <= 'Z' {
			lower[n] += 'a' - 'A'
		}
	}
	return types[string(lower[:len(name)])]
}

// typePlace is a directory and the type of what is below it.
type typePlace struct{ dir, kind string }

func typeBelow(places []typePlace, path string) string {
	for _, p := range places {
		if strings.HasPrefix(path, p.dir) {
			return p.kind
		}
	}
	return ""
}

// typeByDirectory holds directories that decide, whatever a file is called.
var typeByDirectory = []typePlace{
	{"usr/share/zoneinfo/", typeTimeZone},
	{"usr/share/locale/", typeTranslation},
	{"usr/share/locale-langpack/", typeTranslation},
	{"usr/share/i18n/", typeTranslation},
	{"usr/lib/locale/", typeTranslation},
	{"usr/share/man/", typeDocument},
	{"usr/share/info/", typeDocument},
	{"usr/share/licenses/", typeDocument},
	{"var/lib/dpkg/", typePackages},
	{"var/lib/apt/", typePackages},
	{"lib/apk/db/", typePackages},
	{"usr/lib/apk/db/", typePackages},
	{"var/lib/rpm/", typePackages},
	{"usr/lib/sysimage/rpm/", typePackages},
	{"var/lib/dnf/", typePackages},
	{"var/lib/pacman/", typePackages},
	{"var/log/", typeLog},
}

// typeByPlace holds directories that decide where nothing else does.
var typeByPlace = []typePlace{
	{"etc/", typeConfiguration},
	{"usr/local/etc/", typeConfiguration},
	{"usr/share/doc/", typeDocument},
	{"usr/include/", typeSource},
}

// typeByBase holds whole names, in lower case.
var typeByBase = map[string]string{
	"authors": typeDocument, "changelog": typeDocument, "changes": typeDocument,
	"contributing": typeDocument, "copying": typeDocument, "copyright": typeDocument,
	"licence": typeDocument, "license": typeDocument, "notice": typeDocument,
	"readme": typeDocument,

	"dockerfile": typeSource, "makefile": typeSource,

	".bash_profile": typeConfiguration, ".bashrc": typeConfiguration, ".editorconfig": typeConfiguration,
	".eslintrc": typeConfiguration, ".gitconfig": typeConfiguration, ".npmrc": typeConfiguration,
	".profile": typeConfiguration, ".zshrc": typeConfiguration,
}

// typeByExtension holds what follows the last dot of names, in lower case.
var typeByExtension = map[string]string{
	"exe": typeProgram, "run": typeProgram, "appimage": typeProgram,

	"so": typeLibrary, "a": typeLibrary, "o": typeLibrary, "la": typeLibrary, "ko": typeLibrary,
	"dll": typeLibrary, "dylib": typeLibrary, "node": typeLibrary,

	"sh": typeScript, "bash": typeScript, "zsh": typeScript, "ksh": typeScript, "csh": typeScript,
	"fish": typeScript, "ps1": typeScript, "bat": typeScript, "cmd": typeScript, "awk": typeScript,
	"sed": typeScript,

	"c": typeSource, "cc": typeSource, "cjs": typeSource, "coffee": typeSource, "cpp": typeSource,
	"cs": typeSource, "css": typeSource, "cts": typeSource, "cxx": typeSource, "ejs": typeSource,
	"erb": typeSource, "erl": typeSource, "ex": typeSource, "f90": typeSource, "go": typeSource,
	"groovy": typeSource, "h": typeSource, "hh": typeSource, "hpp": typeSource, "hs": typeSource,
	"inc": typeSource, "java": typeSource, "js": typeSource, "jsp": typeSource, "jsx": typeSource,
	"kt": typeSource, "less": typeSource, "lua": typeSource, "m4": typeSource, "map": typeSource,
	"mjs": typeSource, "mk": typeSource, "ml": typeSource, "mts": typeSource, "php": typeSource,
	"pl": typeSource, "pm": typeSource, "pod": typeSource, "proto": typeSource, "pxd": typeSource,
	"py": typeSource, "pyi": typeSource, "pyx": typeSource, "r": typeSource, "rb": typeSource,
	"rs": typeSource, "s": typeSource, "sass": typeSource, "scala": typeSource, "scm": typeSource,
	"scss": typeSource, "sql": typeSource, "swift": typeSource, "tcl": typeSource, "ts": typeSource,
	"tsx": typeSource, "vim": typeSource, "vue": typeSource,

	"beam": typeBytecode, "class": typeBytecode, "elc": typeBytecode, "pyc": typeBytecode,
	"pyo": typeBytecode, "wasm": typeBytecode,

	"7z": typeArchive, "apk": typeArchive, "ar": typeArchive, "br": typeArchive, "bz2": typeArchive,
	"cab": typeArchive, "cpio": typeArchive, "deb": typeArchive, "ear": typeArchive, "egg": typeArchive,
	"gem": typeArchive, "gz": typeArchive, "iso": typeArchive, "jar": typeArchive, "jmod": typeArchive,
	"lz": typeArchive, "lz4": typeArchive, "lzma": typeArchive, "nupkg": typeArchive, "phar": typeArchive,
	"rar": typeArchive, "rpm": typeArchive, "squashfs": typeArchive, "tar": typeArchive, "tbz2": typeArchive,
	"tgz": typeArchive, "txz": typeArchive, "war": typeArchive, "whl": typeArchive, "xz": typeArchive,
	"zip": typeArchive, "zst": typeArchive,

	"cfg": typeConfiguration, "cnf": typeConfiguration, "conf": typeConfiguration, "config": typeConfiguration,
	"desktop": typeConfiguration, "env": typeConfiguration, "ini": typeConfiguration, "pc": typeConfiguration,
	"plist": typeConfiguration, "policy": typeConfiguration, "properties": typeConfiguration,
	"repo": typeConfiguration, "rules": typeConfiguration, "service": typeConfiguration,
	"socket": typeConfiguration, "timer": typeConfiguration, "toml": typeConfiguration,
	"yaml": typeConfiguration, "yml": typeConfiguration,

	"bin": typeData, "cache": typeData, "csv": typeData, "dat": typeData, "data": typeData, "db": typeData,
	"dtd": typeData, "gresource": typeData, "json": typeData, "mmdb": typeData, "npy": typeData,
	"onnx": typeData, "parquet": typeData, "pb": typeData, "pkl": typeData, "rdb": typeData,
	"safetensors": typeData, "sqlite": typeData, "sqlite3": typeData, "tsv": typeData, "xml": typeData,
	"xsd": typeData, "xsl": typeData, "xslt": typeData,

	"doc": typeDocument, "docx": typeDocument, "epub": typeDocument, "htm": typeDocument, "html": typeDocument,
	"markdown": typeDocument, "md": typeDocument, "odt": typeDocument, "pdf": typeDocument, "ppt": typeDocument,
	"pptx": typeDocument, "ps": typeDocument, "rst": typeDocument, "rtf": typeDocument, "tex": typeDocument,
	"txt": typeDocument, "xls": typeDocument, "xlsx": typeDocument,

	"avif": typePicture, "bmp": typePicture, "gif": typePicture, "icns": typePicture, "ico": typePicture,
	"jpeg": typePicture, "jpg": typePicture, "png": typePicture, "svg": typePicture, "svgz": typePicture,
	"tif": typePicture, "tiff": typePicture, "webp": typePicture, "xcf": typePicture, "xpm": typePicture,

	"afm": typeFont, "eot": typeFont, "otf": typeFont, "pcf": typeFont, "pfa": typeFont, "pfb": typeFont,
	"ttc": typeFont, "ttf": typeFont, "woff": typeFont, "woff2": typeFont,

	"aac": typeMedia, "avi": typeMedia, "flac": typeMedia, "m4a": typeMedia, "mkv": typeMedia, "mov": typeMedia,
	"mp3": typeMedia, "mp4": typeMedia, "mpeg": typeMedia, "mpg": typeMedia, "oga": typeMedia, "ogg": typeMedia,
	"ogv": typeMedia, "opus": typeMedia, "wav": typeMedia, "webm": typeMedia,

	"asc": typeCertificate, "cer": typeCertificate, "cert": typeCertificate, "crl": typeCertificate,
	"crt": typeCertificate, "csr": typeCertificate, "der": typeCertificate, "gpg": typeCertificate,
	"jks": typeCertificate, "key": typeCertificate, "keystore": typeCertificate, "p12": typeCertificate,
	"p7b": typeCertificate, "pem": typeCertificate, "pfx": typeCertificate, "pub": typeCertificate,

	"gmo": typeTranslation, "mo": typeTranslation, "po": typeTranslation, "pot": typeTranslation,
	"qm": typeTranslation,

	"log": typeLog,
}
