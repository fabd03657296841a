package signature

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/pratique/pratique/internal/rulefile"
)

// maxHashes bounds the hashes of a set. A hash needs about 100 bytes of memory.
const maxHashes = 4_000_000

// anySize is the size of a hash that stands for files of any size.
const anySize = -1

// hashList is a list of hashes with the sizes of their files.
type hashList struct {
	// bySum has the hashes by their bytes; MD5, SHA-1 and SHA-256 are told apart
	// by their length.
	bySum map[string]known
	// sizes are those of files that have to be hashed to know whether they are
	// in the list; plain SHA-256 are not counted.
	sizes map[int64]sums
	kinds sums
}

// known is a file that a hash stands for.
type known struct {
	size int64
	name string
	// plain is set for one of a list of SHA-256 only.
	plain bool
}

// sums is a set of hash functions.
type sums uint8

const (
	useMD5 sums = 1 << iota
	useSHA1
	useSHA256
)

func sumOf(length int) sums {
	switch length {
	case md5.Size:
		return useMD5
	case sha1.Size:
		return useSHA1
	}
	return useSHA256
}

// add adds a hash. The first of equal ones counts.
func (l *hashList) add(sum []byte, k known) error {
	if l.bySum == nil {
		l.bySum, l.sizes = make(map[string]known), make(map[int64]sums)
	}
	if len(l.bySum) >= maxHashes {
		return fmt.Errorf("more than %d hashes", maxHashes)
	}
	if _, twice := l.bySum[string(sum)]; !twice {
		l.bySum[string(sum)] = k
	}
	if !k.plain {
		l.sizes[k.size] |= sumOf(len(sum))
		l.kinds |= sumOf(len(sum))
	}
	return nil
}

// find returns the file that has this hash and size.
func (l *hashList) find(sum []byte, size int64) (known, bool) {
	k, ok := l.bySum[string(sum)]
	return k, ok && (k.size == anySize || k.size == size)
}

// readHash reads a line of *.hdb and *.hsb: HASH:SIZE:NAME, and in *.hsb what
// versions of ClamAV it is for, which does not matter here.
func (p *parser) readHash(at lineOf, line string) error {
	sum, k, err := parseHash(line)
	if err != nil {
		return err
	}
	p.decides(at, line)
	return p.hashes.add(sum, k)
}

// readAllowed reads a line of *.fp and *.sfp, which have the same form.
func (p *parser) readAllowed(at lineOf, line string) error {
	sum, k, err := parseHash(line)
	if err != nil {
		return err
	}
	if k.plain = sumOf(len(sum)) == useSHA256; !k.plain {
		p.decides(at, line)
	}
	return p.allowed.add(sum, k)
}

// decides notes a signature as one that facts depend on.
func (p *parser) decides(at lineOf, line string) {
	if p.hash == nil {
		p.hash = sha256.New()
	}
	kind := at.file[strings.LastIndexByte(at.file, '.')+1:]
	fmt.Fprintf(p.hash, "%s %d:%s\n", kind, len(line), line)
}

func parseHash(line string) ([]byte, known, error) {
	fields := strings.Split(line, ":")
	if len(fields) < 3 || len(fields) > 5 {
		return nil, known{}, errors.New("expected HASH:SIZE:NAME")
	}
	sum, err := parseSum(fields[0])
	if err != nil {
		return nil, known{}, err
	}
	k := known{size: anySize, name: strings.Clone(fields[2])}
	if fields[1] != "*" {
		if k.size, err = strconv.ParseInt(fields[1], 10, 64); err != nil || k.size < 0 {
			return nil, known{}, fmt.Errorf("size %q is neither a number of bytes nor *", rulefile.Clip(fields[1]))
		}
	}
	if err := checkName(k.name); err != nil {
		return nil, known{}, err
	}
	return sum, k, nil
}

func parseSum(text string) ([]byte, error) {
	sum, err := hex.DecodeString(text)
	if err == nil {
		switch len(sum) {
		case md5.Size, sha1.Size, sha256.Size:
			return sum, nil
		}
	}
	return nil, fmt.Errorf("%q is no MD5, SHA-1 or SHA-256 in hexadecimal digits", rulefile.Clip(text))
}

