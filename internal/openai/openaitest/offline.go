package openaitest

import (
	_ "embed"
	"encoding/json"
	"hash/fnv"
	"math"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

//go:embed offline.json
var offlineWords []byte

const (
	maxAnswer   = 480 // characters of an answer
	maxWords    = 200 // words that are looked at
	calledScore = 4.0 // of a fact that the lead's words call for
	maxPlain    = 12  // words of an answer that tells one thing
)

// offline is the model behind a server that nobody scripted: deterministic,
// and no wiser than the prompt. It finds the facts that share words with what
// the lead wrote, says them, and asks one question.
type offline struct {
	Sections struct {
		Offers string `json:"offers"`
		Card   string `json:"card"`
		Asked  string `json:"asked"`
		Next   string `json:"next"`
		Invite string `json:"invite"`
		Slots  string `json:"slots"`
	} `json:"sections"`
	Meeting    string     `json:"meeting"`    // the field that an invitation asks for
	Invitation []string   `json:"invitation"` // before and after the times on offer
	Interest   string     `json:"interest"`
	Stop       []string   `json:"stop"`
	Groups     [][]string `json:"groups"`
	Person     []string   `json:"person"`
	Thanks     []string   `json:"thanks"`
	Greetings  []string   `json:"greetings"`
	Asks       []string   `json:"asks"`
	Want       []string   `json:"want"`
	Urgent     []string   `json:"urgent"`

	Hello           []string   `json:"hello"`
	Openers         []string   `json:"openers"`
	Agreed          []string   `json:"agreed"`
	Answers         []string   `json:"answers"` // how the id begins of a fact that answers what was said
	Noted           []string   `json:"noted"`
	Unknown         string     `json:"unknown"`
	UnknownQuestion string     `json:"unknown_question"`
	Goodbye         string     `json:"goodbye"`
	Handoff         string     `json:"handoff"`
	LastQuestion    string     `json:"last_question"`
	Seen            string     `json:"seen"`    // to an image or a file that comes without a question
	Heard           string     `json:"heard"`   // instead of what an audio says
	Phantom         string     `json:"phantom"` // heard in silence
	Looped          string     `json:"looped"`
	Questions       []question `json:"questions"`
	Patterns        []pattern  `json:"patterns"`
}

// question asks for one field; Answer recognises what answers it.
type question struct {
	Field  string `json:"field"`
	Text   string `json:"text"`
	Answer string `json:"answer"`
	answer *regexp.Regexp
}

// pattern finds the value of a field anywhere in a message.
type pattern struct {
	Field   string `json:"field"`
	Pattern string `json:"pattern"`
	Value   string `json:"value"` // instead of what was found
	found   *regexp.Regexp
}

// newOffline panics when its own words are broken: a programmer's mistake.
func newOffline() *offline {
	o := &offline{}
	if err := json.Unmarshal(offlineWords, o); err != nil {
		panic("openaitest: offline.json: " + err.Error())
	}
	for i := range o.Questions {
		if o.Questions[i].Answer != "" {
			o.Questions[i].answer = regexp.MustCompile(o.Questions[i].Answer)
		}
	}
	for i := range o.Patterns {
		o.Patterns[i].found = regexp.MustCompile(o.Patterns[i].Pattern)
	}
	return o
}

// answer never gives what the schema does not allow; it reports false when it
// can make nothing that the schema allows.
func (o *offline) answer(r Request) (Reply, bool) {
	schema := schemaOf(r)
	m := o.think(o.read(r))
	if schema == nil {
		return Reply{Content: m.text}, true
	}
	object, _ := least(schema).(map[string]any)
	properties, _ := schema["properties"].(map[string]any)
	set := func(key string, v any) {
		if property, ok := properties[key].(map[string]any); ok && conforms(property, v) {
			object[key] = v
		}
	}
	for _, state := range slices.Backward(m.states) {
		set("next_state", state)
	}
	set("response_text", m.text)
	set("message_type", "text")
	set("asked_field", m.asked)
	set("facts", m.facts)
	set("intent_score", m.intent)
	set("answer_confidence", m.confidence)
	set("requires_human", m.human)
	if m.human {
		set("human_reason", "requested")
	}
	set("card_updates", updates(properties["card_updates"], m.learned))
	if !conforms(schema, object) {
		return Reply{}, false
	}
	return Reply{Content: encode(object)}, true
}

// updates keeps what the schema's items allow.
func updates(schema any, learned []learnt) []any {
	s, _ := schema.(map[string]any)
	items, _ := s["items"].(map[string]any)
	list := []any{}
	for _, l := range learned {
		item := map[string]any{"field": l.field, "value": l.value, "words": l.words}
		if conforms(items, item) {
			list = append(list, item)
		}
	}
	return list
}

// reading is what the prompt says.
type reading struct {
	said     string   // by the lead, since the last answer
	files    int      // that came along with it
	words    []string // of it, folded, without the words that say nothing
	all      []string // of it, folded
	facts    []fact
	offers   []fact
	card     map[string]bool // fields already known
	interest bool
	answers  []string // the assistant's earlier ones
	// asked is the field that was asked for last; next and field are the question
	// that the prompt suggests, and slots the times that it offers.
	asked, next, field, slots string
	invite                    bool
}

type fact struct {
	id, text string
	words    []string
}

var (
	factLine  = regexp.MustCompile(`^- \[([^\]\s]+)\] (.+)$`)
	offerLine = regexp.MustCompile(`^- ([a-z0-9_]+): (.+)$`)
	said      = regexp.MustCompile(`(?s)<mensagem>\n(.*?)\n</mensagem>`)
)

func (o *offline) read(r Request) reading {
	in := reading{card: map[string]bool{}, files: r.attachments()}
	for _, m := range r.Messages {
		switch m.Role {
		case "assistant":
			in.answers = append(in.answers, m.Content)
		case "user":
			in.said = m.Content
		default:
			o.readSystem(&in, m.Content)
		}
	}
	if marked := said.FindAllStringSubmatch(in.said, -1); marked != nil {
		var parts []string
		for _, part := range marked {
			parts = append(parts, part[1])
		}
		in.said = strings.Join(parts, "\n")
	}
	in.all = wordsOf(in.said)
	in.all = in.all[:min(len(in.all), maxWords)]
	for _, w := range in.all {
		if !slices.Contains(o.Stop, w) && !slices.Contains(in.words, w) {
			in.words = append(in.words, w)
		}
	}
	return in
}

func (o *offline) readSystem(in *reading, content string) {
	section := ""
	for line := range strings.Lines(content) {
		line = strings.TrimSpace(line)
		if title, ok := strings.CutPrefix(line, "# "); ok {
			section = title
			continue
		}
		if m := factLine.FindStringSubmatch(line); m != nil {
			in.facts = append(in.facts, fact{id: m[1], text: m[2], words: wordsOf(strings.ReplaceAll(m[1], "_", " ") + " " + m[2])})
			continue
		}
		if o.readNow(in, line) {
			continue
		}
		m := offerLine.FindStringSubmatch(line)
		switch {
		case m == nil:
		case section == o.Sections.Offers:
			in.offers = append(in.offers, fact{id: m[1], text: m[2], words: wordsOf(m[1] + " " + m[2])})
		case section == o.Sections.Card:
			in.card[m[1]] = true
			in.interest = in.interest || m[1] == o.Interest
		}
	}
}

// readNow reads what the prompt says of the moment.
func (o *offline) readNow(in *reading, line string) bool {
	if rest, ok := strings.CutPrefix(line, o.Sections.Asked); ok {
		in.asked = strings.TrimSuffix(rest, ".")
		return true
	}
	if rest, ok := strings.CutPrefix(line, o.Sections.Slots); ok {
		in.slots, _, _ = strings.Cut(rest, ". ")
		return true
	}
	if rest, ok := strings.CutPrefix(line, o.Sections.Next); ok {
		if i := strings.LastIndex(rest, " ("); i > 0 {
			in.next, in.field = rest[:i], strings.TrimSuffix(rest[i+2:], ")")
		}
		return true
	}
	if strings.HasPrefix(line, o.Sections.Invite) {
		in.invite = true
		return true
	}
	return false
}

// mind is what the offline model made of a reading.
type mind struct {
	states             []string // wanted, best first
	text               string
	asked              any // a field's name, or nil
	facts              []any
	learned            []learnt
	intent, confidence float64
	human              bool
}

type learnt struct{ field, value, words string }

func (o *offline) think(in reading) mind {
	m := mind{intent: 0.3, facts: []any{}, learned: o.learn(in)}
	has := func(list []string) bool {
		return slices.ContainsFunc(in.all, func(w string) bool { return slices.Contains(list, w) })
	}
	m.states = o.states(in, m.learned)
	switch {
	case has(o.Urgent):
		m.intent = 0.95
	case has(o.Want):
		m.intent = 0.8
	case len(in.words) > 0:
		m.intent = 0.5
	}
	if has(o.Person) {
		m.states = append([]string{"HANDOFF_HUMAN"}, m.states...)
		m.text, m.human, m.confidence = o.Handoff, true, 1
		return m
	}
	best := o.relevant(in)
	if !o.asking(in) && in.asked != "" && len(in.all) <= maxPlain {
		// Told, and nothing asked.
		best = slices.DeleteFunc(best, func(f fact) bool { return !o.calledFor(f) })
	}
	if len(best) == 0 && has(o.Thanks) {
		m.states = append([]string{"SELF_SERVE_INFO"}, m.states...)
		m.text, m.confidence = o.Goodbye, 1
		return m
	}
	if len(best) == 0 && in.files > 0 {
		// A stand-in has no eyes, and says so.
		m.text, m.confidence = o.Seen, 1
		return m
	}
	o.speak(&m, in, best)
	return m
}

func (o *offline) states(in reading, learned []learnt) []string {
	interested := in.interest || slices.ContainsFunc(learned, func(l learnt) bool { return l.field == "primary_interest" })
	switch known := len(in.card) + len(learned); {
	case interested && known > 4:
		return []string{"GENERATING_RESPONSE", "COLLECTING_INFO", "TRIAGE"}
	case interested:
		return []string{"COLLECTING_INFO", "TRIAGE"}
	default:
		return []string{"TRIAGE", "COLLECTING_INFO"}
	}
}

// speak writes the answer: an opening, the facts that fit, one question.
func (o *offline) speak(m *mind, in reading, best []fact) {
	next, asked := o.next(in, m.learned)
	asking := o.asking(in)
	opening := pick(o.Agreed, in.said)
	if asking {
		opening = pick(o.Openers, in.said)
	}
	switch {
	case len(in.answers) == 0 && len(in.all) > 0 && slices.Contains(o.Greetings, in.all[0]):
		opening = pick(o.Hello, in.said)
	case len(best) == 0 && asking:
		opening, next, asked = o.Unknown, o.UnknownQuestion, nil
	case len(best) == 0:
		opening = pick(o.Noted, in.said)
	}
	m.confidence = 0.3
	text := opening
	for _, f := range best {
		if utf8.RuneCountInString(text+" "+f.text+" "+next) > maxAnswer {
			break
		}
		text += " " + f.text
		m.facts = append(m.facts, f.id)
		m.confidence = 0.9
	}
	m.text, m.asked = text+" "+next, asked
}

func (o *offline) asking(in reading) bool {
	return strings.Contains(in.said, "?") || len(in.all) > 0 && slices.Contains(o.Asks, in.all[0])
}

// next is the first question whose answer is not known and that was not asked
// before.
func (o *offline) next(in reading, learned []learnt) (string, any) {
	told := func(field string) bool {
		return slices.ContainsFunc(learned, func(l learnt) bool { return l.field == field })
	}
	switch {
	case in.invite && in.slots != "":
		return o.Invitation[0] + in.slots + ". " + o.Invitation[1], o.Meeting
	case in.next != "" && !told(in.field):
		return in.next, in.field
	}
	for _, q := range o.Questions {
		known := in.card[q.Field] || slices.ContainsFunc(learned, func(l learnt) bool { return l.field == q.Field })
		asked := slices.ContainsFunc(in.answers, func(a string) bool { return strings.Contains(a, q.Text) })
		if !known && !asked {
			return q.Text, q.Field
		}
	}
	return o.LastQuestion, nil
}

// relevant are the one or two facts that say most about the lead's words,
// rare words counting for more. What was said before counts for less.
func (o *offline) relevant(in reading) []fact {
	type scored struct {
		fact
		score float64
	}
	var list []scored
	for _, f := range in.facts {
		score := 0.0
		if o.calledFor(f) {
			score = calledScore
		}
		for _, w := range in.words {
			if n := o.count(in.facts, w); n > 0 && o.means(f.words, w) {
				score += math.Log(1 + float64(len(in.facts))/float64(n))
			}
		}
		if slices.ContainsFunc(in.answers, func(a string) bool { return strings.Contains(a, f.text) }) {
			score *= 0.3
		}
		if score > 0 {
			list = append(list, scored{f, score})
		}
	}
	slices.SortStableFunc(list, func(a, b scored) int {
		switch {
		case a.score > b.score:
			return -1
		case a.score < b.score:
			return 1
		default:
			return 0
		}
	})
	var best []fact
	for i, s := range list {
		if i < 2 && (i == 0 || !o.calledFor(list[0].fact)) && s.score >= 0.75*list[0].score {
			best = append(best, s.fact)
		}
	}
	return best
}

// calledFor reports whether a fact is in the prompt because the lead's words call
// for it.
func (o *offline) calledFor(f fact) bool {
	kind, _, _ := strings.Cut(f.id, "_")
	return slices.Contains(o.Answers, kind)
}

func (o *offline) count(facts []fact, word string) int {
	n := 0
	for _, f := range facts {
		if o.means(f.words, word) {
			n++
		}
	}
	return n
}

// means reports whether one of the words says what word says: the same root,
// or a word of the same group.
func (o *offline) means(words []string, word string) bool {
	if slices.ContainsFunc(words, func(w string) bool { return akin(w, word) }) {
		return true
	}
	for _, group := range o.Groups {
		if slices.Contains(group, word) &&
			slices.ContainsFunc(words, func(w string) bool { return slices.Contains(group, w) }) {
			return true
		}
	}
	return false
}

// learn reads what the lead told, with the words that told it.
func (o *offline) learn(in reading) []learnt {
	var learned []learnt
	add := func(l learnt) {
		if !slices.ContainsFunc(learned, func(k learnt) bool { return k.field == l.field }) {
			learned = append(learned, l)
		}
	}
	for _, p := range o.Patterns {
		if m := p.found.FindStringSubmatch(in.said); m != nil {
			value := p.Value
			if value == "" {
				value = strings.TrimRight(m[1], ".")
			}
			add(learnt{p.Field, value, m[0]})
		}
	}
	if n := len(in.answers); n > 0 && !o.asking(in) {
		for _, q := range o.Questions {
			if q.answer == nil || !strings.HasSuffix(strings.TrimSpace(in.answers[n-1]), q.Text) {
				continue
			}
			if m := q.answer.FindStringSubmatch(strings.TrimSpace(in.said)); m != nil {
				add(learnt{q.Field, m[1], m[0]})
			}
		}
	}
	if o.plainly(in) {
		said := strings.TrimSpace(in.said)
		add(learnt{in.asked, said, said})
	}
	if l, ok := o.interested(in); ok && !in.interest {
		add(l)
	}
	return learned
}

// plainly reports whether what was said answers what was asked for: it asks
// nothing, is short, raises no doubt and counts nothing.
func (o *offline) plainly(in reading) bool {
	return in.asked != "" && in.asked != o.Meeting && len(in.all) > 0 && len(in.all) <= maxPlain && !o.asking(in) &&
		!slices.ContainsFunc(in.facts, o.calledFor) && !strings.ContainsAny(in.said, "0123456789@")
}

// interested is the one offer that the lead's words point to most.
func (o *offline) interested(in reading) (learnt, bool) {
	best, found, tie := 0, learnt{}, false
	for _, offer := range in.offers {
		score, words := 0, ""
		for _, w := range in.words {
			if slices.ContainsFunc(offer.words, func(o string) bool { return akin(o, w) }) {
				score++
				words = spelt(in.said, w)
			}
		}
		switch {
		case score > best:
			best, tie = score, false
			found = learnt{"primary_interest", offer.id, words}
		case score == best:
			tie = true
		}
	}
	return found, best > 0 && !tie
}

// spelt is the word as the lead wrote it.
func spelt(text, folded string) string {
	for _, w := range strings.FieldsFunc(text, notInWord) {
		if fold(w) == folded {
			return w
		}
	}
	return folded
}

// akin reports whether two folded words have the same root, near enough for
// Portuguese.
func akin(a, b string) bool {
	if a == b || strings.TrimSuffix(a, "s") == strings.TrimSuffix(b, "s") {
		return true
	}
	n := commonPrefix(a, b)
	return n >= 5 && max(len(a), len(b))-n <= 6
}

func wordsOf(text string) []string {
	var words []string
	for _, w := range strings.FieldsFunc(text, notInWord) {
		words = append(words, fold(w))
	}
	return words
}

func notInWord(r rune) bool {
	return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.Is(unicode.Mn, r)
}

// fold is lower case without accents.
func fold(word string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return unicode.ToLower(r)
	}, norm.NFD.String(word))
}

// pick chooses by the lead's words, so that the same request gets the same
// answer and different ones sound different.
func pick(list []string, by string) string {
	h := fnv.New64a()
	_, _ = h.Write([]byte(by))
	return list[h.Sum64()%uint64(len(list))]
}
