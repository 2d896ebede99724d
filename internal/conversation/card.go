package conversation

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/pyloto/atende/internal/pii"
)

// Card is what the business knows about the lead, each value with where it
// came from.
type Card map[string]Value

// Value is one field of a card with its provenance.
type Value struct {
	Value pii.Text `json:"value"`
	// Words are the lead's own words that the value was read from.
	Words      pii.Text  `json:"words,omitempty"`
	Message    MessageID `json:"message,omitempty"`
	Confidence float64   `json:"confidence"`
	At         time.Time `json:"at"`
}

// Fields that more is known of than their rule.
const (
	// FieldInterest names the line of business that a lead asks for.
	FieldInterest = "primary_interest"
	// FieldNeed is what the lead wants solved, in their words.
	FieldNeed = "specific_need"
	// FieldEmail is an address; nobody may guess one.
	FieldEmail = "email"
	// FieldName is what the lead calls themselves.
	FieldName = "full_name"
	// FieldLocation is where the lead, or their business, is.
	FieldLocation = "location"
	// FieldBudget is what the lead wants to spend, in their words.
	FieldBudget = "budget_indication"
	// FieldMeeting is when the lead would like to meet, in their words, and
	// FieldMeetingAt the moment that was read from them, by RFC 3339.
	FieldMeeting   = "meeting_preference"
	FieldMeetingAt = "meeting_at"
	// FieldSource is the headline of the advertisement or post that brought the
	// lead here. The fields after it say which one it was, and FieldClick names
	// the click that Meta counts.
	FieldSource     = "source"
	FieldSourceType = "source_type"
	FieldSourceID   = "source_id"
	FieldSourceURL  = "source_url"
	FieldSourceText = "source_text"
	FieldClick      = "ctwa_clid"
	// FieldMeetingMode is how the lead wants to meet.
	FieldMeetingMode = "meeting_mode"
)

// fieldKind is how the value of a field is read.
type fieldKind uint8

const (
	fieldText fieldKind = iota
	fieldEmail
	fieldChoice
	fieldCount
	fieldFlag
	fieldList
	fieldMoment
)

type fieldRule struct {
	name    string
	kind    fieldKind
	limit   int // characters of a text, items of a list
	choices []string
	// given: WhatsApp says it, not the lead. Nobody asks for it and no model
	// fills it in.
	given bool
}

func fieldRules() []fieldRule {
	return []fieldRule{
		{name: FieldName, limit: 80},
		{name: "company", limit: 100},
		{name: "role", limit: 80},
		{name: FieldLocation, limit: 100},
		{name: FieldEmail, kind: fieldEmail},
		{name: FieldInterest, limit: 60},
		{name: FieldNeed, limit: 200},
		{name: "urgency", kind: fieldChoice, choices: []string{"low", "medium", "high", "urgent"}},
		{name: FieldBudget, limit: 100},
		{name: "company_size", kind: fieldChoice, choices: []string{"mei", "micro", "pequena", "media", "grande"}},
		{name: "message_volume_per_day", kind: fieldCount},
		{name: "attendants_count", kind: fieldCount},
		{name: "specialists_count", kind: fieldCount},
		{name: "users_count", kind: fieldCount},
		{name: "has_crm", kind: fieldFlag},
		{name: "needs_data_migration", kind: fieldFlag},
		{name: "current_tools", kind: fieldList, limit: 8},
		{name: "modules_needed", kind: fieldList, limit: 12},
		{name: "desired_features", kind: fieldList, limit: 12},
		{name: "integrations_needed", kind: fieldList, limit: 12},
		{name: "legacy_systems", kind: fieldList, limit: 12},
		{name: FieldMeeting, limit: 120},
		{name: FieldMeetingAt, kind: fieldMoment},
		{name: FieldMeetingMode, kind: fieldChoice, choices: []string{"online", "presencial"}},
		{name: FieldSource, limit: 200, given: true},
		{name: FieldSourceType, limit: 20, given: true},
		{name: FieldSourceID, limit: 100, given: true},
		{name: FieldSourceURL, limit: 500, given: true},
		{name: FieldSourceText, limit: 1000, given: true},
		{name: FieldClick, limit: 500, given: true},
	}
}

// CardFields are the names of the fields that a lead may fill, in the order in
// which they are shown.
func CardFields() []string {
	var names []string
	for _, rule := range fieldRules() {
		if !rule.given {
			names = append(names, rule.name)
		}
	}
	return names
}

// CameFrom is the card with where the lead came from. The newest referral
// replaces all of an older one.
func (c Card) CameFrom(ad Referral, message MessageID, at time.Time) Card {
	for _, said := range []struct {
		field string
		value pii.Text
	}{
		{FieldSource, ad.Headline},
		{FieldSourceType, pii.Text(ad.Type)},
		{FieldSourceID, pii.Text(ad.ID)},
		{FieldSourceURL, ad.URL},
		{FieldSourceText, ad.Body},
		{FieldClick, pii.Text(ad.ClickID.Reveal())},
	} {
		if at.Before(c[said.field].At) {
			continue
		}
		next, ok := c.With(said.field, Value{Value: said.value, Message: message, Confidence: 1, At: at})
		if !ok && c[said.field].Value != "" {
			next = maps.Clone(c)
			delete(next, said.field)
		}
		c = next
	}
	return c
}

// IsCount reports whether a field holds a number.
func IsCount(field string) bool { return kindOf(field) == fieldCount }

// IsFlag reports whether a field holds yes or no.
func IsFlag(field string) bool { return kindOf(field) == fieldFlag }

func kindOf(field string) fieldKind {
	for _, rule := range fieldRules() {
		if rule.name == field {
			return rule.kind
		}
	}
	return fieldText
}

