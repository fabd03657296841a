package packages_test

import (
	"archive/zip"
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/pratique/pratique/internal/collect/packages"
	"github.com/pratique/pratique/internal/report"
)

// BenchmarkWant asks about as many files as a large image holds.
func BenchmarkWant(b *testing.B) {
	var files []report.File
	for i := range 90_000 {
		f := report.File{Size: 20_000, Mode: 0o644}
		switch i % 6 {
		case 0:
			f.Path = fmt.Sprintf("usr/share/doc/package%d/changelog.Debian.gz", i)
		case 1:
			f.Path = fmt.Sprintf("usr/lib/python3/dist-packages/package%d/module.py", i)
		case 2:
			f.Path = fmt.Sprintf("app/node_modules/package%d/node_modules/other/lib/index.js", i)
		case 3:
			f.Path, f.Mode = fmt.Sprintf("usr/lib/x86_64-linux-gnu/lib%d.so.1", i), 0o755
		case 4:
			f.Path = fmt.Sprintf("app/node_modules/package%d/package.json", i)
		case 5:
			f.Path, f.Mode = fmt.Sprintf("usr/bin/program%d", i), 0o755
		}
		files = append(files, f)
	}
	c := packages.New()
	b.ResetTimer()
	for b.Loop() {
		for _, f := range files {
			c.Want(f)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(files)), "ns/file")
}

func benchmarkCollect(b *testing.B, path string, data []byte) {
	b.Helper()
	c := packages.New()
	f := report.File{Path: path, Size: int64(len(data)), Mode: 0o755}
	in := newContent(data)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		var facts report.LayerFacts
		if err := c.Collect(context.Background(), f, inMemory{in, data}, &facts); err != nil {
			b.Fatal(err)
		}
	}
}

// inMemory returns its bytes without copying them.
type inMemory struct {
	content
	data []byte
}

func (m inMemory) Bytes() []byte { return m.data }

func BenchmarkDpkgStatus(b *testing.B) {
	var s strings.Builder
	for i := range 500 {
		fmt.Fprintf(&s, "Package: package%d\nStatus: install ok installed\nPriority: optional\nSection: libs\nInstalled-Size: 1234\n"+
			"Maintainer: Somebody <somebody@example.org>\nArchitecture: amd64\nSource: source%d\nVersion: 1.2.3-%d\n"+
			"Depends: libc6 (>= 2.34), libfoo (>= 1.0), libbar\nDescription: something\n%s\n", i, i, i, strings.Repeat(" more about the package, in a long line of text\n", 12))
	}
	benchmarkCollect(b, "var/lib/dpkg/status", []byte(s.String()))
}

func BenchmarkJar(b *testing.B) {
	inner := map[string]any{}
	for i := range 200 {
		inner[fmt.Sprintf("org/example/Class%d.class", i)] = strings.Repeat("bytes of a class ", 100)
	}
	inner["META-INF/maven/g/a/pom.properties"] = pom("g", "a", "1")
	for _, method := range []uint16{zip.Store, zip.Deflate} {
		outer := map[string]any{}
		for i := range 40 {
			outer[fmt.Sprintf("BOOT-INF/lib/inner%d-1.0.jar", i)] = inner
		}
		b.Run(map[uint16]string{zip.Store: "stored", zip.Deflate: "deflated"}[method], func(b *testing.B) {
			benchmarkCollect(b, "app.jar", archive(b, method, outer))
		})
	}
}

func BenchmarkExecutable(b *testing.B) {
	data, err := os.ReadFile("/bin/sh")
	if err != nil {
		b.Skip(err)
	}
	benchmarkCollect(b, "bin/sh", data)
}
