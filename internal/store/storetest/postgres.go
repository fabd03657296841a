package storetest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/pratique/pratique/internal/store"
)

// PostgreSQLDSN makes a database, empty but for the store's tables, and returns
// its address, or skips the test if there is no PostgreSQL.
func PostgreSQLDSN(t testing.TB) string {
	t.Helper()
	c, err := server()
	if errors.Is(err, errMissing) && os.Getenv("PRATIQUE_REQUIRE_ALL") != "1" {
		t.Skipf("PostgreSQL is not tested: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := c.template(); err != nil {
		t.Fatalf("make the tables of the test's PostgreSQL: %v", err)
	}
	name := fmt.Sprintf("test_%d", c.databases.Add(1))
	admin(t, c, `CREATE DATABASE `+name+` TEMPLATE template_store STRATEGY FILE_COPY`)
	t.Cleanup(func() { admin(t, c, `DROP DATABASE `+name+` WITH (FORCE)`) })
	return c.dsn(name)
}

func admin(t testing.TB, c *cluster, statement string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, c.dsn("postgres"))
	if err != nil {
		t.Fatalf("connect to the test's PostgreSQL: %v", err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// cluster is a running PostgreSQL.
type cluster struct {
	dir       string // holds the socket
	databases atomic.Int64
	// alive is the write end of the pipe whose closing, by the kernel if need
	// be, ends the cluster.
	alive *os.File

	once        sync.Once
	templateErr error
}

// template makes, at the first call, the database that all others are copies
// of: its tables are there already, which saves each test the time to make
// them.
func (c *cluster) template() error {
	c.once.Do(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		conn, err := pgx.Connect(ctx, c.dsn("postgres"))
		if err != nil {
			c.templateErr = err
			return
		}
		defer conn.Close(ctx)
		if _, err = conn.Exec(ctx, `CREATE DATABASE template_store`); err == nil {
			var s *store.Store
			if s, err = store.Open(ctx, store.Config{DSN: c.dsn("template_store")}); err == nil {
				err = s.Close()
			}
		}
		c.templateErr = err
	})
	return c.templateErr
}

func (c *cluster) dsn(database string) string {
	q := url.Values{"host": {c.dir}, "user": {"test"}, "sslmode": {"disable"}}
	return "postgres:///" + database + "?" + q.Encode()
}

// server starts PostgreSQL at the first call.
var server = sync.OnceValues(start)

var errMissing = errors.New("initdb and postgres are neither in PATH nor in /usr/lib/postgresql/*/bin")

// supervise runs postgres until its standard input ends, and then removes all
// that it has written. So nothing stays behind, even if the test is killed.
const supervise = `
"$1/postgres" -D "$2/data" -c listen_addresses= -c unix_socket_directories="$2" \
	-c fsync=off -c synchronous_commit=off -c full_page_writes=off \
	-c max_connections=300 -c shared_buffers=64MB >"$2/log" 2>&1 </dev/null &
pid=$!
cat >/dev/null
kill -QUIT $pid
wait $pid
rm -rf "$2"
`

func start() (*cluster, error) {
	bin, err := programs()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "pratique-pg-")
	if err != nil {
		return nil, err
	}
	as, err := unprivileged(dir)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	initdb := command(as, dir, filepath.Join(bin, "initdb"), "--pgdata", filepath.Join(dir, "data"), "--username", "test",
		"--auth", "trust", "--encoding", "UTF8", "--no-locale", "--no-sync")
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, errors.Join(fmt.Errorf("initdb: %w: %s", err, out), os.RemoveAll(dir))
	}
	stdin, alive, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	defer stdin.Close()
	cmd := command(as, dir, "/bin/sh", "-c", supervise, "sh", bin, dir)
	cmd.Stdin = stdin
	// A group of its own, so that ^C reaches the test only.
	cmd.SysProcAttr.Setpgid = true
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("start postgres: %w", err), os.RemoveAll(dir))
	}
	c := &cluster{dir: dir, alive: alive}
	if err := c.ready(); err != nil {
		log, _ := os.ReadFile(filepath.Join(dir, "log"))
		alive.Close()
		return nil, errors.Join(fmt.Errorf("postgres does not start: %w: %s", err, log), cmd.Wait())
	}
	return c, nil
}

// ready waits until the server accepts connections.
func (c *cluster) ready() error {
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	for {
		conn, err := pgx.Connect(ctx, c.dsn("postgres"))
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// programs returns the directory of initdb and postgres.
func programs() (string, error) {
	candidates, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	if path, err := exec.LookPath("initdb"); err == nil {
		if real, err := filepath.EvalSymlinks(path); err == nil {
			candidates = append(candidates, filepath.Dir(real))
		}
	}
	for i := len(candidates) - 1; i >= 0; i-- {
		_, err1 := os.Stat(filepath.Join(candidates[i], "initdb"))
		_, err2 := os.Stat(filepath.Join(candidates[i], "postgres"))
		if err1 == nil && err2 == nil {
			return candidates[i], nil
		}
	}
	return "", errMissing
}

// unprivileged returns whom to run PostgreSQL as, which refuses to be root, and
// gives dir to them. It returns nil if this process is not root.
func unprivileged(dir string) (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		if err := errors.Join(err1, err2); err != nil {
			return nil, err
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, os.Chown(dir, int(uid), int(gid))
	}
	return nil, errors.New("root cannot run PostgreSQL, and there is neither a user postgres nor a user nobody")
}

func command(as *syscall.Credential, dir, name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: as}
	cmd.Env = []string{"PATH=/usr/bin:/bin", "LC_ALL=C", "TZ=UTC"}
	for _, v := range os.Environ() {
		if strings.HasPrefix(v, "LD_LIBRARY_PATH=") {
			cmd.Env = append(cmd.Env, v)
		}
	}
	return cmd
}
