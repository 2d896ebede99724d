package whatsapp_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/pyloto/atende/pkg/whatsapp"
	"github.com/pyloto/atende/pkg/whatsapp/whatsapptest"
)

// A file that a person sent is looked up by its id and downloaded at once: the
// address is good for five minutes.
func ExampleClient_Download() {
	graph := whatsapptest.NewServer(whatsapptest.Options{})
	defer graph.Close()
	id := graph.PutMedia(whatsapptest.MediaFile{MIMEType: "image/png", Data: []byte("a picture")})

	client, err := whatsapp.NewClient(whatsapp.Options{
		BaseURL: graph.URL,
		Token:   func(context.Context) (string, error) { return "token", nil },
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	info, err := client.Media(context.Background(), id, "")
	if err != nil {
		fmt.Println(err)
		return
	}
	var file bytes.Buffer
	done, err := client.Download(context.Background(), info.URL, 5<<20, &file)
	fmt.Println(info.MIMEType, done.Size, file.String(), err)

	_, err = client.Download(context.Background(), info.URL, 4, &file)
	fmt.Println(errors.Is(err, whatsapp.ErrMediaTooLarge))

	_, err = client.Download(context.Background(), "http://169.254.169.254/", 5<<20, &file)
	fmt.Println(errors.Is(err, whatsapp.ErrMediaHost))
	// Output:
	// image/png 9 a picture <nil>
	// true
	// true
}
