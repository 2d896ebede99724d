package firestore

import (
	"strings"
	"time"

	"cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/protobuf/types/known/timestamppb"
)

type fields = map[string]*firestorepb.Value

func text(s string) *firestorepb.Value {
	// Firestore refuses a whole commit for one broken character.
	return &firestorepb.Value{ValueType: &firestorepb.Value_StringValue{StringValue: strings.ToValidUTF8(s, "\ufffd")}}
}

func integer(n int64) *firestorepb.Value {
	return &firestorepb.Value{ValueType: &firestorepb.Value_IntegerValue{IntegerValue: n}}
}

func boolean(b bool) *firestorepb.Value {
	return &firestorepb.Value{ValueType: &firestorepb.Value_BooleanValue{BooleanValue: b}}
}

func moment(t time.Time) *firestorepb.Value {
	return &firestorepb.Value{ValueType: &firestorepb.Value_TimestampValue{TimestampValue: timestamppb.New(t)}}
}

func raw(b []byte) *firestorepb.Value {
	return &firestorepb.Value{ValueType: &firestorepb.Value_BytesValue{BytesValue: b}}
}

func object(f fields) *firestorepb.Value {
	return &firestorepb.Value{ValueType: &firestorepb.Value_MapValue{MapValue: &firestorepb.MapValue{Fields: f}}}
}

func texts[S ~string](list []S) *firestorepb.Value {
	values := make([]*firestorepb.Value, len(list))
	for i, s := range list {
		values[i] = text(string(s))
	}
	return &firestorepb.Value{ValueType: &firestorepb.Value_ArrayValue{ArrayValue: &firestorepb.ArrayValue{Values: values}}}
}

// The setters below leave out what is empty: an absent field reads as empty.

func setText(f fields, name, s string) {
	if s != "" {
		f[name] = text(s)
	}
}

func setInteger(f fields, name string, n int64) {
	if n != 0 {
		f[name] = integer(n)
	}
}

// setMoment leaves out the zero time, which is before anything that Firestore
// can hold.
func setMoment(f fields, name string, t time.Time) {
	if !t.IsZero() {
		f[name] = moment(t)
	}
}

// momentOf is the time that v holds; zero when it holds none.
func momentOf(v *firestorepb.Value) time.Time {
	if v.GetTimestampValue() == nil {
		return time.Time{}
	}
	return v.GetTimestampValue().AsTime()
}
