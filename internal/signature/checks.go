package signature

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"path"
	"strings"
)

// check looks at a file as a whole and returns what there is to show.
type check func(f *File) (excerpt string, found bool)

// checks are what cannot be said by words and patterns, by the name that rules
// use.
var checks = map[string]check{
	"eicar":      checkEICAR,
	"disguised":  checkDisguised,
	"hidden":     checkHidden,
	"temporary":  checkTemporary,
	"upx":        checkUPX,
	"forged-elf": checkForged,
	"shellcode":  checkShellcode,
}

// eicar is the test file that every scanner has to find, in parts, so that no
// scanner finds it in this program.
var eicar = strings.Join([]string{`X5O!P%@AP[4\PZX54(P^)`, `7CC)7}$EICAR-STANDARD-`, `ANTIVIRUS-TEST-FILE!$H+H*`}, "")

// checkEICAR finds the test file of EICAR by its definition: the 68 bytes at the
// beginning, and after them nothing but white space and Ctrl-Z, with at most 128
// bytes in all.
func checkEICAR(f *File) (string, bool) {
	if f.Size > 128 || int64(len(f.Content)) < f.Size || !hasPrefix(f.Content, eicar) {
		return "", false
	}
	return "", len(bytes.Trim(f.Content[len(eicar):f.Size], " \t\n\r\x1a")) == 0
}

// documents are extensions that no program has.
var documents = map[string]bool{
	".jpg": true, ".jpeg": true, ".png": true, ".gif": true, ".bmp": true, ".ico": true, ".webp": true, ".svg": true, ".txt": true, ".log": true,
	".pdf": true, ".doc": true, ".docx": true, ".xls": true, ".xlsx": true, ".html": true, ".htm": true, ".css": true, ".json": true, ".xml": true,
	".csv": true, ".md": true, ".mp3": true, ".mp4": true, ".wav": true, ".ttf": true, ".woff": true, ".woff2": true, ".conf": true, ".yaml": true, ".yml": true,
}

// checkDisguised finds programs that are named as pictures or documents.
func checkDisguised(f *File) (string, bool) {
	if f.Kind&Executable == 0 || !documents[strings.ToLower(path.Ext(f.Path))] || f.Kind&PE != 0 && !isPE(f.Content) {
		return "", false
	}
	return formatName(f.Kind) + " named " + printable(path.Base(f.Path)), true
}

func formatName(k Kind) string {
	switch {
	case k&PE != 0:
		return "Windows program"
	case k&MachO != 0:
		return "macOS program"
	}
	return "Linux program"
}

// isPE reports whether what begins as a program for DOS is one for Windows.
func isPE(b []byte) bool {
	if len(b) < 64 {
		return false
	}
	at := binary.LittleEndian.Uint32(b[60:])
	return uint64(at)+4 <= uint64(len(b)) && string(b[at:at+4]) == "PE\x00\x00"
}

// checkHidden finds programs with a name, or in a directory, that listings make
// easy to pass over: of dots, of spaces, or with control characters.
func checkHidden(f *File) (string, bool) {
	if f.Kind&Executable == 0 {
		return "", false
	}
	for element := range strings.SplitSeq(f.Path, "/") {
		if element != "" && strings.Trim(element, ". \t") == "" || strings.TrimRight(element, " \t") != element || strings.ContainsAny(element, "\n\r\x1b\b") {
			return "in " + printable(element), true
		}
	}
	base := path.Base(f.Path)
	if strings.HasPrefix(base, ".") && !strings.Contains(base, ".so") && !strings.Contains(base, ".node") && f.Mode.Perm()&0o111 != 0 && f.Kind&ELF != 0 && elfProgram(f.Content) {
		return "named " + printable(base), true
	}
	return "", false
}

// checkTemporary finds programs where programs are put while they are made, or
// to be run once.
func checkTemporary(f *File) (string, bool) {
	if f.Kind&Executable == 0 {
		return "", false
	}
	for _, dir := range []string{"dev/", "tmp/", "var/tmp/", "run/shm/", "proc/", "sys/"} {
		if strings.HasPrefix(f.Path, dir) {
			return "", true
		}
	}
	return "", false
}

// checkUPX finds programs packed with UPX, which leaves its mark after the
// headers.
func checkUPX(f *File) (string, bool) {
	head := f.Content[:min(len(f.Content), HeadSize)]
	switch {
	case f.Kind&ELF != 0:
		return "", bytes.Contains(head, []byte("UPX!"))
	case f.Kind&PE != 0:
		return "", bytes.Contains(head, []byte("UPX0")) && bytes.Contains(head, []byte("UPX1"))
	}
	return "", false
}

// checkForged finds ELF programs whose headers contradict each other or the
// file, in a way that a system still runs them: that is done to keep tools from
// looking at them.
func checkForged(f *File) (string, bool) {
	if f.Kind&ELF == 0 {
		return "", false
	}
	h, ok := readELF(f.Content)
	if !ok || !h.program() {
		return "", false
	}
	why := h.contradiction(f.Size)
	return why, why != ""
}

// maxShellcode is the largest program that is nothing but headers and a few
// instructions, as generators of attacks make them.
const maxShellcode = 8 << 10

// checkShellcode finds ELF programs of one segment that can be both written and
// executed, without sections, that begin right after their headers. Compilers
// make no such programs.
func checkShellcode(f *File) (string, bool) {
	if f.Kind&ELF == 0 || f.Size > maxShellcode {
		return "", false
	}
	h, ok := readELF(f.Content)
	if !ok || h.kind != elfExec || h.sections != 0 || len(h.segments) != 1 {
		return "", false
	}
	one := h.segments[0]
	if one.kind != elfLoad || one.flags&7 != 7 {
		return "", false
	}
	at, ok := h.offset(h.entry)
	if !ok || at > h.headersEnd+16 {
		return "", false
	}
	return fmt.Sprintf("program of %d bytes that can change itself", f.Size), true
}

// printable makes a name fit for an excerpt.
func printable(s string) string { return excerpt([]byte(strings.Map(visible, s))) }

// visible shows white space, which is what matters in such names.
func visible(r rune) rune {
	if r == ' ' {
		return '␠'
	}
	return r
}
