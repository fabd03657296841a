package signature

import (
	"bytes"
	"path"
	"regexp"
	"strings"
)

// Kind says what a file is, as far as that decides which rules apply: what it
// holds, and what it is for by the place where it stands. A file can be of
// several kinds, or of none.
type Kind uint32

// Kinds of programs and of texts that are interpreted.
const (
	ELF Kind = 1 << iota
	PE
	MachO
	Class
	Shell
	Python
	Perl
	Ruby
	PHP
	JavaScript
	Lua
	AWK
	PowerShell
	Batch
	JSP
	ASP
	HTML
	// Config is a text that sets something: JSON, YAML, TOML, INI.
	Config
	// Cron, Startup and Systemd are texts that are carried out without anybody
	// asking: at times, at a login or start, by systemd.
	Cron
	Startup
	Systemd
	// Preload is the list of libraries that are loaded into every program.
	Preload
	// Picture is a file that begins as a picture, or is named as one.
	Picture
)

// Groups of kinds.
const (
	Executable = ELF | PE | MachO
	// Script is every text that is interpreted.
	Script = Shell | Python | Perl | Ruby | PHP | JavaScript | Lua | AWK | PowerShell | Batch | JSP | ASP
	// Auto is every text that is carried out without anybody asking.
	Auto = Cron | Startup | Systemd
	text = Script | Auto | HTML | Config | Preload
)

// kindNames are the names that rules use.
var kindNames = map[string]Kind{
	"elf": ELF, "pe": PE, "macho": MachO, "class": Class, "executable": Executable,
	"shell": Shell, "python": Python, "perl": Perl, "ruby": Ruby, "php": PHP, "javascript": JavaScript, "lua": Lua, "awk": AWK,
	"powershell": PowerShell, "batch": Batch, "jsp": JSP, "asp": ASP, "script": Script, "web": PHP | JSP | ASP,
	"html": HTML, "config": Config, "cron": Cron, "startup": Startup, "systemd": Systemd, "auto": Auto, "preload": Preload,
	"picture": Picture,
}

// HeadSize is how many bytes of a file KindOf looks at.
const HeadSize = 1024

// KindOf returns what a file is by its path, as in report.File, and by its first
// HeadSize bytes, or all of it where it is shorter.
func KindOf(p string, head []byte) Kind {
	head = head[:min(len(head), HeadSize)]
	if k := binaryKind(head); k != 0 {
		if k == Picture && bytes.Contains(head, []byte("<?php")) {
			k |= PHP
		}
		return k
	}
	if bytes.IndexByte(head, 0) >= 0 {
		return namedPicture(p)
	}
	k := place(p) | byName(p) | namedPicture(p)
	if first, ok := bytes.CutPrefix(head, []byte("#!")); ok {
		k |= interpreter(first)
	}
	if bytes.HasPrefix(bytes.TrimSpace(head), []byte("<?php")) {
		k |= PHP
	}
	return k
}

// Magic is how executables begin. A Java class begins like a Mach-O file for
// several processors, which however holds only a few.
func binaryKind(head []byte) Kind {
	switch {
	case hasPrefix(head, "\x7fELF"):
		return ELF
	case hasPrefix(head, "MZ") && len(head) >= 64:
		return PE
	case hasPrefix(head, "\xca\xfe\xba\xbe") && len(head) >= 8:
		if head[4] == 0 && head[5] == 0 && head[6] == 0 && head[7] < 20 {
			return MachO
		}
		return Class
	case hasPrefix(head, "\xfe\xed\xfa\xce"), hasPrefix(head, "\xfe\xed\xfa\xcf"), hasPrefix(head, "\xce\xfa\xed\xfe"), hasPrefix(head, "\xcf\xfa\xed\xfe"):
		return MachO
	case hasPrefix(head, "\x89PNG\r\n"), hasPrefix(head, "GIF8"), hasPrefix(head, "\xff\xd8\xff"), hasPrefix(head, "\x00\x00\x01\x00"):
		return Picture
	}
	return 0
}

func hasPrefix(b []byte, prefix string) bool {
	return len(b) >= len(prefix) && string(b[:len(prefix)]) == prefix
}

var pictures = map[string]bool{".png": true, ".jpg": true, ".jpeg": true, ".gif": true, ".bmp": true, ".ico": true, ".webp": true, ".tif": true, ".tiff": true}

func namedPicture(p string) Kind {
	if pictures[strings.ToLower(path.Ext(p))] {
		return Picture
	}
	return 0
}

// interpreters are programs that begin a script's first line, without version.
var interpreters = map[string]Kind{
	"sh": Shell, "bash": Shell, "dash": Shell, "ash": Shell, "zsh": Shell, "ksh": Shell, "mksh": Shell, "busybox": Shell, "fish": Shell,
	"openrc-run": Shell | Startup, "python": Python, "pypy": Python, "perl": Perl, "ruby": Ruby, "php": PHP, "node": JavaScript, "nodejs": JavaScript,
	"deno": JavaScript, "bun": JavaScript, "lua": Lua, "luajit": Lua, "awk": AWK, "gawk": AWK, "mawk": AWK, "pwsh": PowerShell,
}

