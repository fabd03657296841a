package registry

import (
	"io"
	"net/http"
	"time"

	"github.com/pratique/pratique/internal/catalog"
)

// body is a request's body as handlers read it: a client that sends nothing for
// longer than idle, or more than limit bytes, is cut off. There is no limit on
// the whole time, so slow clients come to their end.
type body struct {
	body    io.Reader
	control *http.ResponseController
	idle    time.Duration
	left    int64
	tooMuch error
}

// newBody returns the request's body, bounded by limit bytes; tooMuch is the
// error beyond it.
func (reg *Registry) newBody(req *request, limit int64, tooMuch error) *body {
	return &body{
		body:    req.r.Body,
		control: http.NewResponseController(req.w),
		idle:    reg.Limits.Idle,
		left:    limit,
		tooMuch: tooMuch,
	}
}

// Read returns io.EOF, the error given to newBody, or one of kind Invalid,
// "body_incomplete". Deadlines that the connection does not support are left
// out.
func (b *body) Read(p []byte) (int, error) {
	_ = b.control.SetReadDeadline(time.Now().Add(b.idle))
	n, err := b.body.Read(p)
	b.left -= int64(n)
	switch {
	case b.left < 0:
		err = b.tooMuch
	case err != nil && err != io.EOF:
		err = &catalog.Error{
			Kind: catalog.Invalid, Code: "body_incomplete", Err: err,
			Message: "the request's body broke off",
			Advice:  "ask for the upload's status and continue from there",
		}
	}
	if err == io.EOF {
		// What the server does next takes its time.
		_ = b.control.SetReadDeadline(time.Time{})
	}
	return n, err
}

// pacedWriter is a response to a client that may take long for it, but has to
// take something of it every so often.
type pacedWriter struct {
	http.ResponseWriter
	control *http.ResponseController
	idle    time.Duration
}

// pace is how many bytes a client has to take within the idle time.
const pace = 1 << 20

func (reg *Registry) newPacedWriter(w http.ResponseWriter) *pacedWriter {
	return &pacedWriter{ResponseWriter: w, control: http.NewResponseController(w), idle: reg.Limits.Idle}
}

// done takes the deadline away, which would otherwise hit the next response on
// the same connection.
func (w *pacedWriter) done() { _ = w.control.SetWriteDeadline(time.Time{}) }

func (w *pacedWriter) Write(p []byte) (int, error) {
	_ = w.control.SetWriteDeadline(time.Now().Add(w.idle))
	return w.ResponseWriter.Write(p)
}

// ReadFrom hands pieces of src to the response below. If that is a connection
// and src a file, the kernel copies.
func (w *pacedWriter) ReadFrom(src io.Reader) (total int64, err error) {
	limited, ok := src.(*io.LimitedReader)
	if !ok {
		limited = &io.LimitedReader{R: src, N: 1<<63 - 1}
	}
	for limited.N > 0 {
		_ = w.control.SetWriteDeadline(time.Now().Add(w.idle))
		want := min(pace, limited.N)
		// Not a LimitedReader of limited: the kernel can copy only if there is a
		// file right below the first one.
		n, err := io.Copy(w.ResponseWriter, &io.LimitedReader{R: limited.R, N: want})
		total += n
		limited.N -= n
		if err != nil || n < want {
			return total, err
		}
	}
	return total, nil
}

// Unwrap lets http.ResponseController reach the connection.
func (w *pacedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
