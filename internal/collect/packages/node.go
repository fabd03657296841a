package packages

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"

	"github.com/pratique/pratique/internal/collect"
	"github.com/pratique/pratique/internal/report"
)

const maxPackageJSON = 4 << 20

// wantNode wants the package.json of an installed package, which is the one in
// the package's own directory below node_modules. An application's own, those
// of a package's parts and those in a package's tests are no evidence.
func wantNode(e entry) bool {
	return e.base == "package.json" && isInstalledModule(e.path)
}

// isInstalledModule walks the path from the first node_modules on: directories
// of packages, scoped or not, and node_modules within packages must follow one
// another up to the file. The stores of pnpm and of Yarn's pnpm linker put two
// directories in between: node_modules/.pnpm/NAME@VERSION/node_modules/NAME.
func isInstalledModule(path string) bool {
	const modules = "node_modules/"
	rest := ""
	if strings.HasPrefix(path, modules) {
		rest = path[len(modules):]
	} else if i := strings.Index(path, "/"+modules); i >= 0 {
		rest = path[i+1+len(modules):]
	}
	for rest != "" {
		name, after, _ := strings.Cut(rest, "/")
		if strings.HasPrefix(name, ".") || strings.HasPrefix(name, "@") {
			_, after, _ = strings.Cut(after, "/")
		}
		if after == "package.json" {
			return !strings.HasPrefix(name, ".")
		}
		var ok bool
		if rest, ok = strings.CutPrefix(after, modules); !ok {
			return false
		}
	}
	return false
}

func readNode(_ context.Context, e entry, c collect.Content) (found, error) {
	data, err := whole(c, maxPackageJSON)
	if err != nil {
		return found{}, err
	}
	var doc struct {
		Name, Version     json.RawMessage
		License, Licenses json.RawMessage
		Author            json.RawMessage
	}
	if err := unmarshal(data, &doc); err != nil {
		return found{}, err
	}
	p := report.Package{
		Name:     jsonText(doc.Name),
		Version:  strings.TrimPrefix(jsonText(doc.Version), "v"),
		Type:     "npm",
		Supplier: jsonText(doc.Author),
	}
	if p.Licences = jsonTexts(doc.License); p.Licences == nil {
		p.Licences = jsonTexts(doc.Licenses)
	}
	if p.Name == "" || p.Version == "" {
		return found{}, nil // no package, whatever its place
	}
	return found{packages: []report.Package{p}}, nil
}

// unmarshal decodes JSON that may begin with a byte order mark.
func unmarshal(data []byte, v any) error {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if len(bytes.TrimSpace(data)) == 0 {
		return errors.New("the file is empty")
	}
	return json.Unmarshal(data, v)
}

// jsonText returns the text that a value is, or that it has as "type" or
// "name": licences and authors come in both forms. Anything else is "".
func jsonText(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	var o struct{ Type, Name string }
	if json.Unmarshal(raw, &o) == nil {
		if o.Type != "" {
			return o.Type
		}
		return o.Name
	}
	return ""
}

// jsonTexts is jsonText for a value or a list of values.
func jsonTexts(raw json.RawMessage) []string {
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil {
		return licences(jsonText(raw))
	}
	var all []string
	for _, v := range list {
		all = append(all, licences(jsonText(v))...)
	}
	return all
}
