package redis_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/fault"
	"github.com/pyloto/atende/internal/store/redis"
)

// newCertificate signs itself, for 127.0.0.1.
func newCertificate() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return tls.Certificate{}, err
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}

// trustedCertificate is the same for all runs of a process, which reads the
// system's roots only once, at its first verification: this test's.
var trustedCertificate = sync.OnceValues(newCertificate)

func TestTLSVerifiesTheServer(t *testing.T) {
	trusted, err := trustedCertificate()
	if err != nil {
		t.Fatal(err)
	}
	stranger, err := newCertificate()
	if err != nil {
		t.Fatal(err)
	}
	roots := filepath.Join(t.TempDir(), "roots.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: trusted.Certificate[0]})
	if err := os.WriteFile(roots, block, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SSL_CERT_FILE", roots)
	t.Setenv("SSL_CERT_DIR", t.TempDir())

	for _, tt := range []struct {
		name        string
		certificate tls.Certificate
		ok          bool
	}{{"trusted", trusted, true}, {"stranger", stranger, false}} {
		t.Run(tt.name, func(t *testing.T) {
			server := miniredis.NewMiniRedis()
			if err := server.StartTLS(&tls.Config{Certificates: []tls.Certificate{tt.certificate}, MinVersion: tls.VersionTLS12}); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(server.Close)
			server.RequireUserAuth("default", "p@ss/word")
			store := newStore(t, redis.Options{URL: "rediss://default:p%40ss%2Fword@" + server.Addr()})
			_, err := store.Arrive(t.Context(), []conversation.Arrival{{Conversation: "c", Message: "m", Letter: []byte("oi")}})
			if (err == nil) != tt.ok {
				t.Errorf("Arrive: %v, want success %v", err, tt.ok)
			}
			if err != nil && !fault.Is(err, fault.Dependency) {
				t.Errorf("kind = %v, want a dependency", fault.KindOf(err))
			}
		})
	}
}
