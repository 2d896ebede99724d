// Command schema writes what the stand-in of the Terraform provider knows. It
// reads the types of the npm package @cdktf/provider-google, in which every
// argument of the provider stands with its type, whether it must be given and
// which values it takes, and keeps the resources and data sources that wanted.txt lists.
//
//	npm pack @cdktf/provider-google@16.12.0
//	go run ./schema cdktf-provider-google-16.12.0.tgz schema.json.gz
package main

import (
	"archive/tar"
	"bytes"
	"cmp"
	"compress/gzip"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"

	"tfcheck/shape"
)

//go:embed wanted.txt
var wanted string

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: schema PACKAGE.tgz schema.json.gz")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "schema:", err)
		os.Exit(1)
	}
}

func run(from, to string) error {
	types, err := read(from)
	if err != nil {
		return fmt.Errorf("read %s: %w", from, err)
	}
	p, err := types.provider(strings.Fields(wanted))
	if err != nil {
		return err
	}
	text, err := json.Marshal(p)
	if err != nil {
		return err
	}
	var packed bytes.Buffer
	z, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return err
	}
	if _, err := z.Write(text); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	return os.WriteFile(to, packed.Bytes(), 0o600) //nolint:gosec // as above
}

// types are the package's types by their full name.
type types map[string]struct {
	Properties []property
	Base       string
}

type property struct {
	Name      string
	Optional  bool
	Static    bool
	Protected bool
	Type      json.RawMessage
	Docs      struct{ Summary, Remarks string }
}

// read finds the types in a package: in .jsii itself, or in the compressed
// file beside it that .jsii leads to.
func read(name string) (types, error) {
	f, err := os.Open(name) //nolint:gosec // who runs this names the file
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	for files := tar.NewReader(z); ; {
		h, err := files.Next()
		if errors.Is(err, io.EOF) {
			return nil, errors.New("no .jsii with types in it")
		}
		if err != nil {
			return nil, err
		}
		var text io.Reader = files
		switch h.Name {
		case "package/.jsii":
		case "package/.jsii.gz":
			if text, err = gzip.NewReader(files); err != nil {
				return nil, err
			}
		default:
			continue
		}
		var assembly struct{ Types types }
		if err := json.NewDecoder(text).Decode(&assembly); err != nil {
			return nil, err
		}
		if len(assembly.Types) > 0 {
			return assembly.Types, nil
		}
	}
}

const prefix = "@cdktf/provider-google."

// provider is the schema of the provider itself and of what is wanted.
func (t types) provider(wanted []string) (shape.Provider, error) {
	p := shape.Provider{
		Provider:    t.block(prefix+"provider.GoogleProviderConfig", "", 0),
		Resources:   map[string]shape.Block{},
		DataSources: map[string]shape.Block{},
	}
	for config := range t {
		class, ok := strings.CutSuffix(config, "Config")
		if !ok {
			continue
		}
		into := p.Resources
		switch t[class].Base {
		case "cdktf.TerraformResource":
		case "cdktf.TerraformDataSource":
			into = p.DataSources
		default:
			continue
		}
		kind := t.kind(config, class)
		entry := kind
		if t[class].Base == "cdktf.TerraformDataSource" {
			entry = "data." + kind
		}
		if slices.Contains(wanted, entry) {
			into[kind] = t.block(config, class, 0)
		}
	}
	for _, entry := range wanted {
		kind, data := strings.CutPrefix(entry, "data.")
		found := p.Resources
		if data {
			found = p.DataSources
		}
		if _, ok := found[kind]; !ok {
			return p, fmt.Errorf("the package knows no %s", entry)
		}
	}
	return p, nil
}

var page = regexp.MustCompile(`/docs/(?:resources|data-sources)/([a-z0-9_]+)[#}]`)

// kind is what Terraform calls a class: its page of the documentation says so.
func (t types) kind(config, class string) string {
	for _, p := range t[config].Properties {
		if m := page.FindStringSubmatch(p.Docs.Remarks); m != nil {
			return "google_" + m[1]
		}
	}
	short := class[strings.LastIndex(class, ".")+1:]
	return "google_" + snake(strings.TrimPrefix(short, "DataGoogle"))
}

// foreign reports whether a member is one that the construct library adds to
// every class.
func foreign(name string) bool {
	return slices.Contains([]string{
		"connection", "count", "depends_on", "for_each", "lifecycle", "provider", "provisioners", "terraform_resource_type",
		"terraform_generator_metadata", "friendly_unique_id", "fqn", "raw_overrides", "cdktf_stack", "node", "constructor",
		"terraform_attribute", "terraform_resource", "wraps_set", "internal_value", "terraform_meta_attributes",
	}, name)
}

