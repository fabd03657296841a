package passwords

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/pratique/pratique/internal/password"
)

// A database that PostgreSQL itself has made is read, in both of its forms.
func TestPostgreSQLTable(t *testing.T) {
	initdb, err := findInitdb()
	if err != nil {
		t.Skip(err)
	}
	for method, scheme := range map[string]string{"md5": "md5", "scram-sha-256": "scram-sha-256"} {
		dir, err := os.MkdirTemp("", "pratique-pg")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir)
		pwfile := filepath.Join(dir, "pw")
		if err := os.WriteFile(pwfile, []byte("changeme\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(initdb, "-D", filepath.Join(dir, "data"), "-U", "operator", "-A", method, "--pwfile", pwfile, "--no-sync")
		if err := unprivileged(cmd, dir); err != nil {
			t.Skip(err)
		}
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Skipf("initdb: %v\n%s", err, out)
		}
		text, err := os.ReadFile(filepath.Join(dir, "data", "global", "1260"))
		if err != nil {
			t.Fatal(err)
		}
		facts, err := collectText(t.Context(), t, password.Default(), "data/global/1260", string(text), false)
		if err != nil || len(facts.Passwords) != 1 || facts.Passwords[0].User != "operator" || facts.Passwords[0].Scheme != scheme {
			t.Errorf("%s: %+v, %v", method, facts.Passwords, err)
		}
	}
}

func findInitdb() (string, error) {
	if found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb"); len(found) > 0 {
		return found[len(found)-1], nil
	}
	if path, err := exec.LookPath("initdb"); err == nil {
		return path, nil
	}
	return "", errors.New("initdb is neither in PATH nor in /usr/lib/postgresql/*/bin")
}

// unprivileged lets a command that refuses to run as root run as the owner of the
// directory, which it makes postgres or nobody.
func unprivileged(cmd *exec.Cmd, dir string) error {
	if os.Getuid() != 0 {
		return nil
	}
	passwd, err := os.ReadFile("/etc/passwd")
	if err != nil {
		return err
	}
	for _, name := range []string{"postgres", "nobody"} {
		for line := range strings.Lines(string(passwd)) {
			fields := strings.Split(line, ":")
			if len(fields) < 4 || fields[0] != name {
				continue
			}
			uid, err := strconv.Atoi(fields[2])
			gid, err2 := strconv.Atoi(fields[3])
			if err := errors.Join(err, err2, os.Chown(dir, uid, gid)); err != nil {
				return err
			}
			cmd.Dir = dir
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
			return nil
		}
	}
	return errors.New("initdb does not run as root, and there is neither postgres nor nobody to run it as")
}
