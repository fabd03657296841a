package main

import (
	"fmt"
	"io"
	"net/url"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/pratique/pratique/internal/api/client"
	"github.com/pratique/pratique/internal/catalog"
)

func newAuditCommand(o *options) *cobra.Command {
	var actor, address, action, namespace, result, since, until, format string
	var limit int
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "Show who did what to what, or export it",
		Long: `Show the latest entries of the audit log: who did what to what, from where, with
which result, also what was refused. With --format csv or jsonl all entries that
the flags select are exported.`,
		Example: `  pratique admin audit
  pratique admin audit --actor ann --since 2026-09-01
  pratique admin audit --result denied --namespace team --limit 500
  pratique admin audit --format csv > audit.csv`,
		Args: cobra.NoArgs,
		RunE: withClient(o, func(cmd *cobra.Command, c *client.Client, _ []string) error {
			query := url.Values{}
			for name, value := range map[string]string{"actor": actor, "address": address, "action": action, "namespace": namespace, "result": result} {
				if value != "" {
					query.Set(name, value)
				}
			}
			for name, value := range map[string]string{"since": since, "until": until} {
				if value == "" {
					continue
				}
				at, err := parsePast(value, time.Now())
				if err != nil {
					return fmt.Errorf("--%s: %w", name, err)
				}
				query.Set(name, at.UTC().Format(time.RFC3339))
			}
			if format != "table" {
				query.Set("format", format)
				return exportAudit(cmd, c, query)
			}
			query.Set("limit", strconv.Itoa(limit))
			return showAudit(cmd, c, query)
		}),
	}
	f := cmd.Flags()
	f.StringVar(&actor, "actor", "", "only what this account did")
	f.StringVar(&address, "address", "", "only from there")
	f.StringVar(&action, "action", "", "only this action: an operation of the REST interface, login, registry.push, …")
	f.StringVarP(&namespace, "namespace", "n", "", "only what was done to this namespace")
	f.StringVar(&result, "result", "", "done, denied or failed")
	f.StringVar(&since, "since", "", "only from then on: a date (00:00 UTC), an RFC 3339 time, or how long ago, such as 7d or 36h")
	f.StringVar(&until, "until", "", "only before: a time in the same forms")
	f.IntVar(&limit, "limit", 100, "entries to show, up to 500")
	f.StringVarP(&format, "format", "f", "table", "table, csv or jsonl")
	return cmd
}

func exportAudit(cmd *cobra.Command, c *client.Client, query url.Values) error {
	body, err := c.ExportAudit(cmd.Context(), query)
	if err != nil {
		return err
	}
	defer body.Close()
	_, err = io.Copy(cmd.OutOrStdout(), body)
	return err
}

func showAudit(cmd *cobra.Command, c *client.Client, query url.Values) error {
	entries, err := c.Audit(cmd.Context(), query)
	if err != nil {
		return err
	}
	t := newTable(cmd.OutOrStdout(), "TIME", "ACTOR", "FROM", "ACTION", "TARGET", "RESULT", "TIMES")
	for _, e := range entries {
		target, result := e.Target, e.Result
		switch {
		case e.Detail == "":
		case e.Result == string(catalog.AuditDone):
			target += " " + e.Detail
		default:
			result += " (" + e.Detail + ")"
		}
		t.row(e.At.UTC().Format(time.RFC3339), e.Actor, e.Address, e.Action, target, result, e.Count)
	}
	return t.flush()
}
