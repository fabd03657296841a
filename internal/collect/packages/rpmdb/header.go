package rpmdb

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
)

// Package is what one header tells of an installed package. Fields a header
// does not have are empty.
type Package struct {
	Name    string
	Epoch   int
	Version string
	Release string
	Arch    string
	// SourceRPM is the file name of the source package: "bash-5.1.8-6.src.rpm".
	SourceRPM string
	Licence   string
	Vendor    string
	// ModularityLabel is "name:stream:version:context".
	ModularityLabel string

	baseNames  []string
	dirNames   []string
	dirIndexes []int
}

// Files calls yield with the directory, which ends in a slash, and the base
// name of every file and directory the package owns, until it returns false.
func (p *Package) Files(yield func(dir, base string) bool) {
	for i, base := range p.baseNames {
		if i >= len(p.dirIndexes) {
			return
		}
		d := p.dirIndexes[i]
		if d < 0 || d >= len(p.dirNames) {
			continue
		}
		if !yield(p.dirNames[d], base) {
			return
		}
	}
}

// A header is a count of index entries, a count of data bytes, the entries and
// the data; an entry is tag, type, offset into the data, and number of values.
// All numbers are big-endian.
const (
	minHeader = 8 + entrySize
	entrySize = 16
	// maxEntries is rpm's own limit.
	maxEntries = 0xffff
	// maxValues bounds the values of one entry; the largest packages have some
	// hundred thousand files.
	maxValues = 1 << 20

	tagName            = 1000
	tagVersion         = 1001
	tagRelease         = 1002
	tagEpoch           = 1003
	tagVendor          = 1011
	tagLicence         = 1014
	tagArch            = 1022
	tagSourceRPM       = 1044
	tagDirIndexes      = 1116
	tagBaseNames       = 1117
	tagDirNames        = 1118
	tagModularityLabel = 5096

	typeInt32       = 4
	typeString      = 6
	typeStringArray = 8
	typeI18NString  = 9
)

func parseHeader(blob []byte) (*Package, error) {
	if len(blob) < minHeader {
		return nil, fmt.Errorf("%d bytes are no package header", len(blob))
	}
	entries, dataLen := int64(binary.BigEndian.Uint32(blob)), int64(binary.BigEndian.Uint32(blob[4:]))
	if entries == 0 || entries > maxEntries || 8+entrySize*entries+dataLen > int64(len(blob)) {
		return nil, fmt.Errorf("%d entries and %d bytes of data do not fit a header of %d bytes", entries, dataLen, len(blob))
	}
	index := blob[8 : 8+entrySize*entries]
	data := blob[8+entrySize*entries:][:dataLen]

	p := &Package{}
	seen := map[uint32]bool{}
	for ; len(index) > 0; index = index[entrySize:] {
		e := entry{
			tag:    binary.BigEndian.Uint32(index),
			kind:   binary.BigEndian.Uint32(index[4:]),
			offset: binary.BigEndian.Uint32(index[8:]),
			count:  binary.BigEndian.Uint32(index[12:]),
		}
		// A tag stands once in a header; reading it more often only costs time.
		if seen[e.tag] {
			continue
		}
		seen[e.tag] = true
		if err := e.into(p, data); err != nil {
			return nil, fmt.Errorf("tag %d: %w", e.tag, err)
		}
	}
	if p.Name == "" {
		return nil, errors.New("the header has no package name")
	}
	return p, nil
}

type entry struct{ tag, kind, offset, count uint32 }

// into sets the field of p that the entry is about, if it is about one.
func (e entry) into(p *Package, data []byte) (err error) {
	switch e.tag {
	case tagName:
		p.Name, err = e.text(data)
	case tagVersion:
		p.Version, err = e.text(data)
	case tagRelease:
		p.Release, err = e.text(data)
	case tagArch:
		p.Arch, err = e.text(data)
	case tagSourceRPM:
		p.SourceRPM, err = e.text(data)
	case tagLicence:
		p.Licence, err = e.text(data)
	case tagVendor:
		p.Vendor, err = e.text(data)
	case tagModularityLabel:
		p.ModularityLabel, err = e.text(data)
	case tagEpoch:
		var epochs []int
		if epochs, err = e.numbers(data); err == nil && len(epochs) > 0 {
			p.Epoch = epochs[0]
		}
	case tagDirIndexes:
		p.dirIndexes, err = e.numbers(data)
	case tagBaseNames:
		p.baseNames, err = e.texts(data)
	case tagDirNames:
		p.dirNames, err = e.texts(data)
	}
	return err
}

func (e entry) text(data []byte) (string, error) {
	if e.kind != typeString && e.kind != typeI18NString && e.kind != typeStringArray {
		return "", fmt.Errorf("type %d is not text", e.kind)
	}
	e.count = min(e.count, 1)
	all, err := e.texts(data)
	if err != nil || len(all) == 0 || all[0] == "(none)" {
		return "", err
	}
	return all[0], nil
}

func (e entry) texts(data []byte) ([]string, error) {
	if int64(e.offset) > int64(len(data)) {
		return nil, errors.New("lies beyond the header")
	}
	data = data[e.offset:]
	if e.count > maxValues || int64(e.count) > int64(len(data)) { // each text has at least its end mark
		return nil, fmt.Errorf("claims %d texts", e.count)
	}
	texts := make([]string, 0, e.count)
	for range e.count {
		end := bytes.IndexByte(data, 0)
		if end < 0 {
			return nil, errors.New("a text has no end")
		}
		texts = append(texts, string(data[:end]))
		data = data[end+1:]
	}
	return texts, nil
}

func (e entry) numbers(data []byte) ([]int, error) {
	if e.kind != typeInt32 {
		return nil, fmt.Errorf("type %d is not a number", e.kind)
	}
	if e.count > maxValues || int64(e.offset)+4*int64(e.count) > int64(len(data)) {
		return nil, errors.New("lies beyond the header")
	}
	numbers := make([]int, e.count)
	for i := range numbers {
		numbers[i] = int(int32(binary.BigEndian.Uint32(data[int(e.offset)+4*i:])))
	}
	return numbers, nil
}
