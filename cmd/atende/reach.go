package main

import (
	"cmp"
	"context"
	"errors"
	"net"
	"net/url"
	"strings"

	"github.com/pyloto/atende/internal/desk"
	"github.com/pyloto/atende/internal/program"
)

// localPage is where "atende dev" is unless it was moved.
const localPage = "http://127.0.0.1:8080"

// reach finds operators: behind ATENDE_URL when it is set, else over the ledger
// that the environment names, else behind the local page.
func reach(ctx context.Context, environ []string) (them operators, release func(), err error) {
	address, configured := "", false
	for _, line := range environ {
		name, value, _ := strings.Cut(line, "=")
		switch value = strings.TrimSpace(value); {
		case name == "ATENDE_URL":
			address = value
		case strings.HasPrefix(name, "FIRESTORE_") && value != "":
			configured = true
		}
	}
	if address == "" && configured {
		works, release, err := desk.Open(ctx, desk.Options{Environ: environ})
		if err != nil {
			return nil, nil, err
		}
		return works, release, nil
	}
	base, err := streetAddress(environ)
	if err != nil {
		return nil, nil, program.Refuse(err)
	}
	street := newStreet(base)
	return street, street.client.CloseIdleConnections, nil
}

// streetAddress is where a street is: at ATENDE_URL, or else at the local page.
func streetAddress(environ []string) (*url.URL, error) {
	address := localPage
	for _, line := range environ {
		if value, ok := strings.CutPrefix(line, "ATENDE_URL="); ok {
			address = cmp.Or(strings.TrimSpace(value), localPage)
		}
	}
	return checkAddress(address)
}

// checkAddress lets nothing personal travel in the clear but on this machine.
// Its error does not repeat the address, which may hold a password.
func checkAddress(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New("ATENDE_URL: is not an address of a street; give scheme, host and port alone, such as " + localPage)
	}
	ip := net.ParseIP(u.Hostname())
	loopback := u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
	if u.Scheme != "https" && (u.Scheme != "http" || !loopback) {
		return nil, errors.New("ATENDE_URL: is neither https nor http on this machine; give one of them, such as " + localPage)
	}
	return &url.URL{Scheme: u.Scheme, Host: u.Host}, nil
}
