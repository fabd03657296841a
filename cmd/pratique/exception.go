package main

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/pratique/pratique/internal/api"
	"github.com/pratique/pratique/internal/api/client"
	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/report"
)

func newExceptionCommand(o *options) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "exception",
		Short: "Ignore and whitelist findings",
		Long: `Ignore and whitelist findings of all categories, in all images, in namespaces, in
repositories or in single images. What is ignored stays in reports, marked. What
is whitelisted goes away and does not block downloads.`,
	}
	cmd.AddCommand(
		newExceptionAddCommand(o),
		newExceptionListCommand(o),
		newExceptionChangeCommand(o),
		newExceptionRemoveCommand(o),
		newExceptionHistoryCommand(o),
		newExceptionExportCommand(o),
		newExceptionImportCommand(o),
	)
	return cmd
}

// exceptionFlags are what "admin exception add" makes an exception of.
type exceptionFlags struct {
	ignore, whitelist  bool
	criteria           api.ExceptionCriteria
	category           string
	images, namespaces []string
	allImages          bool
	reason, expires    string
}

func newExceptionAddCommand(o *options) *cobra.Command {
	var x exceptionFlags
	cmd := &cobra.Command{
		Use:   "add",
		Short: "Ignore or whitelist findings",
		Long: `Ignore or whitelist findings. All that is named must hold for a finding; at least
a vulnerability, a package, a rule, a path or a finding must be named, or for
single images a category.`,
		Example: `  pratique admin exception add --whitelist --vulnerability CVE-2024-3094 --image team/app --reason "not reachable" --expires 30d
  pratique admin exception add --ignore --rule jwt --path 'srv/testdata/**' --namespace team --reason "test data"
  pratique admin exception add --ignore --finding 4f1c0a9d2b7e5a6c8d3f --image team/app:1 --reason "revoked"
  pratique admin exception add --ignore --package linux-libc-dev --all-images --reason "headers only" --expires 2027-01-31`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			in, err := x.request(time.Now())
			if err != nil {
				return err
			}
			c, err := o.client()
			if err != nil {
				return err
			}
			e, err := c.CreateException(cmd.Context(), in)
			if err != nil {
				return err
			}
			sayf(cmd.OutOrStdout(), "exception %d: %s %s in %s, %s\n", e.ID, e.Action, aboutWhat(e), where(e), untilWhen(e))
			return nil
		},
	}
	f := cmd.Flags()
	f.BoolVar(&x.ignore, "ignore", false, "leave what is found in reports, marked; the gate decides as before")
	f.BoolVar(&x.whitelist, "whitelist", false, "take what is found out of reports and of what blocks downloads")
	cmd.MarkFlagsOneRequired("ignore", "whitelist")
	cmd.MarkFlagsMutuallyExclusive("ignore", "whitelist")
	x.addCriteria(f)
	f.StringArrayVar(&x.images, "image", nil, "NAMESPACE/REPOSITORY for all its images, or with :TAG or @DIGEST for one (repeatable)")
	f.StringArrayVar(&x.namespaces, "namespace", nil, "namespace for all its images (repeatable)")
	f.BoolVar(&x.allImages, "all-images", false, "all images of the instance")
	cmd.MarkFlagsOneRequired("image", "namespace", "all-images")
	cmd.MarkFlagsMutuallyExclusive("image", "namespace", "all-images")
	f.StringVar(&x.reason, "reason", "", "why, in up to 512 characters")
	f.StringVar(&x.expires, "expires", "never", "from when it is not to count any more: a date (00:00 UTC), an RFC 3339 time, 72h, 30d or never")
	return cmd
}

func (x *exceptionFlags) addCriteria(f *pflag.FlagSet) {
	f.StringVar(&x.criteria.Vulnerability, "vulnerability", "", "id of a vulnerability, or an alias")
	f.StringVar(&x.criteria.Package, "package", "", "name of a package")
	f.StringVar(&x.criteria.Rule, "rule", "", "id of the rule that found it")
	f.StringVar(&x.criteria.Path, "path", "", "pattern for all places of a finding: * and ? within a name, ** for directories")
	f.StringVar(&x.criteria.FindingID, "finding", "", "id of a finding, as reports show it")
	f.StringVar(&x.category, "category", "", "category of findings, such as sensitive-information")
}

// request turns the flags into a request. What the criteria may be is for the
// server to say.
func (x *exceptionFlags) request(now time.Time) (api.ExceptionCreate, error) {
	in := api.ExceptionCreate{Action: catalog.Whitelist, ExceptionCriteria: x.criteria, Reason: x.reason}
	if x.ignore {
		in.Action = catalog.Ignore
	}
	if strings.TrimSpace(x.reason) == "" {
		return in, errors.New("--reason is missing: say why, so that whoever reads it later can tell whether it still holds")
	}
	in.Category = report.Category(x.category)
	var err error
	if in.ExpiresAt, err = parseExpires(x.expires, now); err != nil {
		return in, err
	}
	in.Scope, in.Targets, err = x.targets()
	return in, err
}

