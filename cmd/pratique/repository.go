package main

import (
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/pratique/pratique/internal/api"
	"github.com/pratique/pratique/internal/api/client"
)

func newRepositoryCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "repository [TEXT]",
		Short: "List the repositories of all namespaces, or those with a text in their name",
		Example: `  pratique admin repository
  pratique admin repository backend`,
		Args: cobra.MaximumNArgs(1),
		RunE: withClient(o, func(cmd *cobra.Command, c *client.Client, args []string) error {
			list, err := c.Repositories(cmd.Context(), append(args, "")[0])
			if err != nil {
				return err
			}
			return printRepositories(cmd.OutOrStdout(), list)
		}),
	}
}

func printRepositories(w io.Writer, list []api.RepositorySummary) error {
	t := newTable(w, "REPOSITORY", "IMAGES", "TAGS", "PUSHED", "CRITICAL", "HIGH", "BLOCKED")
	for _, r := range list {
		pushed := ""
		if !r.PushedAt.IsZero() {
			pushed = r.PushedAt.UTC().Format(time.RFC3339)
		}
		t.row(r.Namespace+"/"+r.Name, r.Standing.Images, r.Tags, pushed, r.Standing.Worst.Critical, r.Standing.Worst.High, r.Standing.Blocked)
	}
	return t.flush()
}
