package main

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/pratique/pratique/internal/api"
	"github.com/pratique/pratique/internal/api/client"
	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/report"
)

// options say which server the commands are about.
type options struct {
	server string
	data   string
	user   string
}

func (o *options) addFlags(f *pflag.FlagSet) {
	f.StringVar(&o.server, "server", "", "URL of the server to speak to (default PRATIQUE_SERVER, or the control socket in the data directory if there is one, or "+client.DefaultServer+")")
	f.StringVar(&o.data, "data", "", "the server's data directory (default PRATIQUE_DATA, or data)")
	f.StringVar(&o.user, "user", "", "account to log in as, with the password or a credential in PRATIQUE_PASSWORD (default PRATIQUE_USER, or what a registry login stored)")
}

// dataFlag is the data directory the command line names; empty if it does not.
func (o *options) dataFlag() string { return o.data }

// dataDir is the data directory in use.
func (o *options) dataDir() string { return cmp.Or(o.data, os.Getenv("PRATIQUE_DATA"), "data") }

// client speaks to the server the options and the environment name. A data
// directory on the command line counts more than a server in the environment.
func (o *options) client() (*client.Client, error) {
	server := o.server
	if server == "" && o.data == "" {
		server = os.Getenv("PRATIQUE_SERVER")
	}
	return client.New(client.Config{
		Server:   server,
		Data:     o.dataDir(),
		User:     cmp.Or(o.user, os.Getenv("PRATIQUE_USER")),
		Password: os.Getenv("PRATIQUE_PASSWORD"),
	})
}

// withClient runs what needs a server.
func withClient(o *options, do func(cmd *cobra.Command, c *client.Client, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		c, err := o.client()
		if err != nil {
			return err
		}
		return do(cmd, c, args)
	}
}

func newAdminCommand(o *options) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "admin",
		Short: "Look after namespaces, rules, scans, findings and accounts of a running server",
		Long: `Look after namespaces, rules, scans, findings and accounts of a running server.

Where the server's data directory is (--data), whoever may open the control
socket in it is the administrator. Elsewhere name the server with --server and
log in with PRATIQUE_USER and PRATIQUE_PASSWORD or a registry login.`,
	}
	cmd.AddCommand(newNamespaceCommand(o), newRepositoryCommand(o), newRulesCommand(o), newExceptionCommand(o), newGateCommand(o), newAuthorizeCommand(o), newSettingsCommand(o),
		newRequestScanCommand(o), newBatchCommand(o), newScheduleCommand(o), newVerdictCommand(o), newJudgingCommand(o), newVulnerabilityCommand(o),
		newPackageCommand(o), newEventsCommand(o), newMeteringCommand(o),
		newAccountCommand(o), newGroupCommand(o), newRoleCommand(o), newCredentialCommand(o), newAuditCommand(o), newPasswordCommand(o))
	return cmd
}

func newNamespaceCommand(o *options) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "namespace",
		Aliases: []string{"ns"},
		Short:   "Create, list, show, modify and delete namespaces",
	}
	cmd.AddCommand(
		newNamespaceCreateCommand(o),
		newNamespaceListCommand(o),
		newNamespaceShowCommand(o),
		newNamespaceSetCommand(o),
		newNamespacePreviewCommand(o),
		newNamespaceDeleteCommand(o),
	)
	return cmd
}

func newNamespaceCreateCommand(o *options) *cobra.Command {
	var public bool
	cmd := &cobra.Command{
		Use:   "create NAME",
		Short: "Create a namespace; scans and blocking are off until it is modified",
		Args:  cobra.ExactArgs(1),
		RunE: withClient(o, func(cmd *cobra.Command, c *client.Client, args []string) error {
			n, err := c.CreateNamespace(cmd.Context(), api.NamespaceCreate{Name: args[0], Public: public})
			if err != nil {
				return err
			}
			sayf(cmd.OutOrStdout(), "created namespace %s\n", n.Name)
			return nil
		}),
	}
	cmd.Flags().BoolVar(&public, "public", false, "images can be pulled without logging in")
	return cmd
}

func newNamespaceListCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List namespaces",
		Args:  cobra.NoArgs,
		RunE: withClient(o, func(cmd *cobra.Command, c *client.Client, _ []string) error {
			all, err := c.Namespaces(cmd.Context())
			if err != nil {
				return err
			}
			return printNamespaces(cmd.OutOrStdout(), all)
		}),
	}
}

