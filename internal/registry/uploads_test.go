package registry_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pratique/pratique/internal/blob"
	"github.com/pratique/pratique/internal/registry"
)

// start begins an upload and returns where it is continued.
func (e *env) start(repository string) (location string) {
	e.Helper()
	r := e.do("POST", "/v2/"+repository+"/blobs/uploads/", nil).want(e, 202).header(e, "Range", "0-0")
	location = r.Header.Get("Location")
	if !strings.HasPrefix(location, "/v2/"+repository+"/blobs/uploads/") || !strings.HasSuffix(location, r.Header.Get("Docker-Upload-Uuid")) {
		e.Errorf("Location %q", location)
	}
	return location
}

// checkStored checks that a blob came to be.
func (e *env) checkStored(repository string, content []byte, digest string) {
	e.Helper()
	r := e.do("GET", "/v2/"+repository+"/blobs/"+digest, nil).want(e, 200).header(e, "Docker-Content-Digest", digest).
		header(e, "Content-Length", fmt.Sprint(len(content)))
	if !bytes.Equal(r.body, content) {
		e.Errorf("the blob has %d bytes, or others than the %d pushed", len(r.body), len(content))
	}
}

// unsized hides the length of a body, so that it is sent in HTTP's chunks.
type unsized struct{ io.Reader }

func TestUploadForms(t *testing.T) {
	e := newEnv(t)
	n := 0
	content := func() []byte {
		n++
		return bytes.Repeat(fmt.Appendf(nil, "content %d ", n), 20_000)
	}
	for _, digestOf := range []func([]byte) string{sha256Of, sha512Of} {
		cases := []struct {
			name string
			push func(content []byte, digest string) response
		}{
			{"in the POST", func(c []byte, d string) response { return e.do("POST", "/v2/team/app/blobs/uploads/?digest="+d, c) }},
			{"in the POST, streamed", func(c []byte, d string) response {
				return e.do("POST", "/v2/team/app/blobs/uploads/?digest="+d, unsized{bytes.NewReader(c)})
			}},
			{"in the PUT", func(c []byte, d string) response { return e.do("PUT", e.start("team/app")+"?digest="+d, c) }},
			{"in one PATCH", func(c []byte, d string) response {
				at := e.start("team/app")
				e.do("PATCH", at, unsized{bytes.NewReader(c)}).want(t, 202).header(t, "Range", fmt.Sprintf("0-%d", len(c)-1))
				return e.do("PUT", at+"?digest="+d, nil)
			}},
			{"in chunks", func(c []byte, d string) response {
				at := e.start("team/app")
				for i := 0; i < len(c); i += 70_000 {
					end := min(i+70_000, len(c))
					at = e.do("PATCH", at, c[i:end], fmt.Sprintf("Content-Range: %d-%d", i, end-1)).want(t, 202).
						header(t, "Range", fmt.Sprintf("0-%d", end-1)).Header.Get("Location")
				}
				return e.do("PUT", at+"?digest="+d, nil)
			}},
			{"the last chunk in the PUT", func(c []byte, d string) response {
				at := e.start("team/app")
				e.do("PATCH", at, c[:1000]).want(t, 202)
				return e.do("PUT", at+"?digest="+d, c[1000:], fmt.Sprintf("Content-Range: 1000-%d", len(c)-1))
			}},
			{"with the algorithm announced", func(c []byte, d string) response {
				alg, _, _ := strings.Cut(d, ":")
				at := e.do("POST", "/v2/team/app/blobs/uploads/?digest-algorithm="+alg, nil).want(t, 202).Header.Get("Location")
				return e.do("PUT", at+"?digest="+d, c)
			}},
			{"without a slash at the end", func(c []byte, d string) response { return e.do("POST", "/v2/team/app/blobs/uploads?digest="+d, c) }},
		}
		for _, c := range cases {
			want := content()
			digest := digestOf(want)
			c.push(want, digest).want(t, 201).header(t, "Location", "/v2/team/app/blobs/"+digest).header(t, "Docker-Content-Digest", digest)
			e.checkStored("team/app", want, digest)
		}
	}
	e.do("POST", "/v2/team/app/blobs/uploads/?digest="+sha256Of(nil), nil).want(t, 201)
	e.checkStored("team/app", nil, sha256Of(nil))
	e.checkNoUploads()
}

func (e *env) checkNoUploads() {
	e.Helper()
	if n, err := e.blobs.Uploads(e.Context()); n != 0 || err != nil {
		e.Errorf("%d uploads are left, %v", n, err)
	}
}

