package firestore_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/firestore/apiv1/firestorepb"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/fault"
	"github.com/pyloto/atende/internal/pii"
	"github.com/pyloto/atende/internal/store/firestore"
	"github.com/pyloto/atende/internal/store/firestore/firestoretest"
	"github.com/pyloto/atende/internal/store/storetest"
)

const below = "projects/atende-test/databases/(default)/documents/tenants/default/"

func TestNothingPersonalIsReadableAtRest(t *testing.T) {
	server := firestoretest.New(t)
	names := projects{prefix: "sealed"}
	storetest.Ledger(t, func(t *testing.T) storetest.LedgerStore {
		return open(t, firestore.Options{ProjectID: names.next(), EmulatorHost: server.Host()})
	})
	docs := server.Documents()
	collections := map[string]int{}
	for name, doc := range docs {
		parts := strings.Split(name, "/")
		collections[parts[len(parts)-2]]++
		wire, err := proto.Marshal(doc)
		if err != nil {
			t.Fatal(err)
		}
		for _, canary := range storetest.Canaries() {
			if strings.Contains(string(wire), canary) {
				t.Errorf("%s shows %q", name, canary)
			}
		}
	}
	for _, c := range []string{"conversations", "turns", "messages", "sent", "handoffs", "appointments", "dead", "audit", "watermarks", "epochs"} {
		if collections[c] == 0 {
			t.Errorf("no document of %s was looked at", c)
		}
		delete(collections, c)
	}
	if len(collections) != 0 {
		t.Errorf("undocumented collections: %v", collections)
	}
}

func TestDocumentsAreTheDocumentedOnes(t *testing.T) {
	server := firestoretest.New(t)
	now := time.Date(2026, 11, 24, 1, 2, 3, 0, time.UTC)
	l := open(t, firestore.Options{
		EmulatorHost: server.Host(), Now: func() time.Time { return now },
		MessageTTL: 30 * 24 * time.Hour, ConversationTTL: 60 * 24 * time.Hour,
	})
	c := first("cid")
	c.Pointers = []conversation.ID{"phone"}
	c.Handoff = &conversation.Handoff{ID: "hid", Conversation: "cid", Turn: "cid~1", Reason: "asked", Briefing: "oi", Deadline: noon}
	c.Appointment = &conversation.Appointment{ID: "aid", Conversation: "cid", Turn: "cid~1", Start: noon, Mode: "online", Briefing: "oi"}
	c.Conversation.Spent = conversation.Spent{Day: "2026-11-23", Tokens: 7, Turns: 1}
	c.Turn.Model = conversation.Model{Name: "gpt-4o-mini", Calls: 1, TokensIn: 10, TokensOut: 2, CostMicroUSD: 3, Took: time.Second}
	commit(t, l, c)
	if err := l.Answer(t.Context(), "cid~1", 0, 1, conversation.Result{Kind: conversation.Accepted, ID: "sid", At: noon}); err != nil {
		t.Fatal(err)
	}
	if err := l.Bury(t.Context(), conversation.Dead{ID: "mid", Message: true, Reason: "attempts", At: noon}); err != nil {
		t.Fatal(err)
	}
	if err := l.Seen(t.Context(), "422", noon); err != nil {
		t.Fatal(err)
	}
	if err := l.Epoch(t.Context(), "fingerprint"); err != nil {
		t.Fatal(err)
	}
	docs := server.Documents()
	var got []string
	for name := range docs {
		got = append(got, strings.TrimPrefix(name, below))
	}
	slices.Sort(got)
	want := []string{
		"appointments/aid", "conversations/cid", "conversations/phone", "dead/mid", "epochs/default", "handoffs/hid",
		"messages/mcid", "messages/mid", "sent/sid", "turns/cid~1", "watermarks/422",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("documents (-want +got):\n%s", diff)
	}
	for _, path := range want {
		f := docs[below+path].GetFields()
		if f["sv"].GetIntegerValue() != 1 || f["tenant"].GetStringValue() != "default" {
			t.Errorf("%s does not name its schema and tenant", path)
		}
		collection, id, _ := strings.Cut(path, "/")
		if collection == "watermarks" || collection == "epochs" {
			continue
		}
		ttl := 30 * 24 * time.Hour
		if collection == "conversations" || collection == "appointments" {
			ttl = 60 * 24 * time.Hour
		}
		if f["shard"].GetStringValue() != id[:1] || f["day"].GetStringValue() != "2026-11-23" {
			t.Errorf("%s: shard %v, day %v", path, f["shard"], f["day"])
		}
		if at := f["expires_at"].GetTimestampValue().AsTime(); !at.Equal(now.Add(ttl)) {
			t.Errorf("%s expires at %v", path, at)
		}
	}
	readable := map[string][]string{
		"conversations/cid":   {"version", "number", "owner", "state", "last_turn", "spent"},
		"conversations/phone": {"version", "number", "owner", "state", "moved_to"},
		"turns/cid~1": {
			"conversation", "version", "number", "messages", "replies", "route", "from", "into", "event", "token",
			"correlation_id", "model", "delivery",
		},
		"messages/mcid":    {"turn", "conversation", "number", "kind", "seq", "sent_at"},
		"handoffs/hid":     {"conversation", "turn", "reason", "deadline"},
		"appointments/aid": {"conversation", "turn", "start", "mode"},
		"dead/mid":         {"reason", "attempts", "message", "at"},
	}
	for path, names := range readable {
		got := slices.Sorted(maps.Keys(docs[below+path].GetFields()))
		want := append(names, "sv", "tenant", "shard", "day", "expires_at", "body")
		slices.Sort(want)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("fields of %s (-want +got):\n%s", path, diff)
		}
	}
	if diff := cmp.Diff([]string{"attempt", "day", "expires_at", "part", "shard", "sv", "tenant", "turn"},
		slices.Sorted(maps.Keys(docs[below+"sent/sid"].GetFields()))); diff != "" {
		t.Errorf("fields of sent/sid (-want +got):\n%s", diff)
	}
	model := docs[below+"turns/cid~1"].GetFields()["model"].GetMapValue().GetFields()
	if got := model["cost_micro_usd"].GetIntegerValue(); got != 3 {
		t.Errorf("the turn says that the model cost %d", got)
	}
}

