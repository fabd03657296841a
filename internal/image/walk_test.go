package image_test

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"

	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/image"
	"github.com/pratique/pratique/internal/image/imagetest"
)

// lines walks a layer and writes each entry as one line.
func lines(t testing.TB, l image.Layer, limits image.Limits) ([]string, image.Summary, error) {
	t.Helper()
	var got []string
	sum, err := l.Walk(t.Context(), limits, func(e image.Entry, content io.Reader) error {
		line := []string{"add", "whiteout", "opaque"}[e.Action] + " " + e.Path
		if e.Action == image.Add {
			line += fmt.Sprintf(" %v %d", e.Mode, e.Size)
		}
		if e.UID != 0 || e.GID != 0 {
			line += fmt.Sprintf(" %d:%d", e.UID, e.GID)
		}
		if e.Link != "" {
			line += " -> " + e.Link
		}
		if len(e.Capabilities) > 0 {
			line += " " + strings.Join(e.Capabilities, ",")
		}
		if (content != nil) != (e.Action == image.Add && e.Mode.IsRegular() && e.Link == "") {
			t.Errorf("%s: content is %v", line, content)
		}
		if content != nil {
			b, err := io.ReadAll(content)
			if err != nil {
				return err
			}
			if int64(len(b)) != e.Size {
				t.Errorf("%s: read %d bytes", line, len(b))
			}
			if len(b) > 0 && len(b) < 40 {
				line += fmt.Sprintf(" %q", b)
			}
		}
		got = append(got, line)
		return nil
	})
	return got, sum, err
}

