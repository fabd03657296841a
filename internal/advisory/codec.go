package advisory

import (
	"encoding/binary"
	"errors"
)

// errCorrupt is what every reader of the database's files returns for bytes
// that no writer wrote. It is wrapped with the file's name on the way up.
var errCorrupt = errors.New("damaged")

// encoder appends values in the form decoder reads.
type encoder struct{ b []byte }

func (e *encoder) uint(v uint64) { e.b = binary.AppendUvarint(e.b, v) }

func (e *encoder) str(s string) {
	e.uint(uint64(len(s)))
	e.b = append(e.b, s...)
}

func (e *encoder) strs(list []string) {
	e.uint(uint64(len(list)))
	for _, s := range list {
		e.str(s)
	}
}

// decoder reads what encoder wrote. After the first mistake all reads give zero
// values and err stays set, so callers check once at the end.
type decoder struct {
	b   []byte
	err error
}

func (d *decoder) fail() { d.err, d.b = errCorrupt, nil }

func (d *decoder) uint() uint64 {
	v, n := binary.Uvarint(d.b)
	if n <= 0 {
		d.fail()
		return 0
	}
	d.b = d.b[n:]
	return v
}

// uint32 reads a number that must fit into 32 bits.
func (d *decoder) uint32() uint32 {
	v := d.uint()
	if v > 1<<32-1 {
		d.fail()
		return 0
	}
	return uint32(v)
}

func (d *decoder) bytes() []byte {
	n := d.uint()
	if n > uint64(len(d.b)) {
		d.fail()
		return nil
	}
	out := d.b[:n]
	d.b = d.b[n:]
	return out
}

func (d *decoder) str() string { return string(d.bytes()) }

// maxGuess bounds what is allocated on the word of a count alone.
const maxGuess = 4096

// count reads the length of a list whose elements take at least one byte each.
func (d *decoder) count() int {
	n := d.uint()
	if n > uint64(len(d.b)) {
		d.fail()
		return 0
	}
	return int(n)
}

func (d *decoder) strs() []string {
	n := d.count()
	if n == 0 {
		return nil
	}
	out := make([]string, 0, min(n, maxGuess))
	for range n {
		out = append(out, d.str())
	}
	if d.err != nil {
		return nil
	}
	return out
}

func (e *encoder) record(r *record) {
	e.str(r.id)
	e.strs(r.cves)
	e.strs(r.aliases)
	e.str(r.title)
	e.str(r.details)
	e.strs(r.vectors)
	e.str(r.word)
	e.str(r.wordSource)
	e.strs(r.cwes)
	e.strs(r.references)
	e.str(r.published)
	e.str(r.modified)
}

func (d *decoder) record() *record {
	return &record{
		id:         d.str(),
		cves:       d.strs(),
		aliases:    d.strs(),
		title:      d.str(),
		details:    d.str(),
		vectors:    d.strs(),
		word:       d.str(),
		wordSource: d.str(),
		cwes:       d.strs(),
		references: d.strs(),
		published:  d.str(),
		modified:   d.str(),
	}
}

// part writes all but release and name, which all parts of a package share.
func (e *encoder) part(p *part) {
	e.uint(uint64(len(p.ranges)))
	for _, i := range p.ranges {
		e.uint(uint64(i.kind))
		e.str(i.introduced)
		e.str(i.end)
	}
	e.strs(p.versions)
	e.str(p.status)
	e.str(p.urgency)
	e.str(p.stream)
	own := uint64(0)
	if p.own {
		own = 1
	}
	e.uint(uint64(p.cve)<<1 | own)
}

func (d *decoder) part() part {
	var p part
	n := d.count()
	if n > 0 {
		p.ranges = make([]interval, 0, min(n, maxGuess))
	}
	for range n {
		kind := d.uint()
		if kind > uint64(endLimit) {
			d.fail()
		}
		p.ranges = append(p.ranges, interval{kind: ending(kind), introduced: d.str(), end: d.str()})
	}
	p.versions = d.strs()
	p.status = d.str()
	p.urgency = d.str()
	p.stream = d.str()
	v := d.uint()
	if v>>33 != 0 {
		d.fail()
	}
	p.cve, p.own = cveKey(v>>1), v&1 != 0
	return p
}
