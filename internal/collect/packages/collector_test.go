package packages_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"github.com/pratique/pratique/internal/collect"
	"github.com/pratique/pratique/internal/collect/packages"
	"github.com/pratique/pratique/internal/report"
)

// collectFile runs the collector on one file, in memory and spooled, which must
// not differ.
func collectFile(t testing.TB, path string, data []byte) (report.LayerFacts, error) {
	t.Helper()
	c := packages.New()
	f := report.File{Path: path, Size: int64(len(data)), Mode: 0o755}
	if !c.Want(f) {
		t.Fatalf("%s is not wanted", path)
	}
	var inMemory, onDisk report.LayerFacts
	err := c.Collect(context.Background(), f, newContent(data), &inMemory)
	_ = c.Collect(context.Background(), f, spooled{bytes.NewReader(data)}, &onDisk)
	if diff := cmp.Diff(inMemory, onDisk); diff != "" {
		t.Errorf("%s: a spooled file gives other facts (-memory +spooled):\n%s", path, diff)
	}
	return inMemory, err
}

// brief shows packages in one line each.
func brief(facts report.LayerFacts) []string {
	var all []string
	for _, s := range facts.Packages {
		for _, p := range s.Packages {
			line := p.Name + " " + p.Version
			if p.Path != s.Path {
				line += " in " + p.Path
			}
			if p.Inferred {
				line += " inferred"
			}
			all = append(all, line)
		}
	}
	return all
}

func TestWant(t *testing.T) {
	c := packages.New()
	for path, want := range map[string]bool{
		"var/lib/dpkg/status":                                       true,
		"var/lib/dpkg/status-old":                                   false,
		"var/lib/dpkg/status.d/base":                                true,
		"var/lib/dpkg/status.d/base.md5sums":                        true,
		"var/lib/dpkg/info/libc6:amd64.list":                        true,
		"var/lib/dpkg/info/libc6:amd64.md5sums":                     false,
		"lib/apk/db/installed":                                      true,
		"usr/lib/apk/db/installed":                                  true,
		"home/lib/apk/db/installed":                                 false,
		"var/lib/rpm/Packages":                                      true,
		"usr/lib/sysimage/rpm/Packages.db":                          true,
		"usr/share/rpm/rpmdb.sqlite":                                true,
		"srv/mirror/Packages":                                       false,
		"app/package.json":                                          false,
		"app/package-lock.json":                                     false,
		"app/Gemfile.lock":                                          false,
		"app/node_modules/a/package.json":                           true,
		"app/node_modules/@s/a/package.json":                        true,
		"app/node_modules/@s/package.json":                          false,
		"app/node_modules/package.json":                             false,
		"app/node_modules/a/dist/esm/package.json":                  false,
		"app/node_modules/a/test/node_modules/b/package.json":       false,
		"app/node_modules/a/node_modules/@s/b/package.json":         true,
		"node_modules/.pnpm/a@1.0.0/node_modules/a/package.json":    true,
		"node_modules/.pnpm/a@1.0.0/package.json":                   false,
		"usr/share/java/a.jar":                                      true,
		"usr/share/java/a.JAR":                                      true,
		"usr/lib/jvm/jmods/java.base.jmod":                          false,
		"usr/lib/python3/dist-packages/a-1.dist-info/METADATA":      true,
		"usr/lib/python3/dist-packages/a-1.dist-info/RECORD":        false,
		"usr/lib/python3/dist-packages/a-1.egg-info":                true,
		"usr/lib/python3/dist-packages/a.egg-info/PKG-INFO":         true,
		"usr/share/python-wheels/pip-23.0.1-py3-none-any.whl":       false,
		"src/a/PKG-INFO":                                            false,
		"usr/lib/ruby/gems/3.1.0/specifications/a-1.gemspec":        true,
		"usr/lib/ruby/gems/3.1.0/gems/a-1/a.gemspec":                false,
		"var/www/vendor/composer/installed.json":                    true,
		"var/www/installed.json":                                    false,
		"app/a.deps.json":                                           true,
		"usr/lib/R/site-library/a/DESCRIPTION":                      true,
		"src/a/DESCRIPTION":                                         false,
		"opt/conda/conda-meta/a-1.json":                             true,
		"opt/bitnami/nginx/.spdx-nginx.spdx":                        true,
		"etc/os-release":                                            true,
		"opt/etc/os-release":                                        false,
		"usr/local/lib/luarocks/rocks-5.1/a/1.0-1/a-1.0-1.rockspec": true,
		"var/lib/pacman/local/bash-5.2-1/desc":                      true,
		"var/db/pkg/app-shells/bash-5.2/PF":                         true,
		"":                                                          false,
	} {
		if got := c.Want(report.File{Path: path, Size: 100_000, Mode: 0o644}); got != want {
			t.Errorf("Want(%q) = %t", path, got)
		}
	}
	for _, tt := range []struct {
		path string
		mode uint32
		size int64
		want bool
	}{
		{"usr/bin/app", 0o755, 1 << 20, true},
		{"usr/bin/app", 0o644, 1 << 20, true}, // copied without its mode
		{"srv/app", 0o644, 1 << 20, false},
		{"srv/app", 0o755, 1 << 20, true},
		{"srv/app", 0o755, 100, false},
		{"srv/app.exe", 0o644, 1 << 20, true},
		{"srv/app.sh", 0o755, 1 << 20, false},
		{"usr/lib/libc.so.6", 0o755, 1 << 20, false},
		{"usr/bin/python3.11", 0o755, 1 << 20, true},
	} {
		if got := c.Want(report.File{Path: tt.path, Size: tt.size, Mode: os.FileMode(tt.mode)}); got != tt.want {
			t.Errorf("Want(%q, %o, %d bytes) = %t", tt.path, tt.mode, tt.size, got)
		}
	}
}

