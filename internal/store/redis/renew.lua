-- KEYS: lease
-- ARGV: token, lease in milliseconds
-- Returns 1 while the lease is the token's, else 0.
if redis.call('GET', KEYS[1]) == ARGV[1] then
  return redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return 0
