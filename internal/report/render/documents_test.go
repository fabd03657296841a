package render

import (
	"bytes"
	"encoding/json"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	cdx "github.com/CycloneDX/cyclonedx-go"
	"github.com/google/go-cmp/cmp"
	spdxjson "github.com/spdx/tools-golang/json"
	"github.com/spdx/tools-golang/spdxlib"

	"github.com/pratique/pratique/internal/report"
)

// reports are those every document format must be right for.
func reports() map[string]*report.Report {
	return map[string]*report.Report{"sample": sample(), "complete": complete(), "hostile": hostile(), "empty": {}, "large": large(500)}
}

func TestJSON(t *testing.T) {
	for name, r := range reports() {
		out := render(t, JSON, r, Options{})
		var back report.Report
		if err := json.Unmarshal(out, &back); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if name == "hostile" {
			continue // what is not UTF-8 comes back as replacement characters
		}
		want, _ := json.Marshal(r)
		got, _ := json.Marshal(back)
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("%s: read back (-want +got):\n%s", name, diff)
		}
	}
	r := sample()
	r.Vulnerabilities[0].Severity = 42
	if err := Write(&bytes.Buffer{}, JSON, r, Options{}); err == nil {
		t.Error("a severity that is none is no error")
	}
}

// The rules of SARIF that its consumers insist on, beyond the schema.
func TestSARIF(t *testing.T) {
	for name, r := range reports() {
		t.Run(name, func(t *testing.T) {
			var log sarifLog
			d := json.NewDecoder(bytes.NewReader(render(t, SARIF, r, testOptions)))
			d.DisallowUnknownFields()
			if err := d.Decode(&log); err != nil {
				t.Fatal(err)
			}
			if log.Version != "2.1.0" || len(log.Runs) != 1 {
				t.Fatalf("version %s, %d runs", log.Version, len(log.Runs))
			}
			run := log.Runs[0]
			if want := len(r.Vulnerabilities) + len(r.Findings); len(run.Results) != want {
				t.Errorf("%d results for %d findings", len(run.Results), want)
			}
			ids := make(map[string]bool)
			for _, rule := range run.Tool.Driver.Rules {
				checkSARIFRule(t, rule)
				if ids[rule.ID] {
					t.Errorf("two rules %q", rule.ID)
				}
				ids[rule.ID] = true
			}
			for i, result := range run.Results {
				checkSARIFResult(t, run, result)
				id := ""
				if n := i - len(r.Vulnerabilities); n >= 0 {
					id = r.Findings[n].FindingID
				} else {
					id = r.Vulnerabilities[i].FindingID
				}
				if result.Fingerprints["pratique/v1"] != strings.ToValidUTF8(id, "\ufffd\ufffd") && name != "hostile" {
					t.Errorf("fingerprint %q of finding %q", result.Fingerprints, id)
				}
			}
		})
	}
}

func checkSARIFRule(t *testing.T, rule sarifRule) {
	t.Helper()
	if u, err := url.Parse(rule.HelpURI); err != nil || u.Scheme != "https" || !ascii(rule.HelpURI) {
		t.Errorf("helpUri %q: %v", rule.HelpURI, err)
	}
	for _, s := range []string{rule.ID, rule.Name, rule.ShortDescription.Text, rule.FullDescription.Text, rule.Help.Text} {
		if s == "" || len(s) > maxSARIFHelp || !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }) {
			t.Errorf("rule %.40q: text %.80q of %d bytes", rule.ID, s, len(s))
		}
	}
	if !regexp.MustCompile(`^(10|[0-9])\.[0-9]$`).MatchString(rule.Properties["security-severity"].(string)) {
		t.Errorf("security-severity %v", rule.Properties["security-severity"])
	}
}