// checkName checks the name of a signature, which stands in reports.
func checkName(name string) error {
	if name == "" || len(name) > 200 {
		return errors.New("a signature's name has 1 to 200 bytes")
	}
	return rulefile.CheckText(name, maxTextBytes)
}

// readPlain reads a line of *.sha256: a hash, and perhaps a name as sha256sum
// writes it.
func (p *parser) readPlain(_ lineOf, line string) error {
	digits, name, _ := strings.Cut(strings.TrimSpace(line), " ")
	sum, err := parseSum(digits)
	if err != nil || len(sum) != sha256.Size {
		return fmt.Errorf("%q is no SHA-256 in hexadecimal digits", rulefile.Clip(digits))
	}
	name = strings.Clone(strings.TrimPrefix(strings.TrimSpace(name), "*"))
	if name != "" {
		if err := checkName(name); err != nil {
			return err
		}
	}
	return p.hashes.add(sum, known{size: anySize, name: name, plain: true})
}

// UnnamedHash is the name of what a list of hashes has no name for.
const UnnamedHash = "listed-hash"

// KnownHash reports whether a SHA-256, as its 32 bytes, is that of a malicious
// file of this size, and what the list calls it. It is for facts: what is in a
// file is found by Sums and MatchSums as well.
func (r *Rules) KnownHash(sum []byte, size int64) (name string, ok bool) {
	k, ok := r.hashes.find(sum, size)
	if ok && k.name == "" {
		k.name = UnnamedHash
	}
	return k.name, ok && len(sum) == sha256.Size
}

// Harmless reports whether a SHA-256, as its 32 bytes, is on a list of files
// that are not malicious.
func (r *Rules) Harmless(sum []byte, size int64) bool {
	_, ok := r.allowed.find(sum, size)
	return ok && len(sum) == sha256.Size
}

// Hashing is the computing of the hashes of one file that lists are about.
type Hashing struct {
	rules *Rules
	sha2  hash.Hash
	md5   hash.Hash // nil unless needed, as is sha1
	sha1  hash.Hash
	size  int64
}

// Hash returns a Hashing for a file of this size, or of one that is not known if
// it is negative. Unless it is wanted anyway it is nil where no signature is
// about a file of that size. SHA-256 is always among what it computes.
func (r *Rules) Hash(size int64, wanted bool) *Hashing {
	need := r.hashes.about(size)
	if need == 0 && !wanted {
		return nil
	}
	need |= r.allowed.about(size)
	h := &Hashing{rules: r, sha2: sha256.New()}
	if need&useMD5 != 0 {
		h.md5 = md5.New()
	}
	if need&useSHA1 != 0 {
		h.sha1 = sha1.New()
	}
	return h
}

// about returns the hash functions of hashes of files of this size, all that
// there are if it is negative.
func (l *hashList) about(size int64) sums {
	if size >= 0 {
		return l.sizes[anySize] | l.sizes[size]
	}
	return l.kinds
}

// Write adds to the file. It never fails.
func (h *Hashing) Write(p []byte) (int, error) {
	for _, one := range h.all() {
		one.Write(p)
	}
	h.size += int64(len(p))
	return len(p), nil
}

var _ io.Writer = (*Hashing)(nil)

func (h *Hashing) all() []hash.Hash {
	all := []hash.Hash{h.sha2}
	if h.md5 != nil {
		all = append(all, h.md5)
	}
	if h.sha1 != nil {
		all = append(all, h.sha1)
	}
	return all
}

// SHA256 returns the 32 bytes of that hash.
func (h *Hashing) SHA256() []byte { return h.sha2.Sum(nil) }

// Size is how many bytes were written.
func (h *Hashing) Size() int64 { return h.size }

// Match returns the signature that the whole file has the hash of.
func (h *Hashing) Match() (Hit, bool) {
	for _, one := range h.all() {
		if k, ok := h.rules.hashes.find(one.Sum(nil), h.size); ok && !k.plain {
			return Hit{Rule: k.name, Engine: EngineSignatures}, true
		}
	}
	return Hit{}, false
}

// Excused reports whether the file is on a list of files that are not malicious
// by its MD5 or SHA-1. Those of SHA-256 are applied to facts, see Harmless.
func (h *Hashing) Excused() bool {
	return slices.ContainsFunc(h.all(), func(one hash.Hash) bool {
		k, ok := h.rules.allowed.find(one.Sum(nil), h.size)
		return ok && !k.plain
	})
}