func TestADecisionIsNeverRewritten(t *testing.T) {
	server := firestoretest.New(t)
	l := open(t, firestore.Options{EmulatorHost: server.Host()})
	base := commit(t, l, first("c"))
	decision := func() map[string]*firestorepb.Value {
		f := maps.Clone(server.Documents()[below+"turns/c~1"].GetFields())
		delete(f, "delivery")
		return f
	}
	before := decision()
	at, err := l.Intend(t.Context(), "c~1", 0, 2, base)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Answer(t.Context(), "c~1", 0, 2, conversation.Result{Kind: conversation.Accepted, WAMID: "wamid.1", At: noon}); err != nil {
		t.Fatal(err)
	}
	if err := l.Park(t.Context(), "c~1", 0, "late", at); !fault.Is(err, fault.Conflict) {
		t.Fatalf("park at an older time: %v", err)
	}
	if _, err := l.Receive(t.Context(), []conversation.Receipt{sent("c~1")}); err != nil {
		t.Fatal(err)
	}
	after := decision()
	if len(before) != len(after) {
		t.Errorf("fields were %v, are %v", before, after)
	}
	for name := range before {
		if !proto.Equal(before[name], after[name]) {
			t.Errorf("%s was rewritten", name)
		}
	}
}

func TestSealedFieldsOpenOnlyWhereTheyBelong(t *testing.T) {
	server := firestoretest.New(t)
	l := open(t, firestore.Options{EmulatorHost: server.Host()})
	commit(t, l, first("a"))
	commit(t, l, first("b"))
	body := server.Documents()[below+"conversations/a"].GetFields()["body"]
	server.Change(below+"conversations/b", func(f map[string]*firestorepb.Value) map[string]*firestorepb.Value {
		f["body"] = body
		return f
	})
	if _, err := l.Load(t.Context(), conversation.Query{Conversations: []conversation.ID{"b"}}); !fault.Is(err, fault.Broken) {
		t.Errorf("the body of another conversation: %v", err)
	}
	if err := l.Answer(t.Context(), "a~1", 0, 1, conversation.Result{Kind: conversation.Accepted, WAMID: "wamid.1", At: noon}); err != nil {
		t.Fatal(err)
	}
	server.Change(below+"turns/a~1", func(f map[string]*firestorepb.Value) map[string]*firestorepb.Value {
		results := f["delivery"].GetMapValue().GetFields()["p0"].GetMapValue().GetFields()["results"].GetMapValue().GetFields()
		results["a2"] = results["a1"]
		return f
	})
	if _, err := l.Load(t.Context(), conversation.Query{Turn: "a~1"}); !fault.Is(err, fault.Broken) {
		t.Errorf("the message id of another attempt: %v", err)
	}
}

func TestADatabaseRestoredUnderAnotherNameOpens(t *testing.T) {
	server := firestoretest.New(t)
	c := first("c")
	commit(t, open(t, firestore.Options{EmulatorHost: server.Host()}), c)
	for name, doc := range server.Documents() {
		server.Change(strings.Replace(name, "(default)", "restored", 1),
			func(map[string]*firestorepb.Value) map[string]*firestorepb.Value { return doc.GetFields() })
	}
	l := open(t, firestore.Options{EmulatorHost: server.Host(), DatabaseID: "restored"})
	s, err := l.Load(t.Context(), conversation.Query{Conversations: []conversation.ID{"c"}})
	if err != nil || s.Conversation == nil {
		t.Fatalf("%+v, %v", s, err)
	}
	if diff := cmp.Diff(c.Conversation, s.Conversation.Conversation); diff != "" {
		t.Errorf("conversation (-want +got):\n%s", diff)
	}
}

