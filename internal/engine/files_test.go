package engine_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pratique/pratique/internal/engine"
	"github.com/pratique/pratique/internal/report"
)

func TestWastedFiles(t *testing.T) {
	tests := []struct {
		name   string
		image  string
		want   []string // "PATH SIZE @LAYER deleted by LAYER"
		layers []string // "COUNT SIZE replaced N deleted N wasted N"
	}{
		{
			name:   "nothing is wasted",
			image:  "-- layer --\n-- a size=3 --\n-- layer --\n-- b size=2 --\n-- d/ --\n-- l symlink=a --\n",
			layers: []string{"1 3 0 0 0", "1 2 0 0 0"},
		},
		{
			name:   "overwritten, then deleted",
			image:  "-- layer --\n-- a size=3 --\n-- layer --\n-- a size=2 --\n-- layer --\n-- .wh.a --\n",
			want:   []string{"a 3 @0 replaced by 1", "a 2 @1 deleted by 2"},
			layers: []string{"1 3 0 0 3", "1 2 1 0 2", "0 0 0 1 0"},
		},
		{
			name:   "deleted, then there anew: the first that hides it counts",
			image:  "-- layer --\n-- a size=3 --\n-- layer --\n-- .wh.a --\n-- layer --\n-- a size=2 --\n",
			want:   []string{"a 3 @0 deleted by 1"},
			layers: []string{"1 3 0 0 3", "0 0 0 1 0", "1 2 0 0 0"},
		},
		{
			name:   "a whiteout and a new file in one layer replace",
			image:  "-- layer --\n-- d/a size=3 --\n-- d/b size=1 --\n-- layer --\n-- .wh.d --\n-- d/a size=2 --\n",
			want:   []string{"d/a 3 @0 replaced by 1", "d/b 1 @0 deleted by 1"},
			layers: []string{"2 4 0 0 4", "1 2 1 1 0"},
		},
		{
			name:   "an opaque directory, a directory in place of a file, a file of a directory",
			image:  "-- layer --\n-- d/a size=3 --\n-- e size=4 --\n-- f/g size=5 --\n-- layer --\n-- d/.wh..wh..opq --\n-- e/x size=1 --\n-- f size=2 --\n",
			want:   []string{"f/g 5 @0 deleted by 1", "e 4 @0 replaced by 1", "d/a 3 @0 deleted by 1"},
			layers: []string{"3 12 0 0 12", "2 3 1 2 0"},
		},
		{
			name:   "empty files count, but waste nothing",
			image:  "-- layer --\n-- a size=0 --\n-- layer --\n-- .wh.a --\n",
			layers: []string{"1 0 0 0 0", "0 0 0 1 0"},
		},
		{
			name:   "a hard link keeps the content of a name that is gone",
			image:  "-- layer --\n-- a size=3 --\n-- b hardlink=a --\n-- layer --\n-- .wh.a --\n",
			layers: []string{"2 3 0 0 0", "0 0 0 1 0"},
		},
		{
			name:   "content is wasted with its last name",
			image:  "-- layer --\n-- a size=3 --\n-- b hardlink=a --\n-- layer --\n-- .wh.a --\n-- .wh.b --\n",
			want:   []string{"a 3 @0 deleted by 1"},
			layers: []string{"2 3 0 0 3", "0 0 0 2 0"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			files := scan(t, engine.Options{}, test.image).Files
			var got, layers []string
			for _, f := range files.WastedFiles {
				got = append(got, fmt.Sprintf("%s %d @%d %s by %d", f.Path, f.Size, f.Layer, f.Hidden, f.By))
			}
			sum := int64(0)
			for n, l := range files.Layers {
				if l.Layer != n {
					t.Errorf("layer %d is called %d", n, l.Layer)
				}
				layers = append(layers, fmt.Sprintf("%d %d %d %d %d", l.Count, l.Size, l.Replaced, l.Deleted, l.Wasted))
				sum += l.Wasted
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("wasted (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.layers, layers); diff != "" {
				t.Errorf("layers (-want +got):\n%s", diff)
			}
			if files.Wasted != sum {
				t.Errorf("wasted %d, but the layers' add up to %d", files.Wasted, sum)
			}
		})
	}
}

func TestSpecialFiles(t *testing.T) {
	const rawSockets = `xattr.security.capability="\x01\x00\x00\x02\x00\x20\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"`
	files := scan(t, engine.Options{}, `
-- layer --
-- tmp/ mode=1777 --
-- open/ mode=0777 --
-- group/ mode=2755 --
-- etc/passwd mode=0644 --
-- l symlink=etc/passwd --
-- pipe mode=0666 fifo --
-- usr/bin/su mode=4755 uid=1 gid=2 --
-- usr/bin/write mode=2644 --
-- usr/bin/gone mode=4755 --
-- usr/bin/tamed mode=6755 --
-- usr/bin/ping mode=0755 `+rawSockets+` --
-- usr/bin/all mode=6777 `+rawSockets+` --
-- usr/bin/su2 mode=4755 hardlink=usr/bin/su --
-- dev/null mode=0666 char=1,3 --
-- dev/sda mode=0660 block=8,0 --
-- layer --
-- usr/bin/.wh.gone --
-- usr/bin/tamed mode=0755 --
-- srv/shared mode=0646 --
`).Files
	var got []string
	for _, s := range files.Special {
		got = append(got, fmt.Sprintf("%s %s %d:%d %s %s @%d", s.Mode, s.Path, s.UID, s.GID, strings.Join(s.Kinds, ","), strings.Join(s.Capabilities, ","), s.Layer))
	}
	want := []string{
		"crw-rw-rw- dev/null 0:0 device  @0",
		"brw-rw---- dev/sda 0:0 device  @0",
		"drwxrwxrwx open 0:0 world-writable  @0",
		"-rw-r--rw- srv/shared 0:0 world-writable  @1",
		"-rwsrwsrwx usr/bin/all 0:0 setuid,setgid,world-writable,capabilities cap_net_raw @0",
		"-rwxr-xr-x usr/bin/ping 0:0 capabilities cap_net_raw @0",
		"-rwsr-xr-x usr/bin/su 1:2 setuid  @0",
		"-rwsr-xr-x usr/bin/su2 0:0 setuid  @0",
		"-rw-r-Sr-- usr/bin/write 0:0 setgid  @0",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if files.SpecialCount != len(want) {
		t.Errorf("count is %d", files.SpecialCount)
	}
}

func TestManySpecialFiles(t *testing.T) {
	var text strings.Builder
	text.WriteString("-- layer --\n")
	for n := range 1500 {
		// In an order that is neither that of paths nor that of the tree.
		fmt.Fprintf(&text, "-- d%c%04d mode=0666 --\n", "/-"[n%2], (n*617)%1500)
	}
	files := scan(t, engine.Options{}, text.String()).Files
	if len(files.Special) != 1000 || files.SpecialCount != 1500 {
		t.Fatalf("%d special files of %d", len(files.Special), files.SpecialCount)
	}
	for n := 1; n < len(files.Special); n++ {
		if a, b := files.Special[n-1].Path, files.Special[n].Path; a >= b {
			t.Errorf("%s comes before %s", a, b)
		}
	}
	if first, last := files.Special[0].Path, files.Special[999].Path; first[:2] != "d-" || last[:2] != "d/" {
		t.Errorf("from %s to %s", first, last)
	}
}

func TestFileTypesOfImage(t *testing.T) {
	files := scan(t, engine.Options{}, `
-- layer --
-- bin/a mode=0755 size=10 --
-- bin/b mode=0755 size=5 --
-- lib/libc.so.6 size=15 --
-- x symlink=bin/a --
-- old.png size=99 --
-- empty.txt size=0 --
-- layer --
-- .wh.old.png --
-- p.py size=3 --
`).Files
	want := []report.FileType{{Type: "program", Count: 2, Size: 15}, {Type: "library", Count: 1, Size: 15}, {Type: "source code", Count: 1, Size: 3}, {Type: "document", Count: 1}}
	if diff := cmp.Diff(want, files.Types); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestForgedSizes adds sizes that no disk holds: facts may come from anywhere
// that a store can be written to.
func TestForgedSizes(t *testing.T) {
	const size = math.MaxInt64/2 + 1
	layer := func(id string, files ...report.File) *report.LayerFacts {
		return &report.LayerFacts{DiffID: id, Files: files}
	}
	facts, err := engine.Merge(
		report.Image{Layers: []report.Layer{{DiffID: "a"}, {DiffID: "b"}}},
		[]*report.LayerFacts{
			layer("a", report.File{Path: "a", Size: size}, report.File{Path: "b", Size: size}, report.File{Path: "c", Size: size}, report.File{Path: "d", Size: size}),
			layer("b", report.File{Path: "a"}, report.File{Path: "b"}),
		})
	if err != nil {
		t.Fatal(err)
	}
	f := facts.Files
	if f.Size != math.MaxInt64 || f.Wasted != math.MaxInt64 || f.Layers[0].Size != math.MaxInt64 {
		t.Errorf("size %d, wasted %d, layer %d", f.Size, f.Wasted, f.Layers[0].Size)
	}
}
