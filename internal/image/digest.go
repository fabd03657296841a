package image

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"hash"
	"strings"
)

const algSHA512 = "sha512"

// checkDigest checks that d is a digest by an algorithm that we know, in the
// one spelling the specification allows. What passes is safe as a file name.
func checkDigest(d string) error {
	alg, hexed, _ := strings.Cut(d, ":")
	size := map[string]int{"sha256": sha256.Size, algSHA512: sha512.Size}[alg]
	if size == 0 || len(hexed) != 2*size || strings.Trim(hexed, "0123456789abcdef") != "" {
		return fmt.Errorf("%q is no sha256 or sha512 digest", clip(d))
	}
	return nil
}

// newHash returns the hash that a digest, which must have passed checkDigest,
// is made with.
func newHash(digest string) hash.Hash {
	if strings.HasPrefix(digest, algSHA512) {
		return sha512.New()
	}
	return sha256.New()
}

// sum returns the digest of what was written to h, in the algorithm of like.
func sum(h hash.Hash, like string) string {
	alg, _, _ := strings.Cut(like, ":")
	return alg + ":" + hex.EncodeToString(h.Sum(nil))
}

// digestLike returns the digest of b in the algorithm of like.
func digestLike(like string, b []byte) (string, error) {
	if err := checkDigest(like); err != nil {
		return "", err
	}
	h := newHash(like)
	h.Write(b)
	return sum(h, like), nil
}

func sha256Of(b []byte) string {
	s := sha256.Sum256(b)
	return "sha256:" + hex.EncodeToString(s[:])
}
