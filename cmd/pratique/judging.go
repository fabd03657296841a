package main

import (
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

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
	t := newTable(w)
	t.row("Advisories", j.Advisories)
	if j.Newest != "" {
		t.row("Newest", j.Newest)
	}
	t.row("Waiting", j.Waiting)
	if !j.StartedAt.IsZero() {
		t.row("Started", j.StartedAt.Format(time.RFC3339))
		t.row("Judged again", j.Done)
		t.row("Something else found", j.Changed)
		t.row("Other verdict", j.Verdicts)
		t.row("Failed", j.Failed)
	}
	if !j.EndedAt.IsZero() {
		t.row("Ended", j.EndedAt.Format(time.RFC3339))
	}
	return t.flush()
}

// vulnerabilityFlags select vulnerabilities and order them.
type vulnerabilityFlags struct {
	namespace, query, severity, fixable, sort string
	exploited                                 bool
	limit                                     int
}

func (v *vulnerabilityFlags) add(f *pflag.FlagSet) {
	f.StringVar(&v.namespace, "namespace", "", "only images of this namespace")
	f.StringVar(&v.query, "search", "", "only with this in the id or in a package's name")
	f.StringVar(&v.severity, "severity", "", "only of this severity or higher")
	f.StringVar(&v.fixable, "fixable", "", "only with a fixed version for a package (yes), or with none for any (no)")
	f.BoolVar(&v.exploited, "exploited", false, "only those known to be exploited")
	f.StringVar(&v.sort, "sort", "severity", "what comes first: severity, images, epss, since or id")
	f.IntVar(&v.limit, "limit", 100, "vulnerabilities to list, up to 500")
}

func (v *vulnerabilityFlags) values() url.Values {
	query := url.Values{"limit": {strconv.Itoa(v.limit)}, "sort": {v.sort}}
	for name, value := range map[string]string{"namespace": v.namespace, "q": v.query, "severity": v.severity, "fixable": v.fixable} {
		if value != "" {
			query.Set(name, value)
		}
	}
	if v.exploited {
		query.Set("exploited", "true")
	}
	return query
}

func newVulnerabilityCommand(o *options) *cobra.Command {
	var v vulnerabilityFlags
	var history bool
	cmd := &cobra.Command{
		Use:     "vulnerability [ID]",
		Aliases: []string{"cve"},
		Short:   "List the worst vulnerabilities of all images, or the images that have one",
		Example: `  pratique admin vulnerability
  pratique admin vulnerability --exploited --sort epss
  pratique admin vulnerability CVE-2024-3094
  pratique admin vulnerability CVE-2024-3094 --history`,
		Args: cobra.MaximumNArgs(1),
		RunE: withClient(o, func(cmd *cobra.Command, c *client.Client, args []string) error {
			if history {
				return showHistory(cmd, c, args, v.namespace)
			}
			if len(args) == 1 {
				uses, err := c.VulnerableImages(cmd.Context(), args[0], v.namespace)
				if err != nil {
					return err
				}
				return printUses(cmd.OutOrStdout(), uses, true)
			}
			list, err := c.RiskVulnerabilities(cmd.Context(), v.values())
			if err != nil {
				return err
			}
			return printVulnerabilities(cmd.OutOrStdout(), list)
		}),
	}
	v.add(cmd.Flags())
	cmd.Flags().BoolVar(&history, "history", false, "tell when images had it, what happened last first")
	return cmd
}

func printVulnerabilities(w io.Writer, list api.Counted[api.RiskVulnerability]) error {
	t := newTable(w, "VULNERABILITY", "SEVERITY", "EXPLOITED", "EPSS", "IMAGES", "PACKAGES", "FIXABLE", "SINCE", "TITLE")
	for _, v := range list.Items {
		epss := ""
		if v.EPSS != nil {
			epss = fmt.Sprintf("%.1f%%", 100*v.EPSS.Score)
		}
		t.row(v.ID, v.Severity, yesNo(v.Exploited), epss, v.Images, v.Packages, v.Fixable, v.Since.Format(time.DateOnly), oneLine(v.Title))
	}
	if err := t.flush(); err != nil || !list.More {
		return err
	}
	return sayf(w, "%d of %d vulnerabilities\n", len(list.Items), list.Total)
}

func newPackageCommand(o *options) *cobra.Command {
	var namespace, search, kind string
	var limit int
	cmd := &cobra.Command{
		Use:   "package [NAME [VERSION]]",
		Short: "List the packages of all images, or the images that hold one",
		Example: `  pratique admin package --search openss
  pratique admin package openssl`,
		Args: cobra.MaximumNArgs(2),
		RunE: withClient(o, func(cmd *cobra.Command, c *client.Client, args []string) error {
			if len(args) == 0 {
				list, err := c.RiskPackages(cmd.Context(), url.Values{"namespace": {namespace}, "q": {search}, "type": {kind}, "limit": {strconv.Itoa(limit)}})
				if err != nil {
					return err
				}
				return printPackages(cmd.OutOrStdout(), list)
			}
			uses, err := c.PackageImages(cmd.Context(), args[0], append(args, "")[1], namespace)
			if err != nil {
				return err
			}
			return printUses(cmd.OutOrStdout(), uses, false)
		}),
	}
	f := cmd.Flags()
	f.StringVar(&namespace, "namespace", "", "only images of this namespace")
	f.StringVar(&search, "search", "", "without NAME: only packages with this in their name")
	f.StringVar(&kind, "type", "", "without NAME: only packages of this type: deb, npm, maven, …")
	f.IntVar(&limit, "limit", 100, "packages to list, up to 500")
	return cmd
}

func printPackages(w io.Writer, list api.Counted[api.RiskPackage]) error {
	t := newTable(w, "PACKAGE", "TYPE", "VERSIONS", "IMAGES", "VULNERABILITIES", "WORST")
	for _, p := range list.Items {
		t.row(p.Name, p.Type, p.Versions, p.Images, p.Vulnerabilities, p.Severity)
	}
	if err := t.flush(); err != nil || !list.More {
		return err
	}
	return sayf(w, "%d of %d packages\n", len(list.Items), list.Total)
}

// printUses lists images that hold a package, with what is wrong with it if that
// was asked for.
func printUses(w io.Writer, uses []api.PackageImage, vulnerable bool) error {
	header := []string{"IMAGE", "TAGS", "PACKAGE", "VERSION", "TYPE"}
	if vulnerable {
		header = append(header, "SEVERITY", "FIXED", "SINCE")
	}
	t := newTable(w, header...)
	for _, u := range uses {
		cells := []any{u.Namespace + "/" + u.Repository + "@" + shortDigest(u.Digest), strings.Join(u.Tags, ","), u.Package, u.Version, u.Type}
		if vulnerable {
			cells = append(cells, u.Severity, u.FixedVersion, u.Since.Format(time.DateOnly))
		}
		t.row(cells...)
	}
	return t.flush()
}