func TestDpkg(t *testing.T) {
	const status = `Package: libc6
Status: install ok installed
Priority: optional
Maintainer: GNU Libc Maintainers <debian-glibc@lists.debian.org>
Architecture: amd64
Source: glibc
Version: 2.36-9+deb12u4
Description: GNU C Library
 Package: not-a-package
 .
 Version: 1

Package: libgcc-s1
Status: hold ok installed
Architecture: amd64
Source: gcc-12 (12.2.0-14)
Version: 12.2.0-14+b1

Package: gone
Status: deinstall ok config-files
Version: 1

Package: never
Status: purge ok not-installed

Package: waiting
Status: install ok unpacked
Version: 3:1.0~rc1

Package: cut off
Status: install`
	facts, err := collectFile(t, "var/lib/dpkg/status", []byte(status))
	if err == nil || !strings.Contains(err.Error(), "cut off") {
		t.Errorf("a database that was cut off: %v", err)
	}
	want := []report.PackageSet{{
		Path: "var/lib/dpkg/status", Extractor: "os/dpkg", Database: true,
		Packages: []report.Package{
			{Name: "libc6", Version: "2.36-9+deb12u4", Type: "deb", Source: "glibc", SourceVersion: "2.36-9+deb12u4", Arch: "amd64",
				Supplier: "GNU Libc Maintainers <debian-glibc@lists.debian.org>", Path: "var/lib/dpkg/status"},
			{Name: "libgcc-s1", Version: "12.2.0-14+b1", Type: "deb", Source: "gcc-12", SourceVersion: "12.2.0-14", Arch: "amd64", Path: "var/lib/dpkg/status"},
			{Name: "waiting", Version: "3:1.0~rc1", Type: "deb", Source: "waiting", SourceVersion: "3:1.0~rc1", Path: "var/lib/dpkg/status"},
		},
	}}
	if diff := cmp.Diff(want, facts.Packages); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}

	// Distroless: no status, the name of the file is not the package's.
	facts, err = collectFile(t, "var/lib/dpkg/status.d/bHliYnN", []byte("Package: libssl3\nVersion: 3.0.11-1\nSource: openssl\n"))
	if got := brief(facts); err != nil || len(got) != 1 || got[0] != "libssl3 3.0.11-1" || facts.Packages[0].Database {
		t.Errorf("status.d: %v, %v", facts.Packages, err)
	}
}

