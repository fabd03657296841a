package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// registry is a running program that speaks the OCI distribution protocol.
type registry struct {
	name    string
	address string
	// user and password, if any, are those of somebody who may push.
	user, password string
	process        *exec.Cmd
}

// start runs a command and waits until it answers. Its output goes to a file
// in dir, which the error repeats.
func start(name, dir, address string, command ...string) (*registry, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	r := &registry{name: name, address: address, process: exec.Command(command[0], command[1:]...)}
	r.process.Stdout, r.process.Stderr = log, log
	r.process.Env = append(os.Environ(), "OTEL_TRACES_EXPORTER=none")
	if err := r.process.Start(); err != nil {
		return nil, err
	}
	for range 200 {
		if res, err := http.Get("http://" + address + "/v2/"); err == nil {
			res.Body.Close()
			return r, nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	said, _ := os.ReadFile(log.Name())
	return nil, errors.Join(fmt.Errorf("%s does not answer: %s", name, said), r.stop())
}

func (r *registry) stop() error {
	if err := r.process.Process.Signal(os.Interrupt); err != nil {
		return err
	}
	_ = r.process.Wait() // killed by a signal is what it shall be
	return nil
}

// freeAddress returns an address of the loopback interface nobody listens at.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// token returns what pull clients of a registry send: a bearer token for verbs
// in a repository, anonymous for pulls alone; none where none is asked for.
func (r *registry) token(repository, verbs string) (string, error) {
	if r.user == "" {
		return "", nil
	}
	q := url.Values{"service": {r.address}, "scope": {"repository:" + repository + ":" + verbs}}
	req, err := http.NewRequest("GET", "http://"+r.address+"/v2/token?"+q.Encode(), nil)
	if err != nil {
		return "", err
	}
	if verbs != "pull" {
		req.SetBasicAuth(r.user, r.password)
	}
	var answer struct{ Token string }
	body, _, err := send(req, http.StatusOK)
	if err == nil {
		err = json.Unmarshal(body, &answer)
	}
	return answer.Token, err
}

// send sends a request, which must be answered by a status, and reads the
// answer.
func send(req *http.Request, status int) ([]byte, http.Header, error) {
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err == nil && res.StatusCode != status {
		err = fmt.Errorf("%s %s: %s: %.300s", req.Method, req.URL, res.Status, body)
	}
	return body, res.Header, err
}

// pusher pushes to one repository.
type pusher struct {
	*registry
	repository, token string
}

func (r *registry) pusher(repository string) (*pusher, error) {
	token, err := r.token(repository, "pull,push")
	return &pusher{r, repository, token}, err
}

func (p *pusher) do(method, address string, content []byte, status int, headers ...string) (location string, err error) {
	if strings.HasPrefix(address, "/") {
		address = "http://" + p.address + address
	}
	req, err := http.NewRequest(method, address, bytes.NewReader(content))
	if err != nil {
		return "", err
	}
	if p.token != "" {
		req.Header.Set("Authorization", "Bearer "+p.token)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	_, h, err := send(req, status)
	return h.Get("Location"), err
}

// blob pushes a blob in chunks of a size, or at once if that is 0.
func (p *pusher) blob(content []byte, digest string, chunk int) error {
	location, err := p.do("POST", "/v2/"+p.repository+"/blobs/uploads/", nil, http.StatusAccepted)
	if err != nil {
		return err
	}
	for at := 0; chunk > 0 && at < len(content); at += chunk {
		end := min(at+chunk, len(content))
		location, err = p.do("PATCH", location, content[at:end], http.StatusAccepted,
			"Content-Type", "application/octet-stream", "Content-Range", fmt.Sprintf("%d-%d", at, end-1))
		if err != nil {
			return err
		}
	}
	if chunk > 0 {
		content = nil
	}
	sep := "?"
	if strings.Contains(location, "?") {
		sep = "&"
	}
	_, err = p.do("PUT", location+sep+"digest="+url.QueryEscape(digest), content, http.StatusCreated, "Content-Type", "application/octet-stream")
	return err
}

func (p *pusher) manifest(m any, tag string) (digest string, err error) {
	raw, err := json.Marshal(m)
	if err != nil {
		return "", err
	}
	_, err = p.do("PUT", "/v2/"+p.repository+"/manifests/"+tag, raw, http.StatusCreated, "Content-Type", mediaManifest)
	return digestOf(raw), err
}

func digestOf(content []byte) string {
	sum := sha256.Sum256(content)
	return "sha256:" + hex.EncodeToString(sum[:])
}
