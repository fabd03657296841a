package rpmdb

import (
	"encoding/binary"
	"fmt"
)

// NDB, rpm's own format: a header of two slots' size, then slots of 16 bytes
// that fill whole pages, then blobs aligned to 16 bytes. All little-endian.
const (
	ndbMagic     = "RpmP"
	ndbSlotMagic = "Slot"
	ndbBlobMagic = "BlbS"

	ndbSlot = 16
	ndbPage = 4096
)

func (f *file) walkNDB(head []byte, yield func([]byte) error) error {
	le := binary.LittleEndian
	if v := le.Uint32(head[4:]); v != 0 {
		return fmt.Errorf("NDB: version %d is not known", v)
	}
	end := int64(le.Uint32(head[12:])) * ndbPage
	if end > f.size {
		return fmt.Errorf("NDB: the slots end at %d in a file of %d bytes", end, f.size)
	}
	page := make([]byte, ndbPage)
	for off := int64(0); off < end; off += ndbPage {
		if err := f.read(page, off); err != nil {
			return fmt.Errorf("NDB: slots: %w", err)
		}
		start := 0
		if off == 0 {
			start = 2 * ndbSlot
		}
		for i := start; i < ndbPage; i += ndbSlot {
			slot := page[i : i+ndbSlot]
			if string(slot[:4]) != ndbSlotMagic {
				return fmt.Errorf("NDB: no slot at offset %d", off+int64(i))
			}
			index, block := le.Uint32(slot[4:]), le.Uint32(slot[8:])
			if index == 0 {
				continue // free
			}
			blob, err := f.readNDBBlob(index, int64(block)*ndbSlot)
			if err != nil {
				return fmt.Errorf("NDB: package %d: %w", index, err)
			}
			if err := yield(blob); err != nil {
				return err
			}
		}
	}
	return nil
}

func (f *file) readNDBBlob(index uint32, off int64) ([]byte, error) {
	var head [16]byte
	if err := f.read(head[:], off); err != nil {
		return nil, err
	}
	if string(head[:4]) != ndbBlobMagic || binary.LittleEndian.Uint32(head[4:]) != index {
		return nil, fmt.Errorf("its slot points to something else at offset %d", off)
	}
	blob, err := f.allocate(int64(binary.LittleEndian.Uint32(head[12:])))
	if err != nil {
		return nil, err
	}
	return blob, f.read(blob, off+int64(len(head)))
}
