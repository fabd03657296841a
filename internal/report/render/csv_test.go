package render

import (
	"bytes"
	"encoding/csv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestCell(t *testing.T) {
	for in, want := range map[string]string{
		"":                  "",
		"zlib1g":            "zlib1g",
		"1.2-3":             "1.2-3",
		"=1+1":              "'=1+1",
		"+1":                "'+1",
		"-1":                "'-1",
		"@scope/name":       "'@scope/name",
		"\t=1":              "' =1",
		"\r=1":              "' =1",
		"\n=1":              "' =1",
		" =1":               "' =1",
		"\u00a0=1":          "' =1",
		"\x0e+1":            "' +1",
		"＝1":                "'＝1",
		"＠x":                "'＠x",
		"'=1":               "'=1",
		"a\r\n=b\x00\x1b[J": "a  =b  [J",
		"\xff":              "\ufffd",
	} {
		if got := cell(in); got != want {
			t.Errorf("cell(%q) = %q, want %q", in, got, want)
		}
	}
	if got := cell("=" + strings.Repeat("界", 350_000)); len(got) > maxCell+1 || !utf8.ValidString(got) {
		t.Errorf("a huge cell has %d bytes", len(got))
	}
}

func FuzzCSV(f *testing.F) {
	f.Add("=1+1", "@x")
	f.Add("\"a\",b\r\n", "\ufeff=x")
	f.Fuzz(func(t *testing.T, name, version string) {
		r := sample()
		r.Vulnerabilities, r.Findings = r.Vulnerabilities[:1], r.Findings[:1]
		r.Vulnerabilities[0].Package, r.Vulnerabilities[0].Version = name, version
		r.Findings[0].Title, r.Findings[0].Evidence = name, []string{version}
		checkCSV(t, render(t, CSV, r, Options{}), 2)
	})
}

// checkCSV reads what was written and checks each cell.
func checkCSV(t *testing.T, out []byte, findings int) {
	t.Helper()
	records, err := csv.NewReader(bytes.NewReader(out)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(records) != findings+1 {
		t.Fatalf("%d records, want %d", len(records), findings+1)
	}
	if lines := bytes.Count(out, []byte("\r\n")); lines != len(records) || bytes.Count(out, []byte("\n")) != lines {
		t.Errorf("%d line ends for %d records", lines, len(records))
	}
	for _, record := range records {
		if len(record) != len(csvImage)+len(csvColumns) {
			t.Errorf("%d cells, want %d", len(record), len(csvImage)+len(csvColumns))
		}
		for _, c := range record {
			if startsFormula(c) || strings.ContainsFunc(c, unicode.IsControl) || !utf8.ValidString(c) || len(c) > maxCell+1 {
				t.Errorf("cell %.80q", c)
			}
		}
	}
}

func TestHostileCSV(t *testing.T) {
	r := hostile()
	checkCSV(t, render(t, CSV, r, Options{}), len(r.Vulnerabilities)+len(r.Findings))
}

// What people address by number keeps its number.
func TestColumnsStay(t *testing.T) {
	header, _, _ := strings.Cut(string(render(t, CSV, sample(), Options{})), "\r\n")
	const first = "image,digest,platform,os,category,id,aliases,severity,severity_source,package,type,source_package,installed_version," +
		"fixed_version,fix_state,purl,cvss_version,cvss_score,cvss_vector,cwes,kev_date,epss_score,epss_percentile,paths,layers," +
		"layer_digests,instructions,title,solution,references,published,modified,finding_id,lines,configuration,hidden,evidence"
	if !strings.HasPrefix(header, first+",") {
		t.Errorf("columns %s", header)
	}
}
