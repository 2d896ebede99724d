package turn

import (
	"context"
	"fmt"
	"slices"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/envelope"
)

// Statuses records what Meta reports of messages. Any number of repeats in any
// order end in the same record. An error means that the task must come back.
//
// A status belongs to the attempt that its callback data names. Where Meta left
// that out, or it is somebody else's, the message's id tells, which is known from
// the moment that Graph's answer is recorded. So a status without our data of a
// message whose answer is not recorded yet, or was lost, is of nobody we know.
func (t *Turns) Statuses(ctx context.Context, e envelope.Envelope) (Report, error) {
	report := Report{Fate: Applied}
	var batch conversation.StatusBatch
	if err := e.Open(t.Ring, &batch); err != nil {
		report.Fate, report.Reason = Parked, "unreadable-payload"
		return report, t.bury(ctx, e, e.Payload, report.Reason, 1)
	}
	report.Statuses = len(batch.Statuses)
	receipts, err := t.receipts(ctx, batch.Statuses)
	if err != nil {
		return report, fmt.Errorf("look up attempts: %w", err)
	}
	report.Unknown = len(batch.Statuses) - len(receipts)
	if len(receipts) > 0 {
		turns, err := t.Receipts.Receive(ctx, receipts)
		if err != nil {
			return report, fmt.Errorf("record receipts: %w", err)
		}
		known := make(map[conversation.TurnID]bool, len(turns))
		for _, turn := range turns {
			known[turn.ID] = true
			proven, again := provenBy(turn, receipts)
			report.Proven += proven
			report.Duplicates += again
		}
		for _, receipt := range receipts {
			if !known[receipt.Turn] {
				report.Unknown++
			}
		}
		failed := failures(turns, receipts)
		report.setBack(t.Platform, failed)
		for _, failure := range failed {
			report.Failures = append(report.Failures, failure.Code)
			if err := t.Consequence.Failed(ctx, failure); err != nil {
				return report, fmt.Errorf("act on failure: %w", err)
			}
			if err := t.mendLater(ctx, failure); err != nil {
				return report, fmt.Errorf("act on failure: %w", err)
			}
		}
	}
	// Only now: the receipts of this webhook must count before the channel is
	// called alive on its account.
	for number := range numbers(batch) {
		if err := t.Watermark.Seen(ctx, number, e.ReceivedAt); err != nil {
			return report, fmt.Errorf("record watermark: %w", err)
		}
	}
	return report, nil
}

// receipts are the statuses of attempts that are ours, in their order. The ledger
// is asked only where callback data does not tell.
func (t *Turns) receipts(ctx context.Context, statuses []conversation.StatusReport) ([]conversation.Receipt, error) {
	var ids []conversation.SentID
	for _, status := range statuses {
		if _, ours := status.Attempted(); ours {
			continue
		}
		if id := conversation.NewSentID(t.Key, status.WAMID); id != "" && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	var found map[conversation.SentID]conversation.Attempted
	if len(ids) > 0 {
		var err error
		if found, err = t.Receipts.Attempts(ctx, ids); err != nil {
			return nil, err
		}
	}
	var receipts []conversation.Receipt
	for _, status := range statuses {
		attempted, ours := status.Attempted()
		if !ours {
			attempted, ours = found[conversation.NewSentID(t.Key, status.WAMID)]
		}
		if ours {
			receipts = append(receipts, status.Receipt(attempted))
		}
	}
	return receipts, nil
}

// provenBy counts the parts of a turn that Meta is proven to have accepted by
// these receipts and no earlier ones, and those of which it is proven to have
// accepted one more copy. Receipts that come again are counted again as long as
// no other status of the same attempt is known.
func provenBy(turn conversation.StoredTurn, receipts []conversation.Receipt) (proven, again int) {
	for part, d := range turn.Deliveries {
		fresh, older := 0, 0
		for attempt, statuses := range d.Receipts {
			if conversation.Lost(statuses) {
				continue
			}
			here := 0
			for status := range statuses {
				if slices.ContainsFunc(receipts, func(r conversation.Receipt) bool {
					return r.Turn == turn.ID && r.Part == part && r.Attempt == attempt && r.Status == status
				}) {
					here++
				}
			}
			if here == len(statuses) {
				fresh++
			} else {
				older++
			}
		}
		switch {
		case fresh == 0:
		case older == 0:
			proven++
			again += fresh - 1
		default:
			again += fresh
		}
	}
	return proven, again
}

// failures are the parts that the receipts say were not delivered, unless
// another attempt of the same part was.
func failures(turns []conversation.StoredTurn, receipts []conversation.Receipt) []conversation.Failure {
	var failed []conversation.Failure
	for _, turn := range turns {
		for _, r := range receipts {
			if r.Turn != turn.ID || r.Status != conversation.StatusFailed || r.Part >= len(turn.Deliveries) ||
				turn.Deliveries[r.Part].Phase() != conversation.Failed {
				continue
			}
			failed = append(failed, conversation.Failure{Turn: turn, Part: r.Part, Attempt: r.Attempt, Code: r.Code, At: r.At})
		}
	}
	return failed
}

// Noting is the consequence that a failure is noted in a journal.
type Noting struct{ Journal Journal }

// Failed notes a failure under an id of its own.
func (n Noting) Failed(ctx context.Context, f conversation.Failure) error {
	err := n.Journal.Note(ctx, conversation.Act{
		ID:   fmt.Sprintf("%s.%d.%d.failed", f.Turn.ID, f.Part, f.Attempt),
		Kind: conversation.ActReplyFailed, Conversation: f.Turn.Conversation, Turn: f.Turn.ID,
		Reason: fmt.Sprintf("meta-%d", f.Code), At: f.At,
	})
	if err != nil {
		return fmt.Errorf("note failure: %w", err)
	}
	return nil
}

func numbers(batch conversation.StatusBatch) map[string]bool {
	set := map[string]bool{}
	for _, status := range batch.Statuses {
		set[status.Number] = true
	}
	return set
}
