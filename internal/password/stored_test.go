package password

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"testing"
)

// sample is a stored password and the word it was made of.
type sample struct {
	scheme string
	read   func(string) (Stored, error)
	form   string
	word   string
	user   string
}

// samples has one of each scheme. Those of crypt(3) were made by libxcrypt, that
// of Apache by openssl, those of the databases by their servers, or are published
// examples. Forms are in parts so that nobody takes them for somebody's.
func samples() []sample {
	raw := func(s string) string {
		b, err := hex.DecodeString(s)
		if err != nil {
			return err.Error()
		}
		return string(b)
	}
	sum := sha256.Sum256([]byte("sunshine"))
	return []sample{
		{"descrypt", Crypt, "CC" + "X.K.MFy4Ois", "U*U***U", ""},
		{"bsdicrypt", Crypt, "_J9..CCCC" + "XUhOBTXzaiE", "U*U***U", ""},
		{"md5crypt", Crypt, "$1$" + "dXc3I7Rw$" + "ctlgjDdWJLMT.qwHsWhXR1", "U*U*U*U*", ""},
		{"apr1", Crypt, "$apr1$" + "r31.....$" + "HqJZimcKQFAMYayBlzkrA/", "myPassword", ""},
		{"sha256crypt", Crypt, "$5$" + "saltstring$" + "5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5", "Hello world!", ""},
		{"sha256crypt", Crypt, "$5$" + "rounds=10000$saltstringsaltst$" + "3xv.VbSHBb41AL9AvLeujZkZRBAwqFMz2.opqey6IcA", "Hello world!", ""},
		{"sha512crypt", Crypt, "$6$" + "saltstring$" + "svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1", "Hello world!", ""},
		{"bcrypt", Crypt, "$2b$" + "05$abcdefghijklmnopqrstuu" + ".rAgIGHFZTp7vthRndVjnDDt1/tjbQi", "sunshine", ""},
		{"bcrypt", Crypt, "$2y$" + "05$abcdefghijklmnopqrstuu" + ".rAgIGHFZTp7vthRndVjnDDt1/tjbQi", "sunshine", ""},
		{"yescrypt", Crypt, "$y$" + "j75$abcdefgh$" + "BzQ/Q3ssanARhaS/VgiFkENPtOXGzvpch9ry26yhepD", "changeme", ""},
		{"yescrypt", Crypt, "$y$" + "j9T$F5Jx5fExrKuPp53xLKQ..1$" + "7sns0mBDIWgdwoL7WtVeg8OpRLmM3pIF24UUv.9/Cu.", "root", ""},
		{"sha1", Crypt, "{SHA}" + "W6ph5Mm5Pz8GgiULbPgzG37mj9g=", "password", ""},
		{"ssha", Crypt, "{SSHA}" + "yI6cZwQadOA1e+/f+T+H3eCQQhRzYWx0", "password", ""},
		{"plain", Crypt, "{PLAIN}" + "tiger", "tiger", ""},
		{"mysql_native_password", MySQL, "*" + "2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19", "password", ""},
		{"mysql_old_password", MySQL, "5d2e1939" + "3cc5ef67", "password", ""},
		{"caching_sha2_password", MySQL, "$A$005$" + raw("f9cc98ce08892924f50a213b6bc571a2c11778c5") +
			raw("625479393559393965414d45316477456b484f41316e64484742577a2e3162785353526b7554584647562f"), "hashcat", ""},
		{"md5", PostgreSQL, "md5" + "cda9364620a05426387c272e85514c4a", "tiger", "postgres"},
		{"scram-sha-256", PostgreSQL, "SCRAM-SHA-256$4096:" + "/tRT1JOPOglRQcTutyzErw==$" +
			"RH1Sih8h7+uovhJxpTfzWQi/Y9VlEmaDngKkuPr+PXw=:OgHtD1g3kTqTP1vvEhiCGFCkjgRtT/JS/sySBnmlzfM=", "tiger", "postgres"},
		{"sha256", Redis, hex.EncodeToString(sum[:]), "sunshine", ""},
		{"plain", Tomcat, "s3cret", "s3cret", ""},
		{"md5", Tomcat, "5f4dcc3b" + "5aa765d61d8327deb882cf99", "password", ""},
		{"md5", Tomcat, "abcdefabcdef" + "abcdefabcdefabcdefab", "abcdefabcdefabcdefabcdefabcdefab", ""},
		{"sha1", Tomcat, "5baa61e4c9b93f3f0682" + "250b6cf8331b7ee68fd8", "password", ""},
		{"salted sha256", Tomcat, saltedDigest("0a0b", 3, "tomcat"), "tomcat", ""},
		{"plain", Tomcat, "not$a$sum", "not$a$sum", ""},
	}
}