func checkSARIFResult(t *testing.T, run sarifRun, result sarifResult) {
	t.Helper()
	if result.RuleIndex >= len(run.Tool.Driver.Rules) || run.Tool.Driver.Rules[result.RuleIndex].ID != result.RuleID {
		t.Errorf("result of rule %q refers to rule number %d", result.RuleID, result.RuleIndex)
	}
	if len(result.Locations) == 0 || len(result.Message.Text) > maxSARIFText || result.Message.Text == "" {
		t.Errorf("result with %d locations and a message of %d bytes", len(result.Locations), len(result.Message.Text))
	}
	for _, l := range result.Locations {
		uri := l.PhysicalLocation.ArtifactLocation.URI
		if u, err := url.Parse(uri); err != nil || u.IsAbs() || u.Host != "" || strings.HasPrefix(uri, "/") || uri == "" || !ascii(uri) {
			t.Errorf("location %.100q: %v", uri, err)
		}
	}
}

// A decision suppresses a result. As the standard wants, the others then say that
// nothing suppresses them, and where nothing is decided none says anything.
func TestSARIFSuppressions(t *testing.T) {
	suppressed := func(r *report.Report) (said int, why []string) {
		var log sarifLog
		if err := json.Unmarshal(render(t, SARIF, r, testOptions), &log); err != nil {
			t.Fatal(err)
		}
		for _, result := range log.Runs[0].Results {
			if result.Suppressions == nil {
				continue
			}
			said++
			for _, s := range *result.Suppressions {
				why = append(why, result.RuleID+" "+s.Kind+" "+s.Status+": "+s.Justification+" ("+s.Properties["author"]+")")
			}
		}
		return said, why
	}
	r := complete()
	said, why := suppressed(r)
	want := []string{"CVE-2011-3374 external accepted: apt-key is not used here (alice)", "pratique/sensitive-information/github-token external accepted: an example token (bob)"}
	if diff := cmp.Diff(want, why); diff != "" || said != len(r.Vulnerabilities)+len(r.Findings) {
		t.Errorf("%d results say it; suppressed (-want +got):\n%s", said, diff)
	}
	if said, _ := suppressed(sample()); said != 0 {
		t.Errorf("nothing is decided, and %d results tell of it", said)
	}
}

// A rule is as bad as the worst of its findings and does not speak of one alone.
func TestSARIFRuleOfFindings(t *testing.T) {
	f := report.Finding{Category: report.Sensitive, Rule: "token", Title: "Token", Severity: report.Low, Details: "It opens doors.", Solution: "Take a out."}
	worse := f
	worse.Severity, worse.Solution = report.Critical, "Take b out."
	rules, results := sarifFindings(&report.Report{Findings: []report.Finding{f, worse, f}}, nil)
	if len(rules) != 1 || len(results) != 3 {
		t.Fatalf("%d rules, %d results", len(rules), len(results))
	}
	if rules[0].DefaultConfiguration.Level != "error" || rules[0].Properties["security-severity"] != "9.5" {
		t.Errorf("the rule is %+v", rules[0])
	}
	if help := rules[0].Help.Text; strings.Contains(help, "Take a out") || !strings.Contains(help, "It opens doors.") || !strings.Contains(help, "Revoke") {
		t.Errorf("help: %s", help)
	}
	if got := results[1].Message.Text; !strings.Contains(got, "Take b out.") {
		t.Errorf("message: %s", got)
	}
}

// What was checked stands beside the finding of a setting, and of no other.
func TestChecksOfFindings(t *testing.T) {
	_, results := sarifFindings(complete(), nil)
	found := 0
	for _, result := range results {
		if result.RuleID == "pratique/unsafe-setting/ssh-root-login" {
			found++
			if result.Properties["currentValue"] != "yes" || result.Properties["suggestedValue"] != "no" {
				t.Errorf("properties %v", result.Properties)
			}
		} else if strings.HasPrefix(result.RuleID, "pratique/malicious") && result.Properties["currentValue"] != nil {
			t.Errorf("%s has the properties of a check: %v", result.RuleID, result.Properties)
		}
	}
	if found != 1 {
		t.Errorf("%d results of the check that failed", found)
	}
}

