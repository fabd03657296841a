package registry

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// maxDepth bounds how deeply objects and arrays of a manifest may nest. Those of
// the specification need 5.
const maxDepth = 32

// maxValues bounds how many values a manifest may consist of. A few bytes each,
// they would take a hundred times as many when they are decoded. The largest
// manifests allowed, of 4096 descriptors, have half as many.
const maxValues = 1 << 16

// manifestFields are the names that mean something in a manifest.
var manifestFields = []string{
	"schemaVersion", "mediaType", "artifactType", "config", "layers", "manifests", "subject", "annotations", "fsLayers",
	"digest", "size", "platform", "data", "urls", "architecture", "os", "variant",
}

// checkJSON checks that raw is one JSON object which every parser reads alike:
// nested at most maxDepth deep, of at most maxValues values, without a name twice in one object, and without
// a name that differs from one of manifestFields in case only, as some parsers
// take these to be the same and others do not. Annotations may have any names.
func checkJSON(raw []byte) error {
	c := &jsonChecker{dec: json.NewDecoder(bytes.NewReader(raw))}
	c.dec.UseNumber()
	token, err := c.dec.Token()
	if err != nil {
		return describe(err)
	}
	if token != json.Delim('{') {
		return errors.New("is not a JSON object")
	}
	if err := c.object(1, false); err != nil {
		return describe(err)
	}
	if _, err := c.dec.Token(); err != io.EOF {
		return errors.New("has something after its end")
	}
	return nil
}

type jsonChecker struct {
	dec    *json.Decoder
	values int // met so far
}

// object reads the rest of an object. free tells that its names are the user's.
func (c *jsonChecker) object(depth int, free bool) error {
	seen := map[string]bool{}
	for c.dec.More() {
		token, err := c.dec.Token()
		if err != nil {
			return err
		}
		name, _ := token.(string) // the decoder lets nothing else pass
		if seen[name] {
			return fmt.Errorf("has the name %q twice in one object", clip(name))
		}
		seen[name] = true
		if !free {
			if field := misspelt(name); field != "" {
				return fmt.Errorf("has %q where %q is meant", clip(name), field)
			}
		}
		if err := c.value(depth, !free && name == "annotations"); err != nil {
			return err
		}
	}
	_, err := c.dec.Token()
	return err
}

func (c *jsonChecker) value(depth int, free bool) error {
	if c.values++; c.values > maxValues {
		return fmt.Errorf("has more than %d values", maxValues)
	}
	token, err := c.dec.Token()
	if err != nil {
		return err
	}
	if token != json.Delim('{') && token != json.Delim('[') {
		return nil
	}
	if depth >= maxDepth {
		return fmt.Errorf("nests deeper than %d levels", maxDepth)
	}
	if token == json.Delim('{') {
		return c.object(depth+1, free)
	}
	for c.dec.More() {
		if err := c.value(depth+1, false); err != nil {
			return err
		}
	}
	_, err = c.dec.Token()
	return err
}

// misspelt returns the field that name differs from in case only, or "".
func misspelt(name string) string {
	for _, field := range manifestFields {
		if name != field && len(name) <= 2*len(field) && strings.EqualFold(name, field) {
			return field
		}
	}
	return ""
}

// describe words the decoder's errors as predicates of the manifest.
func describe(err error) error {
	var syntax *json.SyntaxError
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("ends too early")
	case errors.As(err, &syntax):
		return fmt.Errorf("is not JSON: %w", err)
	}
	return err
}