func TestUploadDisorder(t *testing.T) {
	e := newEnv(t)
	content := []byte("0123456789")
	at := e.start("team/app")
	e.do("PATCH", at, content[:4], "Content-Range: 0-3").want(t, 202)
	for _, c := range []struct {
		method, header string
		body           []byte
	}{
		{"PATCH", "5-8", content[5:9]},
		{"PATCH", "0-3", content[:4]},
		{"PATCH", "3-4", content[3:5]},
		{"PUT", "5-9", content[5:]},
	} {
		target := at
		if c.method == "PUT" {
			target += "?digest=" + sha256Of(content)
		}
		e.do(c.method, target, c.body, "Content-Range: "+c.header).want(t, 416, "BLOB_UPLOAD_INVALID").header(t, "Range", "0-3").header(t, "Location", at)
	}
	for header, code := range map[string]string{
		"4-3": "BLOB_UPLOAD_INVALID", "x": "BLOB_UPLOAD_INVALID", "4-": "BLOB_UPLOAD_INVALID", "4-9": "SIZE_INVALID", "4-4": "SIZE_INVALID",
	} {
		e.do("PATCH", at, content[4:8], "Content-Range: "+header).want(t, 400, code)
	}
	e.do("GET", at, nil).want(t, 204).header(t, "Range", "0-3").header(t, "Location", at)
	e.do("PATCH", at, content[4:], "Content-Range: 4-9").want(t, 202).header(t, "Range", "0-9")
	e.do("PUT", at+"?digest="+sha256Of(content), nil).want(t, 201)
	e.checkStored("team/app", content, sha256Of(content))
}

func TestUploadRefused(t *testing.T) {
	e := newEnv(t)
	content := []byte("content")
	digest, wrong := sha256Of(content), sha256Of([]byte("other"))

	e.do("POST", "/v2/team/app/blobs/uploads/?digest="+wrong, content).want(t, 400, "DIGEST_INVALID")
	at := e.start("team/app")
	e.do("PUT", at+"?digest="+wrong, content).want(t, 400, "DIGEST_INVALID")
	e.do("GET", at, nil).want(t, 404, "BLOB_UPLOAD_UNKNOWN")
	e.do("HEAD", "/v2/team/app/blobs/"+wrong, nil).want(t, 404)
	e.do("HEAD", "/v2/team/app/blobs/"+digest, nil).want(t, 404)

	for _, d := range []string{"", "x", "sha256:x", "md5:d41d8cd98f00b204e9800998ecf8427e"} {
		at := e.start("team/app")
		e.do("PUT", at+"?digest="+d, content).want(t, 400, "DIGEST_INVALID")
		e.do("DELETE", at, nil).want(t, 204)
	}
	e.do("POST", "/v2/team/app/blobs/uploads/?digest=sha256:x", content).want(t, 400, "DIGEST_INVALID")

	// Somebody else's upload, ids that never were.
	at = e.start("team/app")
	for _, path := range []string{
		strings.Replace(at, "/team/app/", "/other/app/", 1), at + "x", at[:len(at)-1], "/v2/team/app/blobs/uploads/x",
		"/v2/team/app/blobs/uploads/" + strings.Repeat("a", 42), "/v2/team/app/blobs/uploads/%2e%2e%2fblobs", "/v2/team/app/blobs/uploads/" + strings.Repeat("a", 5000),
	} {
		for _, method := range []string{"GET", "PATCH", "PUT", "DELETE"} {
			r := e.do(method, path+"?digest="+digest, content)
			if r.StatusCode != 404 {
				t.Errorf("%s %.80s: %d", method, path, r.StatusCode)
			}
		}
	}
	e.do("DELETE", at, nil).want(t, 204)
	e.do("DELETE", at, nil).want(t, 404, "BLOB_UPLOAD_UNKNOWN")
	e.checkNoUploads()

	r := e.do("POST", "/v2/nothing/app/blobs/uploads/", nil).want(t, 404, "NAME_UNKNOWN")
	if !strings.Contains(r.message(), "pratique admin namespace create nothing") {
		t.Errorf("the message does not say what to do: %s", r.message())
	}
}

