package baseline

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pratique/pratique/internal/report"
	"github.com/pratique/pratique/internal/rulefile"
)

// image is what a test's image has. In files, "PATH MODE" may stand for a path.
type image struct {
	files       map[string]string
	config      report.ImageConfig
	annotations map[string]string
	packages    []string
	secrets     []report.Secret
	configured  []report.Secret
	special     []report.SpecialFile
	os          string
	known       Known
}

func (i image) facts() *report.ImageFacts {
	f := &report.ImageFacts{
		Image:   report.Image{Created: "2026-03-01T00:00:00Z", Config: i.config, Annotations: i.annotations, Secrets: i.configured},
		OS:      report.OS{ID: i.os},
		Secrets: i.secrets,
		Files:   report.FileSummary{Special: i.special},
	}
	for name, text := range i.files {
		c := report.ConfigFile{Path: name, Mode: 0o644, Content: text}
		if p, mode, ok := strings.Cut(name, " "); ok {
			var m uint32
			if _, err := fmt.Sscanf(mode, "%o", &m); err == nil {
				c.Path, c.Mode = p, fs.FileMode(m)
			}
		}
		f.Configs = append(f.Configs, c)
	}
	for _, p := range i.packages {
		f.Packages = append(f.Packages, report.Package{Name: p, Version: "1", Type: "deb", Path: "var/lib/dpkg/status"})
	}
	return f
}

func outcome(t testing.TB, r *Rules, id string, i image) Outcome {
	t.Helper()
	for _, o := range r.Check(i.facts(), i.known) {
		if o.ID == id {
			return o
		}
	}
	t.Fatalf("there is no rule %s", id)
	return Outcome{}
}

// Shorthands for images with one thing.
func files(pairs ...string) image {
	m := make(map[string]string)
	for n := 0; n+1 < len(pairs); n += 2 {
		m[pairs[n]] = pairs[n+1]
	}
	return image{files: m}
}

func passwd(lines ...string) image { return files(passwdFile, strings.Join(lines, "\n")+"\n") }
func shadow(lines ...string) image { return files(shadowFile, strings.Join(lines, "\n")+"\n") }
func groups3(lines ...string) image {
	return files(groupFile, strings.Join(lines, "\n")+"\n", passwdFile, "root:x:0:0::/root:\nann:x:1000:1000::/home/ann:\nsvc:x:999:4::/:\n")
}
func sshd(lines ...string) image { return files("etc/ssh/sshd_config", strings.Join(lines, "\n")+"\n") }
func pam(text string) image      { return files("etc/pam.d/common-password", text+"\n") }
func steps(instructions ...string) image {
	var i image
	for n, s := range instructions {
		i.config.Steps = append(i.config.Steps, report.BuildStep{Instruction: s, Layer: n})
	}
	return i
}
func env(variables ...string) image { return image{config: report.ImageConfig{Env: variables}} }
func special(kind, path string) image {
	return image{special: []report.SpecialFile{{Path: path, Kinds: []string{kind}, Mode: "-rwsr-xr-x"}}}
}

const root = "root:x:0:0:root:/root:/bin/sh"

