package whatsapp

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

const (
	maxIDLength       = 512
	maxNameLength     = 128
	maxUsernameLength = 64
	maxTypeLength     = 64
	// maxElementDepth is far above anything Meta sends. Whoever reads Raw with a
	// recursive decoder should not have to fear for the stack.
	maxElementDepth = 32
)

// reader reads typed fields and remembers the first that had the wrong shape. A
// field that is missing or null reads as its zero value.
type reader struct {
	bad string
}

func (r *reader) fail(field string) {
	if r.bad == "" {
		r.bad = field
	}
}

func (r *reader) text(v value, field string) string {
	if v.absent() {
		return ""
	}
	s, ok := v.text()
	if !ok {
		r.fail(field)
	}
	return s
}

// need is text that must be there and not be empty.
func (r *reader) need(v value, field string) string {
	s := r.text(v, field)
	if s == "" {
		r.fail(field)
	}
	return s
}

func (r *reader) flag(v value, field string) bool {
	switch v.kind() {
	case kindTrue:
		return true
	case kindFalse, kindNull, 0:
	default:
		r.fail(field)
	}
	return false
}

func (r *reader) object(v value, field string) value {
	if !v.absent() && v.kind() != kindObject {
		r.fail(field)
		return nil
	}
	return v
}

// time reads Unix seconds, and milliseconds where the number is too large to be
// seconds of this millennium.
func (r *reader) time(v value, field string) time.Time {
	s, ok := v.textOrDigits()
	if !ok || !allDigits(s) || len(s) > 15 {
		r.fail(field)
		return time.Time{}
	}
	var n int64
	for i := range len(s) {
		n = 10*n + int64(s[i]-'0')
	}
	if len(s) >= 12 {
		return time.UnixMilli(n).UTC()
	}
	return time.Unix(n, 0).UTC()
}

// identifier returns an opaque id, or false when the value cannot be one. Bytes
// that are no UTF-8 are refused here and not replaced: two ids must never
// become one.
func identifier(v value) (string, bool) {
	s, ok := v.text()
	if !ok || s == "" || len(s) > maxIDLength {
		return "", false
	}
	for _, c := range s {
		if c <= ' ' || c == 0x7f || c == utf8.RuneError {
			return "", false
		}
	}
	return s, true
}

// phone returns a phone number's digits. A leading "+" is dropped.
func phone(v value) (string, bool) {
	s, ok := v.textOrDigits()
	s = strings.TrimPrefix(s, "+")
	return s, ok && allDigits(s) && len(s) <= maxPhoneLength
}

// isUserID recognises a business-scoped user id by its country prefix:
// "BR.7001…", or "BR.ENT.7001…" for a parent id.
func isUserID(s string) bool {
	if len(s) < 4 || len(s) > 140 || s[2] != '.' || !isUpper(s[0]) || !isUpper(s[1]) {
		return false
	}
	for i := 3; i < len(s); i++ {
		if s[i] != '.' && !isAlphanumeric(s[i]) {
			return false
		}
	}
	return true
}

func isAlphanumeric(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || isUpper(c)
}

func isUpper(c byte) bool { return 'A' <= c && c <= 'Z' }

// party reads the two identifiers of one person. While the ids were being
// introduced, some payloads carried the user id in the field of the number.
func (r *reader) party(number, userID value, field string) (string, string) {
	id := ""
	if !userID.blank() {
		var ok bool
		if id, ok = identifier(userID); !ok {
			r.fail(field + "_user_id")
		}
	}
	if number.blank() {
		return "", id
	}
	if digits, ok := phone(number); ok {
		return digits, id
	}
	if s, ok := number.text(); ok && isUserID(s) {
		if id == "" {
			id = s
		}
		return "", id
	}
	r.fail(field)
	return "", id
}

// decodeMessage reads one message. It returns nil and the field that is to
// blame when the message has no readable id or sender.
func decodeMessage(v value, echo bool, people *roster, tooDeep bool) (*Message, string) {
	if v.kind() != kindObject {
		return nil, "message"
	}
	var id, from, fromUser, fromParent, to, toUser, timestamp, typ, group, context, referral, errs value
	for k, member := range v.members() {
		switch string(k) {
		case "id":
			id = member
		case "from":
			from = member
		case "from_user_id":
			fromUser = member
		case "from_parent_user_id":
			fromParent = member
		case "to":
			to = member
		case "to_user_id":
			toUser = member
		case "timestamp":
			timestamp = member
		case "type":
			typ = member
		case "group_id":
			group = member
		case "context":
			context = member
		case "referral":
			referral = member
		case "errors":
			errs = member
		}
	}
	m := &Message{}
	var ok bool
	if m.ID, ok = identifier(id); !ok {
		return nil, "id"
	}
	var r reader
	m.From, m.FromUserID = r.party(from, fromUser, "from")
	m.FromParentUserID = r.text(fromParent, "from_parent_user_id")
	if echo {
		m.To, m.ToUserID = r.party(to, toUser, "to")
	}
	announced := r.text(typ, "type")
	if announced == "system" && m.From == "" && m.FromUserID == "" {
		m.From, m.FromUserID = systemSender(v.get("system"))
	}
	switch {
	case echo && m.To == "" && m.ToUserID == "":
		return nil, "to"
	case !echo && m.From == "" && m.FromUserID == "":
		return nil, "from"
	}
	people.describe(m, echo)

	m.Timestamp = r.time(timestamp, "timestamp")
	m.GroupID = r.text(group, "group_id")
	m.Context = r.context(context)
	m.Referral = r.referral(referral)
	m.Errors = r.errors(errs, "errors")
	if tooDeep {
		r.fail("nesting")
	}
	m.Type, m.Content = r.content(v, announced, m)
	if r.bad != "" {
		m.Type = TypeUnsupported
		m.Content = Unsupported{Type: bounded(announced, maxTypeLength), Reason: ReasonUnreadable, Field: r.bad}
	}
	return m, ""
}

