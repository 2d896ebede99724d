package firestore

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/fault"
)

// The versions of the documents. One rises when an older program could misread
// a newer document; fields that are merely new do not raise it.
const (
	schema = 1
	// schemaEffects is that of turns with effects. A program that knows fewer
	// kinds of them would give up those that it does not know.
	schemaEffects = 3
	// schemaUndelivered is that of turns whose effects tell what was not delivered.
	schemaUndelivered = 4
	// schemaNewest is the newest that this program reads.
	schemaNewest = schemaUndelivered
)

// Field names that are read again or written by masks.
const (
	fieldSchema       = "sv"
	fieldBody         = "body"
	fieldVersion      = "version"
	fieldTurn         = "turn"
	fieldConversation = "conversation"
	fieldPart         = "part"
	fieldAttempt      = "attempt"
	fieldDead         = "dead"
	fieldAt           = "at"
	fieldDelivery     = "delivery"
	fieldEffects      = "effects"
	// fieldParked says that something of a turn was parked at some time: it is
	// how those that wait for an operator are found.
	fieldParked      = "parked"
	fieldFingerprint = "fingerprint"
	fieldOwner       = "owner"
	fieldReplays     = "replays"
	fieldDropped     = "dropped_at"
	// fieldSeen holds microseconds since 1970: Firestore raises a number by
	// itself but not a timestamp.
	fieldSeen = "seen_us"
)

// header is what every document of a collection that expires begins with.
func (l *Ledger) header(id string, at time.Time, ttl time.Duration) fields {
	f := make(fields, 20) // the largest document has so many
	f[fieldSchema] = integer(schema)
	f["tenant"] = text(l.tenant)
	f["shard"] = text(shard(id))
	f["day"] = text(at.UTC().Format(time.DateOnly))
	f["expires_at"] = moment(l.now().Add(ttl))
	return f
}

// seal is v as JSON, sealed for the body of one document.
func (l *Ledger) seal(v any, path string) (*firestorepb.Value, error) {
	plain, err := json.Marshal(v)
	if err != nil {
		// The error of encoding/json may quote the value.
		return nil, fault.Mark(errors.New("a document has no JSON form"), fault.Broken)
	}
	return raw(l.ring.Seal(plain, path+"#"+fieldBody)), nil
}

// open is the reverse of seal, for the body of a document.
func open[T any](l *Ledger, doc *firestorepb.Document, collection, id string) (T, error) {
	var v T
	if doc.GetFields()[fieldSchema].GetIntegerValue() > schemaNewest {
		return v, fault.Mark(fmt.Errorf("%s/%s was written by a newer program", collection, id), fault.Dependency)
	}
	plain, err := l.ring.Open(doc.GetFields()[fieldBody].GetBytesValue(), l.path(collection, id)+"#"+fieldBody)
	if err != nil {
		return v, fault.Mark(fmt.Errorf("%s/%s: %w", collection, id, err), fault.Broken)
	}
	if err := json.Unmarshal(plain, &v); err != nil {
		return v, fault.Mark(fmt.Errorf("%s/%s: the content has another form", collection, id), fault.Broken)
	}
	return v, nil
}

// create is a write of a document that must not exist.
func (l *Ledger) create(collection, id string, f fields) *firestorepb.Write {
	return &firestorepb.Write{
		Operation: &firestorepb.Write_Update{Update: &firestorepb.Document{Name: l.name(collection, id), Fields: f}},
		CurrentDocument: &firestorepb.Precondition{
			ConditionType: &firestorepb.Precondition_Exists{Exists: false},
		},
	}
}

// lastWrittenAt is the precondition that nobody wrote since.
func lastWrittenAt(at time.Time) *firestorepb.Precondition {
	return &firestorepb.Precondition{
		ConditionType: &firestorepb.Precondition_UpdateTime{UpdateTime: timestamppb.New(at)},
	}
}

func exists() *firestorepb.Precondition {
	return &firestorepb.Precondition{ConditionType: &firestorepb.Precondition_Exists{Exists: true}}
}

