package crashtest

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/pkg/whatsapp/whatsapptest"
)

// The promises that a storm may break; the first six are those of the
// simulation.
const (
	lost       = "lost"       // answered with 200 and not terminal at the end
	duplicate  = "duplicate"  // a part accepted twice, or a message in two turns
	disordered = "disordered" // accepted after a younger answer
	claimed    = "claimed"    // said to be sent, and never accepted; or accepted, and said to be parked
	unaudited  = "unaudited"  // accepted without a record that says the same
	unended    = "unended"    // ends without a reason, or with one that cannot be
	torn       = "torn"       // a gap in the versions, or a message that nobody sent
	stuck      = "stuck"      // work that does not finish
	fallen     = "fallen"     // a program that ended otherwise than it was made to
)

// books are the three books of a storm that has come to rest: what was sent
// in, what the ledger says, and what Meta accepted.
type books struct {
	storm    *storm
	sent     []*webhook
	turns    map[conversation.ID][]conversation.StoredTurn // oldest first
	messages map[conversation.MessageID]entry
	dead     map[string]conversation.Dead
	accepted []whatsapptest.SentMessage
	parked   map[string]int // by reason
	buried   map[string]int // by reason
	refused  int            // parts that Meta refused for good
	resent   int            // parts that took more than one attempt
	copies   map[part]int   // that Meta accepted too many
	told     int            // effects that the team knows of
}

// entry is what the ledger says of one message.
type entry struct {
	conversation.StoredMessage
	known bool
}

// readers is how many questions the ledger is asked at once.
const readers = 16

// open reads the books.
func (s *storm) open(ctx context.Context) (*books, error) {
	b := &books{
		storm: s, sent: s.crowd.said, accepted: s.graph.Sent(),
		turns:    map[conversation.ID][]conversation.StoredTurn{},
		messages: map[conversation.MessageID]entry{},
		dead:     map[string]conversation.Dead{},
		parked:   map[string]int{}, buried: map[string]int{}, copies: map[part]int{},
	}
	letters, err := s.ledger.DeadLetters(ctx, 1<<20)
	if err != nil {
		return nil, err
	}
	for _, d := range letters {
		b.dead[d.ID] = d
		b.buried[d.Reason]++
	}
	var ids []conversation.ID
	for n := range s.crowd.people {
		ids = append(ids, s.conversation(person(n)))
	}
	var mu sync.Mutex
	err = ask(ids, func(id conversation.ID) error {
		turns, err := s.ledger.Turns(ctx, id, 1<<20)
		slices.Reverse(turns)
		mu.Lock()
		defer mu.Unlock()
		b.turns[id] = turns
		return err
	})
	if err != nil {
		return nil, err
	}
	err = ask(b.written(), func(id conversation.MessageID) error {
		_, stored, known, err := s.ledger.Message(ctx, id)
		mu.Lock()
		defer mu.Unlock()
		b.messages[id] = entry{stored, known}
		return err
	})
	return b, err
}

