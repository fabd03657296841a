package password

import (
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"hash"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/go-crypt/x/crypt"
	"github.com/go-crypt/x/yescrypt"
	"golang.org/x/crypto/bcrypt"
)

// Stored is a password as it is stored, ready to be compared with guesses. The
// zero value matches nothing.
type Stored struct {
	// Scheme names how it is stored: "yescrypt", "sha512crypt", "plain", …
	Scheme string
	// cost is the price of one guess.
	cost time.Duration
	// form is what Stored was made of.
	form string
	// is reports whether the password of a user is this word.
	is func(word, user string) bool
}

// Why a password as it is stored cannot be guessed.
var (
	// ErrUnknown: it is in no form known.
	ErrUnknown = errors.New("not a known form of a stored password")
	// ErrUnsupported: the form is known, but what it is made by is not here.
	ErrUnsupported = errors.New("a scheme that is not supported")
	// ErrCostly: a single guess would take too much time or memory.
	ErrCostly = errors.New("a guess would cost too much")
)

// Bounds of a single guess. What is stored comes with an image and may demand
// anything.
const (
	maxCost   = time.Second
	maxMemory = 32 << 20 // bytes
	// maxForm bounds the text of a stored password; the longest known is shorter.
	maxForm = 512
)

// Prices of one guess, or of one round of one, on an ordinary processor.
// BenchmarkGuess compares them with the one it runs on.
const (
	costPlain        = 200 * time.Nanosecond // what there is to do for any guess
	costDigest       = 600 * time.Nanosecond
	costDES          = 10 * time.Microsecond
	costDESRound     = costDES / 25 // of which the traditional form has 25
	costMD5Crypt     = 180 * time.Microsecond
	costSHA256Round  = 260 * time.Nanosecond
	costSHA512Round  = 320 * time.Nanosecond
	costBcryptRound  = 75 * time.Microsecond // of which there are 2^cost
	costYescryptUnit = 500 * time.Nanosecond // N·r of them
	costHMACRound    = 300 * time.Nanosecond // of PBKDF2 with SHA-256
)

// Empty is the password of an account that needs none.
func Empty() Stored {
	return Stored{Scheme: "empty", cost: costPlain, is: func(word, _ string) bool { return word == "" }}
}

// Plain is a password that is stored as it is.
func Plain(word string) Stored {
	return Stored{Scheme: "plain", cost: costPlain, form: word, is: func(guess, _ string) bool { return guess == word }}
}

// Crypt reads a password as crypt(3) stores it in /etc/shadow, or htpasswd in
// its files. The error is ErrUnknown, ErrUnsupported or ErrCostly; Scheme is
// set even then, if it is known.
func Crypt(form string) (Stored, error) {
	if len(form) > maxForm {
		return Stored{}, ErrUnknown
	}
	for _, s := range schemes {
		if rest, ok := strings.CutPrefix(form, s.prefix); ok {
			stored, err := s.read(rest)
			stored.Scheme, stored.form = s.name, form
			return priced(stored, err)
		}
	}
	return Stored{}, ErrUnknown
}

// priced refuses what costs too much.
func priced(s Stored, err error) (Stored, error) {
	if err == nil && s.cost > maxCost {
		err = ErrCostly
	}
	if err != nil {
		return Stored{Scheme: s.Scheme}, err
	}
	return s, nil
}

// scheme is one way in which passwords are stored; read gets what follows the
// prefix.
type scheme struct {
	prefix, name string
	read         func(rest string) (Stored, error)
}

