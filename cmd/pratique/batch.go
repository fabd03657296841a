package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/pratique/pratique/internal/api"
	"github.com/pratique/pratique/internal/api/client"
	"github.com/pratique/pratique/internal/catalog"
)

func newBatchCommand(o *options) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "batch",
		Short: "Scan many images: start, list, show and stop batches",
		Long: `Scan many images: start, list, show and stop batches. The images of a batch are
scanned one after the other, behind all scans that were asked for one by one.`,
	}
	cmd.AddCommand(newBatchStartCommand(o), newBatchListCommand(o), newBatchShowCommand(o), newBatchStopCommand(o))
	return cmd
}

// scanChoice are the flags that say which images to scan, for what and how fast.
type scanChoice struct {
	namespaces, repositories, categories []string
	since                                string
	rate                                 int
}

func (c *scanChoice) add(f *pflag.FlagSet) {
	f.StringSliceVar(&c.namespaces, "namespace", nil, "images of this namespace (repeatable)")
	f.StringSliceVar(&c.repositories, "repository", nil, "images of this repository, such as team/app or team/* (repeatable)")
	f.StringVar(&c.since, "since", "", "only what was pushed within so many days, such as 7d")
	f.StringSliceVar(&c.categories, "scan", nil, "what to look for beside vulnerabilities: "+strings.Join(catalog.ChoiceWords(), ", ")+" (default all)")
	f.IntVar(&c.rate, "rate", 0, "begin at most so many images an hour, up to 1000 (default no limit)")
}

func (c *scanChoice) choice() api.ScanChoice {
	return api.ScanChoice{Categories: c.categories, ImagesPerHour: c.rate}
}

// parseDays reads a number of days such as 7d; the empty text is 0.
func parseDays(flag, text string) (int, error) {
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseUint(strings.TrimSuffix(text, "d"), 10, 16)
	if err != nil || !strings.HasSuffix(text, "d") || n == 0 {
		return 0, fmt.Errorf("--%s: %q is no number of days: write it like 7d", flag, text)
	}
	return int(n), nil
}

func newBatchStartCommand(o *options) *cobra.Command {
	var choice scanChoice
	var all, preview bool
	cmd := &cobra.Command{
		Use:   "start [NAMESPACE/REPOSITORY:TAG|@DIGEST]...",
		Short: "Scan all images of a selection, one after the other",
		Long: `Scan all images of a selection, one after the other: those named, those of
namespaces or repositories, or all. Which they are is decided at once.`,
		Example: `  pratique admin batch start --all --preview
  pratique admin batch start --namespace team --since 7d --rate 100
  pratique admin batch start --repository 'team/backend*' --scan malware,secret
  pratique admin batch start team/app:1 team/app:2`,
		RunE: func(cmd *cobra.Command, args []string) error {
			days, err := parseDays("since", choice.since)
			if err != nil {
				return err
			}
			c, err := o.client()
			if err != nil {
				return err
			}
			in := api.BatchStart{ScanChoice: choice.choice(), Selection: api.Selection{
				All: all, Namespaces: choice.namespaces, Repositories: choice.repositories, Images: args, PushedDays: days,
			}}
			if preview {
				p, err := c.PreviewBatch(cmd.Context(), in)
				if err != nil {
					return err
				}
				printBatchPreview(cmd.OutOrStdout(), p)
				return nil
			}
			b, err := c.StartBatch(cmd.Context(), in)
			if err != nil {
				return err
			}
			sayf(cmd.OutOrStdout(), "batch %d: %s%s\n", b.ID, plural(b.Selected.Images, "image", "images"), leftOut(b.Selected))
			return nil
		},
	}
	choice.add(cmd.Flags())
	cmd.Flags().BoolVar(&all, "all", false, "all images of the instance")
	cmd.Flags().BoolVar(&preview, "preview", false, "only tell how many images that would be, and what it would cost")
	return cmd
}

func printBatchPreview(w io.Writer, p api.BatchPreview) {
	sayf(w, "%s%s\n", plural(p.Images, "image", "images"), leftOut(p.Selected))
	sayf(w, "up to %s: %d free, %d at the full price, %d discounted\n",
		plural(int(p.Units.Total), "unit", "units"), p.Units.Free, p.Units.Full, p.Units.Discounted)
}

func leftOut(s api.Selected) string {
	if s.NotImages+s.Untagged == 0 {
		return ""
	}
	return fmt.Sprintf(" (left out: %d that are no images, %d that the instance does not scan)", s.NotImages, s.Untagged)
}

func newBatchListCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the latest batches",
		Args:  cobra.NoArgs,
		RunE: withClient(o, func(cmd *cobra.Command, c *client.Client, _ []string) error {
			list, err := c.Batches(cmd.Context())
			if err != nil {
				return err
			}
			t := newTable(cmd.OutOrStdout(), "ID", "BEGAN", "BY", "STATE", "DONE", "SUCCESS", "FAILED", "STOPPED", "RISKY")
			for _, b := range list {
				t.row(b.ID, b.BeganAt.UTC().Format(time.RFC3339), beganBy(b), b.State,
					fmt.Sprintf("%d%% of %d", b.Percent, b.Selected.Images), b.Success, b.Failed, b.Stopped, b.Risky)
			}
			return t.flush()
		}),
	}
}

func beganBy(b api.Batch) string {
	if b.Schedule != "" {
		return "schedule " + b.Schedule
	}
	return b.By
}

func newBatchShowCommand(o *options) *cobra.Command {
	var images string
	cmd := &cobra.Command{
		Use:   "show ID",
		Short: "Show the progress of a batch and the images that failed",
		Example: `  pratique admin batch show 5
  pratique admin batch show 5 --images all`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := parseBatchID(args[0])
			if err != nil {
				return err
			}
			c, err := o.client()
			if err != nil {
				return err
			}
			b, err := c.Batch(cmd.Context(), id)
			if err != nil {
				return err
			}
			if err := printBatch(cmd.OutOrStdout(), b); err != nil {
				return err
			}
			if images == "all" {
				images = ""
			}
			list, err := c.BatchImages(cmd.Context(), id, images)
			if err != nil {
				return err
			}
			printBatchImages(cmd.OutOrStdout(), list)
			return nil
		},
	}
	cmd.Flags().StringVar(&images, "images", "failed", "which images to list: all, waiting, scanning, success, failed or stopped")
	return cmd
}

func parseBatchID(text string) (int64, error) {
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is not the number of a batch: see pratique admin batch list", text)
	}
	return id, nil
}

func printBatch(w io.Writer, b api.Batch) error {
	t := newTable(w)
	t.row("batch", fmt.Sprintf("%d, begun by %s on %s", b.ID, beganBy(b), b.BeganAt.UTC().Format(time.RFC3339)))
	t.row("state", fmt.Sprintf("%s, %d%%", b.State, b.Percent))
	t.row("images", fmt.Sprint(b.Selected.Images, leftOut(b.Selected)))
	t.row("success", fmt.Sprintf("%d, %d of them with a risk", b.Success, b.Risky))
	t.row("failed", b.Failed)
	t.row("stopped", b.Stopped)
	t.row("looks for", strings.Join(b.Categories, ", "))
	if b.ImagesPerHour > 0 {
		t.row("rate", fmt.Sprintf("%d images an hour", b.ImagesPerHour))
	}
	if b.State == string(catalog.BatchRunning) && b.RemainingMinutes != nil {
		t.row("remaining", "about "+plural(*b.RemainingMinutes, "minute", "minutes"))
	}
	return t.flush()
}

func printBatchImages(w io.Writer, list []api.BatchImage) {
	for _, i := range list {
		name := i.Repository + "@" + i.Digest
		if i.Tag != "" {
			name = i.Repository + ":" + i.Tag
		}
		sayf(w, "\n%s: %s", name, i.State)
		if i.Cause != "" {
			sayf(w, " (%s)\n  %s\n  %s", i.Cause, i.Detail, i.Advice)
		}
	}
	if len(list) > 0 {
		fmt.Fprintln(w)
	}
}

func newBatchStopCommand(o *options) *cobra.Command {
	var running bool
	cmd := &cobra.Command{
		Use:   "stop ID",
		Short: "Stop a batch: no further image of it is scanned",
		Example: `  pratique admin batch stop 5
  pratique admin batch stop 5 --running`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := parseBatchID(args[0])
			if err != nil {
				return err
			}
			c, err := o.client()
			if err != nil {
				return err
			}
			b, err := c.StopBatch(cmd.Context(), id, running)
			if err != nil {
				return err
			}
			sayf(cmd.OutOrStdout(), "batch %d: %s, %d of %d images were scanned\n", b.ID, b.State, b.Success, b.Selected.Images)
			return nil
		},
	}
	cmd.Flags().BoolVar(&running, "running", false, "stop the scans that run as well")
	return cmd
}
