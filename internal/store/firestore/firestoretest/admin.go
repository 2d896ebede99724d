package firestoretest

import (
	"context"

	"cloud.google.com/go/firestore/apiv1/admin/adminpb"
	"google.golang.org/grpc/status"
)

// administration answers what a database was given. Indexes and policies are only
// told, as with an emulator: nothing here needs them.
type administration struct {
	adminpb.UnimplementedFirestoreAdminServer
	of *Server
}

// SetUp is what the administration tells from now on of every database: composite
// indexes, and fields with indexes or a policy of expiry of their own.
func (s *Server) SetUp(indexes []*adminpb.Index, fields []*adminpb.Field) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.indexes, s.fields = indexes, fields
}

// ListIndexes tells all composite indexes on one page.
func (a administration) ListIndexes(ctx context.Context, _ *adminpb.ListIndexesRequest) (*adminpb.ListIndexesResponse, error) {
	if f, failed := a.of.fault(ctx, "ListIndexes"); failed {
		return nil, status.Error(f.Code, "on command")
	}
	a.of.mu.Lock()
	defer a.of.mu.Unlock()
	return &adminpb.ListIndexesResponse{Indexes: a.of.indexes}, nil
}

// ListFields tells all fields on one page.
func (a administration) ListFields(ctx context.Context, _ *adminpb.ListFieldsRequest) (*adminpb.ListFieldsResponse, error) {
	if f, failed := a.of.fault(ctx, "ListFields"); failed {
		return nil, status.Error(f.Code, "on command")
	}
	a.of.mu.Lock()
	defer a.of.mu.Unlock()
	return &adminpb.ListFieldsResponse{Fields: a.of.fields}, nil
}
