package password

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pratique/pratique/internal/rulefile"

	"github.com/pratique/pratique/internal/report"
)

// fresh returns words that remember nothing from another test.
func fresh(own ...string) *Words { return newWords(own) }

// order returns the guesses for an account, in the order in which they are made.
func order(w *Words, user string) (words []string) {
	for n := range rounds {
		for word := range w.round(n, user) {
			words = append(words, word)
		}
	}
	return words
}

func TestOrder(t *testing.T) {
	w := fresh("first own", "second own", "password")
	all := order(w, "alice")
	if len(all) != w.guesses("alice") {
		t.Errorf("%d guesses, said to be %d", len(all), w.guesses("alice"))
	}
	last := -1
	for _, word := range []string{"", "alice", "alice123", "ecila", "password", "alice2024", "postgres", "first own", "second own", w.common[len(w.common)-1]} {
		at := slices.Index(all, word)
		if at <= last {
			t.Errorf("%q comes at %d, after %d", word, at, last)
		}
		last = at
	}
	if slices.Index(all, "first own") > 200 {
		t.Errorf("the user's words come so late (%d) that a budget does not reach them for costly schemes", slices.Index(all, "first own"))
	}
	slices.Sort(all)
	for n, word := range all[1:] {
		// A name may make what is in the list too; nothing else is there twice.
		if word == all[n] && !strings.Contains(word, "alice") {
			t.Errorf("%q is guessed twice", word)
		}
	}
}

func TestNames(t *testing.T) {
	near, far := names("redis")
	all := slices.Concat(near, far)
	for _, want := range []string{"redis", "redis1", "redis123", "redis@123", "redisredis", "sider", "Redis", "REDIS", "Redis123", "Redis@123", "redis2024", "redis@2025", "redis!", "123redis"} {
		if !slices.Contains(all, want) {
			t.Errorf("%q is no guess", want)
		}
	}
	slices.Sort(all)
	if len(slices.Compact(slices.Clone(all))) != len(all) {
		t.Errorf("twice: %q", all)
	}
	for _, user := range []string{"", "\xff", strings.Repeat("a", maxWord)} {
		if near, far := names(user); near != nil || far != nil {
			t.Errorf("%q: %q, %q", user, near, far)
		}
	}
	if near, _ := names("élan"); !slices.Contains(near, "nalé") || !slices.Contains(near, "Élan123") {
		t.Errorf("%q", near)
	}
}

func TestGuess(t *testing.T) {
	w := fresh("our company")
	accounts := []Account{
		{"alice", Plain("alice2024")},
		{"bob", Plain("monkey")},
		{"carol", Plain("our company")},
		{"dave", Plain("kW7" + "zQ2mT9xLr")},
		{"eve", Empty()},
		{"frank", Plain("")},
		{"", Plain("password")},
		{"zero", Stored{}},
		{"rare", Plain(w.common[len(w.common)-1])},
	}
	got, err := w.Guess(t.Context(), accounts)
	want := []How{AccountName, Common, Word, NotGuessed, EmptyWord, EmptyWord, Common, NotGuessed, Common}
	if diff := cmp.Diff(want, got.How); err != nil || diff != "" || got.Unfinished != 0 {
		t.Errorf("%v, %+v (-want +got):\n%s", err, got, diff)
	}
	again, err := w.Guess(t.Context(), accounts)
	if diff := cmp.Diff(want, again.How); err != nil || diff != "" || again.Tried != 0 {
		t.Errorf("%v, %d guesses of what is known (-want +got):\n%s", err, again.Tried, diff)
	}
	// With other words it is not known.
	other, _ := fresh().Guess(t.Context(), accounts[2:3])
	if other.How[0] != NotGuessed || other.Tried == 0 {
		t.Errorf("%+v", other)
	}
	// Nor is the same password of another account.
	other, _ = w.Guess(t.Context(), []Account{{"bob", Plain("alice2024")}})
	if other.How[0] != NotGuessed {
		t.Errorf("%+v", other)
	}
}

// counting is a stored password that counts guesses.
func counting(form string, cost time.Duration, guesses *[]string) Stored {
	return Stored{Scheme: "test", form: form, cost: cost, is: func(word, user string) bool {
		*guesses = append(*guesses, user+" "+word)
		return false
	}}
}