// Each rule finds what it is for, and leaves alone what looks like it.
var cases = map[string]struct{ failed, passed, neither []image }{
	"account-duplicate": {
		failed:  []image{passwd(root, "a:x:5:5::/:", "b:x:5:6::/:"), passwd("a:x:1:1::/:", "a:x:2:2::/:")},
		passed:  []image{passwd(root, "a:x:5:5::/:", "b:x:6:5::/:"), passwd("a:x::5::/:", "b:x:z:5::/:"), passwd("#a:x:5:5::/:", "a:x:5:5::/:")},
		neither: []image{{}}},
	"account-uid-zero": {
		failed:  []image{passwd(root, "toor:x:0:0::/:"), passwd(root, "t:x:000:1::/:")},
		passed:  []image{passwd(root, "a:x:10:0::/:"), passwd(root, "a:x::0::/:"), passwd(root, "+::0:0:::")},
		neither: []image{{}}},
	"account-password-in-file": {
		failed: []image{{secrets: []report.Secret{{Rule: "named-password", Path: "a", Line: 2, Excerpt: "password=********"}}},
			{secrets: []report.Secret{{Rule: "postgres-url", Path: "a"}}, known: Known{Secrets: true}}},
		passed:  []image{{secrets: []report.Secret{{Rule: "aws-access-key-id", Path: "a"}}, known: Known{Secrets: true}}},
		neither: []image{{}}},
	"account-shared-password": {
		failed:  []image{shadow("a:$6$#1:1:", "b:$6$#1:1:"), passwd("a:des#1:1:1::/:", "b:des#1:2:2::/:")},
		passed:  []image{shadow("a:$6$#1:1:", "b:$6$#2:1:"), shadow("a:!$6$#1:1:", "b:!$6$#1:1:"), shadow("a:*:1:", "b:*:1:"), shadow("a:!:", "b:!:", "c:!*:", "d:!*:")},
		neither: []image{{}}},
	"account-weak-hash": {
		failed:  []image{shadow("a:$1$#1:1:"), shadow("a:des#1:1:"), passwd("a:des#1:1:1::/:")},
		passed:  []image{shadow("a:$6$#1:1:", "b:$y$#2:1:", "c:$2b$#3:"), shadow("a:!$1$#1:1:"), passwd("a:x:1:1::/:")},
		neither: []image{{}}},
	"account-empty-password": {
		failed:  []image{shadow("a::1:"), passwd("a::1:1::/:")},
		passed:  []image{shadow("a:!:1:", "b:*:"), passwd("a:x:1:1::/:"), passwd("a:*:1:1::/:"), passwd("garbage")},
		neither: []image{{}}},
	"group-duplicate": {
		failed:  []image{groups3("a:x:1:", "b:x:1:"), groups3("a:x:1:", "a:x:2:")},
		passed:  []image{groups3("a:x:1:", "b:x:2:"), groups3("a:x::", "b:x::")},
		neither: []image{{}}},
	"group-privileged-member": {
		failed:  []image{groups3("sudo:x:27:ann"), groups3("docker:x:998:x,ann"), groups3("root:x:0:ann"), groups3("adm:x:4:")},
		passed:  []image{groups3("sudo:x:27:root"), groups3("users:x:100:ann"), groups3("adm:x:5:syslog,daemon"), groups3("pseudo:x:27:ann")},
		neither: []image{{}}},
	"account-legacy-passwd": {
		failed: []image{passwd(root, "+::0:0:::"), passwd("+")}, passed: []image{passwd(root, "a:x:1:1:+:/:")}, neither: []image{{}}},
	"account-legacy-shadow": {
		failed: []image{shadow("+::::::::")}, passed: []image{shadow("a:*:1:")}, neither: []image{{}, passwd("+")}},
	"account-legacy-group": {
		failed: []image{groups3("+:::")}, passed: []image{groups3("a:x:1:")}, neither: []image{{}}},
	"account-unknown-group": {
		failed:  []image{groups3("root:x:0:", "adm:x:4:"), groups3("x:x:1:")},
		passed:  []image{groups3("root:x:0:", "adm:x:4:", "ann:x:1000:")},
		neither: []image{{}, passwd(root)}},
	"account-password-age": {
		failed: []image{files("etc/login.defs", "PASS_MAX_DAYS\t99999\n"), files("etc/login.defs", "#PASS_MAX_DAYS 90\n"), files("etc/login.defs", "PASS_MAX_DAYS 90\nPASS_MAX_DAYS 91\n"),
			shadow("a:$6$#1:1:0:99999:7:::"), shadow("a:$6$#1:1:0::7:::")},
		passed:  []image{files("etc/login.defs", "PASS_MAX_DAYS 90 # days\nPASS_MAX_DAYS_X 9999\n"), shadow("a:*:1:0:99999:7:::"), shadow("a:$6$#1:1:0:30:7:::")},
		neither: []image{{}}},
	"account-password-date": {
		failed:  []image{shadow("a:$6$#1:30000::::::"), shadow("a:*:4294967295::::::")},
		passed:  []image{shadow("a:$6$#1:20000::::::"), shadow("a:$6$#1:::::::"), shadow("a:$6$#1:20600::::::")}, // 2026-05-27
		neither: []image{{}}},
	"account-host-trust": {
		failed: []image{files("etc/hosts.equiv", "build1\n"), files("home/a/.rhosts", "+ +\n"), files("root/.shosts", "x")},
		passed: []image{files("etc/hosts.equiv", "# none\n\n"), files("srv/rhosts", "+ +"), {}}},
	"account-root-trust": {
		failed: []image{files("root/.ssh/authorized_keys", "ssh-ed25519 ******** me\n"), files("root/.rhosts", "+\n"),
			files(passwdFile, "root:x:0:0::/opt/admin:/bin/sh\n", "opt/admin/.ssh/authorized_keys2", "ssh-rsa ********\n")},
		passed: []image{files("home/a/.ssh/authorized_keys", "ssh-ed25519 ********\n"), files("root/.ssh/authorized_keys", "# none\n"), {}}},
	"account-root-group": {
		failed: []image{passwd("root:x:0:1::/root:")}, passed: []image{passwd(root, "a:x:1:1::/:")}, neither: []image{{}, passwd("a:x:0:1::/:")}},
	"group-shadow-member": {
		failed:  []image{groups3("shadow:x:42:ann"), groups3("shadow:x:4:")},
		passed:  []image{groups3("shadow:x:42:"), groups3("shadow:x:42:", "shadows:x:5:ann")},
		neither: []image{{}, groups3("a:x:1:ann")}},
	"account-passwd-mode": {
		failed: []image{files("etc/passwd 0666", root), files("etc/group 0664", "a:x:1:")}, passed: []image{files("etc/passwd 0644", root)}, neither: []image{{}}},
	"account-shadow-mode": {
		failed: []image{files("etc/shadow 0644", "a:*:")}, passed: []image{files("etc/shadow 0640", "a:*:"), files("etc/shadow 0000", "a:*:")}, neither: []image{{}}},
	"password-length": {
		failed: []image{pam("password [success=1 default=ignore] pam_unix.so obscure yescrypt"), pam("password requisite pam_cracklib.so minlen=6"),
			pam("#password requisite pam_pwquality.so"), pam("password optional pam_pwquality.so minlen=12"), pam("auth required pam_pwquality.so minlen=12"),
			files("etc/pam.d/system-auth", "password requisite pam_pwquality.so\n", "etc/security/pwquality.conf", "minlen = 6\n"),
			files("etc/pam.d/common-password", "password requisite pam_pwquality.so\n", "etc/security/pwquality.conf", "minlen = 9\nenforcing = 0\n")},
		passed: []image{pam("password requisite pam_pwquality.so retry=3"), pam("password [success=1 default=ignore] pam_unix.so minlen=10"), pam("password requisite pam_cracklib.so"),
			pam("-password \\\nrequisite pam_pwquality.so minlen=8"),
			files("etc/pam.d/common-password", "@include other\n", "etc/pam.d/other", "password required pam_unix.so minlen=8\n"),
			files("etc/authselect/system-auth", "password requisite pam_pwquality.so local_users_only\n", "etc/security/pwquality.conf.d/a.conf", "minlen=12\n", "etc/security/pwquality.conf", "# minlen = 4\n")},
		neither: []image{{}, pam("password required pam_passwdqc.so")}},
	"password-upper":   classCases("ucredit"),
	"password-lower":   classCases("lcredit"),
	"password-digit":   classCases("dcredit"),
	"password-special": classCases("ocredit"),

	"ssh-protocol":              {failed: []image{sshd("Protocol 2,1"), sshd("protocol=1")}, passed: []image{sshd("Protocol 2"), sshd("#Protocol 1"), sshd("")}, neither: []image{{}}},
	"ssh-root-login":            sshCases("PermitRootLogin", []string{"yes"}, []string{"no", "prohibit-password", ""}),
	"ssh-empty-passwords":       sshCases("PermitEmptyPasswords", []string{"yes"}, []string{"no", ""}),
	"ssh-max-auth-tries":        sshCases("MaxAuthTries", []string{"6", "0", "x", ""}, []string{"4", "1"}),
	"ssh-log-level":             sshCases("LogLevel", []string{"QUIET", "DEBUG3"}, []string{"INFO", "verbose", ""}),
	"ssh-x11-forwarding":        sshCases("X11Forwarding", []string{"yes"}, []string{"no", ""}),
	"ssh-ignore-rhosts":         sshCases("IgnoreRhosts", []string{"no", "shosts-only"}, []string{"yes", ""}),
	"ssh-hostbased":             sshCases("HostbasedAuthentication", []string{"yes"}, []string{"no", ""}),
	"ssh-client-alive-interval": sshCases("ClientAliveInterval", []string{"0", "3600", "1h", ""}, []string{"300", "5m"}),
	"ssh-client-alive-count":    sshCases("ClientAliveCountMax", []string{"0", "5"}, []string{"3", ""}),
	"ssh-ciphers":               sshCases("Ciphers", []string{"aes128-ctr,aes128-cbc", "+3des-cbc", "+*-cbc", "^arcfour"}, []string{"aes256-gcm@openssh.com", "-*-cbc", ""}),
	"ssh-macs":                  sshCases("MACs", []string{"hmac-md5", "hmac-sha2-256,hmac-sha1-96"}, []string{"hmac-sha2-512-etm@openssh.com", ""}),
	"ssh-kex":                   sshCases("KexAlgorithms", []string{"diffie-hellman-group1-sha1"}, []string{"curve25519-sha256", "diffie-hellman-group14-sha256", ""}),
	"ssh-user-environment":      sshCases("PermitUserEnvironment", []string{"yes", "LANG,LC_*"}, []string{"no", ""}),
	"ssh-login-grace-time":      sshCases("LoginGraceTime", []string{"0", "2m", ""}, []string{"60", "1m", "30s"}),
	"ssh-config-mode":           {failed: []image{files("etc/ssh/sshd_config 0666", "")}, passed: []image{files("etc/ssh/sshd_config 0600", "")}, neither: []image{{}}},
	"ssh-host-key-mode":         {failed: []image{files("etc/ssh/ssh_host_rsa_key 0644", "")}, passed: []image{files("etc/ssh/ssh_host_rsa_key 0600", "")}, neither: []image{{}}},
	"ssh-host-key":              {failed: []image{files("etc/ssh/ssh_host_rsa_key", "")}, passed: []image{files("etc/ssh/sshd_config", ""), {}}},

	"image-root-user": {
		failed: []image{{}, {config: report.ImageConfig{User: "root"}}, {config: report.ImageConfig{User: "0:1000"}}, {config: report.ImageConfig{User: "00"}},
			{config: report.ImageConfig{User: "toor"}, files: map[string]string{passwdFile: root + "\ntoor:x:0:0::/:\n"}}},
		passed: []image{{config: report.ImageConfig{User: "1000"}}, {config: report.ImageConfig{User: "app:root"}}, {config: report.ImageConfig{User: "nobody"}, files: map[string]string{passwdFile: "nobody:x:65534:0::/:\n"}}}},
	"image-healthcheck": {
		failed: []image{{}}, passed: []image{{config: report.ImageConfig{Healthcheck: []string{"curl", "localhost"}}}}},
	"image-secret": {
		failed: []image{env("DB_PASSWORD=root"), env("DB_PASSWORD=1234"), env("PGPASSWORD=********"), steps("ARG NPM_TOKEN=abcdefg"), {configured: []report.Secret{{Rule: "jwt", Config: "label a", Layer: report.NoLayer}}}},
		passed: []image{env("DB_PASSWORD_FILE=/run/secrets/db", "DB_PASSWORD=/run/secrets/db", "MYSQL_ALLOW_EMPTY_PASSWORD=yes", "API_TOKEN=", "GPG_KEY=E3FF2839C048B25C", "TOKEN_TTL=99999", "REQUIRE_PASSWORD=true"),
			steps("ARG NPM_TOKEN", "ARG VERSION=1"), {}}},
	"image-unpinned-base": {
		failed: []image{{annotations: map[string]string{"org.opencontainers.image.base.name": "docker.io/library/debian:latest"}}, {annotations: map[string]string{"org.opencontainers.image.base.name": "localhost:5000/base"}},
			{config: report.ImageConfig{From: []string{"debian:12"}}}},
		passed: []image{{annotations: map[string]string{"org.opencontainers.image.base.name": "debian:12", "org.opencontainers.image.base.digest": "sha256:abc"}},
			{annotations: map[string]string{"org.opencontainers.image.base.name": "debian@sha256:abc"}}, {config: report.ImageConfig{From: []string{"scratch"}}}},
		neither: []image{{}}},
	"image-remote-add": {
		failed:  []image{steps("ADD https://example.com/a.sh /a.sh"), steps("ADD --chmod=755 http://a/b /b"), steps("ADD https://github.com/a/b.git /src"), steps(`ADD ["https://a/b", "/b"]`)},
		passed:  []image{steps("ADD --checksum=sha256:24454f83 https://example.com/a /a"), steps("ADD a.tar.gz /"), steps("RUN echo ADD https://a /b"), steps("COPY https /https")},
		neither: []image{{}}},
	"image-local-add": {
		failed:  []image{steps("ADD app.jar /app/"), steps("ADD --chown=1:1 src/ /src/")},
		passed:  []image{steps("COPY app.jar /app/"), steps("ADD rootfs.tar.xz /"), steps("ADD rootfs /"), steps("ADD file:0123 in /"), steps("ADD app.tgz /opt/"), steps("ADD https://a/b /b")},
		neither: []image{{}}},
	"image-pipe-to-shell": {
		failed: []image{steps("RUN curl -fsSL https://deb.example.com/setup | bash -"), steps("RUN wget -qO- https://a.b/c?d=1&e=2 | sudo -E bash"), steps("RUN bash <(curl -s https://a)"), steps(`RUN sh -c "$(curl -fsSL https://a/install.sh)"`),
			steps("RUN curl https://a | gunzip | sh"), steps("RUN curl -s https://a | python3 -"), steps("RUN eval `wget -O- http://a`"), steps("RUN curl https://sh.rustup.rs -sSf | sh -s -- -y")},
		passed: []image{steps("RUN curl -fsSLO https://a/x.sh && echo '0 x.sh' | sha256sum -c && sh x.sh"), steps("RUN curl https://a | tar xz && sh build.sh"), steps("RUN curl -f x || sh y"), steps("RUN curl https://a | python3 -m json.tool"),
			steps("RUN curl https://a | shasum"), steps("RUN curl https://a.sh -o /a.sh; bash /a.sh")},
		neither: []image{{}}},
	"image-world-writable": {
		failed:  []image{steps("RUN chmod 777 /app"), steps("RUN chmod -R 0777 /app && ls"), steps("RUN chmod a+rwx /x"), steps("RUN chmod o+w /x"), steps("RUN chmod u+x,o+w /x"), steps("COPY --chmod=777 a /a"), steps("RUN chmod 666 /x")},
		passed:  []image{steps("RUN chmod 1777 /tmp"), steps("RUN chmod 755 /a && chmod +x /b && chmod g+w /c && chmod a+rx /d"), steps("RUN chmod 0775 /a"), steps("COPY --chmod=755 a /a"), steps("RUN echo 777"), steps("RUN chmod u=rw,go=r /x")},
		neither: []image{{}}},
	"image-world-writable-files": {
		failed: []image{special("world-writable", "etc/profile"), special("world-writable", "usr/bin/ls")}, passed: []image{special("world-writable", "srv/data"), special("setuid", "etc/x"), {}}},
	"image-setuid": {
		failed: []image{special("setuid", "usr/bin/find"), special("setgid", "opt/app/run")}, passed: []image{special("setuid", "usr/bin/passwd"), special("world-writable", "usr/bin/find"), {}}},
	"image-sudo": {
		failed: []image{{packages: []string{"bash", "sudo"}}, steps("RUN apt-get update && sudo make")}, passed: []image{{packages: []string{"libsudo"}}, steps("RUN apt-get install -y pseudo"), {}}},
	"image-sudo-nopasswd": {
		failed:  []image{files("etc/sudoers", "ann ALL=(ALL) NOPASSWD: ALL\n"), files("etc/sudoers.d/x", "%sudo ALL=(ALL:ALL) NOPASSWD:ALL\n"), steps("RUN echo 'ann ALL=(ALL) NOPASSWD:ALL' >> /etc/sudoers")},
		passed:  []image{files("etc/sudoers", "# ann ALL=(ALL) NOPASSWD: ALL\n%sudo ALL=(ALL:ALL) ALL\n"), steps("RUN make")},
		neither: []image{{}}},
	"image-sshd": {
		failed: []image{{packages: []string{"openssh-server"}}, sshd("Port 22"), {config: report.ImageConfig{Ports: []string{"22/tcp"}}}, {config: report.ImageConfig{Cmd: []string{"/usr/sbin/sshd", "-D"}}}},
		passed: []image{{packages: []string{"openssh-client"}}, {config: report.ImageConfig{Ports: []string{"2222/tcp"}, Cmd: []string{"/app", "sshd"[:3]}}}, {}}},
	"image-tls-disabled": {
		failed: []image{steps("RUN curl -fsSLk https://a -o /a"), steps("RUN curl --insecure https://a"), steps("RUN wget --no-check-certificate https://a"), steps("ENV NODE_TLS_REJECT_UNAUTHORIZED=0"), env("GIT_SSL_NO_VERIFY=true"), env("PYTHONHTTPSVERIFY=0"),
			steps("RUN git config --global http.sslVerify false"), steps("RUN pip install --trusted-host pypi.org x"), steps("RUN npm config set strict-ssl false"), steps("RUN apt-get -o Acquire::https::Verify-Peer=false update"),
			files("root/.npmrc", "strict-ssl=false\n"), files("etc/pip.conf", "[global]\ntrusted-host = pypi.org\n"), files("root/.curlrc", "insecure\n"), files("root/.gitconfig", "[http]\n\tsslVerify = false\n"), files("etc/apt/apt.conf.d/99x", "Acquire::https::Verify-Peer \"false\";\n"), files("etc/yum.repos.d/a.repo", "sslverify=0\n")},
		passed:  []image{steps("RUN curl -fsSL --cacert /ca.pem https://a | tar -xk"), steps("RUN apt-get install -k"), env("NODE_TLS_REJECT_UNAUTHORIZED=1"), files("root/.npmrc", "strict-ssl=true\n; strict-ssl=false\n"), files("root/.gitconfig", "sslVerify = true"), files("etc/yum.repos.d/a.repo", "sslverify=1\n#sslverify=0\n"), steps("RUN curl -o k https://a")},
		neither: []image{{}}},
	"image-unsigned-packages": {
		failed: []image{steps("RUN apt-get install -y --allow-unauthenticated x"), steps("RUN echo 'deb [trusted=yes] http://a ./' > /etc/apt/sources.list.d/a.list"), steps("RUN yum install -y --nogpgcheck x"), steps("RUN apk add --allow-untrusted /a.apk"), steps("RUN rpm -i --nosignature a.rpm"),
			files("etc/apt/sources.list", "deb [ arch=amd64 trusted=yes ] http://a ./\n"), files("etc/yum.repos.d/a.repo", "[a]\ngpgcheck=0\n"), files("etc/apt/sources.list.d/a.sources", "Trusted: yes\n"), files("etc/apt/apt.conf.d/9", "APT::Get::AllowUnauthenticated \"true\";\n")},
		passed:  []image{steps("RUN apt-get install -y x && yum install -y y && apk add z"), files("etc/apt/sources.list", "deb [signed-by=/usr/share/keyrings/a.gpg] http://a ./\n# deb [trusted=yes] x\n"), files("etc/yum.repos.d/a.repo", "gpgcheck=1\n"), steps("RUN rpm -i a.rpm # signature")},
		neither: []image{{}}},
}

