package simulation

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/pii"
)

const everything = 1 << 20

// version is the version that a turn gave its conversation.
func version(id conversation.TurnID) int64 {
	_, digits, _ := strings.Cut(string(id), "~")
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return -1
	}
	return n
}

// committed checks a commit against what was there before.
func (w *world) committed(before *conversation.StoredConversation, c conversation.Commit, at time.Time) {
	w.meta.intents[conversation.Opaque(c.Turn.ID, 0, 1)] = at
	was, history := int64(0), []conversation.Line(nil)
	if before != nil {
		was, history = before.Version, before.Session.History
	}
	if c.Conversation.Version != was+1 || c.Turn.Version != was+1 {
		w.broke(torn, "%s follows version %d", turnName(c.Turn.ID), was)
	}
	for _, m := range c.Messages {
		w.heard(c.Turn, m)
	}
	now := c.Conversation.Session.History
	kept := len(now) >= len(history) && slices.EqualFunc(now[:len(history)], history, sameLine)
	if len(c.Turn.Absorbed) > 0 { // What was said elsewhere came between.
		kept = subsequence(history, now)
		w.tally.merges++
	}
	if !kept {
		w.broke(torn, "%s forgets what was said", turnName(c.Turn.ID))
	}
}

// subsequence reports whether lines are among others in the same order.
func subsequence(lines, others []conversation.Line) bool {
	for _, l := range others {
		if len(lines) > 0 && sameLine(l, lines[0]) {
			lines = lines[1:]
		}
	}
	return len(lines) == 0
}

// heard checks that a file was looked at before it was answered, and that what
// was heard is kept with the message.
func (w *world) heard(t conversation.Turn, m conversation.Inbound) {
	answered := t.Mode == conversation.ModeDecide || t.Mode == conversation.ModeFallback
	switch {
	case !m.Kind.Perceptible() || !answered:
	case m.Perceived == nil:
		w.broke(unaudited, "%s answers message %s without a look at its file", turnName(t.ID), short(m.ID))
	case m.Perceived.Outcome == conversation.Understood && m.Perceived.Text != saidIn(m):
		w.broke(unaudited, "%s heard something else in message %s", turnName(t.ID), short(m.ID))
	}
}

func sameLine(a, b conversation.Line) bool {
	return a.Who == b.Who && a.Text == b.Text && a.At.Equal(b.At)
}

// terminal reports whether nothing more is going to happen to a message.
func (w *world) terminal(id conversation.MessageID) bool {
	_, stored, known, err := w.ledger.Message(bare(), id)
	if err != nil || !known {
		return false
	}
	if stored.Dead {
		return true
	}
	turn, err := w.ledger.Load(bare(), conversation.Query{Turn: stored.Turn})
	return err == nil && turn.Turn != nil && turn.Turn.Ended()
}

func (w *world) buried(id string) bool {
	letters, err := w.ledger.DeadLetters(bare(), everything)
	return err == nil && slices.ContainsFunc(letters, func(d conversation.Dead) bool { return d.ID == id })
}

// judge checks a world that came to rest.
func (w *world) judge() {
	inTurns := map[conversation.MessageID]conversation.TurnID{}
	conversations := map[conversation.ID]bool{}
	for _, wamid := range w.meta.written {
		id := conversation.MessageID(w.key.Message(pii.Contact(wamid)))
		if w.meta.answered[wamid] && !w.terminal(id) {
			w.broke(lost, "message %s was taken with 200 and is not terminal", short(id))
		}
		if !w.meta.answered[wamid] {
			w.broke(stuck, "message %s never got a 200", short(id))
		}
		if _, stored, known, err := w.ledger.Message(bare(), id); err == nil && known && stored.Turn != "" {
			conversations[stored.Turn.Conversation()] = true
		}
	}
	for person := range w.meta.accepted {
		conversations[conversation.ID(person)] = true
	}
	for body := range w.meta.garbage {
		sum := sha256.Sum256([]byte(body))
		if id := w.key.Event("quarantine", hex.EncodeToString(sum[:])); !w.buried(id) {
			w.broke(lost, "unreadable element %s was taken with 200 and is not kept", short(id))
		}
	}
	for _, id := range slices.Sorted(maps.Keys(conversations)) {
		turns, err := w.ledger.Turns(bare(), id, everything)
		if err != nil {
			w.broke(stuck, "turns of %s: %v", short(id), err)
		}
		w.tally.turns += len(turns)
		for n, turn := range turns {
			if turn.Version != int64(len(turns)-n) {
				w.broke(torn, "%s is turn number %d", turnName(turn.ID), len(turns)-n)
			}
			for _, m := range turn.Messages {
				if other, twice := inTurns[m]; twice {
					w.broke(duplicate, "message %s is in %s and %s", short(m), turnName(other), turnName(turn.ID))
				}
				inTurns[m] = turn.ID
			}
			w.verdict(turn)
		}
		w.over(id)
	}
	letters, err := w.ledger.DeadLetters(bare(), everything)
	if err != nil {
		w.broke(stuck, "dead letters: %v", err)
	}
	for _, d := range letters {
		w.tally.buried[d.Reason]++
		if d.Message {
			w.explained(d)
		}
	}
	if n := len(w.queue.tasks); n > 0 {
		w.broke(stuck, "%d tasks are left", n)
	}
}

