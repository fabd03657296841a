package main

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/pratique/pratique/internal/api"
	"github.com/pratique/pratique/internal/api/client"
	"github.com/pratique/pratique/internal/report/render"
)

func newDifferenceCommand(o *options) *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:     "difference NAMESPACE/REPOSITORY[:TAG|@DIGEST] [EARLIER]",
		Aliases: []string{"diff"},
		Short:   "Show what changed from one image in the registry to another",
		Long: `Show what an image in the registry has that an earlier one had not, and the
other way round: findings of all categories, and software. Without EARLIER it is
compared with the image that was pushed to the repository before it.`,
		Example: `  pratique difference team/java:2
  pratique difference team/java:2 team/java:1
  pratique difference team/java:2 --format json`,
		Args: cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if format != "table" && format != "json" {
				return fmt.Errorf("%q is not a form of differences: use table or json", format)
			}
			d, err := difference(cmd, o, args)
			if err != nil {
				return err
			}
			return printDifference(cmd.OutOrStdout(), d, format)
		},
	}
	cmd.Flags().StringVarP(&format, "format", "f", "table", "table or json")
	return cmd
}

func difference(cmd *cobra.Command, o *options, args []string) (d api.Difference, err error) {
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
	c, err := o.client()
	if err != nil {
		return d, err
	}
	return c.Difference(cmd.Context(), image, from)
}

func printDifference(w io.Writer, d api.Difference, format string) error {
	if format == "json" {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(d)
	}
	return render.Difference(w, &d.Difference, compared(d.From), compared(d.To), render.Options{Color: isTerminal(w), Width: terminalWidth(w)})
}

// compared names an image as people know it, or else by its digest.
func compared(c api.Compared) string {
	name := c.Namespace + "/" + c.Repository
	if len(c.Tags) > 0 {
		return name + ":" + c.Tags[0]
	}
	return name + "@" + c.Digest
}