// Each account gets its likeliest guesses before any gets others, and the budget
// ends everything at once.
func TestFairness(t *testing.T) {
	w := fresh()
	var guesses []string
	var accounts []Account
	for n := range 5 {
		accounts = append(accounts, Account{fmt.Sprint("user", n), counting(fmt.Sprint(n), time.Millisecond, &guesses)})
	}
	const budget = 150
	ctx := WithBudget(t.Context(), NewBudget(budget*time.Millisecond))
	got, err := w.Guess(ctx, accounts)
	if err != nil || got.Tried != budget || len(guesses) != budget || got.Unfinished != 5 || got.Planned != 5*w.guesses("user0") {
		t.Errorf("%+v, %v", got, err)
	}
	for n := range 5 {
		for _, word := range []string{"", fmt.Sprint("user", n), w.common[0], w.common[veryCommon-1]} {
			if !slices.Contains(guesses, fmt.Sprintf("user%d %s", n, word)) {
				t.Errorf("user%d was not tried with %q", n, word)
			}
		}
	}
	// What is not finished is not remembered.
	got, _ = w.Guess(WithBudget(t.Context(), NewBudget(time.Hour)), accounts)
	if got.Tried != got.Planned || got.Unfinished != 0 {
		t.Errorf("%+v", got)
	}
	// The budget is gone for a dear scheme, but there is some left for a cheap one.
	guesses = nil
	ctx = WithBudget(t.Context(), NewBudget(time.Second))
	got, _ = w.Guess(ctx, []Account{{"dear", counting("dear", 600*time.Millisecond, &guesses)}, {"cheap", counting("cheap", time.Microsecond, &guesses)}})
	if got.Unfinished != 1 || got.Tried != 1+w.guesses("cheap") {
		t.Errorf("%+v", got)
	}
}

func TestGuessEndsWithContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	n := 0
	stored := Stored{cost: 1, is: func(string, string) bool {
		if n++; n == 3 {
			cancel()
		}
		return false
	}}
	got, err := fresh().Guess(ctx, []Account{{"a", Empty()}, {"b", stored}, {"c", Empty()}})
	if !errors.Is(err, context.Canceled) || n != 3 {
		t.Errorf("%v after %d guesses", err, n)
	}
	if diff := cmp.Diff([]How{EmptyWord, NotGuessed, NotGuessed}, got.How); diff != "" {
		t.Error(diff)
	}
}

func TestBudgetIsShared(t *testing.T) {
	b := NewBudget(1000)
	var taken [4]int
	var all sync.WaitGroup
	for n := range taken {
		all.Go(func() {
			for b.take(1) {
				taken[n]++
			}
		})
	}
	all.Wait()
	if sum := taken[0] + taken[1] + taken[2] + taken[3]; sum != 1000 {
		t.Errorf("%d of 1000 taken", sum)
	}
	if !HasBudget(WithBudget(t.Context(), b)) || HasBudget(t.Context()) {
		t.Error("a context does not know whether it has a budget")
	}
}

func TestMemoryIsBounded(t *testing.T) {
	var m memory
	key := func(n int) (k [32]byte) {
		copy(k[:], fmt.Sprint(n))
		return k
	}
	for n := range 3 * maxRemembered {
		m.put(key(n), Common)
		m.get(key(0)) // used all the time, so it stays
	}
	if len(m.young)+len(m.old) > 2*maxRemembered {
		t.Errorf("%d and %d", len(m.young), len(m.old))
	}
	if _, ok := m.get(key(1)); ok {
		t.Error("what was not used for long is still there")
	}
	if how, ok := m.get(key(0)); !ok || how != Common {
		t.Error("what is in use was forgotten")
	}
}

// The built-in list is what its documentation says.
func TestBuiltin(t *testing.T) {
	w := Default()
	if len(w.common) < 1000 || len(w.common) != strings.Count(builtin, "\n") {
		t.Errorf("%d words in %d lines", len(w.common), strings.Count(builtin, "\n"))
	}
	seen := make(map[string]bool)
	for n, word := range w.common {
		if seen[word] {
			t.Errorf("words.txt:%d: %q is there twice", n+1, word)
		}
		seen[word] = true
		if err := checkWord(word); err != nil {
			t.Errorf("words.txt:%d: %v", n+1, err)
		}
	}
	for _, word := range []string{"root", "toor", "admin", "changeme", "postgres", "redis", "tomcat", "s3cret", "mysql", "foobared", "P@ssw0rd", "123456"} {
		if at := slices.Index(w.common, word); at < 0 || at >= fairlyCommon {
			t.Errorf("%q is at %d", word, at)
		}
	}
}