func classCases(credit string) struct{ failed, passed, neither []image } {
	return struct{ failed, passed, neither []image }{
		failed: []image{pam("password required pam_unix.so minlen=12"), pam("password requisite pam_pwquality.so"), pam("password requisite pam_pwquality.so " + credit + "=1"), pam("password requisite pam_cracklib.so minclass=3"),
			files("etc/pam.d/common-password", "password requisite pam_pwquality.so "+credit+"=0\n", "etc/security/pwquality.conf", credit+" = -1\n")},
		passed: []image{pam("password requisite pam_pwquality.so " + credit + "=-1"), pam("password requisite pam_cracklib.so minclass=4"),
			files("etc/pam.d/system-auth", "password    requisite     pam_pwquality.so try_first_pass\n", "etc/security/pwquality.conf", credit+" = -2 # two\n")},
		neither: []image{{}},
	}
}

// sshCases makes images of values; the empty one stands for none.
func sshCases(key string, failed, passed []string) struct{ failed, passed, neither []image } {
	c := struct{ failed, passed, neither []image }{neither: []image{{}, {packages: []string{"openssh-server"}}}}
	text := func(v string) image {
		if v == "" {
			return sshd("# "+key+" x", "Port 22")
		}
		return sshd("Port 22", strings.ToUpper(key)+"\t"+v)
	}
	for _, v := range failed {
		c.failed = append(c.failed, text(v))
	}
	for _, v := range passed {
		c.passed = append(c.passed, text(v))
	}
	return c
}

