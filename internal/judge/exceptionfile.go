package judge

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/report"
)

// MaxExceptionFile is the size in bytes above which a file of exceptions is
// refused.
const MaxExceptionFile = 1 << 20

// exceptionFields are what an entry of a file of exceptions can say.
var exceptionFields = []string{"action", "vulnerability", "package", "rule", "finding", "category", "path", "reason", "author", "expires"}

// ParseExceptions reads a file of exceptions: YAML with a list "exceptions",
// each entry with an action, criteria and a reason, and perhaps author and
// expiry. name is the file's in errors, and its last part the author where there
// is none. The exceptions hold for whatever they are applied to; their ids are
// the lines they begin in. Those that have expired are among them.
//
// An error names file and line and says what is wrong.
func ParseExceptions(name string, text []byte) ([]catalog.Exception, error) {
	list, err := parseExceptions(text, path.Base(name))
	var at *lineError
	if errors.As(err, &at) {
		return nil, fmt.Errorf("%s:%d: %w", name, max(at.line, 1), at.err)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err) // of YAML, which names the line
	}
	return list, nil
}

// lineError says in which line of a file something is wrong.
type lineError struct {
	line int
	err  error
}

func (e *lineError) Error() string { return e.err.Error() }

func wrongAt(n *yaml.Node, format string, args ...any) error {
	return &lineError{n.Line, fmt.Errorf(format, args...)}
}

func parseExceptions(text []byte, author string) ([]catalog.Exception, error) {
	if len(text) > MaxExceptionFile {
		return nil, &lineError{1, fmt.Errorf("the file has more than %d bytes", MaxExceptionFile)}
	}
	dec := yaml.NewDecoder(bytes.NewReader(text))
	var doc yaml.Node
	if err := dec.Decode(&doc); errors.Is(err, io.EOF) {
		return nil, &lineError{1, errors.New(`the file is empty: it needs a list "exceptions"`)}
	} else if err != nil {
		return nil, err
	}
	if err := dec.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, &lineError{1, errors.New("there is more than one document")}
	}
	top, err := fields(doc.Content[0], []string{"exceptions"})
	if err != nil {
		return nil, err
	}
	entries := top["exceptions"]
	if entries == nil || entries.Kind != yaml.SequenceNode {
		return nil, wrongAt(doc.Content[0], `there is no list "exceptions"`)
	}
	list := make([]catalog.Exception, 0, len(entries.Content))
	for _, entry := range entries.Content {
		e, err := parseException(entry, author)
		if err != nil {
			return nil, err
		}
		list = append(list, e)
	}
	return list, nil
}

// fields returns the values of a mapping by key, all of which must be known.
func fields(n *yaml.Node, known []string) (map[string]*yaml.Node, error) {
	if n.Kind != yaml.MappingNode {
		return nil, wrongAt(n, "there is something else where %s should be", strings.Join(known, ", "))
	}
	values := make(map[string]*yaml.Node, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if !slices.Contains(known, key.Value) {
			return nil, wrongAt(key, "there is no field %q: use %s", report.Printable(key.Value, 40), strings.Join(known, ", "))
		}
		if values[key.Value] != nil {
			return nil, wrongAt(key, "%s is given twice", key.Value)
		}
		values[key.Value] = n.Content[i+1]
	}
	return values, nil
}

func parseException(n *yaml.Node, author string) (e catalog.Exception, err error) {
	values, err := fields(n, exceptionFields)
	if err != nil {
		return e, err
	}
	text := make(map[string]string, len(values))
	for key, value := range values {
		if value.Kind != yaml.ScalarNode {
			return e, wrongAt(value, "%s is no text", key)
		}
		text[key] = value.Value
	}
	e = catalog.Exception{
		ID: int64(n.Line), Scope: catalog.ScopeArtifact, Action: catalog.ExceptionAction(text["action"]),
		Criteria: catalog.Criteria{
			Category: report.Category(text["category"]), Vulnerability: text["vulnerability"], Package: text["package"],
			FindingID: text["finding"], Rule: text["rule"], Path: text["path"],
		},
		Author: author, Reason: text["reason"],
	}
	if text["author"] != "" {
		e.Author = text["author"]
	}
	if e, err = catalog.CheckDecision(e); err != nil {
		return e, wrongAt(n, "%w", err)
	}
	if expires := values["expires"]; expires != nil {
		if e.ExpiresAt, err = parseDay(expires.Value); err != nil {
			return e, wrongAt(expires, "expires is no time: use a date such as 2027-01-31 or an RFC 3339 time")
		}
	}
	return e, nil
}

// parseDay reads a date, which stands for its first moment in UTC, or an
// RFC 3339 time.
func parseDay(text string) (time.Time, error) {
	if at, err := time.Parse(time.DateOnly, text); err == nil {
		return at, nil
	}
	at, err := time.Parse(time.RFC3339, text)
	return at.UTC(), err
}
