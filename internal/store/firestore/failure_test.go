package firestore_test

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/firestore/apiv1/firestorepb"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/fault"
	"github.com/pyloto/atende/internal/pii"
	"github.com/pyloto/atende/internal/store/firestore"
	"github.com/pyloto/atende/internal/store/firestore/firestoretest"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// first is a first commit with one message and one reply.
func first(id conversation.ID) conversation.Commit {
	turn := conversation.NewTurnID(id, 1)
	mid := conversation.MessageID("m" + string(id))
	c := conversation.New(id, "422", conversation.Identity{Phone: "5511977776666"})
	c.Version, c.LastTurn = 1, turn
	return conversation.Commit{
		Conversation: c,
		Turn: conversation.Turn{
			ID: turn, Conversation: id, Version: 1, Messages: []conversation.MessageID{mid}, Token: "mine",
			Replies: []conversation.Reply{{Kind: conversation.ReplyText, Text: "olá"}},
		},
		Messages: []conversation.Inbound{{ID: mid, Kind: conversation.KindText, Text: "oi", SentAt: noon}},
		At:       noon,
	}
}

func commit(t *testing.T, l *firestore.Ledger, c conversation.Commit) time.Time {
	t.Helper()
	done, err := l.Commit(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return done.At
}

func sent(id conversation.TurnID) conversation.Receipt {
	return conversation.Receipt{Turn: id, Attempt: 1, Status: conversation.StatusSent, WAMID: "wamid.1", At: noon}
}

// calls are all operations, each on what setUp left.
func calls(l *firestore.Ledger, base time.Time) map[string]func(ctx context.Context) error {
	return map[string]func(ctx context.Context) error{
		"load": func(ctx context.Context) error {
			_, err := l.Load(ctx, conversation.Query{Conversations: []conversation.ID{"c"}})
			return err
		},
		"commit": func(ctx context.Context) error {
			_, err := l.Commit(ctx, first("another"))
			return err
		},
		"intend": func(ctx context.Context) error {
			_, err := l.Intend(ctx, "c~1", 0, 2, base)
			return err
		},
		"answer": func(ctx context.Context) error {
			return l.Answer(ctx, "c~1", 0, 1, conversation.Result{Kind: conversation.Accepted, At: noon})
		},
		"park": func(ctx context.Context) error { return l.Park(ctx, "c~1", 0, "late", base) },
		"receive": func(ctx context.Context) error {
			_, err := l.Receive(ctx, []conversation.Receipt{sent("c~1")})
			return err
		},
		"attempts": func(ctx context.Context) error {
			_, err := l.Attempts(ctx, []conversation.SentID{"s"})
			return err
		},
		"seen": func(ctx context.Context) error { return l.Seen(ctx, "422", noon) },
		"last seen": func(ctx context.Context) error {
			_, err := l.LastSeen(ctx, "422")
			return err
		},
		"bury":  func(ctx context.Context) error { return l.Bury(ctx, conversation.Dead{ID: "d", At: noon}) },
		"epoch": func(ctx context.Context) error { return l.Epoch(ctx, "key") },
		"ping":  l.Ping,
		"turns": func(ctx context.Context) error {
			_, err := l.Turns(ctx, "c", 9)
			return err
		},
		"message": func(ctx context.Context) error {
			_, _, _, err := l.Message(ctx, "mc")
			return err
		},
		"dead letters": func(ctx context.Context) error {
			_, err := l.DeadLetters(ctx, 9)
			return err
		},
		"conversation": func(ctx context.Context) error {
			_, err := l.Conversation(ctx, []conversation.ID{"c"})
			return err
		},
	}
}

var methods = []string{"BatchGetDocuments", "Commit", "RunQuery"}

func TestEveryRefusalHasItsKind(t *testing.T) {
	for _, tt := range []struct {
		code        codes.Code
		read, write fault.Kind
	}{
		{codes.Unavailable, fault.Dependency, fault.Dependency},
		{codes.DeadlineExceeded, fault.Dependency, fault.Dependency},
		{codes.ResourceExhausted, fault.Dependency, fault.Dependency},
		{codes.Internal, fault.Dependency, fault.Dependency},
		{codes.Unknown, fault.Dependency, fault.Dependency},
		{codes.Unauthenticated, fault.Dependency, fault.Dependency},
		{codes.InvalidArgument, fault.Broken, fault.Broken},
		{codes.PermissionDenied, fault.Broken, fault.Broken},
		{codes.Unimplemented, fault.Broken, fault.Broken},
		{codes.NotFound, fault.Broken, fault.Conflict},
		{codes.AlreadyExists, fault.Dependency, fault.Conflict},
		{codes.FailedPrecondition, fault.Broken, fault.Conflict},
		{codes.Aborted, fault.Dependency, fault.Conflict},
	} {
		t.Run(tt.code.String(), func(t *testing.T) {
			server := firestoretest.New(t)
			l := open(t, firestore.Options{EmulatorHost: server.Host()})
			commit(t, l, first("c"))
			server.Fail(firestoretest.Fault{Method: "BatchGetDocuments", Code: tt.code, Times: 1})
			err := l.Ping(t.Context())
			if !fault.Is(err, tt.read) {
				t.Errorf("read: %v (%s), want %s", err, fault.KindOf(err), tt.read)
			}
			server.Fail(firestoretest.Fault{Method: "Commit", Code: tt.code, Times: 1})
			_, err = l.Commit(t.Context(), first("d"))
			if !fault.Is(err, tt.write) {
				t.Errorf("write: %v (%s), want %s", err, fault.KindOf(err), tt.write)
			}
			if got := server.Calls("Commit"); got != 2 {
				t.Errorf("%d commits, want 2: nothing is repeated", got)
			}
		})
	}
}

func TestNothingIsRepeated(t *testing.T) {
	server := firestoretest.New(t)
	l := open(t, firestore.Options{EmulatorHost: server.Host()})
	base := commit(t, l, first("c"))
	for name, call := range calls(l, base) {
		server.Heal()
		before := map[string]int{}
		for _, m := range methods {
			server.Fail(firestoretest.Fault{Method: m, Code: codes.Unavailable})
			before[m] = server.Calls(m)
		}
		if err := call(t.Context()); !fault.Is(err, fault.Dependency) {
			t.Errorf("%s: %v, want a dependency", name, err)
		}
		total := 0
		for _, m := range methods {
			total += server.Calls(m) - before[m]
		}
		if total != 1 {
			t.Errorf("%s: %d round trips to a service that is down", name, total)
		}
	}
}

func TestEveryCallEndsWithinItsTime(t *testing.T) {
	server := firestoretest.New(t)
	l := open(t, firestore.Options{EmulatorHost: server.Host(), CallTimeout: 30 * time.Millisecond})
	base := commit(t, open(t, firestore.Options{EmulatorHost: server.Host()}), first("c"))
	never := make(chan struct{})
	defer close(never)
	for _, m := range methods {
		server.Fail(firestoretest.Fault{Method: m, Stall: never})
	}
	for name, call := range calls(l, base) {
		if err := call(t.Context()); !fault.Is(err, fault.Dependency) {
			t.Errorf("%s: %v, want a dependency", name, err)
		}
	}
}

func TestABrokenWriteAfterAReadIsReported(t *testing.T) {
	server := firestoretest.New(t)
	l := open(t, firestore.Options{EmulatorHost: server.Host()})
	base := commit(t, l, first("c"))
	all := calls(l, base)
	for _, name := range []string{"receive", "epoch"} {
		server.Fail(firestoretest.Fault{Method: "Commit", Code: codes.PermissionDenied, Times: 1})
		if err := all[name](t.Context()); !fault.Is(err, fault.Broken) {
			t.Errorf("%s: %v, want broken", name, err)
		}
	}
}

func TestAnUnreachableServiceIsADependency(t *testing.T) {
	l := open(t, firestore.Options{EmulatorHost: "127.0.0.1:1", CallTimeout: time.Second})
	if err := l.Ping(t.Context()); !fault.Is(err, fault.Dependency) {
		t.Errorf("ping: %v", err)
	}
}

func TestACommitWhoseAnswerIsLostIsRecognised(t *testing.T) {
	server := firestoretest.New(t)
	l := open(t, firestore.Options{EmulatorHost: server.Host()})
	c := first("c")
	server.Fail(firestoretest.Fault{Method: "Commit", Code: codes.DeadlineExceeded, Applied: true, Times: 1})
	if _, err := l.Commit(t.Context(), c); !fault.Is(err, fault.Dependency) {
		t.Fatalf("commit: %v", err)
	}
	if _, err := l.Commit(t.Context(), c); !fault.Is(err, fault.Conflict) {
		t.Fatalf("the same commit again: %v", err)
	}
	s, err := l.Load(t.Context(), conversation.Query{Turn: c.Turn.ID})
	if err != nil || s.Turn == nil || s.Turn.Token != "mine" {
		t.Errorf("turn = %+v, %v", s.Turn, err)
	}
}

func TestRoundTrips(t *testing.T) {
	server := firestoretest.New(t)
	l := open(t, firestore.Options{EmulatorHost: server.Host()})
	c := first("c")
	c.Pointers = []conversation.ID{"phone"}
	count := func(name string, reads, commits int, call func()) {
		t.Helper()
		r, w := server.Calls("BatchGetDocuments"), server.Calls("Commit")
		call()
		if r, w = server.Calls("BatchGetDocuments")-r, server.Calls("Commit")-w; r != reads || w != commits {
			t.Errorf("%s: %d reads and %d commits, want %d and %d", name, r, w, reads, commits)
		}
	}
	load := func(q conversation.Query) func() {
		return func() {
			if _, err := l.Load(t.Context(), q); err != nil {
				t.Fatal(err)
			}
		}
	}
	count("load of nobody", 1, 0, load(conversation.Query{Conversations: []conversation.ID{"c", "phone"}, Messages: []conversation.MessageID{"mc"}}))
	count("first commit", 0, 1, func() { commit(t, l, c) })
	count("load with the turn", 1, 0, load(conversation.Query{Conversations: []conversation.ID{"c"}, Turn: "c~1"}))
	count("load of the last turn", 2, 0, load(conversation.Query{Conversations: []conversation.ID{"c", "phone"}}))
	count("load through a pointer", 3, 0, load(conversation.Query{Conversations: []conversation.ID{"phone"}}))
	count("answer", 0, 1, func() {
		if err := l.Answer(t.Context(), "c~1", 0, 1, conversation.Result{Kind: conversation.Accepted, ID: "s"}); err != nil {
			t.Fatal(err)
		}
	})
	attempts := func(ids ...conversation.SentID) func() {
		return func() {
			if _, err := l.Attempts(t.Context(), ids); err != nil {
				t.Fatal(err)
			}
		}
	}
	count("attempts", 1, 0, attempts("s", "absent"))
	count("attempts of nobody", 0, 0, attempts())
	receive := func() {
		if _, err := l.Receive(t.Context(), []conversation.Receipt{sent("c~1"), sent("absent~1")}); err != nil {
			t.Fatal(err)
		}
	}
	count("receive", 1, 1, receive)
	count("receive what is known", 1, 0, receive)
	count("receive of nobody", 0, 0, func() {
		if _, err := l.Receive(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
	})
	count("thirty webhooks a second", 0, 1, func() {
		for i := range 30 {
			if err := l.Seen(t.Context(), "422", noon.Add(time.Duration(i)*33*time.Millisecond)); err != nil {
				t.Fatal(err)
			}
		}
	})
	count("a webhook five seconds later", 0, 1, func() {
		if err := l.Seen(t.Context(), "422", noon.Add(5*time.Second)); err != nil {
			t.Fatal(err)
		}
	})
	if server.Calls("BeginTransaction") != 0 {
		t.Error("a transaction was begun")
	}
}

func TestAWatermarkThatWasNotWrittenIsNotHeldToBe(t *testing.T) {
	server := firestoretest.New(t)
	l := open(t, firestore.Options{EmulatorHost: server.Host()})
	for _, code := range []codes.Code{codes.Unavailable, codes.Aborted} {
		server.Fail(firestoretest.Fault{Method: "Commit", Code: code, Times: 1})
		if err := l.Seen(t.Context(), "422", noon); !fault.Is(err, fault.Dependency) {
			t.Fatalf("seen: %v", err)
		}
	}
	if err := l.Seen(t.Context(), "422", noon); err != nil {
		t.Fatal(err)
	}
	server.Fail(firestoretest.Fault{Method: "Commit", Code: codes.Unavailable, Times: 1})
	if err := l.Seen(t.Context(), "422", noon.Add(time.Minute)); err == nil {
		t.Fatal("a write that failed was reported as done")
	}
	if err := l.Seen(t.Context(), "422", noon.Add(6*time.Second)); err != nil {
		t.Fatal(err)
	}
	at, err := l.LastSeen(t.Context(), "422")
	if err != nil || !at.Equal(noon.Add(6*time.Second)) {
		t.Errorf("last seen at %v, %v", at, err)
	}
}

func TestWatermarksOfTwoProcessesOnlyRise(t *testing.T) {
	server := firestoretest.New(t)
	early := open(t, firestore.Options{EmulatorHost: server.Host()})
	late := open(t, firestore.Options{EmulatorHost: server.Host()})
	if err := late.Seen(t.Context(), "422", noon.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if err := early.Seen(t.Context(), "422", noon); err != nil {
		t.Fatal(err)
	}
	at, err := early.LastSeen(t.Context(), "422")
	if err != nil || !at.Equal(noon.Add(time.Hour)) {
		t.Errorf("last seen at %v, %v", at, err)
	}
}

func TestReceiptsOutlastOtherWriters(t *testing.T) {
	const conflicts = 6
	server := firestoretest.New(t)
	l := open(t, firestore.Options{EmulatorHost: server.Host()})
	commit(t, l, first("c"))
	server.Fail(firestoretest.Fault{Method: "Commit", Code: codes.Aborted, Times: conflicts})
	known, err := l.Receive(t.Context(), []conversation.Receipt{sent("c~1")})
	if err != nil || len(known) != 1 || known[0].Phase() != conversation.Sent {
		t.Fatalf("known = %+v, %v", known, err)
	}
	s, err := l.Load(t.Context(), conversation.Query{Turn: "c~1"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(*s.Turn, known[0]); diff != "" {
		t.Errorf("what was returned is not what stands (-stands +returned):\n%s", diff)
	}

	server.Fail(firestoretest.Fault{Method: "Commit", Code: codes.Aborted})
	delivered := sent("c~1")
	delivered.Status = conversation.StatusDelivered
	if _, err := l.Receive(t.Context(), []conversation.Receipt{delivered}); !fault.Is(err, fault.Dependency) {
		t.Errorf("without a gap: %v", err)
	}
}

func TestATurnThatIsErasedMeanwhileHarmsNoNeighbour(t *testing.T) {
	server := firestoretest.New(t)
	l := open(t, firestore.Options{EmulatorHost: server.Host()})
	for _, id := range []conversation.ID{"a", "b"} {
		commit(t, l, first(id))
	}
	stall := make(chan struct{})
	server.Fail(firestoretest.Fault{Method: "Commit", Stall: stall, Times: 1})
	commits := server.Calls("Commit")
	done := make(chan error, 1)
	var known []conversation.StoredTurn
	go func() {
		var err error
		known, err = l.Receive(t.Context(), []conversation.Receipt{sent("a~1"), sent("b~1")})
		done <- err
	}()
	again := time.NewTicker(time.Millisecond)
	defer again.Stop()
	for server.Calls("Commit") == commits {
		<-again.C
	}
	server.Change("projects/atende-test/databases/(default)/documents/tenants/default/turns/a~1",
		func(map[string]*firestorepb.Value) map[string]*firestorepb.Value { return nil })
	close(stall)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if len(known) != 1 || known[0].ID != "b~1" || known[0].Phase() != conversation.Sent {
		t.Errorf("known = %+v", known)
	}
}

func TestMoreTurnsThanOneCommitTakes(t *testing.T) {
	server := firestoretest.New(t)
	l := open(t, firestore.Options{EmulatorHost: server.Host()})
	const turns = 201
	var receipts []conversation.Receipt
	for i := range turns {
		id := conversation.ID("c" + strings.Repeat("x", i))
		commit(t, l, first(id))
		receipts = append(receipts, sent(conversation.NewTurnID(id, 1)))
	}
	commits := server.Calls("Commit")
	known, err := l.Receive(t.Context(), receipts)
	if err != nil || len(known) != turns {
		t.Fatalf("%d turns, %v", len(known), err)
	}
	if got := server.Calls("Commit") - commits; got != 2 {
		t.Errorf("%d commits", got)
	}
}

func TestAPointerThatAppearsMeanwhile(t *testing.T) {
	server := firestoretest.New(t)
	l := open(t, firestore.Options{EmulatorHost: server.Host()})
	c := first("user")
	c.Pointers = []conversation.ID{"phone"}
	base := commit(t, l, c)
	next := first("user")
	next.Base, next.Pointers = base, []conversation.ID{"phone", "user"}
	next.Conversation.Version, next.Turn.Version, next.Turn.ID, next.Messages[0].ID = 2, 2, "user~2", "m2"

	server.Fail(firestoretest.Fault{Method: "BatchGetDocuments", Code: codes.Unavailable, Times: 1})
	if _, err := l.Commit(t.Context(), next); !fault.Is(err, fault.Dependency) {
		t.Errorf("when the pointer cannot be looked at: %v", err)
	}
	commit(t, l, next)

	alone := first("alone")
	alone.Pointers = []conversation.ID{"alone"}
	commit(t, l, alone)
	if _, err := l.Commit(t.Context(), alone); !fault.Is(err, fault.Conflict) {
		t.Errorf("a conflict without pointers: %v", err)
	}
	if doc := server.Documents()["projects/atende-test/databases/(default)/documents/tenants/default/conversations/alone"]; doc.GetFields()["version"].GetIntegerValue() != 1 {
		t.Error("a conversation points to itself")
	}
}

func TestMalformedIDsNameNothing(t *testing.T) {
	server := firestoretest.New(t)
	l := open(t, firestore.Options{EmulatorHost: server.Host()})
	base := commit(t, l, first("c"))
	for _, id := range []string{"", ".", "..", "a/b", "__a__", "\xff", strings.Repeat("x", 1501)} {
		broken := map[string]func(c *conversation.Commit){
			"conversation": func(c *conversation.Commit) { c.Conversation.ID = conversation.ID(id) },
			"turn":         func(c *conversation.Commit) { c.Turn.ID = conversation.TurnID(id) },
			"message":      func(c *conversation.Commit) { c.Messages[0].ID = conversation.MessageID(id) },
			"pointer":      func(c *conversation.Commit) { c.Pointers = []conversation.ID{conversation.ID(id)} },
			"handoff":      func(c *conversation.Commit) { c.Handoff = &conversation.Handoff{ID: id} },
			"appointment":  func(c *conversation.Commit) { c.Appointment = &conversation.Appointment{ID: id} },
		}
		for what, change := range broken {
			c := first("new")
			change(&c)
			if _, err := l.Commit(t.Context(), c); !fault.Is(err, fault.Broken) {
				t.Errorf("commit of %s %q: %v", what, id, err)
			}
		}
		if _, err := l.Intend(t.Context(), conversation.TurnID(id), 0, 1, base); !fault.Is(err, fault.Broken) {
			t.Errorf("intend %q: %v", id, err)
		}
		if err := l.Answer(t.Context(), "c~1", -1, 1, conversation.Result{}); !fault.Is(err, fault.Broken) {
			t.Errorf("answer of a negative part: %v", err)
		}
		answer := conversation.Result{Kind: conversation.Accepted, ID: conversation.SentID(id)}
		if err := l.Answer(t.Context(), "c~1", 0, 1, answer); id != "" && !fault.Is(err, fault.Broken) {
			t.Errorf("answer with the id %q: %v", id, err)
		}
		if found, err := l.Attempts(t.Context(), []conversation.SentID{conversation.SentID(id)}); len(found) != 0 || err != nil {
			t.Errorf("attempts of %q: %v, %v", id, found, err)
		}
		if err := l.Seen(t.Context(), id, noon); !fault.Is(err, fault.Broken) {
			t.Errorf("seen %q: %v", id, err)
		}
		if err := l.Bury(t.Context(), conversation.Dead{ID: id, At: noon}); !fault.Is(err, fault.Broken) {
			t.Errorf("bury %q: %v", id, err)
		}
		if at, err := l.LastSeen(t.Context(), id); err != nil || !at.IsZero() {
			t.Errorf("last seen %q: %v, %v", id, at, err)
		}
		if _, _, ok, err := l.Message(t.Context(), conversation.MessageID(id)); ok || err != nil {
			t.Errorf("message %q: %v, %v", id, ok, err)
		}
		if turns, err := l.Turns(t.Context(), conversation.ID(id), 1); len(turns) != 0 || err != nil {
			t.Errorf("turns %q: %v, %v", id, turns, err)
		}
		if c, err := l.Conversation(t.Context(), []conversation.ID{conversation.ID(id)}); c != nil || err != nil {
			t.Errorf("conversation %q: %v, %v", id, c, err)
		}
		s, err := l.Load(t.Context(), conversation.Query{
			Conversations: []conversation.ID{conversation.ID(id), "c"}, Messages: []conversation.MessageID{conversation.MessageID(id)},
		})
		if err != nil || s.Conversation == nil || len(s.Messages) != 0 {
			t.Errorf("load %q: %+v, %v", id, s, err)
		}
	}
}

func TestWhatHasNoJSONFormIsRefused(t *testing.T) {
	server := firestoretest.New(t)
	l := open(t, firestore.Options{EmulatorHost: server.Host()})
	year := time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)
	for what, change := range map[string]func(c *conversation.Commit){
		"conversation": func(c *conversation.Commit) { c.Conversation.WindowFrom = year },
		"turn":         func(c *conversation.Commit) { c.Turn.DecidedAt = year },
		"message":      func(c *conversation.Commit) { c.Messages[0].SentAt = year },
		"handoff":      func(c *conversation.Commit) { c.Handoff = &conversation.Handoff{ID: "h", Deadline: year} },
		"appointment":  func(c *conversation.Commit) { c.Appointment = &conversation.Appointment{ID: "a", Start: year} },
	} {
		c := first("c")
		change(&c)
		if _, err := l.Commit(t.Context(), c); !fault.Is(err, fault.Broken) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if got := server.Calls("Commit"); got != 0 {
		t.Errorf("%d commits were sent", got)
	}
}

func TestOptionsAreCheckedWhole(t *testing.T) {
	_, err := firestore.New(firestore.Options{Tenant: "a/b", DatabaseID: "x/y", CallTimeout: -1})
	if !fault.Is(err, fault.Broken) {
		t.Fatalf("error = %v", err)
	}
	for _, part := range []string{"project", "database", "tenant", "ring", "negative"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("the error does not name %s: %v", part, err)
		}
	}
	if strings.Contains(err.Error(), "x/y") {
		t.Errorf("the error repeats a value: %v", err)
	}
}

func TestTheEnvironmentDecidesNothing(t *testing.T) {
	server := firestoretest.New(t)
	t.Setenv("FIRESTORE_EMULATOR_HOST", "127.0.0.1:1")
	t.Setenv("GOOGLE_CLOUD_PROJECT", "elsewhere")
	l := open(t, firestore.Options{EmulatorHost: server.Host()})
	commit(t, l, first("c"))
	for name := range server.Documents() {
		if !strings.HasPrefix(name, "projects/atende-test/databases/(default)/documents/tenants/default/") {
			t.Errorf("written to %s", name)
		}
	}
}

func TestCloseEndsTheLedger(t *testing.T) {
	server := firestoretest.New(t)
	for _, used := range []bool{false, true} {
		l := open(t, firestore.Options{EmulatorHost: server.Host()})
		if used {
			if err := l.Ping(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		for range 2 {
			if err := l.Close(); err != nil {
				t.Errorf("close: %v", err)
			}
		}
		if err := l.Ping(t.Context()); !fault.Is(err, fault.Dependency) {
			t.Errorf("ping of a closed ledger: %v", err)
		}
	}
}

func TestAnotherRingOpensNothingAndSaysNothing(t *testing.T) {
	server := firestoretest.New(t)
	l := open(t, firestore.Options{EmulatorHost: server.Host()})
	c := first("c")
	c.Pointers = []conversation.ID{"p"}
	base := commit(t, l, c)
	if err := l.Bury(t.Context(), conversation.Dead{ID: "d", Content: []byte("oi"), At: noon}); err != nil {
		t.Fatal(err)
	}
	other, err := pii.NewRing(bytes.Repeat([]byte{8}, 32))
	if err != nil {
		t.Fatal(err)
	}
	blind := open(t, firestore.Options{EmulatorHost: server.Host(), Ring: other})
	all := calls(blind, base)
	for _, name := range []string{"load", "receive", "turns", "message", "dead letters", "conversation"} {
		err := all[name](t.Context())
		if !fault.Is(err, fault.Broken) {
			t.Errorf("%s: %v, want broken", name, err)
			continue
		}
		for _, value := range []string{"5511977776666", "olá", "oi", "mine"} {
			if strings.Contains(strings.ReplaceAll(err.Error(), "conversation", ""), value) {
				t.Errorf("%s shows content: %v", name, err)
			}
		}
	}
	next := first("c")
	next.Base, next.Pointers, next.Turn.ID, next.Messages[0].ID = base, []conversation.ID{"p"}, "c~2", "m2"
	if _, err := blind.Commit(t.Context(), next); !fault.Is(err, fault.Broken) {
		t.Errorf("a pointer that does not open: %v", err)
	}
}
