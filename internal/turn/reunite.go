package turn

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/pii"
)

// reunion is which conversation a message belongs to, and what else has to be
// written so that all the names of its sender lead there.
type reunion struct {
	// base is the conversation with everything that it takes over; nil when the
	// sender is new.
	base *conversation.StoredConversation
	// ends are the last turns of all conversations that become one: none of them
	// may still be under way.
	ends []ending
	// absorbed are the conversations that base took over, and the one that it was
	// before it moved.
	absorbed []conversation.ID
	beside   []conversation.StoredConversation
	pointers []conversation.ID
	moved    bool // base stands under another id than before
	// names are those of the sender that lead to base.
	names []conversation.ID
}

// ending is the last turn of a conversation.
type ending struct {
	turn   conversation.StoredTurn
	of     conversation.StoredConversation
	readAt time.Time
}

// reunite finds the conversation of the handling's own message. As a rule that
// is the one that was read. Otherwise the rest of what is known of everybody
// concerned is read too, and the commit writes all of it or nothing.
func (h *handling) reunite(ctx context.Context, s conversation.Snapshot) (reunion, error) {
	r := reunion{base: s.Conversation, names: h.aliases()}
	if h.cached != nil || h.plain(s) {
		if s.Turn != nil && s.Conversation != nil {
			r.ends = []ending{{*s.Turn, *s.Conversation, s.ReadAt}}
		}
		for _, id := range r.names {
			if _, held := s.Holders[id]; h.cached == nil && !held && (r.base == nil && id != h.id || r.base != nil && id != r.base.ID) {
				r.pointers = append(r.pointers, id)
			}
		}
		return r, nil
	}
	query := conversation.Query{Conversations: h.aliases()}
	for _, c := range inCharge(s) {
		for _, id := range c.Session.Person.Conversations(h.Key, c.Number) {
			if !slices.Contains(query.Conversations, id) {
				query.Conversations = append(query.Conversations, id)
			}
		}
	}
	s, err := h.Ledger.Load(ctx, query)
	if err != nil {
		return reunion{}, fmt.Errorf("load the sender's names: %w", err)
	}
	p := planner{key: h.Key, own: h.own, aliases: h.aliases(), s: s}
	kin := p.plan()
	for _, c := range kin {
		if c.LastTurn == "" {
			continue
		}
		last, err := h.Ledger.Load(ctx, conversation.Query{Turn: c.LastTurn})
		if err != nil {
			return reunion{}, fmt.Errorf("load last turn: %w", err)
		}
		if last.Turn != nil {
			p.r.ends = append(p.r.ends, ending{*last.Turn, c, last.ReadAt})
		}
	}
	return p.r, nil
}

// plain reports whether the sender has one conversation, or none, and nothing
// says that it is somebody else's.
func (h *handling) plain(s conversation.Snapshot) bool {
	return h.own.Was == nil && len(s.Others) == 0 &&
		(s.Conversation == nil || !contradicts(h.own, s.Conversation.Session.Person) && !late(h.own, s.Conversation.Session))
}

// contradicts reports whether a person is known by another user id than the
// sender of a message. Phone numbers pass from one person to the next, user ids
// do not: that they share a phone proves nothing then.
func contradicts(m conversation.Inbound, person conversation.Identity) bool {
	if person.UserID == "" || person.UserID == m.From.UserID {
		return false
	}
	if m.Was != nil { // Older notices name no former id: then the phone has to do.
		return m.Was.UserID != "" && person.UserID != m.Was.UserID
	}
	return m.From.UserID != ""
}

// passedOn reports whether the conversation that stands where a turn was made is
// another person's, or nobody's: the number has passed on since.
func passedOn(t conversation.Turn, c conversation.Conversation) bool {
	person := c.Session.Person
	return c.Vacant() || t.To.UserID != "" && person.UserID != "" && person.UserID != t.To.UserID && !c.Session.Renamed.After(t.DecidedAt)
}

// late reports whether a message was sent before its sender's names changed: its
// own are out of date.
func late(m conversation.Inbound, s conversation.Session) bool {
	return m.Was == nil && m.SentAt.Before(s.Renamed)
}

func inCharge(s conversation.Snapshot) []conversation.StoredConversation {
	if s.Conversation == nil {
		return nil
	}
	return append([]conversation.StoredConversation{*s.Conversation}, s.Others...)
}

