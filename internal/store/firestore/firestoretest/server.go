package firestoretest

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cloud.google.com/go/firestore/apiv1/admin/adminpb"
	"cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// Server is one Firestore with any number of databases. It is safe for
// concurrent use.
type Server struct {
	firestorepb.UnimplementedFirestoreServer
	host string

	mu     sync.Mutex
	docs   map[string]*firestorepb.Document // by full name, never changed in place
	last   time.Time
	calls  map[string]int
	faults []Fault

	indexes []*adminpb.Index
	fields  []*adminpb.Field
}

// Fault is what goes wrong with a call.
type Fault struct {
	// Method is the call's name in the protocol, e.g. Commit.
	Method string
	// Code is the answer.
	Code codes.Code
	// Applied calls took effect before they failed.
	Applied bool
	// Stall, when it is not nil, holds the call until it is closed or the
	// caller gives up.
	Stall <-chan struct{}
	// Times is how many calls are hit; zero is every one.
	Times int
}

// New starts a server that stops when the test ends.
func New(tb testing.TB) *Server {
	tb.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatalf("firestoretest: %v", err)
	}
	s := &Server{
		host:  listener.Addr().String(),
		docs:  map[string]*firestorepb.Document{},
		calls: map[string]int{},
	}
	server := grpc.NewServer()
	firestorepb.RegisterFirestoreServer(server, s)
	adminpb.RegisterFirestoreAdminServer(server, administration{of: s})
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	tb.Cleanup(func() {
		server.Stop()
		// A test that never called may end before serving began.
		if err := <-served; err != nil && !errors.Is(err, grpc.ErrServerStopped) {
			tb.Errorf("firestoretest: %v", err)
		}
	})
	return s
}

// Host is the server's host:port on loopback, spoken to without encryption.
func (s *Server) Host() string { return s.host }

// Calls is how often a method was called, e.g. Commit.
func (s *Server) Calls(method string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[method]
}

// Fail makes calls of a method fail, after what was asked for before.
func (s *Server) Fail(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, f)
}

// Heal forgets every fault.
func (s *Server) Heal() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// Documents are all documents by their full names, as they are stored.
func (s *Server) Documents() map[string]*firestorepb.Document {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.docs)
}

// Change puts a document in place of the one of that name, or removes it when
// change returns nil. It stands for another program, or for time.
func (s *Server) Change(name string, change func(fields map[string]*firestorepb.Value) map[string]*firestorepb.Value) {
	s.mu.Lock()
	defer s.mu.Unlock()
	doc, ok := s.docs[name]
	if !ok {
		doc = &firestorepb.Document{}
	}
	fields := change(proto.CloneOf(doc).GetFields())
	if fields == nil {
		delete(s.docs, name)
		return
	}
	s.docs[name] = s.written(doc, name, fields, s.tick())
}

// fault is what befalls a call now. It returns once a stall has ended.
func (s *Server) fault(ctx context.Context, method string) (Fault, bool) {
	s.mu.Lock()
	s.calls[method]++
	i := slices.IndexFunc(s.faults, func(f Fault) bool { return f.Method == method })
	if i < 0 {
		s.mu.Unlock()
		return Fault{}, false
	}
	f := s.faults[i]
	switch f.Times {
	case 0:
	case 1:
		s.faults = slices.Delete(s.faults, i, i+1)
	default:
		s.faults[i].Times--
	}
	s.mu.Unlock()
	if f.Stall != nil {
		select {
		case <-f.Stall:
		case <-ctx.Done():
			if f.Code == codes.OK { // The caller may not have noticed yet that its time is over.
				f.Code = codes.DeadlineExceeded
			}
		}
	}
	return f, f.Code != codes.OK
}

// tick is a time later than every other that was handed out, in the
// microseconds that Firestore keeps.
func (s *Server) tick() time.Time {
	now := time.Now().UTC().Truncate(time.Microsecond)
	if !now.After(s.last) {
		now = s.last.Add(time.Microsecond)
	}
	s.last = now
	return now
}

// BatchGetDocuments implements the protocol.
func (s *Server) BatchGetDocuments(r *firestorepb.BatchGetDocumentsRequest, stream firestorepb.Firestore_BatchGetDocumentsServer) error {
	if f, failed := s.fault(stream.Context(), "BatchGetDocuments"); failed {
		return status.Error(f.Code, "on command")
	}
	for _, name := range r.GetDocuments() {
		if !isName(name) {
			return status.Errorf(codes.InvalidArgument, "not a document: %s", name)
		}
	}
	s.mu.Lock()
	at := timestamppb.New(s.tick())
	found := make([]*firestorepb.Document, len(r.GetDocuments()))
	for i, name := range r.GetDocuments() {
		found[i] = s.docs[name]
	}
	s.mu.Unlock()
	for i, doc := range found {
		doc = masked(doc, r.GetMask())
		answer := &firestorepb.BatchGetDocumentsResponse{ReadTime: at}
		if doc != nil {
			answer.Result = &firestorepb.BatchGetDocumentsResponse_Found{Found: doc}
		} else {
			answer.Result = &firestorepb.BatchGetDocumentsResponse_Missing{Missing: r.GetDocuments()[i]}
		}
		if err := stream.Send(answer); err != nil {
			return err
		}
	}
	return nil
}

