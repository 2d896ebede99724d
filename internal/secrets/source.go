package secrets

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/pyloto/atende/internal/pii"
)

// One is a source of an item's value for use at every request: a literal is
// answered as it is, a reference through the resolver.
func One(r *Resolver, item Item) func(ctx context.Context) (pii.Secret, error) {
	resource, isRef := item.Resource()
	if !isRef {
		value := item.Literal()
		return func(context.Context) (pii.Secret, error) { return value, nil }
	}
	return func(ctx context.Context) (pii.Secret, error) { return r.Value(ctx, resource) }
}

// List is a source of all the values of a list, in order, for use at every
// request. What a reference holds may be a comma-separated list itself.
//
// References that do not resolve are left out and reported by the error, so
// both results can be set at once: a signature may be checked against the
// values there are, while a ring whose order counts must not be used. The
// slice is shared between calls and must not be changed.
func List[I Item](r *Resolver, items []I) func(ctx context.Context) ([]pii.Secret, error) {
	l := &list{resolver: r}
	for _, item := range items {
		resource, _ := item.Resource()
		l.resources = append(l.resources, resource)
		l.literals = append(l.literals, item.Literal())
	}
	if !slices.ContainsFunc(l.resources, func(resource string) bool { return resource != "" }) {
		values := splitAll(l.literals)
		return func(context.Context) ([]pii.Secret, error) { return values, nil }
	}
	return l.values
}

// list holds, per item, either a resource or a literal.
type list struct {
	resolver  *Resolver
	resources []string
	literals  []pii.Secret
	last      atomic.Pointer[split]
}

// split is what a list came to, kept so that an unchanged list is not split
// again for every request.
type split struct {
	raw, values []pii.Secret
}

func (l *list) values(ctx context.Context) ([]pii.Secret, error) {
	raw := slices.Clone(l.literals)
	var errs []error
	for i, resource := range l.resources {
		if resource == "" {
			continue
		}
		value, err := l.resolver.Value(ctx, resource)
		if err != nil {
			errs = append(errs, err)
		}
		raw[i] = value
	}
	last := l.last.Load()
	if last == nil || !slices.Equal(last.raw, raw) {
		last = &split{raw: raw, values: splitAll(raw)}
		l.last.Store(last)
	}
	if len(errs) > 0 {
		return last.values, fmt.Errorf("resolve list: %w", errors.Join(errs...))
	}
	return last.values, nil
}

func splitAll(raw []pii.Secret) []pii.Secret {
	var values []pii.Secret
	for _, each := range raw {
		for item := range strings.SplitSeq(each.Reveal(), ",") {
			if item = strings.TrimSpace(item); item != "" {
				values = append(values, pii.Secret(item))
			}
		}
	}
	return values
}
