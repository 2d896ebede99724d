package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/otto"
	"github.com/pyloto/atende/internal/pii"
)

// trial is what a line asks about.
type trial struct {
	otto.Trial
	// notes are what the pack does not know of what the line names. It changes
	// no verdict, but whoever typed it may want to know.
	notes []string
}

func (t *trial) note(format string, args ...any) {
	t.notes = append(t.notes, fmt.Sprintf(format, args...))
}

// read makes a trial of a line.
func (j judge) read(text []byte, now time.Time) (trial, error) {
	t := trial{Trial: otto.Trial{Now: now}}
	if !utf8.Valid(text) {
		return t, errors.New("not UTF-8")
	}
	members, err := object(text)
	if err != nil {
		return t, err
	}
	for _, m := range members {
		if !slices.Contains(keys(), m.key) {
			return t, fmt.Errorf("no key %s; there are %s", name(m.key), strings.Join(keys(), ", "))
		}
		if err := j.take(&t, m); err != nil {
			return t, fmt.Errorf("%s: %w", m.key, err)
		}
	}
	if t.Text == "" {
		return t, errors.New("text: missing or empty")
	}
	return t, nil
}

// keys are those a line may have.
func keys() []string {
	return []string{"text", "facts", "lead_said", "state", "next_state", "now", "card", "slots", "effects"}
}

// take puts one member of a line into a trial.
func (j judge) take(t *trial, m member) (err error) {
	switch m.key {
	case "text":
		t.Text, err = asText(m.value)
	case "facts":
		t.Facts, err = asTexts(m.value)
		for _, id := range t.Facts {
			if !slices.ContainsFunc(j.pack.Facts, func(f otto.Fact) bool { return f.ID == id }) {
				t.note("facts: the pack has no fact %s", name(id))
			}
		}
	case "lead_said":
		var said []string
		said, err = asTexts(m.value)
		t.LeadSaid = append(t.LeadSaid, said...)
	case "state":
		t.State, err = asState(m.value)
	case "next_state":
		t.Next, err = asState(m.value)
	case "now":
		var now string
		if now, err = asText(m.value); err == nil {
			t.Now, err = asMoment(now)
		}
	case "card":
		err = j.card(t, m.value)
	case "slots":
		t.Slots, err = asMoments(m.value)
	case "effects":
		err = takeEffects(t, m.value)
	}
	return err
}

func takeEffects(t *trial, raw json.RawMessage) error {
	effects, err := asTexts(raw)
	if err != nil {
		return err
	}
	for _, effect := range effects {
		switch effect {
		case "handoff":
			t.Handoff = true
		case "appointment":
			t.Appointment = true
		case "follow_up":
			t.FollowUp = true
		default:
			return fmt.Errorf("no effect %s; there are handoff, appointment, follow_up", name(effect))
		}
	}
	return nil
}

// card reads a contact card of values alone, or of values with where they come
// from, as a conversation keeps them. What a field holds that a card does not have
// is something that the lead said.
func (j judge) card(t *trial, raw json.RawMessage) error {
	fields, err := object(raw)
	if err != nil {
		return err
	}
	for _, f := range fields {
		value, err := cardValue(f)
		if err != nil {
			return fmt.Errorf("%s: %w", f.key, err)
		}
		if !slices.Contains(conversation.CardFields(), f.key) {
			t.note("card: no field %s", name(f.key))
			t.LeadSaid = append(t.LeadSaid, value)
			continue
		}
		card, ok := t.Card.With(f.key, conversation.Value{Value: pii.Text(value), Words: pii.Text(value), Confidence: 1})
		if ok && f.key == conversation.FieldInterest {
			ok = slices.ContainsFunc(j.pack.Verticals, func(v otto.Vertical) bool { return v.ID == value })
		}
		if !ok {
			return fmt.Errorf("%s: the card does not take this value", f.key)
		}
		t.Card = card
	}
	return nil
}