func TestDpkgFileLists(t *testing.T) {
	tests := []struct{ path, data, owner, files string }{
		{
			"var/lib/dpkg/info/docker.io:amd64.list",
			"/.\n/usr\n/usr/lib\n/usr/lib/docker\n/usr/lib/docker/docker-init\n/bin/docker\n/usr/share/doc/docker/README\n/usr/share/java/a.jar\n",
			"docker.io", "bin/docker usr/lib/docker/docker-init usr/share/java/a.jar",
		},
		{
			"var/lib/dpkg/status.d/python3.md5sums",
			"0cc175b9c0f1b6a831c399e269772661  usr/bin/python3.11\n0cc175b9c0f1b6a831c399e269772661  usr/lib/python3/six-1.egg-info\nrubbish\n",
			"python3", "usr/bin/python3.11 usr/lib/python3/six-1.egg-info",
		},
	}
	for _, tt := range tests {
		facts, err := collectFile(t, tt.path, []byte(tt.data))
		want := []report.OwnedSet{{Path: tt.path, Package: tt.owner, Files: strings.Fields(tt.files)}}
		if diff := cmp.Diff(want, facts.Owned); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", tt.path, err, diff)
		}
	}
}

func TestChisel(t *testing.T) {
	var buf bytes.Buffer
	z, err := zstd.NewWriter(&buf)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(z, `{"jsonwall":"1.0","schema":"1.0","count":3}
{"kind":"package","name":"openssl","version":"3.0.13-0ubuntu3","sha256":"ab","arch":"amd64"}
{"kind":"path","path":"/usr/bin/openssl","mode":"0755","slices":["openssl_bins"]}
{"kind":"slice","name":"openssl_bins"}
`)
	_ = z.Close()
	facts, err := collectFile(t, "var/lib/chisel/manifest.wall", buf.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"openssl 3.0.13-0ubuntu3"}, brief(facts)); diff != "" {
		t.Error(diff)
	}
	want := []report.OwnedSet{{Path: "var/lib/chisel/manifest.wall", Package: "openssl", Files: []string{"usr/bin/openssl"}}}
	if diff := cmp.Diff(want, facts.Owned); diff != "" {
		t.Error(diff)
	}
}

func TestApk(t *testing.T) {
	const installed = `C:Q1deb=
P:ssl_client
V:1.36.1-r5
A:x86_64
L:GPL-2.0-only
o:busybox
m:Sören Tempel <soeren@example.org>
F:usr
F:usr/bin
R:ssl_client
a:0:0:755
F:etc
R:ssl.conf

P:musl
V:1.2.4-r2
A:x86_64

P:broken
`
	facts, err := collectFile(t, "lib/apk/db/installed", []byte(installed))
	if err == nil || !strings.Contains(err.Error(), "cut off") {
		t.Errorf("a database that was cut off: %v", err)
	}
	want := report.LayerFacts{
		Packages: []report.PackageSet{{
			Path: "lib/apk/db/installed", Extractor: "os/apk", Database: true,
			Packages: []report.Package{
				{Name: "musl", Version: "1.2.4-r2", Type: "apk", Source: "musl", SourceVersion: "1.2.4-r2", Arch: "x86_64", Path: "lib/apk/db/installed"},
				{Name: "ssl_client", Version: "1.36.1-r5", Type: "apk", Source: "busybox", SourceVersion: "1.36.1-r5", Arch: "x86_64",
					Licences: []string{"GPL-2.0-only"}, Supplier: "Sören Tempel <soeren@example.org>", Path: "lib/apk/db/installed"},
			},
		}},
		Owned: []report.OwnedSet{{Path: "lib/apk/db/installed", Package: "ssl_client", Files: []string{"usr/bin/ssl_client"}}},
	}
	if diff := cmp.Diff(want, facts); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// ndb builds a database of rpm's own format with one package, a key, and one
// file of the package.
func ndb() []byte {
	header := func(texts map[uint32][]string, numbers map[uint32]uint32) []byte {
		var index, data []byte
		be := binary.BigEndian
		for tag, list := range texts {
			index = be.AppendUint32(be.AppendUint32(index, tag), 8)
			index = be.AppendUint32(be.AppendUint32(index, uint32(len(data))), uint32(len(list)))
			for _, s := range list {
				data = append(append(data, s...), 0)
			}
		}
		for tag, n := range numbers {
			index = be.AppendUint32(be.AppendUint32(index, tag), 4)
			index = be.AppendUint32(be.AppendUint32(index, uint32(len(data))), 1)
			data = be.AppendUint32(data, n)
		}
		h := be.AppendUint32(nil, uint32(len(index)/16))
		return append(append(be.AppendUint32(h, uint32(len(data))), index...), data...)
	}
	blobs := [][]byte{
		header(map[uint32][]string{
			1000: {"nodejs"}, 1001: {"18.14.2"}, 1002: {"2.module_el8"}, 1011: {"AlmaLinux"}, 1014: {"MIT"}, 1022: {"x86_64"},
			1044: {"nodejs-18.14.2-2.module_el8.src.rpm"}, 5096: {"nodejs:18:8070020230306170042:bd1311ed"},
			1117: {"node", "README.md"}, 1118: {"/usr/bin/"},
		}, map[uint32]uint32{1003: 1, 1116: 0}),
		header(map[uint32][]string{1000: {"gpg-pubkey"}, 1001: {"1"}, 1002: {"2"}}, nil),
	}
	db := make([]byte, 4096)
	copy(db, "RpmP")
	le := binary.LittleEndian
	le.PutUint32(db[12:], 1)
	for i := 32; i < len(db); i += 16 {
		copy(db[i:], "Slot")
	}
	for i, blob := range blobs {
		slot := db[32+16*i:]
		le.PutUint32(slot[4:], uint32(i+1))
		le.PutUint32(slot[8:], uint32(len(db)/16))
		db = append(db, "BlbS"...)
		db = le.AppendUint32(le.AppendUint32(le.AppendUint32(db, uint32(i+1)), 0), uint32(len(blob)))
		db = append(db, blob...)
		db = append(db, make([]byte, 16-len(db)%16)...)
	}
	return db
}

func TestRPM(t *testing.T) {
	const path = "usr/lib/sysimage/rpm/Packages.db"
	facts, err := collectFile(t, path, ndb())
	if err != nil {
		t.Fatal(err)
	}
	want := report.LayerFacts{
		Packages: []report.PackageSet{{
			Path: path, Extractor: "os/rpm", Database: true,
			Packages: []report.Package{{
				Name: "nodejs", Version: "1:18.14.2-2.module_el8", Type: "rpm", Source: "nodejs", SourceVersion: "1:18.14.2-2.module_el8",
				Arch: "x86_64", Module: "nodejs:18", Licences: []string{"MIT"}, Supplier: "AlmaLinux", Path: path,
			}},
		}},
		Owned: []report.OwnedSet{{Path: path, Package: "nodejs", Files: []string{"usr/bin/node"}}},
	}
	if diff := cmp.Diff(want, facts); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}

	const line = "openssl\t1.1.1k-28.cm2\t1699\t1698\tMicrosoft\t(none)\t123\tx86_64\t0\topenssl-1.1.1k-28.cm2.src.rpm\nshort\tline\n"
	facts, err = collectFile(t, "var/lib/rpmmanifest/container-manifest-2", []byte(line))
	if err != nil || len(brief(facts)) != 1 || facts.Packages[0].Packages[0].SourceVersion != "1.1.1k-28.cm2" {
		t.Errorf("manifest: %+v, %v", facts.Packages, err)
	}
}

