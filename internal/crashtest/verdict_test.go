package crashtest

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pyloto/atende/internal/cloudtasks/cloudtaskstest"
	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/pkg/whatsapp/whatsapptest"
)

// judge holds a street that has come to rest to its promises: the lead got one
// answer, which is the one in the audit, and nobody was forgotten.
func (s *street) judge() {
	s.t.Helper()
	turn := s.judgeOne()
	if len(turn.Replies) != 1 {
		s.t.Errorf("the lead's turn has %d replies, want 1", len(turn.Replies))
	}
	if turn.Route != conversation.RouteModel || turn.Model.Calls == 0 {
		s.t.Errorf("the lead was answered by way of %q with %d calls of the model: the turn did not pass the acts it was to die at",
			turn.Route, turn.Model.Calls)
	}
	var phases []string
	for _, p := range turn.Phases {
		phases = append(phases, p.Name)
	}
	if diff := cmp.Diff([]string{"enter", "load", "decide"}, phases); diff != "" {
		s.t.Errorf("phases of the lead's turn (-want +got):\n%s", diff)
	}
}

// judgeOne checks that the lead's only turn and everything around it ended well,
// and returns it.
func (s *street) judgeOne() conversation.StoredTurn {
	s.t.Helper()
	s.judgeTasks()
	s.judgePerson(other)
	turns := s.judgePerson(lead)
	if len(turns) != 1 {
		s.t.Fatalf("the lead's conversation has %d turns, want 1", len(turns))
	}
	if !turns[0].Ended() {
		s.t.Errorf("the lead's turn did not end: %+v", turns[0].Records)
	}
	return turns[0]
}

// judgeHandoff: the lead asked for a person. The team got the one notice of it,
// and the timer that follows is set.
func (s *street) judgeHandoff() {
	s.t.Helper()
	turn := s.judgeOne()
	if turn.Into != conversation.HandoffHuman || len(turn.Replies) != 1 {
		s.t.Errorf("the lead's turn leads to %s with %d replies", turn.Into, len(turn.Replies))
	}
	if ids := s.team.ids(); len(ids) != 1 || ids[0] != turn.ID.Effect(0) {
		s.t.Errorf("the team knows %q, want %q", ids, turn.ID.Effect(0))
	}
	var alarms int
	for _, task := range s.tasks.Tasks() {
		if forLater(task) && bytes.Contains(task.Body, []byte(turn.Conversation)) {
			alarms++
		}
	}
	if alarms != 1 {
		s.t.Errorf("%d timers are set for the lead, want 1", alarms)
	}
}

// judgeTasks checks that every task is gone because its work was done.
func (s *street) judgeTasks() {
	s.t.Helper()
	for _, task := range s.tasks.Tasks() {
		if forLater(task) {
			continue
		}
		last := task.Attempts[len(task.Attempts)-1]
		if task.State != cloudtaskstest.Succeeded || last.Status != http.StatusOK {
			s.t.Errorf("task %s of %s: %v with status %d, want succeeded with 200", task.Name, task.Queue, task.State, last.Status)
		}
	}
	letters, err := s.ledger.DeadLetters(s.t.Context(), 10)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, dead := range letters {
		s.t.Errorf("a letter was given up: %s", dead.Reason)
	}
}

// judgePerson checks that each message of a person belongs to one turn, and
// that each turn was sent once, as it says. It returns the turns.
func (s *street) judgePerson(person string) []conversation.StoredTurn {
	s.t.Helper()
	ctx, id := s.t.Context(), s.conversation(person)
	stored, err := s.ledger.Conversation(ctx, []conversation.ID{id})
	if err != nil {
		s.t.Fatal(err)
	}
	if stored == nil {
		s.t.Fatalf("%s: no conversation in the ledger", id)
	}
	turns, err := s.ledger.Turns(ctx, id, 1000)
	if err != nil {
		s.t.Fatal(err)
	}
	if int64(len(turns)) != stored.Version {
		s.t.Errorf("%s: %d turns at version %d", id, len(turns), stored.Version)
	}
	consumed := map[conversation.MessageID][]conversation.TurnID{}
	for _, turn := range turns {
		for _, message := range turn.Messages {
			consumed[message] = append(consumed[message], turn.ID)
		}
	}
	for _, l := range s.said {
		if l.from != person {
			continue
		}
		_, message, ok, err := s.ledger.Message(ctx, l.message)
		if err != nil {
			s.t.Fatal(err)
		}
		if !ok || message.Dead {
			s.t.Errorf("%s: message %s is in the ledger: %v, given up: %v", id, l.message, ok, message.Dead)
			continue
		}
		if diff := cmp.Diff([]conversation.TurnID{message.Turn}, consumed[l.message]); diff != "" {
			s.t.Errorf("%s: turns of message %s (-its document +the turns'):\n%s", id, l.message, diff)
		}
		delete(consumed, l.message)
	}
	for message, by := range consumed {
		s.t.Errorf("%s: %v consumed message %s, which nobody sent", id, by, message)
	}
	judgeReplies(s.t, turns, s.received(person))
	return turns
}

// received is what Graph accepted for a person.
func (s *street) received(person string) []whatsapptest.SentMessage {
	return slices.DeleteFunc(s.graph.Sent(), func(m whatsapptest.SentMessage) bool { return m.Person() != person })
}

// judgeReplies checks that Graph accepted each reply of each turn exactly once
// and word for word, and that the turns know.
func judgeReplies(t *testing.T, turns []conversation.StoredTurn, sent []whatsapptest.SentMessage) {
	t.Helper()
	accepted := map[string][]string{}
	for _, m := range sent {
		turn, part, _, ok := conversation.ParseOpaque(m.Opaque)
		if !ok {
			t.Errorf("Graph accepted a message of no turn: %q", m.Opaque)
			continue
		}
		place := fmt.Sprintf("%s part %d", turn, part)
		accepted[place] = append(accepted[place], wordsSent(m))
	}
	decided := map[string][]string{}
	for _, turn := range turns {
		if phase := turn.Phase(); phase != conversation.Sent {
			t.Errorf("turn %s is %s, want %s", turn.ID, phase, conversation.Sent)
		}
		for part, reply := range turn.Replies {
			place := fmt.Sprintf("%s part %d", turn.ID, part)
			decided[place] = append(decided[place], wordsDecided(reply))
			if n := turn.Deliveries[part].Duplicates(); n > 0 {
				t.Errorf("%s: receipts prove %d copies too many", place, n)
			}
		}
	}
	if diff := cmp.Diff(decided, accepted); diff != "" {
		t.Errorf("replies (-in the audit +accepted by Graph):\n%s", diff)
	}
}

// wordsSent and wordsDecided are all a person can read of a reply.
func wordsSent(m whatsapptest.SentMessage) string {
	words := []string{m.Text}
	for _, b := range m.Buttons {
		words = append(words, b.ID+" "+b.Title)
	}
	for _, r := range m.Rows {
		words = append(words, r.ID+" "+r.Title+" "+r.Description)
	}
	return strings.Join(words, "\n")
}

func wordsDecided(r conversation.Reply) string {
	words := []string{r.Text.Reveal()}
	for _, o := range r.Options {
		option := o.ID + " " + o.Title
		if r.Kind == conversation.ReplyList {
			option += " " + o.Description
		}
		words = append(words, option)
	}
	return strings.Join(words, "\n")
}