func printNamespaces(w io.Writer, all []api.Namespace) error {
	t := newTable(w, "NAME", "REPOSITORIES", "PUBLIC", "AUTO-SCAN", "BLOCK", "ALLOWLIST")
	for _, n := range all {
		block := "off"
		if n.PreventVul {
			block = n.Severity + " or higher"
			if n.Gate.ReportOnly {
				block += " (reports only)"
			}
		}
		t.row(n.Name, n.Repositories, yesNo(n.Public), yesNo(n.AutoScan), block, describeAllowlist(n.Allowlist))
	}
	return t.flush()
}

func newNamespaceShowCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "show NAME",
		Short: "Show a namespace with its policy and allowlist",
		Args:  cobra.ExactArgs(1),
		RunE: withClient(o, func(cmd *cobra.Command, c *client.Client, args []string) error {
			n, err := c.Namespace(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return printNamespace(cmd.OutOrStdout(), n)
		}),
	}
}

func printNamespace(w io.Writer, n api.Namespace) error {
	t := newTable(w)
	t.row("name", n.Name)
	t.row("repositories", n.Repositories)
	t.row("public", yesNo(n.Public))
	t.row("auto-scan", yesNo(n.AutoScan))
	t.row("block", yesNo(n.PreventVul))
	t.row("severity", n.Severity)
	t.row("allowlist", describeAllowlist(n.Allowlist))
	for _, item := range n.Allowlist.Items {
		t.row("", item.CVEID)
	}
	addGate(t, n.Gate)
	return t.flush()
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func describeAllowlist(l api.Allowlist) string {
	text := strconv.Itoa(len(l.Items))
	if len(l.Items) == 0 || l.ExpiresAt == 0 {
		return text
	}
	verb := "until"
	if l.Expired {
		verb = "expired"
	}
	return fmt.Sprintf("%s, %s %s", text, verb, time.Unix(l.ExpiresAt, 0).UTC().Format(time.RFC3339))
}

func newNamespaceDeleteCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "delete NAME",
		Short: "Delete a namespace that holds nothing",
		Args:  cobra.ExactArgs(1),
		RunE: withClient(o, func(cmd *cobra.Command, c *client.Client, args []string) error {
			if err := c.DeleteNamespace(cmd.Context(), args[0]); err != nil {
				return err
			}
			sayf(cmd.OutOrStdout(), "deleted namespace %s\n", args[0])
			return nil
		}),
	}
}

// namespaceFlags are the settings "admin namespace set" can change. Only what
// the command line names is changed.
type namespaceFlags struct {
	public, autoScan, block bool
	severity                string
	allow                   []string
	allowFile               string
	allowNone               bool
	allowExpires            string
	gate                    gateFlags
}

func newNamespaceSetCommand(o *options) *cobra.Command {
	var s namespaceFlags
	cmd := &cobra.Command{
		Use:   "set NAME",
		Short: "Modify a namespace; what is not named keeps its value",
		Example: `  pratique admin namespace set team --auto-scan --block --severity high
  pratique admin namespace set team --block=false
  pratique admin namespace set team --block --report-only --grace 14 --waiting hold:2m
  pratique admin namespace set team --also-block malicious-file=low,weak-password=high --exempt deployer
  pratique admin namespace set team --allow CVE-2019-10164 --allow CVE-2024-3094 --allow-expires +30d
  pratique admin namespace set team --allow-file exempt.txt --allow-expires 2026-12-31`,
		Args: cobra.ExactArgs(1),
		RunE: withClient(o, func(cmd *cobra.Command, c *client.Client, args []string) error {
			change, err := s.change(cmd, func() (api.Namespace, error) { return c.Namespace(cmd.Context(), args[0]) })
			if err != nil {
				return err
			}
			if change == (api.NamespaceChange{}) {
				return errors.New("nothing to change: name at least one setting, see --help")
			}
			n, err := c.UpdateNamespace(cmd.Context(), args[0], change)
			if err != nil {
				return err
			}
			return printNamespace(cmd.OutOrStdout(), n)
		}),
	}
	f := cmd.Flags()
	f.BoolVar(&s.public, "public", false, "images can be pulled without logging in (--public=false: not)")
	f.BoolVar(&s.autoScan, "auto-scan", false, "scan every image that arrives (--auto-scan=false: only on request)")
	s.addPolicy(f)
	return cmd
}

// addPolicy adds the flags that are about what may be pulled.
func (s *namespaceFlags) addPolicy(f *pflag.FlagSet) {
	f.BoolVar(&s.block, "block", false, "block downloads of images with vulnerabilities at or above --severity (--block=false: none)")
	f.StringVar(&s.severity, "severity", "", "from which severity on to block: none (any vulnerability), low, medium, high or critical")
	f.StringArrayVar(&s.allow, "allow", nil, "vulnerability to exempt (repeatable); the ids given replace the list")
	f.StringVar(&s.allowFile, "allow-file", "", "file with vulnerabilities to exempt, one id per line, # for comments")
	f.BoolVar(&s.allowNone, "allow-none", false, "empty the allowlist and forget its expiry")
	f.StringVar(&s.allowExpires, "allow-expires", "", "when the allowlist stops counting: a date (00:00 UTC), an RFC 3339 time, +72h, +30d or never")
	s.gate.add(f)
}

