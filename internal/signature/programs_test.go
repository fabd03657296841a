package signature

import (
	"encoding/binary"
	"io/fs"
	"slices"
	"strings"
	"testing"
)

// program is what makes an ELF file.
type program struct {
	kind    uint16
	entry   uint64
	flags   uint32
	extra   string
	size    uint64 // of the segment; the file's by default
	room    uint64
	section uint64 // where the table of sections is said to be
	interp  bool
}

const base = 0x400000

// build makes a 64-bit ELF file with one segment that holds all of it.
func (p program) build() string {
	b := make([]byte, 64)
	copy(b, "\x7fELF\x02\x01\x01")
	le := binary.LittleEndian
	segments := uint16(1)
	if p.interp {
		segments = 2
	}
	end := 64 + 56*uint64(segments)
	le.PutUint16(b[16:], max(p.kind, elfExec))
	le.PutUint16(b[18:], 62)
	le.PutUint32(b[20:], 1)
	if p.entry == 0 {
		p.entry = base + end
	}
	le.PutUint64(b[24:], p.entry)
	le.PutUint64(b[32:], 64)
	le.PutUint16(b[52:], 64)
	le.PutUint16(b[54:], 56)
	le.PutUint16(b[56:], segments)
	le.PutUint16(b[58:], 64)
	if p.section != 0 {
		le.PutUint64(b[40:], p.section)
		le.PutUint16(b[60:], 3)
	}
	content := "\x90\x90\xc3" + p.extra
	if p.size == 0 {
		p.size = end + uint64(len(content))
	}
	if p.room == 0 {
		p.room = p.size
	}
	if p.flags == 0 {
		p.flags = 5
	}
	b = append(b, segment64(elfLoad, p.flags, 0, base, p.size, p.room)...)
	if p.interp {
		b = append(b, segment64(elfInterp, 4, 0, base, 8, 8)...)
	}
	return string(b) + content
}

func segment64(kind, flags uint32, offset, address, size, room uint64) []byte {
	b := make([]byte, 56)
	le := binary.LittleEndian
	le.PutUint32(b, kind)
	le.PutUint32(b[4:], flags)
	for i, v := range []uint64{offset, address, address, size, room, 0x1000} {
		le.PutUint64(b[8+8*i:], v)
	}
	return b
}

// pe is a Windows program with something in it.
func pe(extra string) string {
	b := make([]byte, 64)
	copy(b, "MZ")
	binary.LittleEndian.PutUint32(b[60:], 64)
	return string(b) + "PE\x00\x00" + strings.Repeat("\x00", 40) + extra
}

// TestProgramRules applies each rule for programs to one that has its words, and
// to some that nearly have.
func TestProgramRules(t *testing.T) {
	r := aggressive(t)
	for _, one := range r.rules {
		if one.types&(Executable|Class) == 0 || len(one.keywords) == 0 {
			continue
		}
		made := func(extra string) string {
			if one.types&ELF != 0 {
				return program{section: 64, extra: extra}.build()
			}
			return pe(extra)
		}
		also := strings.Join(one.all, "\x00")
		for _, k := range one.keywords {
			if ids := rulesOf(find(t, r, "usr/bin/x", made("\x00"+k+"\x00"+also))); !slices.Contains(ids, one.ID) {
				t.Errorf("%s: %q is not found, but %v", one.ID, k, ids)
			}
			// One byte is another.
			near := []byte(k)
			near[len(near)/2] ^= 0x81
			if ids := rulesOf(find(t, r, "usr/bin/x", made("\x00"+string(near)+"\x00"+also))); slices.Contains(ids, one.ID) {
				t.Errorf("%s: found in %q", one.ID, near)
			}
			// The words in a text.
			if ids := rulesOf(find(t, r, "usr/share/x/strings", "words: "+k+" "+also)); slices.Contains(ids, one.ID) {
				t.Errorf("%s: found in a text", one.ID)
			}
			for n := range one.all {
				rest := strings.Join(slices.Delete(slices.Clone(one.all), n, n+1), "\x00")
				if ids := rulesOf(find(t, r, "usr/bin/x", made("\x00"+k+"\x00"+rest))); slices.Contains(ids, one.ID) && !strings.Contains(k, one.all[n]) {
					t.Errorf("%s: found without %q", one.ID, one.all[n])
				}
			}
		}
	}
}

// TestRulesDoNotFindThemselves holds that a program with the rules in it, such as
// this one, is not taken for what they are about.
func TestRulesDoNotFindThemselves(t *testing.T) {
	r := aggressive(t)
	for _, made := range []string{program{section: 64, extra: string(builtin)}.build(), pe(string(builtin))} {
		if hits := find(t, r, "usr/bin/pratique", made); len(hits) > 0 {
			t.Errorf("found %v", rulesOf(hits))
		}
	}
	for _, name := range []string{"malware.yaml", "etc/pratique/rules/malware.yaml"} {
		if hits := find(t, r, name, string(builtin)); len(hits) > 0 {
			t.Errorf("found %+v in %s", hits, name)
		}
	}
}