// explained: a message is only given up after it killed its process again and
// again.
func (w *world) explained(d conversation.Dead) {
	if d.Reason != "attempts-spent" {
		w.broke(unended, "message %s was given up as %q", short(d.ID), d.Reason)
	}
}

// verdict checks that a turn ended, and that its end is true.
func (w *world) verdict(turn conversation.StoredTurn) {
	accepted := map[int]bool{}
	for _, a := range w.meta.accepted[string(turn.Conversation)] {
		if a.turn == turn.ID {
			accepted[a.part] = true
		}
	}
	for part, d := range turn.Deliveries {
		switch phase := d.Phase(); phase {
		case conversation.Sent:
			if !accepted[part] {
				w.broke(claimed, "%s part %d is said to be sent", turnName(turn.ID), part)
			}
		case conversation.Failed:
			if d.Code() == 0 {
				w.broke(unended, "%s part %d failed without a reason", turnName(turn.ID), part)
			}
		case conversation.Parked:
			w.tally.parked[d.Reason]++
			reasons := map[string]bool{"attempts-spent": true, "no-receipt": w.policy == "resend", "never-resend": w.policy == "never"}
			if !reasons[d.Reason] {
				w.broke(unended, "%s part %d is parked as %q", turnName(turn.ID), part, d.Reason)
			}
		default:
			w.broke(unended, "%s part %d is %s for ever", turnName(turn.ID), part, phase)
		}
	}
	for i, r := range turn.Records {
		// A timer is told to nobody: what it is for shows in the end.
		told := w.meta.told[turn.ID.Effect(i)] > 0 || turn.Effects[i].Kind == conversation.EffectTimer
		switch phase := r.Phase(); phase {
		case conversation.EffectDone:
			if !told {
				w.broke(claimed, "the team is said to know of %s", turnName(turn.ID))
			}
		case conversation.EffectParked:
			w.tally.parked["effect-"+r.Reason]++
			// Another worker's attempt may have failed for another reason since.
			if !w.meta.declined[turn.ID.Effect(i)] {
				w.broke(unended, "an effect of %s is parked as %q", turnName(turn.ID), r.Reason)
			}
		default:
			w.broke(unended, "an effect of %s is %s for ever", turnName(turn.ID), phase)
		}
	}
	asks := turn.Into == conversation.HandoffHuman && turn.From != conversation.HandoffHuman
	if tells := len(turn.Effects) > 0 && turn.Effects[0].Kind == conversation.EffectHandoff; asks != tells {
		w.broke(lost, "%s asks for a person, %v, and tells the team, %v", turnName(turn.ID), asks, tells)
	}
}

// over checks that a conversation in which nothing happens any more has come to
// rest, or that whoever waits in it was told the truth as often as is right.
func (w *world) over(id conversation.ID) {
	stored, err := w.ledger.Conversation(bare(), []conversation.ID{id})
	if err != nil || stored == nil || w.timeless {
		return
	}
	if stored.Session.State.Active() {
		w.broke(stuck, "%s is in %s for ever", short(id), stored.Session.State)
	}
	if waiting := stored.Handoff; waiting != nil && (len(waiting.Reminders) != 3 || waiting.Told.IsZero()) {
		w.broke(unheard, "%s waits for a person; the team was told %d times that nobody came, the lead at %v", short(id), len(waiting.Reminders), waiting.Told)
	}
}

// same reports whether two histories are the same.
func same(a, b *world) bool {
	return a.trace.Sum64() == b.trace.Sum64() && reflect.DeepEqual(a.failures, b.failures)
}
