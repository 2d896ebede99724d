package redis

import (
	"context"
	"crypto/sha1" //nolint:gosec // The name that EVALSHA gives a script, not a defence.
	_ "embed"
	"encoding/hex"
	"fmt"

	goredis "github.com/redis/go-redis/v9"

	"github.com/pyloto/atende/internal/conversation"
)

var (
	//go:embed keep.lua
	keepSource string
	//go:embed arrive.lua
	arriveSource string
	//go:embed enter.lua
	enterSource string
	//go:embed renew.lua
	renewSource string
	//go:embed leave.lua
	leaveSource string
	//go:embed spend.lua
	spendSource string
)

// script is a Lua program: one round trip, and indivisible.
type script struct {
	source string
	sha    string
}

func newScript(source string) script {
	sum := sha1.Sum([]byte(source)) //nolint:gosec // See the import.
	return script{source: source, sha: hex.EncodeToString(sum[:])}
}

// scripts are all programs of the store. Their constants come from Go, so that
// each has one home.
type scripts struct {
	arrive, enter, renew, leave, spend script
}

func newScripts() scripts {
	standings := fmt.Sprintf("local fresh, pending, queued, done = %d, %d, %d, %d\n",
		conversation.Fresh, conversation.Pending, conversation.Queued, conversation.Done)
	bounds := fmt.Sprintf("local max_letters, max_bytes, mailbox_ttl = %d, %d, %d\n",
		maxLetters, maxBytes, mailboxTTL.Milliseconds())
	return scripts{
		arrive: newScript(standings + bounds + keepSource + arriveSource),
		enter:  newScript(fmt.Sprintf("local tries_ttl = %d\n", triesTTL.Milliseconds()) + enterSource),
		renew:  newScript(renewSource),
		leave:  newScript(leaveSource),
		spend:  newScript(spendSource),
	}
}

// call is one command on its way: a script with its keys and arguments, or a
// plain command.
type call struct {
	cmd    *goredis.Cmd
	source string // of the script; empty for a plain command
}

func plain(ctx context.Context, args ...any) call {
	return call{cmd: goredis.NewCmd(ctx, args...)}
}

// on prepares a run of the script by its hash.
func (s script) on(ctx context.Context, keys []string, args ...any) call {
	all := make([]any, 0, 3+len(keys)+len(args))
	all = append(all, "evalsha", s.sha, len(keys))
	for _, key := range keys {
		all = append(all, key)
	}
	return call{cmd: goredis.NewCmd(ctx, append(all, args...)...), source: s.source}
}

// unknown reports whether the server did not know the script's hash: it was
// restarted, or its scripts were flushed.
func (c call) unknown() bool {
	return c.source != "" && goredis.HasErrorPrefix(c.cmd.Err(), "NOSCRIPT")
}

// spelled is the same run with the script's text instead of its hash; the
// server knows the hash from then on.
func (c call) spelled(ctx context.Context) call {
	args := append([]any(nil), c.cmd.Args()...)
	args[0], args[1] = "eval", c.source
	return call{cmd: goredis.NewCmd(ctx, args...), source: c.source}
}
