package password

import (
	"bytes"
	"os/exec"
	"strings"
	"testing"
)

// perlCrypt stores words as the crypt(3) of this system does: one line of
// standard input, "SETTING WORD", one line of output.
func perlCrypt(t *testing.T, lines []string) []string {
	t.Helper()
	perl, err := exec.LookPath("perl")
	if err != nil {
		t.Skip("perl, through which the system's crypt(3) is asked, is not here")
	}
	cmd := exec.Command(perl, "-ne", `chomp; my ($s, $w) = split / /, $_, 2; print crypt($w, $s) // '', "\n"`)
	cmd.Stdin = strings.NewReader(strings.Join(lines, "\n") + "\n")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
}

// oracleWords differ in what the schemes treat differently: length around 8, 16
// and 64, and bytes that are no ASCII.
var oracleWords = []string{"a", "root", "12345678", "123456789", "abcdefghijklmnop", "abcdefghijklmnopq", "pässwörd", strings.Repeat("long word ", 7)}

// What the system's crypt(3) stores is recognised, and no other word is.
func TestSystemCrypt(t *testing.T) {
	settings := []string{
		"ab", "./", "zz", "9A", "_J9..rasm", "_6...abcd",
		"$1$salt", "$1$12345678", "$5$salt", "$5$rounds=1500$saltsaltsaltsalt", "$6$salt", "$6$rounds=1000$abcdefgh",
		"$2a$04$abcdefghijklmnopqrstuu", "$2b$04$abcdefghijklmnopqrstuu", "$2y$05$......................",
		"$y$j75$abcdefgh", "$y$j85$gHwx1qtpAB5EOr2uDYEIE/", "$y$j9T$F5Jx5fExrKuPp53xLKQ..1",
	}
	var lines, words []string
	for _, s := range settings {
		for _, w := range oracleWords {
			lines, words = append(lines, s+" "+w), append(words, w)
		}
	}
	asked := 0
	for n, form := range perlCrypt(t, lines) {
		if len(form) < 13 {
			t.Logf("the system's crypt(3) does not know %q", lines[n])
			continue
		}
		asked++
		s, err := Crypt(form)
		if err != nil {
			t.Errorf("%s: %v", form, err)
			continue
		}
		if !s.is(words[n], "") {
			t.Errorf("%s (%s): %q is not recognised", form, s.Scheme, words[n])
		}
		if s.is("x"+words[n], "") || s.is("", "") {
			t.Errorf("%s (%s): a wrong word is taken for right", form, s.Scheme)
		}
	}
	if asked == 0 {
		t.Skip("the system's crypt(3) knows none of the schemes")
	}
}

// The same for openssl, which knows Apache's form.
func TestOpenSSL(t *testing.T) {
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("openssl is not here")
	}
	for _, scheme := range []string{"-1", "-apr1", "-5", "-6"} {
		for _, word := range oracleWords {
			out, err := exec.Command(openssl, "passwd", scheme, "-salt", "Sa.t/", word).Output()
			if err != nil {
				t.Skipf("openssl passwd %s: %v", scheme, err)
			}
			s, err := Crypt(string(bytes.TrimSpace(out)))
			if err != nil {
				t.Errorf("%s: %v", out, err)
				continue
			}
			if !s.is(word, "") || s.is(word+"x", "") {
				t.Errorf("%s: %q is not told from another word", out, word)
			}
		}
	}
}

// The same for htpasswd, which has bcrypt and SHA-1 beside that.
func TestHTPasswd(t *testing.T) {
	program, err := exec.LookPath("htpasswd")
	if err != nil {
		t.Skip("htpasswd (apache2-utils) is not here")
	}
	for _, flags := range []string{"-nbm", "-nbs", "-nbd", "-nbB"} {
		out, err := exec.Command(program, flags, "user", "secret1").Output()
		if err != nil {
			t.Fatal(err)
		}
		form := strings.TrimSpace(strings.TrimPrefix(string(out), "user:"))
		s, err := Crypt(form)
		if err != nil || !s.is("secret1", "") || s.is("secret2", "") {
			t.Errorf("%s %s: %v", flags, form, err)
		}
	}
}
