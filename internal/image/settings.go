package image

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pratique/pratique/internal/report"
	"github.com/pratique/pratique/internal/rules"
	"github.com/pratique/pratique/internal/secret"
)

// maxSecrets bounds what is told of one configuration.
const maxSecrets = 500

// settings returns what the configuration says beside the layers, of which
// there are n.
func (c *config) settings(n int) Settings {
	s := Settings{Env: c.Config.Env, Labels: c.Config.Labels, History: make([]Step, len(c.History))}
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