func saltedDigest(salt string, iterations int, word string) string {
	raw, _ := hex.DecodeString(salt)
	sum := sha256.Sum256(append(raw, word...))
	for range iterations - 1 {
		sum = sha256.Sum256(sum[:])
	}
	return fmt.Sprintf("%s$%d$%x", salt, iterations, sum)
}

func TestSchemes(t *testing.T) {
	for _, tt := range samples() {
		s, err := tt.read(tt.form)
		if err != nil || s.Scheme != tt.scheme {
			t.Errorf("%s: scheme %q, %v", tt.scheme, s.Scheme, err)
			continue
		}
		if !s.is(tt.word, tt.user) {
			t.Errorf("%s: %q is not recognised", tt.scheme, tt.word)
		}
		for _, wrong := range []string{"", "x", tt.word + "x", "x" + tt.word[1:], tt.word[:len(tt.word)-1]} {
			if s.is(wrong, tt.user) && wrong != tt.word {
				t.Errorf("%s: %q is taken for %q", tt.scheme, wrong, tt.word)
			}
		}
		if tt.scheme == "md5" && tt.user != "" && s.is(tt.word, "other") {
			t.Errorf("%s: another user's password", tt.scheme)
		}
	}
}

// What is in no form known, or demands too much, is refused before any guess.
func TestRefused(t *testing.T) {
	const salted = "saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5"
	const bcrypted = "abcdefghijklmnopqrstuu.rAgIGHFZTp7vthRndVjnDDt1/tjbQi"
	const yescrypted = "$abcdefgh$BzQ/Q3ssanARhaS/VgiFkENPtOXGzvpch9ry26yhepD"
	const keys = "$RH1Sih8h7+uovhJxpTfzWQi/Y9VlEmaDngKkuPr+PXw=:OgHtD1g3kTqTP1vvEhiCGFCkjgRtT/JS/sySBnmlzfM="
	long := make([]byte, maxForm+1)
	for _, tt := range []struct {
		read func(string) (Stored, error)
		form string
		want error
	}{
		{Crypt, "", ErrUnknown},
		{Crypt, "x", ErrUnknown},
		{Crypt, "*", ErrUnknown},
		{Crypt, "abiQ6Ep3EYTH", ErrUnknown},   // twelve characters
		{Crypt, "abiQ6Ep3EYTH:", ErrUnknown},  // another alphabet
		{Crypt, "abiQ6Ep3EYTHcc", ErrUnknown}, // fourteen
		{Crypt, string(long), ErrUnknown},
		{Crypt, "$1$toolongsalt$ctlgjDdWJLMT.qwHsWhXR1", ErrUnknown},
		{Crypt, "$1$salt", ErrUnknown},
		{Crypt, "$5$" + salted, nil},
		{Crypt, "$5$rounds=x$" + salted, ErrUnknown},
		{Crypt, "$5$rounds=999999999$" + salted, ErrCostly},
		{Crypt, "$5$rounds=99999999999999999999$" + salted, ErrUnknown},
		{Crypt, "$5$rounds=4294967295$" + salted, ErrCostly},
		{Crypt, "$5$rounds=0$" + salted, nil},
		{Crypt, "$5$saltstringsaltstr$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5", ErrUnknown},
		{Crypt, "$6$" + salted, ErrUnknown}, // the length of the other
		{Crypt, "$2b$13$" + bcrypted, nil},
		{Crypt, "$2b$14$" + bcrypted, ErrCostly},
		{Crypt, "$2b$31$" + bcrypted, ErrCostly},
		{Crypt, "$2b$32$" + bcrypted, ErrUnknown},
		{Crypt, "$2b$03$" + bcrypted, ErrUnknown},
		{Crypt, "$2b$5$" + bcrypted, ErrUnknown},
		{Crypt, "$2b$05$" + bcrypted + "x", ErrUnknown},
		{Crypt, "$2x$05$" + bcrypted, ErrUnsupported},
		{Crypt, "$y$jAT" + yescrypted, nil},       // 32 MiB
		{Crypt, "$y$jBT" + yescrypted, ErrCostly}, // 64 MiB
		{Crypt, "$y$jzz" + yescrypted, ErrCostly}, // more than there is
		{Crypt, "$y$j75" + yescrypted, nil},
		{Crypt, "$y$j65" + yescrypted, ErrUnsupported}, // N = 512
		{Crypt, "$y$.9T" + yescrypted, ErrUnsupported}, // scrypt's own flags
		{Crypt, "$y$j9T." + yescrypted, ErrUnsupported},
		{Crypt, "$y$j9" + yescrypted, ErrUnknown},
		{Crypt, "$gy$j9T" + yescrypted, ErrUnsupported},
		{Crypt, "$7$C6..../....SodiumChloride$x", ErrUnsupported},
		{Crypt, "$sha1$1$salt$x", ErrUnsupported},
		{Crypt, "$argon2id$v=19$m=65536", ErrUnsupported},
		{Crypt, "{SHA}bm90IGEgc3Vt", ErrUnknown},
		{Crypt, "{SSHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=", ErrUnknown}, // without a salt
		{Crypt, "_zzzzCCCCXUhOBTXzaiE", ErrCostly},
		{Crypt, "_J9..CCCCXUhOBTXzai", ErrUnknown},
		{MySQL, "", ErrUnknown},
		{MySQL, "*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E", ErrUnknown},
		{MySQL, "*THISISNOTAVALIDPASSWORDTHATCANBEUSEDHERE", ErrUnknown},
		{MySQL, "$A$005$short", ErrUnknown},
		{MySQL, "$A$FFF$" + "01234567890123456789" + "5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5", ErrCostly},
		{PostgreSQL, "md5cda9364620a05426387c272e85514c", ErrUnknown},
		{PostgreSQL, "tiger", ErrUnknown},
		{PostgreSQL, "SCRAM-SHA-256$4096:c2FsdA==" + keys, nil},
		{PostgreSQL, "SCRAM-SHA-256$4000000000:c2FsdA==" + keys, ErrCostly},
		{PostgreSQL, "SCRAM-SHA-256$0:c2FsdA==" + keys, ErrUnknown},
		{PostgreSQL, "SCRAM-SHA-256$4096:c2FsdA==$x:y", ErrUnknown},
		{Redis, "sunshine", ErrUnknown},
		{Tomcat, "0a0b$2000000000$5f4dcc3b5aa765d61d8327deb882cf99", ErrCostly},
	} {
		s, err := tt.read(tt.form)
		if !errors.Is(err, tt.want) {
			t.Errorf("%q: %v, want %v", tt.form, err, tt.want)
		}
		if err != nil && s.is != nil {
			t.Errorf("%q: something to guess beside the error %v", tt.form, err)
		}
		if errors.Is(err, ErrCostly) && s.Scheme == "" {
			t.Errorf("%q: refused without saying what it is", tt.form)
		}
	}
}

