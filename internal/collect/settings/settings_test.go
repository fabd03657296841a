package settings

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pratique/pratique/internal/report"
	"github.com/pratique/pratique/internal/secret"
)

// content is a file in memory.
type content struct{ *bytes.Reader }

func (content) Bytes() []byte { return nil }

func collectText(t testing.TB, path, text string) report.ConfigFile {
	t.Helper()
	facts := new(report.LayerFacts)
	f := report.File{Path: path, Size: int64(len(text)), Mode: 0o640, UID: 1, GID: 2}
	if err := New(secret.Default()).Collect(t.Context(), f, content{bytes.NewReader([]byte(text))}, facts); err != nil {
		t.Fatal(err)
	}
	if len(facts.Configs) != 1 {
		t.Fatalf("%s: %d facts", path, len(facts.Configs))
	}
	return facts.Configs[0]
}

func TestWant(t *testing.T) {
	c := New(secret.Default())
	for path, want := range map[string]bool{
		"etc/passwd": true, "etc/shadow": true, "etc/group": true, "etc/login.defs": true, "usr/etc/login.defs": true, "etc/sudoers.d/x": true,
		"etc/ssh/sshd_config": true, "usr/etc/ssh/sshd_config.d/a.conf": true, "etc/ssh/ssh_host_ed25519_key": true, "root/.ssh/authorized_keys": true,
		"etc/pam.d/common-password": true, "etc/pam.d/system-auth": true, "etc/authselect/password-auth": true, "etc/security/pwquality.conf.d/x.conf": true,
		"etc/apt/sources.list.d/a.sources": true, "etc/yum.repos.d/a.repo": true, "home/a/.npmrc": true, "srv/.rhosts": true, "etc/pip.conf": true,
		"etc/passwd-": false, "opt/etc/passwd": false, "etc/ssh/ssh_host_ed25519_key.pub": false, "etc/ssh/ssh_config": false, "etc/ssh/sshd_config.d/x/a.conf": false,
		"etc/pam.d/su": false, "srv/authorized_keys": false, "usr/share/doc/x/.npmrc": false, "srv/node_modules/a/.npmrc": false, "etc": false, "passwd": false,
	} {
		if got := c.Want(report.File{Path: path}); got != want {
			t.Errorf("%s: %t", path, got)
		}
	}
}

// hash makes a password hash of parts, so that no scanner takes this for one.
func hash(scheme, of string) string {
	return "$" + scheme + "$" + of + "salt$" + strings.Repeat(of, 22)
}

