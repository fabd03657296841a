package passwords

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/pratique/pratique/internal/password"
	"github.com/pratique/pratique/internal/report"
)

// content is a file in memory, or one that pretends not to be.
type content struct {
	*bytes.Reader
	inMemory []byte
}

func (c content) Bytes() []byte { return c.inMemory }

func collectText(ctx context.Context, t testing.TB, words *password.Words, path, text string, spooled bool) (*report.LayerFacts, error) {
	t.Helper()
	c := content{bytes.NewReader([]byte(text)), []byte(text)}
	if spooled {
		c.inMemory = nil
	}
	f := report.File{Path: path, Size: int64(len(text))}
	collector := New(words)
	if !collector.Want(f) {
		t.Errorf("%s is not wanted", path)
	}
	facts := new(report.LayerFacts)
	err := collector.Collect(ctx, f, c, facts)
	return facts, err
}

func TestWant(t *testing.T) {
	c := New(password.Default())
	for path, want := range map[string]bool{
		"etc/shadow": true, "etc/shadow-": true, "etc/shadow.bak": true, "srv/chroot/etc/passwd": true, "etc/passwd~": true,
		"etc/shadowsocks": false, "etc/passwdqc.conf": false, "usr/bin/passwd": false, "shadow": false, "usr/share/shadow": false,
		".htpasswd": true, "srv/.htpasswd-admin": true, "etc/nginx/admin.htpasswd": true, "etc/nginx/users": true, "etc/apache2/passwords": true,
		"etc/pam.d/passwd": false, "usr/share/users": false, "etc/nginx/nginx.conf": false,
		"etc/redis/redis.conf": true, "usr/local/etc/redis/users.acl": true, "etc/redis-6379.conf": true, "etc/sentinel.conf": true, "etc/nginx/conf.d/a.conf": false,
		"usr/local/tomcat/conf/tomcat-users.xml": true, "usr/local/tomcat/conf/server.xml": false,
		"etc/mysql/my.cnf": true, "root/.my.cnf": true, "etc/mysql/conf.d/client.cnf": true, "etc/ssl/openssl.cnf": false,
		"docker-entrypoint-initdb.d/01.sql": true, "docker-entrypoint-initdb.d/01.sh": true, "srv/run.sh": false, "srv/schema.sql": true,
		"root/.pgpass": true, "var/lib/postgresql/data/global/1260": true, "srv/1260": false,
		"etc/vsftpd/virtual_users.txt": true, "etc/vsftpd/user_list": false, "etc/proftpd/ftpd.passwd": true, "srv/users.txt": false,
	} {
		if got := c.Want(report.File{Path: path, Size: 1}); got != want {
			t.Errorf("%s: %t", path, got)
		}
	}
	for _, f := range []report.File{{Path: "etc/shadow"}, {Path: "srv/dump.sql", Size: maxScript + 1}} {
		if c.Want(f) {
			t.Errorf("%+v is wanted", f)
		}
	}
	if v := c.Version(); v>>48 != version || v == version<<48 {
		t.Errorf("version %x", v)
	}
}

// Stored passwords, in parts so that nobody takes them for somebody's.
const (
	yescryptChangeme = "$y$" + "j75$abcdefgh$" + "BzQ/Q3ssanARhaS/VgiFkENPtOXGzvpch9ry26yhepD"
	apr1MyPassword   = "$apr1$" + "r31.....$" + "HqJZimcKQFAMYayBlzkrA/" // of "myPassword", which is in no list
	sha1Password     = "{SHA}" + "W6ph5Mm5Pz8GgiULbPgzG37mj9g="
	nativePassword   = "*" + "2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19"
	strong           = "kW7" + "zQ2mT9xLr"
)

