package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/pratique/pratique/internal/api"
	"github.com/pratique/pratique/internal/api/client"
)

func newScheduleCommand(o *options) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "schedule",
		Short: "Scan images every few days: set, list and delete schedules",
		Long: `Scan images every few days: set, list and delete schedules. Each run of a
schedule is a batch.`,
	}
	cmd.AddCommand(newScheduleSetCommand(o), newScheduleListCommand(o), newScheduleDeleteCommand(o))
	return cmd
}

func newScheduleSetCommand(o *options) *cobra.Command {
	var choice scanChoice
	var every, at string
	var disable bool
	cmd := &cobra.Command{
		Use:   "set NAME",
		Short: "Create or replace a schedule",
		Long: `Create or replace a schedule. Without --namespace and --repository it scans all
images of the instance. What the command line does not name is as in a new
schedule.`,
		Example: `  pratique admin schedule set weekly --every 7d
  pratique admin schedule set nightly --every 1d --at 01:30 --namespace team --since 1d --rate 100
  pratique admin schedule set weekly --every 7d --disable`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			days, err := parseDays("every", every)
			if err != nil {
				return err
			}
			since, err := parseDays("since", choice.since)
			if err != nil {
				return err
			}
			c, err := o.client()
			if err != nil {
				return err
			}
			s, err := c.SetSchedule(cmd.Context(), args[0], api.ScheduleSet{
				Disabled: disable, EveryDays: days, At: at,
				Namespaces: choice.namespaces, Repositories: choice.repositories, PushedDays: since, ScanChoice: choice.choice(),
			})
			if err != nil {
				return err
			}
			return printSchedules(cmd.OutOrStdout(), []api.Schedule{s})
		},
	}
	choice.add(cmd.Flags())
	cmd.Flags().StringVar(&every, "every", "3d", "days between two runs: 1d, 3d, 7d or 14d")
	cmd.Flags().StringVar(&at, "at", "02:00", "time of day at which it runs, in UTC")
	cmd.Flags().BoolVar(&disable, "disable", false, "keep it, but do not run it")
	return cmd
}

func newScheduleListCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List schedules",
		Args:  cobra.NoArgs,
		RunE: withClient(o, func(cmd *cobra.Command, c *client.Client, _ []string) error {
			list, err := c.Schedules(cmd.Context())
			if err != nil {
				return err
			}
			return printSchedules(cmd.OutOrStdout(), list)
		}),
	}
}

func printSchedules(w io.Writer, list []api.Schedule) error {
	t := newTable(w, "NAME", "EVERY", "AT", "IMAGES", "RATE", "NEXT RUN", "LAST RUN", "BATCH")
	for _, s := range list {
		last := fmt.Sprint(s.LastBatch)
		switch {
		case s.Problem != "":
			last = "none: " + s.Problem
		case s.LastBatch == 0:
			last = ""
		}
		t.row(s.Name, fmt.Sprintf("%dd", s.EveryDays), s.At, describeSelection(s.Selection), describeRate(s.ImagesPerHour),
			moment(s.NextRun, "disabled"), moment(s.LastRun, "never"), last)
	}
	return t.flush()
}

func describeSelection(s api.Selection) string {
	text := strings.Join(append(append([]string{}, s.Namespaces...), s.Repositories...), ",")
	if s.All {
		text = "all"
	}
	if s.PushedDays > 0 {
		text += fmt.Sprintf(" of the last %dd", s.PushedDays)
	}
	return text
}

func describeRate(perHour int) string {
	if perHour == 0 {
		return "no limit"
	}
	return fmt.Sprintf("%d an hour", perHour)
}

func moment(at time.Time, never string) string {
	if at.IsZero() {
		return never
	}
	return at.UTC().Format(time.RFC3339)
}

func newScheduleDeleteCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "delete NAME",
		Short: "Delete a schedule; a run of it that goes on is a batch of its own",
		Args:  cobra.ExactArgs(1),
		RunE: withClient(o, func(cmd *cobra.Command, c *client.Client, args []string) error {
			if err := c.DeleteSchedule(cmd.Context(), args[0]); err != nil {
				return err
			}
			sayf(cmd.OutOrStdout(), "deleted schedule %s\n", args[0])
			return nil
		}),
	}
}