// Qualified is the score from which a lead is worth the team's time.
const Qualified = 60

// Score is how much is known of what makes a lead worth the team's time, from
// 0 to 100.
func (c Card) Score() int {
	score := 0
	for field, points := range map[string]int{
		FieldName: 15, FieldEmail: 15, "company": 10, FieldInterest: 20, FieldNeed: 15, FieldBudget: 10,
	} {
		if c[field].Value != "" {
			score += points
		}
	}
	if urgency := c["urgency"].Value.Reveal(); urgency == "high" || urgency == "urgent" {
		score += 15
	}
	return score
}

// With is the card with one more statement of the lead. The newest statement
// wins; lists are joined. A field that does not exist, a value that is none,
// and a statement older than the known one leave the card as it is: ok is
// false. The receiver never changes.
func (c Card) With(field string, v Value) (card Card, ok bool) {
	rules := fieldRules()
	i := slices.IndexFunc(rules, func(r fieldRule) bool { return r.name == field })
	known := c[field]
	if i < 0 || v.At.Before(known.At) {
		return c, false
	}
	read, ok := rules[i].read(v.Value.Reveal(), known.Value.Reveal())
	if !ok {
		return c, false
	}
	v.Value = pii.Text(read)
	card = maps.Clone(c)
	if card == nil {
		card = Card{}
	}
	card[field] = v
	return card, true
}

// read makes a value of raw, or says that it is none. Only a list looks at
// what is known already.
func (r fieldRule) read(raw, known string) (value string, ok bool) {
	raw = strings.Join(strings.Fields(strings.ToValidUTF8(raw, "")), " ")
	if raw == "" {
		return "", false
	}
	switch r.kind {
	case fieldEmail:
		return readEmail(raw)
	case fieldChoice:
		raw = strings.ToLower(raw)
		return raw, slices.Contains(r.choices, raw)
	case fieldCount:
		return readCount(raw)
	case fieldFlag:
		return readFlag(raw)
	case fieldList:
		return readList(raw, known, r.limit)
	case fieldMoment:
		at, err := time.Parse(time.RFC3339, raw)
		return at.Format(time.RFC3339), err == nil
	default:
		return raw, utf8.RuneCountInString(raw) <= r.limit
	}
}

// maxEmail is the longest address a mail server accepts (RFC 5321).
const maxEmail = 254

func readEmail(raw string) (string, bool) {
	raw = strings.ToLower(raw)
	local, domain, ok := strings.Cut(raw, "@")
	host, top, dotted := cutLast(domain, ".")
	switch {
	case !ok, !dotted, local == "", host == "", len(top) < 2, len(raw) > maxEmail:
		return "", false
	case strings.ContainsAny(raw, " \"<>,;:()[]\\"), strings.Contains(domain, "@"), strings.Contains(raw, ".."):
		return "", false
	default:
		return raw, true
	}
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

// maxCount is above every number of people or messages a lead can mean.
const maxCount = 100_000_000

// readCount reads "1.500", "1,5 mil", "umas 200 por dia" and ranges such as
// "entre 100 e 200", which stay ranges.
func readCount(raw string) (string, bool) {
	var counts []int
	words := strings.FieldsFunc(strings.ToLower(raw), func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'a' || r > 'z') && r != '.' && r != ','
	})
	for i, word := range words {
		word = strings.Trim(word, ".,")
		if word == "" || word[0] < '0' || word[0] > '9' {
			continue
		}
		thousand := false
		if rest, ok := strings.CutSuffix(word, "mil"); ok {
			word, thousand = rest, true
		} else if rest, ok := strings.CutSuffix(word, "k"); ok {
			word, thousand = rest, true
		} else if i+1 < len(words) && words[i+1] == "mil" {
			thousand = true
		}
		n, ok := readNumber(word, thousand)
		if !ok {
			return "", false
		}
		counts = append(counts, n)
	}
	switch {
	case len(counts) == 1:
		return strconv.Itoa(counts[0]), true
	case len(counts) == 2 && counts[0] < counts[1]:
		return strconv.Itoa(counts[0]) + "-" + strconv.Itoa(counts[1]), true
	default:
		return "", false
	}
}

// readNumber reads a Brazilian number: points between thousands, a comma
// before decimals, which only thousands may have.
func readNumber(word string, thousand bool) (int, bool) {
	whole, decimals, comma := strings.Cut(word, ",")
	groups := strings.Split(whole, ".")
	for i, group := range groups {
		if i > 0 && len(group) != 3 || i == 0 && len(groups) > 1 && len(group) > 3 {
			return 0, false
		}
	}
	n, err := strconv.ParseFloat(strings.Join(groups, "")+"."+decimals+"0", 64)
	if err != nil || comma && !thousand {
		return 0, false
	}
	if thousand {
		n *= 1000
	}
	if n > maxCount || n != float64(int(n)) {
		return 0, false
	}
	return int(n), true
}

func readFlag(raw string) (string, bool) {
	switch strings.ToLower(raw) {
	case "true", "sim", "yes", "1":
		return "true", true
	case "false", "nao", "não", "no", "0":
		return "false", true
	default:
		return "", false
	}
}

// maxItem bounds one item of a list, in characters.
const maxItem = 60

func readList(raw, known string, limit int) (string, bool) {
	split := func(text string) []string {
		return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ';' })
	}
	var items []string
	for _, item := range append(split(known), split(raw)...) {
		item = strings.TrimSpace(item)
		taken := slices.ContainsFunc(items, func(have string) bool { return strings.EqualFold(have, item) })
		if item != "" && utf8.RuneCountInString(item) <= maxItem && !taken && len(items) < limit {
			items = append(items, item)
		}
	}
	joined := strings.Join(items, ", ")
	return joined, joined != "" && joined != known
}
