package registry_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/random"

	"github.com/pratique/pratique/internal/catalog"
)

// TestClients has the programs that people use push, pull, copy, list and
// delete, with a login, and be refused what is blocked.
func TestClients(t *testing.T) {
	if testing.Short() {
		t.Skip("builds programs")
	}
	e := newEnv(t)
	host := strings.TrimPrefix(e.server.URL, "http://")
	dir := t.TempDir()
	client := func(t *testing.T, program string) func(args ...string) (output string, ok bool) {
		return func(args ...string) (string, bool) {
			t.Helper()
			cmd := exec.CommandContext(t.Context(), program, args...)
			cmd.Dir = dir
			cmd.Env = append(os.Environ(), "DOCKER_CONFIG="+dir, "REGISTRY_AUTH_FILE="+filepath.Join(dir, "config.json"), "HOME="+dir)
			output, err := cmd.CombinedOutput()
			return string(output), err == nil
		}
	}
	must := func(t *testing.T, run func(args ...string) (string, bool), args ...string) string {
		t.Helper()
		output, ok := run(args...)
		if !ok {
			t.Fatalf("%s: %s", strings.Join(args, " "), output)
		}
		return output
	}
	refused := func(t *testing.T, run func(args ...string) (string, bool), args ...string) {
		t.Helper()
		output, ok := run(args...)
		if ok || !strings.Contains(output, "may not be pulled") {
			t.Errorf("%s: %s", strings.Join(args, " "), output)
		}
	}

	t.Run("crane", func(t *testing.T) {
		crane := client(t, buildTool(t, "github.com/google/go-containerregistry/cmd/crane"))
		source := writeLayout(t, filepath.Join(dir, "crane-source"))
		must(t, crane, "auth", "login", host, "-u", "admin", "-p", e.password)
		must(t, crane, "push", "--insecure", source, host+"/team/app:crane")
		must(t, crane, "copy", "--insecure", host+"/team/app:crane", host+"/other/app:crane")
		must(t, crane, "validate", "--insecure", "--remote", host+"/other/app:crane")
		must(t, crane, "index", "append", "--insecure", "-m", host+"/other/app:crane", "-t", host+"/other/app:index")
		must(t, crane, "pull", "--insecure", "--format", "oci", host+"/other/app:index", filepath.Join(dir, "crane"))
		must(t, crane, "tag", "--insecure", host+"/other/app:crane", "second")
		if tags := must(t, crane, "ls", "--insecure", host+"/other/app"); tags != "crane\nindex\nsecond\n" {
			t.Errorf("tags: %s", tags)
		}
		if names := must(t, crane, "catalog", "--insecure", host); !strings.Contains(names, "other/app\nteam/app\n") {
			t.Errorf("repositories: %s", names)
		}
		must(t, crane, "delete", "--insecure", host+"/other/app:second")
		e.policy(true, nil)
		defer e.policy(false, nil)
		refused(t, crane, "pull", "--insecure", host+"/team/app:crane", filepath.Join(dir, "none.tar"))
		must(t, crane, "push", "--insecure", source, host+"/team/app:crane2")
		e.scan("crane2", catalog.Success)
		must(t, crane, "pull", "--insecure", host+"/team/app:crane", filepath.Join(dir, "some.tar"))
	})

	t.Run("oras", func(t *testing.T) {
		oras := client(t, buildTool(t, "oras.land/oras/cmd/oras"))
		if err := os.WriteFile(filepath.Join(dir, "sbom.json"), []byte(`{"spdx":1}`), 0o600); err != nil {
			t.Fatal(err)
		}
		must(t, oras, "login", "--plain-http", "-u", "admin", "-p", e.password, host)
		must(t, oras, "push", "--plain-http", host+"/team/art:1", "--artifact-type", "application/vnd.example", "sbom.json:application/json")
		must(t, oras, "attach", "--plain-http", host+"/team/art:1", "--artifact-type", "application/vnd.sbom", "sbom.json:application/json")
		if tree := must(t, oras, "discover", "--plain-http", host+"/team/art:1"); !strings.Contains(tree, "application/vnd.sbom") {
			t.Errorf("referrers: %s", tree)
		}
		must(t, oras, "cp", "-r", "--from-plain-http", "--to-plain-http", host+"/team/art:1", host+"/other/art:1")
		must(t, oras, "pull", "--plain-http", host+"/other/art:1", "-o", filepath.Join(dir, "oras"))
		if names := must(t, oras, "repo", "ls", "--plain-http", host); !strings.Contains(names, "other/art") {
			t.Errorf("repositories: %s", names)
		}
	})

	t.Run("skopeo", func(t *testing.T) {
		program, err := exec.LookPath("skopeo")
		if err != nil {
			if os.Getenv("PRATIQUE_REQUIRE_ALL") == "1" {
				t.Fatal(err)
			}
			t.Skip(err)
		}
		skopeo := client(t, program)
		source := writeLayout(t, filepath.Join(dir, "skopeo-source"))
		must(t, skopeo, "login", "--tls-verify=false", "-u", "admin", "-p", e.password, host)
		copyImage := func(args ...string) []string {
			return append([]string{"copy", "-q", "--insecure-policy", "--src-tls-verify=false", "--dest-tls-verify=false"}, args...)
		}
		from := "docker://" + host + "/team/app:"
		must(t, skopeo, copyImage("oci:"+source, from+"oci")...)
		must(t, skopeo, copyImage("--format", "v2s2", "oci:"+source, from+"docker")...)
		must(t, skopeo, copyImage("--format", "v2s2", from+"docker", "dir:"+filepath.Join(dir, "docker"))...)
		must(t, skopeo, copyImage("--all", from+"oci", "docker://"+host+"/other/skopeo:1")...)
		must(t, skopeo, "inspect", "--tls-verify=false", from+"docker")
		must(t, skopeo, "delete", "--tls-verify=false", "docker://"+host+"/other/skopeo:1")
		e.policy(true, nil)
		defer e.policy(false, nil)
		refused(t, skopeo, copyImage("--retry-times=0", from+"docker", "dir:"+filepath.Join(dir, "none"))...)
		must(t, skopeo, copyImage("--format", "v2s2", "oci:"+source, from+"docker2")...)
	})
}

// writeLayout makes an OCI layout of one small image.
func writeLayout(t *testing.T, dir string) string {
	t.Helper()
	img, err := random.Image(1000, 3)
	if err != nil {
		t.Fatal(err)
	}
	path, err := layout.Write(dir, empty.Index)
	if err == nil {
		err = path.AppendImage(img)
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir
}
