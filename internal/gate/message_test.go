package gate

import (
	"fmt"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/report"
)

// checkMessage holds what is true of every message.
func checkMessage(t *testing.T, message string) {
	t.Helper()
	if len(message) > maxMessage {
		t.Errorf("message of %d bytes: %s", len(message), message)
	}
	if !utf8.ValidString(message) {
		t.Errorf("message is not UTF-8: %q", message)
	}
	for _, r := range message {
		if !unicode.IsPrint(r) {
			t.Errorf("message holds %U: %q", r, message)
		}
	}
}

func TestMessages(t *testing.T) {
	const image = "team/java@sha256:0123456789ab (tag 1)"
	one := []catalog.Exposure{{ID: "CVE-2024-1", Severity: report.High, Package: "zlib1g", Version: "1:1.2.11", FixedVersion: "1:1.2.13", Layer: 3}}
	many := []catalog.Exposure{
		{ID: "CVE-2024-3", Severity: report.High, Package: "c", Version: "3"},
		{ID: "CVE-2024-1", Severity: report.Critical, Package: "libssl3", Version: "3.0.1", FixedVersion: "3.0.2"},
		{ID: "CVE-2024-1", Severity: report.Critical, Package: "openssl", Version: "3.0.1", FixedVersion: "3.0.2"},
		{ID: "CVE-2024-4", Severity: report.High, Package: "d", Version: "4"},
		{ID: "CVE-2024-5", Severity: report.High, Package: "e", Version: "5"},
		{ID: "CVE-2024-6", Severity: report.High, Package: "f", Version: "6"},
		{ID: "CVE-2024-7", Severity: report.High, Package: "g", Version: "7"},
		{ID: "CVE-2024-8", Severity: report.Low, Package: "h", Version: "8"},
	}
	for _, tc := range []struct {
		name     string
		pull     catalog.Pull
		exposure []catalog.Exposure
		want     string
	}{
		{"one", pull(), one, image + " may not be pulled: 1 vulnerability in it is of severity high or higher, the threshold of namespace team." +
			" Worst first: CVE-2024-1 (high) in zlib1g 1:1.2.11 → 1:1.2.13, layer 3." +
			" Upgrade to the fixed versions, rebuild and push; full report: `pratique report team/java:1`." +
			" To have it as it is, ask an administrator of the namespace to put the ids on its allowlist."},
		{"many", pull(), many, image + " may not be pulled: 7 vulnerabilities in it are of severity high or higher, the threshold of namespace team." +
			" Worst first: CVE-2024-1 (critical) in libssl3 3.0.1 → 3.0.2, layer 0, and 1 other package; CVE-2024-3 (high) in c 3 (no fix yet), layer 0;" +
			" CVE-2024-4 (high) in d 4 (no fix yet), layer 0; CVE-2024-5 (high) in e 5 (no fix yet), layer 0; CVE-2024-6 (high) in f 6 (no fix yet), layer 0; and 1 more." +
			" Upgrade to the fixed versions, rebuild and push; full report: `pratique report team/java:1`." +
			" To have it as it is, ask an administrator of the namespace to put the ids on its allowlist."},
		{"not scanned", pull(scan(nil)), nil, image + " may not be pulled: it has not been scanned, and namespace team only gives out images whose scan shows no vulnerability of severity high or higher." +
			" Ask an administrator of the namespace to scan it, then pull again."},
		{"pending", pull(scan(&catalog.Scan{State: catalog.Pending})), nil, image + " may not be pulled yet: it is waiting to be scanned (Pending), and namespace team only gives out images whose scan shows no vulnerability of severity high or higher." +
			" Pull again in a few minutes; if it still waits then, ask an administrator of the namespace. Each pull waits up to 30s for it."},
		{"running", pull(scan(&catalog.Scan{State: catalog.Running, Percent: 40})), nil, image + " may not be pulled yet: its first scan is running (40 %), and namespace team only gives out images whose scan shows no vulnerability of severity high or higher." +
			" Pull again when it is done; most scans take less than three minutes. Each pull waits up to 30s for it."},
		{"failed", pull(scan(&catalog.Scan{State: catalog.Failed, Cause: catalog.CauseSchema1, Detail: "the manifest\nis schema 1"}), threshold(report.Unknown)), nil,
			image + " may not be pulled: its scan failed (schema_v1_not_support: the manifest?is schema 1), and namespace team only gives out images whose scan shows no vulnerability of severity none or higher (that is, none at all)." +
				" What to do: rebuild and push the image with a current client, which writes Docker schema 2 or OCI manifests."},
		{"failed, cause unknown", pull(scan(&catalog.Scan{State: catalog.Failed}), threshold(report.Critical)), nil,
			image + " may not be pulled: its scan failed (unknown_error), and namespace team only gives out images whose scan shows no vulnerability of severity critical." +
				" What to do: scan again; if it fails again, report it with the scan's number from the log."},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := Decide(tc.pull, tc.exposure, nil, now).Message
			if got != tc.want {
				t.Errorf("message:\n got %s\nwant %s", got, tc.want)
			}
			checkMessage(t, got)
		})
	}
}

func TestMessageNamesImage(t *testing.T) {
	for _, tc := range []struct {
		name      string
		tags      []string
		subject   string
		reference string
	}{
		{"untagged", nil, "team/java@sha256:0123456789ab may", "team/java@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef`"},
		{"two tags", []string{"1", "latest"}, "(tags 1, latest)", "team/java:1`"},
		{"many tags", []string{"a", "b", "c", "d", "e"}, "(tags a, b, c and 2 more)", "team/java:a`"},
		{"reference too long", []string{strings.Repeat("t", 128)}, "(tag ttt", "report NAME`"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := pull(func(p *catalog.Pull) { p.Artifact.Tags = tc.tags })
			got := Decide(p, []catalog.Exposure{vuln("CVE-1", report.High)}, nil, now).Message
			for _, part := range []string{tc.subject, tc.reference} {
				if !strings.Contains(got, part) {
					t.Errorf("message lacks %q:\n%s", part, got)
				}
			}
		})
	}
}

// However long its parts are, a message names at least one vulnerability and
// says how many there are.
func TestMessageBounded(t *testing.T) {
	long := strings.Repeat("界", 500)
	p := pull(func(p *catalog.Pull) {
		p.Namespace.Name = strings.Repeat("n", 64)
		p.Artifact.Key = catalog.RepositoryKey{Namespace: p.Namespace.Name, Repository: strings.Repeat("r", 190)}
		p.Artifact.Tags = []string{strings.Repeat("t", 128), strings.Repeat("u", 128), strings.Repeat("v", 128), "w"}
	})
	var exposure []catalog.Exposure
	for i := range 5000 {
		exposure = append(exposure, catalog.Exposure{
			ID: fmt.Sprintf("CVE-2024-%d", i), Severity: report.Critical, Package: long, Version: long, FixedVersion: long, Layer: i,
		})
	}
	got := Decide(p, exposure, nil, now).Message
	checkMessage(t, got)
	for _, part := range []string{"5000 vulnerabilities", "CVE-2024-0 (critical)", "and 4999 more"} {
		if !strings.Contains(got, part) {
			t.Errorf("message lacks %q:\n%s", part, got)
		}
	}
}
