package imagetest

import (
	"archive/tar"
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// section is one part of a txtar archive.
type section struct {
	name  string
	words []string
	text  []byte
}

// split splits a txtar archive into what comes first and its sections.
func split(text string) (first string, sections []section, err error) {
	var body *[]byte
	var lead []byte
	body = &lead
	for line := range strings.Lines(text) {
		trimmed := strings.TrimRight(line, "\r\n")
		marker, ok := strings.CutPrefix(trimmed, "-- ")
		marker, end := strings.CutSuffix(marker, " --")
		if !ok || !end {
			*body = append(*body, line...)
			continue
		}
		s := section{}
		if s.name, s.words, err = words(marker); err != nil {
			return "", nil, fmt.Errorf("section %q: %w", marker, err)
		}
		sections = append(sections, s)
		body = &sections[len(sections)-1].text
	}
	return string(lead), sections, nil
}

// words splits a section's line into its name and what follows.
func words(marker string) (string, []string, error) {
	marker = strings.TrimSpace(marker)
	if quoted, err := strconv.QuotedPrefix(marker); err == nil {
		name, err := strconv.Unquote(quoted)
		return name, strings.Fields(marker[len(quoted):]), err
	}
	all := strings.Fields(marker)
	if len(all) == 0 {
		return "", nil, fmt.Errorf("it has no name")
	}
	return all[0], all[1:], nil
}

// epoch is the time of every file.
var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// header makes a tar header and content of a section.
func (s section) header(content map[string][]byte) (*tar.Header, []byte, error) {
	hdr := &tar.Header{Name: s.name, Typeflag: tar.TypeReg, Mode: 0o644, ModTime: epoch}
	body := s.text
	if strings.HasSuffix(s.name, "/") {
		hdr.Typeflag, hdr.Mode, body = tar.TypeDir, 0o755, nil
	}
	for _, word := range s.words {
		key, value, _ := strings.Cut(word, "=")
		var err error
		switch key {
		case "mode":
			hdr.Mode, err = strconv.ParseInt(value, 8, 64)
		case "uid":
			hdr.Uid, err = strconv.Atoi(value)
		case "gid":
			hdr.Gid, err = strconv.Atoi(value)
		case "symlink":
			hdr.Typeflag, hdr.Linkname, body = tar.TypeSymlink, value, nil
		case "hardlink":
			hdr.Typeflag, hdr.Linkname, body = tar.TypeLink, value, nil
		case "fifo":
			hdr.Typeflag, body = tar.TypeFifo, nil
		case "char", "block":
			hdr.Typeflag, body = tar.TypeChar, nil
			if key == "block" {
				hdr.Typeflag = tar.TypeBlock
			}
			_, err = fmt.Sscanf(value, "%d,%d", &hdr.Devmajor, &hdr.Devminor)
		case "content":
			var ok bool
			if body, ok = content[value]; !ok {
				err = fmt.Errorf("no such content")
			}
		case "size":
			var size int
			if size, err = strconv.Atoi(value); err == nil {
				body = repeat(body, size)
			}
		default:
			name, ok := strings.CutPrefix(key, "xattr.")
			if !ok {
				err = fmt.Errorf("unknown word")
				break
			}
			if hdr.PAXRecords == nil {
				hdr.PAXRecords = make(map[string]string)
			}
			if strings.HasPrefix(value, `"`) {
				value, err = strconv.Unquote(value)
			}
			hdr.PAXRecords["SCHILY.xattr."+name] = value
		}
		if err != nil {
			return nil, nil, fmt.Errorf("entry %q: %q: %w", s.name, word, err)
		}
	}
	hdr.Size = int64(len(body))
	return hdr, body, nil
}

// repeat fills size bytes with b over and over, or with zeros if b is empty.
func repeat(b []byte, size int) []byte {
	if len(b) == 0 {
		return make([]byte, size)
	}
	return bytes.Repeat(b, size/len(b)+1)[:size]
}
