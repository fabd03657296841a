package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/pratique/pratique/internal/api"
	"github.com/pratique/pratique/internal/api/client"
)

func newJudgingCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "judging",
		Short: "Tell how far all images are judged by the advisories, rules and policies in force",
		Long: `Tell how far all images are judged by the advisories, rules and policies in
force. When something changes, the images it concerns are judged again from what
is kept of their layers, without a scan.`,
		Args: cobra.NoArgs,
		RunE: withClient(o, func(cmd *cobra.Command, c *client.Client, _ []string) error {
			j, err := c.Judging(cmd.Context())
			if err != nil {
				return err
			}
			return printJudging(cmd.OutOrStdout(), j)
		}),
	}
}

func printJudging(w io.Writer, j api.Judging) error {
	tw := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	line := func(name string, value any) { fmt.Fprintf(tw, "%s\t%v\n", name, value) }
	line("Advisories", j.Advisories)
	if j.Newest != "" {
		line("Newest", j.Newest)
	}
	line("Waiting", j.Waiting)
	if !j.StartedAt.IsZero() {
		line("Started", j.StartedAt.Format(time.RFC3339))
		line("Judged again", j.Done)
		line("Something else found", j.Changed)
		line("Other verdict", j.Verdicts)
		line("Failed", j.Failed)
	}
	if !j.EndedAt.IsZero() {
		line("Ended", j.EndedAt.Format(time.RFC3339))
	}
	return tw.Flush()
}

func newVulnerabilityCommand(o *options) *cobra.Command {
	var namespace string
	var history bool
	cmd := &cobra.Command{
		Use:     "vulnerability [ID]",
		Aliases: []string{"cve"},
		Short:   "List the worst vulnerabilities of all images, or the images that have one",
		Example: `  pratique admin vulnerability
  pratique admin vulnerability CVE-2024-3094
  pratique admin vulnerability CVE-2024-3094 --history`,
		Args: cobra.MaximumNArgs(1),
		RunE: withClient(o, func(cmd *cobra.Command, c *client.Client, args []string) error {
			if history {
				return showHistory(cmd, c, args, namespace)
			}
			if len(args) == 1 {
				uses, err := c.VulnerableImages(cmd.Context(), args[0], namespace)
				if err != nil {
					return err
				}
				return printUses(cmd.OutOrStdout(), uses, true)
			}
			list, err := c.RiskVulnerabilities(cmd.Context(), namespace, 100)
			if err != nil {
				return err
			}
			tw := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 8, 2, ' ', 0)
			fmt.Fprintln(tw, "VULNERABILITY\tSEVERITY\tIMAGES\tPACKAGES\tFIXABLE\tSINCE")
			for _, v := range list {
				fmt.Fprintf(tw, "%s\t%s\t%d\t%d\t%d\t%s\n", v.ID, v.Severity, v.Images, v.Packages, v.Fixable, v.Since.Format(time.DateOnly))
			}
			return tw.Flush()
		}),
	}
	cmd.Flags().StringVar(&namespace, "namespace", "", "only images of this namespace")
	cmd.Flags().BoolVar(&history, "history", false, "tell when images had it, what happened last first")
	return cmd
}

func newPackageCommand(o *options) *cobra.Command {
	var namespace string
	cmd := &cobra.Command{
		Use:     "package NAME [VERSION]",
		Short:   "List the images that hold a package",
		Example: `  pratique admin package openssl`,
		Args:    cobra.RangeArgs(1, 2),
		RunE: withClient(o, func(cmd *cobra.Command, c *client.Client, args []string) error {
			uses, err := c.PackageImages(cmd.Context(), args[0], append(args, "")[1], namespace)
			if err != nil {
				return err
			}
			return printUses(cmd.OutOrStdout(), uses, false)
		}),
	}
	cmd.Flags().StringVar(&namespace, "namespace", "", "only images of this namespace")
	return cmd
}

// printUses lists images that hold a package, with what is wrong with it if that
// was asked for.
func printUses(w io.Writer, uses []api.PackageImage, vulnerable bool) error {
	tw := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	header := "IMAGE\tTAGS\tPACKAGE\tVERSION\tTYPE"
	if vulnerable {
		header += "\tSEVERITY\tFIXED\tSINCE"
	}
	fmt.Fprintln(tw, header)
	for _, u := range uses {
		fmt.Fprintf(tw, "%s/%s@%s\t%s\t%s\t%s\t%s", u.Namespace, u.Repository, shortDigest(u.Digest), strings.Join(u.Tags, ","), u.Package, u.Version, u.Type)
		if vulnerable {
			fmt.Fprintf(tw, "\t%s\t%s\t%s", u.Severity, u.FixedVersion, u.Since.Format(time.DateOnly))
		}
		fmt.Fprintln(tw)
	}
	return tw.Flush()
}
