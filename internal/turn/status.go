package turn

import (
	"context"
	"fmt"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/envelope"
)

// Statuses records what Meta reports of messages. Any number of repeats in any
// order end in the same record. An error means that the task must come back.
func (t *Turns) Statuses(ctx context.Context, e envelope.Envelope) (Report, error) {
	report := Report{Fate: Applied}
	var batch conversation.StatusBatch
	if err := e.Open(t.Ring, &batch); err != nil {
		report.Fate, report.Reason = Parked, "unreadable-payload"
		return report, t.bury(ctx, e, e.Payload, report.Reason, 1)
	}
	report.Statuses = len(batch.Statuses)
	var receipts []conversation.Receipt
	for _, status := range batch.Statuses {
		receipt, ours := status.Receipt()
		if !ours {
			report.Unknown++
			continue
		}
		receipts = append(receipts, receipt)
	}
	if len(receipts) > 0 {
		turns, err := t.Receipts.Receive(ctx, receipts)
		if err != nil {
			return report, fmt.Errorf("record receipts: %w", err)
		}
		known := make(map[conversation.TurnID]bool, len(turns))
		for _, turn := range turns {
			known[turn.ID] = true
			for _, d := range turn.Deliveries {
				report.Duplicates += d.Duplicates()
			}
		}
		for _, receipt := range receipts {
			if !known[receipt.Turn] {
				report.Unknown++
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

func numbers(batch conversation.StatusBatch) map[string]bool {
	set := map[string]bool{}
	for _, status := range batch.Statuses {
		set[status.Number] = true
	}
	return set
}