func TestLoad(t *testing.T) {
	if w, err := Load(fstest.MapFS{"secrets.yaml": {}}); err != nil || w != Default() {
		t.Errorf("%v", err)
	}
	w, err := Load(fstest.MapFS{
		"passwords.txt":      {Data: []byte("\ufeffour company\r\n\r\n# is a word\npassword\nour company\n")},
		"passwords-team.txt": {Data: []byte(" blanks count ")},
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{" blanks count ", "our company", "# is a word"}, w.own); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if v := w.Version(); v == Default().Version() || v < 0 || v >= 1<<48 || v != fresh(w.own...).Version() {
		t.Errorf("version %x", v)
	}
	many := strings.Repeat("word\n", MaxWords)
	for name, tt := range map[string]struct {
		files fstest.MapFS
		want  string
	}{
		"too many":      {fstest.MapFS{"passwords.txt": {Data: []byte(many + "\nmore\n")}}, "passwords.txt:302: there are more than 300 words"},
		"in all":        {fstest.MapFS{"passwords-a.txt": {Data: []byte(many)}, "passwords-b.txt": {Data: []byte("\nmore")}}, "passwords-b.txt:2: there are more than 300 words"},
		"too long":      {fstest.MapFS{"passwords.txt": {Data: []byte("a\n" + strings.Repeat("x", maxWord+1))}}, "passwords.txt:2: the word has 73 bytes"},
		"control":       {fstest.MapFS{"passwords.txt": {Data: []byte("a\tb")}}, "passwords.txt:1: the word has a control character"},
		"no UTF-8":      {fstest.MapFS{"passwords.txt": {Data: []byte("a\n\xff")}}, "passwords.txt:2: the word is not UTF-8"},
		"much too long": {fstest.MapFS{"passwords.txt": {Data: make([]byte, rulefile.MaxFile+1)}}, "passwords.txt has more than 1048576 bytes"},
		"a directory":   {fstest.MapFS{"passwords.txt/x": {}}, "passwords.txt"},
	} {
		if _, err := Load(tt.files); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
	}
	if _, err := Load(fstest.MapFS{"passwords.txt": {Data: []byte(many)}}); err != nil {
		t.Errorf("%d words: %v", MaxWords, err)
	}
	for name, want := range map[string]bool{"passwords.txt": true, "passwords-a.txt": true, "passwords.yaml": false, "words.txt": false, "my-passwords.txt": false} {
		if Owns(name) != want {
			t.Errorf("%s: %t", name, !want)
		}
	}
}

func FuzzLoad(f *testing.F) {
	f.Add([]byte("a\nb\r\n\nc"))
	f.Add([]byte("\ufeff\x00"))
	f.Fuzz(func(t *testing.T, content []byte) {
		words, err := appendWords(nil, rulefile.Source{Name: "f", Content: content})
		if err != nil {
			return
		}
		for _, word := range words {
			if err := checkWord(word); err != nil || word == "" || strings.ContainsAny(word, "\r\n") {
				t.Fatalf("%q: %v", word, err)
			}
		}
	})
}

func TestEnvironment(t *testing.T) {
	strong := "kW7" + "zQ2mT9xLr"
	env := []string{
		"PATH=/bin", "PWD=admin", "OLDPWD=root", "PASSWORD_FILE=root", "MYSQL_ROOT_PASSWORD_FILE=root", "BYPASS=admin", "COMPASS=test",
		"MYSQL_ROOT_PASSWORD=root", "MYSQL_USER=shop", "MYSQL_PASSWORD=shop123", "MARIADB_PASSWORD=" + strong,
		"POSTGRES_PASSWORD=postgres", "PGPASSWORD=changeme", "REDIS_PASSWORD=", "REDIS_PASS=redis",
		"RABBITMQ_DEFAULT_USER=bunny", "RABBITMQ_DEFAULT_PASS=guest", "MONGO_INITDB_ROOT_USERNAME=mongo", "MONGO_INITDB_ROOT_PASSWORD=mongo1",
		"DB_PASSWORD=${SECRET}", "app_password=password", "PASSWORD=our company", "MYSQL_ALLOW_EMPTY_PASSWORD=yes", "POSTGRES_HOST_AUTH_METHOD=md5",
		"TWICE_PASSWORD=admin", "TWICE_PASSWORD=" + strong, "SAME_PASSWORD=admin", "SAME_PASSWORD=admin", "novalue_password", "=x", "",
	}
	var got []string
	for _, w := range fresh("our company").Environment(t.Context(), env) {
		if w.Layer != report.NoLayer || w.Masked != Masked || w.Path != "" {
			t.Errorf("%+v", w)
		}
		got = append(got, fmt.Sprint(strings.TrimPrefix(w.Config, "environment variable "), " ", w.Service, " ", w.User, " ", w.Scheme, " ", w.How))
	}
	want := []string{
		"MYSQL_ROOT_PASSWORD mysql root plain account-name",
		"MYSQL_PASSWORD mysql shop plain account-name",
		"POSTGRES_PASSWORD postgresql postgres plain account-name",
		"PGPASSWORD postgresql  plain common",
		"REDIS_PASS redis  plain common",
		"RABBITMQ_DEFAULT_PASS rabbitmq bunny plain common",
		"MONGO_INITDB_ROOT_PASSWORD mongodb mongo plain account-name",
		"app_password application  plain common",
		"PASSWORD application  plain word",
		"MYSQL_ALLOW_EMPTY_PASSWORD mysql root empty empty",
		"SAME_PASSWORD application  plain common",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	var many []string
	for n := range 10 * maxEnvironment {
		many = append(many, fmt.Sprintf("A%d_PASSWORD=admin", n))
	}
	if n := len(fresh().Environment(t.Context(), many)); n != maxEnvironment {
		t.Errorf("%d of %d", n, maxEnvironment)
	}
}