func (l *Ledger) encodeConversation(c conversation.Conversation, at time.Time) (fields, error) {
	id := string(c.ID)
	body, err := l.seal(c, l.path(conversations, id))
	if err != nil {
		return nil, err
	}
	f := l.header(id, at, l.conversationTTL)
	f[fieldBody] = body
	f[fieldVersion] = integer(c.Version)
	f["number"] = text(c.Number)
	f[fieldOwner] = text(string(c.Owner))
	f["state"] = text(string(c.Session.State))
	setText(f, "last_turn", string(c.LastTurn))
	setText(f, "moved_to", string(c.MovedTo))
	setMoment(f, "window_from", c.WindowFrom)
	if c.Spent != (conversation.Spent{}) {
		f["spent"] = object(fields{"day": text(c.Spent.Day), "tokens": integer(c.Spent.Tokens), "turns": integer(c.Spent.Turns)})
	}
	return f, nil
}

func (l *Ledger) decodeConversation(doc *firestorepb.Document, id conversation.ID) (conversation.StoredConversation, error) {
	c, err := open[conversation.Conversation](l, doc, conversations, string(id))
	if err != nil {
		return conversation.StoredConversation{}, err
	}
	return conversation.StoredConversation{Conversation: c, Updated: doc.GetUpdateTime().AsTime()}, nil
}

func (l *Ledger) encodeTurn(t conversation.Turn, at time.Time) (fields, error) {
	id := string(t.ID)
	body, err := l.seal(t, l.path(turns, id))
	if err != nil {
		return nil, err
	}
	f := l.header(id, at, l.messageTTL)
	f[fieldBody] = body
	f[fieldConversation] = text(string(t.Conversation))
	f[fieldVersion] = integer(t.Version)
	f["number"] = text(t.Number)
	f["messages"] = texts(t.Messages)
	f["replies"] = integer(int64(len(t.Replies)))
	f["route"] = text(string(t.Route))
	f["from"] = text(string(t.From))
	f["into"] = text(string(t.Into))
	f["event"] = text(string(t.Event))
	f["token"] = text(t.Token)
	f["correlation_id"] = text(t.CorrelationID)
	setText(f, "pack_hash", t.PackHash)
	setMoment(f, "decided_at", t.DecidedAt)
	if t.Model.Calls > 0 {
		f["model"] = object(fields{
			"name": text(t.Model.Name), "calls": integer(int64(t.Model.Calls)),
			"tokens_in": integer(t.Model.TokensIn), "tokens_out": integer(t.Model.TokensOut),
			"tokens_cached": integer(t.Model.TokensCached), "took_us": integer(t.Model.Took.Microseconds()),
			"cost_micro_usd": integer(t.Model.CostMicroUSD),
		})
	}
	if len(t.Effects) > 0 {
		f[fieldSchema] = integer(schemaEffects)
	}
	if slices.ContainsFunc(t.Effects, func(e conversation.Effect) bool { return e.Kind == conversation.EffectUndelivered }) {
		f[fieldSchema] = integer(schemaUndelivered)
	}
	if attempt := t.Intended(); attempt > 0 {
		f[fieldDelivery] = object(fields{partKey(0): object(fields{"attempt": integer(int64(attempt))})})
	}
	return f, nil
}

func (l *Ledger) decodeTurn(doc *firestorepb.Document, id conversation.TurnID) (conversation.StoredTurn, error) {
	t, err := open[conversation.Turn](l, doc, turns, string(id))
	if err != nil {
		return conversation.StoredTurn{}, err
	}
	stored := conversation.StoredTurn{Turn: t, Updated: doc.GetUpdateTime().AsTime()}
	parts := doc.GetFields()[fieldDelivery].GetMapValue().GetFields()
	for part := range t.Replies {
		d, err := l.decodeDelivery(parts[partKey(part)].GetMapValue().GetFields(), id, part)
		if err != nil {
			return conversation.StoredTurn{}, err
		}
		stored.Deliveries = append(stored.Deliveries, d)
	}
	effects := doc.GetFields()[fieldEffects].GetMapValue().GetFields()
	for i := range t.Effects {
		stored.Records = append(stored.Records, decodeEffect(effects[effectKey(i)].GetMapValue().GetFields()))
	}
	return stored, nil
}

func (l *Ledger) encodeMessage(m conversation.Inbound, turn conversation.Turn, at time.Time) (fields, error) {
	id := string(m.ID)
	body, err := l.seal(m, l.path(messages, id))
	if err != nil {
		return nil, err
	}
	f := l.header(id, at, l.messageTTL)
	f[fieldBody] = body
	f[fieldTurn] = text(string(turn.ID))
	f[fieldConversation] = text(string(turn.Conversation))
	f["number"] = text(m.Number)
	f["kind"] = text(string(m.Kind))
	f["seq"] = integer(m.Seq)
	setMoment(f, "sent_at", m.SentAt)
	setMoment(f, "received_at", m.ReceivedAt)
	return f, nil
}