// archive builds a zip; a value that is itself a map is an archive within it.
func archive(t testing.TB, method uint16, files map[string]any) []byte {
	t.Helper()
	var buf bytes.Buffer
	z := zip.NewWriter(&buf)
	names := make([]string, 0, len(files))
	for name := range files {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: method})
		if err != nil {
			t.Fatal(err)
		}
		var data []byte
		switch v := files[name].(type) {
		case string:
			data = []byte(v)
		case []byte:
			data = v
		case map[string]any:
			data = archive(t, method, v)
		}
		if _, err := w.Write(data); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func pom(group, artifact, version string) string {
	return fmt.Sprintf("#Generated by Maven\r\nversion=%s\r\ngroupId=%s\r\nartifactId=%s\r\n", version, group, artifact)
}

func TestJava(t *testing.T) {
	type m = map[string]any
	tests := []struct {
		name, path string
		files      m
		want       []string
	}{
		{"own coordinates", "a/log4j-core-2.14.1.jar", m{
			"META-INF/MANIFEST.MF": "Manifest-Version: 1.0\r\nImplementation-Version: 9\r\n",
			"META-INF/maven/org.apache.logging.log4j/log4j-core/pom.properties": pom("org.apache.logging.log4j", "log4j-core", "2.14.1"),
		}, []string{"org.apache.logging.log4j:log4j-core 2.14.1"}},
		{"shaded", "a/app.jar", m{
			"META-INF/maven/g/one/pom.properties":       pom("g", "one", "1"),
			"META-INF/maven/g/two/pom.properties":       pom("g", "two", "2"),
			"META-INF/maven/g/broken/pom.properties":    "groupId=g\nartifactId=broken\nversion=${project.version}",
			"other/META-INF/maven/g/one/pom.properties": pom("g", "one", "1"),
		}, []string{"g:one 1", "g:two 2"}},
		{"nested", "srv/app.ear", m{
			"app.war": m{
				"WEB-INF/lib/junit-4.12.jar": m{"META-INF/maven/junit/junit/pom.properties": pom("junit", "junit", "4.12")},
				"WEB-INF/lib/plain-1.0.jar":  m{"A.class": "x"},
			},
		}, []string{
			"junit:junit 4.12 in srv/app.ear!app.war!WEB-INF/lib/junit-4.12.jar",
			"plain:plain 1.0 in srv/app.ear!app.war!WEB-INF/lib/plain-1.0.jar inferred",
		}},
		{"name only", "a/spring-core-5.3.1.jar", m{"A.class": ""}, []string{"org.springframework:spring-core 5.3.1 inferred"}},
		{"symbolic name", "a/commons-lang3-3.12.0.jar", m{
			"META-INF/MANIFEST.MF": "Bundle-SymbolicName: org.apache.commons.lang\r\n 3;singleton:=true\r\n",
		}, []string{"org.apache.commons:commons-lang3 3.12.0 inferred"}},
		{"group of the bundle plugin", "a/widget-core-2.0.jar", m{
			"META-INF/MANIFEST.MF": "Bundle-SymbolicName: com.example.widget.core\r\n",
		}, []string{"com.example.widget:widget-core 2.0 inferred"}},
		{"version in the manifest", "a/log4j.jar", m{
			"META-INF/MANIFEST.MF": "Implementation-Version: 1.2.17\r\nImplementation-Vendor-Id: org.apache\r\n",
		}, []string{"log4j:log4j 1.2.17 inferred"}},
		{"series in the name", "a/spring-aop-3.x.jar", m{
			"META-INF/MANIFEST.MF": "Implementation-Version: 3.2.18\r\n",
		}, []string{"org.springframework:spring-aop 3.2.18 inferred"}},
		{"version in the artifact, classifier", "a/log4j-1.2-api-2.17.1-sources.jar", m{},
			[]string{"org.apache.logging.log4j:log4j-1.2-api 2.17.1 inferred"}},
		{"nothing to go by", "a/app.jar", m{"A.class": ""}, nil},
	}
	for _, tt := range tests {
		for _, method := range []uint16{zip.Store, zip.Deflate} {
			t.Run(fmt.Sprintf("%s/%d", tt.name, method), func(t *testing.T) {
				facts, err := collectFile(t, tt.path, archive(t, method, tt.files))
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(tt.want, brief(facts)); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			})
		}
	}
}