// thresholds are the severities a namespace can block from; none means any
// vulnerability.
var thresholds = []string{"none", "low", "medium", "high", "critical"}

// change turns the flags into a request. current is asked only where half of
// an allowlist is given, as the server replaces it as a whole.
func (s *namespaceFlags) change(cmd *cobra.Command, current func() (api.Namespace, error)) (api.NamespaceChange, error) {
	var change api.NamespaceChange
	set := cmd.Flags().Changed
	if set("public") {
		change.Public = &s.public
	}
	if set("auto-scan") {
		change.AutoScan = &s.autoScan
	}
	if set("block") {
		change.PreventVul = &s.block
	}
	if set("severity") {
		severity := strings.ToLower(strings.TrimSpace(s.severity))
		if !slices.Contains(thresholds, severity) {
			return change, fmt.Errorf("--severity: %q is not a severity that can block: use none, low, medium, high or critical", s.severity)
		}
		change.Severity = &severity
	}
	if s.allowNone && (set("allow") || set("allow-file")) {
		return change, errors.New("--allow-none empties the allowlist: use it without --allow and --allow-file")
	}
	items := set("allow") || set("allow-file") || set("allow-none")
	if items || set("allow-expires") {
		list, err := s.allowlist(items, set("allow-expires"), current)
		if err != nil {
			return change, err
		}
		change.Allowlist = list
	}
	var err error
	change.Gate, err = s.gate.change(set)
	return change, err
}

func (s *namespaceFlags) allowlist(items, expiry bool, current func() (api.Namespace, error)) (*api.AllowlistChange, error) {
	list := &api.AllowlistChange{Items: []api.AllowlistItem{}}
	if !items || !expiry {
		n, err := current()
		if err != nil {
			return nil, err
		}
		list.Items = n.Allowlist.Items
		if n.Allowlist.ExpiresAt != 0 && !s.allowNone {
			list.ExpiresAt = &n.Allowlist.ExpiresAt
		}
	}
	if items {
		ids, err := s.ids()
		if err != nil {
			return nil, err
		}
		list.Items = make([]api.AllowlistItem, len(ids))
		for i, id := range ids {
			list.Items[i] = api.AllowlistItem{CVEID: id}
		}
	}
	if expiry {
		at, err := parseExpiry(s.allowExpires, time.Now())
		if err != nil {
			return nil, err
		}
		list.ExpiresAt = at
	}
	return list, nil
}

// ids are those of --allow and of --allow-file together.
func (s *namespaceFlags) ids() ([]string, error) {
	if s.allowFile == "" {
		return s.allow, nil
	}
	f, err := os.Open(s.allowFile)
	if err != nil {
		return nil, fmt.Errorf("--allow-file: %w", err)
	}
	defer f.Close()
	fromFile, err := readIDs(f)
	if err != nil {
		return nil, fmt.Errorf("--allow-file %s: %w", s.allowFile, err)
	}
	return append(s.allow[:len(s.allow):len(s.allow)], fromFile...), nil
}

// readIDs reads one id per line; "#" starts a comment. Whether they are ids,
// and not too many, is for the server to say.
func readIDs(r io.Reader) ([]string, error) {
	const most = 1 << 20
	var ids []string
	lines := bufio.NewScanner(io.LimitReader(r, most))
	for lines.Scan() {
		line, _, _ := strings.Cut(lines.Text(), "#")
		if id := strings.TrimSpace(line); id != "" {
			ids = append(ids, id)
		}
	}
	return ids, lines.Err()
}

// parseExpiry reads when an allowlist stops counting, in Unix seconds; nil is
// never.
func parseExpiry(text string, now time.Time) (*int64, error) {
	if text == "never" {
		return nil, nil
	}
	at, err := parseMoment(text, now)
	if err != nil {
		return nil, fmt.Errorf("--allow-expires: %q is no time: use a date such as 2026-12-31, an RFC 3339 time, +72h, +30d or never", text)
	}
	seconds := at.Unix()
	return &seconds, nil
}

// parseMoment reads a date, an RFC 3339 time, or how long from now, with or
// without a "+": 72h, +30d.
func parseMoment(text string, now time.Time) (time.Time, error) {
	if at, ok := parseTime(text); ok {
		return at, nil
	}
	after, err := parseSpan(strings.TrimPrefix(text, "+"))
	return now.Add(after), err
}

