package rulefile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// maxDepth bounds how deep values are nested.
const maxDepth = 20

// Decode reads a file of YAML strictly into form, a pointer to a struct: it must
// be one document with the struct's fields and no others, each at most once and
// of the right type. Aliases are refused, as nothing but reading would bound
// what they stand for. The error names file and line.
func (s Source) Decode(form any) error {
	tree, err := parse(s.Content)
	if err == nil {
		err = Node{tree}.Decode(form)
	}
	if err != nil {
		return s.At(1, err)
	}
	return nil
}

// parse returns the only document of a text.
func parse(content []byte) (*yaml.Node, error) {
	dec := yaml.NewDecoder(bytes.NewReader(content))
	var doc yaml.Node
	if err := dec.Decode(&doc); errors.Is(err, io.EOF) {
		return nil, errors.New("the file is empty")
	} else if err != nil {
		return nil, plain(err)
	}
	if err := dec.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, errors.New("there is more than one document")
	}
	if n := unusable(&doc, 0); n != nil {
		return nil, wrongAt(n.Line, "aliases and deep nesting are not supported")
	}
	return doc.Content[0], nil
}

// unusable returns the first alias, or a node nested too deep to be followed.
func unusable(n *yaml.Node, depth int) *yaml.Node {
	if n.Kind == yaml.AliasNode || depth > maxDepth {
		return n
	}
	for _, c := range n.Content {
		if u := unusable(c, depth+1); u != nil {
			return u
		}
	}
	return nil
}

// Node is a part of a file that is decoded later, when it is known into what,
// and that knows where it stands. It is for fields of a form.
type Node struct{ tree *yaml.Node }

// UnmarshalYAML keeps the part.
func (n *Node) UnmarshalYAML(tree *yaml.Node) error {
	n.tree = tree
	return nil
}

// Present reports whether the file has the part.
func (n Node) Present() bool { return n.tree != nil }

// Line is the line the part begins in, 0 if the file does not have it.
func (n Node) Line() int {
	if n.tree == nil {
		return 0
	}
	return n.tree.Line
}

// Decode reads the part strictly, like Source.Decode. What the part does not
// mention stays as it is in form. The error says what is wrong; Source.At adds
// where.
func (n Node) Decode(form any) error {
	if n.tree == nil {
		return nil
	}
	if err := check(n.tree, reflect.TypeOf(form)); err != nil {
		return err
	}
	if err := n.tree.Decode(form); err != nil {
		return plain(err)
	}
	return nil
}

var (
	nodeType    = reflect.TypeFor[*Node]()
	unmarshaler = reflect.TypeFor[yaml.Unmarshaler]()
)

// check returns an error for what a value of type t has no place for. Wrong
// types of single values are left to the decoder.
func check(n *yaml.Node, t reflect.Type) error {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch pointer := reflect.PointerTo(t); {
	case pointer == nodeType && n.Tag == "!!null":
		return wrongAt(n.Line, "expected fields or a value")
	case pointer.Implements(unmarshaler):
		return nil
	case t.Kind() == reflect.Struct:
		return checkFields(n, t)
	case t.Kind() == reflect.Map:
		return checkParts(n, yaml.MappingNode, "expected names and values", t.Elem())
	case t.Kind() == reflect.Slice:
		return checkParts(n, yaml.SequenceNode, "expected a list", t.Elem())
	}
	return nil
}

// checkParts checks the values of a mapping or the items of a list, which may be
// empty.
func checkParts(n *yaml.Node, want yaml.Kind, expected string, t reflect.Type) error {
	if n.Tag == "!!null" {
		return nil
	}
	if n.Kind != want {
		return wrongAt(n.Line, "%s", expected)
	}
	for i, part := range n.Content {
		if want == yaml.MappingNode && i%2 == 0 {
			continue // a key
		}
		if err := check(part, t); err != nil {
			return err
		}
	}
	return nil
}

// checkFields checks that a node is a mapping with the fields of a struct only,
// each at most once.
func checkFields(n *yaml.Node, t reflect.Type) error {
	fields := make(map[string]reflect.Type, t.NumField())
	var names []string
	for f := range t.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		fields[name] = f.Type
		names = append(names, name)
	}
	if n.Kind != yaml.MappingNode {
		return wrongAt(n.Line, "expected fields (%s)", strings.Join(names, ", "))
	}
	seen := make(map[string]bool)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		field, known := fields[key.Value]
		switch {
		case !known:
			return wrongAt(key.Line, "%q is not a field: use %s", Clip(key.Value), strings.Join(names, ", "))
		case seen[key.Value]:
			return wrongAt(key.Line, "%q is there twice", key.Value)
		}
		seen[key.Value] = true
		if err := check(value, field); err != nil {
			return err
		}
	}
	return nil
}

// What the library says, in its own form.
var (
	libraryLine = regexp.MustCompile(`^(?:yaml: )?line (\d+): (?s:(.*))$`)
	libraryType = regexp.MustCompile("(?s)^cannot unmarshal !!(\\S+)(?: `(.*)`)? into ")
)

// plain puts an error of the library in our words, of which it gives the first
// only.
func plain(err error) error {
	text := err.Error()
	var types *yaml.TypeError
	if errors.As(err, &types) && len(types.Errors) > 0 {
		text = types.Errors[0]
	}
	line := 0
	if m := libraryLine.FindStringSubmatch(text); m != nil {
		line, _ = strconv.Atoi(m[1]) // 0 where it is no number
		text = m[2]
	}
	text = strings.TrimPrefix(text, "yaml: ")
	if m := libraryType.FindStringSubmatch(text); m != nil {
		text = describe(m[1], m[2]) + " is not what belongs here"
	}
	if CheckText(text, maxMessage) != nil {
		text = strconv.Quote(Clip(text))
	}
	return wrongAt(line, "%s", text)
}

// maxMessage bounds what is passed on of the library, in bytes.
const maxMessage = 300

// describe names a value by its tag and what it begins with.
func describe(tag, value string) string {
	words := map[string]string{"seq": "a list", "map": "a mapping", "null": "nothing"}
	if word, ok := words[tag]; ok {
		return word
	}
	if slices.Contains([]string{"str", "int", "float", "bool", "timestamp"}, tag) {
		return fmt.Sprintf("%q", Clip(value))
	}
	return fmt.Sprintf("a value of the type %q", Clip(tag))
}