func TestJavaHostile(t *testing.T) {
	deep := archive(t, zip.Deflate, map[string]any{"META-INF/maven/g/a/pom.properties": pom("g", "deepest", "1")})
	for range 20 {
		deep = archive(t, zip.Deflate, map[string]any{
			"inner.jar":                         deep,
			"META-INF/maven/g/a/pom.properties": pom("g", "level", "1"),
		})
	}
	facts, err := collectFile(t, "deep.jar", deep)
	if got := len(brief(facts)); got != 8 || err == nil {
		t.Errorf("20 levels: %d packages and error %v; want 8 and one", got, err)
	}

	// Two inner archives that inflate to more than is held.
	zeros := make([]byte, 130<<20)
	facts, err = collectFile(t, "bomb.jar", archive(t, zip.Deflate, map[string]any{
		"a.jar": zeros, "META-INF/maven/g/a/pom.properties": pom("g", "kept", "1"),
	}))
	if diff := cmp.Diff([]string{"g:kept 1"}, brief(facts)); diff != "" || err == nil {
		t.Errorf("bomb: error %v, %s", err, diff)
	}

	// So many entries that listing them would take more memory than the file.
	var buf bytes.Buffer
	z := zip.NewWriter(&buf)
	for i := range 300_000 {
		if _, err := z.CreateRaw(&zip.FileHeader{Name: fmt.Sprintf("%020d", i)}); err != nil {
			t.Fatal(err)
		}
	}
	_ = z.Close()
	if _, err := collectFile(t, "many.jar", buf.Bytes()); err == nil {
		t.Error("300,000 entries are listed")
	}

	if facts, err := collectFile(t, "page.jar", []byte("<html>not found</html>")); err == nil || len(facts.Packages) > 0 {
		t.Errorf("no zip: %v, %v", facts.Packages, err)
	}
	if _, err := collectFile(t, "data.par", []byte("something else")); err != nil {
		t.Errorf("another format with the extension: %v", err)
	}
}

