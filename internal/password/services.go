package password

import (
	"bytes"
	"crypto/hmac"
	"crypto/md5"
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"strconv"
	"strings"
	"time"

	"github.com/go-crypt/x/crypt"
)

// MySQL reads a password as MySQL and MariaDB store it: with a star
// (mysql_native_password), with "$A$" (caching_sha2_password), or the sixteen
// digits of before version 4.1. The error is as in Crypt.
func MySQL(form string) (Stored, error) {
	if rest, ok := strings.CutPrefix(form, "$A$"); ok {
		return priced(readCachingSHA2(form, rest))
	}
	if rest, ok := strings.CutPrefix(form, "*"); ok {
		want, err := hex.DecodeString(rest)
		if err != nil || len(want) != sha1.Size {
			return Stored{}, ErrUnknown
		}
		return Stored{Scheme: "mysql_native_password", cost: costDigest, form: form, is: func(word, _ string) bool {
			once := sha1.Sum([]byte(word))
			twice := sha1.Sum(once[:])
			return bytes.Equal(twice[:], want)
		}}, nil
	}
	want, err := hex.DecodeString(form)
	if err != nil || len(want) != 8 {
		return Stored{}, ErrUnknown
	}
	number := binary.BigEndian.Uint64(want)
	return Stored{Scheme: "mysql_old_password", cost: costDigest, form: form, is: func(word, _ string) bool {
		return oldMySQL(word) == number
	}}, nil
}

// readCachingSHA2 reads three digits (thousands of rounds, in hexadecimal), a
// salt of 20 bytes, any of them, and the sum: SHA-crypt with a longer salt.
func readCachingSHA2(form, rest string) (Stored, error) {
	const scheme = "caching_sha2_password"
	if len(rest) != 3+1+20+43 || rest[3] != '$' || !written(rest[24:], 43, 43) {
		return Stored{}, ErrUnknown
	}
	thousands, err := strconv.ParseUint(rest[:3], 16, 12)
	if err != nil || thousands == 0 {
		return Stored{}, ErrUnknown
	}
	rounds, salt, want := int(thousands)*1000, []byte(rest[4:24]), rest[24:]
	return Stored{Scheme: scheme, cost: time.Duration(rounds) * costSHA256Round, form: form, is: func(word, _ string) bool {
		return string(crypt.KeySHACrypt(sha256.New, []byte(word), salt, rounds)) == want
	}}, nil
}

// oldMySQL is the sum that MySQL made before version 4.1. Blanks do not count.
func oldMySQL(word string) uint64 {
	const low = 1<<31 - 1
	a, b, add := uint64(1345345333), uint64(0x12345671), uint64(7)
	for _, c := range []byte(word) {
		if c == ' ' || c == '\t' {
			continue
		}
		a ^= (a&63+add)*uint64(c) + a<<8
		b += b<<8 ^ a
		add += uint64(c)
	}
	return a&low<<32 | b&low
}

// PostgreSQL reads a password as PostgreSQL stores it: "md5" and a sum that
// holds the account's name, or a SCRAM verifier (RFC 5803). The error is as in
// Crypt.
func PostgreSQL(form string) (Stored, error) {
	if rest, ok := strings.CutPrefix(form, "SCRAM-SHA-256$"); ok {
		return priced(readSCRAM(form, rest))
	}
	rest, ok := strings.CutPrefix(form, "md5")
	want, err := hex.DecodeString(rest)
	if !ok || err != nil || len(want) != md5.Size {
		return Stored{}, ErrUnknown
	}
	return Stored{Scheme: "md5", cost: costDigest, form: form, is: func(word, user string) bool {
		sum := md5.Sum([]byte(word + user))
		return bytes.Equal(sum[:], want)
	}}, nil
}

