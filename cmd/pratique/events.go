package main

import (
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/pratique/pratique/internal/api"
	"github.com/pratique/pratique/internal/api/client"
	"github.com/pratique/pratique/internal/catalog"
)

func newEventsCommand(o *options) *cobra.Command {
	var follow bool
	var kinds []string
	var namespace string
	cmd := &cobra.Command{
		Use:   "events [NAMESPACE/REPOSITORY[@DIGEST]]",
		Short: "Show what happened: scans, changed verdicts, refused pulls",
		Example: `  pratique admin events
  pratique admin events team/app --kind pull.blocked
  pratique admin events --namespace team --follow`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			query := url.Values{}
			if namespace != "" {
				query.Set("namespace", namespace)
			}
			if len(kinds) > 0 {
				query.Set("kind", strings.Join(kinds, ","))
			}
			if len(args) == 1 {
				if err := selectArtifact(query, args[0]); err != nil {
					return err
				}
			}
			c, err := o.client()
			if err != nil {
				return err
			}
			return showEvents(cmd, c, query, follow)
		},
	}
	cmd.Flags().BoolVar(&follow, "follow", false, "go on with what happens, until interrupted")
	cmd.Flags().StringSliceVar(&kinds, "kind", nil, "only of these kinds: "+eventKinds())
	cmd.Flags().StringVar(&namespace, "namespace", "", "only about this namespace")
	return cmd
}

func eventKinds() string {
	var names []string
	for _, k := range catalog.EventKinds() {
		names = append(names, string(k))
	}
	return strings.Join(names, ", ")
}

// selectArtifact selects the events of a repository, or of an artifact of it.
func selectArtifact(query url.Values, name string) error {
	name, digest, _ := strings.Cut(name, "@")
	namespace, repository, ok := strings.Cut(name, "/")
	if !ok || strings.Contains(repository, ":") {
		return fmt.Errorf("%q is not NAMESPACE/REPOSITORY[@DIGEST]", name)
	}
	query.Set("namespace", namespace)
	query.Set("repository", repository)
	if digest != "" {
		query.Set("digest", digest)
	}
	return nil
}

func showEvents(cmd *cobra.Command, c *client.Client, query url.Values, follow bool) error {
	list, err := c.Events(cmd.Context(), query)
	if err != nil {
		return err
	}
	last := int64(0)
	for n := len(list) - 1; n >= 0; n-- {
		last = max(last, list[n].ID)
		printEvent(cmd.OutOrStdout(), list[n])
	}
	if !follow {
		return nil
	}
	err = c.Follow(cmd.Context(), query, last, func(e api.Event) (bool, error) {
		printEvent(cmd.OutOrStdout(), e)
		return false, nil
	})
	if cmd.Context().Err() != nil {
		return nil // interrupted
	}
	return err
}

func printEvent(w io.Writer, e api.Event) {
	subject := e.Namespace + "/" + e.Repository
	if e.Digest != "" {
		subject += "@" + shortDigest(e.Digest)
	}
	sayf(w, "%s  %-17s  %s  %s\n", e.At.UTC().Format(time.DateTime), e.Kind, subject, describeEvent(e))
}

// shortDigest is as much of a digest as tells it from others at a glance.
func shortDigest(digest string) string {
	if len(digest) > 19 {
		return digest[:19]
	}
	return digest
}

func describeEvent(e api.Event) string {
	parts := []string{}
	if e.Scan != 0 {
		parts = append(parts, fmt.Sprintf("scan %d", e.Scan))
	}
	if e.Before != "" {
		parts = append(parts, e.Before+" → "+e.After+" ("+e.Reason+")")
	}
	if e.Percent > 0 && e.Kind == string(catalog.EventScanProgress) {
		parts = append(parts, describeProgress(e.Percent, e.Progress, e.Layer))
	}
	if len(e.Vulnerabilities) > 0 {
		parts = append(parts, strings.Join(e.Vulnerabilities, " "))
	}
	if e.Count > 1 && e.Kind == string(catalog.EventBlocked) {
		parts = append(parts, fmt.Sprintf("%d times", e.Count))
	}
	if e.Account != "" {
		parts = append(parts, e.Account)
	}
	parts = append(parts, e.Cause)
	if e.Detail != "" && e.Kind != string(catalog.EventVerdict) {
		parts = append(parts, e.Detail)
	}
	return strings.Join(parts, ", ")
}

// describeProgress tells how far a scan is: "45 %, layer 3 of 12 (sha256:…), 20 of
// 64 MB".
func describeProgress(percent int, p catalog.Progress, layer string) string {
	text := fmt.Sprintf("%d %%", percent)
	if p.Layer > 0 {
		text += fmt.Sprintf(", layer %d of %d", p.Layer, p.Layers)
	}
	if layer != "" {
		text += " (" + shortDigest(layer) + ")"
	}
	if p.LayerSize >= 1<<20 {
		text += fmt.Sprintf(", %d of %d MB", p.LayerRead>>20, p.LayerSize>>20)
	}
	return text
}

// watchScan follows the scan of an image in the registry until it has ended, and
// tells its outcome.
func watchScan(cmd *cobra.Command, c *client.Client, image client.Image) error {
	s, err := c.LatestScan(cmd.Context(), image)
	if err != nil {
		return err
	}
	if s.ID == 0 { // those of an index's images, which no filter of events names
		if s, err = c.WaitForScan(cmd.Context(), image, s, lineProgress(cmd.ErrOrStderr())); err != nil {
			return err
		}
	}
	if !s.State.Ended() {
		query := url.Values{"scan": {fmt.Sprint(s.ID)}}
		err := c.Follow(cmd.Context(), query, 0, func(e api.Event) (bool, error) {
			printEvent(cmd.ErrOrStderr(), e)
			kind := catalog.EventKind(e.Kind)
			return kind == catalog.EventScanDone || kind == catalog.EventScanFailed, nil
		})
		if err != nil {
			return err
		}
		if s, err = c.Scan(cmd.Context(), s.ID); err != nil {
			return err
		}
	}
	if s.State == catalog.Failed {
		return fmt.Errorf("%s failed: %w", scanName(s, image), scanFailure(s))
	}
	return printOutcome(cmd, c, image, s)
}

// lineProgress prints a line whenever a scan is further than before.
func lineProgress(w io.Writer) func(api.Scan) {
	last := api.Scan{Percent: -1}
	return func(s api.Scan) {
		if s.State != last.State || s.Percent != last.Percent {
			sayf(w, "%s %d %%\n", s.State, s.Percent)
			last = s
		}
	}
}
