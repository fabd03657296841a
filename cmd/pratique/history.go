package main

import (
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/pratique/pratique/internal/api/client"
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
	t := newTable(cmd.OutOrStdout(), "IMAGE", "FOUND", "GONE", "PACKAGE", "PACKAGES", "FIXED", "SEVERITY")
	for _, p := range list {
		gone := "-"
		if !p.Until.IsZero() {
			gone = p.Until.Format(time.DateOnly)
		}
		t.row(p.Namespace+"/"+p.Repository+"@"+shortDigest(p.Digest), p.Since.Format(time.DateOnly), gone,
			p.Package, p.Packages, p.FixedVersion, p.Severity)
	}
	return t.flush()
}
