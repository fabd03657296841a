package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/pratique/pratique/internal/api"
)

func newMeteringCommand(o *options) *cobra.Command {
	var month, format string
	cmd := &cobra.Command{
		Use:   "metering",
		Short: "Show how many scans the tenant used in a month",
		Long: `Show how many scans the tenant used in a month, by namespace. A scan counts when
it succeeds, also a repeated one.`,
		Example: `  pratique admin metering
  pratique admin metering --month 2026-09 --format csv`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if format != "table" && format != "json" && format != "csv" {
				return fmt.Errorf("--format: %q is no form of a statement: use table, json or csv", format)
			}
			c, err := o.client()
			if err != nil {
				return err
			}
			if format == "table" {
				s, err := c.Statement(cmd.Context(), month)
				if err != nil {
					return err
				}
				return printStatement(cmd.OutOrStdout(), s)
			}
			body, err := c.StatementAs(cmd.Context(), month, format)
			if err != nil {
				return err
			}
			defer body.Close()
			_, err = io.Copy(cmd.OutOrStdout(), body)
			return err
		},
	}
	cmd.Flags().StringVar(&month, "month", "", "the month, such as 2026-09 (default the current one, in UTC)")
	cmd.Flags().StringVar(&format, "format", "table", "form of the statement: table, json or csv")
	return cmd
}

func printStatement(w io.Writer, s api.Statement) error {
	t := newTable(w, "INSTANCE", "NAMESPACE", "SCANS")
	for _, u := range s.Namespaces {
		t.row(u.Instance, u.Namespace, u.Scans)
	}
	t.row("", "total of "+s.Month, s.Scans)
	t.row("", "free", s.Free)
	t.row("", "full price", s.Full)
	t.row("", "discounted", s.Discounted)
	return t.flush()
}