func TestDocuments(t *testing.T) {
	tests := []struct {
		path, data string
		want       []string
	}{
		{"app/node_modules/a/package.json", "\xef\xbb\xbf" + `{"name":"a","version":"v1.2.3","license":{"type":"MIT"},"author":[1]}`, []string{"a 1.2.3"}},
		{"app/node_modules/alias/package.json", `{"name":"@s/real","version":"2.0.0"}`, []string{"@s/real 2.0.0"}},
		{"app/node_modules/b/package.json", `{"type":"module"}`, nil},
		{"p/x-1.dist-info/METADATA", "Metadata-Version: 2.1\nName: Foo.Bar\nVersion: 1.0\nLicense: MIT\n\nName: body\n", []string{"Foo.Bar 1.0"}},
		{"p/x.egg-info", "Name: x\nVersion: 1\nSummary: " + strings.Repeat("y", 1<<20) + "\n", []string{"x 1"}},
		{"v/composer/installed.json", `[{"name":"a/b","version":"v1.0"}]`, []string{"a/b v1.0"}},
		{"v/composer/installed.json", `{"packages":[{"name":"a/b","version":"2.0","license":["MIT"]}],"dev":true}`, []string{"a/b 2.0"}},
		{"app/x.deps.json", `{"libraries":{"App/1.0.0":{"type":"project"},"Newtonsoft.Json/9.0.1":{"type":"package"},` +
			`"runtimepack.Microsoft.NETCore.App.Runtime.linux-x64/8.0.0":{"type":"runtimepack"}}}`,
			[]string{"Microsoft.NETCore.App.Runtime.linux-x64 8.0.0", "Newtonsoft.Json 9.0.1"}},
		{"wp/editor.deps.json", `["wp-element"]`, nil},
		{"usr/lib/R/site-library/x/DESCRIPTION", "Package: x\nVersion: 1.0-2\nBuilt: R 4.2\n", []string{"x 1.0-2"}},
		{"src/library/x/DESCRIPTION", "Package: x\nVersion: 1.0-2\n", nil},
		{"opt/conda/conda-meta/openssl-3.json", `{"name":"openssl","version":"3.0.13","license":"Apache-2.0"}`, []string{"openssl 3.0.13"}},
		{"opt/bitnami/nginx/.spdx-nginx.spdx", `{"packages":[{"name":"nginx","versionInfo":"1.25.3-0","externalRefs":[` +
			`{"referenceType":"cpe23Type","referenceLocator":"cpe:2.3:*"},{"referenceType":"purl","referenceLocator":"pkg:bitnami/nginx@1.25.3-0?arch=amd64"}]}]}`,
			[]string{"nginx 1.25.3"}},
		{"g/specifications/rack-2.2.4.gemspec", "Gem::Specification.new do |s|\n  s.name = \"rack\".freeze\n  s.version = \"2.2.4\"\nend\n", []string{"rack 2.2.4"}},
		{"l/rocks-5.1/kong/1.0-1/kong-1.0-1.rockspec", "x", []string{"kong 1.0-1"}},
		{"var/lib/pacman/local/bash-5/desc", "%NAME%\nbash\n\n%VERSION%\n5.2.1-1\n", []string{"bash 5.2.1-1"}},
		{"var/db/pkg/app-shells/bash-5.2/PF", "bash-5.2_p15\n", []string{"bash 5.2_p15"}},
	}
	for _, tt := range tests {
		facts, err := collectFile(t, tt.path, []byte(tt.data))
		if err != nil {
			t.Errorf("%s: %v", tt.path, err)
		}
		if diff := cmp.Diff(tt.want, brief(facts)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.path, diff)
		}
	}
}

func TestEgg(t *testing.T) {
	data := archive(t, zip.Deflate, map[string]any{"EGG-INFO/PKG-INFO": "Name: six\nVersion: 1.10\n", "six.py": ""})
	facts, err := collectFile(t, "usr/lib/python2/site-packages/six-1.10-py2.egg", data)
	if diff := cmp.Diff([]string{"six 1.10"}, brief(facts)); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
}

