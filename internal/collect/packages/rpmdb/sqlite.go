package rpmdb

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// SQLite, as far as reading two tables from end to end needs it: the schema on
// page 1, in which the table Packages names its root page, and that table,
// whose rows are (hnum, blob). See "Database File Format" on sqlite.org.
const (
	sqliteMagic = "SQLite format 3\x00"

	sqliteInterior = 0x05
	sqliteLeaf     = 0x0d

	// sqliteMaxDepth is more than any B-tree of 2^32 pages can have.
	sqliteMaxDepth = 32
)

type sqliteFile struct {
	*file
	pageSize int64
	// usable is the page size less the bytes reserved on each page.
	usable int64
	// pages is the number of pages that may still be visited: each page
	// belongs to one tree, so there is no reason to see one twice.
	pages int64
}

func (f *file) walkSQLite(head []byte, yield func([]byte) error) error {
	s := &sqliteFile{file: f, pageSize: int64(binary.BigEndian.Uint16(head[16:]))}
	if s.pageSize == 1 {
		s.pageSize = 64 << 10
	}
	if s.pageSize < 512 || s.pageSize&(s.pageSize-1) != 0 {
		return fmt.Errorf("SQLite: page size %d is not a power of two from 512 to 65536", s.pageSize)
	}
	s.usable = s.pageSize - int64(head[20])
	if s.usable < 480 {
		return fmt.Errorf("SQLite: %d bytes of each page are reserved", head[20])
	}
	s.pages = 2*(f.size/s.pageSize) + 2

	root, err := s.findTable("Packages")
	if err != nil {
		return fmt.Errorf("SQLite: %w", err)
	}
	err = s.walkTable(root, 0, func(payload []byte) error {
		columns, err := sqliteRecord(payload, 2)
		if err != nil {
			return fmt.Errorf("table Packages: %w", err)
		}
		return yield(columns[1])
	})
	if err != nil {
		return fmt.Errorf("SQLite: %w", err)
	}
	return nil
}

var errFound = errors.New("found")

// findTable returns the root page of a table.
func (s *sqliteFile) findTable(name string) (int64, error) {
	var root int64
	err := s.walkTable(1, 0, func(payload []byte) error {
		columns, err := sqliteRecord(payload, 4)
		if err != nil {
			return fmt.Errorf("schema: %w", err)
		}
		if string(columns[0]) == "table" && string(columns[1]) == name {
			root = sqliteInt(columns[3])
			return errFound
		}
		return nil
	})
	switch {
	case errors.Is(err, errFound):
		return root, nil
	case err != nil:
		return 0, err
	}
	return 0, fmt.Errorf("there is no table %s", name)
}

// walkTable yields the payload of every row of the B-tree under a page.
func (s *sqliteFile) walkTable(number int64, depth int, yield func([]byte) error) error {
	if depth > sqliteMaxDepth {
		return fmt.Errorf("the tree is deeper than %d pages", sqliteMaxDepth)
	}
	page, err := s.page(number)
	if err != nil {
		return err
	}
	head := page
	if number == 1 {
		head = page[100:]
	}
	kind, cells := head[0], int(binary.BigEndian.Uint16(head[3:]))
	pointers := head[8:]
	if kind == sqliteInterior {
		pointers = head[12:]
	}
	if 2*cells > len(pointers) {
		return fmt.Errorf("page %d claims %d cells", number, cells)
	}
	for i := range cells {
		off := int(binary.BigEndian.Uint16(pointers[2*i:]))
		if off+4 > len(page) {
			return fmt.Errorf("page %d: cell %d lies beyond the page", number, i)
		}
		cell := page[off:]
		switch kind {
		case sqliteInterior:
			err = s.walkTable(int64(binary.BigEndian.Uint32(cell)), depth+1, yield)
		case sqliteLeaf:
			var payload []byte
			if payload, err = s.payload(cell); err == nil {
				err = yield(payload)
			}
		default:
			err = fmt.Errorf("page %d is not part of a table", number)
		}
		if err != nil {
			return err
		}
	}
	if kind == sqliteInterior {
		return s.walkTable(int64(binary.BigEndian.Uint32(head[8:])), depth+1, yield)
	}
	return nil
}

