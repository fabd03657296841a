package signature

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// words finds many words in bytes at once. It is Wu and Manber's algorithm: a
// window as long as the shortest word moves over the text, and the last three
// bytes in it say how far it can move on without passing over a word. So most
// bytes are never looked at, which makes it several times as fast as an
// automaton that takes each byte in turn, and it needs a fraction of the memory.
type words struct {
	// window is its length: that of the shortest word, at most maxWindow.
	window int
	// shift says for the hash of three bytes how far to go on. Both tables have a
	// power of two of places, for which a hash is shifted to the right.
	shift     []uint8
	shiftBits int
	// chains lists the words by the hash of their beginning: one more than the
	// index of the first; each word has the next.
	chains    []int32
	chainBits int
	list      []word
}

// word is one of the words of a set.
type word struct {
	text []byte
	// exact is for bytes as they are; else the case of ASCII letters is nothing.
	exact bool
	// next is one more than the index of the next word of the chain.
	next int32
}

const (
	// minWord is the least length of a word, in bytes.
	minWord   = 4
	maxWindow = 8
	// minBits and maxBits bound the tables: the small one stays in the nearest
	// cache, the large one is for a hundred thousand words.
	minBits = 14
	maxBits = 20
)

// newWords makes a set of words, each of minWord bytes at least. Their places in
// the list are what find tells.
func newWords(list []word) *words {
	w := &words{window: maxWindow, list: list}
	for n := range list {
		w.window = min(w.window, len(list[n].text))
	}
	// One place in eight or fewer is taken.
	size := min(max(bits.Len(uint(len(list)*(w.window-2)*8)), minBits), maxBits)
	w.shiftBits, w.chainBits = 32-size, 32-size
	w.shift, w.chains = make([]uint8, 1<<size), make([]int32, 1<<size)
	for i := range w.shift {
		w.shift[i] = uint8(w.window - 2)
	}
	for n := range list {
		text := list[n].text[:w.window]
		for end := 3; end <= w.window; end++ {
			triple := uint32(text[end-3])<<8 | uint32(text[end-2])<<16 | uint32(text[end-1])<<24
			at := &w.shift[w.hash(triple)]
			*at = min(*at, uint8(w.window-end))
		}
		chain := w.chain(text)
		list[n].next = w.chains[chain]
		w.chains[chain] = int32(n + 1)
	}
	return w
}

// fold makes small letters of large ones, and some other bytes equal that are
// not: it serves to find candidates.
const fold = 0x20202020

// hash is that of the three upper bytes of a number.
func (w *words) hash(last uint32) uint32 {
	return (last>>8 | fold>>8) * 0x9e3779b1 >> w.shiftBits
}

// chain is the hash of the window at the beginning of text.
func (w *words) chain(text []byte) uint32 {
	first := binary.LittleEndian.Uint32(text) | fold
	last := binary.LittleEndian.Uint32(text[w.window-4:]) | fold
	return (first*0x9e3779b1 ^ last*0x85ebca6b) * 0xc2b2ae35 >> w.chainBits
}

// find calls hit for each occurrence of a word, until it returns false. It
// reports the place of the word in the list, and where it begins.
func (w *words) find(text []byte, hit func(word, start int) bool) {
	if len(w.list) == 0 {
		return
	}
	for end := w.window; end <= len(text); {
		if skip := w.shift[w.hash(binary.LittleEndian.Uint32(text[end-4:]))]; skip > 0 {
			end += int(skip)
			continue
		}
		start := end - w.window
		for n := w.chains[w.chain(text[start:end])]; n > 0; n = w.list[n-1].next {
			if w.list[n-1].begins(text[start:]) && !hit(int(n-1), start) {
				return
			}
		}
		end++
	}
}

// begins reports whether the text begins with the word.
func (w *word) begins(text []byte) bool {
	if len(text) < len(w.text) {
		return false
	}
	if w.exact {
		return bytes.Equal(text[:len(w.text)], w.text)
	}
	for i, c := range w.text {
		if lower(text[i]) != lower(c) {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}