// parsePast reads a date, an RFC 3339 time, or how long ago: 36h, 7d.
func parsePast(text string, now time.Time) (time.Time, error) {
	if at, ok := parseTime(text); ok {
		return at, nil
	}
	ago, err := parseSpan(text)
	if err != nil {
		return time.Time{}, fmt.Errorf("%q is no time: use a date such as 2026-09-01, an RFC 3339 time, 36h or 7d", text)
	}
	return now.Add(-ago), nil
}

// parseTime reads a date, which begins at 00:00 UTC, or an RFC 3339 time.
func parseTime(text string) (at time.Time, ok bool) {
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if at, err := time.Parse(layout, text); err == nil {
			return at, true
		}
	}
	return at, false
}

// parseSpan reads how long something takes, in days of 24 hours or as Go writes
// it.
func parseSpan(text string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		n, err := strconv.ParseUint(days, 10, 16)
		return time.Duration(n) * 24 * time.Hour, err
	}
	d, err := time.ParseDuration(text)
	if err == nil && d < 0 {
		err = errors.New("negative")
	}
	return d, err
}

func newPasswordCommand(o *options) *cobra.Command {
	var stdin bool
	cmd := &cobra.Command{
		Use:   "password [NAME]",
		Short: "Give an account a new password",
		Long: `Give an account (admin, unless named) a new random password and print it, or
take one from standard input.`,
		Example: `  pratique admin password
  pratique admin password admin --password-stdin < secret.txt`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			account := "admin"
			if len(args) == 1 {
				account = args[0]
			}
			var chosen string
			if stdin {
				var err error
				if chosen, err = readPassword(cmd.InOrStdin()); err != nil {
					return err
				}
			}
			return changePassword(cmd, o, account, chosen)
		},
	}
	cmd.Flags().BoolVar(&stdin, "password-stdin", false, "take the password from the first line of standard input")
	return cmd
}

func changePassword(cmd *cobra.Command, o *options, account, chosen string) error {
	c, err := o.client()
	if err != nil {
		return err
	}
	password, err := c.SetPassword(cmd.Context(), account, chosen)
	if err != nil {
		return err
	}
	if chosen != "" {
		sayf(cmd.ErrOrStderr(), "%s has the password you chose\n", account)
		return nil
	}
	sayf(cmd.ErrOrStderr(), "the new password of %s, shown only now:\n", account)
	fmt.Fprintln(cmd.OutOrStdout(), password)
	return nil
}

func readPassword(r io.Reader) (string, error) {
	line, err := bufio.NewReader(io.LimitReader(r, 4096)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("read the password: %w", err)
	}
	if line = strings.TrimRight(line, "\r\n"); line == "" {
		return "", errors.New("there is no password on standard input")
	}
	return line, nil
}

func newRequestScanCommand(o *options) *cobra.Command {
	var wait, stop bool
	cmd := &cobra.Command{
		Use:   "scan NAMESPACE/REPOSITORY[:TAG|@DIGEST]",
		Short: "Ask for a scan of an image in the registry",
		Long: `Ask for a scan of an image in the registry. The report of an earlier scan counts
until the new one is complete.`,
		Example: `  pratique admin scan team/app:1
  pratique admin scan team/app:1 --wait
  pratique admin scan team/app:1 --stop`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			image, err := client.ParseImage(args[0])
			if err != nil {
				return err
			}
			c, err := o.client()
			if err != nil {
				return err
			}
			if stop {
				return stopScan(cmd, c, image)
			}
			return requestScan(cmd, c, image, wait)
		},
	}
	cmd.Flags().BoolVar(&wait, "wait", false, "wait until the scan has ended and tell its outcome")
	cmd.Flags().BoolVar(&stop, "stop", false, "stop the scan that waits or runs instead")
	cmd.MarkFlagsMutuallyExclusive("wait", "stop")
	return cmd
}

func stopScan(cmd *cobra.Command, c *client.Client, image client.Image) error {
	s, err := c.LatestScan(cmd.Context(), image)
	if err != nil {
		return err
	}
	if s.ID == 0 {
		return fmt.Errorf("%s is an index: stop the scans of its images, which \"pratique admin verdict %s\" lists", image, image)
	}
	if s, err = c.StopScan(cmd.Context(), s.ID); err != nil {
		return err
	}
	sayf(cmd.OutOrStdout(), "scan %d of %s: stopped\n", s.ID, image)
	return nil
}

