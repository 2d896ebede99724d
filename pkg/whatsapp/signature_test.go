package whatsapp_test

import (
	"strings"
	"testing"

	"github.com/pyloto/atende/pkg/whatsapp"
)

const emptyBody = `{"object":"whatsapp_business_account","entry":[]}`

func TestVerify(t *testing.T) {
	const good = "sha256=dec6a680679a968e7e0319355b23599cbfc54502c0784668e9618baa0c633756"
	secret, other := []byte("test_app_secret"), []byte("otro_secreto")
	tests := []struct {
		name    string
		body    string
		header  string
		secrets [][]byte
		want    bool
	}{
		{"known vector", emptyBody, good, [][]byte{secret}, true},
		{"other spacing has its own signature", `{"object": "whatsapp_business_account", "entry": []}`,
			"sha256=56cbbaf4961c6cfdae48b7f116c047e5eb513d2c931baae63a2bc1afd26f803a", [][]byte{secret}, true},
		{"other secret's vector", emptyBody,
			"sha256=769b03d8c2ae6498f2d1e1f7299c0ba55448c69d741e7b0bb243d852d8a8d8c7", [][]byte{other}, true},
		{"rotation, new secret first", emptyBody, good, [][]byte{other, secret}, true},
		{"rotation, old secret first", emptyBody, good, [][]byte{secret, other}, true},
		{"same secret twice", emptyBody, good, [][]byte{secret, secret}, true},
		{"empty secret beside a good one", emptyBody, good, [][]byte{nil, secret}, true},
		{"wrong secret", emptyBody, good, [][]byte{other}, false},
		{"one byte more", emptyBody + "\n", good, [][]byte{secret}, false},
		{"no secret", emptyBody, good, nil, false},
		{"empty secret, signed with it", emptyBody, whatsapp.Sign([]byte(emptyBody), nil), [][]byte{{}}, false},
		{"no header", emptyBody, "", [][]byte{secret}, false},
		{"prefix only", emptyBody, "sha256=", [][]byte{secret}, false},
		{"cut short", emptyBody, good[:len(good)-1], [][]byte{secret}, false},
		{"too long", emptyBody, good + "0", [][]byte{secret}, false},
		{"upper case digits", emptyBody, "sha256=" + strings.ToUpper(good[7:]), [][]byte{secret}, false},
		{"other algorithm of the same length", emptyBody, "sha512=" + good[7:], [][]byte{secret}, false},
		{"padded", emptyBody, " " + good[:len(good)-1], [][]byte{secret}, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := whatsapp.Verify([]byte(test.body), test.header, test.secrets...); got != test.want {
				t.Errorf("Verify = %v, want %v", got, test.want)
			}
		})
	}
}

func FuzzVerify(f *testing.F) {
	f.Add([]byte(emptyBody), "sha256=dec6a680679a968e7e0319355b23599cbfc54502c0784668e9618baa0c633756", []byte("test_app_secret"))
	f.Add([]byte(nil), "", []byte(nil))
	f.Fuzz(func(t *testing.T, body []byte, header string, secret []byte) {
		signature := whatsapp.Sign(body, secret)
		if got, want := whatsapp.Verify(body, header, secret), len(secret) > 0 && header == signature; got != want {
			t.Errorf("Verify = %v, want %v", got, want)
		}
		if got, want := whatsapp.Verify(body, signature, secret), len(secret) > 0; got != want {
			t.Errorf("Verify of its own signature = %v, want %v", got, want)
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	body := golden(b, "text.json")
	secret := []byte("test_app_secret")
	header := whatsapp.Sign(body, secret)
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		if !whatsapp.Verify(body, header, secret) {
			b.Fatal("not verified")
		}
	}
}
