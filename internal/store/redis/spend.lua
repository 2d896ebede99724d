-- KEYS: spent
-- ARGV: tokens, time to live in milliseconds
redis.call('INCRBY', KEYS[1], ARGV[1])
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