// planner plans a reunion from what was read at one moment.
//
// A conversation that an id of the person's user ids leads to is theirs. One
// that only their phone leads to is theirs unless it is known by another user
// id, or the phone is one that they have only just got: then it is that of
// whoever had the number before, who loses the number and keeps everything else.
// A number that the person has given up is left vacant: whoever gets it next
// begins anew.
type planner struct {
	key     *pii.HashKey
	own     conversation.Inbound
	aliases []conversation.ID
	s       conversation.Snapshot

	target    conversation.ID
	kin       []conversation.StoredConversation
	strangers []conversation.StoredConversation
	freed     []conversation.ID
	r         reunion
}

// plan fills in r, and returns the conversations that become one, the one in
// charge first.
func (p *planner) plan() []conversation.StoredConversation {
	p.relations()
	p.names()
	for _, c := range p.kin {
		if c.ID != p.target {
			p.leave(c.ID, c.Version, c)
		}
	}
	for _, s := range p.strangers {
		p.part(s)
	}
	for id, holder := range p.s.Holders {
		p.name(id, holder)
	}
	for _, id := range p.aliases {
		if _, held := p.s.Holders[id]; !held && id != p.target && !slices.Contains(p.freed, id) {
			p.r.pointers = append(p.r.pointers, id)
		}
	}
	slices.SortFunc(p.r.beside, func(a, b conversation.StoredConversation) int { return cmp.Compare(a.ID, b.ID) })
	for _, id := range p.aliases {
		if !slices.Contains(p.freed, id) {
			p.r.names = append(p.r.names, id)
		}
	}
	return p.kin
}

// relations tells the person's conversations from those of others.
func (p *planner) relations() {
	phones := conversation.Identity{Phone: p.own.From.Phone}.Conversations(p.key, p.own.Number)
	var former []conversation.ID
	if was := p.own.Was; was != nil {
		former = conversation.Identity{Phone: was.Phone}.Conversations(p.key, p.own.Number)
	}
	isNew := len(former) > 0 && !p.own.From.SamePhone(*p.own.Was)
	if isNew {
		p.freed = former
	}
	if p.outdated(phones) {
		p.aliases = slices.DeleteFunc(slices.Clone(p.aliases), func(id conversation.ID) bool { return slices.Contains(phones, id) })
	}
	var doubtful []conversation.ID
	for _, id := range p.aliases {
		holder, held := p.s.Holders[id]
		if !held {
			continue
		}
		c := p.conversation(holder.InCharge)
		byPhone := slices.Contains(phones, id) || slices.Contains(former, id)
		switch {
		case slices.Contains(former, id) && contradicts(p.own, c.Session.Person):
			// Somebody else has that number already, and it is theirs.
		case byPhone && !c.Vacant() && contradicts(p.own, c.Session.Person):
			doubtful = append(doubtful, c.ID)
		case byPhone && !c.Vacant() && isNew && !slices.Contains(former, id):
			doubtful = append(doubtful, c.ID)
		default:
			p.kin = appendNew(p.kin, c)
		}
	}
	for _, id := range doubtful {
		if !has(p.kin, id) {
			p.strangers = appendNew(p.strangers, p.conversation(id))
		}
	}
	slices.SortFunc(p.kin, conversation.InCharge)
}

// outdated reports whether the message was sent before its sender, who is known
// by a user id, got another number: the one it was sent from may be anybody's.
func (p *planner) outdated(phones []conversation.ID) bool {
	return slices.ContainsFunc(p.aliases, func(id conversation.ID) bool {
		holder, held := p.s.Holders[id]
		return held && !slices.Contains(phones, id) && late(p.own, p.conversation(holder.InCharge).Session)
	})
}

// names decides where the conversation stands, and joins what was said.
func (p *planner) names() {
	ids := p.own.From.Conversations(p.key, p.own.Number)
	conv, updated := conversation.New(ids[0], p.own.Number, conversation.Identity{}), time.Time{}
	p.target = ids[0]
	if len(p.kin) > 0 {
		conv, updated = p.kin[0].Conversation, p.kin[0].Updated
		if p.target = conv.ID; slices.Contains(p.freed, conv.ID) {
			p.target, p.r.moved = ids[0], true
			p.r.absorbed = append(p.r.absorbed, conv.ID)
			conv.Expiry = conversation.Expiry{} // Its timers watch the other id.
		}
	}
	if p.target != conv.ID || len(p.kin) == 0 {
		holder := p.s.Holders[p.target]
		conv.ID, conv.Version, updated = p.target, max(conv.Version, holder.Version), holder.Updated
	}
	for i, c := range p.kin {
		if i > 0 && !c.Vacant() {
			conv = conv.Absorb(c.Conversation)
			p.r.absorbed = append(p.r.absorbed, c.ID)
		}
	}
	p.r.base = &conversation.StoredConversation{Conversation: conv, Updated: updated}
}

