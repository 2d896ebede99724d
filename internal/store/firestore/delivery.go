package firestore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"cloud.google.com/go/firestore/apiv1/firestorepb"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/fault"
	"github.com/pyloto/atende/internal/pii"
)

// What became of a turn's parts lies in one map of its document:
//
//	delivery.p0.attempt              the newest intent
//	delivery.p0.results.a1           Meta's answer to attempt 1
//	delivery.p0.receipts.a1.sent     a status of attempt 1
//	delivery.p0.mark, .reason        an operator has to look, or has looked
//	delivery.p0.granted              attempts that operators allowed
//
// and what became of its effects in another:
//
//	effects.e0.done                         its receiver took it
//	effects.e0.attempts, .not_before        it is to be tried again
//	effects.e0.mark, .reason                nobody tries any more
//
// Each writer names only its own fields in the mask of its write, so that an
// answer and a receipt that meet both stay.

func partKey(part int) string       { return "p" + strconv.Itoa(part) }
func attemptKey(attempt int) string { return "a" + strconv.Itoa(attempt) }
func effectKey(effect int) string   { return "e" + strconv.Itoa(effect) }

// Intend records that an attempt is about to be sent, if the turn was last
// written at base. It lifts the mark of a part that was parked.
func (l *Ledger) Intend(ctx context.Context, turn conversation.TurnID, part, attempt int, base time.Time) (time.Time, error) {
	if attempt < 1 {
		return time.Time{}, fmt.Errorf("firestore: intend: %w", errAttempt)
	}
	at, err := l.deliver(ctx, turn, part, lastWrittenAt(base), change{
		delivery: fields{"attempt": integer(int64(attempt))}, mask: []string{"attempt", "mark", "reason"},
	})
	if err != nil {
		return time.Time{}, fmt.Errorf("firestore: intend: %w", err)
	}
	return at, nil
}

// Answer records Meta's answer to an attempt, whoever wrote the turn in the
// meantime, and in the same commit that its id leads there. An answer to a turn
// that is gone is a [fault.Conflict].
func (l *Ledger) Answer(ctx context.Context, turn conversation.TurnID, part, attempt int, r conversation.Result) error {
	if attempt < 1 {
		return fmt.Errorf("firestore: answer: %w", errAttempt)
	}
	place := "results." + attemptKey(attempt)
	f := fields{"kind": text(string(r.Kind)), fieldAt: moment(r.At)}
	setInteger(f, "code", int64(r.Code))
	setMoment(f, "not_before", r.NotBefore)
	setText(f, "digest", r.Digest)
	l.setWAMID(f, turn, part, place, r.WAMID)
	var lead []*firestorepb.Write
	if r.ID != "" {
		if !isDocumentID(string(r.ID)) {
			return fmt.Errorf("firestore: answer: %w", errMalformed)
		}
		lead = append(lead, l.encodeSent(r.ID, conversation.Attempted{Turn: turn, Part: part, Attempt: attempt}, r.At))
	}
	_, err := l.deliver(ctx, turn, part, exists(), change{
		delivery: fields{"results": object(fields{attemptKey(attempt): object(f)})}, mask: []string{place},
	}, lead...)
	if err != nil {
		return fmt.Errorf("firestore: answer: %w", err)
	}
	return nil
}

// Attempts are those to which the ids of recorded answers lead, in one round
// trip.
func (l *Ledger) Attempts(ctx context.Context, ids []conversation.SentID) (map[conversation.SentID]conversation.Attempted, error) {
	ctx, cancel := context.WithTimeout(ctx, l.timeout)
	defer cancel()
	found := map[conversation.SentID]conversation.Attempted{}
	var names []string
	for _, id := range ids {
		names = l.appendName(names, sent, string(id))
	}
	if len(names) == 0 {
		return found, nil
	}
	b, err := l.read(ctx, nil, names...)
	if err != nil {
		return nil, fmt.Errorf("firestore: attempts: %w", err)
	}
	for _, id := range ids {
		if doc, ok := b.found[l.name(sent, string(id))]; ok {
			found[id] = decodeSent(doc)
		}
	}
	return found, nil
}

// Park marks a part as parked, if the turn was last written at base.
func (l *Ledger) Park(ctx context.Context, turn conversation.TurnID, part int, reason string, base time.Time) error {
	_, err := l.deliver(ctx, turn, part, lastWrittenAt(base), change{
		delivery: fields{"mark": text(string(conversation.Parked)), "reason": text(reason)}, mask: []string{"mark", "reason"},
		parks: true,
	})
	if err != nil {
		return fmt.Errorf("firestore: park: %w", err)
	}
	return nil
}

