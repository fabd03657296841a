package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/pratique/pratique/internal/api/client"
	"github.com/pratique/pratique/internal/catalog"
)

func newRulesCommand(o *options) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "rules",
		Short: "List, show, set and remove the rules of a namespace",
		Long: `List, show, set and remove the rules of a namespace: files such as
secrets.yaml, which add to the rules of the server. Images are judged again by
them; where that takes another look at an image, the list tells how many have to
be scanned. A file with an error is refused, and the rules in force stay in force.`,
	}
	cmd.AddCommand(newRulesListCommand(o), newRulesShowCommand(o), newRulesSetCommand(o), newRulesRemoveCommand(o))
	return cmd
}

func newRulesListCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "list [NAMESPACE]",
		Short: "List the files of rules of a namespace, or of the server and which namespaces have some",
		Args:  cobra.MaximumNArgs(1),
		RunE: withClient(o, func(cmd *cobra.Command, c *client.Client, args []string) error {
			if len(args) == 0 {
				return listServerRules(cmd, c)
			}
			rules, err := c.Rules(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			t := newTable(cmd.OutOrStdout(), "FILE", "SIZE", "CHANGED", "BY")
			for _, f := range rules.Files {
				t.row(f.Name, f.Size, f.UpdatedAt.Format(time.RFC3339), f.UpdatedBy)
			}
			if err := t.flush(); err != nil || rules.NeedScan == 0 {
				return err
			}
			return sayf(cmd.OutOrStdout(), "%d images were looked at by other rules; scan them again before these count for them.\n", rules.NeedScan)
		}),
	}
}

func listServerRules(cmd *cobra.Command, c *client.Client) error {
	rules, err := c.ServerRules(cmd.Context())
	if err != nil {
		return err
	}
	t := newTable(cmd.OutOrStdout(), "OF", "FILES", "SIZE", "CHANGED")
	for _, f := range rules.Files {
		t.row("the server", f.Name, f.Size, "")
	}
	for _, n := range rules.Namespaces {
		t.row(n.Namespace, n.Files, "", n.UpdatedAt.Format(time.RFC3339))
	}
	return t.flush()
}

func newRulesShowCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "show NAMESPACE FILE",
		Short: "Print a file of rules",
		Args:  cobra.ExactArgs(2),
		RunE: withClient(o, func(cmd *cobra.Command, c *client.Client, args []string) error {
			text, err := c.RuleFile(cmd.Context(), args[0], args[1])
			if err != nil {
				return err
			}
			_, err = io.WriteString(cmd.OutOrStdout(), text)
			return err
		}),
	}
}

func newRulesSetCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use:     "set NAMESPACE FILE...",
		Short:   "Add or replace files of rules by files of the same names",
		Example: `  pratique admin rules set team rules/secrets.yaml rules/excluded-paths.txt`,
		Args:    cobra.MinimumNArgs(2),
		RunE: withClient(o, func(cmd *cobra.Command, c *client.Client, args []string) error {
			for _, file := range args[1:] {
				text, err := readRuleFile(file)
				if err != nil {
					return err
				}
				if err := c.PutRuleFile(cmd.Context(), args[0], filepath.Base(file), text); err != nil {
					return err
				}
				sayf(cmd.OutOrStdout(), "set %s of namespace %s\n", filepath.Base(file), args[0])
			}
			return nil
		}),
	}
}

func readRuleFile(name string) (string, error) {
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, catalog.MaxRuleFile+1))
	switch {
	case err != nil:
		return "", err
	case len(text) > catalog.MaxRuleFile:
		return "", fmt.Errorf("%s has more than %d bytes; keep large lists in the directory of rules that the server reads", name, catalog.MaxRuleFile)
	case len(text) == 0:
		return "", fmt.Errorf("%s is empty", name)
	}
	return string(text), nil
}

func newRulesRemoveCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "remove NAMESPACE FILE",
		Short: "Remove a file of rules",
		Args:  cobra.ExactArgs(2),
		RunE: withClient(o, func(cmd *cobra.Command, c *client.Client, args []string) error {
			if err := c.DeleteRuleFile(cmd.Context(), args[0], args[1]); err != nil {
				return err
			}
			sayf(cmd.OutOrStdout(), "removed %s of namespace %s\n", args[1], args[0])
			return nil
		}),
	}
}