type checkCase struct {
	path, content string
	mode          fs.FileMode
	found         bool
}

// checkCases are for the rules that are checks or only paths.
var checkCases = map[string][]checkCase{
	"eicar": {
		{path: "a", content: eicar, found: true},
		{path: "a.txt", content: eicar + "\n", found: true},
		{path: "a", content: eicar + "\r\n \t\x1a", found: true},
		{path: "a", content: eicar + strings.Repeat(" ", 60), found: true},
		{path: "a", content: eicar + strings.Repeat(" ", 61)},
		{path: "a", content: " " + eicar},
		{path: "a", content: eicar + "x"},
		{path: "a", content: eicar + "\x00"},
		{path: "a", content: eicar[:67]},
		{path: "a", content: strings.ToLower(eicar)},
		{path: "README.md", content: "The test file is " + eicar},
	},
	"miner-elf-name": {
		{path: "usr/bin/xmrig", content: program{section: 64}.build(), found: true},
		{path: "usr/bin/xmrig.sh", content: program{section: 64}.build()},
		{path: "usr/bin/xmrig", content: "#!/bin/sh\necho no\n"},
	},
	"disguised-program": {
		{path: "srv/logo.jpg", content: program{section: 64}.build(), found: true},
		{path: "srv/notes.TXT", content: pe(""), found: true},
		{path: "srv/logo.jpg", content: "\xff\xd8\xff\xe0 picture"},
		{path: "usr/bin/x", content: program{section: 64}.build()},
		{path: "srv/mz.txt", content: "MZ is how programs for DOS begin, after its author, and this is a text about it."},
		{path: "lib/x.so.1", content: program{section: 64, kind: elfDyn}.build()},
	},
	"hidden-program": {
		{path: "tmp/.../x", content: program{section: 64}.build(), found: true},
		{path: "usr/lib/ /x", content: program{section: 64}.build(), found: true},
		{path: "usr/bin/.x", content: program{section: 64}.build(), mode: 0o755, found: true},
		{path: "usr/lib/.x", content: program{section: 64}.build(), mode: 0o644},
		{path: "usr/lib/.libx.so.1", content: program{section: 64, kind: elfDyn}.build(), mode: 0o755},
		{path: "usr/lib/.hmac/x", content: program{section: 64}.build(), mode: 0o755},
		{path: "srv/.../x", content: "text"},
	},
	"temporary-program": {
		{path: "tmp/x", content: program{section: 64}.build(), found: true},
		{path: "dev/shm/x", content: program{section: 64}.build(), found: true},
		{path: "tmp/x", content: "#!/bin/sh\n"},
		{path: "srv/tmp/x", content: program{section: 64}.build()},
	},
	"forged-headers": {
		{path: "x", content: program{entry: 0x10, section: 64}.build(), found: true},
		{path: "x", content: program{section: 1 << 40}.build(), found: true},
		{path: "x", content: program{size: 100, room: 50, section: 64}.build(), found: true},
		{path: "x", content: program{section: 64}.build()},
		{path: "x", content: program{}.build()},
		{path: "x.so", content: program{kind: elfDyn, section: 64}.build()},
		{path: "x", content: "\x7fELF"},
	},
	"shellcode-program": {
		{path: "x", content: program{flags: 7}.build(), found: true},
		{path: "x", content: program{flags: 5}.build()},
		{path: "x", content: program{flags: 7, section: 64}.build()},
		{path: "x", content: program{flags: 7, extra: strings.Repeat("\x90", maxShellcode)}.build()},
	},
	"packed-upx": {
		{path: "x", content: program{section: 64, extra: "\x00UPX!\x0d"}.build(), found: true},
		{path: "x.exe", content: pe("UPX0\x00UPX1\x00"), found: true},
		{path: "x", content: program{section: 64, extra: strings.Repeat("x", 2000) + "UPX!"}.build()},
		{path: "x.md", content: "UPX! UPX0 UPX1"},
	},
}

func TestChecks(t *testing.T) {
	r := aggressive(t)
	for id, cases := range checkCases {
		if _, ok := r.byID[id]; !ok {
			t.Errorf("there is no rule %s", id)
		}
		for _, c := range cases {
			b := []byte(c.content)
			f := File{Path: c.path, Mode: c.mode, Size: int64(len(b)), Kind: KindOf(c.path, b), Content: b}
			hits, _ := r.Find(t.Context(), f)
			if found := slices.Contains(rulesOf(hits), id); found != c.found {
				t.Errorf("%s: %s of %d bytes, found %t: %v", id, c.path, len(c.content), found, hits)
			}
		}
	}
}