// CloseOut marks a part as closed by an operator, if the turn was last written at
// base.
func (l *Ledger) CloseOut(ctx context.Context, turn conversation.TurnID, part int, reason string, base time.Time) error {
	_, err := l.deliver(ctx, turn, part, lastWrittenAt(base), change{
		delivery: fields{"mark": text(string(conversation.Closed)), "reason": text(reason)}, mask: []string{"mark", "reason"},
	})
	if err != nil {
		return fmt.Errorf("firestore: close out: %w", err)
	}
	return nil
}

// Reopen lets a parked part be sent again and touches its conversation, in one
// commit. A turn or a conversation that was written since it was read is a
// [fault.Conflict].
func (l *Ledger) Reopen(ctx context.Context, r conversation.Reopening) error {
	ctx, cancel := context.WithTimeout(ctx, l.timeout)
	defer cancel()
	if err := l.reopen(ctx, r); err != nil {
		return fmt.Errorf("firestore: reopen: %w", err)
	}
	return nil
}

func (l *Ledger) reopen(ctx context.Context, r conversation.Reopening) error {
	if !isDocumentID(string(r.Conversation)) {
		return errMalformed
	}
	c := change{delivery: fields{"granted": integer(int64(r.Granted))}, mask: []string{"mark", "reason", "granted"}}
	if r.Attempt > 0 {
		place := "results." + attemptKey(r.Attempt)
		c.mask = append(c.mask, place)
		c.delivery["results"] = object(fields{attemptKey(r.Attempt): object(fields{
			"kind": text(string(conversation.Postponed)), fieldAt: moment(r.At),
		})})
	}
	turn, err := l.encodeChange(r.Turn, r.Part, lastWrittenAt(r.Base), c)
	if err != nil {
		return err
	}
	if err := wasRead(r.ConversationBase); err != nil {
		return err
	}
	// A write that changes nothing would leave the time of the last write alone.
	touch := &firestorepb.Write{
		Operation:  &firestorepb.Write_Update{Update: &firestorepb.Document{Name: l.name(conversations, string(r.Conversation))}},
		UpdateMask: &firestorepb.DocumentMask{},
		UpdateTransforms: []*firestorepb.DocumentTransform_FieldTransform{{
			FieldPath:     "reopened",
			TransformType: &firestorepb.DocumentTransform_FieldTransform_Increment{Increment: integer(1)},
		}},
		CurrentDocument: lastWrittenAt(r.ConversationBase),
	}
	_, err = l.write(ctx, turn, touch)
	return err
}

// change is what is written of one part's delivery; everything that the mask
// names and delivery lacks is taken away.
type change struct {
	delivery fields
	mask     []string
	parks    bool // something waits for an operator now
}

