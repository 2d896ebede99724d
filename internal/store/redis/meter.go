package redis

import (
	"context"
	"errors"

	goredis "github.com/redis/go-redis/v9"
)

// Spent is what was counted on an account; zero when nothing is known.
func (s *Store) Spent(ctx context.Context, account string) (tokens int64, err error) {
	calls := []call{plain(ctx, "get", spentKey(account))}
	if err := s.do(ctx, "spent", calls...); err != nil {
		return 0, err
	}
	tokens, err = calls[0].cmd.Int64()
	if err != nil && !errors.Is(err, goredis.Nil) {
		return 0, failure("spent", errReply)
	}
	return tokens, nil
}

// Spend adds to an account, which lasts for two days after it was last added to.
func (s *Store) Spend(ctx context.Context, account string, tokens int64) error {
	if tokens <= 0 {
		return nil
	}
	return s.do(ctx, "spend", s.scripts.spend.on(ctx, []string{spentKey(account)}, tokens, spentTTL.Milliseconds()))
}
