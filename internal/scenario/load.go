package scenario

import (
	"fmt"
	"io"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/otto"
	"github.com/pyloto/atende/internal/yamltext"
)

// Bounds of what is read.
const (
	maxFile     = 4 << 20
	maxSteps    = 1000
	maxBurst    = 50
	maxTimes    = 1000
	maxCopies   = 100
	longestWait = 366 * 24 * time.Hour
)

// defaultZone is where a time without an offset is meant.
const defaultZone = "America/Sao_Paulo"

// defaultFrom is who writes when a scenario does not say.
const defaultFrom = "5511987650001"

// Load reads every scenario below the root of fsys: its .yaml files. The error
// is a [yamltext.Faults], or says that there is none.
func Load(fsys fs.FS) ([]Scenario, error) { return load(fsys, ".") }

// LoadFile reads one file. Its error is as that of [Load].
func LoadFile(fsys fs.FS, name string) ([]Scenario, error) { return load(fsys, name) }

func load(fsys fs.FS, root string) ([]Scenario, error) {
	zone, err := time.LoadLocation(defaultZone)
	if err != nil {
		return nil, fmt.Errorf("scenarios: %w", err)
	}
	var faults yamltext.Faults
	var all []Scenario
	named := map[string]string{}
	err = fs.WalkDir(fsys, root, func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() || path.Ext(name) != ".yaml" && path.Ext(name) != ".yml":
			return nil
		}
		content, err := contentOf(fsys, name)
		if err != nil {
			return err
		}
		r := reader{file: name, zone: zone, faults: &faults}
		s, ok := r.scenario(content)
		if !ok {
			return nil
		}
		if other := named[s.Name]; other != "" {
			faults.Add(name, 1, "the name is taken by %s", other)
		}
		named[s.Name] = name
		all = append(all, s)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("scenarios: %w", err)
	}
	if err := faults.Err(); err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("scenarios: no .yaml file: %w", fs.ErrNotExist)
	}
	return all, nil
}

func contentOf(fsys fs.FS, name string) ([]byte, error) {
	in, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = in.Close() }()
	content, err := io.ReadAll(io.LimitReader(in, maxFile+1))
	if err == nil && len(content) > maxFile {
		err = fmt.Errorf("%s: larger than %d bytes", name, maxFile)
	}
	return content, err
}

// reader reads one file.
type reader struct {
	file   string
	zone   *time.Location
	faults *yamltext.Faults
}

// scenario reports false when nothing of the file can be read.
func (r reader) scenario(content []byte) (Scenario, bool) {
	root := yamltext.Parse(r.file, content, r.faults)
	if root == nil {
		return Scenario{}, false
	}
	o := yamltext.NewObject(r.file, root, r.faults)
	s := Scenario{
		File: r.file, Name: o.MustText("name"), Covers: o.Texts("covers"), Pack: o.Text("pack"),
		Profile: o.Text("profile"), From: o.Text("from"), Model: Model(o.Text("model")),
	}
	if s.From == "" {
		s.From = defaultFrom
	}
	for _, id := range s.Covers {
		if !covered.MatchString(id) {
			o.Fault(o.Take("covers").Line, "covers: %q is no id such as P12 or sim-3", id)
		}
	}
	if start, ok := r.moment(o, "start"); ok {
		s.Start = start
	} else if !slices.Contains(o.Keys(), "start") {
		o.Fault(o.Line, "start is missing")
	}
	if seed := o.Text("seed"); seed != "" {
		n, err := strconv.ParseUint(seed, 10, 64)
		if err != nil {
			o.Fault(o.Take("seed").Line, "seed must be a whole number")
		}
		s.Seed = n
	}
	steps := o.List("steps")
	if len(steps) == 0 || len(steps) > maxSteps {
		o.Fault(o.Line, "want 1 to %d steps", maxSteps)
	}
	asserts, scripted := false, false
	for _, n := range steps {
		step := r.step(o.In(n))
		asserts = asserts || step.Expect.asserts()
		scripted = scripted || step.Answers != nil
		s.Steps = append(s.Steps, step)
	}
	if len(steps) > 0 && !asserts {
		o.Fault(o.Line, "no step expects anything but that an answer comes: say what it says, or what it leads to")
	}
	r.model(o, &s, scripted)
	r.looks(o, s)
	o.Done()
	return s, true
}

