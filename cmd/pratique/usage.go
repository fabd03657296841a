package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// showHelp is what a command does that only holds others.
func showHelp(cmd *cobra.Command, _ []string) error { return cmd.Help() }

// explainUsage makes a command and those below it answer a wrong command line
// with one line that says what is wrong and what is right.
func explainUsage(cmd *cobra.Command) {
	cmd.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return fmt.Errorf("%w; see %s --help", err, cmd.CommandPath())
	})
	if cmd.HasSubCommands() {
		cmd.Args, cmd.RunE = unknownCommand, showHelp
	} else if check := cmd.Args; check != nil {
		cmd.Args = func(cmd *cobra.Command, args []string) error {
			if check(cmd, args) == nil {
				return nil
			}
			return fmt.Errorf("%s, but it is used like this: %s; see %s --help",
				given(args), strings.TrimSuffix(cmd.UseLine(), " [flags]"), cmd.CommandPath())
		}
	}
	for _, below := range cmd.Commands() {
		explainUsage(below)
	}
}

// given counts arguments in words.
func given(args []string) string {
	switch len(args) {
	case 0:
		return "an argument is missing"
	case 1:
		return fmt.Sprintf("there is an argument %q", args[0])
	}
	return fmt.Sprintf("there are %d arguments", len(args))
}

// unknownCommand refuses the arguments of a command that only holds others.
func unknownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	cmd.SuggestionsMinimumDistance = 2
	hint := "see " + cmd.CommandPath() + " --help"
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		hint = "did you mean " + strings.Join(near, " or ") + "?"
	}
	return fmt.Errorf("there is no command %s %s; %s", cmd.CommandPath(), args[0], hint)
}
