package secret

import (
	"crypto/sha256"
	"encoding/base64"
	"hash/crc32"
	"hash/fnv"
	"math/big"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const (
	bech  = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
	base5 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
)

var alphabets = map[string]string{
	"an": digits + upper + lower, "al": upper + lower, "lc": digits + lower, "up": digits + upper, "dig": digits,
	"hex": digits + "abcdef", "HEX": digits + "ABCDEF", "b32": upper + "234567", "b32l": lower + "234567",
	"b64": digits + upper + lower + "+/", "url": digits + upper + lower, "b58": base5, "bech": bech, "BECH": strings.ToUpper(bech),
	"pw": digits + upper + lower + "!%&/=?+#",
}

// generator makes the random parts of cases.
type generator struct{ *rand.Rand }

func newGenerator(seed string) generator {
	h := fnv.New64a()
	h.Write([]byte(seed))
	return generator{rand.New(rand.NewPCG(h.Sum64(), 1))}
}

func (g generator) of(alphabet string, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[g.IntN(len(alphabet))]
	}
	return string(b)
}

func (g generator) make(kind string, n int) string {
	switch kind {
	case "uuid":
		hex := alphabets["hex"]
		return strings.Join([]string{g.of(hex, 8), g.of(hex, 4), g.of(hex, 4), g.of(hex, 4), g.of(hex, 12)}, "-")
	case "crc":
		random := g.of(alphabets["an"], n-6)
		return random + base62(crc32.ChecksumIEEE([]byte(random)), digits+upper+lower, 6)
	case "bech32":
		return strings.ToUpper(g.bech32("age-secret-key-", n))
	case "nostr":
		return g.bech32("nsec", n)
	case "xprv":
		return g.xprv()
	case "discord":
		return base64.RawURLEncoding.EncodeToString([]byte("1" + g.of(digits, 18)))
	case "jwt":
		return base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS256","kid":"` + g.of(digits, 8) + `"}`))
	}
	return g.of(alphabets[kind], n)
}

// bech32 tries endings until the check is right for the product's reading of
// BIP 173; the product's is tested against published examples in TestChecks.
func (g generator) bech32(prefix string, n int) string {
	data := g.of(bech, n-6)
	var values []byte
	for i := range len(prefix) {
		values = append(values, prefix[i]>>5)
	}
	values = append(values, 0)
	for i := range len(prefix) {
		values = append(values, prefix[i]&31)
	}
	for i := range len(data) {
		values = append(values, byte(strings.IndexByte(bech, data[i])))
	}
	sum := uint32(1)
	for _, v := range append(values, make([]byte, 6)...) {
		top := sum >> 25
		sum = (sum&0x1ffffff)<<5 ^ uint32(v)
		for i, gen := range []uint32{0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3} {
			if top>>i&1 == 1 {
				sum ^= gen
			}
		}
	}
	sum ^= 1
	for i := range 6 {
		data += string(bech[sum>>(5*(5-i))&31])
	}
	return data
}

func (g generator) xprv() string {
	raw := append([]byte{0x04, 0x88, 0xad, 0xe4}, []byte(g.of(alphabets["b64"], 74))...)
	first := sha256.Sum256(raw)
	second := sha256.Sum256(first[:])
	n := new(big.Int).SetBytes(append(raw, second[:4]...))
	var out []byte
	for rest := new(big.Int); n.Sign() > 0; {
		n.DivMod(n, big.NewInt(58), rest)
		out = append(out, base5[rest.Int64()])
	}
	slices.Reverse(out)
	return string(out)
}

var placeholderPart = regexp.MustCompile(`\{(\w+)(?::(\d+))?\}`)

