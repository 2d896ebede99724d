package whatsapp_test

import (
	"fmt"

	"github.com/pyloto/atende/pkg/whatsapp"
)

// An endpoint opens the request, whose signature it has verified, and seals what
// it answers. 421 has the client fetch the public key again.
func ExampleFlowKey_Open() {
	vectors, err := loadFlowVectors()
	if err != nil {
		fmt.Println(err)
		return
	}
	key, err := whatsapp.ParseFlowKey([]byte(vectors.Keys["pkcs8"]), "")
	if err != nil {
		fmt.Println(err)
		return
	}
	request, session, err := key.Open([]byte(vectors.Accepted[0].Body))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(request.Action)
	answer, err := session.Seal(map[string]any{"data": map[string]string{"status": "active"}})
	fmt.Println(answer == vectors.Accepted[0].Sealed, err)
	// Output:
	// ping
	// true <nil>
}