// page returns the usable part of a page; numbers begin with 1.
func (s *sqliteFile) page(number int64) ([]byte, error) {
	if s.pages--; s.pages < 0 {
		return nil, errors.New("the pages form a cycle")
	}
	page := make([]byte, s.usable)
	if err := s.read(page, (number-1)*s.pageSize); err != nil {
		return nil, fmt.Errorf("page %d: %w", number, err)
	}
	return page, nil
}

// payload returns the content of a leaf cell, joined with its overflow pages.
func (s *sqliteFile) payload(cell []byte) ([]byte, error) {
	length, n := sqliteVarint(cell)
	_, m := sqliteVarint(cell[n:])
	if n == 0 || m == 0 {
		return nil, errors.New("a cell is cut short")
	}
	cell = cell[n+m:]
	payload, err := s.allocate(length)
	if err != nil {
		return nil, err
	}
	local := s.localSize(length)
	if local > int64(len(cell)) {
		return nil, errors.New("a cell is longer than its page")
	}
	got := int64(copy(payload, cell[:local]))
	if got == length {
		return payload, nil
	}
	if int64(len(cell)) < local+4 {
		return nil, errors.New("a cell is cut short")
	}
	next := int64(binary.BigEndian.Uint32(cell[local:]))
	for got < length {
		page, err := s.page(next)
		if err != nil {
			return nil, fmt.Errorf("overflow: %w", err)
		}
		next = int64(binary.BigEndian.Uint32(page))
		got += int64(copy(payload[got:], page[4:]))
	}
	return payload, nil
}

// localSize is the part of a payload that is kept in the cell itself.
func (s *sqliteFile) localSize(length int64) int64 {
	largest := s.usable - 35
	if length <= largest {
		return length
	}
	smallest := (s.usable-12)*32/255 - 23
	if k := smallest + (length-smallest)%(s.usable-4); k <= largest {
		return k
	}
	return smallest
}

// sqliteRecord returns the bytes of the first n columns of a record. The
// integer constants 0 and 1 have no bytes; that is the zero of hnum, which an
// INTEGER PRIMARY KEY stores as NULL anyway.
func sqliteRecord(payload []byte, n int) ([][]byte, error) {
	errShort := errors.New("a record is cut short")
	headLen, m := sqliteVarint(payload)
	if m == 0 || headLen < int64(m) || headLen > int64(len(payload)) {
		return nil, errShort
	}
	types, body := payload[m:headLen], payload[headLen:]
	columns := make([][]byte, 0, n)
	for len(columns) < n {
		t, m := sqliteVarint(types)
		if m == 0 {
			return nil, errShort
		}
		types = types[m:]
		size := sqliteSize(t)
		if size < 0 || size > int64(len(body)) {
			return nil, errShort
		}
		columns = append(columns, body[:size])
		body = body[size:]
	}
	return columns, nil
}

// sqliteSize is the number of bytes of a value with the given serial type.
func sqliteSize(serial int64) int64 {
	switch {
	case serial < 0:
		return -1
	case serial <= 4:
		return serial
	case serial == 5:
		return 6
	case serial <= 7:
		return 8
	case serial < 12:
		return 0
	}
	return (serial - 12) / 2
}

// sqliteInt reads a big-endian integer of up to 8 bytes.
func sqliteInt(b []byte) int64 {
	var v int64
	for _, c := range b {
		v = v<<8 | int64(c)
	}
	return v
}

// sqliteVarint reads a variable-length integer and the number of bytes it
// takes, 0 if b ends before it does.
func sqliteVarint(b []byte) (int64, int) {
	var v int64
	for i, c := range b {
		if i == 8 {
			return v<<8 | int64(c), 9
		}
		v = v<<7 | int64(c&0x7f)
		if c < 0x80 {
			return v, i + 1
		}
	}
	return 0, 0
}