// parseExpires reads when an exception stops counting; the zero time is never.
func parseExpires(text string, now time.Time) (time.Time, error) {
	if text == "never" {
		return time.Time{}, nil
	}
	at, err := parseMoment(text, now)
	if err != nil {
		return at, fmt.Errorf("--expires: %q is no time: use a date such as 2027-01-31, an RFC 3339 time, 72h, 30d or never", text)
	}
	return at.UTC(), nil
}

// targets are what the exception is to hold for: things of one kind.
func (x *exceptionFlags) targets() (scope catalog.ExceptionScope, targets []api.Target, err error) {
	scope = catalog.ScopeInstance
	for _, name := range x.namespaces {
		scope, targets = catalog.ScopeNamespace, append(targets, api.Target{Namespace: name})
	}
	for _, name := range x.images {
		t, err := parseTarget(name)
		if err != nil {
			return "", nil, err
		}
		kind := catalog.ScopeRepository
		if t.Reference != "" {
			kind = catalog.ScopeArtifact
		}
		if len(targets) > 0 && kind != scope {
			return "", nil, errors.New("--image names single images and whole repositories: make two exceptions of it")
		}
		scope, targets = kind, append(targets, t)
	}
	return scope, targets, nil
}

// parseTarget reads NAMESPACE/REPOSITORY[:TAG|@DIGEST]; without tag or digest
// it is the whole repository.
func parseTarget(name string) (api.Target, error) {
	image, err := client.ParseImage(name)
	t := api.Target{Namespace: image.Namespace, Repository: image.Repository}
	if strings.Contains(name, "@") || strings.LastIndexByte(name, ':') > strings.LastIndexByte(name, '/') {
		t.Reference = image.Reference
	}
	return t, err
}

// exceptionFilterFlags select exceptions.
type exceptionFilterFlags struct {
	client.ExceptionFilter
	image string
}

func (x *exceptionFilterFlags) add(f *pflag.FlagSet) {
	f.StringVar(&x.Namespace, "namespace", "", "only what holds for something in this namespace")
	f.StringVar(&x.image, "image", "", "only what holds for something in NAMESPACE/REPOSITORY, or with :TAG or @DIGEST for that image")
	f.StringVar(&x.Vulnerability, "vulnerability", "", "only what names this vulnerability")
	f.StringVar(&x.Finding, "finding", "", "only what names this finding")
	f.StringVar(&x.Rule, "rule", "", "only what names this rule")
	f.StringVar(&x.Category, "category", "", "only what names this category")
	f.StringVar(&x.Action, "action", "", "only ignore or only whitelist")
	f.StringVar(&x.State, "state", "", "only active, expired or removed ones")
}

// query returns whom to ask, and for what.
func (x *exceptionFilterFlags) query(cmd *cobra.Command, o *options) (*client.Client, client.ExceptionFilter, error) {
	c, err := o.client()
	if err != nil {
		return nil, client.ExceptionFilter{}, err
	}
	f, err := x.filter(cmd, c)
	return c, f, err
}

// filter finds the artifact that a tag names.
func (x *exceptionFilterFlags) filter(cmd *cobra.Command, c *client.Client) (client.ExceptionFilter, error) {
	f := x.ExceptionFilter
	if x.image == "" {
		return f, nil
	}
	t, err := parseTarget(x.image)
	if err != nil {
		return f, err
	}
	f.Namespace, f.Repository = t.Namespace, t.Repository
	if t.Reference != "" {
		a, err := c.Artifact(cmd.Context(), client.Image{Namespace: t.Namespace, Repository: t.Repository, Reference: t.Reference})
		if err != nil {
			return f, err
		}
		f.Digest = a.Digest
	}
	return f, nil
}

func newExceptionListCommand(o *options) *cobra.Command {
	var x exceptionFilterFlags
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List exceptions; removed ones only with --state removed",
		Example: `  pratique admin exception list
  pratique admin exception list --image team/app --state active`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, f, err := x.query(cmd, o)
			if err != nil {
				return err
			}
			all, err := c.Exceptions(cmd.Context(), f)
			if err != nil {
				return err
			}
			return printExceptions(cmd.OutOrStdout(), all)
		},
	}
	x.add(cmd.Flags())
	return cmd
}

func printExceptions(w io.Writer, all []api.Exception) error {
	t := newTable(w, "ID", "ACTION", "ABOUT", "IN", "HOLDS", "BY", "REASON")
	for _, e := range all {
		t.row(e.ID, e.Action, aboutWhat(e), where(e), untilWhen(e), e.Author, oneLine(e.Reason))
	}
	return t.flush()
}

