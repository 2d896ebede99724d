package redis

import (
	"context"

	"github.com/pyloto/atende/internal/conversation"
)

// Arrive puts the messages of a webhook into their mailboxes, in one round
// trip, and says what is known of each, in the same order. A mailbox that is
// full keeps nothing more; the arrival is fresh all the same.
func (s *Store) Arrive(ctx context.Context, arrivals []conversation.Arrival) ([]conversation.Arrived, error) {
	if len(arrivals) == 0 {
		return nil, nil
	}
	calls := make([]call, len(arrivals))
	for i, a := range arrivals {
		calls[i] = s.arrival(ctx, a, "")
	}
	if err := s.do(ctx, "arrive", calls...); err != nil {
		return nil, err
	}
	answers := make([]conversation.Arrived, len(calls))
	for i, c := range calls {
		answer, err := arrived(c)
		if err != nil {
			return nil, failure("arrive", err)
		}
		answers[i] = answer
	}
	return answers, nil
}

// arrival prepares the arrival of one letter; mode is "heal" or empty.
func (s *Store) arrival(ctx context.Context, a conversation.Arrival, mode string) call {
	mailbox := mailboxKey(a.Conversation)
	var sealed []byte
	// What is over the bound is not worth a seal, unless it compresses well;
	// the script has the last word.
	if len(a.Letter) <= 2*maxBytes {
		sealed = s.ring.Seal(a.Letter, letterPlace(mailbox, a.Message))
	}
	if len(sealed) > maxBytes {
		sealed = nil
	}
	return s.scripts.arrive.on(ctx, []string{markKey(a.Conversation, a.Message), mailbox},
		string(a.Message), sealed, a.At.UnixMilli(), mode)
}

func arrived(c call) (conversation.Arrived, error) {
	reply, err := c.cmd.Int64Slice()
	if err != nil || len(reply) != 2 {
		return conversation.Arrived{}, errReply
	}
	for s := conversation.Fresh; s <= conversation.Done; s++ {
		if reply[0] == int64(s) {
			return conversation.Arrived{Standing: s, Seq: reply[1]}, nil
		}
	}
	return conversation.Arrived{}, errReply
}

// Queued marks messages whose tasks certainly exist, in one round trip. It
// never takes back that a message is done.
func (s *Store) Queued(ctx context.Context, arrivals []conversation.Arrival) error {
	if len(arrivals) == 0 {
		return nil
	}
	calls := make([]call, len(arrivals))
	for i, a := range arrivals {
		calls[i] = plain(ctx, "set", markKey(a.Conversation, a.Message), "q", "nx", "px", s.dedupe.Milliseconds())
	}
	return s.do(ctx, "queued", calls...)
}