func TestWalk(t *testing.T) {
	long := strings.Repeat("long-directory-name/", 20) + "file"
	tests := []struct {
		name  string
		layer string
		want  []string
		notes []string
	}{
		{
			name: "kinds of entries",
			layer: `
-- layer --
RUN everything
-- etc/ mode=0700 --
-- etc/passwd mode=0640 uid=1 gid=2 --
root
-- usr/bin/su mode=4755 --
-- tmp/ mode=1777 --
-- lib symlink=usr/lib --
-- etc/shadow hardlink=./etc/passwd --
-- dev/null mode=0666 char=1,3 --
-- run/pipe fifo --
`,
			want: []string{
				`add etc drwx------ 0`,
				`add etc/passwd -rw-r----- 5 1:2 "root\n"`,
				`add usr/bin/su urwxr-xr-x 0`,
				`add tmp dtrwxrwxrwx 0`,
				`add lib Lrw-r--r-- 0 -> usr/lib`,
				`add etc/shadow -rw-r--r-- 0 -> etc/passwd`,
				`add dev/null Dcrw-rw-rw- 0`,
				`add run/pipe prw-r--r-- 0`,
			},
		},
		{
			name: "capabilities and devices",
			layer: "-- layer --\n" +
				`-- bin/ping mode=0755 xattr.security.capability="\x01\x00\x00\x02\x00\x20\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" --` + "\n" +
				`-- bin/ping4 hardlink=bin/ping xattr.security.capability="\x01\x00\x00\x02\x00\x20\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" --` + "\n" +
				`-- bin/forged xattr.security.capability=everything --` + "\n" +
				`-- dir/ xattr.security.capability="\x01\x00\x00\x02\x00\x20\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" --` + "\n" +
				"-- dev/sda block=8,0 --\n",
			want: []string{
				"add bin/ping -rwxr-xr-x 0 cap_net_raw", "add bin/ping4 -rw-r--r-- 0 -> bin/ping cap_net_raw",
				"add bin/forged -rw-r--r-- 0", "add dir drwxr-xr-x 0", "add dev/sda Drw-r--r-- 0",
			},
		},
		{
			name:  "names are made clean",
			layer: "-- layer zstd --\n-- ./ --\n-- ./a/b --\n-- /c --\n-- d//e/../f --\n-- ./../g --\n-- \"h i\" --\n-- \"bad\\xff\" --\n-- " + long + " --\n",
			want: []string{
				"add a/b -rw-r--r-- 0", "add c -rw-r--r-- 0", "add d/f -rw-r--r-- 0", "add h i -rw-r--r-- 0",
				"add bad\uFFFD -rw-r--r-- 0", "add " + long + " -rw-r--r-- 0",
			},
			notes: []string{"entry-name-refused ./../g"},
		},
		{
			name: "what is deleted",
			layer: `
-- layer plain --
RUN rm
-- etc/.wh.motd --
-- .wh.srv --
-- var/.wh..wh..opq --
-- .wh..wh.aufs --
-- .wh..wh.plnk/12.34 --
-- etc/.wh... --
-- etc/.wh. --
-- opt/old char=0,0 --
-- home/ xattr.trusted.overlay.opaque=y --
`,
			want: []string{
				"whiteout etc/motd", "whiteout srv", "opaque var", "whiteout opt/old", "add home drwxr-xr-x 0", "opaque home",
			},
			notes: []string{"entry-name-refused etc/.wh...", "entry-name-refused etc/.wh."},
		},
		{
			name:  "the root made opaque",
			layer: "-- layer --\n-- .wh..wh..opq --\n-- ./ xattr.user.overlay.opaque=y --\n",
			want:  []string{"opaque .", "opaque ."},
		},
		{
			name:  "hard link out of the root, link target too long",
			layer: "-- layer --\n-- a hardlink=../../etc/shadow --\n-- b symlink=" + strings.Repeat("x", 5000) + " --\n-- c symlink=../../../etc/shadow --\n",
			want:  []string{"add c Lrw-r--r-- 0 -> ../../../etc/shadow"},
			notes: []string{"entry-name-refused ../../etc/shadow", "entry-name-refused b"},
		},
		{
			name:  "path too long",
			layer: "-- layer --\n-- " + strings.Repeat("d/", 2050) + "f --\n",
			notes: []string{"entry-name-refused " + strings.Repeat("d/", 100) + "…"},
		},
		{
			name:  "no entries",
			layer: "-- layer --\nRUN true\n",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			l := imagetest.Build(t, test.layer).Image(t).Layers[0]
			got, sum, err := lines(t, l, image.DefaultLimits())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("entries (-want +got):\n%s", diff)
			}
			var notes []string
			for _, n := range sum.Notes {
				notes = append(notes, n.Code+" "+n.Path)
				if n.Layer != l.DiffID || n.Message == "" {
					t.Errorf("note %+v names no layer or says nothing", n)
				}
			}
			if diff := cmp.Diff(test.notes, notes); diff != "" {
				t.Errorf("notes (-want +got):\n%s", diff)
			}
			if sum.DiffID != l.DiffID || sum.Entries != len(got) {
				t.Errorf("summary %+v, want diff ID %s and %d entries", sum, l.DiffID, len(got))
			}
		})
	}
}

// TestWalkMembers reads a layer of several gzip members with content after the
// end marker of the archive: digest and diff ID cover all of it.
func TestWalkMembers(t *testing.T) {
	archive := imagetest.Tar(t, "-- a size=700000 --\nx\n-- b --\n")
	archive = append(archive, bytes.Repeat([]byte("after the end"), 100_000)...)
	img := imagetest.FromLayers(t, imagetest.RawLayer{Tar: archive, Compression: "gzip"})
	l := img.Image(t).Layers[0]

	var members bytes.Buffer
	for part := range 3 {
		w := gzip.NewWriter(&members)
		third := len(archive) / 3
		end := third * (part + 1)
		if part == 2 {
			end = len(archive)
		}
		w.Write(archive[third*part : end])
		w.Close()
	}
	l.Digest, l.Size = "", int64(members.Len())
	l.Open = func(context.Context) (io.ReadCloser, error) { return io.NopCloser(&members), nil }
	got, sum, err := lines(t, l, image.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"add a -rw-r--r-- 700000", "add b -rw-r--r-- 0"}, got); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
	if sum.Size != int64(len(archive)) {
		t.Errorf("size is %d, want %d", sum.Size, len(archive))
	}
}