func TestRules(t *testing.T) {
	r, err := newRules(rulefile.Source{Name: "baseline.yaml", Content: builtin})
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range r.IDs() {
		c, ok := cases[id]
		if !ok || len(c.failed) == 0 || len(c.passed) == 0 {
			t.Errorf("%s has no cases for both", id)
			continue
		}
		for want, images := range map[report.CheckResult][]image{report.Failed: c.failed, report.Passed: c.passed, report.NotApplicable: c.neither} {
			for n, i := range images {
				o := outcome(t, r, id, i)
				if o.Result != want {
					t.Errorf("%s, case %d of %s: %s: %s", id, n, want, o.Result, o.Current)
				}
				checkOutcome(t, o)
			}
		}
	}
	for id := range cases {
		if !slices.Contains(r.IDs(), id) {
			t.Errorf("there are cases for %s, which is no rule", id)
		}
	}
}

// checkOutcome holds what is true of every outcome.
func checkOutcome(t *testing.T, o Outcome) {
	t.Helper()
	if o.Looked == "" || o.Current == "" || o.Suggested == "" || o.Standard == "" || o.Means == "" || o.Edit == "" || o.Finding == "" || o.FindingTitle == "" {
		t.Errorf("%s: something is not told: %+v", o.ID, o)
	}
	if failed := o.Result == report.Failed; failed != (len(o.Places) > 0) || failed != (len(o.Evidence) > 0) {
		t.Errorf("%s: %s with %d places, %d excerpts", o.ID, o.Result, len(o.Places), len(o.Evidence))
	}
	for _, text := range []string{o.Looked, o.Current, o.Suggested, o.Means, o.Advice, o.Edit, o.Command} {
		if blank.MatchString(text) {
			t.Errorf("%s: a blank is left in %q", o.ID, text)
		}
	}
}

