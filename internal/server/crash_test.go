package server_test

import (
	"bufio"
	"bytes"
	"context"
	crand "crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/pratique/pratique/internal/api"
	"github.com/pratique/pratique/internal/api/client"
	"github.com/pratique/pratique/internal/image/imagetest"
	"github.com/pratique/pratique/internal/server"
)

// childEnv makes the test binary a server with the configuration it holds.
const childEnv = "PRATIQUE_TEST_SERVER"

func TestMain(m *testing.M) {
	if text := os.Getenv(childEnv); text != "" {
		if err := child(text); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func child(text string) error {
	var cfg server.Config
	if err := json.Unmarshal([]byte(text), &cfg); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	s, err := server.New(ctx, cfg, slog.New(slog.NewTextHandler(os.Stderr, nil)), "test")
	if err != nil {
		return err
	}
	_, password := s.FirstAdministrator()
	fmt.Println("serving", s.Addr(), password)
	return s.Run(ctx)
}

// process is a server in a process of its own.
type process struct {
	*env
	cmd *exec.Cmd
	log *bytes.Buffer
}

// spawn starts a process and waits until it serves.
func spawn(t testing.TB, cfg server.Config, password string) *process {
	t.Helper()
	text, err := json.Marshal(cfg)
	if err != nil {
		t.Fatal(err)
	}
	p := &process{env: &env{TB: t, cfg: cfg, password: password}, cmd: exec.Command(os.Args[0]), log: &bytes.Buffer{}}
	p.cmd.Env = append(os.Environ(), childEnv+"="+string(text))
	p.cmd.Stderr = p.log
	out, err := p.cmd.StdoutPipe()
	p.must(err)
	p.must(p.cmd.Start())
	t.Cleanup(func() {
		if p.cmd.ProcessState == nil {
			_ = p.cmd.Process.Kill()
			_ = p.cmd.Wait()
		}
		if t.Failed() {
			t.Logf("log of process %d:\n%s", p.cmd.Process.Pid, p.log)
		}
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	words := strings.Fields(line)
	if err != nil || len(words) < 2 || words[0] != "serving" {
		_ = p.cmd.Wait()
		t.Fatalf("the server does not start: %q %v\n%s", line, err, p.log)
	}
	p.url = "http://" + words[1]
	if len(words) == 3 {
		p.password = words[2]
	}
	p.control, err = client.New(client.Config{Data: cfg.Data})
	p.must(err)
	return p
}

// kill ends the process at once.
func (p *process) kill() {
	p.Helper()
	p.must(p.cmd.Process.Kill())
	_ = p.cmd.Wait() // "signal: killed"
}

// terminate asks the process to stop and checks that it does so in peace.
func (p *process) terminate() {
	p.Helper()
	p.must(p.cmd.Process.Signal(syscall.SIGTERM))
	p.exited()
}

func (p *process) exited() {
	p.Helper()
	if err := p.cmd.Wait(); err != nil {
		p.Errorf("the server stopped with %v\n%s", err, p.log)
	}
}

// accepted is what a server has acknowledged, by the path it is found at.
type accepted struct {
	mu      sync.Mutex
	content map[string][]byte
}

func (a *accepted) add(path string, content []byte) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.content[path] = content
}

// pushUntil pushes images, in one request per blob or in several, until the
// server does not answer any more, and records what it has acknowledged.
func (p *process) pushUntil(repository string, a *accepted) {
	put := func(path string, content []byte, contentType string) bool {
		res, err := p.try("PUT", path, content, "Content-Type: "+contentType)
		if err != nil || res.StatusCode != 201 {
			if err == nil {
				p.Errorf("PUT %s: %s %s", path, res.Status, res.body)
			}
			return false
		}
		return true
	}
	for n := 0; ; n++ {
		img := imageOf(p, fmt.Sprint(repository, " ", n))
		for digest, content := range img.Blobs {
			res, err := p.try("POST", "/v2/"+repository+"/blobs/uploads/", nil)
			if err != nil {
				return
			}
			location := res.Header.Get("Location")
			rest := content
			if half := len(content) / 2; n%2 == 0 {
				res, err := p.try("PATCH", location, content[:half], "Content-Type: application/octet-stream")
				if err != nil {
					return
				}
				location, rest = res.Header.Get("Location"), content[half:]
			}
			if !put(location+sep(location)+"digest="+digest, rest, "application/octet-stream") {
				return
			}
			a.add("/v2/"+repository+"/blobs/"+digest, content)
		}
		path := fmt.Sprintf("/v2/%s/manifests/%d", repository, n)
		if !put(path, img.Manifest, img.MediaType) {
			return
		}
		a.add(path, img.Manifest)
	}
}

// imageOf makes an image with a common layer and one of its own, which takes
// a moment to push and to scan.
func imageOf(t testing.TB, name string) *imagetest.Image {
	t.Helper()
	base := debian(t, "common")
	noise := make([]byte, 300<<10)
	crand.Read(noise) // never fails
	own := imagetest.Tar(t, "-- srv/noise content=noise --\n-- srv/name --\n"+name+"\n", map[string][]byte{"noise": noise})
	var layers []imagetest.RawLayer
	for _, l := range base.Layers {
		layers = append(layers, imagetest.RawLayer{Tar: l.Tar, Compression: "gzip"})
	}
	return imagetest.FromLayers(t, append(layers, imagetest.RawLayer{Tar: own, Compression: "gzip"})...)
}

// check reads everything that was acknowledged.
func (p *process) check(a *accepted) {
	p.Helper()
	for path, want := range a.content {
		got := p.do("GET", path, nil)
		if got.StatusCode != http.StatusOK || got.body != string(want) {
			p.Errorf("%s was acknowledged, and is %s with %d bytes, not %d", path, got.Status, len(got.body), len(want))
		}
	}
}

// Killed again and again, while it receives and scans, the server keeps what it
// has acknowledged, and brings every scan to its one end.
func TestKilled(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, cfg server.Config) {
		t.Parallel()
		const rounds, pushers = 5, 3
		importAdvisories(t, cfg.Data)
		p := spawn(t, cfg, "")
		p.namespace("team", api.NamespaceChange{AutoScan: ptr(true)})
		all := &accepted{content: map[string][]byte{}}
		for round := range rounds {
			var pushing sync.WaitGroup
			for n := range pushers {
				pushing.Go(func() { p.pushUntil(fmt.Sprintf("team/app-%d-%d", round, n), all) })
			}
			// Any moment will do; waiting for something would make them alike.
			time.Sleep(200*time.Millisecond + rand.N(600*time.Millisecond))
			p.kill()
			pushing.Wait()
			p = spawn(t, cfg, p.password)
			p.check(all)
		}
		scanned := 0
		for path := range all.content {
			name, tag, ok := strings.Cut(strings.TrimPrefix(path, "/v2/team/"), "/manifests/")
			if !ok {
				continue
			}
			if s := p.scanned("team", name, tag); s.State != "Success" {
				t.Errorf("%s:%s: %+v", name, tag, s)
			}
			artifact := "/api/v1/namespaces/team/repositories/" + name + "/artifacts/" + tag
			p.do("GET", artifact+"/report", nil).want(t, 200, "CVE-2026-0001")
			scans := decode[struct{ Items []api.Scan }](t, p.do("GET", artifact+"/scans", nil).want(t, 200).body)
			if len(scans.Items) != 1 {
				t.Errorf("%s was scanned %d times: %+v", artifact, len(scans.Items), scans.Items)
			}
			scanned++
		}
		t.Logf("%d blobs and manifests, %d scans", len(all.content), scanned)
		if scanned == 0 {
			t.Error("no image was pushed in time")
		}
		p.do("GET", "/metrics", nil).want(t, 200, `pratique_scans{state="pending"} 0`, `pratique_scans{state="running"} 0`)
		p.terminate()
	})
}

// slowUpload begins to send the body of an upload; the rest is sent by writing
// to w. done receives the answer, or is closed without one.
func (p *process) slowUpload(location string, size int) (w *io.PipeWriter, done chan answer) {
	p.Helper()
	r, w := io.Pipe()
	done = make(chan answer, 1)
	go func() {
		defer close(done)
		res, err := p.try("PATCH", location, r, "Content-Type: application/octet-stream", fmt.Sprint("Content-Range: 0-", size-1))
		if err == nil {
			done <- res
		}
	}()
	return w, done
}

// arrived waits until the server has received so much of an upload.
func (p *process) arrived(location string, size int) {
	p.Helper()
	deadline := time.Now().Add(30 * time.Second)
	want := fmt.Sprint("0-", size-1)
	for {
		a := p.do("GET", location, nil)
		if a.Header.Get("Range") == want {
			return
		}
		if time.Now().After(deadline) {
			p.Fatalf("the upload is at %q, not %q", a.Header.Get("Range"), want)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// Asked to stop, the server lets uploads under way end; what is cut off when
// its patience ends can be continued after the next start.
func TestTerminated(t *testing.T) {
	t.Parallel()
	cfg := config(t)
	cfg.Grace = 2 * time.Second
	p := spawn(t, cfg, "")
	p.namespace("team", api.NamespaceChange{})
	content := make([]byte, 1<<20)
	crand.Read(content) // never fails
	half := len(content) / 2
	digest := imagetest.FromLayers(t, imagetest.RawLayer{Tar: content, Compression: "plain"}).Layers[0].Digest
	begin := func() (string, *io.PipeWriter, chan answer) {
		t.Helper()
		location := p.do("POST", "/v2/team/app/blobs/uploads/", nil).want(t, 202).Header.Get("Location")
		w, done := p.slowUpload(location, len(content))
		_, err := w.Write(content[:half])
		p.must(err)
		p.arrived(location, half)
		return location, w, done
	}
	finished, w1, done1 := begin()
	stalled, w2, done2 := begin()
	defer w2.Close()
	p.must(p.cmd.Process.Signal(syscall.SIGTERM))
	_, err := w1.Write(content[half:])
	p.must(err)
	p.must(w1.Close())
	if a, ok := <-done1; !ok || a.StatusCode != 202 {
		t.Errorf("an upload that went on while the server stopped: %v %v", a.Response, a.body)
	}
	p.exited()
	w2.CloseWithError(io.ErrUnexpectedEOF)
	if a, ok := <-done2; ok && a.StatusCode < 400 {
		t.Errorf("an upload that was cut off was accepted: %s", a.Status)
	}
	if _, err := p.try("GET", "/healthz", nil); err == nil {
		t.Error("somebody still listens")
	}

	p = spawn(t, cfg, p.password)
	p.do("GET", finished, nil).want(t, 204).header(t, "Range", fmt.Sprint("0-", len(content)-1))
	p.do("PUT", finished+sep(finished)+"digest="+digest, nil).want(t, 201)
	at := p.do("GET", stalled, nil).want(t, 204).Header.Get("Range")
	if at != fmt.Sprint("0-", half-1) {
		t.Errorf("the upload that was cut off is at %q", at)
	}
	p.do("PATCH", stalled, content[half:], "Content-Type: application/octet-stream", fmt.Sprintf("Content-Range: %d-%d", half, len(content)-1)).want(t, 202)
	p.do("PUT", stalled+sep(stalled)+"digest="+digest, nil).want(t, 201)
	if got := p.do("GET", "/v2/team/app/blobs/"+digest, nil).want(t, 200).body; got != string(content) {
		t.Error("the blob is not what was sent")
	}
	p.terminate()
}
