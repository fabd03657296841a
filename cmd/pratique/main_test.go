package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/pratique/pratique/internal/advisory/advisorytest"
	"github.com/pratique/pratique/internal/image/imagetest"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"pratique": main})
}

// TestScripts runs the command line as users do. Scripts that need real images,
// the whole advisory data or a client say so in their first lines; where
// PRATIQUE_REQUIRE_ALL is set nothing may be missing.
func TestScripts(t *testing.T) {
	images := smallImages(t)
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			for name, path := range images {
				env.Setenv(name, path)
			}
			return setup(env)
		},
		Condition: condition,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"ready":      ready,
			"capture":    capture,
			"eventually": eventually,
			"refused":    refused,
			"exits":      exits,
		},
	})
}

// debian is an image with one vulnerable package, and advisories the
// vulnerability.
const (
	debian = `
-- layer --
ADD rootfs.tar /
-- etc/os-release --
PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"
VERSION_ID="12"
ID=debian
-- var/lib/dpkg/status --
Package: libhole
Status: install ok installed
Architecture: amd64
Version: 1.0-1

-- layer zstd --
COPY app /srv/
-- srv/app --
content
`
	advisories = `
{"id":"DEBIAN-CVE-2026-0001","modified":"2026-02-01T00:00:00Z","published":"2026-01-01T00:00:00Z","upstream":["CVE-2026-0001"],
 "details":"A hole in libhole.","severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
 "affected":[{"package":{"ecosystem":"Debian:12","name":"libhole"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"2.0-1"}]}]}]}
`
)

// smallImages writes images, and advisories about them, for scripts that need
// no real ones. It returns the paths by the variables that scripts know them by.
func smallImages(t *testing.T) map[string]string {
	img := imagetest.Build(t, debian)
	arm := imagetest.Build(t, "platform: linux/arm64\n"+debian)
	foreign := imagetest.Build(t, "platform: linux/s390x\n"+debian)
	if runtime.GOARCH == "s390x" {
		foreign = arm
	}
	// Of other content, because skopeo remembers for ever what it has seen of
	// the same content compressed in another way.
	docker := imagetest.Build(t, strings.NewReplacer("layer zstd", "layer", "content", "content for Docker").Replace(debian))
	cut := imagetest.Build(t, debian)
	cut.Corrupt(cut.Layers[0].Digest, func(b []byte) []byte { return b[:len(b)-9] })
	return map[string]string{
		"LEAKY":      imagetest.Build(t, debian+"-- srv/.netrc --\nmachine a login b password "+leakyHidden+"\n").Dir(t),
		"BUCKET":     advisorytest.Bucket(t, advisories),
		"DEBIAN":     img.Dir(t),
		"DEBIAN_OCI": img.OCIArchive(t),
		"DEBIAN_TAR": docker.DockerArchive(t, "debian:latest"),
		"INDEX":      imagetest.IndexDir(t, img, arm),
		"FOREIGN":    imagetest.IndexDir(t, foreign),
		"TRUNCATED":  cut.Dir(t),
		"LAYER":      img.Layers[0].Digest,
		"DIGEST":     img.Digest,
		"ARM_DIGEST": arm.Digest,
	}
}

func setup(env *testscript.Env) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer l.Close()
	env.Setenv("ADDR", l.Addr().String())
	env.Setenv("IMAGES", os.Getenv("PRATIQUE_IMAGES"))
	env.Setenv("DATASET", os.Getenv("PRATIQUE_DATA_SET"))
	env.Setenv("XDG_CACHE_HOME", filepath.Join(env.WorkDir, "cache"))
	env.Setenv("XDG_RUNTIME_DIR", filepath.Join(env.WorkDir, "run"))
	env.Setenv("HOME", env.WorkDir)
	if tools := os.Getenv("PRATIQUE_TOOLS"); tools != "" {
		env.Setenv("PATH", env.Getenv("PATH")+string(os.PathListSeparator)+tools)
	}
	// A directory with a short name, which podman insists on.
	short, err := os.MkdirTemp("", "pq")
	if err != nil {
		return err
	}
	env.Defer(func() { os.RemoveAll(short) })
	env.Setenv("SHORT", short)
	return os.Mkdir(filepath.Join(env.WorkDir, "run"), 0o700)
}

