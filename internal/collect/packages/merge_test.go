package packages_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pratique/pratique/internal/collect/packages"
	"github.com/pratique/pratique/internal/report"
)

func TestMarkOwned(t *testing.T) {
	owned := []report.OwnedSet{
		{Package: "libfoo-java", Files: []string{"usr/share/java/foo.jar"}},
		{Package: "other", Files: []string{"usr/share/java/foo.jar"}},
		{Package: "tools", Files: []string{"sbin/tool", "lib/python3/x.egg-info"}},
	}
	tests := []struct{ kind, path, want string }{
		{"maven", "usr/share/java/foo.jar", "libfoo-java"},
		{"maven", "usr/share/java/foo.jar!lib/bar.jar", "libfoo-java"},
		{"maven", "opt/foo.jar", ""},
		{"golang", "usr/sbin/tool", "tools"},
		{"golang", "sbin/tool", "tools"},
		{"golang", "usr/bin/tool", "tools"},
		{"golang", "usr/local/bin/tool", ""},
		{"pypi", "usr/lib/python3/x.egg-info", "tools"},
		{"deb", "usr/share/java/foo.jar", ""},
		{"npm", "", ""},
	}
	var pkgs []report.Package
	for _, tt := range tests {
		pkgs = append(pkgs, report.Package{Type: tt.kind, Path: tt.path})
	}
	packages.MarkOwned(pkgs, owned)
	for i, tt := range tests {
		if got := pkgs[i].OwnedBy; got != tt.want {
			t.Errorf("%s %s is owned by %q, want %q", tt.kind, tt.path, got, tt.want)
		}
	}
}

func TestCompletePURL(t *testing.T) {
	debian := report.OS{ID: "debian", Version: "12.5"}
	tests := []struct {
		pkg  report.Package
		os   report.OS
		want string
	}{
		{report.Package{Type: "deb", Name: "libc6", Version: "1:2.36-9", Arch: "amd64", Source: "glibc", SourceVersion: "1:2.36-9"}, debian,
			"pkg:deb/debian/libc6@1:2.36-9?arch=amd64&distro=debian-12.5&upstream=glibc"},
		{report.Package{Type: "deb", Name: "gcc", Version: "1+b1", Source: "gcc", SourceVersion: "1"}, debian,
			"pkg:deb/debian/gcc@1%2Bb1?distro=debian-12.5&upstream=gcc%401"},
		{report.Package{Type: "apk", Name: "ssl_client", Version: "1-r0", Arch: "x86_64", Source: "busybox", SourceVersion: "1-r0"},
			report.OS{ID: "alpine", Version: "3.19.1"}, "pkg:apk/alpine/ssl_client@1-r0?arch=x86_64&distro=alpine-3.19.1&upstream=busybox"},
		{report.Package{Type: "rpm", Name: "node", Version: "1:18.1-2.el9", Arch: "x86_64", Source: "nodejs", SourceVersion: "1:18.1-2.el9"},
			report.OS{ID: "rocky", Version: "9.3"},
			"pkg:rpm/rocky/node@18.1-2.el9?arch=x86_64&distro=rocky-9.3&epoch=1&upstream=nodejs-18.1-2.el9.src.rpm"},
		{report.Package{Type: "deb", Name: "a", Version: "1", Source: "a", SourceVersion: "1"}, report.OS{}, "pkg:deb/a@1"},
		{report.Package{Type: "npm", Name: "a", PURL: "pkg:npm/a@1"}, debian, "pkg:npm/a@1"},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, packages.CompletePURL(tt.pkg, tt.os)); diff != "" {
			t.Errorf("%s %s (-want +got):\n%s", tt.pkg.Type, tt.pkg.Name, diff)
		}
	}
}

func TestLanguagePURL(t *testing.T) {
	for path, tt := range map[string]struct{ data, want string }{
		"n/node_modules/@s/a/package.json": {`{"name":"@s/a","version":"1.0.0"}`, "pkg:npm/%40s/a@1.0.0"},
		"p/a.egg-info":                     {"Name: Foo.Bar_baz\nVersion: 1\n", "pkg:pypi/foo-bar-baz@1"},
		"v/composer/installed.json":        {`[{"name":"a/b","version":"1"}]`, "pkg:composer/a/b@1"},
	} {
		facts, err := collectFile(t, path, []byte(tt.data))
		if err != nil {
			t.Fatal(err)
		}
		if got := facts.Packages[0].Packages[0].PURL; got != tt.want {
			t.Errorf("%s: %s, want %s", path, got, tt.want)
		}
	}
}

