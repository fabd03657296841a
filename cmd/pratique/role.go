package main

import (
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/pratique/pratique/internal/api/client"
	"github.com/pratique/pratique/internal/catalog"
)

// realmFlags say where a role holds.
type realmFlags struct {
	client.Realm
	group bool
}

func (r *realmFlags) add(cmd *cobra.Command, holder bool) {
	cmd.Flags().StringVarP(&r.Namespace, "namespace", "n", "", "in this namespace (default in the whole instance)")
	cmd.Flags().BoolVar(&r.Everywhere, "everywhere", false, "in all instances, and over accounts")
	if holder {
		cmd.Flags().BoolVar(&r.group, "group", false, "NAME is a group")
	}
}

func (r *realmFlags) check() error {
	if r.Namespace != "" && r.Everywhere {
		return errors.New("--namespace and --everywhere contradict each other")
	}
	return nil
}

func newRoleCommand(o *options) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "role",
		Short: "Give roles, take them away, list them",
		Long: `Give roles, take them away, list them. An account or group has one role in a
namespace, one in the whole instance and one everywhere; what it may do is what
these allow together.`,
	}
	cmd.AddCommand(newRoleListCommand(o), newRoleGrantCommand(o), newRoleRevokeCommand(o))
	return cmd
}

func newRoleListCommand(o *options) *cobra.Command {
	var realm realmFlags
	cmd := &cobra.Command{
		Use: "list", Short: "List who holds which role", Args: cobra.NoArgs,
		Example: `  pratique admin role list
  pratique admin role list --namespace team
  pratique admin role list --everywhere`,
		RunE: withClient(o, func(cmd *cobra.Command, c *client.Client, _ []string) error {
			if err := realm.check(); err != nil {
				return err
			}
			roles, err := c.Roles(cmd.Context(), realm.Realm)
			if err != nil {
				return err
			}
			t := newTable(cmd.OutOrStdout(), "ROLE", "HOLDER", "GRANTED", "BY")
			for _, r := range roles {
				t.row(r.Role, catalog.RoleGrant{Account: r.Account, Group: r.Group}.Holder(), r.GrantedAt.UTC().Format(time.RFC3339), r.GrantedBy)
			}
			return t.flush()
		}),
	}
	realm.add(cmd, false)
	return cmd
}

func newRoleGrantCommand(o *options) *cobra.Command {
	var realm realmFlags
	cmd := &cobra.Command{
		Use: "grant ROLE NAME", Short: "Give an account or a group a role, in place of the one it has there", Args: cobra.ExactArgs(2),
		Long: `Give an account or a group a role, in place of the one it has there: reader,
writer, maintainer, administrator or auditor.`,
		Example: `  pratique admin role grant writer ann --namespace team
  pratique admin role grant reader developers --group
  pratique admin role grant administrator bob --everywhere`,
		RunE: withClient(o, func(cmd *cobra.Command, c *client.Client, args []string) error {
			role, err := catalog.ParseRole(args[0])
			if err != nil {
				return err
			}
			if err := realm.check(); err != nil {
				return err
			}
			if err := c.GrantRole(cmd.Context(), realm.Realm, args[1], realm.group, role); err != nil {
				return err
			}
			sayf(cmd.OutOrStdout(), "%s is %s%s\n", args[1], role, realm.where())
			return nil
		}),
	}
	realm.add(cmd, true)
	return cmd
}

func (r *realmFlags) where() string {
	switch {
	case r.Everywhere:
		return " everywhere"
	case r.Namespace != "":
		return " of " + r.Namespace
	}
	return " of the instance"
}

func newRoleRevokeCommand(o *options) *cobra.Command {
	var realm realmFlags
	cmd := &cobra.Command{
		Use: "revoke NAME", Short: "Take away the role an account or a group has there", Args: cobra.ExactArgs(1),
		Example: "  pratique admin role revoke ann --namespace team",
		RunE: withClient(o, func(cmd *cobra.Command, c *client.Client, args []string) error {
			if err := realm.check(); err != nil {
				return err
			}
			if err := c.RevokeRole(cmd.Context(), realm.Realm, args[0], realm.group); err != nil {
				return err
			}
			sayf(cmd.OutOrStdout(), "%s has no role%s itself\n", args[0], realm.where())
			return nil
		}),
	}
	realm.add(cmd, true)
	return cmd
}
