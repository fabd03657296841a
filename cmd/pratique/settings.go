package main

import (
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/pratique/pratique/internal/api"
	"github.com/pratique/pratique/internal/api/client"
	"github.com/pratique/pratique/internal/catalog"
)

func newSettingsCommand(o *options) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "settings",
		Short: "Show and change the limits of scans, and what is not scanned",
	}
	cmd.AddCommand(newSettingsShowCommand(o), newSettingsSetCommand(o))
	return cmd
}

func newSettingsShowCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "show",
		Short: "Show the settings of the instance",
		Args:  cobra.NoArgs,
		RunE: withClient(o, func(cmd *cobra.Command, c *client.Client, _ []string) error {
			s, err := c.Settings(cmd.Context())
			if err != nil {
				return err
			}
			return printSettings(cmd.OutOrStdout(), s)
		}),
	}
}

// settingsFlags are the settings of an instance. Only what the command line
// names is changed.
type settingsFlags struct {
	profile              string
	concurrent, layers   int
	timeout              time.Duration
	imageSize, layerSize string
	refuse               []string
	refuseNone, reset    bool
}

func newSettingsSetCommand(o *options) *cobra.Command {
	var s settingsFlags
	cmd := &cobra.Command{
		Use:   "set",
		Short: "Change settings of the instance",
		Long: `Change settings of the instance. What is not named keeps its value, but for
--profile and --reset, which set everything else to its default first.`,
		Example: `  pratique admin settings set --concurrent 4 --timeout 1h
  pratique admin settings set --image-size 20GB --layer-size 5GB --refuse untagged,windows
  pratique admin settings set --profile swr
  pratique admin settings set --reset`,
		Args: cobra.NoArgs,
		RunE: withClient(o, func(cmd *cobra.Command, c *client.Client, _ []string) error {
			before, err := c.Settings(cmd.Context())
			if err != nil {
				return err
			}
			change, err := s.change(before.Set, cmd.Flags().Changed)
			if err != nil {
				return err
			}
			after, err := c.SetSettings(cmd.Context(), api.SettingsChange{InstanceChange: change, Revision: before.Revision})
			if err != nil {
				return err
			}
			return printSettings(cmd.OutOrStdout(), after)
		}),
	}
	f := cmd.Flags()
	f.StringVar(&s.profile, "profile", "", "default: scan what can be scanned; swr: everything as the specification has it")
	f.IntVar(&s.concurrent, "concurrent", 0, "artifacts that are scanned at the same time, 1 to 100 (default 10)")
	f.DurationVar(&s.timeout, "timeout", 0, "time after which a scan fails, 1m to 24h (default 3h)")
	f.StringVar(&s.imageSize, "image-size", "", "largest image that is scanned, as stored, such as 50GB (1 GB is 2^30 bytes; default 50GB)")
	f.IntVar(&s.layers, "layers", 0, "most layers an image that is scanned can have, 1 to 1000 (default 127)")
	f.StringVar(&s.layerSize, "layer-size", "", "largest layer that is scanned, as stored (default 10GB)")
	f.StringSliceVar(&s.refuse, "refuse", nil, "what is not scanned: "+refusals()+" (default none)")
	f.BoolVar(&s.refuseNone, "refuse-none", false, "scan whatever can be scanned")
	f.BoolVar(&s.reset, "reset", false, "give everything that is not named its default")
	cmd.MarkFlagsMutuallyExclusive("refuse", "refuse-none")
	return cmd
}

func refusals() string {
	var names []string
	for _, r := range catalog.Refusals() {
		names = append(names, string(r))
	}
	return strings.Join(names, ", ")
}