func TestSecuritySeverity(t *testing.T) {
	for _, tc := range []struct {
		severity report.Severity
		score    float64
		want     string
	}{
		{report.Critical, 9.8, "9.8"}, {report.High, 7.0, "7.0"},
		// The distribution knows better than the score.
		{report.Low, 9.8, "2.0"}, {report.Critical, 5, "9.5"}, {report.Negligible, 3.7, "0.5"}, {report.Unknown, 0, "0.0"},
	} {
		v := report.Vulnerability{Severity: tc.severity, CVSS: []report.CVSS{{Version: "3.1", Score: tc.score}}}
		if got := securitySeverity(v); got != tc.want {
			t.Errorf("%s with score %.1f: %s, want %s", tc.severity, tc.score, got, tc.want)
		}
	}
}

func TestRating(t *testing.T) {
	v := report.Vulnerability{SeveritySource: "cvss-3.1", CVSS: []report.CVSS{{Version: "2.0", Score: 5}, {Version: "3.1", Score: 6}, {Version: "4.0", Score: 7}, {Version: "9", Score: -1}}}
	if c, ok := rating(v); !ok || c.Score != 6 {
		t.Errorf("the rating the severity rests on: %+v", c)
	}
	v.SeveritySource = "ubuntu"
	if c, ok := rating(v); !ok || c.Score != 7 {
		t.Errorf("the newest sensible rating: %+v", c)
	}
	if c, ok := rating(report.Vulnerability{CVSS: []report.CVSS{{Score: 11}}}); ok {
		t.Errorf("a rating of 11: %+v", c)
	}
}

