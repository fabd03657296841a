package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

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

// addGate adds the settings of a gate as rows.
func addGate(t *table, g api.GateSettings) {
	t.row("not scanned", g.NotScanned)
	t.row("waiting for a scan", g.Waiting)
	t.row("being scanned", g.Running)
	t.row("scan failed", g.Failed)
	t.row("not scannable", g.NotScannable)
	t.row("scan refused", g.ScanRefused)
	t.row("report only", yesNo(g.ReportOnly))
	t.row("grace", fmt.Sprintf("%d days", g.GraceDays))
	for _, category := range slices.Sorted(maps.Keys(g.AlsoBlock)) {
		t.row("also blocks", fmt.Sprintf("%s from %s on", category, g.AlsoBlock[category]))
	}
	for _, account := range g.ExemptAccounts {
		t.row("exempt", account)
	}
	t.row("statements", g.Statements)
	for _, text := range g.StatementKeys {
		if k, err := catalog.ParsePublicKey(text); err == nil {
			t.row("statement key", k.ID)
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
	sayf(w, "since %s: %d artifacts were asked for %d times; %d of those pulls were refused\n", p.Since, p.Artifacts, p.Pulls, p.Refused)
	sayf(w, "the policy refuses %d of them, asked for %d times\n", p.Blocked.Artifacts, p.Blocked.Pulls)
	if !p.Complete {
		fmt.Fprintln(w, "more artifacts were asked for than were looked at: these are the ones most often asked for")
	}
	if len(p.Items) == 0 {
		return nil
	}
	t := newTable(w, "PULLS", "REPOSITORY", "TAGS", "DIGEST", "REASON", "WORST")
	for _, i := range p.Items {
		t.row(i.Pulls, i.Repository, someTags(i.Tags), shortDigest(i.Digest), i.Reason, i.Severity)
	}
	if err := t.flush(); err != nil {
		return err
	}
	if more := p.Blocked.Artifacts - len(p.Items); more > 0 {
		sayf(w, "and %d more\n", more)
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
