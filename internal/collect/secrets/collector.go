// Package secrets collects the places of a layer that hold something secret, by
// the rules of package secret. What it adds to the facts is masked: no fact
// holds a secret or anything computed from one.
//
// It reads text files of at most 20 MB. What it never reads is what the
// specification names (§3.8): below /usr, /lib, /lib32, /bin, /sbin, /var/lib
// and /var/log, some files of packages under node_modules and of two well-known
// programs; binaries; and files that machines make: archives, pictures, fonts,
// lock files, minified programs. Of a file that counts by its name alone, such
// as a key store, the name is looked at also where the content is not.
package secrets

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/pratique/pratique/internal/collect"
	"github.com/pratique/pratique/internal/report"
	"github.com/pratique/pratique/internal/secret"
)

// version changes whenever the same bytes and rules would give other facts.
const version = 1

// maxSize bounds the files that are looked into (§3.8), in bytes.
const maxSize = 20_000_000

// Collector collects secrets. It holds no state between calls.
type Collector struct {
	rules *secret.Rules
}

var _ collect.Collector = (*Collector)(nil)

// New returns a collector that looks for what rules say.
func New(rules *secret.Rules) *Collector { return &Collector{rules: rules} }

// Name returns "secrets".
func (*Collector) Name() string { return "secrets" }

// Version is the version of what is collected, the rules included.
func (c *Collector) Version() int { return version<<48 | c.rules.Version() }

// Want reports whether the file is looked at.
func (c *Collector) Want(f report.File) bool {
	if f.Size == 0 || excluded(f.Path) {
		return false
	}
	return f.Size <= maxSize && !machineMade(f.Path) || c.rules.ForFile(f.Path)
}

// Collect looks for secrets in one file.
func (c *Collector) Collect(ctx context.Context, f report.File, content collect.Content, facts *report.LayerFacts) error {
	if content.Size() > maxSize || machineMade(f.Path) {
		add(facts, f.Path, c.rules.OfFile(f.Path))
		return nil
	}
	var head [headSize]byte
	n, err := content.ReadAt(head[:min(headSize, content.Size())], 0)
	if int64(n) < min(headSize, content.Size()) {
		return fmt.Errorf("read the file: %w", err)
	}
	if binary(head[:n]) {
		add(facts, f.Path, c.rules.OfFile(f.Path))
		return nil
	}
	text, err := collect.Read(content, maxSize)
	if err != nil {
		return err
	}
	hits, complete := c.rules.Find(ctx, f.Path, text)
	add(facts, f.Path, hits)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case !complete:
		return errors.New("it holds too much that looks like secrets; there may be more than is told")
	}
	return nil
}

func add(facts *report.LayerFacts, p string, hits []secret.Hit) {
	for _, h := range hits {
		facts.Secrets = append(facts.Secrets, report.Secret{Rule: h.Rule, Path: p, Line: h.Line, Excerpt: h.Excerpt})
	}
}

// excludedRoots are the directories that are never looked into (§3.8).
var excludedRoots = []string{"usr/", "lib/", "lib32/", "bin/", "sbin/", "var/lib/", "var/log/"}

// excluded reports whether a path is never looked into (§3.8).
func excluded(p string) bool {
	for _, root := range excludedRoots {
		if strings.HasPrefix(p, root) {
			return true
		}
	}
	if _, in, ok := strings.Cut("/"+p, "/node_modules/"); ok {
		return strings.HasSuffix(in, ".md") || strings.Contains("/"+in, "/test/")
	}
	if strings.HasSuffix("/"+p, "/service/iam/examples_test.go") {
		return true
	}
	// Grafana's own scripts, not those below.
	_, in, ok := strings.Cut("/"+p, "/grafana/public/build/")
	return ok && strings.HasSuffix(in, ".js") && !strings.Contains(in, "/")
}

// machineMade reports whether a file's name says that no person wrote it.
func machineMade(p string) bool {
	base := strings.ToLower(path.Base(p))
	switch base {
	case "package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "composer.lock", "gemfile.lock", "cargo.lock",
		"poetry.lock", "uv.lock", "go.sum", "pipfile.lock", "flake.lock", "bun.lock", "ld.so.cache":
		return true
	}
	for _, s := range []string{".min.js", ".min.css", ".js.map", ".css.map", ".mjs.map", ".cjs.map", ".d.ts"} {
		if strings.HasSuffix(base, s) {
			return true
		}
	}
	switch path.Ext(base) {
	case ".gz", ".bz2", ".xz", ".zst", ".zip", ".tar", ".tgz", ".jar", ".war", ".ear", ".whl", ".deb", ".rpm", ".apk", ".7z",
		".png", ".jpg", ".jpeg", ".gif", ".ico", ".webp", ".svg", ".pdf", ".woff", ".woff2", ".ttf", ".otf", ".eot", ".mp3", ".mp4",
		".so", ".a", ".o", ".pyc", ".pyo", ".class", ".wasm", ".mo", ".css":
		return true
	}
	return false
}

// headSize is how much of a file tells whether it is binary.
const headSize = 1024

// magics begin files that may look like text in their first bytes.
var magics = []string{"\x7fELF", "PK\x03\x04", "\x1f\x8b", "%PDF-", "!<arch>\n", "SQLite format 3", "\xca\xfe\xba\xbe"}

// binary reports whether a file that begins so is no text: it has a NUL byte, a
// well-known beginning, or too many control characters. What is not valid
// UTF-8 may be text in another encoding.
func binary(head []byte) bool {
	if bytes.IndexByte(head, 0) >= 0 {
		return true
	}
	for _, m := range magics {
		if bytes.HasPrefix(head, []byte(m)) {
			return true
		}
	}
	control := 0
	for _, b := range head {
		if b < ' ' && b != '\t' && b != '\n' && b != '\r' && b != '\f' && b != 0x1b || b == 0x7f {
			control++
		}
	}
	return control*10 > len(head)
}
