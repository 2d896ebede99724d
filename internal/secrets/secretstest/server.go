package secretstest

import (
	"context"
	"fmt"
	"hash/crc32"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"

	"cloud.google.com/go/secretmanager/apiv1/secretmanagerpb"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
)

// Server is a running Secret Manager. It is safe for concurrent use.
type Server struct {
	secretmanagerpb.UnimplementedSecretManagerServiceServer

	grpc    *grpc.Server
	options []option.ClientOption

	mu      sync.Mutex
	secrets map[string]*secret
	outage  codes.Code
	corrupt bool
	held    chan struct{}
	calls   map[string]int
}

type secret struct {
	versions [][]byte
	disabled map[int]bool
	denied   bool
}

// Start serves an empty Secret Manager on a free port of the loopback
// interface. Close it after use.
func Start() (*Server, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start Secret Manager stand-in: %w", err)
	}
	return serve(listener, option.WithEndpoint(listener.Addr().String())), nil
}

// StartInMemory serves an empty Secret Manager on pipes, without a socket, so
// that it lives inside a bubble of testing/synctest. Close it after use.
func StartInMemory() *Server {
	pipes := newPipeListener()
	return serve(pipes,
		option.WithEndpoint("passthrough:///in-memory"),
		option.WithGRPCDialOption(grpc.WithContextDialer(pipes.dial)))
}

func serve(listener net.Listener, route ...option.ClientOption) *Server {
	s := &Server{
		grpc: grpc.NewServer(),
		options: append(route,
			option.WithoutAuthentication(),
			option.WithGRPCDialOption(grpc.WithTransportCredentials(insecure.NewCredentials()))),
		secrets: map[string]*secret{},
		calls:   map[string]int{},
	}
	secretmanagerpb.RegisterSecretManagerServiceServer(s.grpc, s)
	go func() {
		// Serve ends when Close is called; there is nobody to tell of any
		// other end, and callers will notice.
		_ = s.grpc.Serve(listener)
	}()
	return s
}

// Close stops the server and cuts off calls under way.
func (s *Server) Close() {
	s.Release()
	s.grpc.Stop()
}

// ClientOptions lead the real client here.
func (s *Server) ClientOptions() []option.ClientOption { return slices.Clone(s.options) }

// AddVersion adds a version to a secret such as projects/p/secrets/s, which it
// creates if need be, and returns the version's number; the first is 1.
func (s *Server) AddVersion(name string, payload []byte) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	kept := s.secrets[name]
	if kept == nil {
		kept = &secret{disabled: map[int]bool{}}
		s.secrets[name] = kept
	}
	kept.versions = append(kept.versions, slices.Clone(payload))
	return len(kept.versions)
}

// Disable makes a version refuse to be read.
func (s *Server) Disable(name string, version int) {
	s.change(name, func(kept *secret) { kept.disabled[version] = true })
}

// Deny takes the caller's access to a secret away; Allow gives it back.
func (s *Server) Deny(name string) { s.change(name, func(kept *secret) { kept.denied = true }) }

// Allow is the reverse of [Server.Deny].
func (s *Server) Allow(name string) { s.change(name, func(kept *secret) { kept.denied = false }) }

func (s *Server) change(name string, edit func(*secret)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if kept := s.secrets[name]; kept != nil {
		edit(kept)
	}
}

// Fail answers every call with code, until Fail(codes.OK).
func (s *Server) Fail(code codes.Code) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.outage = code
}

// Corrupt sends payloads that do not match their checksums.
func (s *Server) Corrupt(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.corrupt = on
}

// Hold lets calls arrive and leaves them without an answer until Release.
func (s *Server) Hold() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held == nil {
		s.held = make(chan struct{})
	}
}

// Release answers the calls that Hold has kept waiting, and those to come.
func (s *Server) Release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held != nil {
		close(s.held)
		s.held = nil
	}
}

// Calls counts the calls for a version's resource name so far.
func (s *Server) Calls(resource string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[resource]
}

// AccessSecretVersion implements the Secret Manager service.
func (s *Server) AccessSecretVersion(ctx context.Context, req *secretmanagerpb.AccessSecretVersionRequest) (*secretmanagerpb.AccessSecretVersionResponse, error) {
	s.mu.Lock()
	s.calls[req.GetName()]++
	held := s.held
	s.mu.Unlock()
	if held != nil {
		select {
		case <-held:
		case <-ctx.Done():
			return nil, status.FromContextError(ctx.Err()).Err()
		}
	}
	return s.answer(req.GetName())
}

func (s *Server) answer(resource string) (*secretmanagerpb.AccessSecretVersionResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.outage != codes.OK {
		return nil, status.Error(s.outage, "outage on command")
	}
	name, version, ok := strings.Cut(resource, "/versions/")
	if !ok || strings.Count(name, "/") != 3 {
		return nil, status.Error(codes.InvalidArgument, "malformed resource name")
	}
	kept := s.secrets[name]
	if kept == nil {
		return nil, status.Errorf(codes.NotFound, "Secret [%s] not found or has no versions.", name)
	}
	if kept.denied {
		return nil, status.Errorf(codes.PermissionDenied, "Permission 'secretmanager.versions.access' denied for resource '%s' (or it may not exist).", resource)
	}
	number := len(kept.versions)
	if version != "latest" {
		var err error
		if number, err = strconv.Atoi(version); err != nil || number < 1 || number > len(kept.versions) {
			return nil, status.Errorf(codes.NotFound, "Secret Version [%s] not found.", resource)
		}
	}
	resolved := fmt.Sprintf("%s/versions/%d", name, number)
	if kept.disabled[number] {
		return nil, status.Errorf(codes.FailedPrecondition, "Secret Version [%s] is in DISABLED state.", resolved)
	}
	data := kept.versions[number-1]
	checksum := int64(crc32.Checksum(data, crc32.MakeTable(crc32.Castagnoli)))
	if s.corrupt {
		checksum++
	}
	return &secretmanagerpb.AccessSecretVersionResponse{
		Name:    resolved,
		Payload: &secretmanagerpb.SecretPayload{Data: data, DataCrc32C: &checksum},
	}, nil
}