func TestOperatingSystem(t *testing.T) {
	type files = map[string]string
	tests := []struct {
		name  string
		files files
		want  report.OS
	}{
		{"none", nil, report.OS{}},
		{"debian, exact", files{
			"usr/lib/os-release": "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\nID=debian\n",
			"etc/debian_version": "12.5\n",
		}, report.OS{ID: "debian", Version: "12.5", Codename: "bookworm", Name: "Debian GNU/Linux 12 (bookworm)"}},
		{"debian testing", files{
			"usr/lib/os-release": "PRETTY_NAME='Debian GNU/Linux trixie/sid'\nVERSION_CODENAME=trixie\nID=debian\n",
			"etc/debian_version": "trixie/sid\n",
		}, report.OS{ID: "debian", Codename: "trixie", Name: "Debian GNU/Linux trixie/sid"}},
		{"ubuntu keeps its own version", files{
			"etc/os-release":     "ID=ubuntu\nID_LIKE=debian\nVERSION_ID=\"22.04\"\nPRETTY_NAME=\"Ubuntu 22.04.3 LTS\"\nVERSION_CODENAME=jammy\n",
			"etc/debian_version": "bookworm/sid\n",
		}, report.OS{ID: "ubuntu", Version: "22.04", Codename: "jammy", Name: "Ubuntu 22.04.3 LTS", Like: []string{"debian"}}},
		{"etc before usr", files{
			"etc/os-release":     "ID=alpine\nVERSION_ID=3.19.1\n",
			"usr/lib/os-release": "ID=debian\n",
		}, report.OS{ID: "alpine", Version: "3.19.1"}},
		{"alpine before os-release", files{"etc/alpine-release": "3.1.4\n"}, report.OS{ID: "alpine", Version: "3.1.4", Name: "Alpine Linux 3.1.4"}},
		{"centos 7", files{
			"etc/os-release":     "ID=\"centos\"\nID_LIKE=\"rhel fedora\"\nVERSION_ID=\"7\"\n",
			"etc/centos-release": "CentOS Linux release 7.9.2009 (Core)\n",
		}, report.OS{ID: "centos", Version: "7.9.2009", Like: []string{"rhel", "fedora"}}},
		{"red hat 6", files{"etc/redhat-release": "Red Hat Enterprise Linux Server release 6.10 (Santiago)\n"},
			report.OS{ID: "rhel", Version: "6.10", Name: "Red Hat Enterprise Linux Server release 6.10 (Santiago)", Like: []string{"rhel", "fedora"}}},
		{"lsb only", files{"etc/lsb-release": "DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=12.04\nDISTRIB_CODENAME=precise\nDISTRIB_DESCRIPTION=\"Ubuntu 12.04 LTS\"\n"},
			report.OS{ID: "ubuntu", Version: "12.04", Codename: "precise", Name: "Ubuntu 12.04 LTS"}},
		{"quoting", files{"etc/os-release": "# ID=no\n ID=x \nPRETTY_NAME=\"a \\\"b\\\" \\$c\" trailing\nVERSION_ID='1\\2'\nVERSION_CODENAME=a\\ b c\n"},
			report.OS{ID: "x", Version: `1\2`, Codename: "a b", Name: `a "b" $c`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var list []report.ReleaseFile
			for path, content := range tt.files {
				list = append(list, report.ReleaseFile{Path: path, Content: content})
			}
			got := packages.OperatingSystem(list)
			if len(got.Like) == 0 {
				got.Like = nil
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func FuzzOperatingSystem(f *testing.F) {
	f.Add("ID=debian\nVERSION_ID=\"12\"\n", "12.5", "CentOS release 6.10 (Final)")
	f.Add("ID='a", "trixie/sid", "")
	f.Add("ID=\"\\", "", "Fedora release 39")
	f.Fuzz(func(t *testing.T, release, debian, redhat string) {
		os := packages.OperatingSystem([]report.ReleaseFile{
			{Path: "etc/os-release", Content: release},
			{Path: "etc/debian_version", Content: debian},
			{Path: "etc/redhat-release", Content: redhat},
		})
		if len(os.ID) > 4<<10 || len(os.Version) > 4<<10 || len(os.Name) > 4<<10 {
			t.Errorf("unbounded: %+v", os)
		}
	})
}