func TestWhatANewerProgramAdds(t *testing.T) {
	server := firestoretest.New(t)
	l := open(t, firestore.Options{EmulatorHost: server.Host()})
	commit(t, l, first("c"))
	str := &firestorepb.Value{ValueType: &firestorepb.Value_StringValue{StringValue: "new"}}
	extend := func(f map[string]*firestorepb.Value) map[string]*firestorepb.Value {
		f["new"] = str
		if parts := f["delivery"].GetMapValue().GetFields(); parts != nil {
			object := func(m map[string]*firestorepb.Value) *firestorepb.Value {
				return &firestorepb.Value{ValueType: &firestorepb.Value_MapValue{MapValue: &firestorepb.MapValue{Fields: m}}}
			}
			parts["p9"], parts["x"] = str, str
			part := parts["p0"].GetMapValue().GetFields()
			part["new"] = str
			part["results"] = object(map[string]*firestorepb.Value{"x": str, "a0": str, "a-1": str, "ax": str})
			part["receipts"] = object(map[string]*firestorepb.Value{
				"x": str, "a1": object(map[string]*firestorepb.Value{"novel": object(nil)}),
			})
		}
		return f
	}
	for _, path := range []string{"conversations/c", "turns/c~1", "messages/mc"} {
		server.Change(below+path, extend)
	}
	s, err := l.Load(t.Context(), conversation.Query{Conversations: []conversation.ID{"c"}})
	if err != nil || s.Conversation == nil || s.Turn == nil {
		t.Fatalf("fields that are merely new: %+v, %v", s, err)
	}
	if diff := cmp.Diff([]conversation.Delivery{{Attempt: 1}}, s.Turn.Deliveries); diff != "" {
		t.Errorf("deliveries (-want +got):\n%s", diff)
	}

	for _, path := range []string{"conversations/c", "turns/c~1", "messages/mc"} {
		server.Change(below+path, func(f map[string]*firestorepb.Value) map[string]*firestorepb.Value {
			f["sv"] = &firestorepb.Value{ValueType: &firestorepb.Value_IntegerValue{IntegerValue: 5}}
			return f
		})
	}
	if _, err := l.Load(t.Context(), conversation.Query{Conversations: []conversation.ID{"c"}}); !fault.Is(err, fault.Dependency) {
		t.Errorf("a newer schema: %v, want to be left to a newer program", err)
	}
	if _, _, _, err := l.Message(t.Context(), "mc"); !fault.Is(err, fault.Dependency) {
		t.Errorf("a message of a newer schema: %v", err)
	}
}

func TestContentOfAnotherFormIsBroken(t *testing.T) {
	server := firestoretest.New(t)
	l := open(t, firestore.Options{EmulatorHost: server.Host()})
	commit(t, l, first("c"))
	server.Change(below+"conversations/c", func(f map[string]*firestorepb.Value) map[string]*firestorepb.Value {
		f["body"] = &firestorepb.Value{ValueType: &firestorepb.Value_BytesValue{
			BytesValue: ring(t).Seal([]byte(`["canarinho"]`), "tenants/default/conversations/c#body"),
		}}
		return f
	})
	_, err := l.Load(t.Context(), conversation.Query{Conversations: []conversation.ID{"c"}})
	if !fault.Is(err, fault.Broken) || strings.Contains(err.Error(), "canarinho") {
		t.Errorf("error = %v", err)
	}
	if !strings.Contains(err.Error(), "conversations/c") {
		t.Errorf("the error does not say which document: %v", err)
	}
}

func TestOldTurnsThatExpiredEndTheList(t *testing.T) {
	server := firestoretest.New(t)
	l := open(t, firestore.Options{EmulatorHost: server.Host()})
	var base time.Time
	for version := int64(1); version <= 120; version++ {
		c := first("c")
		c.Base, c.Messages = base, nil
		c.Conversation.Version, c.Turn.Version, c.Turn.ID = version, version, conversation.NewTurnID("c", version)
		base = commit(t, l, c)
	}
	for version := 1; version <= 110; version++ {
		if version == 20 {
			continue // older than a whole stretch that is gone
		}
		server.Change(below+fmt.Sprintf("turns/c~%d", version),
			func(map[string]*firestorepb.Value) map[string]*firestorepb.Value { return nil })
	}
	turns, err := l.Turns(t.Context(), "c", 1000)
	if err != nil || len(turns) != 10 || turns[0].Version != 120 || turns[9].Version != 111 {
		t.Errorf("%d turns, %v", len(turns), err)
	}
}

func TestBrokenCharactersInAClearFieldHarmNothing(t *testing.T) {
	server := firestoretest.New(t)
	l := open(t, firestore.Options{EmulatorHost: server.Host()})
	c := first("c")
	c.Turn.CorrelationID = "a\xffb"
	c.Messages[0].Text = pii.Text("a\xffb")
	commit(t, l, c)
	in, _, ok, err := l.Message(t.Context(), "mc")
	if err != nil || !ok || in.Text.Reveal() != "a\ufffdb" {
		t.Errorf("message = %v, %v", ok, err)
	}
}
