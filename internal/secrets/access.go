package secrets

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"strings"

	"cloud.google.com/go/secretmanager/apiv1/secretmanagerpb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/pyloto/atende/internal/fault"
	"github.com/pyloto/atende/internal/pii"
)

// maxPayload is Secret Manager's own limit for one version
// (cloud.google.com/secret-manager/quotas, "Secret version size").
const maxPayload = 64 << 10

// access reads one version over the network and checks what came.
func (r *Resolver) access(ctx context.Context, resource string) (pii.Secret, error) {
	client, err := r.connect()
	if err != nil {
		return "", fault.Mark(fmt.Errorf("resolve secret %s: connect: %w", resource, err), fault.Dependency)
	}
	answer, err := client.AccessSecretVersion(ctx, &secretmanagerpb.AccessSecretVersionRequest{Name: resource})
	if err != nil {
		code := status.Code(err)
		return "", fault.Mark(fmt.Errorf("resolve secret %s: %w", resource, &refusal{code}), kindOf(code))
	}
	payload := answer.GetPayload()
	value, err := check(payload.GetData(), payload.DataCrc32C)
	if err != nil {
		return "", fmt.Errorf("resolve secret %s: %w", resource, err)
	}
	return value, nil
}

// refusal stands for an error of Secret Manager by its code alone: the message
// is not ours to vouch for.
type refusal struct{ code codes.Code }

func (r *refusal) Error() string { return r.code.String() }

// kindOf tells an answer from an illness. A disabled or destroyed version is
// answered FailedPrecondition. Unauthenticated is an illness: it is also what
// the client reports while it cannot get a token of its own.
func kindOf(code codes.Code) fault.Kind {
	switch code {
	case codes.NotFound, codes.PermissionDenied, codes.FailedPrecondition, codes.InvalidArgument:
		return fault.Refused
	default:
		return fault.Dependency
	}
}

// check holds a payload against its checksum and its limits. A checksum that
// differs is damage on the way, so asking again may help.
func check(data []byte, checksum *int64) (pii.Secret, error) {
	if checksum != nil && *checksum != int64(crc32.Checksum(data, crc32.MakeTable(crc32.Castagnoli))) {
		return "", fault.Mark(errors.New("payload does not match its checksum"), fault.Dependency)
	}
	if len(data) > maxPayload {
		return "", fault.Mark(errors.New("payload is over 64 KiB"), fault.Unreadable)
	}
	// People paste secrets with the line break of their editor.
	value := strings.TrimRight(string(data), "\r\n")
	if value == "" {
		return "", fault.Mark(errors.New("payload is empty"), fault.Unreadable)
	}
	return pii.Secret(value), nil
}