// deliver writes fields of one part's delivery and, in the same commit, what
// stands beside it.
func (l *Ledger) deliver(ctx context.Context, turn conversation.TurnID, part int, when *firestorepb.Precondition, c change, beside ...*firestorepb.Write) (time.Time, error) {
	w, err := l.encodeChange(turn, part, when, c)
	if err != nil {
		return time.Time{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, l.timeout)
	defer cancel()
	done, err := l.write(ctx, append([]*firestorepb.Write{w}, beside...)...)
	if err != nil {
		return time.Time{}, err
	}
	return done.GetCommitTime().AsTime(), nil
}

func (l *Ledger) encodeChange(turn conversation.TurnID, part int, when *firestorepb.Precondition, c change) (*firestorepb.Write, error) {
	if !isDocumentID(string(turn)) || part < 0 {
		return nil, errMalformed
	}
	if at := when.GetUpdateTime(); at != nil {
		if err := wasRead(at.AsTime()); err != nil {
			return nil, err
		}
	}
	mask := make([]string, len(c.mask))
	for i, field := range c.mask {
		mask[i] = fieldDelivery + "." + partKey(part) + "." + field
	}
	f := fields{fieldDelivery: object(fields{partKey(part): object(c.delivery)})}
	if c.parks {
		f[fieldParked] = boolean(true)
		mask = append(mask, fieldParked)
	}
	return l.update(turn, f, mask, when), nil
}

// wasRead refuses the time of a document that was never read: Firestore would
// call it an invalid argument.
func wasRead(at time.Time) error {
	if at.IsZero() {
		return fault.Mark(errors.New("a document was never read"), fault.Conflict)
	}
	return nil
}

// update is a write of some fields of a turn.
func (l *Ledger) update(turn conversation.TurnID, f fields, mask []string, when *firestorepb.Precondition) *firestorepb.Write {
	return &firestorepb.Write{
		Operation: &firestorepb.Write_Update{Update: &firestorepb.Document{
			Name: l.name(turns, string(turn)), Fields: f,
		}},
		UpdateMask:      &firestorepb.DocumentMask{FieldPaths: mask},
		CurrentDocument: when,
	}
}

var errAttempt = fault.Mark(errors.New("attempts are counted from 1"), fault.Broken)

// setWAMID seals the id that Meta gave a message: it decodes to a phone
// number.
func (l *Ledger) setWAMID(f fields, turn conversation.TurnID, part int, place string, wamid pii.Contact) {
	if wamid != "" {
		f["wamid"] = raw(l.ring.Seal([]byte(wamid.Reveal()), l.wamidPlace(turn, part, place)))
	}
}

func (l *Ledger) wamidOf(f fields, turn conversation.TurnID, part int, place string) (pii.Contact, error) {
	sealed := f["wamid"].GetBytesValue()
	if sealed == nil {
		return "", nil
	}
	plain, err := l.ring.Open(sealed, l.wamidPlace(turn, part, place))
	if err != nil {
		return "", fault.Mark(fmt.Errorf("%s/%s: %w", turns, turn, err), fault.Broken)
	}
	return pii.Contact(plain), nil
}

func (l *Ledger) wamidPlace(turn conversation.TurnID, part int, place string) string {
	return l.path(turns, string(turn)) + "#" + fieldDelivery + "." + partKey(part) + "." + place + ".wamid"
}

// decodeDelivery reads one part's delivery; what it does not know it leaves.
func (l *Ledger) decodeDelivery(f fields, turn conversation.TurnID, part int) (conversation.Delivery, error) {
	d := conversation.Delivery{
		Attempt: int(f["attempt"].GetIntegerValue()),
		Mark:    conversation.DeliveryPhase(f["mark"].GetStringValue()),
		Reason:  f["reason"].GetStringValue(),
		Granted: int(f["granted"].GetIntegerValue()),
	}
	for key, v := range f["results"].GetMapValue().GetFields() {
		attempt, ok := attemptOf(key)
		if !ok {
			continue
		}
		r := v.GetMapValue().GetFields()
		wamid, err := l.wamidOf(r, turn, part, "results."+key)
		if err != nil {
			return conversation.Delivery{}, err
		}
		if d.Results == nil {
			d.Results = map[int]conversation.Result{}
		}
		d.Results[attempt] = conversation.Result{
			Kind: conversation.ResultKind(r["kind"].GetStringValue()), WAMID: wamid, Code: int(r["code"].GetIntegerValue()),
			NotBefore: momentOf(r["not_before"]), Digest: r["digest"].GetStringValue(), At: momentOf(r[fieldAt]),
		}
	}
	for key, v := range f["receipts"].GetMapValue().GetFields() {
		attempt, ok := attemptOf(key)
		if !ok {
			continue
		}
		for status, v := range v.GetMapValue().GetFields() {
			r := v.GetMapValue().GetFields()
			wamid, err := l.wamidOf(r, turn, part, "receipts."+key+"."+status)
			if err != nil {
				return conversation.Delivery{}, err
			}
			receive(&d, conversation.Receipt{
				Turn: turn, Part: part, Attempt: attempt, Status: conversation.Status(status), WAMID: wamid,
				Code: int(r["code"].GetIntegerValue()), Category: r["category"].GetStringValue(),
				Billing: r["billing"].GetStringValue(), At: momentOf(r[fieldAt]),
			})
		}
	}
	return d, nil
}

func attemptOf(key string) (int, bool) {
	digits, ok := strings.CutPrefix(key, "a")
	attempt, err := strconv.Atoi(digits)
	return attempt, ok && err == nil && attempt > 0
}

// Bounds of one round of [Ledger.Receive].
const (
	// maxTurnsPerCommit keeps a commit far below Firestore's limit of 10 MiB a
	// request.
	maxTurnsPerCommit = 200
	// maxRounds is how often a round that met another writer is begun anew;
	// from blindRound on it no longer minds other writers.
	maxRounds, blindRound = 8, 4
)

// Receive records receipts; the first of a status counts. Receipts of turns,
// parts or statuses that do not exist are dropped, and what adds nothing is
// not written. It takes two round trips for up to 200 turns.
//
// A round is conditional on what it read, so that the turns it returns are
// exactly those that stand; another writer in between makes it begin anew, and
// is never a conflict for the caller.
func (l *Ledger) Receive(ctx context.Context, receipts []conversation.Receipt) ([]conversation.StoredTurn, error) {
	ctx, cancel := context.WithTimeout(ctx, l.timeout)
	defer cancel()
	var ids []conversation.TurnID
	of := map[conversation.TurnID][]conversation.Receipt{}
	for _, r := range receipts {
		if !isDocumentID(string(r.Turn)) {
			continue
		}
		if _, named := of[r.Turn]; !named {
			ids = append(ids, r.Turn)
		}
		of[r.Turn] = append(of[r.Turn], r)
	}
	var known []conversation.StoredTurn
	for chunk := range slices.Chunk(ids, maxTurnsPerCommit) {
		stored, err := l.receive(ctx, chunk, of)
		if err != nil {
			return nil, fmt.Errorf("firestore: receive: %w", err)
		}
		known = append(known, stored...)
	}
	return known, nil
}

func (l *Ledger) receive(ctx context.Context, ids []conversation.TurnID, of map[conversation.TurnID][]conversation.Receipt) ([]conversation.StoredTurn, error) {
	for round := range maxRounds {
		known, err := l.readTurns(ctx, ids)
		if err != nil {
			return nil, err
		}
		blind := round >= blindRound
		var writes []*firestorepb.Write
		var written []int // index in known of each write
		for i := range known {
			if w := l.encodeReceipts(&known[i], of[known[i].ID]); w != nil {
				if blind {
					w.CurrentDocument = exists()
				}
				writes, written = append(writes, w), append(written, i)
			}
		}
		if len(writes) == 0 {
			return known, nil
		}
		done, err := l.write(ctx, writes...)
		switch {
		case fault.Is(err, fault.Conflict):
			continue
		case err != nil:
			return nil, err
		case blind:
			continue // what else was written meanwhile is read in the next round
		}
		for _, i := range written {
			known[i].Updated = done.GetCommitTime().AsTime()
		}
		return known, nil
	}
	return nil, fault.Mark(errors.New("other writers left no gap"), fault.Dependency)
}

// readTurns are those of the turns that exist, in the order asked for.
func (l *Ledger) readTurns(ctx context.Context, ids []conversation.TurnID) ([]conversation.StoredTurn, error) {
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = l.name(turns, string(id))
	}
	b, err := l.get(ctx, names...)
	if err != nil {
		return nil, err
	}
	var stored []conversation.StoredTurn
	for i, id := range ids {
		doc, ok := b.found[names[i]]
		if !ok {
			continue
		}
		t, err := l.decodeTurn(doc, id)
		if err != nil {
			return nil, err
		}
		stored = append(stored, t)
	}
	return stored, nil
}

