package otto

// Without leaves guards out, which only a test may.
func (o *Otto) Without(guards ...string) *Otto {
	o.without = map[string]bool{}
	for _, name := range guards {
		o.without[name] = true
	}
	return o
}

// Guards are the names of all guards, in their order.
func (o *Otto) Guards() []string {
	var names []string
	for _, g := range o.guards() {
		names = append(names, g.name)
	}
	return names
}

// Asking is the same Otto with another model: making one anew takes longer than
// most tests do.
func (o *Otto) Asking(model Model) *Otto {
	other := *o
	other.model = model
	return &other
}