// masked is doc with only the fields that a mask names. Paths into maps are
// not supported.
func masked(doc *firestorepb.Document, mask *firestorepb.DocumentMask) *firestorepb.Document {
	if doc == nil || mask == nil {
		return doc
	}
	fields := map[string]*firestorepb.Value{}
	for _, path := range mask.GetFieldPaths() {
		if v, ok := doc.GetFields()[path]; ok {
			fields[path] = v
		}
	}
	return &firestorepb.Document{Name: doc.GetName(), Fields: fields, CreateTime: doc.GetCreateTime(), UpdateTime: doc.GetUpdateTime()}
}

// Commit implements the protocol for writes without a transaction.
func (s *Server) Commit(ctx context.Context, r *firestorepb.CommitRequest) (*firestorepb.CommitResponse, error) {
	f, failed := s.fault(ctx, "Commit")
	if failed && !f.Applied {
		return nil, status.Error(f.Code, "on command")
	}
	if r.GetTransaction() != nil {
		return nil, status.Error(codes.Unimplemented, "transactions")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	at := s.tick()
	staged := map[string]*firestorepb.Document{}
	answer := &firestorepb.CommitResponse{CommitTime: timestamppb.New(at)}
	for _, w := range r.GetWrites() {
		doc, err := s.apply(w, staged, at)
		if err != nil {
			return nil, err
		}
		if w.GetDelete() != "" {
			staged[w.GetDelete()] = nil
			answer.WriteResults = append(answer.WriteResults, &firestorepb.WriteResult{})
			continue
		}
		staged[doc.GetName()] = doc
		answer.WriteResults = append(answer.WriteResults, &firestorepb.WriteResult{UpdateTime: doc.GetUpdateTime()})
	}
	maps.Copy(s.docs, staged)
	maps.DeleteFunc(s.docs, func(_ string, doc *firestorepb.Document) bool { return doc == nil })
	if failed {
		return nil, status.Error(f.Code, "on command")
	}
	return answer, nil
}

// apply is the document as a write leaves it, on top of what the writes before
// it in the same commit left.
func (s *Server) apply(w *firestorepb.Write, staged map[string]*firestorepb.Document, at time.Time) (*firestorepb.Document, error) {
	update := w.GetUpdate()
	name := update.GetName() + w.GetDelete()
	if name == "" {
		return nil, status.Error(codes.Unimplemented, "only updates and deletes")
	}
	if !isName(name) {
		return nil, status.Errorf(codes.InvalidArgument, "not a document: %s", name)
	}
	doc, ok := staged[name]
	if !ok {
		doc = s.docs[name]
	}
	if err := meets(doc, w.GetCurrentDocument()); err != nil {
		return nil, err
	}
	fields := update.GetFields()
	if w.GetUpdateMask() != nil {
		fields = proto.CloneOf(doc).GetFields()
		if fields == nil {
			fields = map[string]*firestorepb.Value{}
		}
		for _, path := range w.GetUpdateMask().GetFieldPaths() {
			copyField(fields, update.GetFields(), strings.Split(path, "."))
		}
	}
	for _, t := range w.GetUpdateTransforms() {
		path := t.GetFieldPath()
		old, ok := fields[path]
		switch {
		case t.GetIncrement() != nil:
			fields[path] = &firestorepb.Value{ValueType: &firestorepb.Value_IntegerValue{
				IntegerValue: old.GetIntegerValue() + t.GetIncrement().GetIntegerValue(),
			}}
		case t.GetMaximum() == nil:
			return nil, status.Error(codes.Unimplemented, "only the transforms maximum and increment")
		case !ok || old.GetIntegerValue() < t.GetMaximum().GetIntegerValue():
			fields[path] = t.GetMaximum()
		}
	}
	return s.written(doc, name, fields, at), nil
}

func (s *Server) written(old *firestorepb.Document, name string, fields map[string]*firestorepb.Value, at time.Time) *firestorepb.Document {
	created := old.GetCreateTime()
	if created == nil {
		created = timestamppb.New(at)
	}
	return &firestorepb.Document{Name: name, Fields: fields, CreateTime: created, UpdateTime: timestamppb.New(at)}
}

// meets checks a precondition with the codes that Firestore answers.
func meets(doc *firestorepb.Document, p *firestorepb.Precondition) error {
	switch c := p.GetConditionType().(type) {
	case *firestorepb.Precondition_Exists:
		if c.Exists && doc == nil {
			return status.Error(codes.NotFound, "no document to update")
		}
		if !c.Exists && doc != nil {
			return status.Error(codes.AlreadyExists, "document already exists")
		}
	case *firestorepb.Precondition_UpdateTime:
		stored, wanted := doc.GetUpdateTime().AsTime(), c.UpdateTime.AsTime()
		switch {
		case doc == nil, stored.After(wanted):
			return status.Error(codes.FailedPrecondition, "the update time differs")
		case stored.Before(wanted):
			return status.Error(codes.InvalidArgument, "the update time is greater than the stored one")
		}
	}
	return nil
}

// copyField sets the field at a path to what from holds there, or removes it.
func copyField(to, from map[string]*firestorepb.Value, path []string) {
	for _, step := range path[:len(path)-1] {
		from = from[step].GetMapValue().GetFields()
		if to[step].GetMapValue().GetFields() == nil {
			to[step] = &firestorepb.Value{ValueType: &firestorepb.Value_MapValue{
				MapValue: &firestorepb.MapValue{Fields: map[string]*firestorepb.Value{}},
			}}
		}
		to = to[step].GetMapValue().GetFields()
	}
	field := path[len(path)-1]
	if v, ok := from[field]; ok {
		to[field] = v
	} else {
		delete(to, field)
	}
}

// RunQuery implements the protocol for one collection: either ordered by one
// timestamp, newest first; or those in which one field has a value, by name and
// after a name. Both have a limit.
func (s *Server) RunQuery(r *firestorepb.RunQueryRequest, stream firestorepb.Firestore_RunQueryServer) error {
	if f, failed := s.fault(stream.Context(), "RunQuery"); failed {
		return status.Error(f.Code, "on command")
	}
	q := r.GetStructuredQuery()
	if len(q.GetFrom()) != 1 || len(q.GetOrderBy()) != 1 {
		return status.Error(codes.Unimplemented, "only one collection, by one field")
	}
	order, filter := q.GetOrderBy()[0], q.GetWhere().GetFieldFilter()
	field := order.GetField().GetFieldPath()
	newest := filter == nil && order.GetDirection() == firestorepb.StructuredQuery_DESCENDING
	if !newest && (field != "__name__" || order.GetDirection() != firestorepb.StructuredQuery_ASCENDING ||
		filter.GetOp() != firestorepb.StructuredQuery_FieldFilter_EQUAL) {
		return status.Error(codes.Unimplemented, "only newest first, or a field that has a value, by name")
	}
	if filter != nil {
		field = filter.GetField().GetFieldPath()
	}
	after := ""
	for _, v := range q.GetStartAt().GetValues() {
		after = v.GetReferenceValue()
	}
	collection := r.GetParent() + "/" + q.GetFrom()[0].GetCollectionId() + "/"
	var docs []*firestorepb.Document
	for name, doc := range s.Documents() {
		id, below := strings.CutPrefix(name, collection)
		v, ok := doc.GetFields()[field]
		if below && ok && !strings.Contains(id, "/") && (newest || proto.Equal(v, filter.GetValue()) && name > after) {
			docs = append(docs, doc)
		}
	}
	slices.SortFunc(docs, func(a, b *firestorepb.Document) int {
		if !newest {
			return strings.Compare(a.GetName(), b.GetName())
		}
		at := func(d *firestorepb.Document) time.Time { return d.GetFields()[field].GetTimestampValue().AsTime() }
		return cmp.Or(at(b).Compare(at(a)), strings.Compare(b.GetName(), a.GetName()))
	})
	s.mu.Lock()
	now := timestamppb.New(s.tick())
	s.mu.Unlock()
	for _, doc := range docs[:min(len(docs), int(q.GetLimit().GetValue()))] {
		if err := stream.Send(&firestorepb.RunQueryResponse{Document: doc, ReadTime: now}); err != nil {
			return err
		}
	}
	return stream.Send(&firestorepb.RunQueryResponse{ReadTime: now})
}

// isName reports whether name is projects/P/databases/D/documents followed by
// pairs of a collection and an id.
func isName(name string) bool {
	parts := strings.Split(name, "/")
	return len(parts) >= 7 && len(parts)%2 == 1 && parts[0] == "projects" && parts[2] == "databases" &&
		parts[4] == "documents" && !slices.Contains(parts, "") && !slices.Contains(parts, ".") && !slices.Contains(parts, "..")
}
