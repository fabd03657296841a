package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/pratique/pratique/internal/judge"
	"github.com/pratique/pratique/internal/server"
)

// TestDocumentedCommandsParse holds that every command line of this program in
// the documents names commands, flags and numbers of arguments that exist.
func TestDocumentedCommandsParse(t *testing.T) {
	checked := 0
	for _, page := range pages(t) {
		for _, line := range commandLines(readPage(t, page)) {
			checked++
			if err := parseCommandLine(line); err != nil {
				t.Errorf("%s: %s: %v", page, strings.Join(line, " "), err)
			}
		}
	}
	if checked < 50 {
		t.Errorf("only %d command lines were found", checked)
	}
	// The check itself can fail.
	for _, wrong := range []string{"pratique scann x", "pratique scan --details", "pratique scan x --no-such-flag", "pratique admin namespace set a b", "pratique admin nothing", "pratique report a/b --wait=perhaps"} {
		if parseCommandLine(strings.Fields(wrong)) == nil {
			t.Errorf("%q is taken for right", wrong)
		}
	}
}

// TestEveryCommandIsDocumented holds that docs/cli.md has each command and flag.
func TestEveryCommandIsDocumented(t *testing.T) {
	text := readPage(t, "../../docs/cli.md")
	var visit func(cmd *cobra.Command)
	visit = func(cmd *cobra.Command) {
		if !cmd.HasSubCommands() && !strings.Contains(text, cmd.CommandPath()+" ") && !strings.Contains(text, cmd.CommandPath()+"\n") {
			t.Errorf("docs/cli.md has no example of %s", cmd.CommandPath())
		}
		cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if !f.Hidden && f.Name != "help" && !regexp.MustCompile(`--`+f.Name+`\b[^-]`).MatchString(text) {
				t.Errorf("docs/cli.md does not tell of --%s of %s", f.Name, cmd.CommandPath())
			}
		})
		for _, below := range cmd.Commands() {
			visit(below)
		}
	}
	visit(newRootCommand())
}

// TestDocumentedConfigurationIsTaken holds that the examples of configuration
// files are ones the server takes.
func TestDocumentedConfigurationIsTaken(t *testing.T) {
	examples := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(readPage(t, "../../docs/configuration.md"), -1)
	if len(examples) == 0 {
		t.Fatal("docs/configuration.md has no example")
	}
	for _, m := range examples {
		file := filepath.Join(t.TempDir(), "pratique.yaml")
		if err := os.WriteFile(file, []byte(m[1]), 0o600); err != nil {
			t.Fatal(err)
		}
		cfg, err := server.LoadConfig(file, func(string) string { return "" })
		if err == nil {
			err = cfg.Complete()
		}
		if err != nil {
			t.Errorf("%v in\n%s", err, m[1])
		}
	}
}

func pages(t *testing.T) []string {
	t.Helper()
	list := []string{"../../README.md", "../../CHANGELOG.md", "../../internal/console/placeholder.html"}
	for _, pattern := range []string{"../../docs/*.md", "../../docs/adr/*.md"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, found...)
	}
	return list
}

func readPage(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

var (
	inlineCode = regexp.MustCompile("`([^`]+)`")
	markup     = regexp.MustCompile(`</?(pre|code)>`)
	word       = regexp.MustCompile(`(?:[^\s'"]|'[^']*'|"[^"]*")+`)
	quotes     = strings.NewReplacer(`'`, "", `"`, "")
	assignment = regexp.MustCompile(`^[A-Z_]+=`)
)

// commandLines finds the command lines of this program in a page: lines, also
// continued ones, and code within text that begins with its name, perhaps after
// variables.
func commandLines(text string) [][]string {
	text = strings.ReplaceAll(text, "\\\n", " ")
	candidates := strings.Split(markup.ReplaceAllString(text, ""), "\n")
	for _, m := range inlineCode.FindAllStringSubmatch(strings.ReplaceAll(text, "\n", " "), -1) {
		candidates = append(candidates, m[1])
	}
	var lines [][]string
	for _, c := range candidates {
		words := simpleCommand(shellWords(strings.TrimPrefix(strings.TrimSpace(c), "$ ")))
		if len(words) > 1 && filepath.Base(words[0]) == "pratique" && isArgument(words[1]) {
			lines = append(lines, words)
		}
	}
	return lines
}

// shellWords splits a line into words as a shell does, as far as quotes go.
func shellWords(line string) []string {
	words := word.FindAllString(line, -1)
	for i := range words {
		words[i] = quotes.Replace(words[i])
	}
	return words
}

// simpleCommand cuts words down to one command: without variables before it,
// comments, redirections and what follows in a pipe.
func simpleCommand(words []string) []string {
	for len(words) > 0 && assignment.MatchString(words[0]) {
		words = words[1:]
	}
	for i, w := range words {
		if strings.HasPrefix(w, "#") || strings.HasPrefix(w, "|") || strings.HasPrefix(w, ">") || strings.HasPrefix(w, "<") || w == "&&" || w == "&" {
			return words[:i]
		}
	}
	return words
}

// isArgument tells a command line from a sentence that begins with the name of
// the program, and from "pratique …", any command.
func isArgument(word string) bool { return regexp.MustCompile(`^[a-z-]+$`).MatchString(word) }

// parseCommandLine finds the command and parses flags and arguments, without
// running anything.
func parseCommandLine(words []string) error {
	root := newRootCommand()
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	root.InitDefaultVersionFlag()
	cmd, rest, err := root.Find(words[1:])
	if err != nil {
		return err
	}
	if len(rest) == 0 && cmd != root {
		return nil // text that names a command
	}
	if err := cmd.ParseFlags(rest); err != nil {
		return err
	}
	return cmd.ValidateArgs(cmd.Flags().Args())
}

// TestDocumentedExceptionsAreTaken holds that the example of a file of
// exceptions is one.
func TestDocumentedExceptionsAreTaken(t *testing.T) {
	example := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindStringSubmatch(readPage(t, "../../docs/handling.md"))
	if example == nil {
		t.Fatal("docs/handling.md has no example")
	}
	if list, err := judge.ParseExceptions("example", []byte(example[1])); err != nil || len(list) != 2 {
		t.Errorf("%d exceptions, %v", len(list), err)
	}
}
