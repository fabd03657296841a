package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/pratique/pratique/internal/api"
	"github.com/pratique/pratique/internal/api/client"
	"github.com/pratique/pratique/internal/catalog"
)

// gateFlags are the settings of a namespace's gate. Only what the command line
// names is changed.
type gateFlags struct {
	notScanned, waiting, running, failed, notScannable, scanRefused string
	reportOnly                                                      bool
	graceDays                                                       int
	alsoBlock                                                       map[string]string
	exempt                                                          []string
	exemptNone                                                      bool
	statements                                                      string
	statementKeys                                                   []string
}

func (g *gateFlags) add(f *pflag.FlagSet) {
	f.StringVar(&g.notScanned, "not-scanned", "", "what becomes of pulls of images for which no scan was asked: block, allow or hold:TIME (default block)")
	f.StringVar(&g.waiting, "waiting", "", "the same for images that wait for their first scan (default hold:30s)")
	f.StringVar(&g.running, "running", "", "the same while the first scan runs (default hold:30s)")
	f.StringVar(&g.failed, "failed", "", "the same for images of which no scan has succeeded (default block)")
	f.StringVar(&g.notScannable, "not-scannable", "", "the same for charts and other artifacts that are no images: block or allow (default allow)")
	f.StringVar(&g.scanRefused, "scan-refused", "", "the same for images that the instance's settings refuse to scan: block or allow (default block)")
	f.BoolVar(&g.reportOnly, "report-only", false, "record what would be refused, and refuse nothing (--report-only=false: refuse)")
	f.IntVar(&g.graceDays, "grace", 0, "days after its publication for which a vulnerability does not count in images that were pulled before (0: none)")
	f.StringToStringVar(&g.alsoBlock, "also-block", nil, "CATEGORY=SEVERITY from which on findings block, too, or CATEGORY=off; the categories are "+strings.Join(blockable(), ", "))
	f.StringArrayVar(&g.exempt, "exempt", nil, "account that may pull what is refused to others (repeatable); those given replace the list")
	f.BoolVar(&g.exemptNone, "exempt-none", false, "exempt no account")
	f.StringVar(&g.statements, "statements", "", "which OpenVEX documents attached to images are believed: off, signed (by a --statement-key) or any (whoever may push may then exempt) (default off)")
	f.StringArrayVar(&g.statementKeys, "statement-key", nil, "file with a public key, such as cosign.pub (repeatable); those given replace the earlier ones")
}

func blockable() []string {
	var names []string
	for _, c := range catalog.BlockableCategories() {
		names = append(names, string(c))
	}
	return names
}

// change turns the flags into a request; nil if there are none.
func (g *gateFlags) change(set func(flag string) bool) (*api.GateSettingsChange, error) {
	change, named := &api.GateSettingsChange{}, false
	for flag, take := range map[string]func(){
		"not-scanned":   func() { change.NotScanned = &g.notScanned },
		"waiting":       func() { change.Waiting = &g.waiting },
		"running":       func() { change.Running = &g.running },
		"failed":        func() { change.Failed = &g.failed },
		"not-scannable": func() { change.NotScannable = &g.notScannable },
		"scan-refused":  func() { change.ScanRefused = &g.scanRefused },
		"report-only":   func() { change.ReportOnly = &g.reportOnly },
		"grace":         func() { change.GraceDays = &g.graceDays },
		"also-block":    func() { change.AlsoBlock = &g.alsoBlock },
		"exempt":        func() { change.ExemptAccounts = &g.exempt },
	} {
		if set(flag) {
			take()
			named = true
		}
	}
	if g.exemptNone {
		if set("exempt") {
			return nil, errors.New("--exempt-none empties the list of accounts: use it without --exempt")
		}
		change.ExemptAccounts, named = &[]string{}, true
	}
	if set("statements") {
		change.Statements, named = &g.statements, true
	}
	if set("statement-key") {
		keys, err := readKeys(g.statementKeys)
		if err != nil {
			return nil, err
		}
		change.StatementKeys, named = &keys, true
	}
	if !named {
		return nil, nil
	}
	return change, nil
}

