// Command tfcheck stands in for the Terraform provider hashicorp/google where
// that cannot be downloaded. It knows the names and types of arguments, which of
// them must be given, which values an enumeration has and how often a block may
// appear, as provider 6.50 has them: enough for terraform validate, and for
// terraform test with a mocked provider.
//
// It knows no rules between arguments and no forms of text, and it can neither
// plan nor change anything: infra/README.md lists what was therefore checked by
// reading alone.
package main

import (
	"bytes"
	"compress/gzip"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"tfcheck/shape"
)

//go:embed schema.json.gz
var packed []byte

func main() {
	p, err := load()
	if err == nil {
		err = tf6server.Serve("registry.terraform.io/hashicorp/google", func() tfprotov6.ProviderServer { return p })
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "tfcheck:", err)
		os.Exit(1)
	}
}

// provider answers what is asked about configurations. Everything else of a
// provider is left to the interface, which is nil: a mocked test asks for none
// of it.
type provider struct {
	tfprotov6.ProviderServer
	known  shape.Provider
	schema *tfprotov6.GetProviderSchemaResponse
}

func load() (*provider, error) {
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("schema: %w", err)
	}
	var known shape.Provider
	if err := json.NewDecoder(z).Decode(&known); err != nil {
		return nil, fmt.Errorf("schema: %w", err)
	}
	s := &tfprotov6.GetProviderSchemaResponse{
		ResourceSchemas:    map[string]*tfprotov6.Schema{},
		DataSourceSchemas:  map[string]*tfprotov6.Schema{},
		ServerCapabilities: &tfprotov6.ServerCapabilities{GetProviderSchemaOptional: true},
	}
	for name, b := range known.Resources {
		if s.ResourceSchemas[name], err = schema(b); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	for name, b := range known.DataSources {
		if s.DataSourceSchemas[name], err = schema(b); err != nil {
			return nil, fmt.Errorf("data %s: %w", name, err)
		}
	}
	if s.Provider, err = schema(known.Provider); err != nil {
		return nil, fmt.Errorf("provider: %w", err)
	}
	return &provider{known: known, schema: s}, nil
}

func schema(b shape.Block) (*tfprotov6.Schema, error) {
	block, err := convert(b)
	return &tfprotov6.Schema{Block: block}, err
}

func convert(b shape.Block) (*tfprotov6.SchemaBlock, error) {
	out := &tfprotov6.SchemaBlock{}
	for _, a := range b.Attributes {
		text, err := json.Marshal(a.Type)
		if err != nil {
			return nil, err
		}
		typ, err := tftypes.ParseJSONType(text) //nolint:staticcheck // the form in which the schema is kept
		if err != nil {
			return nil, fmt.Errorf("%s: %w", a.Name, err)
		}
		out.Attributes = append(out.Attributes, &tfprotov6.SchemaAttribute{
			Name: a.Name, Type: typ,
			Required: a.Use == shape.Required,
			Optional: a.Use == shape.Optional || a.Use == shape.OptionalComputed,
			Computed: a.Use == shape.Computed || a.Use == shape.OptionalComputed,
		})
	}
	for _, n := range b.Blocks {
		inner, err := convert(n.Block)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", n.Name, err)
		}
		nested := &tfprotov6.SchemaNestedBlock{
			TypeName: n.Name, Block: inner,
			Nesting: tfprotov6.SchemaNestedBlockNestingModeList, MinItems: n.Min, MaxItems: n.Max,
		}
		if n.Single {
			nested.Nesting, nested.MinItems, nested.MaxItems = tfprotov6.SchemaNestedBlockNestingModeSingle, 0, 0
		}
		out.BlockTypes = append(out.BlockTypes, nested)
	}
	return out, nil
}

func (*provider) GetMetadata(context.Context, *tfprotov6.GetMetadataRequest) (*tfprotov6.GetMetadataResponse, error) {
	return &tfprotov6.GetMetadataResponse{}, nil
}

func (p *provider) GetProviderSchema(context.Context, *tfprotov6.GetProviderSchemaRequest) (*tfprotov6.GetProviderSchemaResponse, error) {
	return p.schema, nil
}

func (*provider) ValidateProviderConfig(_ context.Context, r *tfprotov6.ValidateProviderConfigRequest) (*tfprotov6.ValidateProviderConfigResponse, error) {
	return &tfprotov6.ValidateProviderConfigResponse{PreparedConfig: r.Config}, nil
}

func (p *provider) ValidateResourceConfig(_ context.Context, r *tfprotov6.ValidateResourceConfigRequest) (*tfprotov6.ValidateResourceConfigResponse, error) {
	config, err := r.Config.Unmarshal(p.schema.ResourceSchemas[r.TypeName].ValueType())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", r.TypeName, err)
	}
	diagnostics, err := p.check(p.known.Resources[r.TypeName], config, tftypes.NewAttributePath())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", r.TypeName, err)
	}
	return &tfprotov6.ValidateResourceConfigResponse{Diagnostics: diagnostics}, nil
}

// check finds the enumerations of a block, and of those inside it, that have a
// value which they do not take.
func (p *provider) check(b shape.Block, v tftypes.Value, at *tftypes.AttributePath) (found []*tfprotov6.Diagnostic, err error) {
	if v.IsNull() || !v.IsKnown() {
		return nil, nil
	}
	var fields map[string]tftypes.Value
	if err := v.As(&fields); err != nil {
		return nil, err
	}
	for _, a := range b.Attributes {
		field := fields[a.Name]
		if len(a.Values) == 0 || field.IsNull() || !field.IsKnown() {
			continue
		}
		var text string
		if err := field.As(&text); err != nil {
			return nil, err
		}
		if !slices.Contains(a.Values, text) {
			found = append(found, &tfprotov6.Diagnostic{
				Severity: tfprotov6.DiagnosticSeverityError, Attribute: at.WithAttributeName(a.Name),
				Summary: fmt.Sprintf("%s is none of the values of %s", text, a.Name),
				Detail:  "It takes " + strings.Join(a.Values, ", ") + ".",
			})
		}
	}
	for _, n := range b.Blocks {
		inner := fields[n.Name]
		if n.Single || inner.IsNull() || !inner.IsKnown() {
			continue
		}
		var each []tftypes.Value
		if err := inner.As(&each); err != nil {
			return nil, err
		}
		for i, one := range each {
			more, err := p.check(n.Block, one, at.WithAttributeName(n.Name).WithElementKeyInt(i))
			if err != nil {
				return nil, err
			}
			found = append(found, more...)
		}
	}
	return found, nil
}

func (*provider) ValidateDataResourceConfig(context.Context, *tfprotov6.ValidateDataResourceConfigRequest) (*tfprotov6.ValidateDataResourceConfigResponse, error) {
	return &tfprotov6.ValidateDataResourceConfigResponse{}, nil
}

func (*provider) StopProvider(context.Context, *tfprotov6.StopProviderRequest) (*tfprotov6.StopProviderResponse, error) {
	return &tfprotov6.StopProviderResponse{}, nil
}