// schemes are in the order in which they are tried; the last has no prefix.
var schemes = []scheme{
	{"$y$", "yescrypt", readYescrypt},
	{"$6$", "sha512crypt", func(rest string) (Stored, error) { return readSHA(rest, sha512.New, costSHA512Round, 86) }},
	{"$5$", "sha256crypt", func(rest string) (Stored, error) { return readSHA(rest, sha256.New, costSHA256Round, 43) }},
	{"$2a$", "bcrypt", readBcrypt},
	{"$2b$", "bcrypt", readBcrypt},
	{"$2y$", "bcrypt", readBcrypt},
	{"$1$", "md5crypt", func(rest string) (Stored, error) { return readMD5("$1$", rest) }},
	{"$apr1$", "apr1", func(rest string) (Stored, error) { return readMD5("$apr1$", rest) }},
	{"{SHA}", "sha1", func(rest string) (Stored, error) { return readLDAP(rest, 0) }},
	{"{SSHA}", "ssha", func(rest string) (Stored, error) { return readLDAP(rest, 1) }},
	{"{PLAIN}", "plain", func(rest string) (Stored, error) { return Plain(rest), nil }},
	{"$gy$", "gost-yescrypt", unsupported},
	{"$7$", "scrypt", unsupported},
	{"$sha1$", "sha1crypt", unsupported},
	{"$md5", "sunmd5", unsupported},
	{"$3$", "nthash", unsupported},
	{"$2x$", "bcrypt with a known fault", unsupported},
	{"$argon2", "argon2", unsupported},
	{"_", "bsdicrypt", readBSDi},
	{"", "descrypt", readDES},
}

func unsupported(string) (Stored, error) { return Stored{}, ErrUnsupported }

// written reports whether a text has one of the lengths from low to high and
// only characters that crypt(3) writes numbers in.
func written(text string, low, high int) bool {
	return len(text) >= low && len(text) <= high && strings.Trim(text, alphabet) == ""
}

func readDES(form string) (Stored, error) {
	if !written(form, 13, 13) {
		return Stored{}, ErrUnknown
	}
	salt, want := littleEndian(form[:2]), form[2:]
	return Stored{cost: costDES, is: func(word, _ string) bool {
		return desText(desCrypt(word, salt)) == want
	}}, nil
}

func readBSDi(form string) (Stored, error) {
	if !written(form, 19, 19) {
		return Stored{}, ErrUnknown
	}
	rounds, salt, want := int(littleEndian(form[:4])), littleEndian(form[4:8]), form[8:]
	return Stored{cost: time.Duration(rounds) * costDESRound, is: func(word, _ string) bool {
		return desText(bsdiCrypt(word, salt, rounds)) == want
	}}, nil
}

// readMD5 reads the form of FreeBSD ("$1$") or of Apache ("$apr1$"), which
// differ in nothing but that name.
func readMD5(magic, rest string) (Stored, error) {
	salt, want, ok := strings.Cut(rest, "$")
	if !ok || len(salt) > 8 || !written(want, 22, 22) {
		return Stored{}, ErrUnknown
	}
	return Stored{cost: costMD5Crypt, is: func(word, _ string) bool { return md5Crypt(magic, word, salt) == want }}, nil
}

// md5Crypt is what Poul-Henning Kamp made for FreeBSD 2.0. The library has it
// without Apache's variant.
func md5Crypt(magic, word, salt string) string {
	inner := md5.Sum([]byte(word + salt + word))
	h := md5.New()
	h.Write([]byte(word + magic + salt))
	for n := len(word); n > 0; n -= md5.Size {
		h.Write(inner[:min(n, md5.Size)])
	}
	for n := len(word); n > 0; n >>= 1 {
		if n&1 != 0 {
			h.Write([]byte{0})
		} else {
			h.Write([]byte{word[0]})
		}
	}
	key, salted, sum := []byte(word), []byte(salt), h.Sum(nil)
	for n := range 1000 {
		first, last := sum, key
		if n&1 != 0 {
			first, last = key, sum
		}
		h.Reset()
		h.Write(first)
		if n%3 != 0 {
			h.Write(salted)
		}
		if n%7 != 0 {
			h.Write(key)
		}
		h.Write(last)
		sum = h.Sum(sum[:0])
	}
	return md5Text(sum)
}

