package password

import (
	"math/bits"
	"sync"
)

// The oldest form of crypt(3) makes the password the key of DES, and enciphers
// zeros with it 25 times. A salt changes the cipher: each of its bits that is
// set exchanges two bits of what the expansion E yields. Package crypto/des has
// no room for that, so the cipher of FIPS 46-3 is here, for nothing else.

// Tables of FIPS 46-3. Bits count from 1, the most significant.
var (
	initialPermutation = []byte{
		58, 50, 42, 34, 26, 18, 10, 2, 60, 52, 44, 36, 28, 20, 12, 4, 62, 54, 46, 38, 30, 22, 14, 6, 64, 56, 48, 40, 32, 24, 16, 8,
		57, 49, 41, 33, 25, 17, 9, 1, 59, 51, 43, 35, 27, 19, 11, 3, 61, 53, 45, 37, 29, 21, 13, 5, 63, 55, 47, 39, 31, 23, 15, 7,
	}
	finalPermutation = []byte{
		40, 8, 48, 16, 56, 24, 64, 32, 39, 7, 47, 15, 55, 23, 63, 31, 38, 6, 46, 14, 54, 22, 62, 30, 37, 5, 45, 13, 53, 21, 61, 29,
		36, 4, 44, 12, 52, 20, 60, 28, 35, 3, 43, 11, 51, 19, 59, 27, 34, 2, 42, 10, 50, 18, 58, 26, 33, 1, 41, 9, 49, 17, 57, 25,
	}
	roundPermutation = []byte{
		16, 7, 20, 21, 29, 12, 28, 17, 1, 15, 23, 26, 5, 18, 31, 10, 2, 8, 24, 14, 32, 27, 3, 9, 19, 13, 30, 6, 22, 11, 4, 25,
	}
	permutedChoice1 = []byte{
		57, 49, 41, 33, 25, 17, 9, 1, 58, 50, 42, 34, 26, 18, 10, 2, 59, 51, 43, 35, 27, 19, 11, 3, 60, 52, 44, 36,
		63, 55, 47, 39, 31, 23, 15, 7, 62, 54, 46, 38, 30, 22, 14, 6, 61, 53, 45, 37, 29, 21, 13, 5, 28, 20, 12, 4,
	}
	permutedChoice2 = []byte{
		14, 17, 11, 24, 1, 5, 3, 28, 15, 6, 21, 10, 23, 19, 12, 4, 26, 8, 16, 7, 27, 20, 13, 2,
		41, 52, 31, 37, 47, 55, 30, 40, 51, 45, 33, 48, 44, 49, 39, 56, 34, 53, 46, 42, 50, 36, 29, 32,
	}
	keyShifts = [16]int{1, 1, 2, 2, 2, 2, 2, 2, 1, 2, 2, 2, 2, 2, 2, 1}
	sBoxes    = [8][64]byte{
		{
			14, 4, 13, 1, 2, 15, 11, 8, 3, 10, 6, 12, 5, 9, 0, 7, 0, 15, 7, 4, 14, 2, 13, 1, 10, 6, 12, 11, 9, 5, 3, 8,
			4, 1, 14, 8, 13, 6, 2, 11, 15, 12, 9, 7, 3, 10, 5, 0, 15, 12, 8, 2, 4, 9, 1, 7, 5, 11, 3, 14, 10, 0, 6, 13,
		},
		{
			15, 1, 8, 14, 6, 11, 3, 4, 9, 7, 2, 13, 12, 0, 5, 10, 3, 13, 4, 7, 15, 2, 8, 14, 12, 0, 1, 10, 6, 9, 11, 5,
			0, 14, 7, 11, 10, 4, 13, 1, 5, 8, 12, 6, 9, 3, 2, 15, 13, 8, 10, 1, 3, 15, 4, 2, 11, 6, 7, 12, 0, 5, 14, 9,
		},
		{
			10, 0, 9, 14, 6, 3, 15, 5, 1, 13, 12, 7, 11, 4, 2, 8, 13, 7, 0, 9, 3, 4, 6, 10, 2, 8, 5, 14, 12, 11, 15, 1,
			13, 6, 4, 9, 8, 15, 3, 0, 11, 1, 2, 12, 5, 10, 14, 7, 1, 10, 13, 0, 6, 9, 8, 7, 4, 15, 14, 3, 11, 5, 2, 12,
		},
		{
			7, 13, 14, 3, 0, 6, 9, 10, 1, 2, 8, 5, 11, 12, 4, 15, 13, 8, 11, 5, 6, 15, 0, 3, 4, 7, 2, 12, 1, 10, 14, 9,
			10, 6, 9, 0, 12, 11, 7, 13, 15, 1, 3, 14, 5, 2, 8, 4, 3, 15, 0, 6, 10, 1, 13, 8, 9, 4, 5, 11, 12, 7, 2, 14,
		},
		{
			2, 12, 4, 1, 7, 10, 11, 6, 8, 5, 3, 15, 13, 0, 14, 9, 14, 11, 2, 12, 4, 7, 13, 1, 5, 0, 15, 10, 3, 9, 8, 6,
			4, 2, 1, 11, 10, 13, 7, 8, 15, 9, 12, 5, 6, 3, 0, 14, 11, 8, 12, 7, 1, 14, 2, 13, 6, 15, 0, 9, 10, 4, 5, 3,
		},
		{
			12, 1, 10, 15, 9, 2, 6, 8, 0, 13, 3, 4, 14, 7, 5, 11, 10, 15, 4, 2, 7, 12, 9, 5, 6, 1, 13, 14, 0, 11, 3, 8,
			9, 14, 15, 5, 2, 8, 12, 3, 7, 0, 4, 10, 1, 13, 11, 6, 4, 3, 2, 12, 9, 5, 15, 10, 11, 14, 1, 7, 6, 0, 8, 13,
		},
		{
			4, 11, 2, 14, 15, 0, 8, 13, 3, 12, 9, 7, 5, 10, 6, 1, 13, 0, 11, 7, 4, 9, 1, 10, 14, 3, 5, 12, 2, 15, 8, 6,
			1, 4, 11, 13, 12, 3, 7, 14, 10, 15, 6, 8, 0, 5, 9, 2, 6, 11, 13, 8, 1, 4, 10, 7, 9, 5, 0, 15, 14, 2, 3, 12,
		},
		{
			13, 2, 8, 4, 6, 15, 11, 1, 10, 9, 3, 14, 5, 0, 12, 7, 1, 15, 13, 8, 10, 3, 7, 4, 12, 5, 6, 11, 0, 14, 9, 2,
			7, 11, 4, 1, 9, 12, 14, 2, 0, 6, 10, 13, 15, 3, 5, 8, 2, 1, 14, 7, 4, 10, 8, 13, 15, 12, 9, 0, 3, 5, 6, 11,
		},
	}
)

