package vex

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

const (
	// maxDepth bounds how deeply objects and arrays may nest. A document's own
	// need 7, one more where it is in an attestation.
	maxDepth = 12
	// maxValues bounds how many values a document may consist of.
	maxValues = 1 << 20
)

// checkJSON checks that raw is one JSON object that every parser reads alike: no
// name twice in an object, upper and lower case being the same, as they are to the
// decoder used afterwards; names in ASCII; nothing after the end.
func checkJSON(raw []byte) error {
	c := checker{dec: json.NewDecoder(bytes.NewReader(raw))}
	c.dec.UseNumber()
	token, err := c.dec.Token()
	if err == nil && token != json.Delim('{') {
		return errors.New("it is not a JSON object")
	}
	if err == nil {
		err = c.object(1)
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("it ends too early")
	}
	if err != nil {
		return err
	}
	if _, err := c.dec.Token(); err != io.EOF {
		return errors.New("there is something after its end")
	}
	return nil
}

type checker struct {
	dec    *json.Decoder
	values int // met so far
}

func (c *checker) object(depth int) error {
	seen := make(map[string]bool)
	for c.dec.More() {
		token, err := c.dec.Token()
		if err != nil {
			return err
		}
		name, _ := token.(string) // the decoder lets nothing else pass
		if strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r > '~' }) {
			return fmt.Errorf("it has a field %q", clip(name))
		}
		if name = strings.ToLower(name); seen[name] {
			return fmt.Errorf("it has the field %q twice in one object", clip(name))
		}
		seen[name] = true
		if err := c.value(depth); err != nil {
			return err
		}
	}
	_, err := c.dec.Token()
	return err
}

func (c *checker) value(depth int) error {
	if c.values++; c.values > maxValues {
		return fmt.Errorf("it has more than %d values", maxValues)
	}
	token, err := c.dec.Token()
	if err != nil || token != json.Delim('{') && token != json.Delim('[') {
		return err
	}
	if depth >= maxDepth {
		return fmt.Errorf("it nests deeper than %d levels", maxDepth)
	}
	if token == json.Delim('{') {
		return c.object(depth + 1)
	}
	for c.dec.More() {
		if err := c.value(depth + 1); err != nil {
			return err
		}
	}
	_, err = c.dec.Token()
	return err
}

// decode reads JSON that was checked. Fields that v does not have are errors if
// strict says so.
func decode(raw []byte, v any, strict bool) error {
	dec := json.NewDecoder(bytes.NewReader(raw))
	if strict {
		dec.DisallowUnknownFields()
	}
	return dec.Decode(v)
}

// clip makes text from outside fit a message.
func clip(text string) string {
	const most = 80
	text = strings.ToValidUTF8(text, "�")
	if r := []rune(text); len(r) > most {
		return string(r[:most]) + "…"
	}
	return text
}
