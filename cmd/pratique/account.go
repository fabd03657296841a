package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pratique/pratique/internal/api"
	"github.com/pratique/pratique/internal/api/client"
)

func newAccountCommand(o *options) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "account",
		Short: "Create, list, disable and delete accounts",
	}
	cmd.AddCommand(
		newAccountCreateCommand(o),
		&cobra.Command{
			Use: "list", Short: "List accounts with their groups and roles", Args: cobra.NoArgs,
			RunE: withClient(o, func(cmd *cobra.Command, c *client.Client, _ []string) error {
				all, err := c.Accounts(cmd.Context())
				if err != nil {
					return err
				}
				return printAccounts(cmd.OutOrStdout(), all)
			}),
		},
		&cobra.Command{
			Use: "show [NAME]", Short: "Show an account, or the one you are logged in as", Args: cobra.MaximumNArgs(1),
			RunE: withClient(o, func(cmd *cobra.Command, c *client.Client, args []string) error {
				if len(args) == 0 {
					own, err := c.OwnAccount(cmd.Context())
					if err != nil {
						return err
					}
					return printAccounts(cmd.OutOrStdout(), []api.Account{{Name: own.Name, Groups: own.Groups, Roles: own.Roles, OneTime: own.PasswordMustChange}})
				}
				a, err := c.Account(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				return printAccounts(cmd.OutOrStdout(), []api.Account{a})
			}),
		},
		newAccountStateCommand(o, "disable", "Disable an account: at once it can do nothing", true),
		newAccountStateCommand(o, "enable", "Enable an account again", false),
		&cobra.Command{
			Use: "delete NAME", Short: "Delete an account with its roles, credentials and sessions", Args: cobra.ExactArgs(1),
			RunE: withClient(o, func(cmd *cobra.Command, c *client.Client, args []string) error {
				if err := c.DeleteAccount(cmd.Context(), args[0]); err != nil {
					return err
				}
				sayf(cmd.OutOrStdout(), "deleted account %s\n", args[0])
				return nil
			}),
		},
		&cobra.Command{
			Use: "reset NAME", Short: "Give an account a one-time password, which opens nothing but its own change", Args: cobra.ExactArgs(1),
			RunE: withClient(o, func(cmd *cobra.Command, c *client.Client, args []string) error {
				password, err := c.ResetPassword(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				showPassword(cmd, args[0], password)
				return nil
			}),
		},
		newOwnPasswordCommand(o),
	)
	return cmd
}

// showPassword prints a one-time password to standard output, and what it is
// beside it.
func showPassword(cmd *cobra.Command, account, password string) {
	sayf(cmd.ErrOrStderr(), "the one-time password of %s, shown only now:\n", account)
	fmt.Fprintln(cmd.OutOrStdout(), password)
}

func newAccountCreateCommand(o *options) *cobra.Command {
	var stdin, none bool
	cmd := &cobra.Command{
		Use:   "create NAME",
		Short: "Create an account, without roles",
		Long: `Create an account, without roles. It gets a one-time password, which must be
changed at its first use, or the one on standard input, or none: then it is for
programs, which log in with credentials.`,
		Example: `  pratique admin account create ann
  pratique admin account create ann --password-stdin < secret.txt
  pratique admin account create deployer --no-password`,
		Args: cobra.ExactArgs(1),
		RunE: withClient(o, func(cmd *cobra.Command, c *client.Client, args []string) error {
			in := api.AccountCreate{Name: args[0], OneTime: !stdin && !none}
			if stdin && none {
				return errors.New("--password-stdin and --no-password contradict each other")
			}
			if stdin {
				var err error
				if in.Password, err = readPassword(cmd.InOrStdin()); err != nil {
					return err
				}
			}
			made, err := c.CreateAccount(cmd.Context(), in)
			if err != nil {
				return err
			}
			sayf(cmd.ErrOrStderr(), "created account %s; give it a role with: pratique admin role grant\n", made.Name)
			if made.Password != "" {
				showPassword(cmd, made.Name, made.Password)
			}
			return nil
		}),
	}
	cmd.Flags().BoolVar(&stdin, "password-stdin", false, "take the password from the first line of standard input")
	cmd.Flags().BoolVar(&none, "no-password", false, "for programs: log in with credentials only")
	return cmd
}

func newAccountStateCommand(o *options, verb, short string, disabled bool) *cobra.Command {
	return &cobra.Command{
		Use: verb + " NAME", Short: short, Args: cobra.ExactArgs(1),
		RunE: withClient(o, func(cmd *cobra.Command, c *client.Client, args []string) error {
			if err := c.DisableAccount(cmd.Context(), args[0], disabled); err != nil {
				return err
			}
			sayf(cmd.OutOrStdout(), "%sd account %s\n", verb, args[0])
			return nil
		}),
	}
}

func newOwnPasswordCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use:     "password",
		Short:   "Change your own password: the new one from standard input, the old one from PRATIQUE_PASSWORD",
		Example: `  pratique admin account password --server https://registry.example.com --user ann < new.txt`,
		Args:    cobra.NoArgs,
		RunE: withClient(o, func(cmd *cobra.Command, c *client.Client, _ []string) error {
			old := os.Getenv("PRATIQUE_PASSWORD")
			if old == "" {
				return errors.New("the old password is not in PRATIQUE_PASSWORD; an administrator can reset it with: pratique admin account reset")
			}
			password, err := readPassword(cmd.InOrStdin())
			if err != nil {
				return err
			}
			if err := c.ChangePassword(cmd.Context(), old, password); err != nil {
				return err
			}
			fmt.Fprintln(cmd.ErrOrStderr(), "the password was changed")
			return nil
		}),
	}
}

