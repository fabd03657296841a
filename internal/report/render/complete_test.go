package render

import (
	"reflect"
	"strings"

	"github.com/pratique/pratique/internal/report"
)

// complete is a report with something in each of the ten categories and a value
// in nearly every field.
func complete() *report.Report {
	r := sample()
	r.Image.Layers[2].Instruction = "COPY --chown=app . /srv/app"
	at := func(layer int, path string, line int, hidden report.Hidden) report.Location {
		l := r.Image.Layers[layer]
		return report.Location{Path: path, Layer: layer, LayerDigest: digest(l), Instruction: l.Instruction, Line: line, Hidden: hidden}
	}
	for i := range r.Vulnerabilities {
		r.Vulnerabilities[i].Origin = report.FromOwn
	}
	r.Vulnerabilities[2].Origin = report.FromBase
	r.Vulnerabilities[2].Handling = &report.Handling{
		ID: 7, Action: "ignore", Author: "alice", Reason: "apt-key is not used here", Expires: "2027-01-31T23:59:59Z", Scope: "namespace",
	}
	r.Findings = completeFindings(r.Findings, at)
	r.Summary = summarize(r.Vulnerabilities, r.Findings)
	r.Packages[1].Vulnerabilities, r.Packages[2].Vulnerabilities = 1, 1
	r.Checks = []report.Check{
		{ID: "image-user-root", Group: "image", Title: "The image runs as an unprivileged user", Standard: "CIS Docker Benchmark 4.1", Severity: report.Medium, Result: report.Failed,
			Looked: "the configuration's user", Current: "not set", Suggested: "a user that is not root", Edit: "USER 65532"},
		{ID: "image-healthcheck", Group: "image", Title: "The image has a health check", Severity: report.Low, Result: report.Passed, Looked: "HEALTHCHECK", Current: "curl -f http://127.0.0.1/"},
		{ID: "ssh-root-login", Group: "ssh", Title: "Root cannot log in with a password", Severity: report.High, Result: report.Failed,
			Looked: "etc/ssh/sshd_config, PermitRootLogin", Current: "yes", Suggested: "no", Edit: "RUN sed -i 's/^PermitRootLogin.*/PermitRootLogin no/' /etc/ssh/sshd_config"},
		{ID: "password-length", Group: "password-policy", Title: "Passwords have at least 8 characters", Severity: report.Low, Result: report.NotApplicable, Looked: "etc/pam.d/common-password"},
	}
	r.Base = &report.Base{
		Name: "docker.io/library/debian:12.4", Version: "12.4", Digest: "sha256:" + strings.Repeat("e", 64), Source: report.BaseByLayers, Layers: 1,
		Findings: 1, OwnFindings: 12, Newer: &report.NewerBase{Name: "docker.io/library/debian:12.6", Digest: "sha256:" + strings.Repeat("f", 64), Removes: 1},
	}
	r.Image.Config = report.ImageConfig{
		User: "app:app", WorkingDir: "/srv/app", Entrypoint: []string{"/usr/bin/java"}, Cmd: []string{"-jar", "app.jar"},
		Healthcheck: []string{"CMD-SHELL", "curl -f http://127.0.0.1/"}, Env: []string{"PATH=/usr/bin:/bin", "GITHUB_TOKEN=ghp_********"},
		Ports: []string{"8080/tcp"}, Volumes: []string{"/data"}, Labels: map[string]string{"org.opencontainers.image.title": "app", "maintainer": "a <a@example.org>"},
		Steps: []report.BuildStep{{Instruction: "ADD rootfs.tar / # buildkit"}, {Instruction: "ENV GITHUB_TOKEN=ghp_********", Layer: report.NoLayer}},
	}
	r.Image.Annotations = map[string]string{"org.opencontainers.image.base.name": "debian:12.4"}
	r.Files = completeFiles()
	r.Notes = append(r.Notes, report.Note{Code: "password-budget", Message: "the time for guessing passwords ran out after 20 s; 3 accounts were not tried", Path: "etc/shadow"})
	return r
}