// model settles who answers for the model.
func (r reader) model(o *yamltext.Object, s *Scenario, scripted bool) {
	line := o.Line
	if n := o.Take("model"); n != nil {
		line = n.Line
	}
	switch {
	case s.Model == "" && scripted:
		s.Model = Scripted
	case s.Model == "":
		s.Model = Offline
	case scripted && s.Model != Scripted:
		o.Fault(line, "model: a step scripts answers, and the model is %s", s.Model)
	case !slices.Contains([]Model{Offline, NoModel, Scripted, Worst}, s.Model):
		o.Fault(line, "model must be offline, none, scripted or worst")
	}
}

// moment is a time; without an offset it is meant in São Paulo.
func (r reader) moment(o *yamltext.Object, key string) (time.Time, bool) {
	n := o.Take(key)
	if yamltext.Null(n) {
		return time.Time{}, false
	}
	text := o.Scalar(n, key)
	for _, layout := range []string{"2006-01-02T15:04", "2006-01-02T15:04:05", "2006-01-02 15:04"} {
		if at, err := time.ParseInLocation(layout, text, r.zone); err == nil {
			return at, true
		}
	}
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at, true
	}
	o.Fault(n.Line, "%s must be a time such as 2026-11-30T10:00", key)
	return time.Time{}, false
}

func (r reader) step(o *yamltext.Object) Step {
	s := Step{Line: o.Line}
	if n := o.Take("lead"); !yamltext.Null(n) {
		s.Lead = r.messages(o, n)
	}
	if text := o.Text("wait"); text != "" {
		s.Wait = r.duration(o, text)
	}
	s.Until, _ = r.moment(o, "until")
	s.Skip, _ = r.moment(o, "skip")
	if s.Team = TeamWord(o.Text("team")); s.Team != "" && s.Team != Accept && s.Team != Release {
		o.Fault(o.Take("team").Line, "team must be accept or release")
	}
	ways := 0
	for _, given := range []bool{slices.Contains(o.Keys(), "lead"), s.Team != "", s.Wait != 0, !s.Until.IsZero(), !s.Skip.IsZero()} {
		if given {
			ways++
		}
	}
	if ways != 1 {
		o.Fault(o.Line, "a step has one of lead, team, wait, until and skip")
	}
	for _, n := range o.List("model") {
		s.Answers = append(s.Answers, r.answer(o.In(n)))
	}
	if e := o.Object("expect"); e != nil {
		s.Expect = r.expect(e)
	}
	o.Done()
	return s
}

// covered is the form of what a scenario may stand for: the id of a row of the
// list of what must not happen any more, or of a simulated contrast.
var covered = regexp.MustCompile(`^(?:[A-Z][0-9]{1,2}|sim-[0-9]{1,2})$`)

var days = regexp.MustCompile(`^([0-9]+)d(.*)$`)

// duration reads Go's durations, and days before them: "3h", "40d", "1d12h".
func (r reader) duration(o *yamltext.Object, text string) time.Duration {
	whole, rest := time.Duration(0), text
	if m := days.FindStringSubmatch(text); m != nil {
		n, _ := strconv.Atoi(m[1])
		whole, rest = time.Duration(min(n, 10_000))*24*time.Hour, m[2]
	}
	var d time.Duration
	var err error
	if rest != "" {
		d, err = time.ParseDuration(rest)
	}
	if d += whole; err != nil || d <= 0 || d > longestWait {
		o.Fault(o.Take("wait").Line, "wait must be a time such as 90s, 3h or 40d, at most a year")
		return 0
	}
	return d
}

func (r reader) messages(o *yamltext.Object, n *yaml.Node) []Message {
	if n.Kind == yaml.ScalarNode {
		return []Message{{Kind: KindText, Text: n.Value}}
	}
	m := o.In(n)
	if !slices.Contains(m.Keys(), "burst") {
		return []Message{r.message(m)}
	}
	var list []Message
	items := m.List("burst")
	if len(items) < 2 || len(items) > maxBurst {
		m.Fault(m.Line, "a burst has 2 to %d messages", maxBurst)
	}
	for _, item := range items {
		if item.Kind == yaml.ScalarNode {
			list = append(list, Message{Kind: KindText, Text: item.Value})
			continue
		}
		list = append(list, r.message(m.In(item)))
	}
	m.Done()
	return list
}

