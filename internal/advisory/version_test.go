package advisory

import (
	"errors"
	"math/rand/v2"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/osv-scalibr/semantic"

	"github.com/pratique/pratique/internal/report"
)

func sign(n int) int {
	switch {
	case n < 0:
		return -1
	case n > 0:
		return 1
	}
	return 0
}

// TestOrder holds versions in rising order; each is compared with each.
func TestOrder(t *testing.T) {
	tests := []struct {
		name   string
		scheme scheme
		rising []string
	}{
		{"deb", debVersions, []string{
			"1.0~~", "1.0~rc1-1", "1.0-0~deb12u1", "1.0-1", "1.0-1ubuntu0.1", "1.0-1ubuntu0.1+esm1", "1.0-1+b1", "1.0-1+deb12u1", "1.0-1+deb12u10", "1.0-1+esm1",
			"1.0a-1", "1.0+dfsg-1", "1.0.1-1", "1.00000000000000000000000002-1", "1.10-1", "1:0.1-1", "2:0.0.1",
		}},
		{"rpm", rpmVersions, []string{
			"1.0~rc1-1", "1.0-1", "1.0-1.el8", "1.0-1.el8_7", "1.0-1.el9", "1.0-10", "1.0^git1-1", "1.0a-1", "1.0.1-1", "1.0.10-1", "1:0.5-1",
		}},
		{"apk", "Alpine", []string{"1.2.3_rc1-r0", "1.2.3-r0", "1.2.3-r2", "1.2.3-r10", "1.2.3_p1-r0", "1.2.3a-r0", "1.2.4-r0"}},
		{"go", "Go", []string{"v0.0.0-20200101000000-aaaaaaaaaaaa", "0.1.0", "go1.21rc2", "1.21.0", "v1.21.1+incompatible", "go1.21.2 X:boringcrypto", "1.21.10"}},
		{"npm", "npm", []string{"1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-rc.1", "1.0.0", "1.0.10"}},
		{"pypi", "PyPI", []string{"1.0.dev1", "1.0a1", "1.0rc1", "1.0", "1.0.post1", "1.1", "1!0.1"}},
		{"maven", "Maven", []string{"1.0-alpha-1", "1.0-rc1", "1.0", "1.0-sp1", "1.0.1", "1.10"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for i, a := range tt.rising {
				v, err := tt.scheme.parse(a)
				if err != nil {
					t.Fatal(err)
				}
				for j, b := range tt.rising {
					got, err := v.compare(b)
					if err != nil {
						t.Fatal(err)
					}
					if want := sign(i - j); sign(got) != want {
						t.Errorf("%s and %s: %d, want %d", a, b, sign(got), want)
					}
				}
			}
		})
	}
}

func TestEqualVersions(t *testing.T) {
	for _, tt := range []struct {
		scheme scheme
		a, b   string
	}{
		{debVersions, "0:1.0-1", "1.0-1"},
		{debVersions, "1.0", "1.0-0"},
		{debVersions, "1.01-1", "1.1-1"},
		{rpmVersions, "0:1.0-1", "1.0-1"},
		{rpmVersions, "1.0", "1.0-3.el9"},
		{rpmVersions, "1.0_1-1", "1.0.1-1"},
		{"Go", "v1.2.3+incompatible", "1.2.3"},
		{"PyPI", "1.0", "1.0.0"},
		{"NuGet", "1.0.0.0", "1.0"},
	} {
		v, err := tt.scheme.parse(tt.a)
		if err != nil {
			t.Fatal(err)
		}
		if c, err := v.compare(tt.b); c != 0 || err != nil {
			t.Errorf("%s: %s and %s: %d, %v", tt.scheme, tt.a, tt.b, c, err)
		}
	}
}

func TestNoVersion(t *testing.T) {
	for scheme, versions := range map[scheme][]string{
		debVersions: {"", strings.Repeat("1", maxVersion+1)},
		rpmVersions: {""},
		"Go":        {"(devel)", "", "v", "master"},
		"npm":       {"latest", "git+ssh://x", "workspace:*"},
		"PyPI":      {""},
		"no-such":   {"1.0"},
	} {
		for _, v := range versions {
			if _, err := scheme.parse(v); !errors.Is(err, ErrVersion) {
				t.Errorf("%s %q: error %v, want ErrVersion", scheme, v, err)
			}
		}
	}
}

// TestOrderAgainstLibrary compares our orders with the library's, on versions
// made of the pieces that matter.
func TestOrderAgainstLibrary(t *testing.T) {
	pieces := map[scheme][]string{
		debVersions: {"0", "1", "10", "01", ".", "+", "~", "-", "a", "rc", "Z", "deb12u", "ubuntu", "99999999999999999999"},
		rpmVersions: {"0", "1", "10", "01", ".", "_", "~", "^", "a", "el", "Z", "+", "99999999999999999999"},
	}
	library := map[scheme]string{debVersions: "Debian", rpmVersions: "AlmaLinux"}
	r := rand.New(rand.NewPCG(1, 2))
	word := func(s scheme) string {
		var b strings.Builder
		b.WriteByte("0123456789"[r.IntN(10)])
		for range r.IntN(6) {
			b.WriteString(pieces[s][r.IntN(len(pieces[s]))])
		}
		return b.String()
	}
	for s, name := range library {
		for range 20000 {
			a, b := word(s)+"-"+word(s), word(s)+"-"+word(s)
			if r.IntN(3) == 0 {
				a = "1:" + a
			}
			if r.IntN(2) == 0 {
				b = a[:max(1, len(a)-r.IntN(4))] + word(s)
			}
			if !strings.Contains(b, "-") {
				continue // the library does not ignore a release that one side lacks, as rpm does
			}
			v, _ := s.parse(a)
			got, _ := v.compare(b)
			w, err := semantic.Parse(a, name)
			if err != nil {
				continue
			}
			want, err := w.CompareStr(b)
			if err != nil {
				continue
			}
			if sign(got) != sign(want) {
				t.Errorf("%s: %s and %s: %d, the library says %d", s, a, b, sign(got), sign(want))
			}
		}
	}
}

