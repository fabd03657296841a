package scan_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"

	"github.com/pratique/pratique/internal/blob"
	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/image/imagetest"
	"github.com/pratique/pratique/internal/scan"
	"github.com/pratique/pratique/internal/store"
	"github.com/pratique/pratique/internal/store/storetest"
)

// TestEveryCause provokes each of the causes of specification §2.7, and holds
// that scan, event and observer tell it, and what a refused client reads.
func TestEveryCause(t *testing.T) {
	t.Parallel()
	judging := func(says string) provocation {
		return provocation{says: says, do: func(e *env) catalog.Artifact { return e.push(imagetest.Build(e, debian), "app", "1") },
			set: func(o *options, cause catalog.Cause) {
				o.probe = func(c catalog.Cause) error {
					if c == cause {
						panic("a hostile fact")
					}
					return nil
				}
			}}
	}
	gate := func(g catalog.ScanGate) provocation {
		return provocation{says: "gate " + string(g), do: func(e *env) catalog.Artifact {
			e.must(e.store.SetGate(e.Context(), e.instance.ID, g, false, "ann"))
			return e.push(imagetest.Build(e, debian), "app", "1")
		}}
	}
	// trouble fails each opening of the blob that which chooses of an image.
	trouble := func(says string, which func(*imagetest.Image) string, fail func(ctx context.Context) error) provocation {
		return provocation{says: says, do: func(e *env) catalog.Artifact {
			img := imagetest.Build(e, debian)
			bad := which(img)
			e.blobs.interfere(func(ctx context.Context, digest string) error {
				if digest == bad {
					return fail(ctx)
				}
				return nil
			})
			return e.push(img, "app", "1")
		}}
	}
	layer := func(img *imagetest.Image) string { return img.Layers[0].Digest }
	config := func(img *imagetest.Image) string { return img.ConfigDigest }
	manifest := func(mediaType, content string) func(e *env) catalog.Artifact {
		return func(e *env) catalog.Artifact {
			return e.put(catalog.ManifestPush{Key: e.key("app"), Digest: blob.SHA256.Of([]byte(content)), Content: []byte(content), Tag: "1",
				Kind: catalog.KindImage, MediaType: mediaType})
		}
	}
	limited := func(says string, c catalog.InstanceChange) provocation {
		return provocation{says: says, do: func(e *env) catalog.Artifact {
			e.settings(c)
			return e.push(layers(e, plainTar(e, "one"), plainTar(e, "two")), "app", "1")
		}}
	}
	one := 1
	boom := func(context.Context) error { panic("boom") }
	provocations := map[catalog.Cause]provocation{
		catalog.CauseUnknown:        trouble("unexpected", config, boom),
		catalog.CauseAuthentication: gate(catalog.GateRegistry),
		catalog.CauseRegistryAccess: trouble("storage", layer, func(context.Context) error { return errors.New("input/output error") }),
		catalog.CauseNotAuthorized:  gate(catalog.GateAuthorization),
		catalog.CauseDetailNotFound: {says: "manifest", do: manifest("application/vnd.oci.image.manifest.v1+json", `{"schemaVersion":2,"config":[]}`)},
		catalog.CauseDownload: {says: "missing", do: func(e *env) catalog.Artifact {
			img := imagetest.Build(e, debian)
			a := e.push(img, "app", "1")
			e.must(e.blobs.Delete(e.Context(), img.Layers[0].Digest))
			return a
		}},
		catalog.CauseImageTooLarge: {says: "more than 1048576", do: func(e *env) catalog.Artifact {
			size := int64(catalog.MinSize)
			e.settings(catalog.InstanceChange{ImageSize: &size})
			return e.push(imagetest.FromLayers(e, imagetest.RawLayer{Tar: make([]byte, size+1)}), "app", "1")
		}},
		catalog.CauseLayerTooLarge: limited("2 layers, more than 1", catalog.InstanceChange{Layers: &one}),
		catalog.CauseSchema1: {says: "schema 1", do: manifest("application/vnd.docker.distribution.manifest.v1+prettyjws",
			`{"schemaVersion":1,"name":"team/old","tag":"1","architecture":"amd64","fsLayers":[],"history":[]}`)},
		catalog.CauseVulnerabilities:   judging("system-vulnerability"),
		catalog.CauseFiles:             judging("malicious-file"),
		catalog.CauseSoftware:          trouble("unexpected", layer, boom),
		catalog.CauseSensitive:         judging("sensitive-information"),
		catalog.CauseBaseline:          judging("unsafe-setting"),
		catalog.CauseCompliance:        judging("software-compliance"),
		catalog.CauseBaseImage:         judging("base-image"),
		catalog.CauseBuildInstructions: judging("build instructions"),
		catalog.CauseTimeout: {says: "not done after 1s", set: func(o *options, _ catalog.Cause) { o.settings.Timeout = time.Second },
			do: trouble("", layer, func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }).do},
		catalog.CauseDatabase: {says: "database", do: func(e *env) catalog.Artifact {
			return e.push(imagetest.Build(e, debian), "app", "1")
		}},
		catalog.CauseRequest: gate(catalog.GateScanning),
		catalog.CauseStopped: {says: "stopped by ann", do: func(e *env) catalog.Artifact {
			a := e.push(imagetest.Build(e, debian), "app", "1")
			e.must(e.service.Stop(e.Context(), e.scans(a)[0].ID, "ann"))
			e.ended <- e.scans(a)[0] // nobody observes before the workers run
			return a
		}},
	}
	for _, cause := range catalog.Causes() {
		p, ok := provocations[cause]
		if !ok {
			t.Errorf("nothing provokes %s", cause)
			continue
		}
		t.Run(string(cause), func(t *testing.T) {
			t.Parallel()
			open := storetest.SQLite
			if cause == catalog.CauseDatabase {
				open = fullDatabase
			}
			e := newEnv(t, open(t), func(o *options) {
				if p.set != nil {
					p.set(o, cause)
				}
			})
			a := p.do(e)
			e.start()
			s := e.next()
			if s.ArtifactID != a.ID || s.State != catalog.Failed || s.Cause != cause || !strings.Contains(s.Detail, p.says) {
				e.Errorf("the scan ended as %s with %s: %s", s.State, s.Cause, s.Detail)
			}
			events, err := e.store.Events(e.Context(), e.instance.ID, catalog.EventFilter{ScanID: s.ID, Kinds: []catalog.EventKind{catalog.EventScanFailed}}, 0, 10)
			e.must(err)
			if len(events) != 1 || events[0].Cause != string(cause) || events[0].Data.Advice != cause.Advice() || events[0].Data.Detail != s.Detail {
				e.Errorf("events: %+v", events)
			}
			if msg := e.refusal(a); !strings.Contains(msg, string(cause)) || !strings.Contains(msg, cause.Advice()) {
				e.Errorf("a refused client reads: %s", msg)
			}
		})
	}
}