// What sshd would make of a configuration decides, not what a line says.
func TestSSHSemantics(t *testing.T) {
	for name, tt := range map[string]struct {
		image
		want report.CheckResult
		line int
		path string
	}{
		"the first value counts":    {sshd("PermitRootLogin no", "PermitRootLogin yes"), report.Passed, 0, ""},
		"of two, the first":         {sshd("permitrootlogin yes", "PermitRootLogin no"), report.Failed, 1, "etc/ssh/sshd_config"},
		"quotes and comments":       {sshd(`PermitRootLogin "no" # yes`), report.Passed, 0, ""},
		"equals sign":               {sshd(`PermitRootLogin = yes`), report.Failed, 1, "etc/ssh/sshd_config"},
		"another keyword":           {sshd(`PermitRootLoginX yes`), report.Passed, 0, ""},
		"Match for some":            {sshd("PermitRootLogin no", "Match User ann", "  PermitRootLogin yes"), report.Failed, 3, "etc/ssh/sshd_config"},
		"safe within Match":         {sshd("PermitRootLogin no", "Match User ann", "  PermitRootLogin no"), report.Passed, 0, ""},
		"Match says nothing of all": {sshd("Match User ann", "  PermitRootLogin no"), report.Passed, 0, ""},
		"included first": {files("etc/ssh/sshd_config", "Include /etc/ssh/sshd_config.d/*.conf\nPermitRootLogin no\n", "etc/ssh/sshd_config.d/a.conf", "\nPermitRootLogin yes\n"),
			report.Failed, 2, "etc/ssh/sshd_config.d/a.conf"},
		"included too late": {files("etc/ssh/sshd_config", "PermitRootLogin no\nInclude sshd_config.d/*.conf\n", "etc/ssh/sshd_config.d/a.conf", "PermitRootLogin yes\n"), report.Passed, 0, ""},
		"not included":      {files("etc/ssh/sshd_config", "PermitRootLogin no\n", "etc/ssh/sshd_config.d/a.conf", "PermitRootLogin yes\n"), report.Passed, 0, ""},
		"in the order of names": {files("etc/ssh/sshd_config", "Include /etc/ssh/sshd_config.d/*\n", "etc/ssh/sshd_config.d/b.conf", "PermitRootLogin yes\n", "etc/ssh/sshd_config.d/a.conf", "PermitRootLogin no\n"),
			report.Passed, 0, ""},
		"Match ends with its file": {files("etc/ssh/sshd_config", "Include /etc/ssh/sshd_config.d/*\nPermitRootLogin yes\n", "etc/ssh/sshd_config.d/b.conf", "Match User ann\n"),
			report.Failed, 2, "etc/ssh/sshd_config"},
		"includes itself":      {files("etc/ssh/sshd_config", "Include sshd_config\nInclude sshd_config\nPermitRootLogin yes\n"), report.Failed, 3, "etc/ssh/sshd_config"},
		"defaults of a vendor": {files("usr/etc/ssh/sshd_config", "PermitRootLogin yes\n"), report.Failed, 1, "usr/etc/ssh/sshd_config"},
	} {
		o := outcome(t, Default(), "ssh-root-login", tt.image)
		if o.Result != tt.want {
			t.Errorf("%s: %s, %s", name, o.Result, o.Current)
		}
		if tt.want == report.Failed && (o.Places[0].Line != tt.line || o.Places[0].Path != tt.path) {
			t.Errorf("%s: found at %+v", name, o.Places)
		}
	}
}

