// Command pratique is a container registry with its own image scanner and a
// gate on every pull.
//
// "pratique serve" runs the registry, "pratique scan" looks into an image
// without any server, and the other commands talk to a server or look after
// the advisory database. Every command explains itself with --help.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

// version is set when a release is built.
var version = "devel"

func main() { os.Exit(run(os.Args[1:])) }

// run executes the command line and returns the exit code: 0, 1 after an
// error, 130 after an interrupt, or what an exitError says.
func run(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	root := newRootCommand()
	root.SetArgs(args)
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	err := root.ExecuteContext(ctx)
	var exit exitError
	switch {
	case err == nil:
		return 0
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		fmt.Fprintln(os.Stderr, "pratique: interrupted")
		return exitInterrupted
	case errors.As(err, &exit):
		if exit.message != "" {
			complain(exit.message)
		}
		return exit.code
	default:
		complain(err.Error())
		return 1
	}
}

// complain tells what went wrong. The words may be a server's, and quote an image.
func complain(message string) {
	fmt.Fprintln(os.Stderr, "pratique:", printableLines(message))
}

// exitInterrupted is the exit code of a command that a signal ended, as shells
// have it.
const exitInterrupted = 130

// exitError ends the program with a code of its own.
type exitError struct {
	code    int
	message string
}

func (e exitError) Error() string { return e.message }

func newRootCommand() *cobra.Command {
	var o options
	root := &cobra.Command{
		Use:   "pratique",
		Short: "A container registry that scans what it holds and gates what leaves it",
		Long: `Pratique is the licence a ship gets to enter port once it is found free of
disease. This program gives it to container images: it is a registry with its
own image scanner and a gate on every pull.`,
		Version:       version,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	o.addFlags(root.PersistentFlags())
	root.AddCommand(
		newServeCommand(&o),
		newScanCommand(&o),
		newReportCommand(&o),
		newDifferenceCommand(&o),
		newAdvisoriesCommand(&o),
		newAdminCommand(&o),
	)
	explainUsage(root)
	return root
}
