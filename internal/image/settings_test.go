package image_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/pratique/pratique/internal/image"
	"github.com/pratique/pratique/internal/image/imagetest"
	"github.com/pratique/pratique/internal/report"
	"github.com/pratique/pratique/internal/rules"
)

// What is secret in a configuration is told masked, and is in no text of the
// report; neither is half a secret that a long instruction was cut in.
func TestReportMasksSecrets(t *testing.T) {
	env, arg, run, name := "kW7"+"zQ2mT9xLr", "Hx3"+"tC6jM9fGz", "Pq8"+"vN4sB7wYd", "Rb5"+"yK1nV8pQc"
	long := "RUN " + strings.Repeat("x", 4080) + " API_TOKEN=" + run + " make"
	built := imagetest.Build(t, "env: A=b\nenv: DB_PASSWORD="+env+"\nenv: X_PASSWORD="+name+"=1\nlabel: url=https://me:"+env+"@a.b\n"+
		"-- empty --\nENV DB_PASSWORD="+env+"\n-- layer --\nRUN |1 API_TOKEN="+arg+" /bin/sh -c make # buildkit\n-- a --\n-- layer --\n"+long+"\n-- b --\n")
	img := built.Image(t)
	got := img.Report(t.Context(), rules.Default())
	want := []report.Secret{
		{Rule: "named-password", Excerpt: "DB_PASSWORD=********", Config: "environment variable DB_PASSWORD", Layer: report.NoLayer},
		{Rule: "named-password", Excerpt: "X_PASSWORD=********", Config: "environment variable X_PASSWORD", Layer: report.NoLayer},
		{Rule: "http-url", Excerpt: "https://me:********", Config: "label url", Layer: report.NoLayer},
		{Rule: "named-password", Excerpt: "ENV DB_PASSWORD=********", Config: "build instruction 1", Layer: report.NoLayer},
		{Rule: "named-secret", Excerpt: "API_TOKEN=********", Config: "build instruction 2", Layer: 0},
		{Rule: "named-secret", Excerpt: "API_TOKEN=********", Config: "build instruction 3", Layer: 1},
	}
	if diff := cmp.Diff(want, got.Secrets); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got.Layers[0].Instruction != "RUN make" || !strings.HasSuffix(got.Layers[1].Instruction, "…") {
		t.Errorf("%+v", got.Layers)
	}
	for _, l := range got.Layers {
		if strings.Contains(l.Instruction, run[:3]) {
			t.Errorf("%.40q…%q shows part of a secret", l.Instruction, l.Instruction[len(l.Instruction)-30:])
		}
	}
}

// The configuration is told as people look at it; what is secret is masked, also
// where only several words together tell that it is.
func TestReportConfig(t *testing.T) {
	password := "kW7" + "zQ2mT9xLr"
	built := imagetest.Build(t, "env: A=b\nenv: DB_PASSWORD="+password+"\nlabel: maintainer=me\nlabel: DB_PASSWORD="+password+
		"\nannotation: org.opencontainers.image.base.name=debian:12\nannotation: url=https://me:"+password+"@a.b\n"+
		"user: app\nworkdir: /srv\nentrypoint: /app --verbose\ncmd: --url=https://me:"+password+"@a.b -x\nhealthcheck: wget -q localhost\n"+
		"port: 8080/tcp\nport: 22/tcp\nvolume: /data\n"+
		"-- layer --\n/bin/sh -c #(nop) ADD rootfs.tar / \n-- a --\n-- empty --\nENV A=b\n-- layer --\nRUN |1 X=y /bin/sh -c make # buildkit\n-- b --\n")
	got := built.Image(t).Report(t.Context(), rules.Default())
	want := report.ImageConfig{
		User: "app", WorkingDir: "/srv", Entrypoint: []string{"/app", "--verbose"},
		Cmd:         []string{"--url=https://me:********@a.b -x"},
		Healthcheck: []string{"wget -q localhost"},
		Env:         []string{"A=b", "DB_PASSWORD=********"},
		Ports:       []string{"22/tcp", "8080/tcp"}, Volumes: []string{"/data"},
		Labels: map[string]string{"maintainer": "me", "DB_PASSWORD": "********"},
		Steps:  []report.BuildStep{{Instruction: "ADD rootfs.tar /", Layer: 0}, {Instruction: "ENV A=b", Layer: report.NoLayer}, {Instruction: "RUN make", Layer: 1}},
	}
	if diff := cmp.Diff(want, got.Config); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]string{"org.opencontainers.image.base.name": "debian:12", "url": "https://me:********@a.b"}, got.Annotations); diff != "" {
		t.Errorf("annotations (-want +got):\n%s", diff)
	}
	if raw, err := json.Marshal(got); err != nil || strings.Contains(string(raw), password[:6]) {
		t.Errorf("%s, %v", raw, err)
	}
}

