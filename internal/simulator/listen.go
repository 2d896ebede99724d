package simulator

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
)

// The services that listen where people can find them, in the order of their
// ports.
var serviceNames = [...]string{"page", "ingress", "worker"}

// listen opens a port on loopback; 0 is any that is free.
func listen(port int) (net.Listener, error) {
	var lc net.ListenConfig
	return lc.Listen(context.Background(), "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
}

// listenAll opens a port for each service, from base on. The error names every
// port that is taken.
func listenAll(base int) (listeners [len(serviceNames)]net.Listener, err error) {
	var taken []string
	for i, name := range serviceNames {
		port := 0
		if base > 0 {
			port = base + i
		}
		var problem error
		listeners[i], problem = listen(port)
		if problem != nil {
			taken = append(taken, fmt.Sprintf("%d for the %s", port, name))
			err = errors.Join(err, problem)
		}
	}
	if err == nil {
		return listeners, nil
	}
	for _, l := range listeners {
		if l != nil {
			_ = l.Close()
		}
	}
	return listeners, fmt.Errorf("ports of 127.0.0.1 that cannot be had: %s; stop what listens there, or set PORT_BASE to another number\n%w",
		strings.Join(taken, ", "), err)
}