// requestScan asks for a scan. Who waits is content with one that was already
// under way.
func requestScan(cmd *cobra.Command, c *client.Client, image client.Image, wait bool) error {
	s, err := c.RequestScan(cmd.Context(), image)
	if wait && client.IsCode(err, "scan_in_progress") {
		s, err = c.LatestScan(cmd.Context(), image)
	}
	if err != nil {
		return err
	}
	if !wait {
		sayf(cmd.OutOrStdout(), "%s: %s\n", scanName(s, image), s.State)
		return nil
	}
	if s, err = waitForScan(cmd, c, image, s); err != nil {
		return err
	}
	if s.State == catalog.Failed {
		return fmt.Errorf("%s failed: %w", scanName(s, image), scanFailure(s))
	}
	return printOutcome(cmd, c, image, s)
}

// printOutcome tells what a scan that succeeded found.
func printOutcome(cmd *cobra.Command, c *client.Client, image client.Image, s api.Scan) error {
	a, err := c.Artifact(cmd.Context(), image)
	if err != nil {
		return err
	}
	sayf(cmd.OutOrStdout(), "%s: %s after %d s\n", scanName(s, image), s.State, s.DurationSeconds)
	if a.ScanOverview != nil && a.ScanOverview.Findings != nil {
		sayf(cmd.OutOrStdout(), "%s\n", describeFindings(*a.ScanOverview.Findings))
	}
	printVerdict(cmd.OutOrStdout(), a.Verdict)
	return printMembers(cmd.OutOrStdout(), a)
}

// scanName names a scan, or those of the images of an index.
func scanName(s api.Scan, image client.Image) string {
	if s.ID == 0 {
		return "scans of the images of " + image.String()
	}
	return fmt.Sprintf("scan %d of %s", s.ID, image)
}

// printMembers prints the images of an index or a chart, if there are any.
func printMembers(w io.Writer, a api.Artifact) error {
	for _, other := range a.OtherImages {
		sayf(w, "not in this registry: %s\n", other)
	}
	if len(a.Members) == 0 {
		return nil
	}
	t := newTable(w, "IMAGE", "PLATFORM", "SCAN", "DOWNLOAD", "WORST")
	for _, m := range a.Members {
		scan, worst := "not scanned", ""
		if m.ScanOverview != nil {
			scan = string(m.ScanOverview.State)
			if m.ScanOverview.State == catalog.Running {
				scan += fmt.Sprintf(" %d %%", m.ScanOverview.Percent)
			}
			if m.ScanOverview.Cause != "" {
				scan += " (" + string(m.ScanOverview.Cause) + ")"
			}
			if f := m.ScanOverview.Findings; f != nil {
				worst = f.Severity
			}
		}
		t.row(m.Image, m.Platform, scan, fmt.Sprintf("%s (%s)", m.Verdict.Decision, m.Verdict.Reason), worst)
	}
	return t.flush()
}

func describeFindings(f api.Findings) string {
	var parts []string
	for _, s := range report.Severities() {
		if n := f.BySeverity[s.String()]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, s))
		}
	}
	if len(parts) == 0 {
		return "no vulnerabilities"
	}
	return fmt.Sprintf("%d vulnerabilities (%s), %d with a fixed version", f.Total, strings.Join(parts, ", "), f.Fixable)
}

func newVerdictCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use:     "verdict NAMESPACE/REPOSITORY[:TAG|@DIGEST]",
		Short:   "Tell whether an image can be downloaded now; the exit code is 2 if it, or an image of an index or a chart, cannot",
		Example: `  pratique admin verdict team/app:1`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			image, err := client.ParseImage(args[0])
			if err != nil {
				return err
			}
			c, err := o.client()
			if err != nil {
				return err
			}
			v, err := c.Verdict(cmd.Context(), image)
			if err != nil {
				return err
			}
			printVerdict(cmd.OutOrStdout(), v)
			if v.Members != "" {
				a, err := c.Artifact(cmd.Context(), image)
				if err != nil {
					return err
				}
				if err := printMembers(cmd.OutOrStdout(), a); err != nil {
					return err
				}
			}
			if v.Decision != catalog.Allow || cmp.Or(v.Members, catalog.Allow) != catalog.Allow {
				return exitError{code: exitFindings}
			}
			return nil
		},
	}
}

func printVerdict(w io.Writer, v api.Verdict) {
	sayf(w, "download: %s (%s)\n", v.Decision, v.Reason)
	if v.Message != "" {
		sayf(w, "%s\n", v.Message)
	}
	if !v.ChangesAt.IsZero() {
		sayf(w, "this can change on %s\n", v.ChangesAt.UTC().Format(time.RFC3339))
	}
}