// provocation makes a scan fail.
type provocation struct {
	// set changes how the scanner is set up, do pushes the image, and says is
	// part of the detail.
	set  func(o *options, cause catalog.Cause)
	do   func(e *env) catalog.Artifact
	says string
}

// fullDatabase has no room for reports.
func fullDatabase(t testing.TB, _ ...storetest.Option) *store.Store {
	t.Helper()
	dsn := storetest.PostgreSQLDSN(t)
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	st, err := store.Open(t.Context(), store.Config{DSN: dsn})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	for _, text := range []string{
		`CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no space left' USING ERRCODE = 'disk_full'; END $$`,
		`CREATE TRIGGER full_disk BEFORE INSERT ON report FOR EACH ROW EXECUTE FUNCTION full_disk()`,
	} {
		if _, err := db.ExecContext(t.Context(), text); err != nil {
			t.Fatal(err)
		}
	}
	return st
}

// What goes wrong beside the image itself has the cause of what it was for.
func TestCauseOfTrouble(t *testing.T) {
	gone := &catalog.Error{Kind: catalog.Unavailable, Code: "database_error", Message: "gone"}
	for _, tc := range []struct {
		name string
		err  error
		want catalog.Cause
	}{
		{"anything", errors.New("odd"), catalog.CauseSoftware},
		{"a scan's", fmt.Errorf("read: %w", catalog.ScanErrorf(catalog.CauseSchema1, "old")), catalog.CauseSchema1},
		{"the database's", fmt.Errorf("read: %w", gone), catalog.CauseDatabase},
		{"too slow", fmt.Errorf("read: %w", context.DeadlineExceeded), catalog.CauseTimeout},
		{"looking for the base image", scan.StepError(catalog.CauseBaseImage, gone), catalog.CauseBaseImage},
	} {
		if got := scan.ScanError(tc.err, catalog.CauseSoftware); got.Cause != tc.want || strings.Contains(got.Detail, "odd") {
			t.Errorf("%s: %s (%s), want %s", tc.name, got.Cause, got.Detail, tc.want)
		}
	}
}