// What nothing depends on is less severe.
func TestSeverityWithoutPasswords(t *testing.T) {
	idle := outcome(t, Default(), "password-length", pam("password required pam_unix.so"))
	used := pam("password required pam_unix.so")
	used.files[shadowFile] = "a:$6$#1:1:0:30::::\n"
	inUse := outcome(t, Default(), "password-length", used)
	if idle.Severity != report.Low || inUse.Severity != report.Medium {
		t.Errorf("%s, %s", idle.Severity, inUse.Severity)
	}
}

// What to install depends on the distribution; for one that is not known there
// is advice, but no command.
func TestInstallCommand(t *testing.T) {
	for os, want := range map[string]string{"debian": "libpam-pwquality", "rhel": "dnf install -y libpwquality", "unheard": ""} {
		i := pam("password required pam_unix.so")
		i.os = os
		o := outcome(t, Default(), "password-length", i)
		if !strings.Contains(o.Command, want) || (want == "") != (o.Command == "") || o.Edit == "" {
			t.Errorf("%s: %q", os, o.Command)
		}
	}
	o := outcome(t, Default(), "password-length", pam("password requisite pam_pwquality.so minlen=6"))
	if strings.Contains(o.Command, "install") || !strings.HasPrefix(o.Command, "RUN printf") {
		t.Errorf("%q", o.Command)
	}
}

