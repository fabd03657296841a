package image_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

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