// readKeys reads files of public keys. A mistake is told by the file's name.
func readKeys(names []string) ([]string, error) {
	keys := make([]string, 0, len(names))
	for _, name := range names {
		text, err := readLimited(name, 64<<10)
		if err != nil {
			return nil, fmt.Errorf("--statement-key: %w", err)
		}
		if _, err := catalog.ParsePublicKey(string(text)); err != nil {
			return nil, fmt.Errorf("--statement-key %s: %w", name, err)
		}
		keys = append(keys, string(text))
	}
	return keys, nil
}

// readLimited reads a file that must not be larger than limit bytes.
func readLimited(name string, limit int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(text)) > limit {
		err = fmt.Errorf("%s has more than %d bytes", name, limit)
	}
	return text, err
}

// printGate prints the settings of a gate as rows.
func printGate(w io.Writer, g api.GateSettings) {
	fmt.Fprintf(w, "not scanned\t%s\n", g.NotScanned)
	fmt.Fprintf(w, "waiting for a scan\t%s\n", g.Waiting)
	fmt.Fprintf(w, "being scanned\t%s\n", g.Running)
	fmt.Fprintf(w, "scan failed\t%s\n", g.Failed)
	fmt.Fprintf(w, "not scannable\t%s\n", g.NotScannable)
	fmt.Fprintf(w, "scan refused\t%s\n", g.ScanRefused)
	fmt.Fprintf(w, "report only\t%s\n", yesNo(g.ReportOnly))
	fmt.Fprintf(w, "grace\t%d days\n", g.GraceDays)
	for _, category := range slices.Sorted(maps.Keys(g.AlsoBlock)) {
		fmt.Fprintf(w, "also blocks\t%s from %s on\n", category, g.AlsoBlock[category])
	}
	for _, account := range g.ExemptAccounts {
		fmt.Fprintf(w, "exempt\t%s\n", account)
	}
	fmt.Fprintf(w, "statements\t%s\n", g.Statements)
	for _, text := range g.StatementKeys {
		if k, err := catalog.ParsePublicKey(text); err == nil {
			fmt.Fprintf(w, "statement key\t%s\n", k.ID)
		}
	}
}

func newNamespacePreviewCommand(o *options) *cobra.Command {
	var s namespaceFlags
	cmd := &cobra.Command{
		Use:   "preview NAME",
		Short: "Tell what a policy would have refused of the pulls of the last 30 days",
		Long: `Tell what a policy would have refused of the pulls of the last 30 days: that of
the namespace, with what is named changed and blocking on. Nothing is changed.`,
		Example: `  pratique admin namespace preview team
  pratique admin namespace preview team --severity medium --grace 14 --also-block malicious-file=low`,
		Args: cobra.ExactArgs(1),
		RunE: withClient(o, func(cmd *cobra.Command, c *client.Client, args []string) error {
			change, err := s.change(cmd, func() (api.Namespace, error) { return c.Namespace(cmd.Context(), args[0]) })
			if err != nil {
				return err
			}
			p, err := c.PreviewPolicy(cmd.Context(), args[0], change)
			if err != nil {
				return err
			}
			return printPreview(cmd.OutOrStdout(), p)
		}),
	}
	s.addPolicy(cmd.Flags())
	return cmd
}

func printPreview(w io.Writer, p api.PolicyPreview) error {
	fmt.Fprintf(w, "since %s: %d artifacts were asked for %d times; %d of those pulls were refused\n", p.Since, p.Artifacts, p.Pulls, p.Refused)
	fmt.Fprintf(w, "the policy refuses %d of them, asked for %d times\n", p.Blocked.Artifacts, p.Blocked.Pulls)
	if !p.Complete {
		fmt.Fprintln(w, "more artifacts were asked for than were looked at: these are the ones most often asked for")
	}
	if len(p.Items) == 0 {
		return nil
	}
	tw := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	fmt.Fprintln(tw, "PULLS\tREPOSITORY\tTAGS\tDIGEST\tREASON\tWORST")
	for _, i := range p.Items {
		fmt.Fprintf(tw, "%d\t%s\t%s\t%.19s\t%s\t%s\n", i.Pulls, i.Repository, someTags(i.Tags), i.Digest, i.Reason, i.Severity)
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	if more := p.Blocked.Artifacts - len(p.Items); more > 0 {
		fmt.Fprintf(w, "and %d more\n", more)
	}
	return nil
}

// someTags are the first few tags on one line.
func someTags(tags []string) string {
	const most = 3
	if len(tags) <= most {
		return strings.Join(tags, ", ")
	}
	return strings.Join(tags[:most], ", ") + ", …"
}