// condition knows [image:NAME], [dataset], [client:PROGRAM] and [root].
func condition(cond string) (bool, error) {
	kind, arg, _ := strings.Cut(cond, ":")
	var ok bool
	switch kind {
	case "image":
		_, err := os.Stat(filepath.Join(os.Getenv("PRATIQUE_IMAGES"), arg, "index.json"))
		ok = os.Getenv("PRATIQUE_IMAGES") != "" && err == nil
	case "dataset":
		_, err := os.Stat(filepath.Join(os.Getenv("PRATIQUE_DATA_SET"), "osv"))
		ok = os.Getenv("PRATIQUE_DATA_SET") != "" && err == nil
	case "client":
		_, err := exec.LookPath(arg)
		if err != nil {
			_, err = os.Stat(filepath.Join(os.Getenv("PRATIQUE_TOOLS"), arg))
		}
		ok = err == nil
	case "root":
		ok = os.Geteuid() == 0
	default:
		return false, fmt.Errorf("unknown condition %q", cond)
	}
	if !ok && os.Getenv("PRATIQUE_REQUIRE_ALL") != "" {
		return false, fmt.Errorf("%s is missing, and nothing may be skipped here", cond)
	}
	return ok, nil
}

// ready waits until the server at ADDR answers: ready URL
func ready(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: ready URL")
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, args[0], nil)
		ts.Check(err)
		resp, err := http.DefaultClient.Do(req)
		if err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return
			}
		}
		select {
		case <-ctx.Done():
			ts.Fatalf("%s does not answer: %v", args[0], err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// capture sets a variable to the first group of a pattern in the last standard
// output: capture NAME PATTERN
func capture(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: capture NAME PATTERN")
	}
	m := regexp.MustCompile("(?m)" + args[1]).FindStringSubmatch(ts.ReadFile("stdout"))
	if len(m) < 2 {
		ts.Fatalf("no match for %s in standard output", args[1])
	}
	ts.Setenv(args[0], m[1])
}

// refused runs a command that must fail with exit code 1, print nothing but one
// line to standard error, and fit the pattern with it: refused PATTERN PROGRAM
// [ARGUMENT…]
func refused(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: refused PATTERN PROGRAM [ARGUMENT…]")
	}
	exits(ts, false, append([]string{"1"}, args[1:]...))
	stderr := ts.ReadFile("stderr")
	if out := ts.ReadFile("stdout"); out != "" {
		ts.Fatalf("standard output is not empty: %s", out)
	}
	if !strings.HasPrefix(stderr, "pratique: ") || strings.Count(stderr, "\n") != 1 || !strings.HasSuffix(stderr, "\n") {
		ts.Fatalf("standard error is not one line of the program: %s", stderr)
	}
	if !regexp.MustCompile(args[0]).MatchString(stderr) {
		ts.Fatalf("no match for %s in: %s", args[0], stderr)
	}
}

// exits runs a command that must end with an exit code: exits CODE PROGRAM
// [ARGUMENT…]
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM [ARGUMENT…]")
	}
	err := ts.Exec(args[1], args[2:]...)
	code := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		code = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%s: %v", args[1], err)
	}
	if strconv.Itoa(code) != args[0] {
		ts.Fatalf("exit code %d, want %s", code, args[0])
	}
}

// eventually runs a command until it succeeds, or fails with "!", for at most
// two minutes: eventually PROGRAM [ARGUMENT…]
func eventually(ts *testscript.TestScript, neg bool, args []string) {
	deadline := time.Now().Add(2 * time.Minute)
	for {
		err := ts.Exec(args[0], args[1:]...)
		if (err != nil) == neg {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("%s: still %v", strings.Join(args, " "), err)
		}
		time.Sleep(100 * time.Millisecond)
	}
}