// TestOrderAgainstDpkg asks the program whose order it is.
func TestOrderAgainstDpkg(t *testing.T) {
	dpkg, err := exec.LookPath("dpkg")
	if err != nil {
		t.Skip("dpkg is not installed")
	}
	versions := []string{"1.0~~", "1.0~", "1.0", "1.0-0", "1.0-1", "1.0-1+b1", "1.0-1ubuntu0.1", "1.0-1.1", "1.0a-1", "1.0+a-1", "1:0", "01.0-1", "1.0-1~", "1.0.-1"}
	for _, a := range versions {
		for _, b := range versions {
			v, err := debVersions.parse(a)
			if err != nil {
				t.Fatal(err)
			}
			got, _ := v.compare(b)
			lower := exec.Command(dpkg, "--compare-versions", a, "lt", b).Run() == nil
			if lower != (got < 0) {
				t.Errorf("%s and %s: %d, dpkg says lower: %v", a, b, got, lower)
			}
		}
	}
}

// FuzzCompare looks for panics and for orders that depend on who is asked.
func FuzzCompare(f *testing.F) {
	for _, v := range []string{"1:1.0~rc1-1+deb12u1", "1.0^git~-1.el8_7", "v1.2.3-0.2020+x", "1.2_p3-r4", "1!1.0.post1.dev2", "1.0-SNAPSHOT", "dev-master"} {
		f.Add(v, "1.0")
	}
	var schemes []scheme
	for _, e := range ecosystems {
		if !slices.Contains(schemes, e.versions) {
			schemes = append(schemes, e.versions)
		}
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		for _, s := range schemes {
			v, errA := s.parse(a)
			w, errB := s.parse(b)
			if errA != nil || errB != nil {
				continue
			}
			ab, errA := v.compare(b)
			ba, errB := w.compare(a)
			if errA != nil || errB != nil {
				continue
			}
			if (s == debVersions || s == rpmVersions) && sign(ab) != -sign(ba) {
				t.Errorf("%s: %q and %q: %d one way, %d the other", s, a, b, ab, ba)
			}
			if c, err := v.compare(a); c != 0 && err == nil && (s == debVersions || s == rpmVersions) {
				t.Errorf("%s: %q is not equal to itself", s, a)
			}
		}
	})
}

func BenchmarkCompare(b *testing.B) {
	for _, bb := range []struct {
		name   string
		scheme scheme
		a, b   string
	}{
		{"deb", debVersions, "1:2.36.1-8+deb11u1", "1:2.36.1-8+deb11u2"},
		{"rpm", rpmVersions, "1:14.20.0-2.module_el8.6.0+3261+490666b3", "1:14.20.0-2.module_el8.6.0+3262+490666b3"},
		{"apk", "Alpine", "1.2.3_p1-r1", "1.2.3_p1-r2"},
		{"npm", "npm", "1.2.3", "1.2.4"},
		{"pypi", "PyPI", "1.2.3", "1.2.4rc1"},
		{"maven", "Maven", "2.9.0.pr1", "2.9.0.pr3"},
	} {
		b.Run(bb.name, func(b *testing.B) {
			v, err := bb.scheme.parse(bb.a)
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				v.compare(bb.b)
			}
		})
	}
}

func TestCompareVersions(t *testing.T) {
	for _, tt := range []struct {
		kind, a, b string
		want       int
	}{
		{"deb", "1:1.0", "2.0", 1}, {"deb", "1.10", "1.9", 1}, {"deb", "1.0~rc1", "1.0", -1},
		{"rpm", "1.0-2", "1.0-10", -1}, {"apk", "1.2.3-r1", "1.2.3-r1", 0}, {"npm", "1.10.0", "1.9.0", 1}, {"pypi", "1.0rc1", "1.0", -1},
	} {
		got, err := CompareVersions(report.Package{Type: tt.kind}, tt.a, tt.b)
		if err != nil || sign(got) != tt.want {
			t.Errorf("%s: %s and %s: %d, %v", tt.kind, tt.a, tt.b, got, err)
		}
	}
	for _, tt := range [][3]string{{"conda", "1", "2"}, {"npm", "latest", "1"}, {"npm", "1", "latest"}, {"deb", "", "1"}} {
		if _, err := CompareVersions(report.Package{Type: tt[0]}, tt[1], tt[2]); !errors.Is(err, ErrVersion) {
			t.Errorf("%v: %v", tt, err)
		}
	}
}
