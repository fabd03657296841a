package access

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/pratique/pratique/internal/catalog"
)

// A hash from the test vectors of the reference implementation, whose password
// is "password".
const referenceHash = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"

func TestReferenceHash(t *testing.T) {
	for password, want := range map[string]bool{"password": true, "Password": false} {
		if ok, err := newHasher().verify(context.Background(), referenceHash, password); ok != want || err != nil {
			t.Errorf("verify %q: %t, %v", password, ok, err)
		}
	}
}

func TestParseHash(t *testing.T) {
	const salt, key = "c2FsdHNhbHQ", "AAAAAAAAAAAAAAAAAAAAAA"
	good := "$argon2id$v=19$m=32768,t=3,p=2$" + salt + "$" + key
	h, err := parseHash(good)
	if err != nil || h.String() != good {
		t.Fatalf("parse %s: %v, %v", good, h, err)
	}
	for _, bad := range []string{
		"", "$", "$$$$$", "password", "$2b$10$abcdefghijklmnopqrstuv",
		strings.Replace(good, "argon2id", "argon2i", 1),
		strings.Replace(good, "v=19", "v=16", 1),
		strings.Replace(good, "m=32768", "m=4194304", 1), // 4 GiB
		strings.Replace(good, "m=32768", "m=0", 1),
		strings.Replace(good, "m=32768", "m=032768", 1),
		strings.Replace(good, "m=32768", "m=-1", 1),
		strings.Replace(good, "t=3", "t=99999", 1),
		strings.Replace(good, "p=2", "p=255", 1),
		strings.Replace(good, "t=3,p=2", "p=2,t=3", 1),
		strings.Replace(good, ",p=2", "", 1),
		strings.Replace(good, salt, "c2Fsd", 1),
		strings.Replace(good, salt, "!", 1),
		strings.Replace(good, key, "AAAA", 1),
		strings.Replace(good, key, strings.Repeat("A", 1000), 1),
		good + "$", "x" + good,
	} {
		if h, err := parseHash(bad); err == nil {
			t.Errorf("parsed %q as %+v", bad, h)
		}
	}
}

func FuzzParseHash(f *testing.F) {
	f.Add("$argon2id$v=19$m=32768,t=3,p=2$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA")
	f.Fuzz(func(t *testing.T, s string) {
		if h, err := parseHash(s); err == nil && h.String() != s {
			t.Errorf("%q is read and written as %q", s, h)
		}
	})
}

func TestHashAndVerify(t *testing.T) {
	ctx, h := context.Background(), newHasher()
	hash, err := h.hash(ctx, "s3cret")
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := h.hash(ctx, "s3cret"); again == hash {
		t.Error("two hashes of a password have the same salt")
	}
	for password, want := range map[string]bool{"s3cret": true, "s3cre": false, "S3cret": false, "": false} {
		if ok, err := h.verify(ctx, hash, password); ok != want || err != nil {
			t.Errorf("verify %q = %t, %v", password, ok, err)
		}
	}
	if ok, err := h.verify(ctx, "", ""); ok || err != nil {
		t.Errorf("no hash: %t, %v", ok, err)
	}
	if _, err := h.verify(ctx, "$argon2id$broken", "x"); err == nil {
		t.Error("a broken hash is no error")
	}
}

// Only a few hashes are computed at a time, only some wait, and who gives up is
// let go.
func TestHasherBounds(t *testing.T) {
	h := newHasher()
	for range maxHashing {
		if err := h.acquire(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := h.acquire(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("acquire a taken slot: %v", err)
	}
	h.waiting.Store(maxWaiting)
	if err := h.acquire(context.Background()); !catalog.Is(err, catalog.Busy) {
		t.Errorf("acquire with %d waiting: %v", maxWaiting, err)
	}
	h.waiting.Store(0)
	h.release()
	if err := h.acquire(context.Background()); err != nil {
		t.Errorf("acquire a free slot: %v", err)
	}
}

func TestNewPassword(t *testing.T) {
	form := regexp.MustCompile(`^([0-9a-hjkmnp-tv-z]{4}-){6}[0-9a-hjkmnp-tv-z]{4}$`)
	seen := make(map[string]bool)
	for range 100 {
		p := newPassword()
		if !form.MatchString(p) || seen[p] {
			t.Fatalf("password %q", p)
		}
		seen[p] = true
	}
	if len(passwordAlphabet) != 32 {
		t.Errorf("the alphabet has %d signs: not all are as likely", len(passwordAlphabet))
	}
}

func BenchmarkVerify(b *testing.B) {
	ctx, h := context.Background(), newHasher()
	hash, err := h.hash(ctx, "s3cret")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if ok, _ := h.verify(ctx, hash, "s3cret"); !ok {
			b.Fatal("refused")
		}
	}
}
