// Package settings collects the small text files that configure a system:
// accounts, logins, SSH, PAM, sudo, and the files in which programs are told not
// to check certificates and signatures. What they should say is for package
// baseline to know.
//
// # What it guarantees
//
// A file is kept line by line as it is, up to 256 KiB (1 MiB of a file of
// accounts), but no secret in it: a
// password hash becomes its scheme and a number, the same for equal hashes of
// one file; of a file in which tokens are usual (.npmrc, pip.conf) only harmless
// values are kept; of authorized keys not the key; and everything that the rules
// for secrets take for one is masked. Of an SSH host key only the presence
// counts: its content is never looked at.
//
// # What it does not do
//
// It follows no symbolic link. A file that is one counts under the name it leads
// to, if that is one of those collected.
package settings

import (
	"bytes"
	"context"
	"fmt"
	"path"
	"regexp"
	"strings"

	"github.com/pratique/pratique/internal/collect"
	"github.com/pratique/pratique/internal/report"
	"github.com/pratique/pratique/internal/secret"
)

// version changes whenever the same bytes and rules would give other facts.
const version = 1

const (
	// maxContent bounds what is kept of a file, in bytes.
	maxContent = 256 << 10
	// maxAccounts bounds what is read and maxAccountsKept what is kept of a file
	// of accounts: enough for 20,000.
	maxAccounts     = 4 << 20
	maxAccountsKept = 1 << 20
	// maxHome bounds what is kept of a file of which there may be one in every
	// home directory.
	maxHome = 16 << 10
)

// Collector collects settings. It holds no state between calls.
type Collector struct {
	rules *secret.Rules
}

var _ collect.Collector = (*Collector)(nil)

// New returns a collector that masks what rules take for a secret.
func New(rules *secret.Rules) *Collector { return &Collector{rules: rules} }

// Name returns "settings".
func (*Collector) Name() string { return "settings" }

// Version is the version of what is collected, the rules for masking included.
func (c *Collector) Version() int { return version<<48 | c.rules.Version() }

// Want reports whether the file configures the system, whatever its size.
func (*Collector) Want(f report.File) bool { return kindOf(f.Path) != other }

// Collect keeps one file.
func (c *Collector) Collect(ctx context.Context, f report.File, content collect.Content, facts *report.LayerFacts) error {
	kept := report.ConfigFile{Path: f.Path, Mode: f.Mode, UID: f.UID, GID: f.GID}
	kind := kindOf(f.Path)
	if kind != presence {
		most := kind.most()
		raw := make([]byte, min(content.Size(), most))
		if n, err := content.ReadAt(raw, 0); n < len(raw) {
			return fmt.Errorf("read the file: %w", err)
		}
		if kept.Truncated = content.Size() > most; kept.Truncated {
			raw = raw[:bytes.LastIndexByte(raw, '\n')+1] // half a line may say something else
		}
		kept.Content = c.clean(ctx, kind, strings.ToValidUTF8(string(raw), "\uFFFD"))
		if text := kept.Content; len(text) > maxAccountsKept {
			kept.Content, kept.Truncated = text[:strings.LastIndexByte(text[:maxAccountsKept], '\n')+1], true
		} else if text == secret.Mask {
			kept.Truncated = true // too much in it looks like secrets
		}
	}
	facts.Configs = append(facts.Configs, kept)
	return ctx.Err()
}

// clean takes what is secret out of a file's text; lines stay where they are.
func (c *Collector) clean(ctx context.Context, kind kind, text string) string {
	switch kind {
	case accounts:
		text = withoutHashes(text)
	case pam:
		text = passArgument.ReplaceAllString(text, "${1}="+secret.Mask)
	case keys:
		text = eachLine(text, withoutKey)
	case values:
		text = eachLine(text, harmless)
	}
	text = anyHash.ReplaceAllString(text, secret.Mask)
	if kind == accounts {
		return text // the rest of it is names and numbers, which masking might take for more
	}
	return c.rules.Mask(ctx, text)
}

func eachLine(text string, change func(string) string) string {
	var b strings.Builder
	b.Grow(len(text))
	for line := range strings.Lines(text) {
		body, end := line, ""
		if cut, ok := strings.CutSuffix(line, "\n"); ok {
			body, end = cut, "\n"
		}
		b.WriteString(change(body))
		b.WriteString(end)
	}
	return b.String()
}

// kind says how a file is kept.
type kind int

const (
	other kind = iota
	// plain: as it is.
	plain
	// accounts: lines of fields divided by colons, the second a password.
	accounts
	// pam: a stack of modules with arguments.
	pam
	// trust: hosts and users of other machines.
	trust
	// keys: SSH keys that may log in.
	keys
	// values: settings among which tokens are usual.
	values
	// presence: nothing of the content.
	presence
)

// most is how many bytes of a file are read.
func (k kind) most() int64 {
	switch k {
	case accounts:
		return maxAccounts
	case keys, trust, values:
		return maxHome
	}
	return maxContent
}