func TestUploadLimits(t *testing.T) {
	e := newEnv(t, func(c *registry.Config) {
		c.Limits = registry.Limits{Blob: 1000, Uploads: 2}
	})
	big := make([]byte, 1001)
	e.do("POST", "/v2/team/app/blobs/uploads/?digest="+sha256Of(big), big).want(t, 413, "SIZE_INVALID")
	at := e.start("team/app")
	e.do("PATCH", at, big[:600]).want(t, 202)
	e.do("PATCH", at, unsized{bytes.NewReader(big[:401])}).want(t, 413, "SIZE_INVALID")
	e.do("GET", at, nil).want(t, 404, "BLOB_UPLOAD_UNKNOWN")
	e.do("POST", "/v2/team/app/blobs/uploads/?digest="+sha256Of(big[:1000]), big[:1000]).want(t, 201)

	e.start("team/app")
	e.start("team/app")
	r := e.do("POST", "/v2/team/app/blobs/uploads/", nil).want(t, 429, "TOOMANYREQUESTS")
	if r.Header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
}

// TestUploadAfterRestart continues an upload in a new process.
func TestUploadAfterRestart(t *testing.T) {
	e := newEnv(t)
	content := bytes.Repeat([]byte("0123456789"), 100_000)
	at := e.start("team/app")
	e.do("PATCH", at, content[:600_000]).want(t, 202)

	e.must(e.blobs.Close())
	var err error
	e.blobs, err = blob.Open(e.dir + "/blobs")
	e.must(err)
	later := newEnv(t, func(c *registry.Config) { c.Store, c.Blobs = e.store, e.blobs })
	later.instance, later.store = e.instance, e.store
	later.do("GET", at, nil).want(t, 204).header(t, "Range", "0-599999")
	later.do("PUT", at+"?digest="+sha256Of(content), content[600_000:], "Content-Range: 600000-999999").want(t, 201)
	later.checkStored("team/app", content, sha256Of(content))
}

// TestUploadBreaksOff: the connection ends in the middle. What arrived stays,
// and the client continues from there.
func TestUploadBreaksOff(t *testing.T) {
	e := newEnv(t)
	content := bytes.Repeat([]byte("0123456789"), 10_000)
	at := e.start("team/app")
	conn := e.dial()
	fmt.Fprintf(conn, "PATCH %s HTTP/1.1\r\nHost: x\r\nTest-Actor: admin\r\nContent-Length: %d\r\n\r\n", at, len(content))
	conn.Write(content[:50_000])
	e.must(conn.(*net.TCPConn).CloseWrite())
	status := make([]byte, 12)
	_, err := io.ReadFull(conn, status)
	e.must(err)
	if string(status) != "HTTP/1.1 400" {
		t.Errorf("%q", status)
	}
	conn.Close()
	e.do("GET", at, nil).want(t, 204).header(t, "Range", "0-49999")
	e.do("PATCH", at, content[50_000:], "Content-Range: 50000-99999").want(t, 202)
	e.do("PUT", at+"?digest="+sha256Of(content), nil).want(t, 201)
}

func (e *env) dial() net.Conn {
	e.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(e.server.URL, "http://"))
	e.must(err)
	e.Cleanup(func() { conn.Close() })
	return conn
}

// TestIdleClients: who sends nothing for too long is cut off, and the place is
// free for another.
func TestIdleClients(t *testing.T) {
	t.Parallel()
	e := newEnv(t, func(c *registry.Config) { c.Limits = registry.Limits{Idle: time.Second, Streams: 1} })
	for _, path := range []string{e.start("team/app"), "/v2/team/app/blobs/" + sha256Of(nil)} {
		conn := e.dial()
		fmt.Fprintf(conn, "PATCH %s HTTP/1.1\r\nHost: x\r\nTest-Actor: admin\r\nContent-Length: 100\r\n\r\n1234567890", path)
		// Returns when the server has had enough, or the test runs into its limit.
		if _, err := io.ReadAll(conn); err != nil && !errors.Is(err, net.ErrClosed) && !strings.Contains(err.Error(), "reset") {
			t.Error(err)
		}
	}
	e.do("POST", "/v2/team/app/blobs/uploads/?digest="+sha256Of([]byte("x")), "x").want(t, 201)
}

// TestTooManyStreams: the registry says that it is busy rather than taking more
// than it can.
func TestTooManyStreams(t *testing.T) {
	e := newEnv(t, func(c *registry.Config) { c.Limits = registry.Limits{Streams: 1} })
	at := e.start("team/app")
	conn := e.dial()
	fmt.Fprintf(conn, "PATCH %s HTTP/1.1\r\nHost: x\r\nTest-Actor: admin\r\nContent-Length: 2\r\n\r\n1", at)
	// The first byte is on disk: the stream has its place.
	for e.do("GET", at, nil).want(t, 204); ; {
		if n, err := e.blobs.UploadSize(t.Context(), at[strings.LastIndexByte(at, '/')+1:]); n == 1 || err != nil {
			break
		}
	}
	e.do("POST", "/v2/team/app/blobs/uploads/?digest="+sha256Of([]byte("x")), "x").want(t, 429, "TOOMANYREQUESTS")
	e.do("PATCH", at, "3").want(t, 429, "TOOMANYREQUESTS")
	e.do("DELETE", at, nil).want(t, 429, "TOOMANYREQUESTS")
	e.do("PUT", "/v2/team/app/manifests/1", "{}").want(t, 429)
	e.do("GET", "/v2/team/app/blobs/"+sha256Of(nil), nil).want(t, 404)
	conn.Write([]byte("2"))
	status := make([]byte, 12)
	_, err := io.ReadFull(conn, status)
	e.must(err)
	e.do("PUT", at+"?digest="+sha256Of([]byte("12")), nil).want(t, 201)
}

