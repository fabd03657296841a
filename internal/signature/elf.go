package signature

import (
	"encoding/binary"
	"math"
)

// elf is what is read of an ELF file's headers.
type elf struct {
	// kind is that of the file: elfExec, elfDyn, …
	kind     uint16
	entry    uint64
	sections int
	// sectionsAt is where the table of sections is, 0 for none.
	sectionsAt  uint64
	sectionSize uint64
	segments    []segment
	// headersEnd is where the headers of the segments end.
	headersEnd uint64
	// cut is set if there should be more segments than there are.
	cut bool
	// section has where each section is in the file.
	section []uint64
}

type segment struct {
	kind, flags                 uint32
	offset, address, size, room uint64
}

const (
	elfExec = 2
	elfDyn  = 3

	elfLoad   = 1
	elfInterp = 3

	elfExecutable = 1
	elfReadable   = 4

	// maxSegments and maxSections bound what is read; programs have a dozen or
	// two of segments.
	maxSegments = 128
	maxSections = 4096
)

// readELF reads the headers of an ELF file as far as its content is there. ok is
// false for something else.
func readELF(b []byte) (h elf, ok bool) {
	if len(b) < 52 || string(b[:4]) != "\x7fELF" {
		return h, false
	}
	var order binary.ByteOrder = binary.LittleEndian
	if b[5] == 2 {
		order = binary.BigEndian
	}
	wide := b[4] == 2
	if wide && len(b) < 64 {
		return h, false
	}
	h.kind = order.Uint16(b[16:])
	number := func(narrow, large int) uint64 {
		if wide {
			return order.Uint64(b[large:])
		}
		return uint64(order.Uint32(b[narrow:]))
	}
	h.entry = number(24, 24)
	segmentsAt := number(28, 32)
	h.sectionsAt = number(32, 40)
	counts := b[42:]
	if wide {
		counts = b[54:]
	}
	entrySize, count := uint64(order.Uint16(counts)), int(order.Uint16(counts[2:]))
	h.sectionSize, h.sections = uint64(order.Uint16(counts[4:])), int(order.Uint16(counts[6:]))
	h.headersEnd = segmentsAt + entrySize*uint64(count)
	h.readSegments(b, order, wide, segmentsAt, entrySize, count)
	h.readSections(b, order, wide)
	return h, true
}

// part returns n bytes of b from an offset that may be anything.
func part(b []byte, at, n uint64) ([]byte, bool) {
	if at > uint64(len(b)) || n > uint64(len(b))-at {
		return nil, false
	}
	return b[at : at+n], true
}

func (h *elf) readSegments(b []byte, order binary.ByteOrder, wide bool, at, size uint64, count int) {
	least := uint64(32)
	if wide {
		least = 56
	}
	for n := range count {
		p, ok := part(b, at+uint64(n)*size, least)
		if !ok || size < least || n >= maxSegments {
			h.cut = true
			return
		}
		if wide {
			h.segments = append(h.segments, segment{order.Uint32(p), order.Uint32(p[4:]), order.Uint64(p[8:]), order.Uint64(p[16:]), order.Uint64(p[32:]), order.Uint64(p[40:])})
		} else {
			u := func(i int) uint64 { return uint64(order.Uint32(p[i:])) }
			h.segments = append(h.segments, segment{order.Uint32(p), order.Uint32(p[24:]), u(4), u(8), u(16), u(20)})
		}
	}
}

func (h *elf) readSections(b []byte, order binary.ByteOrder, wide bool) {
	least, field := uint64(40), uint64(16)
	if wide {
		least, field = 64, 24
	}
	for n := range min(h.sections, maxSections) {
		p, ok := part(b, h.sectionsAt+uint64(n)*h.sectionSize, least)
		if !ok || h.sectionSize < least {
			return
		}
		if wide {
			h.section = append(h.section, order.Uint64(p[field:]))
		} else {
			h.section = append(h.section, uint64(order.Uint32(p[field:])))
		}
	}
}

// program reports whether a system would run the file.
func (h *elf) program() bool {
	if h.kind != elfExec && h.kind != elfDyn {
		return false
	}
	for _, s := range h.segments {
		if s.kind == elfLoad {
			return true
		}
	}
	return false
}

// elfProgram reports whether the file is a program rather than a library.
func elfProgram(b []byte) bool {
	h, ok := readELF(b)
	if !ok || h.kind == elfExec {
		return ok
	}
	for _, s := range h.segments {
		if s.kind == elfInterp {
			return h.kind == elfDyn
		}
	}
	return false
}

// offset returns where in the file an address of the running program is.
func (h *elf) offset(address uint64) (uint64, bool) {
	for _, s := range h.segments {
		if s.kind == elfLoad && address >= s.address && address-s.address < s.size && s.offset <= math.MaxInt64 {
			return s.offset + (address - s.address), true
		}
	}
	return 0, false
}

// instructions returns where the segments that hold nothing but instructions are
// in a file of this size, in order: those that are executed, if constants are in
// a segment of their own.
func (h *elf) instructions(size int64) []extent {
	constants := false
	var code []extent
	for _, s := range h.segments {
		switch {
		case s.kind != elfLoad || s.size > uint64(size) || s.offset > uint64(size)-s.size:
		case s.flags == elfReadable && s.offset > 0:
			constants = true
		case s.flags == elfReadable|elfExecutable && s.offset > 0:
			code = append(code, extent{int64(s.offset), int64(s.offset + s.size)})
		}
	}
	if !constants {
		return nil
	}
	return code
}

// contradiction tells what is wrong with the headers of a program of this size.
// What strippers leave out is no contradiction.
func (h *elf) contradiction(size int64) string {
	for _, s := range h.segments {
		if s.kind == elfLoad && s.size > s.room {
			return "a segment is larger in the file than in memory"
		}
	}
	if _, ok := h.offset(h.entry); !ok && h.entry != 0 && h.kind == elfExec && !h.cut {
		return "the program begins outside of what is loaded"
	}
	if h.sections > 0 && h.sectionsAt > uint64(size) {
		return "the table of sections is beyond the end of the file"
	}
	return ""
}