// readSCRAM reads "ITERATIONS:SALT$STOREDKEY:SERVERKEY".
func readSCRAM(form, rest string) (Stored, error) {
	const scheme = "scram-sha-256"
	if len(form) > maxForm {
		return Stored{}, ErrUnknown
	}
	head, keys, ok := strings.Cut(rest, "$")
	count, saltText, ok2 := strings.Cut(head, ":")
	storedText, _, ok3 := strings.Cut(keys, ":")
	iterations, err := strconv.ParseUint(count, 10, 32)
	salt, err2 := base64.StdEncoding.DecodeString(saltText)
	want, err3 := base64.StdEncoding.DecodeString(storedText)
	if !ok || !ok2 || !ok3 || err != nil || err2 != nil || err3 != nil || iterations == 0 || len(want) != sha256.Size {
		return Stored{}, ErrUnknown
	}
	return Stored{Scheme: scheme, cost: time.Duration(iterations) * costHMACRound, form: form, is: func(word, _ string) bool {
		salted, err := pbkdf2.Key(sha256.New, word, salt, int(iterations), sha256.Size)
		if err != nil {
			return false
		}
		client := hmac.New(sha256.New, salted)
		client.Write([]byte("Client Key"))
		stored := sha256.Sum256(client.Sum(nil))
		return bytes.Equal(stored[:], want)
	}}, nil
}

// Redis reads what follows "#" in a rule of an access list, a SHA-256 sum. The
// error is ErrUnknown.
func Redis(form string) (Stored, error) {
	s, ok := readDigest(form, sha256.Size)
	if !ok {
		return Stored{}, ErrUnknown
	}
	return s, nil
}

// Tomcat reads a password of tomcat-users.xml, which stands there as it is or as
// its sum, with or without a salt ("SALT$ITERATIONS$SUM"). Which of them it is
// the server's configuration tells, not the file: what looks like a sum is
// compared in both ways. The error is as in Crypt.
func Tomcat(form string) (Stored, error) {
	plain := Plain(form)
	if len(form) > maxForm {
		return plain, nil
	}
	if s, err := readSaltedDigest(form); err != ErrUnknown {
		return priced(s, err)
	}
	if s, ok := readDigest(form, len(form)/2); ok {
		sum := s.is
		s.is = func(word, user string) bool { return sum(word, user) || plain.is(word, user) }
		return s, nil
	}
	return plain, nil
}

// digests are the sums by their length in bytes.
var digests = map[int]struct {
	name string
	hash func() hash.Hash
}{
	md5.Size:    {"md5", md5.New},
	sha1.Size:   {"sha1", sha1.New},
	sha256.Size: {"sha256", sha256.New},
	sha512.Size: {"sha512", sha512.New},
}

// readDigest reads a sum of this many bytes.
func readDigest(form string, size int) (Stored, bool) {
	want, err := hex.DecodeString(form)
	digest, ok := digests[size]
	if err != nil || !ok || len(want) != size {
		return Stored{}, false
	}
	return Stored{Scheme: digest.name, cost: 2 * costDigest, form: form, is: func(word, _ string) bool {
		h := digest.hash()
		h.Write([]byte(word))
		return bytes.Equal(h.Sum(nil), want)
	}}, true
}

// readSaltedDigest reads what Tomcat's MessageDigestCredentialHandler writes: the
// sum of salt and password, summed again until there were that many iterations.
func readSaltedDigest(form string) (Stored, error) {
	parts := strings.Split(form, "$")
	if len(parts) != 3 {
		return Stored{}, ErrUnknown
	}
	salt, err := hex.DecodeString(parts[0])
	iterations, err2 := strconv.ParseUint(parts[1], 10, 31)
	want, err3 := hex.DecodeString(parts[2])
	digest, ok := digests[len(want)]
	if err != nil || err2 != nil || err3 != nil || !ok || iterations == 0 {
		return Stored{}, ErrUnknown
	}
	cost := time.Duration(iterations) * 2 * costDigest
	return Stored{Scheme: "salted " + digest.name, cost: cost, form: form, is: func(word, _ string) bool {
		h := digest.hash()
		h.Write(salt)
		h.Write([]byte(word))
		sum := h.Sum(nil)
		for range iterations - 1 {
			h.Reset()
			h.Write(sum)
			sum = h.Sum(sum[:0])
		}
		return bytes.Equal(sum, want)
	}}, nil
}
