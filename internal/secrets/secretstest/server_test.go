package secretstest_test

import (
	"context"
	"hash/crc32"
	"testing"

	secretmanager "cloud.google.com/go/secretmanager/apiv1"
	"cloud.google.com/go/secretmanager/apiv1/secretmanagerpb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/pyloto/atende/internal/secrets/secretstest"
)

func TestAnswersAsSecretManagerDoes(t *testing.T) {
	s, err := secretstest.Start()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	client, err := secretmanager.NewClient(t.Context(), s.ClientOptions()...)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	client.CallOptions.AccessSecretVersion = nil
	access := func(name string) (*secretmanagerpb.AccessSecretVersionResponse, codes.Code) {
		answer, err := client.AccessSecretVersion(t.Context(), &secretmanagerpb.AccessSecretVersionRequest{Name: name})
		return answer, status.Code(err)
	}

	if first, second := s.AddVersion("projects/p/secrets/s", []byte("one")), s.AddVersion("projects/p/secrets/s", []byte("two")); first != 1 || second != 2 {
		t.Errorf("versions %d, %d", first, second)
	}
	s.AddVersion("projects/p/secrets/denied", []byte("x"))
	s.Deny("projects/p/secrets/denied")
	s.Deny("projects/p/secrets/unknown") // Changes nothing.

	answer, code := access("projects/p/secrets/s/versions/latest")
	if code != codes.OK || answer.GetName() != "projects/p/secrets/s/versions/2" || string(answer.GetPayload().GetData()) != "two" {
		t.Errorf("latest: %v, %v", code, answer)
	}
	if sum := crc32.Checksum([]byte("two"), crc32.MakeTable(crc32.Castagnoli)); answer.GetPayload().GetDataCrc32C() != int64(sum) {
		t.Errorf("checksum %d, want %d", answer.GetPayload().GetDataCrc32C(), sum)
	}
	s.Disable("projects/p/secrets/s", 2)
	for _, c := range []struct {
		name string
		want codes.Code
	}{
		{"projects/p/secrets/s/versions/1", codes.OK},
		{"projects/p/secrets/s/versions/2", codes.FailedPrecondition},
		{"projects/p/secrets/s/versions/latest", codes.FailedPrecondition},
		{"projects/p/secrets/s/versions/0", codes.NotFound},
		{"projects/p/secrets/s/versions/3", codes.NotFound},
		{"projects/p/secrets/s/versions/newest", codes.NotFound},
		{"projects/p/secrets/unknown/versions/1", codes.NotFound},
		{"projects/p/secrets/denied/versions/1", codes.PermissionDenied},
		{"projects/p/secrets/s", codes.InvalidArgument},
		{"s/versions/1", codes.InvalidArgument},
	} {
		if _, code := access(c.name); code != c.want {
			t.Errorf("%s: %v, want %v", c.name, code, c.want)
		}
	}
	s.Allow("projects/p/secrets/denied")
	if _, code := access("projects/p/secrets/denied/versions/1"); code != codes.OK {
		t.Errorf("after Allow: %v", code)
	}
	s.Fail(codes.ResourceExhausted)
	if _, code := access("projects/p/secrets/s/versions/1"); code != codes.ResourceExhausted {
		t.Errorf("in an outage: %v", code)
	}
	s.Fail(codes.OK)
	s.Corrupt(true)
	if answer, _ := access("projects/p/secrets/s/versions/1"); answer.GetPayload().GetDataCrc32C() == int64(crc32.Checksum([]byte("one"), crc32.MakeTable(crc32.Castagnoli))) {
		t.Error("a corrupt payload has the right checksum")
	}
	if calls := s.Calls("projects/p/secrets/s/versions/1"); calls != 3 {
		t.Errorf("%d calls counted, want 3", calls)
	}
}

func TestHeldCallEndsWithItsCaller(t *testing.T) {
	s := secretstest.StartInMemory()
	defer s.Close()
	client, err := secretmanager.NewClient(t.Context(), s.ClientOptions()...)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	client.CallOptions.AccessSecretVersion = nil
	s.Hold()
	s.Hold()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = client.AccessSecretVersion(ctx, &secretmanagerpb.AccessSecretVersionRequest{Name: "projects/p/secrets/s/versions/1"})
	if code := status.Code(err); code != codes.Canceled {
		t.Errorf("code %v", code)
	}
}