// build compiles a small module with a dependency of its own.
func build(t *testing.T, goos string) []byte {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":     "module example.org/tool\n\ngo 1.21\n\nrequire example.org/Dep v1.2.3\n\nreplace example.org/Dep v1.2.3 => ./dep\n",
		"main.go":    "package main\n\nimport \"example.org/Dep\"\n\nfunc main() { dep.F() }\n",
		"dep/go.mod": "module example.org/Dep\n",
		"dep/dep.go": "package dep\n\nfunc F() {}\n",
	} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("go", "build", "-ldflags=-s -w", "-o", "tool", ".")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off", "CGO_ENABLED=0", "GOOS="+goos, "GOTOOLCHAIN=local")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Skipf("go build: %v: %s", err, out)
	}
	data, err := os.ReadFile(filepath.Join(dir, "tool"))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestGoBinary(t *testing.T) {
	for _, goos := range []string{"linux", "windows"} {
		facts, err := collectFile(t, "usr/bin/tool.exe", build(t, goos))
		if err != nil {
			t.Fatal(err)
		}
		release, _, _ := strings.Cut(strings.TrimPrefix(runtime.Version(), "go"), " ")
		if strings.Count(release, ".") == 1 {
			release += ".0"
		}
		want := []string{"example.org/Dep 1.2.3", "example.org/tool ", "stdlib " + release}
		if diff := cmp.Diff(want, brief(facts)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", goos, diff)
		}
		last := facts.Packages[0].Packages[2]
		if last.PURL != "pkg:golang/stdlib@"+release || last.Ecosystem != "Go" || facts.Packages[0].Extractor != "golang/executable" {
			t.Errorf("stdlib: %+v", last)
		}
	}
}

// rustELF is an ELF file with nothing but a section of cargo-auditable.
func rustELF(section []byte) []byte {
	names := "\x00.dep-v0\x00.shstrtab\x00"
	le := binary.LittleEndian
	b := make([]byte, 64)
	copy(b, "\x7fELF\x02\x01\x01")
	le.PutUint16(b[16:], 2)
	le.PutUint16(b[18:], 62)
	le.PutUint32(b[20:], 1)
	le.PutUint16(b[52:], 64)
	le.PutUint16(b[58:], 64)
	le.PutUint16(b[60:], 3)
	le.PutUint16(b[62:], 2)
	at, namesAt := len(b), len(b)+len(section)
	b = append(append(b, section...), names...)
	le.PutUint64(b[40:], uint64(len(b)))
	header := func(name, kind uint32, off, size int) {
		h := make([]byte, 64)
		le.PutUint32(h, name)
		le.PutUint32(h[4:], kind)
		le.PutUint64(h[24:], uint64(off))
		le.PutUint64(h[32:], uint64(size))
		b = append(b, h...)
	}
	header(0, 0, 0, 0)
	header(1, 1, at, len(section))
	header(9, 3, namesAt, len(names))
	return append(b, make([]byte, 8<<10)...)
}

func TestRustBinary(t *testing.T) {
	// zlib of {"packages":[{"name":"time","version":"0.1.0"},{"name":"cc","version":"1.0.0","kind":"build"}]}
	section, err := base64.StdEncoding.DecodeString(rustSection)
	if err != nil {
		t.Fatal(err)
	}
	facts, err := collectFile(t, "usr/bin/tool", rustELF(section))
	if diff := cmp.Diff([]string{"time 0.1.0"}, brief(facts)); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
	if _, err := collectFile(t, "usr/bin/tool", rustELF([]byte("no zlib"))); err == nil {
		t.Error("a broken section is no error")
	}
}

const rustSection = `eJyrVipITM5OTE8tVrKKrlbKS8xNVbJSKskEUjpKZalFxZn5eUABAz1DPQOlWh24iuRkFHmgLFBeRyk7My8FyE0qzcxJUaqNrQUAmEcdKw==`

func TestNotAProgram(t *testing.T) {
	for _, data := range []string{
		"#!/bin/sh\n" + strings.Repeat("x", 8<<10),
		"\x7fELF" + strings.Repeat("\xff", 8<<10),
		"MZ" + strings.Repeat("\x00", 8<<10),
		"\xcf\xfa\xed\xfe" + strings.Repeat("\xff", 8<<10),
		"",
	} {
		c := packages.New()
		var facts report.LayerFacts
		err := c.Collect(context.Background(), report.File{Path: "usr/bin/x", Size: 8 << 10, Mode: 0o755}, newContent([]byte(data)), &facts)
		if err != nil || len(facts.Packages) != 0 {
			t.Errorf("%.8q: %v, %v", data, facts.Packages, err)
		}
	}
}

