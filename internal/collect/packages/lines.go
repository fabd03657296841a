package packages

import (
	"bytes"
	"errors"
	"iter"
	"strings"
)

var errCutOff = errors.New("the file ends in the middle of a package: it was cut off, and packages are missing in the report")

var errTooMany = errors.New("the file lists more packages than are read from one file; the rest is missing in the report")

// lines yields the lines of a text without their ends.
func lines(data []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for len(data) > 0 {
			line, rest, _ := bytes.Cut(data, []byte{'\n'})
			if !yield(bytes.TrimSuffix(line, []byte{'\r'})) {
				return
			}
			data = rest
		}
	}
}

// paragraphs yields the blocks of lines that empty lines separate.
func paragraphs(data []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for len(data) > 0 {
			par, rest, _ := bytes.Cut(data, []byte("\n\n"))
			if len(bytes.TrimSpace(par)) > 0 && !yield(par) {
				return
			}
			data = rest
		}
	}
}

// fields yields the fields of a paragraph of "Key: value" lines as far as they
// stand on the key's own line; lines that continue a value are left out. It
// ends at the first empty line.
func fields(par []byte) iter.Seq2[string, string] {
	return func(yield func(key, value string) bool) {
		for line := range lines(par) {
			if len(line) == 0 {
				return
			}
			if line[0] == ' ' || line[0] == '\t' {
				continue
			}
			key, value, ok := bytes.Cut(line, []byte{':'})
			if !ok || len(key) > 64 {
				continue
			}
			if !yield(string(key), string(bytes.TrimSpace(value[:min(len(value), 4*maxField)]))) {
				return
			}
		}
	}
}

// folded returns the fields of a block in which a line that begins with a blank
// continues the one before, as manifests of Java and descriptions of R do. The
// keys are in lower case; of a key that occurs twice the first counts.
func folded(data []byte, join string) map[string]string {
	all := map[string]string{}
	key := ""
	for line := range lines(data) {
		if len(line) == 0 {
			if len(all) > 0 {
				break
			}
			continue
		}
		if line[0] == ' ' || line[0] == '\t' {
			if key != "" && len(all[key]) < maxField {
				all[key] += join + string(line[1:])
			}
			continue
		}
		k, v, ok := bytes.Cut(line, []byte{':'})
		key = ""
		if !ok || len(k) > 128 {
			continue
		}
		name := strings.ToLower(string(bytes.TrimSpace(k)))
		if _, twice := all[name]; !twice {
			key = name
			all[key] = string(bytes.TrimLeft(v, " \t"))
		}
	}
	return all
}