func newExceptionHistoryCommand(o *options) *cobra.Command {
	var x exceptionFilterFlags
	cmd := &cobra.Command{
		Use:   "history [ID]",
		Short: "Tell who decided what about findings, latest first",
		Example: `  pratique admin exception history 7
  pratique admin exception history --vulnerability CVE-2024-3094`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, f, err := x.query(cmd, o)
			if err != nil {
				return err
			}
			if len(args) == 1 {
				if f.ID, err = parseExceptionID(args[0]); err != nil {
					return err
				}
			}
			events, err := c.ExceptionHistory(cmd.Context(), f)
			if err != nil {
				return err
			}
			return printExceptionHistory(cmd.OutOrStdout(), events)
		},
	}
	x.add(cmd.Flags())
	return cmd
}

func printExceptionHistory(w io.Writer, events []api.ExceptionEvent) error {
	t := newTable(w, "TIME", "ID", "WHAT", "BY", "ACTION", "ABOUT", "IN", "REASON")
	for _, v := range events {
		e := v.Exception
		t.row(v.At.UTC().Format(time.RFC3339), e.ID, v.What, v.Author, e.Action, aboutWhat(e), where(e), oneLine(v.Reason))
	}
	return t.flush()
}

func newExceptionChangeCommand(o *options) *cobra.Command {
	var reason, expires string
	cmd := &cobra.Command{
		Use:     "change ID",
		Short:   "Give an exception another reason or expiry",
		Example: `  pratique admin exception change 7 --expires 90d --reason "still no fix"`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := parseExceptionID(args[0])
			if err != nil {
				return err
			}
			var change api.ExceptionChange
			if cmd.Flags().Changed("reason") {
				change.Reason = &reason
			}
			if cmd.Flags().Changed("expires") {
				at, err := parseExpires(expires, time.Now())
				if err != nil {
					return err
				}
				if change.NeverExpires = at.IsZero(); !change.NeverExpires {
					change.ExpiresAt = &at
				}
			}
			c, err := o.client()
			if err != nil {
				return err
			}
			e, err := c.ChangeException(cmd.Context(), id, change)
			if err != nil {
				return err
			}
			return printExceptions(cmd.OutOrStdout(), []api.Exception{e})
		},
	}
	f := cmd.Flags()
	f.StringVar(&reason, "reason", "", "why it still holds")
	f.StringVar(&expires, "expires", "", "from when it is not to count any more: a date (00:00 UTC), an RFC 3339 time, 72h, 30d or never")
	cmd.MarkFlagsOneRequired("reason", "expires")
	return cmd
}

func newExceptionRemoveCommand(o *options) *cobra.Command {
	var reason string
	cmd := &cobra.Command{
		Use:     "remove ID",
		Short:   "Remove an exception: what it was about is handled no more",
		Example: `  pratique admin exception remove 7 --reason "there is a fix"`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := parseExceptionID(args[0])
			if err != nil {
				return err
			}
			c, err := o.client()
			if err != nil {
				return err
			}
			if err := c.RemoveException(cmd.Context(), id, reason); err != nil {
				return err
			}
			sayf(cmd.OutOrStdout(), "removed exception %d\n", id)
			return nil
		},
	}
	cmd.Flags().StringVar(&reason, "reason", "", "why, for the history")
	return cmd
}

func parseExceptionID(text string) (int64, error) {
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id < 1 {
		return 0, fmt.Errorf("%q is not the number of an exception: pratique admin exception list shows them", text)
	}
	return id, nil
}

// aboutWhat names what an exception is about.
func aboutWhat(e api.Exception) string { return catalog.Criteria(e.ExceptionCriteria).String() }

// where names what an exception holds for, in at most three names.
func where(e api.Exception) string {
	if len(e.Targets) == 0 {
		return "all images"
	}
	var names []string
	for _, t := range e.Targets[:min(len(e.Targets), 3)] {
		name := t.Namespace
		if t.Repository != "" {
			name += "/" + t.Repository
		}
		if algorithm, sum, ok := strings.Cut(t.Reference, ":"); ok {
			name += "@" + algorithm + ":" + sum[:min(len(sum), 12)]
		}
		names = append(names, name)
	}
	text := strings.Join(names, ", ")
	if more := len(e.Targets) - len(names); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// untilWhen tells how long an exception counts.
func untilWhen(e api.Exception) string {
	switch {
	case !e.RemovedAt.IsZero():
		return "removed " + e.RemovedAt.UTC().Format(time.DateOnly)
	case e.ExpiresAt.IsZero():
		return "for ever"
	case e.State == catalog.ExceptionExpired:
		return "expired " + e.ExpiresAt.UTC().Format(time.RFC3339)
	}
	return "until " + e.ExpiresAt.UTC().Format(time.RFC3339)
}

// oneLine makes a reason fit a table.
func oneLine(text string) string {
	const most = 60
	text = strings.Join(strings.Fields(text), " ")
	if utf8.RuneCountInString(text) > most {
		text = string([]rune(text)[:most-1]) + "…"
	}
	return text
}