// pick makes a number of the bits of src, which has width bits, that a table
// names.
func pick(src uint64, width int, table []byte) uint64 {
	var dst uint64
	for _, n := range table {
		dst = dst<<1 | src>>(width-int(n))&1
	}
	return dst
}

// substitutions are the boxes S followed by the permutation P, so that the eight
// results need only be put together.
var substitutions = sync.OnceValue(func() *[8][64]uint32 {
	var all [8][64]uint32
	for box := range all {
		for in := range all[box] {
			row, column := in>>4&2|in&1, in>>1&15
			s := uint64(sBoxes[box][row<<4|column]) << (28 - 4*box)
			all[box][in] = uint32(pick(s, 32, roundPermutation))
		}
	}
	return &all
})

// desKey holds the keys of the 16 rounds, in two halves of 24 bits each.
type desKey [16][2]uint32

func newDESKey(key uint64) *desKey {
	var k desKey
	both := pick(key, 64, permutedChoice1)
	c, d := uint32(both>>28), uint32(both)&(1<<28-1)
	for n, shift := range keyShifts {
		c = (c<<shift | c>>(28-shift)) & (1<<28 - 1)
		d = (d<<shift | d>>(28-shift)) & (1<<28 - 1)
		round := pick(uint64(c)<<28|uint64(d), 56, permutedChoice2)
		k[n] = [2]uint32{uint32(round >> 24), uint32(round) & (1<<24 - 1)}
	}
	return &k
}

// encipher enciphers a block as often as rounds says. Bit n of salt, from the
// least significant, exchanges bits n+1 and n+25 of the expansion.
func (k *desKey) encipher(block uint64, salt uint32, rounds int) uint64 {
	s := substitutions()
	swap := bits.Reverse32(salt) >> 8
	block = pick(block, 64, initialPermutation)
	l, r := uint32(block>>32), uint32(block)
	for range rounds {
		for _, key := range k {
			high, low := expand(r, 0), expand(r, 16)
			t := (high ^ low) & swap
			high, low = high^t^key[0], low^t^key[1]
			f := s[0][high>>18] | s[1][high>>12&63] | s[2][high>>6&63] | s[3][high&63] |
				s[4][low>>18] | s[5][low>>12&63] | s[6][low>>6&63] | s[7][low&63]
			l, r = r, l^f
		}
		l, r = r, l
	}
	return pick(uint64(l)<<32|uint64(r), 64, finalPermutation)
}

// expand returns 24 of the 48 bits of E, those of four boxes.
func expand(r uint32, from int) uint32 {
	var e uint32
	for n := from; n < from+16; n += 4 {
		e = e<<6 | bits.RotateLeft32(r, n+5)&63
	}
	return e
}

// desBlock makes a key of eight characters, of which seven bits count.
func desBlock(word string) uint64 {
	var key uint64
	for n := range 8 {
		key <<= 8
		if n < len(word) {
			key |= uint64(word[n]) << 1 & 0xff
		}
	}
	return key
}

// desCrypt is the traditional form, of which eight characters count.
func desCrypt(word string, salt uint32) uint64 {
	if len(word) > 8 {
		word = word[:8]
	}
	return newDESKey(desBlock(word)).encipher(0, salt, 25)
}

// bsdiCrypt is the extended form of BSD/OS, of which all characters count: what
// goes beyond eight is added to the key enciphered with itself.
func bsdiCrypt(word string, salt uint32, rounds int) uint64 {
	key := desBlock(word)
	for len(word) > 8 {
		word = word[8:]
		key = newDESKey(key).encipher(key, 0, 1) ^ desBlock(word)
	}
	return newDESKey(key).encipher(0, salt, rounds)
}

// alphabet is what crypt(3) writes numbers in, six bits a character.
const alphabet = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// desText writes a block as crypt(3) does.
func desText(block uint64) string {
	var text [11]byte
	for n := range 10 {
		text[n] = alphabet[block>>(58-6*n)&63]
	}
	text[10] = alphabet[block<<2&63]
	return string(text[:])
}

// littleEndian reads a number of crypt(3), its lowest six bits first. The text
// must be of the alphabet.
func littleEndian(text string) uint32 {
	var n uint32
	for i := len(text) - 1; i >= 0; i-- {
		n = n<<6 | uint32(indexOf(text[i]))
	}
	return n
}

func indexOf(c byte) int {
	switch {
	case c >= 'a':
		return int(c-'a') + 38
	case c >= 'A':
		return int(c-'A') + 12
	default:
		return int(c - '.')
	}
}