// md5Text writes a sum in the order of bytes that md5Crypt has.
func md5Text(sum []byte) string {
	text := make([]byte, 0, 22)
	put := func(value uint32, characters int) {
		for range characters {
			text = append(text, alphabet[value&63])
			value >>= 6
		}
	}
	for n := range 5 {
		last := n + 12
		if n == 4 {
			last = 5
		}
		put(uint32(sum[n])<<16|uint32(sum[n+6])<<8|uint32(sum[last]), 4)
	}
	put(uint32(sum[11]), 2)
	return string(text)
}

// readSHA reads the forms of Ulrich Drepper's SHA-crypt. Rounds below 1,000
// count as 1,000.
func readSHA(rest string, hash func() hash.Hash, round time.Duration, length int) (Stored, error) {
	rounds := 5000
	if given, ok := strings.CutPrefix(rest, "rounds="); ok {
		number, after, _ := strings.Cut(given, "$")
		n, err := strconv.ParseUint(number, 10, 32)
		if err != nil {
			return Stored{}, ErrUnknown
		}
		rounds, rest = int(max(n, 1000)), after
	}
	salt, want, ok := strings.Cut(rest, "$")
	if !ok || len(salt) > 16 || !written(want, length, length) {
		return Stored{}, ErrUnknown
	}
	return Stored{cost: time.Duration(rounds) * round, is: func(word, _ string) bool {
		return string(crypt.KeySHACrypt(hash, []byte(word), []byte(salt), rounds)) == want
	}}, nil
}

func readBcrypt(rest string) (Stored, error) {
	cost, text, ok := strings.Cut(rest, "$")
	n, err := strconv.ParseUint(cost, 10, 8)
	if !ok || err != nil || len(cost) != 2 || n < 4 || n > 31 || !written(text, 53, 53) {
		return Stored{}, ErrUnknown
	}
	// The variants differ in faults of old implementations only.
	form := []byte("$2b$" + rest)
	return Stored{cost: costBcryptRound << n, is: func(word, _ string) bool {
		return bcrypt.CompareHashAndPassword(form, []byte(word)) == nil
	}}, nil
}

// roomy keeps guesses that need much memory from needing it at the same time.
var roomy sync.Mutex

// readYescrypt reads what libxcrypt writes: "j", the logarithm of N less one,
// r less one, both as one character.
func readYescrypt(rest string) (Stored, error) {
	settings, after, ok := strings.Cut(rest, "$")
	salt, hash, ok2 := strings.Cut(after, "$")
	if !ok || !ok2 || !written(settings, 3, 16) || !written(salt, 0, 86) || !written(hash, 43, 43) {
		return Stored{}, ErrUnknown
	}
	if len(settings) > 3 || settings[0] != 'j' {
		return Stored{}, ErrUnsupported
	}
	log, r := indexOf(settings[1])+1, indexOf(settings[2])+1
	if log > 18 || 128*r<<log > maxMemory {
		return Stored{}, ErrCostly
	}
	if log < 10 || r > 32 {
		return Stored{}, ErrUnsupported // by the library
	}
	form := []byte("$y$" + rest)
	return Stored{cost: time.Duration(r<<log) * costYescryptUnit, is: func(word, _ string) bool {
		roomy.Lock()
		defer roomy.Unlock()
		got, err := yescrypt.Hash([]byte(word), form)
		return err == nil && bytes.Equal(got, form)
	}}, nil
}

// readLDAP reads a SHA-1 sum, followed by the salt it was made with if there
// must be one.
func readLDAP(rest string, minSalt int) (Stored, error) {
	raw, err := base64.StdEncoding.DecodeString(rest)
	if err != nil || len(raw) < sha1.Size+minSalt || minSalt == 0 && len(raw) > sha1.Size {
		return Stored{}, ErrUnknown
	}
	want, salt := raw[:sha1.Size], raw[sha1.Size:]
	return Stored{cost: costDigest, is: func(word, _ string) bool {
		sum := sha1.Sum(append([]byte(word), salt...))
		return bytes.Equal(sum[:], want)
	}}, nil
}
