-- KEYS: mark, mailbox, lease, snapshot, tries
-- ARGV: message, token, lease in milliseconds
-- Returns {'done'}, {'busy', held, milliseconds} or
-- {'lead', held, tries, snapshot or nil, mailbox}; held tells whether the
-- mailbox holds the message.
if redis.call('GET', KEYS[1]) == 'd' then return {'done'} end
local held = redis.call('HEXISTS', KEYS[2], ARGV[1])
if not redis.call('SET', KEYS[3], ARGV[2], 'NX', 'PX', ARGV[3]) then
  local left = redis.call('PTTL', KEYS[3])
  if left ~= -1 then return {'busy', held, left} end
  -- A lease that never expires is none of ours, and nobody would give it back.
  redis.call('SET', KEYS[3], ARGV[2], 'PX', ARGV[3])
end
local tries = redis.call('HINCRBY', KEYS[5], ARGV[1], 1)
redis.call('PEXPIRE', KEYS[5], tries_ttl)
return {'lead', held, tries, redis.call('GET', KEYS[4]), redis.call('HGETALL', KEYS[2])}