// written are all messages that were sent in, each once.
func (b *books) written() []conversation.MessageID {
	var ids []conversation.MessageID
	for _, w := range b.sent {
		ids = append(ids, w.messages...)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// ask asks about each of the ids, several at once.
func ask[T any](ids []T, about func(T) error) error {
	next := make(chan T)
	failures := make(chan error, readers)
	var work sync.WaitGroup
	for range readers {
		work.Go(func() {
			var first error
			for id := range next {
				if err := about(id); err != nil && first == nil {
					first = err
				}
			}
			failures <- first
		})
	}
	for _, id := range ids {
		next <- id
	}
	close(next)
	work.Wait()
	close(failures)
	for err := range failures {
		if err != nil {
			return err
		}
	}
	return nil
}

// judge compares the books with each other.
func (b *books) judge() {
	b.judgeMessages()
	parts := b.judgeAccepted()
	for _, id := range slices.Sorted(maps.Keys(b.turns)) {
		for n, turn := range b.turns[id] {
			if turn.Version != int64(n+1) {
				b.storm.broke(torn, "turn %s is number %d of its conversation", turn.ID, n+1)
			}
			b.judgeTurn(turn, parts)
			b.judgeEffects(turn)
		}
	}
	if known := b.storm.team.known(); known != b.told {
		b.storm.broke(unaudited, "the team was told of %d things, and the ledger has %d", known, b.told)
	}
}

// judgeMessages: what was answered with 200 is terminal, in exactly one turn or
// among the dead letters.
func (b *books) judgeMessages() {
	in := map[conversation.MessageID][]conversation.TurnID{}
	ended := map[conversation.TurnID]bool{}
	for _, turns := range b.turns {
		for _, turn := range turns {
			ended[turn.ID] = turn.Ended()
			for _, m := range turn.Messages {
				in[m] = append(in[m], turn.ID)
			}
		}
	}
	for _, id := range b.written() {
		stored, turns := b.messages[id], in[id]
		delete(in, id)
		switch {
		case len(turns) > 1:
			b.storm.broke(duplicate, "message %s is in the turns %v", id, turns)
		case !stored.known:
			b.storm.broke(lost, "message %s is not in the ledger", id)
		case stored.Dead:
			if d, ok := b.dead[string(id)]; !ok || d.Reason != "attempts-spent" {
				b.storm.broke(lost, "message %s was given up (%q, kept: %v)", id, d.Reason, ok)
			}
		case len(turns) == 0 || turns[0] != stored.Turn:
			b.storm.broke(lost, "message %s belongs to turn %s, and the turns %v say that they have it", id, stored.Turn, turns)
		case !ended[stored.Turn]:
			b.storm.broke(lost, "message %s belongs to turn %s, which never ends", id, stored.Turn)
		}
	}
	for id, turns := range in {
		b.storm.broke(torn, "the turns %v answer message %s, which nobody sent", turns, id)
	}
	for _, w := range b.sent {
		if !w.answered.Load() {
			b.storm.broke(stuck, "a webhook with the messages %v never got a 200", w.messages)
		}
		for _, id := range w.kept {
			if _, ok := b.dead[id]; !ok {
				b.storm.broke(lost, "unreadable element %s is not kept", id)
			}
		}
	}
}

// part is one part of a turn.
type part struct {
	turn conversation.TurnID
	n    int
}

// judgeAccepted: Meta accepted each part once, in the order of the versions, to
// the person and in the words of the record.
func (b *books) judgeAccepted() map[part]string {
	records := map[conversation.TurnID]conversation.StoredTurn{}
	for _, turns := range b.turns {
		for _, turn := range turns {
			records[turn.ID] = turn
		}
	}
	seen := map[part]string{} // opaque data of the first
	newest := map[conversation.ID]part{}
	for _, m := range b.accepted {
		id, n, attempt, ok := conversation.ParseOpaque(m.Opaque)
		if !ok {
			b.storm.broke(unaudited, "accepted as %s, which is no turn", m.ID)
			continue
		}
		p := part{id, n}
		if first, twice := seen[p]; twice {
			b.copies[p]++
			b.storm.broke(duplicate, "turn %s part %d was accepted again as attempt %d%s", id, n, attempt, b.storm.receipts.excuse(first))
			continue
		}
		seen[p] = m.Opaque
		at := id.Conversation()
		if last, any := newest[at]; any && (version(last.turn) > version(id) || last.turn == id && last.n > n) {
			b.storm.broke(disordered, "turn %s part %d was accepted after turn %s part %d", id, n, last.turn, last.n)
		} else {
			newest[at] = p
		}
		record, ok := records[id]
		switch {
		case !ok || n >= len(record.Replies):
			b.storm.broke(unaudited, "turn %s part %d was accepted and is not in the ledger", id, n)
		case b.storm.conversation(m.Person()) != at:
			b.storm.broke(unaudited, "turn %s part %d was sent to somebody else", id, n)
		case wordsSent(m) != wordsDecided(record.Replies[n]):
			b.storm.broke(unaudited, "turn %s part %d was sent in other words than the ledger's", id, n)
		case attempt > record.Deliveries[n].Attempt:
			b.storm.broke(unaudited, "turn %s part %d was accepted as attempt %d, which was not intended", id, n, attempt)
		}
	}
	return seen
}

// version is the version that a turn gave its conversation.
func version(id conversation.TurnID) int64 {
	_, digits, _ := strings.Cut(string(id), "~")
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return -1
	}
	return n
}

// judgeTurn: the turn ended, and its end is true.
func (b *books) judgeTurn(turn conversation.StoredTurn, accepted map[part]string) {
	for n, d := range turn.Deliveries {
		_, got := accepted[part{turn.ID, n}]
		if d.Attempt > 1 {
			b.resent++
		}
		switch phase := d.Phase(); phase {
		case conversation.Sent:
			if !got {
				b.storm.broke(claimed, "turn %s part %d is said to be sent", turn.ID, n)
			}
		case conversation.Failed:
			b.refused++
			if d.Code() == 0 {
				b.storm.broke(unended, "turn %s part %d failed without a reason", turn.ID, n)
			}
		case conversation.Parked:
			b.parked[d.Reason]++
			if got {
				// Every status of it arrived, so the ledger knows.
				b.storm.broke(claimed, "turn %s part %d is parked, and was accepted", turn.ID, n)
			}
			if !slices.Contains(b.storm.reasons(), d.Reason) {
				b.storm.broke(unended, "turn %s part %d is parked as %q", turn.ID, n, d.Reason)
			}
		default:
			b.storm.broke(unended, "turn %s part %d is %s for ever", turn.ID, n, phase)
		}
		if copies := d.Duplicates(); copies > b.copies[part{turn.ID, n}] {
			b.storm.broke(duplicate, "turn %s part %d: receipts prove %d copies too many", turn.ID, n, copies)
		}
	}
}

// judgeEffects: the team knows what the ledger says it knows, and was told of
// everything that it was to be told.
func (b *books) judgeEffects(turn conversation.StoredTurn) {
	asks := turn.Into == conversation.HandoffHuman && turn.From != conversation.HandoffHuman
	if tells := len(turn.Effects) > 0 && turn.Effects[0].Kind == conversation.EffectHandoff; asks != tells {
		b.storm.broke(lost, "turn %s asks for a person, %v, and tells the team, %v", turn.ID, asks, tells)
	}
	for n, record := range turn.Records {
		id := turn.ID.Effect(n)
		switch told := b.storm.team.copies(id); {
		case record.Phase() != conversation.EffectDone:
			b.storm.broke(lost, "effect %s is %s for %q", id, record.Phase(), record.Reason)
		case turn.Effects[n].Kind == conversation.EffectTimer: // told to nobody
		case told == 0:
			b.storm.broke(claimed, "the team is said to know of %s", id)
		default:
			b.told++
		}
	}
}

// count is how many turns and messages the ledger has.
func (b *books) count() (turns int) {
	for _, of := range b.turns {
		turns += len(of)
	}
	return turns
}