// message is a mapping with one key that names its kind.
func (r reader) message(o *yamltext.Object) Message {
	var m Message
	for _, kind := range []MessageKind{
		KindText, KindTap, KindAudio, KindImage, KindVideo, KindDocument, KindSticker, KindLocation, KindContacts, KindReaction, KindOrder, KindRaw, KindPerson,
	} {
		n := o.Take(string(kind))
		if n == nil {
			continue
		}
		if m.Kind != "" {
			o.Fault(n.Line, "a message is %s or %s, not both", m.Kind, kind)
		}
		m.Kind = kind
		switch kind {
		case KindLocation:
			m.At = r.place(o, n)
		case KindRaw:
			if err := n.Decode(&m.Raw); err != nil {
				o.Fault(n.Line, "raw must be the fields of a message")
			}
		case KindAudio, KindImage, KindVideo, KindSticker, KindContacts, KindOrder:
			// What is in it makes no difference: true, or words about it for the reader.
			m.Text = n.Value
		default:
			m.Text = o.Scalar(n, string(kind))
		}
	}
	if m.Kind == "" {
		o.Fault(o.Line, "want a message: text, tap, audio, image, video, document, sticker, location, contacts, reaction, order, raw, person or burst")
	}
	switch m.Kind {
	case KindTap:
		m.Title = o.Text("title")
	case KindText, KindReaction:
		m.To = o.Text("to")
	}
	if m.Kind == KindImage || m.Kind == KindVideo || m.Kind == KindDocument {
		m.Caption = o.Text("caption")
	}
	if m.perceptible() {
		m.Perceived = r.perceived(o)
	}
	if copies := o.Whole("copies", 1, maxCopies); copies != nil {
		m.Copies = *copies
	}
	o.Done()
	return m
}

// perceptible reports whether somebody looks at the message's file.
func (m Message) perceptible() bool { return conversation.Kind(m.Kind).Perceptible() }

// perceived is what is made of a file; nil where that is not said.
func (r reader) perceived(o *yamltext.Object) *Perceived {
	one := o.Object("perceived")
	if one == nil {
		return nil
	}
	p := &Perceived{Outcome: conversation.Perception(one.Text("outcome")), Text: one.Text("text")}
	if n := one.Take("ill"); n != nil {
		p.Ill = one.Flag(n, "ill")
	}
	known := []conversation.Perception{
		conversation.Understood, conversation.Silence, conversation.Unclear, conversation.TooLarge,
		conversation.WrongKind, conversation.Gone, conversation.Undone,
	}
	switch {
	case p.Ill == slices.Contains(known, p.Outcome), p.Ill && p.Outcome != "":
		one.Fault(one.Line, "perceived: want an outcome, of %v, or ill: true", known)
	case p.Text != "" && p.Outcome != conversation.Understood:
		one.Fault(one.Line, "perceived: only what is understood has a text")
	}
	one.Done()
	return p
}

// looks makes sure that a scenario says of all its files what is made of them,
// or of none.
func (r reader) looks(o *yamltext.Object, s Scenario) {
	said, unsaid := false, 0
	for _, step := range s.Steps {
		for _, m := range step.Lead {
			said = said || m.Perceived != nil
			if m.perceptible() && m.Perceived == nil && unsaid == 0 {
				unsaid = step.Line
			}
		}
	}
	if said && unsaid > 0 {
		o.Fault(unsaid, "perceived is missing: another step says what is made of its file")
	}
}

func (r reader) place(o *yamltext.Object, n *yaml.Node) (at [2]float64) {
	var list []float64
	if err := n.Decode(&list); err != nil || len(list) != 2 {
		o.Fault(n.Line, "location must be [latitude, longitude]")
		return at
	}
	return [2]float64{list[0], list[1]}
}