// leave writes what is left under an id that is the person's no more, or that
// only points to their conversation from now on.
func (p *planner) leave(id conversation.ID, version int64, read conversation.StoredConversation) {
	left := conversation.MovedAway(id, p.target, p.own.Number, version)
	if slices.Contains(p.freed, id) {
		left = conversation.Vacated(id, p.own.Number, version)
	}
	p.write(left, read.Updated)
}

// part takes the phone from somebody else's conversation. Where that stands
// under the very phone, it moves to a name of its own.
func (p *planner) part(s conversation.StoredConversation) {
	rest := s.Conversation
	rest.Session.Person = rest.Session.Person.Without(conversation.Identity{Phone: p.own.From.Phone})
	if !slices.Contains(p.aliases, s.ID) {
		p.write(rest, s.Updated)
		return
	}
	home := conversation.ID(p.key.Conversation(s.Number, pii.Contact(fmt.Sprintf("former %s~%d", s.ID, s.Version))))
	for _, id := range rest.Session.Person.Conversations(p.key, s.Number) {
		holder, held := p.s.Holders[id]
		if !slices.Contains(p.aliases, id) && (!held || holder.InCharge == s.ID) {
			home = id
			break
		}
	}
	holder := p.s.Holders[home]
	rest.ID, rest.Version, rest.Expiry = home, max(s.Version, holder.Version), conversation.Expiry{}
	p.write(rest, holder.Updated)
	for id, h := range p.s.Holders {
		if h.InCharge == s.ID && id != s.ID && id != home && !slices.Contains(p.aliases, id) {
			p.write(conversation.MovedAway(id, home, s.Number, h.Version), h.Updated)
		}
	}
}

// name has one of the names that were read lead to the conversation, or to
// nobody.
func (p *planner) name(id conversation.ID, holder conversation.Holder) {
	theirs := has(p.kin, holder.InCharge)
	stale := slices.Contains(p.freed, holder.InCharge)
	switch {
	case id == p.target, p.written(id):
	case slices.Contains(p.aliases, id):
		if slices.Contains(p.freed, id) && !theirs || holder.InCharge == p.target && !slices.Contains(p.freed, id) {
			return
		}
		p.leave(id, holder.Version, conversation.StoredConversation{Updated: holder.Updated})
	case theirs && stale: // A name that the event did not mention would lead to whoever comes next.
		p.write(conversation.MovedAway(id, p.target, p.own.Number, holder.Version), holder.Updated)
	}
}

func (p *planner) conversation(id conversation.ID) conversation.StoredConversation {
	for _, c := range inCharge(p.s) {
		if c.ID == id {
			return c
		}
	}
	return conversation.StoredConversation{}
}

func (p *planner) write(c conversation.Conversation, updated time.Time) {
	if c.ID != p.target && !p.written(c.ID) {
		p.r.beside = append(p.r.beside, conversation.StoredConversation{Conversation: c, Updated: updated})
	}
}

func (p *planner) written(id conversation.ID) bool { return has(p.r.beside, id) }

func has(all []conversation.StoredConversation, id conversation.ID) bool {
	return slices.ContainsFunc(all, func(c conversation.StoredConversation) bool { return c.ID == id })
}

func appendNew(all []conversation.StoredConversation, c conversation.StoredConversation) []conversation.StoredConversation {
	if has(all, c.ID) {
		return all
	}
	return append(all, c)
}

// conclude ends the last turns of all conversations that become one. restart says
// that something was taken up again, so that what was read is stale; wait is
// when to look again, when one of them is still under way.
func (h *handling) conclude(ctx context.Context, r reunion) (restart bool, wait time.Duration, err error) {
	for _, end := range r.ends {
		// This message is itself a webhook that proves the channel alive.
		if restart, err = h.reopen(ctx, end.turn, &end.of, h.e.ReceivedAt); err != nil || restart {
			return restart, 0, err
		}
		if unasked(end.turn) {
			return true, 0, h.withdraw(ctx, end.turn)
		}
		if end.turn.Phase().Terminal() {
			continue
		}
		// What else that turn makes happen is its own messages' to look after.
		progress, err := h.deliver(ctx, end.turn, end.readAt, permit{})
		if err != nil {
			return false, 0, fmt.Errorf("resolve last turn: %w", err)
		}
		if !progress.terminal {
			return false, max(progress.wait, 1), nil
		}
		h.step("resolve")
	}
	return false, 0, nil
}
