//go:build cosign

package registry_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pratique/pratique/internal/catalog"
)

// cosign itself says whether what it pushes is understood. Building it takes longer
// than all other tests together, so this is asked for:
//
//	go test -tags cosign -run TestCosign ./internal/registry
func TestCosign(t *testing.T) {
	cosign, err := exec.LookPath("cosign")
	if err != nil {
		t.Fatal("cosign is not installed")
	}
	dir := t.TempDir()
	run := func(e *env, args ...string) {
		e.Helper()
		cmd := exec.Command(cosign, args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "COSIGN_PASSWORD=", "HOME="+dir, "TUF_ROOT="+filepath.Join(dir, "tuf"))
		if out, err := cmd.CombinedOutput(); err != nil {
			e.Fatalf("cosign %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	login := func(e *env) []string {
		return []string{"--key", "cosign.key", "--yes", "--tlog-upload=false", "--allow-http-registry",
			"--registry-username", "admin", "--registry-password", e.password}
	}
	tests := []struct {
		name string
		with func(e *env, img image, name string)
	}{
		{"attest", func(e *env, img image, name string) {
			run(e, append([]string{"attest", "--type", "openvex", "--predicate", "vex.json", name}, login(e)...)...)
		}},
		{"attest as bundle", func(e *env, img image, name string) {
			run(e, append([]string{"attest", "--new-bundle-format", "--type", "openvex", "--predicate", "vex.json", name}, login(e)...)...)
		}},
		{"sign a document", func(e *env, img image, name string) {
			subject := img.descriptor("")
			digest := e.attach("", typeOpenVEX, typeOpenVEX, []byte(statementOf("not_affected", "", monday)), nil, &subject)
			repository, _, _ := strings.Cut(name, "@")
			run(e, append([]string{"sign", repository + "@" + digest}, login(e)...)...)
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e, img := blocked(t)
			for _, file := range []string{"cosign.key", "cosign.pub"} {
				_ = os.Remove(filepath.Join(dir, file))
			}
			run(e, "generate-key-pair")
			public, err := os.ReadFile(filepath.Join(dir, "cosign.pub"))
			e.must(err)
			e.must(os.WriteFile(filepath.Join(dir, "vex.json"), []byte(statementOf("not_affected", "", monday)), 0o600))
			e.trust(catalog.TrustSigned, newSigner(t))
			e.policy(false, nil) // cosign asks for the image before it attaches a bundle
			tt.with(e, img, strings.TrimPrefix(e.server.URL, "http://")+"/team/app@"+img.digest)
			e.policy(true, nil)
			e.do("GET", manifest1, nil).want(e, 412)
			e.trust(catalog.TrustSigned, signer{public: string(public)})
			e.do("GET", manifest1, nil).want(e, 200)
		})
	}
}