func TestReaders(t *testing.T) {
	weak := func(service, user string, line int, scheme string, how password.How) report.WeakPassword {
		return report.WeakPassword{Service: service, User: user, Line: line, Scheme: scheme, How: string(how), Masked: password.Masked}
	}
	changed := func(w report.WeakPassword, day string) report.WeakPassword {
		w.Changed = day
		return w
	}
	for name, tt := range map[string]struct {
		path, text string
		want       []report.WeakPassword
	}{
		"shadow": {"etc/shadow",
			"root:" + yescryptChangeme + ":19783:0:99999:7:::\n" + // weak
				"locked:!" + yescryptChangeme + ":19783:0:99999:7:::\n" +
				"starred:*:19783::::::\nbanged:!!:19783::::::\nlegacy:x:19783::::::\n" +
				"open::0:0:99999:7:::\n" + // no password
				"\n+nis:::::::\n# comment:::\nno colon\n:" + yescryptChangeme + ":1::::::\n" +
				"strange:" + strings.Repeat("a", 14) + ":1::::::\nlast:{SHA}x",
			[]report.WeakPassword{
				changed(weak("system", "root", 1, "yescrypt", password.Common), "2024-03-01"),
				weak("system", "open", 6, "empty", password.EmptyWord),
			}},
		"shadow with CRLF and invalid UTF-8": {"etc/shadow-",
			"\xff\xfe\r\nr\xffoot:" + yescryptChangeme + ":x\r\n" + strings.Repeat("y", maxLine+1) + ":" + yescryptChangeme + "\n" + strings.Repeat("n", 100) + "::1\n",
			[]report.WeakPassword{
				weak("system", "r?oot", 2, "yescrypt", password.Common),
				changed(weak("system", strings.Repeat("n", maxName), 4, "empty", password.EmptyWord), "1970-01-02"),
			}},
		"passwd": {"etc/passwd",
			"root:x:0:0:root:/root:/bin/sh\nold:" + yescryptChangeme + ":1:1::/:/bin/sh\nopen::2:2::/:/bin/sh\nnobody:*:65534:65534::/:\n+::::::\nshort::\n",
			[]report.WeakPassword{weak("system", "old", 2, "yescrypt", password.Common), weak("system", "open", 3, "empty", password.EmptyWord)}},
		"htpasswd": {"srv/.htpasswd",
			"# users\nalice:" + sha1Password + "\nbob:" + apr1MyPassword + "\ncarol:{PLAIN}carol123:more\nempty:\nword\n",
			[]report.WeakPassword{weak("http", "alice", 2, "sha1", password.Common), weak("http", "carol", 4, "plain", password.AccountName)}},
		"ftp users": {"etc/vsftpd/virtual_users.txt", "alice\nalice\nbob\n" + strong + "\n\n# c\ncarol\nsunshine\ndave\n",
			[]report.WeakPassword{weak("ftp", "alice", 2, "plain", password.AccountName), weak("ftp", "carol", 8, "plain", password.Common)}},
		"ftp passwd": {"etc/proftpd/ftpd.passwd", "alice:" + sha1Password + ":1000:1000::/srv:/bin/false\nbob:x:1:1:::\n",
			[]report.WeakPassword{weak("ftp", "alice", 1, "sha1", password.Common)}},
		"redis": {"etc/redis/redis.conf",
			"# requirepass foobared\nrequirepass foobared\nmasterauth " + strong + "\nport 6379\nsentinel auth-pass mymaster \"redis\"\n",
			[]report.WeakPassword{weak("redis", "default", 2, "plain", password.Common), weak("redis", "", 5, "plain", password.Common)}},
		"redis access list": {"etc/redis/users.acl",
			"user default on nopass ~* &* +@all\nuser off off >password ~*\nuser app on >" + strong + " >app123 ~*\n" +
				"user sum on #" + "5e884898da28047151d0e56f8dc62927" + "73603d0d6aabbdd62a11ef721d1542d8" + "\nuser reset on >password resetpass >" + strong + "\n",
			[]report.WeakPassword{
				weak("redis", "default", 1, "empty", password.EmptyWord),
				weak("redis", "app", 3, "plain", password.AccountName),
				weak("redis", "sum", 4, "sha256", password.Common),
			}},
		"tomcat": {"usr/local/tomcat/conf/tomcat-users.xml",
			"<?xml version='1.0' encoding='cp1252'?>\n<tomcat-users xmlns=\"x\">\n<!-- <user username=\"admin\" password=\"admin\"/> -->\n" +
				"<user username=\"tomcat\" password=\"tomcat\" roles=\"manager-gui\"/>\n<user name='both' password='" + strong + "'/>\n" +
				"<role rolename=\"password\"/>\n<user username=\"digest\" password=\"5f4dcc3b" + "5aa765d61d8327deb882cf99\"></user>\n<user username='open' password=''/>\n<user username='none'/>\n<unclosed",
			[]report.WeakPassword{
				weak("tomcat", "tomcat", 4, "plain", password.AccountName),
				weak("tomcat", "digest", 7, "md5", password.Common),
				weak("tomcat", "open", 8, "plain", password.EmptyWord),
			}},
		"my.cnf": {"root/.my.cnf", "[client]\npassword = \"root\"\nuser=root\n[mysqldump]\nuser=b\npassword=" + strong + "\n[mysqld]\n#password=root\nport=1\n",
			[]report.WeakPassword{weak("mysql", "root", 2, "plain", password.AccountName)}},
		"pgpass": {"root/.pgpass", "#localhost:5432:*:a:password\nlocalhost:5432:*:po\\:st:password\nlocalhost:5432:*:b:" + strong + "\n*:*:*:c\nh:1:d:e:e:e\n",
			[]report.WeakPassword{weak("postgresql", "po:st", 2, "plain", password.Common)}},
		"MySQL": {"docker-entrypoint-initdb.d/1.sql",
			"CREATE USER 'a'@'%' IDENTIFIED BY 'password';\ncreate user if not exists `b`@localhost identified with mysql_native_password as '" + nativePassword + "';\n" +
				"GRANT ALL ON *.* TO c@'%' IDENTIFIED BY PASSWORD '" + nativePassword + "';\nSET PASSWORD FOR 'd'@'%' = PASSWORD('d123');\n" +
				"ALTER USER 'e'@'%' IDENTIFIED BY '" + strong + "';\n-- IDENTIFIED BY 'password'\nINSERT INTO t (password) VALUES ('password');\n" +
				"CREATE USER 'o''f'@'%' IDENTIFIED BY \"o'f\";\n",
			[]report.WeakPassword{
				weak("mysql", "a", 1, "plain", password.Common),
				weak("mysql", "b", 2, "mysql_native_password", password.Common),
				weak("mysql", "c", 3, "mysql_native_password", password.Common),
				weak("mysql", "o'f", 8, "plain", password.AccountName),
				weak("mysql", "d", 4, "plain", password.AccountName),
			}},
		"PostgreSQL": {"docker-entrypoint-initdb.d/1.sh",
			"psql <<EOF\nCREATE USER app WITH LOGIN PASSWORD 'app';\nALTER ROLE \"My App\"\n  ENCRYPTED PASSWORD 'md5" + "cda9364620a05426387c272e85514c4b';\n" +
				"ALTER USER postgres WITH ENCRYPTED PASSWORD 'md5" + "cda9364620a05426387c272e85514c4a';\nCREATE ROLE none; SELECT 'PASSWORD' 'x';\nCREATE USER s PASSWORD E'" + strong + "';\nCREATE USER v PASSWORD '$APP_PASSWORD';\nEOF\n",
			[]report.WeakPassword{weak("postgresql", "app", 2, "plain", password.AccountName), weak("postgresql", "postgres", 5, "md5", password.Common)}},
		"PostgreSQL's table": {"var/lib/postgresql/data/global/1260",
			strings.Repeat("\x00", 100) + row("postgres", "md5"+"cda9364620a05426387c272e85514c4a", 1) + row("a\x00b", "md5"+"cda9364620a05426387c272e85514c4a", 1) + "md5" + strings.Repeat("0", 32),
			[]report.WeakPassword{weak("postgresql", "postgres", 0, "md5", password.Common)}},
		"no account at all": {"etc/shadow", "\n", nil},
	} {
		for _, spooled := range []bool{false, true} {
			facts, err := collectText(t.Context(), t, password.Default(), tt.path, tt.text, spooled)
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			for n := range tt.want {
				tt.want[n].Path = tt.path
			}
			if diff := cmp.Diff(tt.want, facts.Passwords); diff != "" {
				t.Errorf("%s, spooled %t (-want +got):\n%s", name, spooled, diff)
			}
			if len(facts.Notes) > 0 {
				t.Errorf("%s: %v", name, facts.Notes)
			}
			if text := fmt.Sprintf("%+v", facts); strings.Contains(text, strong) || strings.Contains(text, yescryptChangeme[20:]) {
				t.Errorf("%s: a password or a hash is in the facts", name)
			}
		}
	}
}

