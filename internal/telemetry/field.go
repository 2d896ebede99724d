package telemetry

import (
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.uber.org/zap/zapcore"
)

// Field is one fact of an [Event]. Only the constructors of this package make
// one; the zero Field prints nothing.
type Field struct {
	text string
	num  int64 // a time in microseconds, a truth as 0 or 1
	key  key
	kind fieldKind
}

type fieldKind uint8

const (
	noField fieldKind = iota
	textField
	intField
	timeField
	boolField
)

// Conversation is the keyed hash of a conversation (cid).
func Conversation(cid string) Field { return idField(keyConversation, cid) }

// Message is the keyed hash of an inbound message (mid), never a wamid.
func Message(mid string) Field { return idField(keyMessage, mid) }

// Turn is the id of a turn.
func Turn(id string) Field { return idField(keyTurn, id) }

// Task is the short name of a task.
func Task(name string) Field { return idField(keyTask, name) }

// Tenant is the tenant a message belongs to.
func Tenant(id string) Field { return idField(keyTenant, id) }

// Method is the method of a request.
func Method(m string) Field { return wordField(keyMethod, m) }

// Route is the pattern a request matched, never its path.
func Route(pattern string) Field { return wordField(keyRoute, pattern) }

// Status is an HTTP status, ours or a dependency's.
func Status(code int) Field { return Field{key: keyStatus, kind: intField, num: int64(code)} }

// Code is an error code of a provider, as Meta numbers them.
func Code(code int) Field { return Field{key: keyCode, kind: intField, num: int64(code)} }

// Latency is how long the whole event took.
func Latency(d time.Duration) Field { return durationField(keyLatency, d) }

// Kind is the kind of envelope, message or effect.
func Kind(k string) Field { return wordField(keyKind, k) }

// Fate is how a task or turn ended.
func Fate(f string) Field { return wordField(keyFate, f) }

// State is the conversation's state afterwards.
func State(s string) Field { return wordField(keyState, s) }

// PreviousState is the conversation's state before.
func PreviousState(s string) Field { return wordField(keyPreviousState, s) }

// Model is the name of the model that was asked.
func Model(name string) Field { return wordField(keyModel, name) }

// Verdict is what the guards said: the names of those that refused a draft, with
// spaces between them.
func Verdict(v string) Field { return wordField(keyVerdict, v) }

// Reason is why, in a word out of a closed list, or in several with spaces
// between them.
func Reason(r string) Field { return wordField(keyReason, r) }

// Component is the part of the program or the dependency that is meant.
func Component(c string) Field { return wordField(keyComponent, c) }

// Backend is which implementation of a store or queue runs.
func Backend(b string) Field { return wordField(keyBackend, b) }

// Variable is the name of an environment variable, never its value.
func Variable(name string) Field { return wordField(keyVariable, name) }

// ErrorKind is the kind of failure in a word.
func ErrorKind(kind string) Field { return wordField(keyErrorKind, kind) }

// Error is the text of an error, redacted. A nil error is no field.
func Error(err error) Field {
	if err == nil {
		return Field{}
	}
	return wordField(keyError, err.Error())
}

// PanicType is the Go type of a panic's value, never the value.
func PanicType(t string) Field { return wordField(keyPanic, t) }

// Stack is the stack of a panic with a value of a type, as Go prints it but
// without the value and without arguments: that is how Error Reporting wants it. An
// empty one is no field.
// https://docs.cloud.google.com/error-reporting/reference/rest/v1beta1/projects.events/report
func Stack(panicked, s string) Field {
	if s == "" {
		return Field{}
	}
	return Field{key: keyStack, kind: textField, text: bound("panic: "+Redact(panicked)+"\n\n"+s, maxStack, true)}
}

// Count is a number of things. A number that is no [CountKey] is no field.
func Count(k CountKey, n int) Field {
	if !k.known() {
		return Field{}
	}
	return Field{key: key(k), kind: intField, num: int64(n)}
}

// Duration is a length of time. A number that is no [DurationKey] is no field.
func Duration(k DurationKey, d time.Duration) Field {
	if !k.known() {
		return Field{}
	}
	return durationField(key(k), d)
}

// Flag is a fact that is true or false. A number that is no [FlagKey] is no
// field.
func Flag(k FlagKey, v bool) Field {
	if !k.known() {
		return Field{}
	}
	f := Field{key: key(k), kind: boolField}
	if v {
		f.num = 1
	}
	return f
}

func idField(k key, id string) Field {
	return Field{key: k, kind: textField, text: token(id)}
}

func wordField(k key, s string) Field {
	return Field{key: k, kind: textField, text: Redact(s)}
}

func durationField(k key, d time.Duration) Field {
	return Field{key: k, kind: timeField, num: d.Round(time.Microsecond).Microseconds()}
}

func (f Field) addTo(enc zapcore.ObjectEncoder) {
	name := keyNames[f.key]
	switch f.kind {
	case textField:
		enc.AddString(name, f.text)
	case intField:
		enc.AddInt64(name, f.num)
	case timeField:
		enc.AddFloat64(name, f.milliseconds())
	case boolField:
		enc.AddBool(name, f.num != 0)
	case noField:
	}
}

func (f Field) attribute() attribute.KeyValue {
	name := keyNames[f.key]
	switch f.kind {
	case intField:
		return attribute.Int64(name, f.num)
	case timeField:
		return attribute.Float64(name, f.milliseconds())
	case boolField:
		return attribute.Bool(name, f.num != 0)
	default:
		return attribute.String(name, f.text)
	}
}

func (f Field) milliseconds() float64 { return float64(f.num) / 1000 }