// expand fills in the random parts of a case and returns the path and the text.
// What is random is in secrets.
func expand(seed, template string, filler bool) (path, text string, secrets []string) {
	g := newGenerator(seed)
	text = placeholderPart.ReplaceAllStringFunc(template, func(part string) string {
		m := placeholderPart.FindStringSubmatch(part)
		if _, known := alphabets[m[1]]; !known && !slices.Contains([]string{"uuid", "crc", "bech32", "nostr", "xprv", "discord", "jwt"}, m[1]) {
			return part
		}
		n, _ := strconv.Atoi(m[2])
		s := g.make(m[1], n)
		if filler {
			return regexp.MustCompile(`[0-9A-Za-z+/=]`).ReplaceAllString(s, "x")
		}
		secrets = append(secrets, s)
		return s
	})
	text = strings.ReplaceAll(text, `\n`, "\n")
	if p, rest, ok := strings.Cut(text, "@"); ok && regexp.MustCompile(`^[a-z]+/[\w./-]+$`).MatchString(p) {
		path, text = p, rest
	}
	return path, text, secrets
}

type ruleCase struct{ id, found, not string }

func ruleCases(t testing.TB) []ruleCase {
	t.Helper()
	b, err := os.ReadFile("testdata/cases.txt")
	if err != nil {
		t.Fatal(err)
	}
	var all []ruleCase
	for line := range strings.Lines(string(b)) {
		line = strings.TrimRight(line, "\n")
		if line == "" || line[0] == '#' {
			continue
		}
		parts := strings.SplitN(line+" ", " | ", 3)
		if len(parts) != 3 {
			t.Fatalf("%q has %d parts", line, len(parts))
		}
		all = append(all, ruleCase{parts[0], parts[1], strings.TrimSpace(parts[2])})
	}
	return all
}

func hitIDs(hits []Hit) []string {
	var ids []string
	for _, h := range hits {
		ids = append(ids, h.Rule)
	}
	return ids
}

// Each rule finds what it is for, shows nothing of it, and does not take its
// look-alike for it.
func TestRules(t *testing.T) {
	r := Default()
	tested := make(map[string]bool)
	for _, c := range ruleCases(t) {
		tested[c.id] = true
		t.Run(c.id, func(t *testing.T) {
			for n := range 3 {
				path, text, secrets := expand(c.id+strconv.Itoa(n), c.found, false)
				around := "\n# before\n" + text + "\n# after\n"
				if strings.HasPrefix(c.id, "rails-") {
					around = text + "\n"
				}
				hits, complete := r.Find(t.Context(), path, []byte(around))
				if !slices.Contains(hitIDs(hits), c.id) || !complete {
					t.Fatalf("found %v in %s@%s", hitIDs(hits), path, text)
				}
				checkMasked(t, r, hits, around, secrets)
			}
			template, filler := c.not, false
			if template == "" {
				template, filler = c.found, true
			}
			path, text, _ := expand(c.id, template, filler)
			hits, _ := r.Find(t.Context(), path, []byte("\n"+text+"\n"))
			if slices.Contains(hitIDs(hits), c.id) {
				t.Errorf("found in %s@%s", path, text)
			}
		})
	}
	for _, id := range r.IDs() {
		if !tested[id] {
			t.Errorf("rule %s has no case", id)
		}
	}
	if len(tested) < 120 {
		t.Errorf("%d rules, want 120 or more", len(tested))
	}
}

// checkMasked checks that no part of a secret worth having shows in what comes
// out of the package.
func checkMasked(t *testing.T, r *Rules, hits []Hit, text string, secrets []string) {
	t.Helper()
	var out strings.Builder
	for _, h := range hits {
		out.WriteString(h.Excerpt + "\n")
		if h.Line > strings.Count(text, "\n")+1 || h.Line < 0 {
			t.Errorf("line %d of %d", h.Line, strings.Count(text, "\n"))
		}
	}
	for _, s := range secrets {
		for i := 0; i+12 <= len(s); i++ {
			if strings.Contains(out.String(), s[i:i+12]) {
				t.Fatalf("%q of %q shows in %q", s[i:i+12], s, out.String())
			}
		}
	}
}
