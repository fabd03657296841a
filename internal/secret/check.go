package secret

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"hash/crc32"
	"maps"
	"math/big"
	"slices"
	"strings"
)

// checks are the tests of a secret's own redundancy, by the name a rule gives.
// Each is a pure function of the whole secret.
var checks = map[string]func(string) bool{
	"":             func(string) bool { return true },
	"none":         func(string) bool { return true },
	"luhn":         luhn,
	"crc32-base62": crc32Base62,
	"bech32":       bech32,
	"base58check":  base58Check,
	"jwt":          jwt,
	"base64":       base64Text,
	"discord":      discord,
}

func checkNames() []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(checks)), func(s string) bool { return s == "" })
}

// luhn checks the last digit of a number; what is no digit does not count.
func luhn(s string) bool {
	sum, n := 0, 0
	for i := len(s) - 1; i >= 0; i-- {
		if s[i] < '0' || s[i] > '9' {
			continue
		}
		d := int(s[i] - '0')
		if n%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
		n++
	}
	return n > 1 && sum%10 == 0
}

const (
	digits = "0123456789"
	upper  = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	lower  = "abcdefghijklmnopqrstuvwxyz"
)

// crc32Base62 checks "prefix_" + random + six digits of base 62, which are the
// CRC-32 of the random part: the tokens of GitHub and npm. Which case of letters
// comes first in base 62 is not settled, so both are right.
func crc32Base62(s string) bool {
	const length = 6
	random := s[strings.LastIndexByte(s, '_')+1:]
	if len(random) <= length {
		return false
	}
	random, check := random[:len(random)-length], random[len(random)-length:]
	sum := crc32.ChecksumIEEE([]byte(random))
	return check == base62(sum, digits+upper+lower, length) || check == base62(sum, digits+lower+upper, length)
}

func base62(n uint32, alphabet string, length int) string {
	b := make([]byte, length)
	for i := length - 1; i >= 0; i-- {
		b[i] = alphabet[n%62]
		n /= 62
	}
	return string(b)
}

// bech32 checks the checksum of BIP 173, which age and others use for keys.
func bech32(s string) bool {
	const alphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
	s = strings.ToLower(s)
	one := strings.LastIndexByte(s, '1')
	if one < 1 || len(s)-one-1 < 6 {
		return false
	}
	sum := uint32(1)
	add := func(v uint32) {
		top := sum >> 25
		sum = sum&0x1ffffff<<5 ^ v
		for i, g := range [...]uint32{0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3} {
			if top>>i&1 == 1 {
				sum ^= g
			}
		}
	}
	for i := range one {
		add(uint32(s[i] >> 5))
	}
	add(0)
	for i := range one {
		add(uint32(s[i] & 31))
	}
	for i := one + 1; i < len(s); i++ {
		v := strings.IndexByte(alphabet, s[i])
		if v < 0 {
			return false
		}
		add(uint32(v))
	}
	return sum == 1
}

// base58Check checks the four bytes at the end of an encoded key.
func base58Check(s string) bool {
	const alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
	if len(s) > 200 {
		return false
	}
	n, base := new(big.Int), big.NewInt(58)
	for i := range len(s) {
		v := strings.IndexByte(alphabet, s[i])
		if v < 0 {
			return false
		}
		n.Mul(n, base).Add(n, big.NewInt(int64(v)))
	}
	zeros := len(s) - len(strings.TrimLeft(s, "1"))
	raw := append(make([]byte, zeros), n.Bytes()...)
	if len(raw) < 5 {
		return false
	}
	body, check := raw[:len(raw)-4], raw[len(raw)-4:]
	first := sha256.Sum256(body)
	second := sha256.Sum256(first[:])
	return bytes.Equal(second[:4], check)
}

// jwt checks that the first part is a header that names an algorithm which
// signs.
func jwt(s string) bool {
	first, _, _ := strings.Cut(s, ".")
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(first, "="))
	if err != nil {
		return false
	}
	var header struct{ Alg string }
	return json.Unmarshal(raw, &header) == nil && header.Alg != "" && !strings.EqualFold(header.Alg, "none")
}

// base64Text checks that the secret is padded base64.
func base64Text(s string) bool {
	_, err := base64.StdEncoding.DecodeString(s)
	return err == nil
}

// discord checks that the first part is the number of an account.
func discord(s string) bool {
	first, _, _ := strings.Cut(s, ".")
	raw, err := base64.RawURLEncoding.DecodeString(first)
	return err == nil && len(raw) >= 17 && len(raw) <= 20 && strings.Trim(string(raw), digits) == ""
}