func TestCycloneDX(t *testing.T) {
	for name, r := range reports() {
		t.Run(name, func(t *testing.T) {
			out := render(t, CycloneDX, r, testOptions)
			var bom cdx.BOM
			if err := cdx.NewBOMDecoder(bytes.NewReader(out), cdx.BOMFileFormatJSON).Decode(&bom); err != nil {
				t.Fatal(err)
			}
			if bom.SpecVersion != cdx.SpecVersion1_6 || !regexp.MustCompile(`^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(bom.SerialNumber) {
				t.Errorf("version %s, serial number %s", bom.SpecVersion, bom.SerialNumber)
			}
			refs := map[string]bool{bom.Metadata.Component.BOMRef: true}
			for _, c := range *bom.Components {
				if c.BOMRef == "" || refs[c.BOMRef] {
					t.Errorf("component %.40q has reference %q, which is taken or empty", c.Name, c.BOMRef)
				}
				refs[c.BOMRef] = true
				if utf8.RuneCountInString(c.Version) > 1024 {
					t.Errorf("a version of %d characters", utf8.RuneCountInString(c.Version))
				}
			}
			for _, d := range *bom.Dependencies {
				for _, ref := range append(*d.Dependencies, d.Ref) {
					if !refs[ref] {
						t.Errorf("dependency on %q, which is nothing", ref)
					}
				}
			}
			checkCycloneDXVulnerabilities(t, r, bom, refs)
		})
	}
}

func checkCycloneDXVulnerabilities(t *testing.T, r *report.Report, bom cdx.BOM, refs map[string]bool) {
	t.Helper()
	if len(*bom.Vulnerabilities) != len(r.Vulnerabilities) {
		t.Errorf("%d vulnerabilities for %d findings", len(*bom.Vulnerabilities), len(r.Vulnerabilities))
	}
	for _, v := range *bom.Vulnerabilities {
		if refs[v.BOMRef] {
			t.Errorf("vulnerability %.40q: reference %.40q is taken", v.ID, v.BOMRef)
		}
		refs[v.BOMRef] = true
		for _, a := range *v.Affects {
			if !refs[a.Ref] {
				t.Errorf("vulnerability %.40q affects %q, which is nothing", v.ID, a.Ref)
			}
		}
		for _, rating := range *v.Ratings {
			if rating.Score != nil && (*rating.Score < 0 || *rating.Score > 10) {
				t.Errorf("score %f", *rating.Score)
			}
		}
	}
}

// A package that is in two places is affected in both.
func TestCycloneDXAffects(t *testing.T) {
	var bom cdx.BOM
	if err := json.Unmarshal(render(t, CycloneDX, sample(), testOptions), &bom); err != nil {
		t.Fatal(err)
	}
	names := make(map[string]string)
	for _, c := range *bom.Components {
		names[c.BOMRef] = c.Name
	}
	got := make(map[string][]string)
	for _, v := range *bom.Vulnerabilities {
		for _, a := range *v.Affects {
			got[v.BOMRef] = append(got[v.BOMRef], names[a.Ref])
		}
	}
	want := map[string][]string{
		"finding-f-1": {"libssl3"}, "finding-f-2": {"openssl"}, "finding-f-3": {"apt"},
		"finding-f-4": {"org.example:logger", "org.example:logger"}, "finding-f-5": {"left-päd"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("affected components (-want +got):\n%s", diff)
	}
}

// An ignored vulnerability is one, and nothing will be done about it.
func TestCycloneDXAnalysis(t *testing.T) {
	var bom cdx.BOM
	if err := json.Unmarshal(render(t, CycloneDX, complete(), testOptions), &bom); err != nil {
		t.Fatal(err)
	}
	for _, v := range *bom.Vulnerabilities {
		switch {
		case v.BOMRef != "finding-f-3":
			if v.Analysis != nil {
				t.Errorf("%s: %+v", v.BOMRef, v.Analysis)
			}
		case v.Analysis == nil || v.Analysis.State != cdx.IASExploitable || (*v.Analysis.Response)[0] != cdx.IARWillNotFix || !strings.Contains(v.Analysis.Detail, "alice"):
			t.Errorf("analysis of an ignored vulnerability: %+v", v.Analysis)
		}
	}
	properties := make(map[string]string)
	for _, p := range *bom.Metadata.Component.Properties {
		properties[p.Name] = p.Value
	}
	if properties["pratique:findings:malicious-file"] != "2" || properties["pratique:base:name"] != "docker.io/library/debian:12.4" {
		t.Errorf("properties of the image: %v", properties)
	}
}

func TestSPDX(t *testing.T) {
	for name, r := range reports() {
		t.Run(name, func(t *testing.T) {
			out := render(t, SPDX, r, testOptions)
			doc, err := spdxjson.Read(bytes.NewReader(out))
			if err != nil {
				t.Fatal(err)
			}
			if err := spdxlib.ValidateDocument(doc); err != nil {
				t.Error(err)
			}
			described, err := spdxlib.GetDescribedPackageIDs(doc)
			if err != nil || len(described) != 1 || described[0] != spdxImage {
				t.Errorf("describes %v, %v", described, err)
			}
			declared := make(map[string]bool)
			for _, l := range doc.OtherLicenses {
				if !regexp.MustCompile(`^LicenseRef-[a-zA-Z0-9.-]+$`).MatchString(l.LicenseIdentifier) || declared[l.LicenseIdentifier] || l.ExtractedText == "" {
					t.Errorf("licence %q", l.LicenseIdentifier)
				}
				declared[l.LicenseIdentifier] = true
			}
			ids := make(map[string]bool)
			known := newLicences()
			for _, p := range doc.Packages {
				if id := string(p.PackageSPDXIdentifier); ids[id] || !regexp.MustCompile(`^[a-zA-Z0-9.-]+$`).MatchString(id) {
					t.Errorf("package id %q is taken or malformed", id)
				} else {
					ids[id] = true
				}
				if p.PackageName == "" || p.FilesAnalyzed || p.PackageDownloadLocation == "" {
					t.Errorf("package %.40q", p.PackageName)
				}
				// What of the schema's list we use.
				if !slices.Contains([]string{"LIBRARY", "CONTAINER", "SOURCE", "OPERATING_SYSTEM"}, p.PrimaryPackagePurpose) {
					t.Errorf("package %.40q: purpose %q", p.PackageName, p.PrimaryPackagePurpose)
				}
				checkSPDXLicence(t, known, p.PackageLicenseDeclared, declared)
			}
		})
	}
}

// checkSPDXLicence checks an expression in which references, if declared,
// count as licences.
func checkSPDXLicence(t *testing.T, known *licences, expression string, declared map[string]bool) {
	t.Helper()
	if expression == noAssertion {
		return
	}
	plain := regexp.MustCompile(`LicenseRef-[a-zA-Z0-9.-]+`).ReplaceAllStringFunc(expression, func(ref string) string {
		if !declared[ref] {
			t.Errorf("%s is not declared", ref)
		}
		return "MIT"
	})
	if !known.expression(plain) {
		t.Errorf("%q is no licence expression", expression)
	}
}

func TestLicences(t *testing.T) {
	known := newLicences()
	for text, want := range map[string]bool{
		"MIT": true, "Apache-2.0 OR MIT": true, "(MIT AND BSD-3-Clause)": true, "GPL-2.0-or-later": true, "GPL-2.0-only WITH Classpath-exception-2.0": true,
		"": false, " ": false, "MIT License": false, "LicenseRef-x": false, "DocumentRef-a:LicenseRef-b": false, "MIT OR": false, "(MIT": false, "MIT\nOR Apache-2.0": false,
		strings.Repeat("(", 500): false, strings.Repeat("MIT OR ", 1000) + "MIT": false, "NONE": false, "NOASSERTION": false,
	} {
		for range 2 { // asked and remembered
			if got := known.expression(text); got != want {
				t.Errorf("expression(%.60q) = %t, want %t", text, got, want)
			}
		}
	}
	if got, want := join([]string{"MIT", "A OR B"}), "MIT AND (A OR B)"; got != want {
		t.Errorf("join: %s, want %s", got, want)
	}
}

func FuzzLicence(f *testing.F) {
	f.Add("MIT OR (Apache-2.0 AND GPL-2.0+)")
	f.Add("MIT WITH :+(")
	f.Fuzz(func(t *testing.T, text string) {
		if parseable(text) && (strings.Contains(text, "Ref-") || len(text) > maxExpression) {
			t.Errorf("accepted %q", text)
		}
	})
}

func FuzzRelativeURI(f *testing.F) {
	f.Add("//host/x")
	f.Add("c:/x")
	f.Add("a\xff b%zz#?")
	f.Fuzz(func(t *testing.T, path string) {
		uri := relativeURI(path)
		u, err := url.Parse(uri)
		if err != nil || u.IsAbs() || u.Host != "" || strings.HasPrefix(uri, "/") || !ascii(uri) {
			t.Errorf("%q becomes %q: %v", path, uri, err)
		}
	})
}

func TestLinks(t *testing.T) {
	for id, want := range map[string]string{
		"CVE-2024-1":   "https://nvd.nist.gov/vuln/detail/CVE-2024-1",
		"GHSA-a-b-c":   "https://github.com/advisories/GHSA-a-b-c",
		"PYSEC-2024-1": "https://osv.dev/vulnerability/PYSEC-2024-1",
		"../x?y":       "https://osv.dev/",
	} {
		if got := link(id); got != want {
			t.Errorf("link(%q) = %s, want %s", id, got, want)
		}
	}
	got := webLinks([]string{"https://a/x", "javascript:alert(1)", "http://b", "https://a/x", "ftp://c", "//d", "https://e/\x00", "https://", "https://f/ü"})
	if diff := cmp.Diff([]string{"https://a/x", "http://b", "https://f/%C3%BC"}, got); diff != "" {
		t.Errorf("web links (-want +got):\n%s", diff)
	}
}