func decodeMessage(doc *firestorepb.Document) conversation.StoredMessage {
	f := doc.GetFields()
	return conversation.StoredMessage{
		Turn: conversation.TurnID(f[fieldTurn].GetStringValue()),
		Dead: f[fieldDead].GetBooleanValue(),
	}
}

// encodeSent is a write of what leads from a message's id to its attempt. It is
// written again with every repetition of an answer.
func (l *Ledger) encodeSent(id conversation.SentID, a conversation.Attempted, at time.Time) *firestorepb.Write {
	f := l.header(string(id), at, l.messageTTL)
	f[fieldTurn] = text(string(a.Turn))
	f[fieldPart] = integer(int64(a.Part))
	f[fieldAttempt] = integer(int64(a.Attempt))
	return &firestorepb.Write{
		Operation: &firestorepb.Write_Update{Update: &firestorepb.Document{Name: l.name(sent, string(id)), Fields: f}},
	}
}

func decodeSent(doc *firestorepb.Document) conversation.Attempted {
	f := doc.GetFields()
	return conversation.Attempted{
		Turn:    conversation.TurnID(f[fieldTurn].GetStringValue()),
		Part:    int(f[fieldPart].GetIntegerValue()),
		Attempt: int(f[fieldAttempt].GetIntegerValue()),
	}
}

func (l *Ledger) encodeHandoff(h conversation.Handoff, at time.Time) (fields, error) {
	body, err := l.seal(h, l.path(handoffs, h.ID))
	if err != nil {
		return nil, err
	}
	f := l.header(h.ID, at, l.messageTTL)
	f[fieldBody] = body
	f[fieldConversation] = text(string(h.Conversation))
	f[fieldTurn] = text(string(h.Turn))
	f["reason"] = text(h.Reason)
	setMoment(f, "deadline", h.Deadline)
	return f, nil
}

func (l *Ledger) decodeHandoff(doc *firestorepb.Document, id string) (conversation.Handoff, error) {
	return open[conversation.Handoff](l, doc, handoffs, id)
}

func (l *Ledger) encodeAppointment(a conversation.Appointment, at time.Time) (fields, error) {
	body, err := l.seal(a, l.path(appointments, a.ID))
	if err != nil {
		return nil, err
	}
	f := l.header(a.ID, at, l.conversationTTL)
	f[fieldBody] = body
	f[fieldConversation] = text(string(a.Conversation))
	f[fieldTurn] = text(string(a.Turn))
	setText(f, "mode", a.Mode)
	setMoment(f, "start", a.Start)
	return f, nil
}

func (l *Ledger) encodeDead(d conversation.Dead) fields {
	f := l.header(d.ID, d.At, l.messageTTL)
	f[fieldBody] = raw(l.ring.Seal(d.Content, l.path(dead, d.ID)+"#"+fieldBody))
	setText(f, fieldConversation, string(d.Conversation))
	setText(f, "number", d.Number)
	f["reason"] = text(d.Reason)
	f["attempts"] = integer(int64(d.Attempts))
	f["message"] = boolean(d.Message)
	setText(f, "correlation_id", d.CorrelationID)
	f[fieldAt] = moment(d.At)
	setInteger(f, fieldReplays, int64(d.Replays))
	setMoment(f, fieldDropped, d.Dropped)
	return f
}

func (l *Ledger) decodeDead(doc *firestorepb.Document, id string) (conversation.Dead, error) {
	f := doc.GetFields()
	content, err := l.ring.Open(f[fieldBody].GetBytesValue(), l.path(dead, id)+"#"+fieldBody)
	if err != nil {
		return conversation.Dead{}, fault.Mark(fmt.Errorf("%s/%s: %w", dead, id, err), fault.Broken)
	}
	if len(content) == 0 {
		content = nil
	}
	return conversation.Dead{
		ID:            id,
		Conversation:  conversation.ID(f[fieldConversation].GetStringValue()),
		Number:        f["number"].GetStringValue(),
		Reason:        f["reason"].GetStringValue(),
		Attempts:      int(f["attempts"].GetIntegerValue()),
		Content:       content,
		Message:       f["message"].GetBooleanValue(),
		CorrelationID: f["correlation_id"].GetStringValue(),
		At:            momentOf(f[fieldAt]),
		Replays:       int(f[fieldReplays].GetIntegerValue()),
		Dropped:       momentOf(f[fieldDropped]),
	}, nil
}
