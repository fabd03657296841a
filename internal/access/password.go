package access

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"

	"golang.org/x/crypto/argon2"

	"github.com/pratique/pratique/internal/catalog"
)

// argon2id parameters of new hashes: the second recommendation of RFC 9106 with
// half its memory, which takes about 30 ms on two cores. Hashes carry their own
// parameters, so these may change at any time.
const (
	hashMemory  = 32 * 1024 // KiB
	hashTime    = 3
	hashThreads = 2
	saltLength  = 16
	keyLength   = 32
)

// Bounds on the parameters of a stored hash. Beyond them a hash was not made by
// us, and checking it could exhaust memory.
const (
	maxHashMemory  = 128 * 1024
	maxHashTime    = 16
	maxHashThreads = 16
	maxSaltLength  = 64
	maxKeyLength   = 64
)

// maxPassword is the length in bytes from which on a password is refused
// unseen.
const maxPassword = 1024

// passwordHash is an argon2id hash taken apart.
type passwordHash struct {
	memory, time uint32
	threads      uint8
	salt, key    []byte
}

// parseHash reads the PHC string form,
// "$argon2id$v=19$m=32768,t=3,p=2$SALT$KEY" with unpadded base64.
func parseHash(s string) (passwordHash, error) {
	malformed := func(what string) (passwordHash, error) {
		return passwordHash{}, fmt.Errorf("stored password hash: %s", what)
	}
	if strings.ContainsAny(s, "\r\n") { // which base64 would pass over
		return malformed("broken over lines")
	}
	// A sixth field would be one too many; the first is what precedes the "$".
	f := strings.SplitN(s, "$", 7)
	if len(f) != 6 || f[0] != "" || f[1] != "argon2id" {
		return malformed("not an argon2id hash in PHC form")
	}
	if f[2] != "v="+strconv.Itoa(argon2.Version) {
		return malformed("unsupported version of argon2")
	}
	p := strings.Split(f[3], ",")
	if len(p) != 3 {
		return malformed("not three parameters")
	}
	memory, errM := parameter(p[0], "m=", maxHashMemory)
	passes, errT := parameter(p[1], "t=", maxHashTime)
	threads, errP := parameter(p[2], "p=", maxHashThreads)
	if errM != nil || errT != nil || errP != nil {
		return malformed("parameters missing or out of range")
	}
	salt, err := base64.RawStdEncoding.Strict().DecodeString(f[4])
	if err != nil || len(salt) < 8 || len(salt) > maxSaltLength {
		return malformed("salt malformed")
	}
	key, err := base64.RawStdEncoding.Strict().DecodeString(f[5])
	if err != nil || len(key) < 16 || len(key) > maxKeyLength {
		return malformed("key malformed")
	}
	return passwordHash{memory: memory, time: passes, threads: uint8(threads), salt: salt, key: key}, nil
}

// parameter reads "name=number" with a number from 1 to limit.
func parameter(s, prefix string, limit uint64) (uint32, error) {
	digits, ok := strings.CutPrefix(s, prefix)
	if !ok {
		return 0, fmt.Errorf("no %s", prefix)
	}
	n, err := strconv.ParseUint(digits, 10, 32)
	if err != nil || n == 0 || n > limit || strconv.FormatUint(n, 10) != digits {
		return 0, fmt.Errorf("%s out of range", prefix)
	}
	return uint32(n), nil
}

// String returns the PHC form.
func (h passwordHash) String() string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, h.memory, h.time, h.threads,
		base64.RawStdEncoding.EncodeToString(h.salt), base64.RawStdEncoding.EncodeToString(h.key))
}

// derive computes the key of a password under the hash's parameters.
func (h passwordHash) derive(password string) []byte {
	return argon2.IDKey([]byte(password), h.salt, h.time, h.memory, h.threads, uint32(len(h.key)))
}

// hasher computes password hashes, few at a time: each needs 32 MiB, and
// everybody who reaches the server can ask for one.
type hasher struct {
	slots   chan struct{}
	waiting atomic.Int64
}

const (
	maxHashing = 2
	maxWaiting = 64
)

func newHasher() *hasher { return &hasher{slots: make(chan struct{}, maxHashing)} }

// acquire waits for a slot. The caller calls release after use. It fails with
// Busy where too many wait, and with the context's error.
func (h *hasher) acquire(ctx context.Context) error {
	if h.waiting.Add(1) > maxWaiting {
		h.waiting.Add(-1)
		return catalog.Errorf(catalog.Busy, "too_many_logins", "too many logins are being checked at this moment").
			Advise("try again in a few seconds")
	}
	defer h.waiting.Add(-1)
	select {
	case h.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (h *hasher) release() { <-h.slots }

// hash makes the hash of a new password, in PHC form.
func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	if err := h.acquire(ctx); err != nil {
		return "", err
	}
	defer h.release()
	p := passwordHash{memory: hashMemory, time: hashTime, threads: hashThreads, salt: make([]byte, saltLength), key: make([]byte, keyLength)}
	rand.Read(p.salt) // never fails
	p.key = p.derive(password)
	return p.String(), nil
}

// verify reports whether the password is the one of the hash. An empty hash is
// that of an account that does not exist; it takes as long as any other and
// fits no password.
func (h *hasher) verify(ctx context.Context, hash, password string) (bool, error) {
	p := passwordHash{memory: hashMemory, time: hashTime, threads: hashThreads, salt: make([]byte, saltLength), key: make([]byte, keyLength)}
	if hash != "" {
		var err error
		if p, err = parseHash(hash); err != nil {
			return false, err
		}
	}
	if err := h.acquire(ctx); err != nil {
		return false, err
	}
	defer h.release()
	same := subtle.ConstantTimeCompare(p.derive(password), p.key) == 1
	return same && hash != "", nil
}

// passwordAlphabet has 32 signs that are not mistaken for each other when read
// aloud or copied by hand: no i, l, o or u.
const passwordAlphabet = "0123456789abcdefghjkmnpqrstvwxyz"

// newPassword makes a random password of 140 bits, in seven groups of four
// signs: "k7m2-…".
func newPassword() string {
	random := make([]byte, 28)
	rand.Read(random) // never fails
	var b strings.Builder
	for i, r := range random {
		if i > 0 && i%4 == 0 {
			b.WriteByte('-')
		}
		b.WriteByte(passwordAlphabet[r%32])
	}
	return b.String()
}