func (r reader) answer(o *yamltext.Object) Answer {
	a := Answer{Line: o.Line, Content: o.Text("content"), Fault: o.Text("fault"), Times: 1}
	switch {
	case a.Fault != "":
		if _, ok := faultOf(a.Fault); !ok {
			o.Fault(o.Take("fault").Line, "fault must be one of %s", strings.Join(faultNames(), ", "))
		}
		if times := o.Whole("times", 1, maxTimes); times != nil {
			a.Times = *times
		}
		o.Done()
	case a.Content != "":
		o.Done()
	default:
		a.Decision = map[string]any{}
		for _, key := range o.Keys() {
			n := o.Take(key)
			var v any
			if err := n.Decode(&v); err != nil {
				o.Fault(n.Line, "%s has no value of JSON", key)
				continue
			}
			if _, known := harmless(nil, "")[key]; !known {
				o.Fault(n.Line, "a decision has no key %s", key)
			}
			a.Decision[key] = v
		}
	}
	return a
}

func (r reader) expect(o *yamltext.Object) *Expect {
	e := &Expect{
		Line: o.Line, Replies: o.Whole("replies", 0, maxBurst),
		Says: o.Texts("says"), Never: o.Texts("never"), Options: o.Texts("options"),
		Calls:     o.Whole("calls", 0, maxTimes),
		PromptHas: o.Texts("prompt_has"), PromptLacks: o.Texts("prompt_lacks"),
		Kind: r.choice(o, "kind", string(conversation.ReplyText), string(conversation.ReplyButtons), string(conversation.ReplyList)),
		State: r.choice(o, "state", func() (names []string) {
			for _, state := range conversation.States() {
				names = append(names, string(state))
			}
			return names
		}()...),
		Owner: r.choice(o, "owner", string(conversation.OwnerOtto), string(conversation.OwnerPerson)),
		Route: r.choice(o, "route", "model", "fixed", "safe", "menu", "media", "late", "muted", "silent", "timer"),
		Asked: r.choice(o, "asked", append(conversation.CardFields(), "")...),
	}
	if n := o.Take("interest"); n != nil {
		none := ""
		if e.Interest = &none; !yamltext.Null(n) {
			e.Interest = &n.Value
		}
	}
	for _, n := range o.List("says_any") {
		group := o.TextsOf(n, "each of says_any")
		e.SaysAny = append(e.SaysAny, group)
	}
	for _, texts := range append([][]string{e.Says, e.Never, e.PromptHas, e.PromptLacks}, e.SaysAny...) {
		if slices.ContainsFunc(texts, func(text string) bool { return fold(text) == "" }) {
			o.Fault(o.Line, "an expected text is empty")
		}
	}
	e.Card = r.card(o)
	if verdicts := o.Object("verdicts"); verdicts != nil {
		e.Verdicts = map[string]bool{}
		for _, guard := range verdicts.Keys() {
			e.Verdicts[guard] = verdicts.Flag(verdicts.Take(guard), guard)
		}
	}
	if n := o.Take("handoff"); n != nil {
		reason := ""
		if n.Tag == "!!bool" || yamltext.Null(n) {
			if !yamltext.Null(n) && o.Flag(n, "handoff") {
				o.Fault(n.Line, "handoff must be a reason, such as %s, or false", otto.HandoffRequested)
			}
		} else {
			reason = o.Scalar(n, "handoff")
		}
		e.Handoff = &reason
	}
	if at, ok := r.moment(o, "appointment"); ok {
		e.Appointment = &at
	}
	if n := o.Take("effects"); n != nil {
		e.Effects = append([]string{}, o.Texts("effects")...)
	}
	o.Done()
	return e
}

// choice is one of some words; false and null are the empty one, where that is
// among them.
func (r reader) choice(o *yamltext.Object, key string, words ...string) *string {
	n := o.Take(key)
	if n == nil {
		return nil
	}
	word := n.Value
	if yamltext.Null(n) || n.Tag == "!!bool" && word == "false" {
		word = ""
	}
	if n.Kind != yaml.ScalarNode || !slices.Contains(words, word) {
		o.Fault(n.Line, "%s must be one of %s", key, strings.Join(words, ", "))
	}
	return &word
}

func (r reader) card(o *yamltext.Object) map[string]*string {
	fields := o.Object("card")
	if fields == nil {
		return nil
	}
	card := map[string]*string{}
	for _, field := range fields.Keys() {
		n := fields.Take(field)
		if !slices.Contains(conversation.CardFields(), field) {
			fields.Fault(n.Line, "the card has no field %s", field)
		}
		card[field] = nil
		if !yamltext.Null(n) {
			value := fields.Scalar(n, field)
			card[field] = &value
		}
	}
	return card
}
