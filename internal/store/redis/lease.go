package redis

import (
	"context"
	"strconv"
	"time"

	"github.com/pyloto/atende/internal/conversation"
)

// Enter takes the lease of a conversation, or says who is ahead. A mailbox
// that lost the message gets it back, whoever leads.
func (s *Store) Enter(ctx context.Context, e conversation.Entry) (conversation.Admission, error) {
	mailbox := mailboxKey(e.Conversation)
	calls := []call{s.scripts.enter.on(ctx,
		[]string{markKey(e.Conversation, e.Message), mailbox, leaseKey(e.Conversation), snapshotKey(e.Conversation), triesKey(e.Conversation)},
		string(e.Message), e.Token, s.lease.Milliseconds())}
	if err := s.do(ctx, "enter", calls...); err != nil {
		return conversation.Admission{}, err
	}
	reply, err := calls[0].cmd.Slice()
	if err != nil || len(reply) == 0 {
		return conversation.Admission{}, failure("enter", errReply)
	}
	switch {
	case reply[0] == "done":
		return conversation.Admission{Done: true}, nil
	case reply[0] == "busy" && len(reply) == 3:
		return s.busy(ctx, e, reply)
	case reply[0] == "lead" && len(reply) == 5:
		return s.lead(ctx, e, mailbox, reply)
	default:
		return conversation.Admission{}, failure("enter", errReply)
	}
}

func (s *Store) busy(ctx context.Context, e conversation.Entry, reply []any) (conversation.Admission, error) {
	held, ok1 := reply[1].(int64)
	left, ok2 := reply[2].(int64)
	if !ok1 || !ok2 {
		return conversation.Admission{}, failure("enter", errReply)
	}
	if held == 0 {
		s.heal(ctx, e)
	}
	// The last millisecond of a lease is still a lease.
	return conversation.Admission{Busy: time.Duration(max(left, 1)) * time.Millisecond}, nil
}

func (s *Store) lead(ctx context.Context, e conversation.Entry, mailbox string, reply []any) (conversation.Admission, error) {
	held, ok1 := reply[1].(int64)
	tries, ok2 := reply[2].(int64)
	fields, ok3 := reply[4].([]any)
	if !ok1 || !ok2 || !ok3 {
		return conversation.Admission{}, failure("enter", errReply)
	}
	a := conversation.Admission{Tries: int(tries)}
	if cached, ok := reply[3].(string); ok {
		if _, sealed, ok := cut(cached); ok {
			a.Cached, _ = s.open(sealed, snapshotKey(e.Conversation))
		}
	}
	letters, err := s.letters(mailbox, fields)
	if err != nil {
		return conversation.Admission{}, failure("enter", err)
	}
	own := conversation.Letter{Message: e.Message, Body: e.Letter}
	if held == 0 {
		own.Seq = s.heal(ctx, e)
	}
	a.Letters = including(letters, own)
	return a, nil
}

// heal puts an entry's letter into the mailbox and returns its place in the
// order of arrival; zero if that did not work, which costs nothing but
// company: the message has a task of its own.
func (s *Store) heal(ctx context.Context, e conversation.Entry) int64 {
	if len(e.Letter) == 0 {
		return 0
	}
	calls := []call{s.arrival(ctx, conversation.Arrival{
		Conversation: e.Conversation, Message: e.Message, Letter: e.Letter, At: e.At,
	}, "heal")}
	if s.do(ctx, "heal", calls...) != nil {
		return 0
	}
	answer, err := arrived(calls[0])
	if err != nil {
		return 0
	}
	return answer.Seq
}

// Renew prolongs the lease of its holder; held is false when it was lost.
func (s *Store) Renew(ctx context.Context, id conversation.ID, token string) (held bool, err error) {
	calls := []call{s.scripts.renew.on(ctx, []string{leaseKey(id)}, token, s.lease.Milliseconds())}
	if err := s.do(ctx, "renew", calls...); err != nil {
		return false, err
	}
	reply, err := calls[0].cmd.Int()
	if err != nil {
		return false, failure("renew", errReply)
	}
	return reply == 1, nil
}

// Leave gives the lease back, if it is still the token's, and settles the
// rest in any case: messages are done or excused, and the snapshot becomes the
// cache unless a newer one is there.
func (s *Store) Leave(ctx context.Context, d conversation.Departure) error {
	mailbox, snapshot := mailboxKey(d.Conversation), snapshotKey(d.Conversation)
	var sealed []byte
	if d.Snapshot != nil {
		sealed = s.ring.Seal(d.Snapshot, snapshot)
	}
	keys := make([]string, 0, 4+len(d.Done))
	keys = append(keys, leaseKey(d.Conversation), snapshot, triesKey(d.Conversation), mailbox)
	args := make([]any, 0, 5+len(d.Done)+len(d.Excused))
	args = append(args, d.Token, strconv.FormatInt(d.Version, 10), sealed, s.session.Milliseconds(), s.dedupe.Milliseconds())
	for _, message := range d.Done {
		keys = append(keys, markKey(d.Conversation, message))
		args = append(args, string(message))
	}
	for _, message := range d.Excused {
		args = append(args, string(message))
	}
	return s.do(ctx, "leave", s.scripts.leave.on(ctx, keys, args...))
}