// TestTwice: of a path that a layer holds twice, the later entry counts; the
// facts stay sorted by path.
func TestTwice(t *testing.T) {
	c := packages.New()
	var facts report.LayerFacts
	add := func(path, data string) {
		f := report.File{Path: path, Size: int64(len(data)), Mode: 0o644}
		if err := c.Collect(context.Background(), f, newContent([]byte(data)), &facts); err != nil {
			t.Fatal(err)
		}
	}
	add("b/node_modules/x/package.json", `{"name":"x","version":"1"}`)
	add("a/node_modules/y/package.json", `{"name":"y","version":"1"}`)
	add("b/node_modules/x/package.json", `{"name":"x","version":"2"}`)
	if diff := cmp.Diff([]string{"y 1", "x 2"}, brief(facts)); diff != "" {
		t.Error(diff)
	}
	add("b/node_modules/x/package.json", `{}`)
	if diff := cmp.Diff([]string{"y 1"}, brief(facts)); diff != "" {
		t.Error(diff)
	}
}

// TestDamaged: files cut in half are errors or fewer packages, never a panic.
func TestDamaged(t *testing.T) {
	for path, data := range map[string][]byte{
		"usr/lib/sysimage/rpm/Packages.db": ndb(),
		"a.jar":                            archive(t, zip.Deflate, map[string]any{"META-INF/maven/g/a/pom.properties": pom("g", "a", "1")}),
		"usr/bin/tool":                     rustELF([]byte("x")),
		"lib/apk/db/installed":             []byte("P:a\nV:1\nF:usr/bin\nR:x\n"),
		"v/composer/installed.json":        []byte(`[{"name":"a/b","version":"v1.0"}]`),
	} {
		for n := 0; n < len(data); n += 1 + len(data)/97 {
			var facts report.LayerFacts
			f := report.File{Path: path, Size: 1 << 20, Mode: 0o755}
			_ = packages.New().Collect(context.Background(), f, newContent(data[:n]), &facts)
		}
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var facts report.LayerFacts
	err := packages.New().Collect(ctx, report.File{Path: "var/lib/dpkg/status"}, newContent([]byte("Package: a\nStatus: install ok installed\nVersion: 1\n")), &facts)
	if err == nil {
		t.Error("a cancelled context is no error")
	}
}

var _ collect.Content = content{}

func FuzzCollect(f *testing.F) {
	paths := []string{
		"var/lib/dpkg/status", "var/lib/dpkg/info/a.list", "lib/apk/db/installed", "usr/lib/sysimage/rpm/Packages.db", "a.jar",
		"n/node_modules/a/package.json", "a.egg-info", "a.egg", "v/composer/installed.json", "a.deps.json", "usr/bin/a",
		"opt/conda/conda-meta/a.json", "opt/bitnami/.spdx-a.spdx", "g/specifications/a.gemspec", "r/library/a/DESCRIPTION",
		"var/lib/chisel/manifest.wall", "var/lib/rpmmanifest/container-manifest-2", "var/lib/pacman/local/a/desc",
	}
	f.Add(uint8(0), []byte("Package: a\nStatus: install ok installed\nVersion: 1\nSource: b (2)\n"))
	f.Add(uint8(2), []byte("P:a\nV:1\nF:usr/bin\nR:x\n"))
	f.Add(uint8(3), ndb())
	f.Add(uint8(4), archive(f, zip.Deflate, map[string]any{
		"META-INF/MANIFEST.MF": "Bundle-SymbolicName: a.b\n", "i.jar": map[string]any{"META-INF/maven/g/a/pom.properties": pom("g", "a", "1")},
	}))
	f.Add(uint8(10), rustELF([]byte("x")))
	f.Fuzz(func(t *testing.T, which uint8, data []byte) {
		var facts report.LayerFacts
		file := report.File{Path: paths[int(which)%len(paths)], Size: int64(len(data)), Mode: 0o755}
		_ = packages.New().Collect(context.Background(), file, newContent(data), &facts)
		for _, s := range facts.Packages {
			for _, p := range s.Packages {
				if p.Name == "" || len(p.Name) > 2<<10 {
					t.Errorf("a package named %q", p.Name)
				}
			}
		}
	})
}