// Whatever is read can be guessed at without harm.
func FuzzStored(f *testing.F) {
	for _, s := range samples() {
		f.Add(s.form)
	}
	f.Fuzz(func(t *testing.T, form string) {
		for _, read := range []func(string) (Stored, error){Crypt, MySQL, PostgreSQL, Redis, Tomcat} {
			s, err := read(form)
			if (err == nil) != (s.is != nil) {
				t.Fatalf("%q: %v", form, err)
			}
			if err != nil {
				continue
			}
			if s.cost <= 0 || s.cost > maxCost {
				t.Fatalf("%q costs %v", form, s.cost)
			}
			if s.cost < 5*costMD5Crypt {
				s.is("word", "user")
			}
		}
	})
}

// BenchmarkGuess tells what one guess costs here and how that compares with its
// price.
func BenchmarkGuess(b *testing.B) {
	seen := make(map[string]bool)
	for _, tt := range samples() {
		s, err := tt.read(tt.form)
		if err != nil {
			b.Fatal(err)
		}
		name := fmt.Sprintf("%s/%v", s.Scheme, s.cost)
		if seen[name] {
			continue
		}
		seen[name] = true
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				s.is("password", tt.user)
			}
			b.ReportMetric(float64(b.Elapsed())/float64(b.N)/float64(s.cost), "x-price")
		})
	}
}
