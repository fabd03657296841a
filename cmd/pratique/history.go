package main

import (
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/pratique/pratique/internal/api/client"
	"github.com/pratique/pratique/internal/report"
)

// mostHistory is how much of a vulnerability's history is shown.
const mostHistory = 100

// showHistory tells when images had a vulnerability.
func showHistory(cmd *cobra.Command, c *client.Client, args []string, namespace string) error {
	if len(args) == 0 {
		return errors.New("--history is about one vulnerability: name it, such as CVE-2024-3094")
	}
	list, err := c.VulnerabilityHistory(cmd.Context(), args[0], namespace, mostHistory)
	if err != nil {
		return err
	}
	tw := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 8, 2, ' ', 0)
	fmt.Fprintln(tw, "IMAGE\tFOUND\tGONE\tPACKAGE\tPACKAGES\tFIXED\tSEVERITY")
	for _, p := range list {
		gone := "-"
		if !p.Until.IsZero() {
			gone = p.Until.Format(time.DateOnly)
		}
		fmt.Fprintf(tw, "%s/%s@%s\t%s\t%s\t%s\t%d\t%s\t%s\n", p.Namespace, p.Repository, shortDigest(p.Digest), p.Since.Format(time.DateOnly), gone,
			report.Printable(p.Package, 200), p.Packages, report.Printable(p.FixedVersion, 120), p.Severity)
	}
	return tw.Flush()
}
