package storetest

import (
	"fmt"
	"strings"

	"github.com/pratique/pratique/internal/catalog"
)

// vexDocument says that nothing is affected by CVE-2024-1.
const vexDocument = `{"@context":"https://openvex.dev/ns","@id":"urn:x","author":"builder","timestamp":"2024-01-01T00:00:00Z","version":1,
	"statements":[{"vulnerability":{"name":"CVE-2024-1"},"status":"fixed"}]}`

// testAttachments: what is attached by subject or by cosign's tag is found as long
// as it is there, and its coming and going makes verdicts old, if it is believed.
func testAttachments(f *fixture) {
	ctx := f.Context()
	f.namespace("team", catalog.NamespaceChange{})
	key := f.key("team", "app")
	img := f.push(f.image(key, "1", strings.Repeat("a", 3))).Digest
	attach := func(tag, name, subject string) string {
		f.Helper()
		push := f.image(key, tag, name)
		push.Kind, push.Subject = catalog.KindOther, subject
		push.Attachments = []catalog.Attachment{{Kind: catalog.AttachedDocument, Content: []byte(vexDocument)}}
		return f.push(push).Digest
	}
	check := func(what string, want int) {
		f.Helper()
		list, err := f.s.ArtifactExceptions(ctx, key, img)
		f.ok(err)
		if len(list) != want {
			f.Errorf("%s: %d exceptions, want %d", what, len(list), want)
		}
	}
	believe := func(t catalog.StatementTrust) {
		f.Helper()
		_, err := f.s.UpdateNamespace(ctx, f.inst, "team", catalog.NamespaceChange{Gate: &catalog.GateChange{Statements: &catalog.StatementChange{Trust: &t}}})
		f.ok(err)
	}
	revision := f.revision("team")
	first := attach("", "first", img)
	check("not believed", 0)
	if f.revision("team") != revision {
		f.Error("what nobody believes makes verdicts old")
	}
	believe(catalog.TrustAny)
	check("believed", 1)
	list, err := f.s.ArtifactExceptions(ctx, key, img)
	f.ok(err)
	if e := list[0]; e.Document == nil || e.Document.Digest != first || e.Author != "builder" || e.Action != catalog.Whitelist {
		f.Errorf("%+v", e)
	}

	revision = f.revision("team")
	for _, step := range []struct {
		what string
		do   func() error
		want int
	}{
		{"deleted", func() error { return f.s.DeleteManifest(ctx, key, first) }, 0},
		{"attached again", func() error { attach("", "first", img); return nil }, 1},
		{"deleted again", func() error { return f.s.DeleteManifest(ctx, key, first) }, 0},
		{"by tag", func() error {
			sum := fmt.Sprintf("%064x", 7)
			other := f.image(key, "", "seven")
			other.Digest = "sha256:" + sum
			img = f.push(other).Digest
			attach("sha256-"+sum+".att", "second", "")
			return nil
		}, 1},
		{"tag deleted", func() error { return f.s.DeleteTag(ctx, key, strings.Replace(img, ":", "-", 1)+".att") }, 0},
	} {
		f.ok(step.do())
		check(step.what, step.want)
		if now := f.revision("team"); now <= revision {
			f.Errorf("%s: the revision stays %d", step.what, now)
		} else {
			revision = now
		}
	}
}