func completeFindings(sensitive []report.Finding, at func(int, string, int, report.Hidden) report.Location) []report.Finding {
	sensitive[1].Handling = &report.Handling{ID: 8, Action: "ignore", Author: "bob", Reason: "an example token", Scope: "artifact"}
	return append([]report.Finding{
		{
			FindingID: "m-1", Category: report.Malicious, Rule: "php-web-shell", Title: "PHP web shell", Severity: report.Critical, Origin: report.FromOwn,
			Details:  "The script runs whatever a request tells it to.",
			Evidence: []string{"system($_REQUEST[…])"}, Locations: []report.Location{at(2, "srv/app/public/up.php", 3, "")},
			Solution: "Take srv/app/public/up.php out of layer 2 (`COPY --chown=app . /srv/app`), find out how it came in, and change all secrets of the image.",
		},
		{
			FindingID: "m-2", Category: report.Malicious, Rule: "MAL-2024-7", Title: "Malicious package left-päd", Severity: report.Critical, Package: "left-päd", Version: "0.0.1",
			Locations: []report.Location{at(2, "srv/node_modules/left-päd/package.json", 0, "")}, Solution: "Remove it.", References: []string{"https://osv.dev/vulnerability/MAL-2024-7"},
		},
		{
			FindingID: "b-1", Category: report.Baseline, Rule: "ssh-root-login", Title: "Root can log in with a password", Severity: report.High, Origin: report.FromOwn,
			Evidence: []string{"PermitRootLogin yes"}, Locations: []report.Location{at(1, "etc/ssh/sshd_config", 12, "")},
			Solution: "Set PermitRootLogin to no: add `RUN sed -i 's/^PermitRootLogin.*/PermitRootLogin no/' /etc/ssh/sshd_config` to the Dockerfile.",
		},
		{
			FindingID: "b-2", Category: report.Baseline, Rule: "image-user-root", Title: "The image runs as root", Severity: report.Medium, Origin: report.FromOwn,
			Locations: []report.Location{{Layer: report.NoLayer, Config: "user"}}, Solution: "End the Dockerfile with `USER 65532`.",
		},
		{
			FindingID: "p-1", Category: report.Password, Rule: "system", Title: "Weak password of root", Severity: report.High, Origin: report.FromOwn,
			Evidence: []string{"root: t**r (yescrypt), the account's name backwards"}, Locations: []report.Location{at(1, "etc/shadow", 1, "")},
			Solution: "Lock the account: `RUN passwd -l root`.",
		},
		{
			FindingID: "c-1", Category: report.Compliance, Rule: "software-tcpdump", Title: "Tool for listening to networks", Severity: report.Medium, Package: "tcpdump", Version: "4.99.3-1",
			Origin: report.FromOwn, Locations: []report.Location{at(1, "var/lib/dpkg/status", 0, "")}, Solution: "Take tcpdump out of `apt-get install`.",
		},
		{
			FindingID: "c-2", Category: report.Compliance, Rule: "licence-denied", Title: "Licence AGPL-3.0-only is not allowed", Severity: report.High, Package: "mongo", Version: "7.0",
			Locations: []report.Location{at(0, "usr/share/doc/mongo/copyright", 0, "")}, Solution: "Replace mongo.",
		},
		{
			FindingID: "f-1", Category: report.Files, Rule: "setuid-unowned", Title: "Setuid program of no package", Severity: report.Low,
			Locations: []report.Location{at(1, "usr/local/bin/run-as", 0, report.Replaced)}, Solution: "Take the setuid bit away.",
		},
		{
			FindingID: "i-1", Category: report.BaseImage, Rule: "base-outdated", Title: "There is a newer base image", Severity: report.Low,
			Solution: "Begin the Dockerfile with `FROM debian:12.6`.",
		},
		{
			FindingID: "w-1", Category: report.Software, Rule: "end-of-life", Title: "Node.js 14 is no longer supported since 2023-04-30", Severity: report.Medium, Package: "node", Version: "14.21.3",
			Locations: []report.Location{at(2, "usr/local/bin/node", 0, "")}, Solution: "Move to Node.js 22.",
		},
	}, sensitive...)
}

func completeFiles() report.FileSummary {
	return report.FileSummary{
		Count: 3210, Size: 87_654_321,
		Largest:      []report.LargeFile{{Path: "usr/lib/libicudata.so", Size: 31_000_000}, {Path: "srv/app/app.jar", Size: 4_200_000, Layer: 2}},
		Types:        []report.FileType{{Type: "library", Count: 400, Size: 60_000_000}, {Type: "program", Count: 120, Size: 20_000_000}},
		Layers:       []report.LayerFiles{{Layer: 0, Count: 3000, Size: 80_000_000, Wasted: 1_000_000}, {Layer: 1, Count: 200, Size: 7_000_000, Replaced: 3, Deleted: 1}},
		Wasted:       1_000_000,
		WastedFiles:  []report.WastedFile{{Path: "var/cache/apt/pkgcache.bin", Size: 900_000, Hidden: report.Deleted, By: 1}},
		SpecialCount: 2,
		Special: []report.SpecialFile{
			{Path: "usr/bin/ping", Kinds: []string{report.SpecialCapabilities}, Mode: "-rwxr-xr-x", Capabilities: []string{"cap_net_raw"}},
			{Path: "usr/bin/su", Kinds: []string{report.SpecialSetuid}, Mode: "-rwsr-xr-x"},
		},
	}
}

// eachText changes every text of a report, also the keys of maps.
func eachText(r *report.Report, change func(string) string) { changeTexts(reflect.ValueOf(r), change) }

func changeTexts(v reflect.Value, change func(string) string) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			changeTexts(v.Elem(), change)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			changeTexts(v.Field(i), change)
		}
	case reflect.Slice:
		for i := range v.Len() {
			changeTexts(v.Index(i), change)
		}
	case reflect.Map:
		if v.Type().Elem().Kind() != reflect.String || v.Len() == 0 {
			return
		}
		changed := reflect.MakeMap(v.Type())
		for _, k := range v.MapKeys() {
			changed.SetMapIndex(reflect.ValueOf(change(k.String())), reflect.ValueOf(change(v.MapIndex(k).String())))
		}
		v.Set(changed)
	case reflect.String:
		// Categories decide where something is shown, not what.
		if v.Type() != reflect.TypeFor[report.Category]() {
			v.SetString(change(v.String()))
		}
	}
}
