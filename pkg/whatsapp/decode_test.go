package whatsapp_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pyloto/atende/pkg/whatsapp"
)

var update = flag.Bool("update", false, "write testdata/*.want.json anew")

func golden(tb testing.TB, name string) []byte {
	tb.Helper()
	body, err := fs.ReadFile(os.DirFS("testdata"), name)
	if err != nil {
		tb.Fatal(err)
	}
	return body
}

// TestDecodeGolden holds one webhook per kind of element against what it is
// read as.
func TestDecodeGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden webhooks: %v", err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, ".want.json") {
			continue
		}
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		t.Run(name, func(t *testing.T) {
			delivery, err := whatsapp.Decode(golden(t, name+".json"))
			if err != nil {
				t.Fatal(err)
			}
			got := describe(t, delivery)
			wantFile := filepath.Join("testdata", name+".want.json")
			if *update {
				if err := os.WriteFile(wantFile, got, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(string(golden(t, name+".want.json")), string(got)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// describe writes a delivery as JSON, with each content under the name of its
// Go type, and the raw bytes only where nothing typed stands for them.
func describe(t *testing.T, d whatsapp.Delivery) []byte {
	t.Helper()
	var all []any
	for _, e := range d.Elements {
		entry := map[string]any{"Kind": e.Kind, "Field": e.Field, "AccountID": e.AccountID, "PhoneNumberID": e.PhoneNumberID}
		switch {
		case e.Message != nil:
			entry["Message"] = fields(t, *e.Message, named(t, e.Message.Content))
		case e.Status != nil:
			entry["Status"] = fields(t, *e.Status, nil)
		case e.Error != nil:
			entry["Error"] = fields(t, *e.Error, nil)
		default:
			entry["Raw"] = e.Raw
			if e.Reason != "" {
				entry["Reason"] = e.Reason
			}
		}
		all = append(all, entry)
	}
	text, err := json.MarshalIndent(all, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return append(text, '\n')
}

func named(t *testing.T, c whatsapp.Content) any {
	t.Helper()
	if edit, ok := c.(whatsapp.Edit); ok {
		return map[string]any{"Edit": fields(t, edit, named(t, edit.Content))}
	}
	return map[string]any{strings.TrimPrefix(fmt.Sprintf("%T", c), "whatsapp."): fields(t, c, nil)}
}

// fields returns v's fields without the empty ones, with content in the place
// of Content.
func fields(t *testing.T, v, content any) map[string]any {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var all map[string]any
	if err := decoder.Decode(&all); err != nil {
		t.Fatal(err)
	}
	for key, field := range all {
		switch field {
		case nil, "", false, json.Number("0"), "0001-01-01T00:00:00Z":
			delete(all, key)
		}
	}
	if content != nil {
		all["Content"] = content
	}
	return all
}
