package baseline

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/pratique/pratique/internal/report"
	"github.com/pratique/pratique/internal/rulefile"
)

// hostile are images made to make checks slow, large or wrong.
func hostile() map[string]image {
	const most = 256 << 10 // what a collector keeps of a file
	var users, hashes, members, sudos, self strings.Builder
	for n := 0; users.Len() < most; n++ {
		fmt.Fprintf(&users, "u%d:x:0:27::/:\n", n)
		fmt.Fprintf(&hashes, "u%d:$1$#1:99999::\n", n)
		fmt.Fprintf(&members, "u%d,", n)
		sudos.WriteString("sudo:x:27:\n")
	}
	self.WriteString("Include /etc/ssh/*\nInclude sshd_config\n")
	for self.Len() < most {
		self.WriteString("Include sshd_config.d/*\nMatch all\nPermitRootLogin yes\n")
	}
	accounts := files(passwdFile, users.String(), shadowFile, hashes.String(), groupFile, "sudo:x:27:"+members.String()+"\n"+sudos.String())
	accounts.known.Day = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	config := files("etc/ssh/sshd_config", self.String(), "etc/ssh/sshd_config.d/a.conf", strings.Repeat("\n", most-20)+"Include sshd_config\n",
		"etc/pam.d/common-password", strings.Repeat("@include other\n", most/15), "etc/pam.d/other", strings.Repeat("@include common-password\n", most/30))
	var many []report.BuildStep
	for n := range 2000 {
		many = append(many, report.BuildStep{Instruction: "RUN curl " + strings.Repeat("a| &", 800), Layer: n})
	}
	return map[string]image{
		"many accounts":   accounts,
		"includes":        config,
		"one line":        files(passwdFile, strings.Repeat("a", most), groupFile, strings.Repeat(":", most), "etc/ssh/sshd_config", strings.Repeat("\"a ", most/3), "etc/login.defs", strings.Repeat("PASS_MAX_DAYS ", most/14)),
		"no text":         files(passwdFile, "\xff\xfe:\x00:\x1b[2J:0\n", shadowFile, "\x1b[31m::\u202e\n", "etc/ssh/sshd_config", "PermitRootLogin \x1b[2J\xff\n", "root/.rhosts", "\x00"),
		"many steps":      {config: report.ImageConfig{Steps: many}},
		"strange config":  {config: report.ImageConfig{User: "\x1b:\xff", Env: []string{"", "=", "A", "_PASSWORD=\x1b"}, Ports: []string{""}, Cmd: []string{""}, Steps: []report.BuildStep{{}, {Instruction: "ADD"}, {Instruction: "ENV"}, {Instruction: "ADD --"}}, From: []string{"", "/", ":"}}},
		"strange numbers": {files: map[string]string{shadowFile: "a:$6$#1:-1:0:-9:\nb:$6$#2:99999999999999999999:0:99999999999:\n", "etc/login.defs": "PASS_MAX_DAYS 99999999999999999999\n"}},
	}
}

// Whatever an image holds, results are bounded, printable, quick, and the same
// again.
func TestHostile(t *testing.T) {
	for name, i := range hostile() {
		facts := i.facts()
		begin := time.Now()
		got := Default().Check(facts, i.known)
		if took := time.Since(begin); took > 20*time.Second { // a hundred times what it takes
			t.Errorf("%s: %s", name, took)
		}
		for _, o := range got {
			checkBounds(t, name, o)
		}
		if diff := cmp.Diff(got, Default().Check(facts, i.known)); diff != "" {
			t.Errorf("%s: not the same again:\n%s", name, diff)
		}
	}
}

func checkBounds(t testing.TB, name string, o Outcome) {
	t.Helper()
	if len(o.Places) > maxPlaces || len(o.Evidence) > maxEvidence {
		t.Errorf("%s, %s: %d places, %d excerpts", name, o.ID, len(o.Places), len(o.Evidence))
	}
	for _, text := range append([]string{o.Looked, o.Current, o.Suggested, o.Edit, o.Command}, o.Evidence...) {
		if len(text) > 2500 || !utf8.ValidString(text) || strings.ContainsAny(text, "\x00\x1b\u202e") {
			t.Errorf("%s, %s: %.80q of %d bytes", name, o.ID, text, len(text))
		}
	}
}

func FuzzAccounts(f *testing.F) {
	f.Add(root+"\n+::0:0:::\n", "root:$6$#1:1:0:99999:7:::\n", "root:x:0:a,b\nshadow:x:42:\n")
	f.Add("a:\x00:-1:\xff", ":::::::::::", "+")
	f.Fuzz(func(t *testing.T, passwd, shadow, group string) {
		for _, o := range Default().Check(files(passwdFile, passwd, shadowFile, shadow, groupFile, group).facts(), Known{}) {
			checkBounds(t, "fuzz", o)
		}
	})
}

func FuzzSSHConfig(f *testing.F) {
	f.Add("Include sshd_config.d/*\nPermitRootLogin = \"yes\" # x\nMatch all\n", "Match User a\nCiphers +*-cbc\n")
	f.Add("include *\n\"", "Include \"[\"\nLoginGraceTime 1h30m9999999999999w")
	f.Fuzz(func(t *testing.T, main, more string) {
		for _, o := range Default().Check(files("etc/ssh/sshd_config", main, "etc/ssh/sshd_config.d/a.conf", more).facts(), Known{}) {
			checkBounds(t, "fuzz", o)
		}
	})
}

func FuzzPAM(f *testing.F) {
	f.Add("password [success=1 default=ignore] pam_unix.so minlen=8\n@include other\n", "-password \\\nsubstack common-password\n", "minlen = 8\nucredit=-1 # x\n")
	f.Fuzz(func(t *testing.T, stack, other, quality string) {
		for _, o := range Default().Check(files("etc/pam.d/common-password", stack, "etc/pam.d/other", other, "etc/security/pwquality.conf", quality).facts(), Known{}) {
			checkBounds(t, "fuzz", o)
		}
	})
}

func FuzzLoad(f *testing.F) {
	f.Add("rules:\n  - {id: image-sudo, with: {packages: [a], instructions: 'b'}}")
	f.Add("findings: {a: b}\nrules:\n  - {id: x1, group: ssh, title: t, severity: low, advice: '{key}', finding: a, setting: {format: words, files: ['etc/*'], key: a, operator: between, values: [1, 2]}}")
	i := files(passwdFile, root, "etc/ssh/sshd_config", "a 1", "etc/login.defs", "a b")
	f.Fuzz(func(t *testing.T, text string) {
		r, err := newRules(rulefile.Source{Name: "fuzz", Content: []byte(text)})
		if (r == nil) != (err != nil) {
			t.Fatal(r, err)
		}
		if err != nil {
			return
		}
		for _, o := range r.Check(i.facts(), Known{}) {
			if o.Result == "" {
				t.Errorf("%s has no result", o.ID)
			}
		}
	})
}

func BenchmarkCheck(b *testing.B) {
	facts := files(passwdFile, root, shadowFile, "root:*:1:", groupFile, "root:x:0:", "etc/ssh/sshd_config", "Port 22\n", "etc/pam.d/common-password", "password required pam_unix.so\n").facts()
	facts.Image.Config.Steps = steps("ADD rootfs /", "RUN apt-get update && apt-get install -y curl && rm -rf /var/lib/apt/lists/*", "COPY . /", "USER 1000").config.Steps
	for b.Loop() {
		Default().Check(facts, Known{})
	}
}