func TestWalkSHA512(t *testing.T) {
	img := imagetest.Build(t, "-- layer --\n-- a --\n")
	l := img.Image(t).Layers[0]
	digest := func(b []byte) string {
		s := sha512.Sum512(b)
		return "sha512:" + hex.EncodeToString(s[:])
	}
	l.Digest, l.DiffID = digest(img.Layers[0].Blob), digest(img.Layers[0].Tar)
	if _, _, err := lines(t, l, image.DefaultLimits()); err != nil {
		t.Error(err)
	}
	l.Digest = digest(nil)
	if _, _, err := lines(t, l, image.DefaultLimits()); err == nil || !strings.Contains(err.Error(), "its content has sha512:") {
		t.Errorf("error is %v", err)
	}
}

// TestWalkSparse reads a sparse file in the PAX 1.0 form: a map of the data
// and then the data, which read as the file is.
func TestWalkSparse(t *testing.T) {
	var buf bytes.Buffer
	tw := tar.NewWriter(&buf)
	hdr := &tar.Header{
		Name: "PLACEHOLDER", Typeflag: tar.TypeReg, Mode: 0o644, Size: 512 + 3,
		PAXRecords: map[string]string{"PRATIQUE.x": "1"},
	}
	// archive/tar does not write sparse files, so the records are put in place
	// of one that it lets pass.
	if err := tw.WriteHeader(hdr); err != nil {
		t.Fatal(err)
	}
	sparseMap := make([]byte, 512)
	copy(sparseMap, "1\n10\n3\n")
	tw.Write(append(sparseMap, "abc"...))
	tw.Close()
	raw := buf.Bytes()
	records := ""
	for _, r := range []string{"GNU.sparse.major=1", "GNU.sparse.minor=0", "GNU.sparse.name=disk", "GNU.sparse.realsize=20"} {
		n := len(r) + 4
		records += fmt.Sprintf("%2d %s\n", n, r)
	}
	records = strings.ReplaceAll(records, " GNU", " GNU")
	copy(raw[512:1024], make([]byte, 512))
	copy(raw[512:], records)
	copy(raw[124:], fmt.Sprintf("%011o\x00", len(records)))
	checksum(raw[:512])

	l := imagetest.FromLayers(t, imagetest.RawLayer{Tar: raw}).Image(t).Layers[0]
	got, _, err := lines(t, l, image.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	want := []string{`add disk -rw-r--r-- 20 "` + strings.Repeat(`\x00`, 10) + `abc` + strings.Repeat(`\x00`, 7) + `"`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
}

// checksum writes the checksum of a tar header into it.
func checksum(hdr []byte) {
	copy(hdr[148:156], "        ")
	sum := 0
	for _, b := range hdr {
		sum += int(b)
	}
	copy(hdr[148:156], fmt.Sprintf("%06o\x00 ", sum))
}

func TestWalkErrors(t *testing.T) {
	good := "-- layer --\n-- a size=300000 --\nsome content\n-- b --\n"
	tests := []struct {
		name   string
		image  *imagetest.Image
		break_ func(*imagetest.Image)
		change func(*image.Layer)
		limits func(*image.Limits)
		cause  catalog.Cause
		want   string
	}{
		{
			name:   "truncated",
			image:  imagetest.Build(t, good),
			break_: func(i *imagetest.Image) { i.Corrupt(i.Layers[0].Digest, func(b []byte) []byte { return b[:len(b)/2] }) },
			cause:  catalog.CauseDownload,
			want:   "it is truncated",
		},
		{
			name:   "longer",
			image:  imagetest.Build(t, good),
			break_: func(i *imagetest.Image) { i.Corrupt(i.Layers[0].Digest, func(b []byte) []byte { return append(b, 0) }) },
			cause:  catalog.CauseDownload,
			want:   "it is longer than",
		},
		{
			name:   "empty",
			image:  imagetest.Build(t, good),
			break_: func(i *imagetest.Image) { i.Corrupt(i.Layers[0].Digest, func([]byte) []byte { return nil }) },
			cause:  catalog.CauseDownload,
			want:   "it is truncated: 0 of",
		},
		{
			name:  "a changed byte",
			image: imagetest.Build(t, good),
			break_: func(i *imagetest.Image) {
				i.Corrupt(i.Layers[0].Digest, func(b []byte) []byte { b[len(b)/2] ^= 1; return b })
			},
			cause: catalog.CauseDownload,
			want:  "does not match its digest",
		},
		{
			name:   "missing",
			image:  imagetest.Build(t, good),
			break_: func(i *imagetest.Image) { i.Remove(i.Layers[0].Digest) },
			cause:  catalog.CauseDownload,
			want:   "it is missing",
		},
		{
			name:   "wrong diff ID",
			image:  imagetest.Build(t, good),
			change: func(l *image.Layer) { l.DiffID = "sha256:" + strings.Repeat("0", 64) },
			cause:  catalog.CauseDownload,
			want:   "does not match its diff ID sha256:000",
		},
		{
			name:   "no diff ID",
			image:  imagetest.Build(t, good),
			change: func(l *image.Layer) { l.DiffID = "" },
			cause:  catalog.CauseDownload,
			want:   "is no sha256 or sha512 digest",
		},
		{
			name:  "no tar",
			image: imagetest.FromLayers(t, imagetest.RawLayer{Tar: bytes.Repeat([]byte("no archive"), 1000)}),
			cause: catalog.CauseDownload,
			want:  "it is no tar archive",
		},
		{
			name:  "half a tar, as pushed",
			image: imagetest.FromLayers(t, imagetest.RawLayer{Tar: imagetest.Tar(t, "-- a --\n-- b size=5000 --\n")[:3000], Compression: "zstd"}),
			cause: catalog.CauseDownload,
			want:  `broken tar archive in entry "b"`,
		},
		{
			name:  "a declared size of 1 TiB",
			image: imagetest.FromLayers(t, imagetest.RawLayer{Tar: terabyte(t), Compression: "gzip"}),
			cause: catalog.CauseDownload,
			want:  `broken tar archive in entry "huge"`,
		},
		{
			name:  "corrupt gzip, as pushed",
			image: imagetest.FromLayers(t, imagetest.RawLayer{Tar: []byte("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x00 is no gzip")}),
			cause: catalog.CauseDownload,
			want:  "it is corrupt",
		},
		{
			name:  "truncated gzip, as pushed",
			image: imagetest.FromLayers(t, imagetest.RawLayer{Tar: halfGzip(imagetest.Tar(t, "-- a size=300000 --\nsome\n"))}),
			cause: catalog.CauseDownload,
			want:  "it is corrupt: unexpected EOF",
		},
		{
			name:  "corrupt zstd, as pushed",
			image: imagetest.FromLayers(t, imagetest.RawLayer{Tar: []byte("\x28\xb5\x2f\xfd is no zstd at all")}),
			cause: catalog.CauseDownload,
			want:  "it is corrupt",
		},
		{
			name:  "xz",
			image: imagetest.FromLayers(t, imagetest.RawLayer{Tar: []byte("\xfd7zXZ\x00 something")}),
			cause: catalog.CauseDownload,
			want:  "xz compression is not supported",
		},
		{
			name:   "too large",
			image:  imagetest.Build(t, good),
			limits: func(l *image.Limits) { l.LayerSize = 10 },
			cause:  catalog.CauseLayerTooLarge,
			want:   "more than 10",
		},
		{
			name:   "inflates too far",
			image:  imagetest.Build(t, good),
			limits: func(l *image.Limits) { l.Inflated = 1000 },
			cause:  catalog.CauseLayerTooLarge,
			want:   "it inflates to more than 1000 bytes",
		},
		{
			name:   "bomb",
			image:  imagetest.Build(t, "-- layer zstd --\n-- a size=20000000 --\n"),
			limits: func(l *image.Limits) { l.RatioFrom = 1 << 20 },
			cause:  catalog.CauseLayerTooLarge,
			want:   "decompression bomb",
		},
		{
			name:   "too many entries",
			image:  imagetest.Build(t, "-- layer --\n-- a --\n-- b --\n-- c --\n"),
			limits: func(l *image.Limits) { l.Entries = 2 },
			cause:  catalog.CauseLayerTooLarge,
			want:   "more than 2 entries",
		},
		{
			name:   "too much in names",
			image:  imagetest.Build(t, "-- layer --\n-- aaaa --\n-- bbbb --\n"),
			limits: func(l *image.Limits) { l.Names = 7 },
			cause:  catalog.CauseLayerTooLarge,
			want:   "names of its entries",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			img := test.image.Image(t)
			if test.break_ != nil {
				test.break_(test.image)
			}
			l := img.Layers[0]
			if test.change != nil {
				test.change(&l)
			}
			limits := image.DefaultLimits()
			if test.limits != nil {
				test.limits(&limits)
			}
			_, _, err := lines(t, l, limits)
			if err == nil {
				t.Fatal("no error")
			}
			var scan *catalog.ScanError
			if !errors.As(err, &scan) || scan.Cause != test.cause || !strings.Contains(scan.Detail, test.want) {
				t.Errorf("error is %v, want %q with cause %s", err, test.want, test.cause)
			}
			if !strings.Contains(err.Error(), "layer sha256:") {
				t.Errorf("%v does not name the layer", err)
			}
		})
	}
}

// terabyte is an archive with an entry that claims far more than there is.
func terabyte(t *testing.T) []byte {
	raw := imagetest.Tar(t, "-- huge --\n")
	copy(raw[124:136], fmt.Sprintf("%012o", int64(1)<<35))
	raw[124] = 0x80 // base 256
	copy(raw[125:136], []byte{0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0})
	checksum(raw[:512])
	return raw
}

func halfGzip(b []byte) []byte {
	var buf bytes.Buffer
	w, _ := gzip.NewWriterLevel(&buf, gzip.NoCompression)
	w.Write(b)
	w.Close()
	return buf.Bytes()[:buf.Len()/2]
}

var errStop = errors.New("enough")

func TestWalkVisitorError(t *testing.T) {
	l := imagetest.Build(t, "-- layer --\n-- a --\n-- big size=9000000 --\nx\n").Image(t).Layers[0]
	_, err := l.Walk(t.Context(), image.DefaultLimits(), func(image.Entry, io.Reader) error { return errStop })
	if err != errStop {
		t.Errorf("error is %v, want the visitor's", err)
	}
}

func TestWalkCancelled(t *testing.T) {
	l := imagetest.Build(t, "-- layer --\n-- a --\n-- big size=9000000 --\nx\n-- b --\n").Image(t).Layers[0]
	ctx, cancel := context.WithCancel(t.Context())
	_, err := l.Walk(ctx, image.DefaultLimits(), func(e image.Entry, _ io.Reader) error {
		cancel()
		return nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v, want cancellation", err)
	}
}

// brokenReader fails after some bytes, as a connection does.
type brokenReader struct{ r io.Reader }

func (b brokenReader) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if err == io.EOF {
		err = errors.New("connection reset")
	}
	return n, err
}

func TestWalkConnectionLost(t *testing.T) {
	img := imagetest.Build(t, "-- layer --\n-- a size=3000000 --\nx\n")
	l := img.Image(t).Layers[0]
	blob := img.Layers[0].Blob
	l.Open = func(context.Context) (io.ReadCloser, error) {
		return io.NopCloser(brokenReader{bytes.NewReader(blob[:100])}), nil
	}
	_, _, err := lines(t, l, image.DefaultLimits())
	if catalog.CauseOf(err) != catalog.CauseDownload || !strings.Contains(err.Error(), "connection reset") {
		t.Errorf("error is %v", err)
	}
}

func TestWalkManyNotes(t *testing.T) {
	l := imagetest.Build(t, "-- layer --\n"+strings.Repeat("-- ../a --\n", 150)).Image(t).Layers[0]
	_, sum, err := lines(t, l, image.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	last := sum.Notes[len(sum.Notes)-1]
	if len(sum.Notes) != 101 || last.Code != image.NoteMoreProblems || !strings.HasPrefix(last.Message, "50 more") {
		t.Errorf("%d notes, the last %+v", len(sum.Notes), last)
	}
}

func TestWalkManyCapabilities(t *testing.T) {
	const more = 7
	entry := `-- f xattr.security.capability="\x01\x00\x00\x02\x00\x20\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" --` + "\n"
	l := imagetest.Build(t, "-- layer --\n"+strings.Repeat(entry, 10_000+more)).Image(t).Layers[0]
	got, sum, err := lines(t, l, image.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	if a, b := got[9_999], got[10_000]; a != "add f -rw-r--r-- 0 cap_net_raw" || b != "add f -rw-r--r-- 0" {
		t.Errorf("at the bound: %q, then %q", a, b)
	}
	if len(sum.Notes) != 1 || sum.Notes[0].Code != image.NoteCapabilities || sum.Notes[0].Layer != l.DiffID ||
		!strings.Contains(sum.Notes[0].Message, fmt.Sprint(more, " more")) {
		t.Errorf("notes are %+v", sum.Notes)
	}
}

func FuzzWalk(f *testing.F) {
	for _, text := range []string{
		"-- layer --\n-- a --\nx\n-- b symlink=a --\n",
		"-- layer zstd --\n-- etc/.wh.a --\n-- c hardlink=b --\n-- " + strings.Repeat("d/", 100) + " --\n",
		"-- layer plain --\n-- a xattr.user.x=y --\n-- b size=9000 --\n",
	} {
		f.Add(imagetest.Build(f, text).Layers[0].Blob)
	}
	f.Fuzz(func(t *testing.T, blob []byte) {
		l := imagetest.FromLayers(t, imagetest.RawLayer{Tar: blob}).Image(t).Layers[0]
		limits := image.DefaultLimits()
		limits.Inflated = 1 << 24
		paths := 0
		_, err := l.Walk(t.Context(), limits, func(e image.Entry, content io.Reader) error {
			paths++
			if !fs.ValidPath(e.Path) {
				t.Errorf("path %q is not clean", e.Path)
			}
			if content != nil {
				_, err := io.Copy(io.Discard, io.LimitReader(content, 1<<20))
				return err
			}
			return nil
		})
		var scan *catalog.ScanError
		if err != nil && !errors.As(err, &scan) {
			t.Errorf("error %v has no cause", err)
		}
	})
}

func BenchmarkWalk(b *testing.B) {
	var text strings.Builder
	text.WriteString("-- layer --\n")
	for n := range 2000 {
		fmt.Fprintf(&text, "-- usr/share/doc/package-%d/file size=20000 --\nThe quick brown fox %d jumps over the lazy dog\n", n, n)
	}
	img := imagetest.Build(b, text.String())
	l := img.Image(b).Layers[0]
	b.SetBytes(int64(len(img.Layers[0].Tar)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := l.Walk(b.Context(), image.DefaultLimits(), func(image.Entry, io.Reader) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
}