// systemSender finds the person a notice is about when it names no sender: by
// the old user id if there is one, since that is how he is known.
func systemSender(system value) (string, string) {
	digits, ok := phone(system.get("wa_id"))
	if !ok {
		digits = ""
	}
	for _, key := range []string{"previous_user_id", "user_id"} {
		if id, ok := identifier(system.get(key)); ok {
			return digits, id
		}
	}
	return digits, ""
}

func (r *reader) context(v value) *Context {
	if r.object(v, "context").absent() {
		return nil
	}
	product := r.object(v.get("referred_product"), "context.referred_product")
	return &Context{
		From:                r.text(v.get("from"), "context.from"),
		ID:                  r.text(v.get("id"), "context.id"),
		Forwarded:           r.flag(v.get("forwarded"), "context.forwarded"),
		FrequentlyForwarded: r.flag(v.get("frequently_forwarded"), "context.frequently_forwarded"),
		CatalogID:           r.text(product.get("catalog_id"), "context.referred_product.catalog_id"),
		ProductID:           r.text(product.get("product_retailer_id"), "context.referred_product.product_retailer_id"),
	}
}

func (r *reader) referral(v value) *Referral {
	if r.object(v, "referral").absent() {
		return nil
	}
	text := func(key string) string { return r.text(v.get(key), "referral."+key) }
	welcome := r.object(v.get("welcome_message"), "referral.welcome_message")
	return &Referral{
		SourceType:   text("source_type"),
		SourceID:     text("source_id"),
		SourceURL:    text("source_url"),
		Headline:     text("headline"),
		Body:         text("body"),
		MediaType:    text("media_type"),
		ImageURL:     text("image_url"),
		VideoURL:     text("video_url"),
		ThumbnailURL: text("thumbnail_url"),
		ClickID:      text("ctwa_clid"),
		WelcomeText:  r.text(welcome.get("text"), "referral.welcome_message.text"),
	}
}

// roster is the contacts array of one value, which stands beside the messages
// and statuses and is not aligned with them.
type roster struct {
	people   []person
	byUserID map[string]int
	byNumber map[string]int
}

type person struct {
	number, userID, name, username string
}

// newRoster reads what it can: a contact only decorates messages, so one that
// is unreadable costs a name and nothing else.
func newRoster(contacts value) roster {
	var all roster
	for contact := range contacts.elements() {
		if len(all.people) == MaxElements {
			break
		}
		var r reader
		var p person
		parts := contact.pick("wa_id", "user_id", "profile")
		p.number, p.userID = r.party(parts[0], parts[1], "contact")
		if p.number == "" && p.userID == "" {
			continue
		}
		profile := parts[2].pick("name", "username")
		p.name = bounded(r.text(profile[0], "name"), maxNameLength)
		p.username = bounded(strings.TrimPrefix(r.text(profile[1], "username"), "@"), maxUsernameLength)
		all.people = append(all.people, p)
	}
	if len(all.people) > 4 {
		all.byUserID = make(map[string]int, len(all.people))
		all.byNumber = make(map[string]int, len(all.people))
		for i := len(all.people) - 1; i >= 0; i-- {
			all.byUserID[all.people[i].userID] = i
			all.byNumber[all.people[i].number] = i
		}
	}
	return all
}

func (all *roster) find(userID, number string) (person, bool) {
	if all.byUserID != nil {
		if i, ok := all.byUserID[userID]; ok && userID != "" {
			return all.people[i], true
		}
		if i, ok := all.byNumber[number]; ok && number != "" {
			return all.people[i], true
		}
		return person{}, false
	}
	for _, p := range all.people {
		if userID != "" && p.userID == userID {
			return p, true
		}
	}
	for _, p := range all.people {
		if number != "" && p.number == number {
			return p, true
		}
	}
	return person{}, false
}

// describe gives m the name of the person at the other end, and whichever of
// the person's identifiers only the contact carries.
func (all *roster) describe(m *Message, echo bool) {
	number, userID := &m.From, &m.FromUserID
	if echo {
		number, userID = &m.To, &m.ToUserID
	}
	p, ok := all.find(*userID, *number)
	if !ok {
		return
	}
	m.Name, m.Username = p.name, p.username
	if *number == "" {
		*number = p.number
	}
	if *userID == "" {
		*userID = p.userID
	}
}

// bounded cuts user-controlled text to a number of code points and drops what
// does not print: control characters and marks that reverse the direction of
// the text around them. The joiner stays, since emoji are made of it.
func bounded(s string, limit int) string {
	var b strings.Builder
	n := 0
	for _, c := range s {
		if n == limit {
			break
		}
		if c == '\u200d' || unicode.IsPrint(c) {
			b.WriteRune(c)
			n++
		}
	}
	return strings.TrimSpace(b.String())
}
