package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pratique/pratique/internal/server"
)

func newServeCommand(o *options) *cobra.Command {
	var (
		file string
		flag server.Config
	)
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the registry, the scanner and the gate",
		Long: `Run the registry, the scanner and the gate in one process.

Without any setting it listens on 127.0.0.1:8480 and keeps everything below
./data: blobs, a SQLite database, advisories. The first start creates the
administrator with a random password and prints it once.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := server.LoadConfig(file, os.Getenv)
			if err != nil {
				return err
			}
			overlay(&cfg.Address, flag.Address)
			overlay(&cfg.Data, o.dataFlag())
			overlay(&cfg.Database, flag.Database)
			overlay(&cfg.Advisories.Source, flag.Advisories.Source)
			overlay(&cfg.Log.Format, flag.Log.Format)
			return serve(cmd, cfg, o.dataFlag())
		},
	}
	f := cmd.Flags()
	f.StringVar(&file, "config", "", "configuration file (YAML)")
	f.StringVar(&flag.Address, "address", "", "address to listen on (default 127.0.0.1:8480)")
	f.StringVar(&flag.Database, "database", "", "sqlite:PATH or postgres://… (default SQLite in the data directory)")
	f.StringVar(&flag.Advisories.Source, "advisories-source", "", "directory, zip or URL to fetch advisories from (default the public OSV bucket)")
	f.StringVar(&flag.Log.Format, "log-format", "", "text or json (default text)")
	return cmd
}

// overlay sets a field to what the command line says, if it says anything.
func overlay(field *string, value string) {
	if value != "" {
		*field = value
	}
}

func serve(cmd *cobra.Command, cfg server.Config, dataFlag string) error {
	logger := cfg.Log.Logger(cmd.ErrOrStderr())
	s, err := server.New(cmd.Context(), cfg, logger, version)
	if err != nil {
		return err
	}
	// The threads of scans give way to all others, but not the places that Go has
	// for running threads: those are for scans in addition, unless somebody said
	// how many there are to be.
	if os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + s.ScanThreads())
	}
	welcome(cmd.OutOrStdout(), s, dataFlag)
	logger.Info("serving", "address", s.Addr(), "version", version)
	err = s.Run(cmd.Context())
	logger.Info("stopped")
	return err
}

// welcome tells a new user where everything is and what to do first. dataFlag
// is repeated in the commands shown, which need it as the server did.
func welcome(w io.Writer, s *server.Server, dataFlag string) {
	address := s.URL()
	fmt.Fprintf(w, "Pratique %s\n\n  address        %s\n", version, address)
	program := filepath.Base(os.Args[0])
	if strings.Contains(os.Args[0], "/") {
		program = os.Args[0]
	}
	data := ""
	if dataFlag != "" {
		data = " --data " + dataFlag
	}
	if name, password := s.FirstAdministrator(); password == "" {
		fmt.Fprintln(w)
	} else {
		scheme, host, _ := strings.Cut(address, "://")
		plain, plainTo := "", ""
		if scheme == "http" {
			plain, plainTo = " --tls-verify=false", " --dest-tls-verify=false"
		}
		fmt.Fprintf(w, firstSteps, name, password, host, program, data, plain, plainTo)
	}
	if !s.HasAdvisories() {
		fmt.Fprintf(w, noAdvisories, s.AdvisoriesSource(), program, data)
	}
}

const firstSteps = `  administrator  %[1]s
  password       %[2]s   (shown only now; "%[4]s admin password%[5]s" makes a new one)

Open the address in a browser, or push an image from here:

  %[4]s admin namespace create team%[5]s
  %[4]s admin namespace set team --auto-scan --block --severity high%[5]s
  skopeo login%[6]s -u %[1]s %[3]s
  skopeo copy%[7]s docker-archive:image.tar docker://%[3]s/team/app:1
  %[4]s report team/app:1 --wait%[5]s

Scans are authorized for the default tenant; "%[4]s admin authorize --revoke%[5]s"
takes that back.

`

const noAdvisories = `There are no advisories yet. They are being fetched from %s
in the background; scans wait for them. To import a copy you have:

  %s advisories import DIRECTORY%s

`