// row is one of the table pg_authid, the password's length in this many bytes.
func row(name, stored string, length int) string {
	return name + strings.Repeat("\x00", 64-len(name)) + "\x01\x01\x01\x01\x01\x01\x01\x00\xff\xff\xff\xff" + strings.Repeat("\x03", length) + stored + "\x00\x00\x00"
}

// What cannot be tried is told, by kind.
func TestRefusedAreNoted(t *testing.T) {
	const sha = "saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5"
	text := "a:$5$rounds=999999999$" + sha + ":1\nb:$gy$j9T$x$y:1\nc:$5$rounds=99999999$" + sha + ":1\nd:$7$x:1\ne::1\n"
	facts, err := collectText(t.Context(), t, password.Default(), "etc/shadow", text, false)
	if err != nil || len(facts.Passwords) != 1 {
		t.Errorf("%v, %v", err, facts.Passwords)
	}
	want := []report.Note{
		{Code: noteScheme, Path: "etc/shadow", Collector: "passwords", Message: "1 passwords are stored as gost-yescrypt, which is not supported; they were not tried"},
		{Code: noteScheme, Path: "etc/shadow", Collector: "passwords", Message: "1 passwords are stored as scrypt, which is not supported; they were not tried"},
		{Code: noteScheme, Path: "etc/shadow", Collector: "passwords", Message: "2 passwords are stored as sha256crypt in a way that makes a single guess too costly; they were not tried"},
	}
	if diff := cmp.Diff(want, facts.Notes); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// The budget is shared by all files of an image; what it did not suffice for is
// told, and the same files end in the same place.
func TestBudget(t *testing.T) {
	text := ""
	for n := range 8 {
		text += fmt.Sprintf("user%d:%s:1\n", n, strings.Replace(yescryptChangeme, "abcdefgh", fmt.Sprintf("abcde%03d", n), 1))
	}
	text += "weak:" + yescryptChangeme + ":1\n" // guessed among the likeliest
	var before *report.LayerFacts
	for range 2 {
		words, err := password.Load(fstest.MapFS{"passwords.txt": {Data: []byte("unused")}}) // remembers nothing
		if err != nil {
			t.Fatal(err)
		}
		ctx := password.WithBudget(t.Context(), password.NewBudget(time.Second))
		facts, err := collectText(ctx, t, words, "etc/shadow", text, false)
		if err != nil || len(facts.Passwords) != 1 || facts.Passwords[0].User != "weak" {
			t.Errorf("%v, %v", err, facts.Passwords)
		}
		if len(facts.Notes) != 1 || facts.Notes[0].Code != noteBudget || !strings.Contains(facts.Notes[0].Message, "8 of 9 accounts") {
			t.Errorf("%+v", facts.Notes)
		}
		if before != nil {
			if diff := cmp.Diff(before, facts); diff != "" {
				t.Errorf("another time (-first +second):\n%s", diff)
			}
		}
		before = facts
		again, _ := collectText(ctx, t, words, "srv/etc/shadow", "more:$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5:1\n"+text[strings.LastIndex(text, "weak"):], false)
		if len(again.Passwords) != 1 || len(again.Notes) != 1 {
			t.Errorf("the account known from before: %+v, the others: %+v", again.Passwords, again.Notes)
		}
	}
}

// A forged file costs no more than its bounds allow.
func TestManyAccounts(t *testing.T) {
	var text strings.Builder
	for n := range maxAccounts + 10 {
		fmt.Fprintf(&text, "user%d::19783:0:99999:7:::\n", n)
	}
	facts, err := collectText(t.Context(), t, password.Default(), "etc/shadow", text.String(), false)
	if err != nil || len(facts.Passwords) != maxHits {
		t.Errorf("%d accounts, %v", len(facts.Passwords), err)
	}
	var codes []string
	for _, n := range facts.Notes {
		codes = append(codes, n.Code)
	}
	if diff := cmp.Diff([]string{noteTooMany, noteTooMany}, codes); diff != "" {
		t.Error(diff)
	}
}

func TestLargeFile(t *testing.T) {
	text := "a::1\n" + strings.Repeat("\n", maxSize) + "b::1\n"
	facts, err := collectText(t.Context(), t, password.Default(), "etc/shadow", text, true)
	if err != nil || len(facts.Passwords) != 1 || len(facts.Notes) != 1 || facts.Notes[0].Code != noteLarge {
		t.Errorf("%v: %+v, %+v", err, facts.Passwords, facts.Notes)
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	words, err := password.Load(fstest.MapFS{"passwords-x.txt": {Data: []byte("unused")}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := collectText(ctx, t, words, "etc/shadow", "a:"+yescryptChangeme+":1\n", false); err != context.Canceled {
		t.Errorf("%v", err)
	}
}

// Whatever a file holds, it is read within bounds, and twice alike.
func FuzzReaders(f *testing.F) {
	f.Add("root:" + yescryptChangeme[:20] + ":1\nuser a on >b #c\nlocalhost:1:a:b:c\n[client]\npassword=\"")
	f.Add("<user username='a' password='b'><!-- \n")
	f.Add("CREATE USER 'a'@'%' IDENTIFIED BY 'b'; ALTER ROLE \"x\" PASSWORD E'y\\'';")
	f.Add(row("postgres", "md5"+strings.Repeat("a", 32), 1))
	paths := []string{"etc/shadow", "etc/passwd", ".htpasswd", "etc/vsftpd/a.txt", "redis.conf", "tomcat-users.xml", "my.cnf", ".pgpass", "a.sql", "global/1260"}
	f.Fuzz(func(t *testing.T, text string) {
		for _, path := range paths {
			var one, two finds
			read := readerOf(report.File{Path: path})
			read([]byte(text), &one)
			read([]byte(text), &two)
			if len(one.accounts) != len(one.places) || len(one.accounts) > maxAccounts {
				t.Fatalf("%s: %d accounts in %d places", path, len(one.accounts), len(one.places))
			}
			if diff := cmp.Diff(one.places, two.places, cmp.AllowUnexported(find{}), cmpopts.EquateEmpty()); diff != "" {
				t.Fatal(diff)
			}
		}
	})
}

func BenchmarkReadStatements(b *testing.B) {
	dump := strings.Repeat("INSERT INTO users (name, password) VALUES ('alice', 'x');\n", 20_000)
	for name, text := range map[string]string{
		"dump":  dump,
		"setup": dump + "CREATE USER 'a'@'%' IDENTIFIED BY 'b';\nCREATE ROLE c PASSWORD 'd';\n",
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				readStatements([]byte(text), new(finds))
			}
		})
	}
}
