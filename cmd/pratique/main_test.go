package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"pratique": main})
}

// TestScripts runs the command line as users do. Scripts that need real images,
// the whole advisory data or a client say so in their first lines; where
// PRATIQUE_REQUIRE_ALL is set nothing may be missing.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		RequireExplicitExec: true,
		Setup:               setup,
		Condition:           condition,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"ready":      ready,
			"capture":    capture,
			"eventually": eventually,
		},
	})
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
	return os.Mkdir(filepath.Join(env.WorkDir, "run"), 0o700)
}

// condition knows [image:NAME], [dataset] and [client:PROGRAM].
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
