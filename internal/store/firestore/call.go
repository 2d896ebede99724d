package firestore

import (
	"context"
	"errors"
	"io"
	"maps"
	"slices"
	"time"

	"cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/pyloto/atende/internal/fault"
)

// batch is what one BatchGetDocuments brought.
type batch struct {
	found map[string]*firestorepb.Document // by full name
	at    time.Time
}

// needed are the fields that are read back; the others are for people and for
// queries, and stay where they are.
var needed = &firestorepb.DocumentMask{FieldPaths: []string{
	fieldSchema, fieldBody, fieldVersion, fieldTurn, fieldDead, fieldDelivery, fieldEffects, fieldSeen, fieldFingerprint,
}}

// get reads documents by their full names in one round trip. Firestore sends
// them one by one with a time of reading that only rises, and vouches that the
// earlier ones were unchanged until the later time: the last holds for all.
func (l *Ledger) get(ctx context.Context, names ...string) (batch, error) {
	return l.read(ctx, needed, names...)
}

// read is get with the fields of the mask; without one, with all.
func (l *Ledger) read(ctx context.Context, mask *firestorepb.DocumentMask, names ...string) (batch, error) {
	api, err := l.client(ctx)
	if err != nil {
		return batch{}, err
	}
	stream, err := api.BatchGetDocuments(ctx, &firestorepb.BatchGetDocumentsRequest{
		Database: l.database, Documents: names, Mask: mask,
	})
	if err != nil {
		return batch{}, readFault(err)
	}
	b := batch{found: make(map[string]*firestorepb.Document, len(names))}
	for {
		r, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return b, nil
		}
		if err != nil {
			return batch{}, readFault(err)
		}
		if at := r.GetReadTime().AsTime(); r.GetReadTime() != nil && at.After(b.at) {
			b.at = at
		}
		if doc := r.GetFound(); doc != nil {
			b.found[doc.GetName()] = doc
		}
	}
}

// write applies all writes or none, in one round trip.
func (l *Ledger) write(ctx context.Context, writes ...*firestorepb.Write) (*firestorepb.CommitResponse, error) {
	api, err := l.client(ctx)
	if err != nil {
		return nil, err
	}
	done, err := api.Commit(ctx, &firestorepb.CommitRequest{Database: l.database, Writes: writes})
	if codeOf(err) == codes.InvalidArgument && l.disproved(ctx, writes) {
		return nil, fault.Mark(refusal{codes.FailedPrecondition}, fault.Conflict)
	}
	if err != nil {
		return nil, writeFault(err)
	}
	return done, nil
}

// disproved reports whether a document is of another time than the writes
// suppose. Firestore calls a time that is newer than the document's an invalid
// argument, where one that is older fails the precondition; a database that was
// restored to the past is full of such documents.
func (l *Ledger) disproved(ctx context.Context, writes []*firestorepb.Write) bool {
	supposed := map[string]time.Time{}
	for _, w := range writes {
		if at := w.GetCurrentDocument().GetUpdateTime(); at != nil {
			supposed[w.GetUpdate().GetName()] = at.AsTime()
		}
	}
	if len(supposed) == 0 {
		return false
	}
	b, err := l.get(ctx, slices.Collect(maps.Keys(supposed))...)
	if err != nil {
		return false
	}
	for name, at := range supposed {
		if !b.found[name].GetUpdateTime().AsTime().Equal(at) {
			return true
		}
	}
	return false
}

// refusal is an answer of Firestore. Its text is the code alone: Firestore's
// own words may quote what was written.
type refusal struct{ code codes.Code }

func (r refusal) Error() string { return r.code.String() }

// writeFault marks an error of a commit. A document that is missing, there, or
// of another time than a precondition says is a conflict: nothing was written.
func writeFault(err error) error {
	code := codeOf(err)
	switch code {
	case codes.AlreadyExists, codes.FailedPrecondition, codes.Aborted, codes.NotFound:
		return fault.Mark(refusal{code}, fault.Conflict)
	default:
		return fault.Mark(refusal{code}, kindOf(code))
	}
}

// readFault marks an error of a read, for which a missing document is no
// error: what is not found is the database.
func readFault(err error) error {
	code := codeOf(err)
	return fault.Mark(refusal{code}, kindOf(code))
}

func kindOf(code codes.Code) fault.Kind {
	switch code {
	case codes.InvalidArgument, codes.PermissionDenied, codes.NotFound, codes.FailedPrecondition,
		codes.OutOfRange, codes.Unimplemented:
		return fault.Broken
	default:
		// Unauthenticated is here too: on the platform it means that the metadata
		// server did not hand out a token in time.
		return fault.Dependency
	}
}

func codeOf(err error) codes.Code {
	var s interface{ GRPCStatus() *status.Status }
	if errors.As(err, &s) {
		return s.GRPCStatus().Code()
	}
	return status.FromContextError(err).Code()
}