// Nothing is said to be right of what was not read to its end.
func TestTruncated(t *testing.T) {
	facts := passwd(root).facts()
	facts.Configs[0].Truncated = true
	for _, o := range Default().Check(facts, Known{}) {
		if (o.ID == "account-duplicate" || o.ID == "account-uid-zero") && (o.Result != report.NotApplicable || !strings.Contains(o.Current, "too large")) {
			t.Errorf("%s: %s, %s", o.ID, o.Result, o.Current)
		}
	}
}

// A day in the future is one after the latest that is known to have come.
func TestPasswordDate(t *testing.T) {
	i := shadow("a:$6$#1:20800::::::") // 2026-12-13
	if o := outcome(t, Default(), "account-password-date", i); o.Result != report.Failed || !strings.Contains(o.Current, "2026-12-13") {
		t.Errorf("%s, %s", o.Result, o.Current)
	}
	i.known.Day = time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)
	if o := outcome(t, Default(), "account-password-date", i); o.Result != report.Passed {
		t.Errorf("with a later day: %s, %s", o.Result, o.Current)
	}
	facts := i.facts()
	facts.Image.Created = "1970-01-01T00:00:00Z"
	for _, o := range Default().Check(facts, Known{}) {
		if o.ID == "account-password-date" && o.Result != report.NotApplicable {
			t.Errorf("of an unknown day: %s", o.Result)
		}
	}
}

// Edits name what is at fault, as long as a shell takes it for a plain word.
func TestEditNames(t *testing.T) {
	o := outcome(t, Default(), "account-empty-password", shadow("a::", "b;rm -rf /::", "c::", "d::", "e::"))
	if diff := cmp.Diff("RUN passwd -l a\nRUN passwd -l c\nRUN passwd -l d", o.Command); diff != "" {
		t.Error(diff)
	}
	o = outcome(t, Default(), "account-empty-password", shadow("$(x)::"))
	if o.Command != "" || o.Edit != o.Advice {
		t.Errorf("%q, %q", o.Command, o.Edit)
	}
}

