// Package shape is what is known of a provider: the arguments of its resources,
// their types, and which must be given.
package shape

// Provider is the schema of a provider and of what it offers, by name.
type Provider struct {
	Provider    Block            `json:"provider"`
	Resources   map[string]Block `json:"resources"`
	DataSources map[string]Block `json:"data_sources"`
}

// Block is one set of arguments.
type Block struct {
	Attributes []Attribute `json:"attributes,omitempty"`
	Blocks     []Nested    `json:"blocks,omitempty"`
}

// Use says who gives an attribute its value.
type Use string

// The uses.
const (
	Required         Use = "required"
	Optional         Use = "optional"
	OptionalComputed Use = "optional+computed"
	Computed         Use = "computed"
)

// Attribute is an argument with a value. Type is in Terraform's JSON form:
// "string", or ["list", "string"]. Values are those that a string may have; none
// means that any will do.
type Attribute struct {
	Name   string   `json:"name"`
	Type   any      `json:"type"`
	Use    Use      `json:"use"`
	Values []string `json:"values,omitempty"`
}

// Nested is a block inside another. A Max of 0 is no limit; a Single one is an
// object instead of a list.
type Nested struct {
	Name   string `json:"name"`
	Min    int64  `json:"min,omitempty"`
	Max    int64  `json:"max,omitempty"`
	Single bool   `json:"single,omitempty"`
	Block  Block  `json:"block"`
}
