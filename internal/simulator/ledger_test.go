package simulator_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/pyloto/atende/internal/store/firestore/firestoretest"
)

// ledgerServer is the address of a server that speaks Firestore's protocol.
func ledgerServer(t *testing.T) string {
	t.Helper()
	return firestoretest.New(t).Host()
}

func TestTheLedgerCanBeFirestore(t *testing.T) {
	t.Parallel()
	s := start(t, "FIRESTORE_EMULATOR_HOST="+ledgerServer(t))
	if part := s.parts()["ledger"]; part.Variant != "emulator" {
		t.Fatalf("the ledger is %+v", part)
	}
	var answer struct{ Error string }
	status := s.Call(http.MethodPost, "/api/faults", `{"point":"worker","kind":"hang"}`, &answer)
	if status != http.StatusBadRequest || !strings.Contains(answer.Error, "worker cannot be broken: the moments of a turn are seen at the ledger in memory") {
		t.Errorf("killing the worker was answered %d %q", status, answer.Error)
	}
	first := s.say(iara, "oi")
	s.untilReplies(iara, 1)
	s.again(first, 5, true)
	for _, kind := range []string{"fail_before", "fail_after", "hang"} {
		s.fault("ledger", kind, 1)
	}
	s.say(iara, erp)
	s.untilReplies(iara, 2)
	s.Until("rest", s.idle)
	if replies := s.conversation(iara).replies(); len(replies) != 2 {
		t.Errorf("%d replies instead of 2", len(replies))
	}
	if turns := s.turns(iara); len(turns) != 2 || turns[1].Route != "model" {
		t.Errorf("the turns are %+v", turns)
	}
}