func TestCollect(t *testing.T) {
	password := "kW7" + "zQ2mT9xLr"
	for name, tt := range map[string]struct{ path, text, want string }{
		"shadow": {"etc/shadow",
			"root:" + hash("6", "abcd") + ":19000:0:99999:7:::\na:" + hash("6", "abcd") + ":1:\nb:!" + hash("y", "efgh") + ":1:\nc:*:1:\nd:!!:\ne::1:\nf:aB3.dE6/gH9iJ:\ng:_" + strings.Repeat("a1", 9) + "a:\nh:NP:\ni:!\n",
			"root:$6$#1:19000:0:99999:7:::\na:$6$#1:1:\nb:!$y$#2:1:\nc:*:1:\nd:!!:\ne::1:\nf:des#3:\ng:bsdi#4:\nh:other#5:\ni:!\n"},
		"passwd":          {"etc/passwd", "root:x:0:0:Root:/root:/bin/sh\na:" + hash("1", "ijkl") + ":1:1\n+::::\nno colon\n", "root:x:0:0:Root:/root:/bin/sh\na:$1$#1:1:1\n+::::\nno colon\n"},
		"hash misplaced":  {"etc/shadow", "a:x:" + hash("6", "abcd") + ":\n" + hash("5", "abcd") + "\n", "a:x:********:\n********\n"},
		"hash elsewhere":  {"etc/sudoers", "# " + hash("6", "abcd") + "\n", "# ********\n"},
		"sshd":            {"etc/ssh/sshd_config", "PermitEmptyPasswords=yes\nPasswordAuthentication yes\r\n", "PermitEmptyPasswords=yes\nPasswordAuthentication yes\r\n"},
		"secret in plain": {"etc/apt/sources.list", "deb https://me:" + password + "@repo.example/ a\n", "deb https://me:********@repo.example/ a\n"},
		"pam":             {"etc/pam.d/common-password", "password required pam_x.so user=a passwd=" + password + " minlen=8 bindpw=x\n", "password required pam_x.so user=a passwd=******** minlen=8 bindpw=********\n"},
		"host key":        {"etc/ssh/ssh_host_rsa_key", "-----BEGIN " + "OPENSSH PRIVATE KEY-----\nx\n", ""},
		"keys": {"root/.ssh/authorized_keys", "# me\nno-pty,command=\"a b\" ssh-ed25519 AAAAC3Nza me@host\necdsa-sha2-nistp256 AAAA\nssh-rsa\nAAAAB3\n",
			"\nno-pty,command=\"a b\" ssh-ed25519 ******** me@host\necdsa-sha2-nistp256 ********\n********\n********\n"},
		"npmrc": {"root/.npmrc", "strict-ssl=false\n//registry.example/:_authToken=" + password + "\n; old=" + password + "\n" + password + "\n",
			"strict-ssl=false\n//registry.example/:********\n\n********\n"},
		"gitconfig":     {"root/.gitconfig", "[http]\n\tsslVerify = false\n\textraHeader = " + password + "\n", "[http]\n\tsslVerify = false\nextraHeader ********\n"},
		"invalid UTF-8": {"etc/login.defs", "A \xff\n", "A \uFFFD\n"},
		"empty":         {"etc/login.defs", "", ""},
	} {
		got := collectText(t, tt.path, tt.text)
		if diff := cmp.Diff(report.ConfigFile{Path: tt.path, Mode: 0o640, UID: 1, GID: 2, Content: tt.want}, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if strings.Contains(got.Content, password[:6]) {
			t.Errorf("%s: the password is in %q", name, got.Content)
		}
	}
}

// Of a long file whole lines are kept, up to a bound; that it goes on is said.
func TestTruncated(t *testing.T) {
	var text strings.Builder
	for n := range 10_000 {
		fmt.Fprintf(&text, "user%d:%s:19000:0:99999:7:::\n", n, hash("6", fmt.Sprintf("%04d", n)))
	}
	got := collectText(t, "etc/shadow", text.String())
	if got.Truncated || strings.Count(got.Content, "\n") != 10_000 || strings.Contains(got.Content, "salt") {
		t.Errorf("10,000 accounts: truncated %t, %d bytes", got.Truncated, len(got.Content))
	}
	got = collectText(t, "etc/shadow", strings.Repeat(text.String(), 5))
	if !got.Truncated || len(got.Content) > maxAccountsKept || !strings.HasSuffix(got.Content, ":::\n") || strings.Contains(got.Content, "salt") {
		t.Errorf("truncated %t, %d bytes", got.Truncated, len(got.Content))
	}
	for _, path := range []string{"home/a/.rhosts", "root/.ssh/authorized_keys", "root/.npmrc"} {
		if got := collectText(t, path, strings.Repeat("x\n", maxHome)); !got.Truncated || len(got.Content) > 8*maxHome {
			t.Errorf("%s: truncated %t, %d bytes", path, got.Truncated, len(got.Content))
		}
	}
	if got := collectText(t, "etc/login.defs", strings.Repeat("x", 2*maxContent)); !got.Truncated || got.Content != "" {
		t.Errorf("one line: truncated %t, %d bytes", got.Truncated, len(got.Content))
	}
}

func FuzzHashes(f *testing.F) {
	f.Add("root:" + hash("6", "abcd") + ":1:\n")
	f.Add("a:!*$$:\n:\n::\r\n\xff")
	f.Fuzz(func(t *testing.T, text string) {
		got := collectText(t, "etc/shadow", text)
		if anyHash.MatchString(got.Content) {
			t.Errorf("a hash is left in %q", got.Content)
		}
		if len(text) < maxHome && strings.Count(got.Content, "\n") != strings.Count(text, "\n") {
			t.Errorf("%d lines became %d", strings.Count(text, "\n"), strings.Count(got.Content, "\n"))
		}
		for _, path := range []string{"etc/passwd", "root/.npmrc", "root/.ssh/authorized_keys", "etc/pam.d/common-password"} {
			collectText(t, path, text)
		}
	})
}

func BenchmarkWant(b *testing.B) {
	c := New(secret.Default())
	paths := []string{"usr/share/doc/x/copyright", "app/node_modules/express/lib/router/index.js", "etc/ssl/certs/x.pem", "etc/ssh/ssh_config"}
	for b.Loop() {
		for _, p := range paths {
			c.Want(report.File{Path: p, Size: 1000})
		}
	}
}
