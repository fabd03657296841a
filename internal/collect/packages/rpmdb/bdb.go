package rpmdb

import (
	"encoding/binary"
	"fmt"
)

// Berkeley DB, hash access method. Page 0 describes the file; a hash page holds
// pairs of key and value, sorted by hash, growing down from the page's end,
// with an index of 16-bit offsets after the page header. A header of a package
// never fits a page, so the value is a reference to a chain of overflow pages.
const (
	bdbHashMagic = 0x00061561

	bdbPageHeader   = 26
	bdbHashUnsorted = 2
	bdbOverflow     = 7
	bdbHash         = 13

	bdbItemData    = 1
	bdbItemOffPage = 3
)

func (f *file) walkBDB(meta []byte, order binary.ByteOrder, yield func([]byte) error) error {
	pageSize := int64(order.Uint32(meta[20:]))
	if pageSize < 512 || pageSize > 64<<10 || pageSize&(pageSize-1) != 0 {
		return fmt.Errorf("berkeley DB: page size %d is not a power of two from 512 to 65536", pageSize)
	}
	if meta[24] != 0 {
		return fmt.Errorf("berkeley DB: the database is encrypted")
	}
	last := int64(order.Uint32(meta[32:]))
	page := make([]byte, pageSize)
	for n := int64(1); n <= last; n++ {
		if err := f.read(page, n*pageSize); err != nil {
			return fmt.Errorf("berkeley DB: page %d: %w", n, err)
		}
		if t := page[25]; t != bdbHash && t != bdbHashUnsorted {
			continue
		}
		if err := f.walkBDBPage(page, order, yield); err != nil {
			return fmt.Errorf("berkeley DB: page %d: %w", n, err)
		}
	}
	return nil
}

// walkBDBPage yields the values of one hash page.
func (f *file) walkBDBPage(page []byte, order binary.ByteOrder, yield func([]byte) error) error {
	items := int(order.Uint16(page[20:]))
	if bdbPageHeader+2*items > len(page) {
		return fmt.Errorf("claims %d items", items)
	}
	offset := func(i int) int { return int(order.Uint16(page[bdbPageHeader+2*i:])) }
	for i := 1; i < items; i += 2 {
		start, end := offset(i), offset(i-1)
		if start >= end || end > len(page) {
			return fmt.Errorf("item %d lies at %d to %d", i, start, end)
		}
		item := page[start:end]
		var blob []byte
		switch item[0] {
		case bdbItemData:
			blob = item[1:]
			if len(blob) < minHeader {
				continue // the record under key 0: the highest package number
			}
		case bdbItemOffPage:
			if len(item) < 12 {
				return fmt.Errorf("item %d is cut short", i)
			}
			var err error
			blob, err = f.readBDBChain(order.Uint32(item[4:]), order.Uint32(item[8:]), order, int64(len(page)))
			if err != nil {
				return err
			}
		default:
			continue
		}
		if err := yield(blob); err != nil {
			return err
		}
	}
	return nil
}

// readBDBChain joins length bytes of the overflow pages that begin at page first.
func (f *file) readBDBChain(first, length uint32, order binary.ByteOrder, pageSize int64) ([]byte, error) {
	blob, err := f.allocate(int64(length))
	if err != nil {
		return nil, err
	}
	head := make([]byte, bdbPageHeader)
	next := int64(first)
	for got := 0; got < len(blob); {
		if err := f.read(head, next*pageSize); err != nil {
			return nil, err
		}
		held := int(order.Uint16(head[22:]))
		if head[25] != bdbOverflow || held == 0 || int64(held) > pageSize-bdbPageHeader {
			return nil, fmt.Errorf("page %d is not an overflow page", next)
		}
		n := min(held, len(blob)-got)
		if err := f.read(blob[got:got+n], next*pageSize+bdbPageHeader); err != nil {
			return nil, err
		}
		got += n
		next = int64(order.Uint32(head[16:]))
	}
	return blob, nil
}
