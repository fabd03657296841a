package main

import (
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/pratique/pratique/internal/api"
	"github.com/pratique/pratique/internal/api/client"
	"github.com/pratique/pratique/internal/catalog"
)

func newGateCommand(o *options) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "gate",
		Short: "List, open and close the gates that scans must pass",
		Long: `List, open and close the gates that scans must pass: the tenant's switch for
scans (scanning), the permission to read its registries in the region
(registry-access), the tenant's authorization of scans in the region
(authorization), and whether this instance offers scans (feature). Only the
authorization is closed until somebody opens it.`,
	}
	cmd.AddCommand(newGateListCommand(o), newGateSetCommand(o, "open", true), newGateSetCommand(o, "close", false))
	return cmd
}

func newGateListCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the gates in the order in which they are checked",
		Args:  cobra.NoArgs,
		RunE: withClient(o, func(cmd *cobra.Command, c *client.Client, _ []string) error {
			gates, err := c.Gates(cmd.Context())
			if err != nil {
				return err
			}
			return printGates(cmd.OutOrStdout(), gates)
		}),
	}
}

func newGateSetCommand(o *options, verb string, open bool) *cobra.Command {
	return &cobra.Command{
		Use:     verb + " GATE",
		Short:   strings.ToUpper(verb[:1]) + verb[1:] + " a gate",
		Example: "  pratique admin gate " + verb + " authorization",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			gate, err := catalog.ParseScanGate(args[0])
			if err != nil {
				return err
			}
			return setGate(cmd, o, gate, open)
		},
	}
}

func newAuthorizeCommand(o *options) *cobra.Command {
	var revoke bool
	cmd := &cobra.Command{
		Use:   "authorize",
		Short: "Authorize scans for the instance's tenant in its region, once",
		Long: `Authorize scans for the instance's tenant in its region, once. Without it scans
fail with the cause swr_authentication_error. It is the gate "authorization".`,
		Example: `  pratique admin authorize
  pratique admin authorize --revoke`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return setGate(cmd, o, catalog.GateAuthorization, !revoke)
		},
	}
	cmd.Flags().BoolVar(&revoke, "revoke", false, "take the authorization back")
	return cmd
}

func setGate(cmd *cobra.Command, o *options, gate catalog.ScanGate, open bool) error {
	c, err := o.client()
	if err != nil {
		return err
	}
	gates, err := c.SetGate(cmd.Context(), string(gate), open)
	if err != nil {
		return err
	}
	return printGates(cmd.OutOrStdout(), gates)
}

func printGates(w io.Writer, gates []api.Gate) error {
	t := newTable(w, "GATE", "OPEN", "CHANGED", "BY")
	for _, g := range gates {
		changed := ""
		if g.ChangedAt != nil {
			changed = g.ChangedAt.UTC().Format(time.RFC3339)
		}
		t.row(g.Gate, yesNo(g.Open), changed, g.ChangedBy)
	}
	return t.flush()
}
