package redis

import (
	"cmp"
	"context"
	"slices"
	"strconv"

	"github.com/pyloto/atende/internal/conversation"
)

// Waiting are the letters in a conversation's mailbox, in order of arrival.
func (s *Store) Waiting(ctx context.Context, id conversation.ID) ([]conversation.Letter, error) {
	mailbox := mailboxKey(id)
	c := plain(ctx, "hgetall", mailbox)
	if err := s.do(ctx, "waiting", c); err != nil {
		return nil, err
	}
	fields, err := c.cmd.Slice()
	if err != nil {
		return nil, failure("waiting", errReply)
	}
	letters, err := s.letters(mailbox, fields)
	if err != nil {
		return nil, failure("waiting", err)
	}
	return letters, nil
}

// Forget drops the cached snapshot of a conversation.
func (s *Store) Forget(ctx context.Context, id conversation.ID) error {
	return s.do(ctx, "forget", plain(ctx, "del", snapshotKey(id)))
}

// letters reads a mailbox's fields and values, in order of arrival. Letters
// that do not open are left out: their own tasks carry them, too.
func (s *Store) letters(mailbox string, fields []any) ([]conversation.Letter, error) {
	if len(fields)%2 != 0 {
		return nil, errReply
	}
	var letters []conversation.Letter
	for i := 0; i < len(fields); i += 2 {
		field, ok1 := fields[i].(string)
		value, ok2 := fields[i+1].(string)
		if !ok1 || !ok2 {
			return nil, errReply
		}
		if field == "#" || field == "$" {
			continue
		}
		number, sealed, _ := cut(value)
		seq, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			s.unreadable.Add(1)
			continue
		}
		message := conversation.MessageID(field)
		if body, ok := s.open(sealed, letterPlace(mailbox, message)); ok {
			letters = append(letters, conversation.Letter{Message: message, Seq: seq, Body: body})
		}
	}
	inOrder(letters)
	return letters, nil
}

// including adds a letter unless its message is there already.
func including(letters []conversation.Letter, own conversation.Letter) []conversation.Letter {
	for _, l := range letters {
		if l.Message == own.Message {
			return letters
		}
	}
	letters = append(letters, own)
	inOrder(letters)
	return letters
}

func inOrder(letters []conversation.Letter) {
	slices.SortFunc(letters, func(a, b conversation.Letter) int {
		return cmp.Or(cmp.Compare(a.Seq, b.Seq), cmp.Compare(a.Message, b.Message))
	})
}
