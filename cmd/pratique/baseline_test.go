package main

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pratique/pratique/internal/image/imagetest"
	"github.com/pratique/pratique/internal/report"
)

// careless is an image in which much is set as it should not be.
func careless(hash string) string {
	return `env: NODE_TLS_REJECT_UNAUTHORIZED=0
port: 22/tcp
annotation: org.opencontainers.image.base.name=docker.io/library/debian:latest
-- layer --
ADD rootfs.tar /
-- etc/os-release --
ID=debian
VERSION_ID="12"
-- etc/passwd --
root:x:0:0:root:/root:/bin/bash
toor:x:0:0::/root:/bin/bash
ann:x:1000:1000::/home/ann:/bin/bash
-- etc/group --
root:x:0:
sudo:x:27:ann
ann:x:1000:
-- etc/shadow mode=0644 --
root:` + hash + `:19000:0:99999:7:::
toor::19000:0:99999:7:::
ann:` + hash + `:60000:0:99999:7:::
-- etc/pam.d/common-password --
password [success=1 default=ignore] pam_unix.so obscure yescrypt
-- layer --
RUN curl -k https://example.org/install | sh && chmod 777 /srv
-- etc/ssh/sshd_config --
Include /etc/ssh/sshd_config.d/*.conf
PermitRootLogin no
-- etc/ssh/sshd_config.d/root.conf --
PermitRootLogin yes
-- etc/ssh/ssh_host_rsa_key mode=0600 --
PRIVATE ` + hash + `
-- root/.ssh/authorized_keys --
ssh-ed25519 ` + strings.TrimLeft(hash, "$") + ` me
-- home/ann/.npmrc --
strict-ssl=false
//registry.example.org/:_authToken=` + hash + `
-- etc/sudoers.d/ann --
ann ALL=(ALL) NOPASSWD: ALL
`
}

// What is set wrong is found in an image, with its layer, and no password hash,
// key or token is in the report or in what is kept of the layers.
func TestScanBaseline(t *testing.T) {
	hash := "$" + "6" + "$" + strings.Repeat("Salt", 3) + "$" + strings.Repeat("hAsH", 21)
	dir, cache := imagetest.Build(t, careless(hash)).Dir(t), t.TempDir()
	out, err := runScan(t, "oci:"+dir, "--scan", "baseline", "--cache", cache, "--advisories", t.TempDir(), "--format", "json")
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var rep report.Report
	if err := json.Unmarshal([]byte(out), &rep); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range rep.Findings {
		if f.Category == report.Baseline {
			got = append(got, f.Severity.String()+" "+f.Rule)
		}
	}
	slices.Sort(got)
	want := []string{
		"high account-empty-password", "high account-root-trust", "high account-shadow-mode", "high account-uid-zero",
		"high image-sudo-nopasswd", "high ssh-host-key", "high ssh-root-login",
		"low account-password-date", "low image-healthcheck", "low image-unpinned-base",
		"low ssh-client-alive-interval", "low ssh-login-grace-time", "low ssh-max-auth-tries",
		"medium account-duplicate", "medium account-password-age", "medium account-shared-password", "medium group-privileged-member",
		"medium image-pipe-to-shell", "medium image-root-user", "medium image-sshd", "medium image-tls-disabled", "medium image-world-writable",
		"medium password-complexity",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	at := slices.IndexFunc(rep.Findings, func(f report.Finding) bool { return f.Rule == "ssh-root-login" })
	if l := rep.Findings[at].Locations[0]; l.Path != "etc/ssh/sshd_config.d/root.conf" || l.Layer != 1 || l.Line != 1 || l.Instruction == "" {
		t.Errorf("%+v", l)
	}
	for _, part := range []string{hash, "hAsHhAsH", "SaltSalt"} {
		if strings.Contains(out, part) {
			t.Errorf("the report holds %s", part)
		}
	}
	err = fs.WalkDir(os.DirFS(cache), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if document := string(inflated(t, filepath.Join(cache, path))); strings.Contains(document, "hAsHhAsH") || strings.Contains(document, "SaltSalt") {
			t.Errorf("%s holds a hash", path)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
