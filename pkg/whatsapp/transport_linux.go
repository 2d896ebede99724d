package whatsapp

import "syscall"

// tcpUserTimeout is TCP_USER_TIMEOUT of linux/tcp.h, which package syscall does
// not name.
const tcpUserTimeout = 0x12

// limitUnacknowledged ends a connection whose bytes the other side does not
// acknowledge. A message stuck in a kernel buffer would otherwise be delivered
// minutes after its sender has decided that it was lost.
func limitUnacknowledged(_, _ string, raw syscall.RawConn) error {
	var option error
	err := raw.Control(func(fd uintptr) {
		option = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, tcpUserTimeout, int(unackedLimit.Milliseconds()))
	})
	if err != nil {
		return err
	}
	return option
}