func TestLoad(t *testing.T) {
	load := func(text string) (*Rules, error) {
		return Load(fstest.MapFS{"baseline-team.yaml": {Data: []byte(text)}})
	}
	r, err := load(`
rules:
  - id: account-password-age
    severity: critical
    with: {days: 365}
  - {id: image-healthcheck, disabled: true}
  - id: ssh-root-login
    setting: {values: ["no"]}
  - id: ssh-banner
    group: ssh
    title: No banner
    severity: low
    advice: Set one.
    setting: {format: sshd, key: Banner, operator: set}
  - id: system-umask
    group: accounts
    title: Wide umask
    severity: low
    advice: "Set {key} {value}."
    setting: {files: [etc/login.defs], format: words, key: UMASK, operator: is, values: ["027", "077"], default: "022"}
`)
	if err != nil {
		t.Fatal(err)
	}
	if slices.Contains(r.IDs(), "image-healthcheck") || len(r.IDs()) != len(Default().IDs())+1 {
		t.Errorf("%d rules", len(r.IDs()))
	}
	age := outcome(t, r, "account-password-age", shadow("a:$6$#1:1:0:400::::"))
	if age.Severity != report.Critical || age.Suggested != "at most 365 days" || age.Result != report.Failed || age.Means == "" {
		t.Errorf("%+v", age.Check)
	}
	if o := outcome(t, r, "account-password-age", shadow("a:$6$#1:1:0:365::::")); o.Result != report.Passed {
		t.Errorf("%+v", o.Check)
	}
	for id, want := range map[string]report.CheckResult{"ssh-root-login": report.Failed, "ssh-banner": report.Failed, "ssh-max-auth-tries": report.Failed} {
		if o := outcome(t, r, id, sshd("PermitRootLogin prohibit-password")); o.Result != want {
			t.Errorf("%s: %s", id, o.Result)
		}
	}
	for text, want := range map[string]report.CheckResult{"UMASK 022": report.Failed, "": report.Failed, "UMASK 022\nUMASK\t077": report.Passed} {
		o := outcome(t, r, "system-umask", files("etc/login.defs", text))
		if o.Result != want || o.Advice != "Set UMASK 027." {
			t.Errorf("%q: %+v", text, o.Check)
		}
	}
	// The built-in rules are as they were.
	if o := outcome(t, Default(), "ssh-root-login", sshd("PermitRootLogin prohibit-password")); o.Result != report.Passed {
		t.Errorf("%+v", o.Check)
	}
	if same, err := Load(fstest.MapFS{"secrets.yaml": {}}); err != nil || same != Default() {
		t.Errorf("without files of its own: %v", err)
	}
}

// Errors name file, line and what is wrong.
func TestLoadErrors(t *testing.T) {
	const valid = "rules:\n  - {id: x1, group: ssh, title: t, severity: low, advice: a, "
	for text, want := range map[string]string{
		"":                            "baseline.yaml:1: the file is empty",
		"rules: [":                    "baseline.yaml:1: did not find",
		"a: 1":                        `baseline.yaml:1: "a" is not a field`,
		"rules: 1":                    "baseline.yaml:1: expected a list",
		"rules:\n  - a":               "baseline.yaml:2: expected fields",
		"rules:\n  - {severity: low}": `baseline.yaml:2: id ""`,
		"rules:\n  - {id: image-sshd, tittle: a}":                                   `baseline.yaml:2: "tittle" is not a field`,
		"rules:\n  - {id: image-sshd, severity: huge}":                              `baseline.yaml:2: rule image-sshd: "huge" is not a severity`,
		"rules:\n  - {id: image-sshd}\n  - {id: image-sshd}":                        "baseline.yaml:3: rule image-sshd is there twice",
		"rules:\n  - {id: nothing, disabled: true}":                                 "no such rule to disable",
		"rules:\n  - {id: image-sshd, with: {ports: 22}}":                           `"ports" is no parameter`,
		"rules:\n  - {id: account-password-age, with: {days: many}}":                `days: "many" is no number`,
		"rules:\n  - {id: account-password-age, with: {days: [1, 2]}}":              "days must be one number",
		"rules:\n  - {id: account-password-age, with: {days: {a: 1}}}":              "expected a value or a list",
		"rules:\n  - {id: image-sudo, with: {instructions: '('}}":                   "error parsing regexp",
		"rules:\n  - {id: image-sudo, with: {instructions: 'a*'}}":                  "matches the empty text",
		"rules:\n  - {id: ssh-kex, setting: {keys: a}}":                             `"keys" is not a field`,
		"rules:\n  - {id: ssh-kex, setting: {operator: like}}":                      `operator "like"`,
		"rules:\n  - {id: ssh-max-auth-tries, setting: {values: [a, b]}}":           `"a" is no number`,
		"rules:\n  - &a {id: ssh-kex}\n  - *a":                                      "baseline.yaml:3: aliases",
		"rules: []\n---\nrules: []":                                                 "more than one document",
		valid + "check: magic}":                                                     `check "magic" is not known`,
		valid + "finding: nowhere, check: root-user}":                               `finding "nowhere" has no title`,
		valid + "setting: {format: words, key: a, operator: set}}":                  "files are missing",
		valid + "setting: {format: ini, key: a, operator: set}}":                    `format "ini"`,
		valid + "setting: {format: words, files: [/etc/x], key: a, operator: set}}": "no path below the root",
		valid + "severity-without-passwords: x, check: root-user}":                  `"x" is not a severity`,
		valid + "}": "check or setting is missing",
		"rules:\n  - {id: x1, group: z, title: t, severity: low, advice: a, check: root-user}":           `group "z"`,
		"rules:\n  - {id: x1, group: ssh, severity: low, advice: a, check: root-user}":                   "title and advice are needed",
		"rules:\n  - {id: x1, group: ssh, title: \"a\\eb\", severity: low, advice: a, check: root-user}": "cannot be printed",
	} {
		_, err := Load(fstest.MapFS{"baseline.yaml": {Data: []byte(text)}})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	if _, err := Load(fstest.MapFS{"baseline.yaml": {Data: make([]byte, rulefile.MaxFile+1)}}); err == nil || !strings.Contains(err.Error(), "more than") {
		t.Errorf("a huge file: %v", err)
	}
}