func printAccounts(w io.Writer, all []api.Account) error {
	t := newTable(w, "NAME", "STATE", "GROUPS", "ROLES")
	for _, a := range all {
		state := "enabled"
		switch {
		case a.Disabled:
			state = "disabled"
		case a.OneTime:
			state = "one-time password"
		}
		t.row(a.Name, state, strings.Join(a.Groups, ", "), describeRoles(a.Roles))
	}
	return t.flush()
}

func describeRoles(roles []api.HeldRole) string {
	var out []string
	for _, r := range roles {
		text := string(r.Role)
		switch r.Realm {
		case "namespace":
			text += " of " + r.Namespace
		case "everything":
			text += " everywhere"
		case "other-instance":
			text += " elsewhere"
		}
		if r.Group != "" {
			text += " (by " + r.Group + ")"
		}
		out = append(out, text)
	}
	return strings.Join(out, ", ")
}

func newGroupCommand(o *options) *cobra.Command {
	cmd := &cobra.Command{Use: "group", Short: "Create, list, fill and delete groups of accounts"}
	say := func(use, short string, args cobra.PositionalArgs, do func(cmd *cobra.Command, c *client.Client, args []string) error, done string) *cobra.Command {
		return &cobra.Command{
			Use: use, Short: short, Args: args,
			RunE: withClient(o, func(cmd *cobra.Command, c *client.Client, args []string) error {
				if err := do(cmd, c, args); err != nil {
					return err
				}
				sayf(cmd.OutOrStdout(), "%s %s\n", done, strings.Join(args, ": "))
				return nil
			}),
		}
	}
	cmd.AddCommand(
		say("create NAME", "Create a group", cobra.ExactArgs(1), func(cmd *cobra.Command, c *client.Client, args []string) error {
			return c.CreateGroup(cmd.Context(), args[0])
		}, "created group"),
		&cobra.Command{
			Use: "list", Short: "List groups with their members", Args: cobra.NoArgs,
			RunE: withClient(o, func(cmd *cobra.Command, c *client.Client, _ []string) error {
				groups, err := c.Groups(cmd.Context())
				if err != nil {
					return err
				}
				t := newTable(cmd.OutOrStdout(), "NAME", "MEMBERS")
				for _, g := range groups {
					t.row(g.Name, strings.Join(g.Members, ", "))
				}
				return t.flush()
			}),
		},
		say("add GROUP ACCOUNT", "Put an account into a group", cobra.ExactArgs(2), func(cmd *cobra.Command, c *client.Client, args []string) error {
			return c.SetMember(cmd.Context(), args[0], args[1], true)
		}, "added to"),
		say("remove GROUP ACCOUNT", "Take an account out of a group", cobra.ExactArgs(2), func(cmd *cobra.Command, c *client.Client, args []string) error {
			return c.SetMember(cmd.Context(), args[0], args[1], false)
		}, "removed from"),
		say("delete NAME", "Delete a group with its roles", cobra.ExactArgs(1), func(cmd *cobra.Command, c *client.Client, args []string) error {
			return c.DeleteGroup(cmd.Context(), args[0])
		}, "deleted group"),
	)
	return cmd
}
