package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/pratique/pratique/internal/api"
	"github.com/pratique/pratique/internal/api/client"
	"github.com/pratique/pratique/internal/report/render"
)

func newDifferenceCommand(o *options) *cobra.Command {
	var format, since string
	cmd := &cobra.Command{
		Use:     "difference NAMESPACE/REPOSITORY[:TAG|@DIGEST] [EARLIER]",
		Aliases: []string{"diff"},
		Short:   "Show what changed from one image in the registry to another",
		Long: `Show what an image in the registry has that an earlier one had not, and the
other way round: findings of all categories, and software. Without EARLIER it is
compared with the image that was pushed to the repository before it; with --since
with itself, as its report was then.`,
		Example: `  pratique difference team/java:2
  pratique difference team/java:2 team/java:1
  pratique difference team/java:2 --since 7d
  pratique difference team/java:2 --format json`,
		Args: cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if format != "table" && format != "json" {
				return fmt.Errorf("%q is not a form of differences: use table or json", format)
			}
			d, err := difference(cmd, o, args, since)
			if err != nil {
				return err
			}
			return printDifference(cmd.OutOrStdout(), d, format)
		},
	}
	cmd.Flags().StringVarP(&format, "format", "f", "table", "table or json")
	cmd.Flags().StringVar(&since, "since", "", "compare the image with itself, as its report was then: a date (00:00 UTC), an RFC 3339 time, or how long ago, such as 7d or 36h")
	return cmd
}

func difference(cmd *cobra.Command, o *options, args []string, since string) (d api.Difference, err error) {
	image, err := client.ParseImage(args[0])
	if err != nil {
		return d, err
	}
	var from *client.Image
	if len(args) == 2 {
		earlier, err := client.ParseImage(args[1])
		if err != nil {
			return d, err
		}
		from = &earlier
	}
	var at time.Time
	if since != "" {
		if from != nil {
			return d, errors.New("name either another image or --since: that compares the image with itself")
		}
		if at, err = parsePast(since, time.Now()); err != nil {
			return d, fmt.Errorf("--since: %w", err)
		}
	}
	c, err := o.client()
	if err != nil {
		return d, err
	}
	if !at.IsZero() {
		return c.DifferenceSince(cmd.Context(), image, at)
	}
	return c.Difference(cmd.Context(), image, from)
}

func printDifference(w io.Writer, d api.Difference, format string) error {
	if format == "json" {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(d)
	}
	options := render.Options{Color: isTerminal(w), Width: terminalWidth(w)}
	if !d.From.At.IsZero() {
		return render.DifferenceSince(w, &d.Difference, render.Then{Image: compared(d.To), At: d.From.At, First: d.From.First,
			Before: string(d.From.Decision), After: string(d.To.Decision)}, options)
	}
	return render.Difference(w, &d.Difference, compared(d.From), compared(d.To), options)
}

// compared names an image as people know it, or else by its digest.
func compared(c api.Compared) string {
	name := c.Namespace + "/" + c.Repository
	if len(c.Tags) > 0 {
		return name + ":" + c.Tags[0]
	}
	return name + "@" + c.Digest
}
