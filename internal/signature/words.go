package signature

import (
	"bytes"
	"encoding/binary"
)

// words finds many words in bytes at once. It is Wu and Manber's algorithm: a
// window as long as the shortest word moves over the text, and the last two
// bytes in it say how far it can move on without passing over a word. So most
// bytes are never looked at, which makes it several times as fast as an
// automaton that takes each byte in turn, and it needs a fraction of the memory.
type words struct {
	// window is its length: that of the shortest word, at most maxWindow.
	window int
	// shift says for each pair of bytes how far to go on.
	shift [1 << 16]uint8
	// chains lists the words by the hash of their beginning: one more than the
	// index of the first; each word has the next.
	chains []int32
	list   []word
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
	chainBits = 16
)

// newWords makes a set of words, each of minWord bytes at least. Their places in
// the list are what find tells.
func newWords(list []word) *words {
	w := &words{window: maxWindow, chains: make([]int32, 1<<chainBits), list: list}
	for n := range list {
		w.window = min(w.window, len(list[n].text))
	}
	for i := range w.shift {
		w.shift[i] = uint8(w.window - 1)
	}
	for n := range list {
		text := list[n].text[:w.window]
		for end := 2; end <= w.window; end++ {
			at := &w.shift[pair(text[end-2], text[end-1])]
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
const fold = 0x20

func pair(a, b byte) int { return int(a|fold)<<8 | int(b|fold) }

// chain is the hash of the window at the beginning of text.
func (w *words) chain(text []byte) uint32 {
	first := binary.LittleEndian.Uint32(text) | fold*0x01010101
	last := binary.LittleEndian.Uint32(text[w.window-4:]) | fold*0x01010101
	return (first*0x9e3779b1 ^ last*0x85ebca6b) * 0xc2b2ae35 >> (32 - chainBits)
}

// find calls hit for each occurrence of a word, until it returns false. It
// reports the place of the word in the list, and where it begins.
func (w *words) find(text []byte, hit func(word, start int) bool) {
	if len(w.list) == 0 {
		return
	}
	for end := w.window; end <= len(text); {
		if skip := w.shift[pair(text[end-2], text[end-1])]; skip > 0 {
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
