package image

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pratique/pratique/internal/report"
	"github.com/pratique/pratique/internal/rules"
	"github.com/pratique/pratique/internal/secret"
)

const (
	// maxSecrets bounds what is told of one configuration.
	maxSecrets = 500
	// maxEntries bounds each list of a configuration in a report, maxText each
	// text in bytes. Real ones have a tenth of that.
	maxEntries = 500
	maxText    = 1024
)

// settings returns what the configuration says beside the layers, of which
// there are n.
func (c *config) settings(n int) Settings {
	s := Settings{
		Env:         c.Config.Env,
		Labels:      c.Config.Labels,
		User:        lenient[string](c.Config.User),
		WorkingDir:  lenient[string](c.Config.WorkingDir),
		Entrypoint:  command(c.Config.Entrypoint),
		Cmd:         command(c.Config.Cmd),
		Healthcheck: lenient[struct{ Test []string }](c.Config.Healthcheck).Test,
		Ports:       slices.Sorted(maps.Keys(lenient[map[string]json.RawMessage](c.Config.ExposedPorts))),
		Volumes:     slices.Sorted(maps.Keys(lenient[map[string]json.RawMessage](c.Config.Volumes))),
		History:     make([]Step, len(c.History)),
	}
	made := 0
	for at, h := range c.History {
		s.History[at] = Step{CreatedBy: h.CreatedBy, Comment: h.Comment, Layer: report.NoLayer}
		if !h.EmptyLayer {
			s.History[at].Layer = made
			made++
		}
	}
	if made != n { // as in instructions: nothing certain about any of them
		for at := range s.History {
			s.History[at].Layer = report.NoLayer
		}
	}
	return s
}

// secrets returns what is secret in the settings, in an order that depends on
// nothing else.
func (s Settings) secrets(ctx context.Context, rules *secret.Rules) []report.Secret {
	var all []report.Secret
	find := func(where string, layer int, text string) {
		hits, _ := rules.Find(ctx, "", []byte(text))
		for _, h := range hits[:min(len(hits), maxSecrets-len(all))] {
			all = append(all, report.Secret{Rule: h.Rule, Excerpt: h.Excerpt, Config: where, Layer: layer})
		}
	}
	for _, e := range s.Env {
		name, _, _ := strings.Cut(e, "=")
		find("environment variable "+tell(ctx, rules, name), report.NoLayer, e)
	}
	for _, name := range slices.Sorted(maps.Keys(s.Labels)) {
		find("label "+tell(ctx, rules, name), report.NoLayer, name+"="+s.Labels[name])
	}
	for n, step := range s.History {
		where := fmt.Sprintf("build instruction %d", n+1)
		find(where, step.Layer, step.CreatedBy)
		find(where, step.Layer, step.Comment)
	}
	return all
}

// passwords returns the weak passwords in the environment.
func (s Settings) passwords(ctx context.Context, set *rules.Set) []report.WeakPassword {
	all := set.Passwords.Environment(ctx, s.Env)
	for n := range all {
		all[n].Config = tell(ctx, set.Secrets, all[n].Config)
		all[n].User = tell(ctx, set.Secrets, all[n].User)
	}
	return all
}

// tell makes a name fit for a report; somebody may have put a secret there.
func tell(ctx context.Context, rules *secret.Rules, name string) string {
	return clip(rules.Mask(ctx, name))
}

// lenient reads JSON that only informs: what is not of the form expected is left
// out.
func lenient[T any](raw json.RawMessage) T {
	var v T
	if err := json.Unmarshal(raw, &v); err != nil {
		var none T
		return none
	}
	return v
}

// command reads a list of words. Configurations of the first years have a
// single text.
func command(raw json.RawMessage) []string {
	if text := lenient[string](raw); text != "" {
		return []string{text}
	}
	return lenient[[]string](raw)
}

// annotations are those of a manifest. What is no text in them is left out.
type annotations map[string]string

// UnmarshalJSON never fails.
func (a *annotations) UnmarshalJSON(raw []byte) error {
	for name, value := range lenient[map[string]json.RawMessage](raw) {
		if text := lenient[string](value); text != "" {
			if *a == nil {
				*a = make(annotations)
			}
			(*a)[name] = text
		}
	}
	return nil
}

// config tells the settings in a report: bounded, and with what is secret
// masked.
func (s Settings) config(ctx context.Context, rules *secret.Rules) report.ImageConfig {
	c := report.ImageConfig{
		User:        shown(ctx, rules, s.User),
		WorkingDir:  shown(ctx, rules, s.WorkingDir),
		Entrypoint:  shownWords(ctx, rules, s.Entrypoint),
		Cmd:         shownWords(ctx, rules, s.Cmd),
		Healthcheck: shownWords(ctx, rules, healthcheck(s.Healthcheck)),
		Env:         shownAll(ctx, rules, s.Env),
		Ports:       shownAll(ctx, rules, s.Ports),
		Volumes:     shownAll(ctx, rules, s.Volumes),
		Labels:      maskMap(ctx, rules, s.Labels),
	}
	for _, step := range s.History {
		c.Steps = append(c.Steps, report.BuildStep{
			Instruction: shorten(mask(ctx, rules, instruction(step.CreatedBy))),
			Layer:       step.Layer,
		})
		// Buildah tells in a comment what FROM named.
		if from, ok := strings.CutPrefix(step.Comment, "FROM "); ok && len(c.From) < maxEntries {
			c.From = append(c.From, shown(ctx, rules, strings.TrimSpace(from)))
		}
	}
	return c
}

// healthcheck returns the command and its arguments. The first word of a test
// says how it is run, "NONE" that there is none.
func healthcheck(test []string) []string {
	if len(test) < 2 || test[0] != "CMD" && test[0] != "CMD-SHELL" {
		return nil
	}
	return test[1:]
}

// shown makes one text fit for a report. It is shortened after masking, since
// half a secret does not look like one.
func shown(ctx context.Context, rules *secret.Rules, text string) string {
	text = strings.ToValidUTF8(mask(ctx, rules, text), "\uFFFD")
	if len(text) > maxText {
		text = strings.ToValidUTF8(text[:maxText], "") + "…"
	}
	return text
}

func shownAll(ctx context.Context, rules *secret.Rules, texts []string) []string {
	var all []string
	for _, t := range texts[:min(len(texts), maxEntries)] {
		all = append(all, shown(ctx, rules, t))
	}
	return all
}

// shownWords is for the words of a command. Where only some of them together
// tell a secret ("--password", "…") they become one text, masked.
func shownWords(ctx context.Context, rules *secret.Rules, words []string) []string {
	words = words[:min(len(words), maxEntries)]
	if line := strings.Join(words, " "); mask(ctx, rules, line) != line {
		return []string{shown(ctx, rules, line)}
	}
	return shownAll(ctx, rules, words)
}

// maskMap is for labels and annotations. A value is masked with its name, which
// can tell that it is secret.
func maskMap(ctx context.Context, rules *secret.Rules, texts map[string]string) map[string]string {
	all := make(map[string]string)
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		if len(all) == maxEntries {
			break
		}
		value, ok := strings.CutPrefix(mask(ctx, rules, name+"="+texts[name]), name+"=")
		if !ok {
			value = secret.Mask
		}
		all[shown(ctx, rules, name)] = shown(ctx, rules, value)
	}
	if len(all) == 0 {
		return nil
	}
	return all
}
