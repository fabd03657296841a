package blob

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"hash"
	"strings"

	"github.com/pratique/pratique/internal/catalog"
)

// Algorithm is a hash function content can be addressed by.
type Algorithm string

const (
	SHA256 Algorithm = "sha256"
	SHA512 Algorithm = "sha512"
)

// New returns the hash function. An algorithm that is none of the constants
// counts as SHA256.
func (a Algorithm) New() hash.Hash {
	if a == SHA512 {
		return sha512.New()
	}
	return sha256.New()
}

// Known reports whether a is one of the constants.
func (a Algorithm) Known() bool { return a == SHA256 || a == SHA512 }

// hexLen is the number of hexadecimal digits of a digest.
func (a Algorithm) hexLen() int {
	if a == SHA512 {
		return 2 * sha512.Size
	}
	return 2 * sha256.Size
}

// Of returns the digest of content.
func (a Algorithm) Of(content []byte) string {
	h := a.New()
	h.Write(content)
	return a.digest(h)
}

func (a Algorithm) digest(h hash.Hash) string {
	return string(a) + ":" + hex.EncodeToString(h.Sum(nil))
}

// ParseDigest checks that digest is "ALGORITHM:HEX" by a known algorithm, in
// lower case and of the right length: the one spelling there is of it. The
// parts are safe as names of files. Errors are Invalid, "digest_invalid".
func ParseDigest(digest string) (alg Algorithm, hexed string, err error) {
	name, hexed, _ := strings.Cut(digest, ":")
	alg = Algorithm(name)
	if !alg.Known() || len(hexed) != alg.hexLen() || strings.Trim(hexed, "0123456789abcdef") != "" {
		return "", "", catalog.Errorf(catalog.Invalid, "digest_invalid", "%q is not a digest", clip(digest)).
			Advise("use sha256: or sha512: followed by 64 or 128 lower-case hexadecimal digits")
	}
	return alg, hexed, nil
}

// clip shortens what a client sent before it is repeated to it.
func clip(s string) string {
	if len(s) > 150 {
		return s[:150] + "…"
	}
	return s
}