// change is what the instance sets after the flags, having set before.
func (s *settingsFlags) change(before catalog.InstanceChange, set func(flag string) bool) (catalog.InstanceChange, error) {
	c := before
	if s.reset || set("profile") {
		c = catalog.InstanceChange{}
	}
	var err error
	size := func(flag, text string) *int64 {
		n, wrong := parseSize(text)
		if wrong != nil {
			err = errors.Join(err, fmt.Errorf("--%s: %w", flag, wrong))
		}
		return &n
	}
	named := s.reset || s.refuseNone
	for flag, take := range map[string]func(){
		"profile":    func() { c.Profile = (*catalog.Profile)(&s.profile) },
		"concurrent": func() { c.Concurrent = &s.concurrent },
		"layers":     func() { c.Layers = &s.layers },
		"timeout":    func() { seconds := int64(s.timeout / time.Second); c.TimeoutSeconds = &seconds },
		"image-size": func() { c.ImageSize = size("image-size", s.imageSize) },
		"layer-size": func() { c.LayerSize = size("layer-size", s.layerSize) },
		"refuse":     func() { c.Refuse = refusalsOf(s.refuse) },
	} {
		if set(flag) {
			take()
			named = true
		}
	}
	if s.refuseNone {
		c.Refuse = &[]catalog.Refusal{}
	}
	if !named {
		return c, errors.New("nothing to change: name a setting, see pratique admin settings set --help")
	}
	return c, err
}

func refusalsOf(names []string) *[]catalog.Refusal {
	list := make([]catalog.Refusal, len(names))
	for i, name := range names {
		list[i] = catalog.Refusal(strings.ToLower(strings.TrimSpace(name)))
	}
	return &list
}

// sizeUnits are powers of 2, as the specification's limits are read.
var sizeUnits = []struct {
	suffix string
	shift  int
}{{"TB", 40}, {"GB", 30}, {"MB", 20}, {"KB", 10}}

// parseSize reads a number of bytes such as 1073741824, 512MB or 50GB.
func parseSize(text string) (int64, error) {
	number := strings.ToUpper(strings.ReplaceAll(strings.TrimSpace(text), " ", ""))
	number = strings.Replace(number, "IB", "B", 1)
	shift := 0
	for _, u := range sizeUnits {
		if rest, ok := strings.CutSuffix(number, u.suffix); ok {
			number, shift = rest, u.shift
			break
		}
	}
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || n < 0 || n > math.MaxInt64>>shift {
		return 0, fmt.Errorf("%q is no size: use a number of bytes, or one with MB or GB, such as 50GB", text)
	}
	return n << shift, nil
}

// formatSize is what parseSize reads, in the largest unit that is exact.
func formatSize(n int64) string {
	for _, u := range sizeUnits {
		if n >= 1<<u.shift && n%(1<<u.shift) == 0 {
			return strconv.FormatInt(n>>u.shift, 10) + u.suffix
		}
	}
	return strconv.FormatInt(n, 10)
}

func printSettings(w io.Writer, s api.Settings) error {
	t := newTable(w, "SETTING", "VALUE", "SET BY")
	row := func(name, value string, set bool) {
		by := "default"
		if set {
			by = "instance"
		} else if s.Profile == catalog.ProfileSWR {
			by = "profile"
		}
		t.row(name, value, by)
	}
	refuse := "none"
	if len(s.Refuse) > 0 {
		refuse = joinRefusals(s.Refuse)
	}
	waiting := "by priority"
	if s.FirstInFirstOut {
		waiting = "first in first out"
	}
	row("profile", string(s.Profile), s.Set.Profile != nil)
	row("concurrent", strconv.Itoa(s.ConcurrentScans), s.Set.Concurrent != nil)
	row("timeout", (time.Duration(s.ScanTimeout) * time.Second).String(), s.Set.TimeoutSeconds != nil)
	row("image-size", formatSize(s.ImageBytes), s.Set.ImageSize != nil)
	row("layers", strconv.Itoa(s.Layers), s.Set.Layers != nil)
	row("layer-size", formatSize(s.LayerBytes), s.Set.LayerSize != nil)
	row("refuse", refuse, s.Set.Refuse != nil)
	row("waiting", waiting, false)
	if err := t.flush(); err != nil || s.ChangedBy == "" {
		return err
	}
	return sayf(w, "changed by %s at %s\n", s.ChangedBy, s.ChangedAt.UTC().Format(time.RFC3339))
}

func joinRefusals(list []catalog.Refusal) string {
	names := make([]string, len(list))
	for i, r := range list {
		names[i] = string(r)
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}