// encodeReceipts adds receipts to t and returns the write of what was new; nil
// when nothing was.
func (l *Ledger) encodeReceipts(t *conversation.StoredTurn, receipts []conversation.Receipt) *firestorepb.Write {
	var mask []string
	parts := fields{}
	for _, r := range receipts {
		if r.Part < 0 || r.Part >= len(t.Deliveries) || r.Attempt < 1 || !receive(&t.Deliveries[r.Part], r) {
			continue
		}
		place := "receipts." + attemptKey(r.Attempt) + "." + string(r.Status)
		mask = append(mask, fieldDelivery+"."+partKey(r.Part)+"."+place)
		f := fields{fieldAt: moment(r.At)}
		setInteger(f, "code", int64(r.Code))
		setText(f, "category", r.Category)
		setText(f, "billing", r.Billing)
		l.setWAMID(f, t.ID, r.Part, place, r.WAMID)
		below(below(below(parts, partKey(r.Part)), "receipts"), attemptKey(r.Attempt))[string(r.Status)] = object(f)
	}
	if mask == nil {
		return nil
	}
	return l.update(t.ID, fields{fieldDelivery: object(parts)}, mask, lastWrittenAt(t.Updated))
}

// below is the map at a key of f, made when it is not there.
func below(f fields, key string) fields {
	if f[key] == nil {
		f[key] = object(fields{})
	}
	return f[key].GetMapValue().GetFields()
}

// receive adds a receipt and says whether it told anything new.
func receive(d *conversation.Delivery, r conversation.Receipt) bool {
	switch r.Status {
	case conversation.StatusSent, conversation.StatusDelivered, conversation.StatusRead,
		conversation.StatusPlayed, conversation.StatusFailed:
	default:
		return false
	}
	if _, ok := d.Receipts[r.Attempt][r.Status]; ok {
		return false
	}
	if d.Receipts == nil {
		d.Receipts = map[int]map[conversation.Status]conversation.Receipt{}
	}
	if d.Receipts[r.Attempt] == nil {
		d.Receipts[r.Attempt] = map[conversation.Status]conversation.Receipt{}
	}
	d.Receipts[r.Attempt][r.Status] = r
	return true
}
