package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/pratique/pratique/internal/api"
	"github.com/pratique/pratique/internal/api/client"
)

func newCredentialCommand(o *options) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "credential",
		Short: "Make, list and revoke what programs log in with",
	}
	state := func(verb, short string, do func(cmd *cobra.Command, c *client.Client, id string) error) *cobra.Command {
		return &cobra.Command{
			Use: verb + " ID", Short: short, Args: cobra.ExactArgs(1),
			RunE: withClient(o, func(cmd *cobra.Command, c *client.Client, args []string) error {
				if err := do(cmd, c, args[0]); err != nil {
					return err
				}
				sayf(cmd.OutOrStdout(), "%sd credential %s\n", strings.TrimSuffix(verb, "e")+"e", args[0])
				return nil
			}),
		}
	}
	cmd.AddCommand(
		newCredentialCreateCommand(o),
		newCredentialListCommand(o),
		state("disable", "Disable a credential, at once", func(cmd *cobra.Command, c *client.Client, id string) error {
			return c.DisableCredential(cmd.Context(), id, true)
		}),
		state("enable", "Enable a credential again", func(cmd *cobra.Command, c *client.Client, id string) error {
			return c.DisableCredential(cmd.Context(), id, false)
		}),
		state("revoke", "Revoke a credential for good, at once", func(cmd *cobra.Command, c *client.Client, id string) error {
			return c.RevokeCredential(cmd.Context(), id)
		}),
	)
	return cmd
}

func newCredentialCreateCommand(o *options) *cobra.Command {
	var in api.CredentialCreate
	var temporary bool
	var expires string
	cmd := &cobra.Command{
		Use:   "create",
		Short: "Make a credential and print its token, which is shown only once",
		Long: `Make a credential and print its token, which is shown only once. It is used as the
password of the account by docker login, skopeo, oras, crane and this program, and
may do what the account may, narrowed to what the flags name.`,
		Example: `  pratique admin credential create --account deployer --name cluster --namespace team --verb pull
  pratique admin credential create --account builder --temporary --hours 2
  pratique admin credential create --account builder --name ci --expires 90d`,
		Args: cobra.NoArgs,
		RunE: withClient(o, func(cmd *cobra.Command, c *client.Client, _ []string) error {
			in.Kind = "long-term"
			if temporary {
				in.Kind = "temporary"
			}
			if !temporary && in.Hours != 0 {
				return errors.New("--hours is for temporary credentials; use --expires for others")
			}
			if expires != "" {
				at, err := parseMoment(expires, time.Now())
				if err != nil {
					return fmt.Errorf("--expires: %q is no time: use a date such as 2026-12-31, an RFC 3339 time, +72h or +30d", expires)
				}
				in.ExpiresAt = &at
			}
			made, err := c.CreateCredential(cmd.Context(), in)
			if err != nil {
				return err
			}
			sayf(cmd.ErrOrStderr(), "the token of credential %s of %s, shown only now:\n", made.ID, made.Account)
			fmt.Fprintln(cmd.OutOrStdout(), made.Token)
			return nil
		}),
	}
	f := cmd.Flags()
	f.StringVar(&in.Account, "account", "", "in whose name it is used (default your own)")
	f.StringVar(&in.Name, "name", "", "what it is for")
	f.BoolVar(&temporary, "temporary", false, "it counts for hours only")
	f.IntVar(&in.Hours, "hours", 0, "how long a temporary one counts, up to 24 (default 12)")
	f.StringVar(&expires, "expires", "", "when a long-term one stops counting: a date, an RFC 3339 time, +72h or +30d (default never)")
	f.StringSliceVarP(&in.Namespaces, "namespace", "n", nil, "only for these namespaces")
	f.StringSliceVar(&in.Verbs, "verb", nil, "only to do this: read, pull, push, scan, delete, handle, manage, list, audit, administer")
	return cmd
}

func newCredentialListCommand(o *options) *cobra.Command {
	var account string
	var all bool
	cmd := &cobra.Command{
		Use: "list", Short: "List credentials: your own, those of an account, or all", Args: cobra.NoArgs,
		Example: `  pratique admin credential list --all
  pratique admin credential list --account deployer`,
		RunE: withClient(o, func(cmd *cobra.Command, c *client.Client, _ []string) error {
			list, err := c.Credentials(cmd.Context(), account, all)
			if err != nil {
				return err
			}
			t := newTable(cmd.OutOrStdout(), "ID", "ACCOUNT", "NAME", "KIND", "STATE", "FOR", "EXPIRES", "USED")
			for _, c := range list {
				t.row(c.ID, c.Account, c.Name, c.Kind, c.State, describeLimit(c), describeTime(c.ExpiresAt), describeTime(c.UsedAt))
			}
			return t.flush()
		}),
	}
	cmd.Flags().StringVar(&account, "account", "", "only those of this account")
	cmd.Flags().BoolVar(&all, "all", false, "those of all accounts")
	return cmd
}

func describeLimit(c api.Credential) string {
	text := "everything"
	if len(c.Verbs) > 0 {
		text = strings.Join(c.Verbs, ",")
	}
	if len(c.Namespaces) > 0 {
		text += " in " + strings.Join(c.Namespaces, ",")
	}
	return text
}

// describeTime writes a moment, or "never" for none.
func describeTime(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.UTC().Format(time.RFC3339)
}