// What only informs may have any form; the image is still one.
func TestReportOddConfig(t *testing.T) {
	built := imagetest.Build(t, "-- layer --\nRUN a\n-- a --\n")
	rest := `"rootfs":{"diff_ids":["` + built.Layers[0].DiffID + `"]},"history":[{"comment":"FROM docker.io/library/debian:latest"}]}`
	for config, want := range map[string]report.ImageConfig{
		`{"User":7,"Cmd":"run me","Entrypoint":{"a":1},"Healthcheck":[],"ExposedPorts":["80"],"Volumes":"x"}`:         {Cmd: []string{"run me"}},
		`{"User":"a\u0000b","Healthcheck":{"Test":["NONE"]},"ExposedPorts":{"b":1,"a":null},"Cmd":null,"Volumes":{}}`: {User: "a\x00b", Ports: []string{"a", "b"}},
	} {
		raw := []byte(`{"config":` + config + "," + rest)
		sum := sha256.Sum256(raw)
		manifest := strings.ReplaceAll(string(built.Manifest), built.ConfigDigest, "sha256:"+hex.EncodeToString(sum[:]))
		manifest = strings.Replace(manifest, `"schemaVersion"`, `"annotations":{"a":1,"b":"c"},"schemaVersion"`, 1)
		img, err := image.New("x", []byte(manifest), built.MediaType, raw, built.Open)
		if err != nil {
			t.Errorf("%s: %v", config, err)
			continue
		}
		got := img.Report(t.Context(), rules.Default())
		want.From = []string{"docker.io/library/debian:latest"}
		want.Steps = []report.BuildStep{{Layer: 0}}
		if diff := cmp.Diff(want, got.Config); diff != "" {
			t.Errorf("%s (-want +got):\n%s", config, diff)
		}
		if diff := cmp.Diff(map[string]string{"b": "c"}, got.Annotations); diff != "" {
			t.Errorf("annotations (-want +got):\n%s", diff)
		}
	}
}

// A configuration of a great many long entries is told in part.
func TestReportConfigIsBounded(t *testing.T) {
	var text strings.Builder
	for n := range 2000 {
		fmt.Fprintf(&text, "env: V%d=%s\nlabel: l%d=%s\nport: %d/tcp\n", n, strings.Repeat("é", 1000), n, strings.Repeat("x", 2000), n)
	}
	text.WriteString("-- layer --\nRUN a\n-- a --\n")
	got := imagetest.Build(t, text.String()).Image(t).Report(t.Context(), rules.Default()).Config
	if len(got.Env) != 500 || len(got.Labels) != 500 || len(got.Ports) != 500 || len(got.Env[0]) > 1100 || !utf8.ValidString(got.Env[0]) {
		t.Errorf("%d, %d, %d entries, %d bytes", len(got.Env), len(got.Labels), len(got.Ports), len(got.Env[0]))
	}
}

// What stands where a password belongs is masked, however bad a password it is;
// what only looks like one is told.
func TestReportMasksBadPasswords(t *testing.T) {
	got := imagetest.Build(t, "env: MYSQL_ROOT_PASSWORD=root\nenv: PGPASSWORD=1234\nenv: ALLOW_EMPTY_PASSWORD=yes\nenv: DB_PASSWORD_FILE=/run/secrets/db\n"+
		"label: db_password=root\ncmd: redis-server --requirepass root --port 6379\n"+
		"-- empty --\nENV DB_PASSWORD root\n-- layer --\nRUN MYSQL_PWD='root' mysql && adduser --disabled-password app && curl -H \"A: $TOKEN\" --token $TOKEN\n-- a --\n").
		Image(t).Report(t.Context(), rules.Default())
	run := "RUN MYSQL_PWD=******** mysql && adduser --disabled-password app && curl -H \"A: $TOKEN\" --token $TOKEN"
	want := report.ImageConfig{
		Env:    []string{"MYSQL_ROOT_PASSWORD=********", "PGPASSWORD=********", "ALLOW_EMPTY_PASSWORD=yes", "DB_PASSWORD_FILE=/run/secrets/db"},
		Labels: map[string]string{"db_password": "********"},
		Cmd:    []string{"redis-server --requirepass ******** --port 6379"},
		Steps:  []report.BuildStep{{Instruction: "ENV DB_PASSWORD ********", Layer: report.NoLayer}, {Instruction: run, Layer: 0}},
	}
	if diff := cmp.Diff(want, got.Config); diff != "" || got.Layers[0].Instruction != run {
		t.Errorf("%s (-want +got):\n%s", got.Layers[0].Instruction, diff)
	}
}
