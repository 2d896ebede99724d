-- KEYS: lease, snapshot, tries, mailbox, one mark for each message
-- ARGV: token, version, sealed snapshot ('' leaves the cache alone), its time
--       to live and that of marks in milliseconds, messages
local lease = redis.call('GET', KEYS[1])
if lease then
  local message, token = string.match(lease, '^([^|]*)|(.*)$')
  if token == ARGV[1] then
    redis.call('DEL', KEYS[1])
    redis.call('HDEL', KEYS[3], message)
  end
end
if ARGV[3] ~= '' then
  local cached = redis.call('GET', KEYS[2])
  local version = cached and tonumber(string.match(cached, '^(%d+)|')) or -1
  if tonumber(ARGV[2]) >= version then
    redis.call('SET', KEYS[2], ARGV[2] .. '|' .. ARGV[3], 'PX', ARGV[4])
  end
end
for i = 6, #ARGV do
  redis.call('SET', KEYS[i - 1], 'd', 'PX', ARGV[5])
  local size = redis.call('HSTRLEN', KEYS[4], ARGV[i])
  -- Counting down a mailbox that is gone would make one that never expires.
  if redis.call('HDEL', KEYS[4], ARGV[i]) == 1 then
    redis.call('HINCRBY', KEYS[4], '$', -size)
  end
  redis.call('HDEL', KEYS[3], ARGV[i])
end
return 1