// cardValue is a value in the words in which a card reads it.
func cardValue(f member) (string, error) {
	raw := f.value
	if raw[0] == '{' {
		members, err := object(raw)
		if err != nil {
			return "", err
		}
		raw = nil
		for _, m := range members {
			switch m.key {
			case "value":
				raw = m.value
			case "words", "message", "confidence", "at": // where it comes from makes no difference here
			default:
				return "", fmt.Errorf("no key %s; there are value, words, message, confidence, at", name(m.key))
			}
		}
	}
	var value any
	if raw != nil {
		// It is part of valid JSON; a number that is too large stays nil.
		_ = json.Unmarshal(raw, &value)
	}
	switch value := value.(type) {
	case string:
		return value, nil
	case float64:
		if value < 0 {
			return "", errors.New("below zero")
		}
		if value == math.Trunc(value) {
			return strconv.FormatFloat(value, 'f', 0, 64), nil
		}
		// A card reads decimals as they are written in Brazil.
		return strings.Replace(strconv.FormatFloat(value, 'f', -1, 64), ".", ",", 1), nil
	case bool:
		if conversation.IsFlag(f.key) {
			return strconv.FormatBool(value), nil
		}
		return "", errors.New("the card does not take this value")
	default:
		return "", errors.New("not a string, a number, a boolean or an object with a value")
	}
}

// member is one key of a JSON object and what it holds.
type member struct {
	key   string
	value json.RawMessage
}

// object are the members of a JSON object in order; keys with null are left
// out. Unlike a struct it takes no key for another one that differs by case.
func object(raw []byte) ([]member, error) {
	var whole json.RawMessage
	if err := json.Unmarshal(raw, &whole); err != nil {
		return nil, fmt.Errorf("no JSON object: %w", err)
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	if start, err := decoder.Token(); err != nil || start != json.Delim('{') {
		return nil, errors.New("no JSON object")
	}
	var members []member
	seen := map[string]bool{}
	for decoder.More() {
		token, err := decoder.Token()
		if err != nil {
			return nil, fmt.Errorf("no JSON object: %w", err)
		}
		m := member{}
		m.key, _ = token.(string)
		if err := decoder.Decode(&m.value); err != nil {
			return nil, fmt.Errorf("no JSON object: %w", err)
		}
		if seen[m.key] {
			return nil, fmt.Errorf("%s: twice", name(m.key))
		}
		seen[m.key] = true
		if string(m.value) != "null" {
			members = append(members, m)
		}
	}
	return members, nil
}

func asText(raw json.RawMessage) (string, error) {
	var text *string
	if err := json.Unmarshal(raw, &text); err != nil || text == nil {
		return "", errors.New("not a string")
	}
	return *text, nil
}

func asTexts(raw json.RawMessage) ([]string, error) {
	var items []json.RawMessage
	if err := json.Unmarshal(raw, &items); err != nil {
		return nil, errors.New("not a list of strings")
	}
	texts := make([]string, 0, len(items))
	for _, item := range items {
		text, err := asText(item)
		if err != nil {
			return nil, errors.New("not a list of strings")
		}
		texts = append(texts, text)
	}
	return texts, nil
}

func asState(raw json.RawMessage) (conversation.State, error) {
	text, err := asText(raw)
	if err != nil {
		return "", err
	}
	state := conversation.State(text)
	if !state.Known() {
		return "", fmt.Errorf("no state %s; docs/states.md shows all", name(text))
	}
	return state, nil
}

func asMoment(text string) (time.Time, error) {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, errors.New("not a time by RFC 3339, such as 2026-03-10T14:30:00-03:00")
	}
	return at, nil
}

// asMoments are times; none at all are not the same as no list.
func asMoments(raw json.RawMessage) ([]time.Time, error) {
	texts, err := asTexts(raw)
	if err != nil {
		return nil, err
	}
	moments := make([]time.Time, 0, len(texts))
	for _, text := range texts {
		at, err := asMoment(text)
		if err != nil {
			return nil, err
		}
		moments = append(moments, at)
	}
	return moments, nil
}

// maxName is the longest name that is repeated, in characters.
const maxName = 40

// name is what somebody called something, short enough to be repeated.
func name(given string) string {
	if runes := []rune(given); len(runes) > maxName {
		given = string(runes[:maxName]) + "…"
	}
	return "'" + given + "'"
}
