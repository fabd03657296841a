package packages

import (
	"context"
	"strings"

	"github.com/pratique/pratique/internal/collect"
	"github.com/pratique/pratique/internal/report"
)

func wantApk(e entry) bool {
	return e.base == "installed" && (e.path == "lib/apk/db/installed" || e.path == "usr/lib/apk/db/installed")
}

// readApk reads apk's database: paragraphs of lines with a letter, a colon and
// a value. An F line names a directory, the R lines after it files in it.
func readApk(ctx context.Context, _ entry, c collect.Content) (found, error) {
	data, err := whole(c, maxText)
	if err != nil {
		return found{}, err
	}
	var got found
	owned, cut := 0, len(data) > 0 && data[len(data)-1] != '\n'
	for par := range paragraphs(data) {
		if err := ctx.Err(); err != nil {
			return got, err
		}
		if len(got.packages) >= maxPackages {
			return got, errTooMany
		}
		p := report.Package{Type: "apk"}
		var dir string
		var files []string
		for key, value := range fields(par) {
			switch key {
			case "P":
				p.Name = value
			case "V":
				p.Version = value
			case "A":
				p.Arch = value
			case "L":
				p.Licences = licences(value)
			case "o":
				p.Source = value
			case "m":
				p.Supplier = value
			case "F":
				dir = strings.Trim(value, "/")
			case "R":
				if path := ownedPath(dir + "/" + value); ownable(path) && owned < maxOwned {
					owned++
					files = append(files, path)
				}
			}
		}
		if p.Name == "" || p.Version == "" {
			cut = true
			continue
		}
		if p.Source == "" {
			p.Source = p.Name
		}
		p.SourceVersion = p.Version
		got.packages = append(got.packages, p)
		got.owned = append(got.owned, report.OwnedSet{Package: p.Name, Files: files})
	}
	if cut {
		return got, errCutOff
	}
	return got, nil
}