func TestBlobRangesAndHead(t *testing.T) {
	e := newEnv(t)
	content := []byte("0123456789")
	digest := e.pushBlob("team/app", content)
	path := "/v2/team/app/blobs/" + digest
	for _, c := range []struct {
		header string
		status int
		want   string
	}{
		{"bytes=2-4", 206, "234"}, {"bytes=7-", 206, "789"}, {"bytes=-3", 206, "789"}, {"bytes=8-100", 206, "89"}, {"bytes=0-0", 206, "0"},
		{"bytes=10-", 416, ""}, {"bytes=5-2", 416, ""}, {"bytes=x", 416, ""}, {"bytes=99999999999999999999-", 416, ""}, {"lines=1-2", 416, ""},
	} {
		r := e.do("GET", path, nil, "Range: "+c.header).want(t, c.status)
		if c.status == 206 && string(r.body) != c.want {
			t.Errorf("%s: %q", c.header, r.body)
		}
	}
	for _, headers := range [][]string{nil, {"Range: bytes=2-4"}} {
		r := e.do("HEAD", path, nil, headers...)
		if r.StatusCode/100 != 2 || len(r.body) != 0 || r.Header.Get("Docker-Content-Digest") != digest {
			t.Errorf("HEAD: %v", r.Response)
		}
	}
	e.do("HEAD", path, nil).header(t, "Content-Length", "10").header(t, "Accept-Ranges", "bytes").
		header(t, "X-Content-Type-Options", "nosniff").header(t, "Content-Type", "application/octet-stream")
	e.do("GET", path, nil, `If-None-Match: "`+digest+`"`).want(t, 304)
	e.do("GET", "/v2/team/app/blobs/"+sha256Of(nil), nil).want(t, 404, "BLOB_UNKNOWN")
	e.do("GET", "/v2/team/nothing/blobs/"+digest, nil).want(t, 404, "BLOB_UNKNOWN")
	e.do("GET", "/v2/other/app/blobs/"+digest, nil).want(t, 404, "BLOB_UNKNOWN")
	e.do("PUT", path, content).want(t, 405, "UNSUPPORTED").header(t, "Allow", "DELETE, GET, HEAD")
}

func TestDeleteBlob(t *testing.T) {
	e := newEnv(t)
	img := e.pushImage("team/app", "one", "1")
	loose := e.pushBlob("team/app", []byte("loose"))
	e.do("DELETE", "/v2/team/app/blobs/"+img.layer.Digest, nil).want(t, http.StatusConflict, "DENIED")
	e.do("GET", "/v2/team/app/blobs/"+img.layer.Digest, nil).want(t, 200)
	e.do("DELETE", "/v2/team/app/blobs/"+loose, nil).want(t, 202)
	e.do("GET", "/v2/team/app/blobs/"+loose, nil).want(t, 404, "BLOB_UNKNOWN")
	e.do("DELETE", "/v2/team/app/blobs/"+loose, nil).want(t, 404, "BLOB_UNKNOWN")
	e.do("DELETE", "/v2/team/app/manifests/"+img.digest, nil).want(t, 202)
	e.do("DELETE", "/v2/team/app/blobs/"+img.layer.Digest, nil).want(t, 202)
}

// TestContentLost: the database knows the blob, the disk has lost it.
func TestContentLost(t *testing.T) {
	e := newEnv(t)
	digest := e.pushBlob("team/app", []byte("content"))
	e.must(e.blobs.Delete(t.Context(), digest))
	e.do("GET", "/v2/team/app/blobs/"+digest, nil).want(t, 404, "BLOB_UNKNOWN")
	e.do("HEAD", "/v2/team/app/blobs/"+digest, nil).want(t, 404)
	// Clients therefore push it again.
	e.pushBlob("team/app", []byte("content"))
	e.checkStored("team/app", []byte("content"), digest)
}
