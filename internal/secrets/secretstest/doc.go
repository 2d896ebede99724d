// Package secretstest is a Secret Manager that lives in a process: the real
// gRPC protocol, on loopback or on pipes in memory, and faults on command, in
// the manner of net/http/httptest.
//
// It knows one method, AccessSecretVersion, with numbered versions and the
// alias latest, and answers as Google's does: payloads with their CRC32C,
// NotFound, FailedPrecondition for a disabled version, PermissionDenied.
package secretstest
