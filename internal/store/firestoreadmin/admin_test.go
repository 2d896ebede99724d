package firestoreadmin_test

import (
	"strings"
	"testing"

	"cloud.google.com/go/firestore/apiv1/admin/adminpb"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/pyloto/atende/internal/fault"
	"github.com/pyloto/atende/internal/store/firestore/firestoretest"
	"github.com/pyloto/atende/internal/store/firestoreadmin"
)

const groups = "projects/proj/databases/(default)/collectionGroups/"

func route(s *firestoretest.Server) []option.ClientOption {
	return []option.ClientOption{
		option.WithEndpoint(s.Host()), option.WithoutAuthentication(),
		option.WithGRPCDialOption(grpc.WithTransportCredentials(insecure.NewCredentials())),
	}
}

func by(path string, order adminpb.Index_IndexField_Order) *adminpb.Index_IndexField {
	return &adminpb.Index_IndexField{FieldPath: path, ValueMode: &adminpb.Index_IndexField_Order_{Order: order}}
}

func TestRead(t *testing.T) {
	s := firestoretest.New(t)
	const up, down = adminpb.Index_IndexField_ASCENDING, adminpb.Index_IndexField_DESCENDING
	s.SetUp([]*adminpb.Index{
		{Name: groups + "turns/indexes/a", State: adminpb.Index_READY, Fields: []*adminpb.Index_IndexField{by("shard", up), by("day", down), by("__name__", down)}},
		{Name: groups + "audit/indexes/b", State: adminpb.Index_CREATING, Fields: []*adminpb.Index_IndexField{by("shard", up)}},
		{Name: groups + "dead/indexes/c", State: adminpb.Index_NEEDS_REPAIR, Fields: []*adminpb.Index_IndexField{by("at", up)}},
	}, []*adminpb.Field{
		{Name: groups + "dead/fields/at", IndexConfig: &adminpb.Field_IndexConfig{Indexes: []*adminpb.Index{
			{State: adminpb.Index_READY, Fields: []*adminpb.Index_IndexField{by("at", down)}},
		}}},
		{Name: groups + "dead/fields/*", IndexConfig: &adminpb.Field_IndexConfig{}},
		{Name: groups + "turns/fields/expires_at", TtlConfig: &adminpb.Field_TtlConfig{State: adminpb.Field_TtlConfig_ACTIVE}},
		{Name: groups + "dead/fields/expires_at", TtlConfig: &adminpb.Field_TtlConfig{State: adminpb.Field_TtlConfig_CREATING}},
		{Name: groups + "sent/fields/expires_at", TtlConfig: &adminpb.Field_TtlConfig{State: adminpb.Field_TtlConfig_NEEDS_REPAIR}},
	})
	got, err := firestoreadmin.Read(t.Context(), "proj", "(default)", route(s)...)
	if err != nil {
		t.Fatal(err)
	}
	want := firestoreadmin.Setup{
		Composite: []firestoreadmin.Index{
			{Collection: "turns", Fields: []firestoreadmin.Field{{Path: "shard"}, {Path: "day", Descending: true}}, State: firestoreadmin.Ready},
			{Collection: "audit", Fields: []firestoreadmin.Field{{Path: "shard"}}, State: firestoreadmin.Building},
			{Collection: "dead", Fields: []firestoreadmin.Field{{Path: "at"}}, State: firestoreadmin.Broken},
		},
		Indexes: []firestoreadmin.Index{{Collection: "dead", Fields: []firestoreadmin.Field{{Path: "at", Descending: true}}, State: firestoreadmin.Ready}},
		Policies: []firestoreadmin.Policy{
			{Collection: "turns", Field: "expires_at", State: firestoreadmin.Ready},
			{Collection: "dead", Field: "expires_at", State: firestoreadmin.Building},
			{Collection: "sent", Field: "expires_at", State: firestoreadmin.Broken},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestReadSaysWhyNot(t *testing.T) {
	for method, c := range map[string]struct {
		code codes.Code
		kind fault.Kind
	}{
		"ListIndexes": {codes.PermissionDenied, fault.Refused},
		"ListFields":  {codes.NotFound, fault.Refused},
	} {
		s := firestoretest.New(t)
		s.Fail(firestoretest.Fault{Method: method, Code: c.code})
		_, err := firestoreadmin.Read(t.Context(), "proj", "(default)", route(s)...)
		if !fault.Is(err, c.kind) || !strings.Contains(err.Error(), c.code.String()) || strings.Contains(err.Error(), "on command") {
			t.Errorf("%s: %v", method, err)
		}
	}
}
