package redis

import (
	"context"
	"errors"
	"net"
	"os"
	"strings"
	"syscall"

	goredis "github.com/redis/go-redis/v9"
)

// ErrResting says that the server failed several times in a row and is left
// alone for a moment. It comes marked as a dependency that is ill.
var ErrResting = errors.New("hint store is resting")

// errReply is an answer that no script of ours gives.
var errReply = errors.New("unexpected reply")

// harmless replaces err by one whose text is safe to log. A server may echo
// what it was sent, and network errors name addresses.
func harmless(err error) error {
	switch {
	case errors.Is(err, context.Canceled):
		return context.Canceled
	case errors.Is(err, context.DeadlineExceeded):
		return context.DeadlineExceeded
	case errors.Is(err, errReply):
		return errReply
	case errors.Is(err, goredis.ErrPoolTimeout), errors.Is(err, goredis.ErrPoolExhausted):
		return errors.New("no connection became free")
	case errors.Is(err, goredis.ErrClosed):
		return errors.New("store is closed")
	}
	var reply goredis.Error
	if errors.As(err, &reply) {
		return errors.New("server answers " + code(reply.Error()))
	}
	var network net.Error
	if errors.As(err, &network) && network.Timeout() || errors.Is(err, os.ErrDeadlineExceeded) {
		return errors.New("server does not answer in time")
	}
	var number syscall.Errno
	if errors.As(err, &number) {
		return errors.New("connection: " + number.Error())
	}
	return errors.New("connection broke")
}

// code is the first word of a server's error if it is one of the upper-case
// codes that errors start with, such as OOM, NOAUTH or READONLY.
func code(reply string) string {
	word, _, _ := strings.Cut(reply, " ")
	if word == "" || len(word) > 16 || strings.Trim(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		return "ERR"
	}
	return word
}