// maxDepth bounds blocks that may hold themselves.
const maxDepth = 12

// block is the schema of one type of arguments. What its class has beside them
// is computed.
func (t types) block(arguments, class string, depth int) shape.Block {
	var b shape.Block
	seen := map[string]bool{}
	for _, p := range t[arguments].Properties {
		name := argument(p)
		if foreign(name) {
			continue
		}
		seen[p.Name] = true
		typ, nested, list := convert(p.Type)
		switch {
		case typ != nil:
			use := shape.Required
			if p.Optional {
				use = shape.Optional
			}
			if p.Optional && (name == "id" || name == "project") {
				use = shape.OptionalComputed
			}
			a := shape.Attribute{Name: name, Type: typ, Use: use}
			if typ == "string" {
				a.Values = values(p)
			}
			b.Attributes = append(b.Attributes, a)
		case nested != "" && depth < maxDepth:
			n := shape.Nested{Name: name, Block: t.block(nested, "", depth+1)}
			if !p.Optional {
				n.Min = 1
			}
			if !list {
				n.Max = 1
			}
			n.Single = strings.HasSuffix(nested, "Timeouts")
			b.Blocks = append(b.Blocks, n)
		}
	}
	for _, p := range t[class].Properties {
		name := snake(p.Name)
		if p.Static || p.Protected || seen[p.Name] || strings.HasSuffix(p.Name, "Input") || foreign(name) {
			continue
		}
		if typ, _, _ := convert(p.Type); typ != nil {
			b.Attributes = append(b.Attributes, shape.Attribute{Name: name, Type: typ, Use: shape.Computed})
		}
	}
	slices.SortFunc(b.Attributes, func(a, b shape.Attribute) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortFunc(b.Blocks, func(a, b shape.Nested) int { return cmp.Compare(a.Name, b.Name) })
	return b
}

var anchor = regexp.MustCompile(`/docs[a-z0-9_/-]*#([a-z0-9_]+) `)

// argument is what Terraform calls a property: the link to its documentation
// says so, where the name alone could have been written in two ways.
func argument(p property) string {
	if m := anchor.FindStringSubmatch(p.Docs.Remarks + " " + p.Docs.Summary + " "); m != nil {
		return m[1]
	}
	return snake(p.Name)
}

var listed = regexp.MustCompile(`Possible values: (\[[^\]]*\])`)

// values are those that the documentation allows a property to have.
func values(p property) []string {
	m := listed.FindStringSubmatch(p.Docs.Summary + " " + p.Docs.Remarks)
	if m == nil {
		return nil
	}
	var values []string
	if json.Unmarshal([]byte(m[1]), &values) != nil {
		return nil
	}
	return values
}

func snake(camel string) string {
	var b strings.Builder
	for i, r := range camel {
		if r >= 'A' && r <= 'Z' {
			if i > 0 {
				b.WriteByte('_')
			}
			r += 'a' - 'A'
		}
		b.WriteRune(r)
	}
	return b.String()
}

// convert is a property's type in Terraform's words, or the name of the type
// that a nested block has, and whether there may be several of it.
func convert(raw json.RawMessage) (typ any, nested string, list bool) {
	var t struct {
		Primitive, Fqn string
		Collection     *struct {
			Kind        string
			Elementtype json.RawMessage
		}
		Union *struct{ Types []json.RawMessage }
	}
	if json.Unmarshal(raw, &t) != nil {
		return nil, "", false
	}
	switch {
	case t.Union != nil:
		for _, one := range t.Union.Types {
			if !bytes.Contains(one, []byte("cdktf.IResolvable")) || bytes.Contains(one, []byte("collection")) {
				return convert(one)
			}
		}
	case t.Primitive == "string", t.Primitive == "number":
		return t.Primitive, "", false
	case t.Primitive == "boolean":
		return "bool", "", false
	case t.Collection != nil:
		element, nested, _ := convert(t.Collection.Elementtype)
		switch {
		case nested != "":
			return nil, nested, true
		case element == nil:
			return nil, "", false
		case t.Collection.Kind == "map":
			return []any{"map", element}, "", false
		}
		return []any{"list", element}, "", false
	case strings.HasSuffix(t.Fqn, ".StringMap"):
		return []any{"map", "string"}, "", false
	case strings.HasSuffix(t.Fqn, ".NumberMap"):
		return []any{"map", "number"}, "", false
	case strings.HasSuffix(t.Fqn, ".BooleanMap"):
		return []any{"map", "bool"}, "", false
	case strings.HasPrefix(t.Fqn, prefix):
		return nil, t.Fqn, false
	}
	return nil, "", false
}
