// Command floor measures the least that reading an image can cost: inflating,
// untarring and hashing its layers on all processors, and nothing else. It is
// what the time of a scan is compared with, and is written as directly as
// possible on purpose; it shares no code with the scanner.
//
// Usage: floor DIR, where DIR is an OCI image layout. It prints one line of
// words and numbers: layers, uncompressed bytes, entries, wall time in
// milliseconds, peak resident memory in KiB.
package main

import (
	"archive/tar"
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/klauspost/compress/gzip"
)

type descriptor struct {
	Digest string `json:"digest"`
	Size   int64  `json:"size"`
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: floor DIR")
		os.Exit(1)
	}
	start := time.Now()
	layers, files, size, err := run(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, "floor:", err)
		os.Exit(1)
	}
	var usage syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	fmt.Printf("layers %d bytes %d entries %d milliseconds %d peak_kib %d\n",
		layers, size, files, time.Since(start).Milliseconds(), usage.Maxrss)
}

// run reads all layers, the largest first, and counts.
func run(dir string) (layers int, files, size int64, err error) {
	var index struct {
		Manifests []descriptor `json:"manifests"`
	}
	if err := readJSON(filepath.Join(dir, "index.json"), &index); err != nil {
		return 0, 0, 0, err
	}
	if len(index.Manifests) == 0 {
		return 0, 0, 0, fmt.Errorf("%s holds no image", dir)
	}
	var manifest struct {
		Layers []descriptor `json:"layers"`
	}
	if err := readJSON(blob(dir, index.Manifests[0].Digest), &manifest); err != nil {
		return 0, 0, 0, err
	}
	slices.SortFunc(manifest.Layers, func(a, b descriptor) int { return int(b.Size - a.Size) })

	var next, fileCount, byteCount atomic.Int64
	var failed atomic.Pointer[error]
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for n := next.Add(1) - 1; n < int64(len(manifest.Layers)); n = next.Add(1) - 1 {
				files, size, err := layer(dir, manifest.Layers[n].Digest)
				fileCount.Add(files)
				byteCount.Add(size)
				if err != nil {
					failed.Store(&err)
				}
			}
		})
	}
	workers.Wait()
	if e := failed.Load(); e != nil {
		return 0, 0, 0, *e
	}
	return len(manifest.Layers), fileCount.Load(), byteCount.Load(), nil
}

// layer inflates in one goroutine and hashes and untars in another.
func layer(dir, digest string) (files, size int64, err error) {
	f, err := os.Open(blob(dir, digest))
	if err != nil {
		return 0, 0, err
	}
	defer f.Close()
	stored, inflated := sha256.New(), sha256.New()
	z, err := gzip.NewReader(bufio.NewReaderSize(io.TeeReader(f, stored), 128<<10))
	if err != nil {
		return 0, 0, err
	}
	pr, pw := io.Pipe()
	go func() {
		_, err := io.CopyBuffer(pw, struct{ io.Reader }{z}, make([]byte, 256<<10))
		pw.CloseWithError(err)
	}()
	ahead := bufio.NewReaderSize(pr, 256<<10)
	counted := &counter{r: io.TeeReader(ahead, inflated)}
	tr := tar.NewReader(counted)
	for {
		_, err := tr.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return 0, 0, err
		}
		files++
	}
	if _, err := io.Copy(io.Discard, counted); err != nil {
		return 0, 0, err
	}
	if got := "sha256:" + hex.EncodeToString(stored.Sum(nil)); got != digest {
		return 0, 0, fmt.Errorf("%s has digest %s", digest, got)
	}
	return files, counted.n, nil
}

type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

func blob(dir, digest string) string {
	return filepath.Join(dir, "blobs", strings.Replace(digest, ":", string(filepath.Separator), 1))
}

func readJSON(name string, v any) error {
	raw, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, v)
}