// interpreter returns the kind of a script by what follows "#!". A script for
// something unknown is taken for one of a shell.
func interpreter(first []byte) Kind {
	line, _, _ := bytes.Cut(first[:min(len(first), 200)], []byte("\n"))
	fields := strings.Fields(string(line))
	for n, field := range fields {
		name := path.Base(field)
		if n == 0 && name == "env" || n > 0 && (strings.HasPrefix(field, "-") || strings.Contains(field, "=")) {
			continue
		}
		if k, ok := interpreters[strings.TrimRight(name, "0123456789.")]; ok {
			return k
		}
		break
	}
	return Shell
}

var extensions = map[string]Kind{
	".sh": Shell, ".bash": Shell, ".zsh": Shell, ".ksh": Shell, ".fish": Shell, ".py": Python, ".pyw": Python, ".pl": Perl, ".pm": Perl, ".cgi": Perl | Python | Shell,
	".rb": Ruby, ".php": PHP, ".php3": PHP, ".php4": PHP, ".php5": PHP, ".php7": PHP, ".php8": PHP, ".phtml": PHP, ".pht": PHP, ".phar": PHP,
	".phps": PHP, ".inc": PHP, ".js": JavaScript, ".cjs": JavaScript, ".mjs": JavaScript, ".ts": JavaScript, ".lua": Lua, ".awk": AWK, ".ps1": PowerShell, ".psm1": PowerShell,
	".bat": Batch, ".cmd": Batch, ".vbs": Batch | ASP, ".jsp": JSP, ".jspx": JSP, ".jspf": JSP, ".jsw": JSP, ".jsv": JSP, ".asp": ASP, ".aspx": ASP, ".ashx": ASP,
	".asmx": ASP, ".ascx": ASP, ".asa": ASP, ".cer": ASP, ".cdx": ASP, ".html": HTML, ".htm": HTML, ".json": Config, ".yaml": Config, ".yml": Config,
	".toml": Config, ".ini": Config, ".conf": Config, ".cfg": Config, ".env": Config, ".service": Systemd, ".timer": Systemd, ".cron": Cron,
}

// byName returns the kind of a text by the end of its name.
func byName(p string) Kind {
	base := strings.ToLower(path.Base(p))
	for ext := path.Ext(base); ext != ""; ext = path.Ext(base) {
		if k, ok := extensions[ext]; ok {
			return k
		}
		// "shell.php.bak" is what servers have been made to run, too.
		if ext != ".bak" && ext != ".old" && ext != ".orig" && ext != ".suspected" {
			return 0
		}
		base = strings.TrimSuffix(base, ext)
	}
	return 0
}

// places are where texts stand that are carried out without anybody asking.
var (
	cronPlace    = regexp.MustCompile(`^(?:etc/(?:crontab|anacrontab|crontabs/|cron\.[a-z]+/|periodic/)|var/spool/(?:cron|anacron)/|(?:usr/)?lib/cron/)`)
	startupPlace = regexp.MustCompile(`^etc/(?:profile|profile\.d/.*|bash\.bashrc|bashrc|bash/.*|zshrc|zshenv|zprofile|zsh/.*|rc|rc\.local|rc\.d/.*|rc[0-6S]\.d/.*|init\.d/.*|inittab|local\.d/.*|update-motd\.d/.*|X11/xinit/.*|environment)$` +
		`|(?:^|/)\.(?:bashrc|bash_profile|bash_login|bash_logout|bash_aliases|profile|zshrc|zprofile|zshenv|zlogin|kshrc|cshrc|tcshrc|login|xinitrc|xsession|xprofile)$` +
		`|(?:^|/)\.config/(?:fish/config\.fish|autostart/[^/]+)$`)
	systemdPlace = regexp.MustCompile(`(?:^|/)systemd/(?:system|user)(?:-generators)?/`)
)

// place returns what a text is for by where it stands.
func place(p string) Kind {
	var k Kind
	dotted := strings.HasPrefix(path.Base(p), ".")
	switch {
	case p == "etc/ld.so.preload":
		return Preload
	case strings.HasPrefix(p, "etc/") || dotted || strings.Contains(p, "/.config/"):
		if startupPlace.MatchString(p) {
			k |= Startup | Shell
		}
	}
	if strings.Contains(p, "cron") || strings.HasPrefix(p, "etc/periodic/") {
		if cronPlace.MatchString(p) {
			k |= Cron | Shell
		}
	}
	if strings.Contains(p, "systemd/") && systemdPlace.MatchString(p) {
		k |= Systemd
	}
	return k
}
