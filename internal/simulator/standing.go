package simulator

import (
	"context"
	"sync"
	"time"

	"github.com/pyloto/atende/internal/conversation"
)

// window is how long Meta lets a business write freely to whoever wrote to it:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/send-messages
const window = 24 * time.Hour

// standing is how the ledger has a conversation. One that it does not know stands
// at the beginning.
type standing struct {
	State conversation.State `json:"state"`
	Owner conversation.Owner `json:"owner"`
	// WaitingSince is when a person was asked for who has not come; zero when
	// nobody waits for one.
	WaitingSince time.Time `json:"waiting_since,omitzero"`

	id          conversation.ID // empty when the ledger knows none
	windowUntil time.Time       // zero when no window is known
}

func standingOf(stored *conversation.StoredConversation) standing {
	if stored == nil {
		return standing{State: conversation.Initial, Owner: conversation.OwnerOtto}
	}
	s := standing{State: stored.Session.State, Owner: stored.Owner, id: stored.ID}
	if s.Owner == "" {
		s.Owner = conversation.OwnerOtto
	}
	if w := stored.Handoff; s.Owner == conversation.OwnerPerson && w != nil && !w.Taken && w.Came.IsZero() {
		s.WaitingSince = w.Since.UTC()
	}
	if !stored.WindowFrom.IsZero() {
		s.windowUntil = stored.WindowFrom.Add(window).UTC()
	}
	return s
}

// standings remembers the standing of everybody, so that a list of them need not
// ask the ledger for those of whom nothing has changed. It is safe for concurrent
// use.
type standings struct {
	mu     sync.Mutex
	seen   map[string]seenStanding    // by person
	owners map[conversation.ID]string // whose conversations those seen may be
}

// seenStanding is a standing and the revision of the person at which it was read.
type seenStanding struct {
	standing
	revision int
	ids      []conversation.ID
}

// owner is whose conversation it is, if that was ever asked for.
func (s *standings) owner(id conversation.ID) (from string, known bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	from, known = s.owners[id]
	return from, known
}

// get is a person's standing as it was read last; fresh says that it still holds
// at a revision.
func (s *standings) get(from string, revision int) (last standing, known, fresh bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	seen, known := s.seen[from]
	return seen.standing, known, known && seen.revision >= revision
}

// put remembers a standing that was read after a revision; ids are those under
// which the person's conversation may be known.
func (s *standings) put(from string, now standing, revision int, ids []conversation.ID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.seen == nil {
		s.seen, s.owners = map[string]seenStanding{}, map[conversation.ID]string{}
	}
	if now.id != "" {
		ids = append(ids, now.id)
	}
	s.forget(from)
	s.seen[from] = seenStanding{now, revision, ids}
	for _, id := range ids {
		s.owners[id] = from
	}
}

// keep forgets everybody but those in a list.
func (s *standings) keep(list []summary) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.seen) <= len(list) {
		return
	}
	listed := map[string]bool{}
	for _, p := range list {
		listed[p.From] = true
	}
	for from := range s.seen {
		if !listed[from] {
			s.forget(from)
		}
	}
}

// forget is called under the lock.
func (s *standings) forget(from string) {
	for _, id := range s.seen[from].ids {
		delete(s.owners, id)
	}
	delete(s.seen, from)
}

// listed is one conversation in the list of all. How it stands is absent as long
// as the ledger has not said.
type listed struct {
	summary
	*standing
}

// list is everybody with their standings. Where the ledger does not answer in
// time, they are as they were.
func (a *api) list(ctx context.Context) []listed {
	ctx, cancel := context.WithTimeout(ctx, ledgerPatience)
	defer cancel()
	people := a.transcript.list()
	a.standings.keep(people)
	list := make([]listed, 0, len(people))
	answers := true
	for _, p := range people {
		now, known, fresh := a.standings.get(p.From, p.revision)
		if !fresh && answers {
			stored, err := a.conversation(ctx, p.From)
			if answers = err == nil; answers {
				now, known = standingOf(stored), true
				a.standings.put(p.From, now, p.revision, a.conversations(p.From))
			}
		}
		entry := listed{summary: p}
		if known {
			entry.standing = &now
		}
		list = append(list, entry)
	}
	return list
}
