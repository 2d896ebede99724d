//go:build unix

package firestore_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"
	"testing"
	"time"

	apiv1 "cloud.google.com/go/firestore/apiv1"
	"cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/pii"
	"github.com/pyloto/atende/internal/store/firestore"
	"github.com/pyloto/atende/internal/store/firestore/firestoretest"
)

// sessions are the sizes that a conversation is benchmarked with, in lines of
// its history.
var sessions = []int{0, 6, 40}

func turnOf(lines int, version int64, base time.Time) conversation.Commit {
	c := first("cid")
	c.Base = base
	c.Conversation.Version, c.Turn.Version, c.Turn.ID = version, version, conversation.NewTurnID("cid", version)
	c.Conversation.LastTurn = c.Turn.ID
	c.Messages[0].ID = conversation.MessageID(fmt.Sprintf("m%d", version))
	for i := range lines {
		c.Conversation.Session.Remember(conversation.Line{
			Who: conversation.Lead, At: noon,
			Text: pii.Text(fmt.Sprintf("linha %d: preciso que o atendimento fale com o meu ERP, como funciona?", i)),
		})
	}
	return c
}

// BenchmarkTurn is what a turn asks of the ledger: load, commit, answer.
func BenchmarkTurn(b *testing.B) {
	for _, lines := range sessions {
		b.Run(fmt.Sprintf("ledger/lines=%d", lines), func(b *testing.B) {
			server := firestoretest.New(b)
			l := open(b, firestore.Options{EmulatorHost: server.Host()})
			ctx := b.Context()
			c := turnOf(lines, 1, time.Time{})
			done, err := l.Commit(ctx, c)
			if err != nil {
				b.Fatal(err)
			}
			version := int64(1)
			b.ReportAllocs()
			defer reportCPU(b)()
			for b.Loop() {
				s, err := l.Load(ctx, conversation.Query{
					Conversations: []conversation.ID{"cid"}, Turn: c.Turn.ID,
					Messages: []conversation.MessageID{conversation.MessageID(fmt.Sprintf("m%d", version+1))},
				})
				if err != nil {
					b.Fatal(err)
				}
				version++
				next := turnOf(0, version, s.Conversation.Updated)
				next.Conversation.Session = s.Conversation.Session
				if done, err = l.Commit(ctx, next); err != nil || done.At.IsZero() {
					b.Fatal(err)
				}
				c = next
				r := conversation.Result{
					Kind: conversation.Accepted, WAMID: "wamid.HBgNNTUxMTk4ODg4MDAwMRUCABIYFjNFQjBDMUQ5", At: noon,
					ID: conversation.SentID(fmt.Sprintf("s%d", version)),
				}
				if err := l.Answer(ctx, c.Turn.ID, 0, 1, r); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("floor/lines=%d", lines), func(b *testing.B) { benchmarkFloor(b, lines) })
	}
}

// benchmarkFloor sends the same documents in the same round trips through the
// bare generated client: nothing is encoded, sealed or decoded.
func benchmarkFloor(b *testing.B, lines int) {
	server := firestoretest.New(b)
	l := open(b, firestore.Options{EmulatorHost: server.Host()})
	ctx := b.Context()
	if _, err := l.Commit(ctx, turnOf(lines, 1, time.Time{})); err != nil {
		b.Fatal(err)
	}
	if err := l.Answer(ctx, "cid~1", 0, 1, conversation.Result{Kind: conversation.Accepted, At: noon, ID: "s1"}); err != nil {
		b.Fatal(err)
	}
	docs := server.Documents()
	conv, turn, message := docs[below+"conversations/cid"], docs[below+"turns/cid~1"], docs[below+"messages/m1"]
	sent := docs[below+"sent/s1"]
	api, err := apiv1.NewClient(ctx, option.WithEndpoint(server.Host()), option.WithoutAuthentication(), option.WithTelemetryDisabled(),
		option.WithGRPCDialOption(grpc.WithTransportCredentials(insecure.NewCredentials())))
	if err != nil {
		b.Fatal(err)
	}
	defer func() {
		if err := api.Close(); err != nil {
			b.Error(err)
		}
	}()
	database, _, _ := strings.Cut(below, "/documents")
	updated := conv.GetUpdateTime()
	result := map[string]*firestorepb.Value{"delivery": turn.GetFields()["delivery"]}
	last := turn.GetName()
	version := 1
	b.ReportAllocs()
	defer reportCPU(b)()
	for b.Loop() {
		version++
		mid, tid := fmt.Sprintf("%smessages/m%d", below, version), fmt.Sprintf("%sturns/cid~%d", below, version)
		if err := drain(ctx, api, database, conv.GetName(), mid, last); err != nil {
			b.Fatal(err)
		}
		done, err := api.Commit(ctx, &firestorepb.CommitRequest{Database: database, Writes: []*firestorepb.Write{
			{Operation: put(conv.GetName(), conv.GetFields()), CurrentDocument: &firestorepb.Precondition{
				ConditionType: &firestorepb.Precondition_UpdateTime{UpdateTime: timestamppb.New(updated.AsTime())}}},
			{Operation: put(tid, turn.GetFields())},
			{Operation: put(mid, message.GetFields())},
		}})
		if err != nil {
			b.Fatal(err)
		}
		updated, last = done.GetCommitTime(), tid
		if _, err := api.Commit(ctx, &firestorepb.CommitRequest{Database: database, Writes: []*firestorepb.Write{
			{Operation: put(tid, result), UpdateMask: &firestorepb.DocumentMask{FieldPaths: []string{"delivery.p0.results.a1"}}},
			{Operation: put(fmt.Sprintf("%ssent/s%d", below, version), sent.GetFields())},
		}}); err != nil {
			b.Fatal(err)
		}
	}
}

// reportCPU measures the time that the processors worked, client and server
// together: on a shared machine the wall clock says little.
func reportCPU(b *testing.B) func() {
	b.Helper()
	start := cpu(b)
	return func() { b.ReportMetric(float64(cpu(b)-start)/float64(b.N), "cpu-ns/op") }
}

func cpu(b *testing.B) int64 {
	b.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return syscall.TimevalToNsec(used.Utime) + syscall.TimevalToNsec(used.Stime)
}

func put(name string, fields map[string]*firestorepb.Value) *firestorepb.Write_Update {
	return &firestorepb.Write_Update{Update: &firestorepb.Document{Name: name, Fields: fields}}
}

func drain(ctx context.Context, api *apiv1.Client, database string, names ...string) error {
	stream, err := api.BatchGetDocuments(ctx, &firestorepb.BatchGetDocumentsRequest{Database: database, Documents: names})
	if err != nil {
		return err
	}
	for {
		if _, err := stream.Recv(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}