// byPath are files by their whole path, without a leading "usr/" before "etc/":
// distributions that keep /etc for the administrator have their defaults there.
var byPath = map[string]kind{
	"etc/passwd": accounts, "etc/shadow": accounts, "etc/group": accounts,
	"etc/login.defs": plain, "etc/sudoers": plain, "etc/ssh/sshd_config": plain, "etc/security/pwquality.conf": plain,
	"etc/hosts.equiv": trust, "etc/ssh/shosts.equiv": trust,
	"etc/authselect/system-auth": pam, "etc/authselect/password-auth": pam,
	"etc/apt/apt.conf": plain, "etc/apt/sources.list": plain,
	"etc/yum.conf": values, "etc/dnf/dnf.conf": values,
	"etc/wgetrc": values, "etc/curlrc": values, "etc/gitconfig": values, "etc/pip.conf": values, "etc/npmrc": values,
}

// byDir are files by their directory and the pattern of their name.
var byDir = map[string][]struct {
	pattern string
	kind    kind
}{
	"etc/ssh":                       {{"ssh_host_*_key", presence}},
	"etc/ssh/sshd_config.d":         {{"*.conf", plain}},
	"etc/pam.d":                     {{"common-password*", pam}, {"system-auth*", pam}, {"password-auth*", pam}, {"base-password*", pam}, {"passwd", pam}},
	"etc/security/pwquality.conf.d": {{"*.conf", plain}},
	"etc/sudoers.d":                 {{"*", plain}},
	"etc/apt/apt.conf.d":            {{"*", plain}},
	"etc/apt/sources.list.d":        {{"*.list", plain}, {"*.sources", plain}},
	"etc/yum.repos.d":               {{"*.repo", values}},
	"etc/zypp/repos.d":              {{"*.repo", values}},
}

// byName are files by the last element of their path, wherever they are.
var byName = map[string]kind{
	".rhosts": trust, ".shosts": trust, "authorized_keys": keys, "authorized_keys2": keys,
	".npmrc": values, "npmrc": values, ".yarnrc": values, ".yarnrc.yml": values, "pip.conf": values,
	".curlrc": values, ".wgetrc": values, ".gitconfig": values,
}

func kindOf(p string) kind {
	if rest, ok := strings.CutPrefix(p, "usr/etc/"); ok {
		p = "etc/" + rest
	}
	dir, name := path.Split(p)
	if strings.HasPrefix(p, "etc/") {
		if k := byPath[p]; k != other {
			return k
		}
		for _, f := range byDir[strings.TrimSuffix(dir, "/")] {
			if ok, err := path.Match(f.pattern, name); ok && err == nil {
				return f.kind
			}
		}
	}
	k := byName[name]
	switch {
	case k == other:
		return other
	case k == keys && path.Base(dir) != ".ssh":
		return other
	case strings.HasPrefix(p, "usr/share/") || strings.Contains("/"+p, "/node_modules/"):
		return other // examples, and what packages were made with
	}
	return k
}

// passArgument is a module's argument that is a password.
var passArgument = regexp.MustCompile(`(?i)(\b\w*(?:passwd|password|passphrase|secret|bindpw|token))=\S+`)

// anyHash is a password hash in a place where none belongs. One that was
// replaced is shorter.
var anyHash = regexp.MustCompile(`\$[0-9a-zA-Z-]{1,12}\$[^\s:]{8,}`)

// safeKeys are settings whose value is never secret.
var safeKeys = map[string]bool{
	"strict-ssl": true, "enablestrictssl": true, "trusted-host": true, "insecure": true, "-k": true, "--insecure": true,
	"check_certificate": true, "check-certificate": true, "sslverify": true, "gpgcheck": true, "repo_gpgcheck": true,
	"localpkg_gpgcheck": true, "enabled": true,
}

// harmless keeps sections and the settings of safeKeys, and of all others their
// names. Comments go: what was commented out may still be valid.
func harmless(line string) string {
	text := strings.TrimSpace(line)
	if text == "" || text[0] == '#' || text[0] == ';' {
		return ""
	}
	if text[0] == '[' {
		return line
	}
	end := strings.IndexAny(text, "=: \t")
	if end < 0 {
		end = len(text)
	}
	if safeKeys[strings.Trim(strings.ToLower(text[:end]), `"`)] {
		return line
	}
	if end == len(text) {
		return secret.Mask // a name alone, or something else alone
	}
	return text[:end+1] + secret.Mask
}

// keyTypes begin the names of all types of SSH keys.
var keyTypes = []string{"ssh-", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-"}

// withoutKey keeps options, type and comment of a line of authorized keys.
func withoutKey(line string) string {
	words := strings.Fields(line)
	for n, w := range words {
		for _, t := range keyTypes {
			if strings.HasPrefix(w, t) && n+1 < len(words) {
				words[n+1] = secret.Mask
				return strings.Join(words, " ")
			}
		}
	}
	if len(words) == 0 || words[0][0] == '#' {
		return ""
	}
	return secret.Mask
}
