package main

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/pratique/pratique/internal/api"
	"github.com/pratique/pratique/internal/api/client"
	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/report"
)

type reportOptions struct {
	*options
	output outputFlags
	wait   bool
}

func newReportCommand(o *options) *cobra.Command {
	r := reportOptions{options: o}
	cmd := &cobra.Command{
		Use:   "report NAMESPACE/REPOSITORY[:TAG|@DIGEST]",
		Short: "Show the report of an image in the registry",
		Long: `Show the report of an image in the registry: that of the latest scan that
succeeded, whatever became of later ones.`,
		Example: `  pratique report team/java:1
  pratique report team/java:1 --format sarif --output java.sarif
  pratique report team/java:1 --wait`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return r.run(cmd, args[0]) },
	}
	f := cmd.Flags()
	r.output.add(f)
	f.BoolVar(&r.wait, "wait", false, "wait until the latest scan of the image has ended")
	return cmd
}

func (r *reportOptions) run(cmd *cobra.Command, arg string) error {
	image, err := client.ParseImage(arg)
	if err != nil {
		return err
	}
	out, err := r.output.open(cmd.OutOrStdout())
	if err != nil {
		return err
	}
	defer out.discard()
	c, err := r.client()
	if err != nil {
		return err
	}
	// A tag may move while we wait; the digest stays with what was asked for.
	artifact, err := c.Artifact(cmd.Context(), image)
	if err != nil {
		return err
	}
	image.Reference = artifact.Digest
	if r.wait && artifact.ScanOverview != nil {
		if artifact.ScanOverview.Scan, err = waitForScan(cmd, c, image, artifact.ScanOverview.Scan); err != nil {
			return err
		}
	}
	rep, err := fetchReport(cmd, c, image)
	if err != nil {
		return explainNoReport(err, artifact)
	}
	if s := artifact.ScanOverview; s != nil && s.State == catalog.Failed {
		sayf(cmd.ErrOrStderr(), "pratique: the latest scan failed, so this is an earlier report: %v\n", scanFailure(s.Scan))
	}
	return out.write(rep)
}

func fetchReport(cmd *cobra.Command, c *client.Client, image client.Image) (*report.Report, error) {
	body, err := c.Report(cmd.Context(), image)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	var rep report.Report
	if err := json.NewDecoder(body).Decode(&rep); err != nil {
		return nil, fmt.Errorf("read the report from %s: %w", c.Place(), err)
	}
	return &rep, nil
}

// explainNoReport adds to the server's refusal what it knows of the scan.
func explainNoReport(err error, artifact api.Artifact) error {
	if artifact.Kind == catalog.KindIndex && len(artifact.Members) > 0 {
		return fmt.Errorf("this is an index, and each of its %d images has a report of its own: name one by its digest, such as %s/%s@%s (%s)",
			len(artifact.Members), artifact.Namespace, artifact.Repository, artifact.Members[0].Digest, artifact.Members[0].Platform)
	}
	if artifact.ScanOverview == nil || !client.IsCode(err, "not_scanned") {
		return err
	}
	switch s := artifact.ScanOverview.Scan; s.State {
	case catalog.Pending, catalog.Running:
		return fmt.Errorf("there is no report yet: the scan is %s (%d %%); wait for it with --wait", s.State, s.Percent)
	case catalog.Failed:
		return fmt.Errorf("there is no report: %w", scanFailure(s))
	}
	return err
}

// waitForScan waits until a scan has ended and tells its progress on a
// terminal.
func waitForScan(cmd *cobra.Command, c *client.Client, image client.Image, s api.Scan) (api.Scan, error) {
	var progress func(api.Scan)
	if stderr := cmd.ErrOrStderr(); isTerminal(stderr) {
		progress = func(s api.Scan) {
			var p catalog.Progress
			if s.Progress != nil {
				p = *s.Progress
			}
			sayf(stderr, "\r\x1b[K%-8s %s", s.State, describeProgress(s.Percent, p, ""))
		}
		defer fmt.Fprint(stderr, "\r\x1b[K")
	}
	return c.WaitForScan(cmd.Context(), image, s, progress)
}

// scanFailure is the error that a failed scan stands for.
func scanFailure(s api.Scan) error {
	return &catalog.ScanError{Cause: s.Cause, Detail: s.Detail}
}
