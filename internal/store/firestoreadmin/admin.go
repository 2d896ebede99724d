// Package firestoreadmin asks Firestore's administration which indexes and which
// policies of expiry a database has. It reads and changes nothing, and no service
// links it: what it says is for whoever looks after a project.
//
// It needs the permissions datastore.indexes.list and datastore.databases.get
// (roles/datastore.viewer).
package firestoreadmin

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	admin "cloud.google.com/go/firestore/apiv1/admin"
	"cloud.google.com/go/firestore/apiv1/admin/adminpb"
	"google.golang.org/api/iterator"
	"google.golang.org/api/option"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/pyloto/atende/internal/fault"
)

// State is how far something has come.
type State string

// The states. Broken is what Firestore calls NEEDS_REPAIR.
const (
	Ready    State = "ready"
	Building State = "building"
	Broken   State = "broken"
)

// Field is one field of an index.
type Field struct {
	Path       string
	Descending bool
}

// Index is an index of one collection, its fields in order, without the document's
// name that ends every one.
type Index struct {
	Collection string
	Fields     []Field
	State      State
}

// Policy lets the documents of a collection expire by a field.
type Policy struct {
	Collection string
	Field      string
	State      State
}

// Setup is what a database has.
type Setup struct {
	// Indexes of one field, where a field has other ones than the database's own,
	// and Composite ones of several.
	Indexes   []Index
	Composite []Index
	Policies  []Policy
}

// Read asks for everything that a database has, such as "(default)". Its errors
// are of the kinds Dependency and Refused, and hold Firestore's code alone.
func Read(ctx context.Context, project, database string, how ...option.ClientOption) (setup Setup, err error) {
	api, err := admin.NewFirestoreAdminClient(ctx, append([]option.ClientOption{
		option.WithTelemetryDisabled(), option.WithLogger(slog.New(slog.DiscardHandler)),
	}, how...)...)
	if err != nil {
		return Setup{}, fault.Mark(fmt.Errorf("firestoreadmin: connect: %w", err), fault.Dependency)
	}
	defer func() { _ = api.Close() }() // Nothing was written.
	// All collections at once.
	parent := "projects/" + project + "/databases/" + database + "/collectionGroups/-"
	indexes := api.ListIndexes(ctx, &adminpb.ListIndexesRequest{Parent: parent})
	for {
		index, err := indexes.Next()
		if errors.Is(err, iterator.Done) {
			break
		}
		if err != nil {
			return Setup{}, marked("list indexes", err)
		}
		setup.Composite = append(setup.Composite, read(index, segment(index.GetName(), "collectionGroups")))
	}
	// The service lists only what differs from the database's own, or expires
	// (https://cloud.google.com/firestore/docs/reference/rpc/google.firestore.admin.v1#listfieldsrequest).
	fields := api.ListFields(ctx, &adminpb.ListFieldsRequest{
		Parent: parent, Filter: "indexConfig.usesAncestorConfig:false OR ttlConfig:*",
	})
	for {
		field, err := fields.Next()
		if errors.Is(err, iterator.Done) {
			return setup, nil
		}
		if err != nil {
			return Setup{}, marked("list fields", err)
		}
		collection, path := segment(field.GetName(), "collectionGroups"), segment(field.GetName(), "fields")
		for _, index := range field.GetIndexConfig().GetIndexes() {
			setup.Indexes = append(setup.Indexes, read(index, collection))
		}
		if ttl := field.GetTtlConfig(); ttl != nil {
			setup.Policies = append(setup.Policies, Policy{collection, path, policyState(ttl.GetState())})
		}
	}
}

func read(index *adminpb.Index, collection string) Index {
	i := Index{Collection: collection, State: indexState(index.GetState())}
	for _, f := range index.GetFields() {
		if f.GetFieldPath() != "__name__" {
			i.Fields = append(i.Fields, Field{f.GetFieldPath(), f.GetOrder() == adminpb.Index_IndexField_DESCENDING})
		}
	}
	return i
}

func indexState(s adminpb.Index_State) State {
	switch s {
	case adminpb.Index_READY:
		return Ready
	case adminpb.Index_NEEDS_REPAIR:
		return Broken
	default:
		return Building
	}
}

func policyState(s adminpb.Field_TtlConfig_State) State {
	switch s {
	case adminpb.Field_TtlConfig_ACTIVE:
		return Ready
	case adminpb.Field_TtlConfig_NEEDS_REPAIR:
		return Broken
	default:
		return Building
	}
}

func marked(op string, err error) error {
	code := status.Code(err)
	kind := fault.Dependency
	switch code {
	case codes.PermissionDenied, codes.NotFound, codes.Unauthenticated, codes.InvalidArgument, codes.Unimplemented:
		kind = fault.Refused
	}
	return fault.Mark(fmt.Errorf("firestoreadmin: %s: %s", op, code), kind)
}
