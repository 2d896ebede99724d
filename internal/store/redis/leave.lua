-- KEYS: lease, snapshot, tries, mailbox, a mark for each message that is done
-- ARGV: token, version, sealed snapshot ('' leaves the cache alone), its time
--       to live and that of marks in milliseconds, messages that are done,
--       messages that are excused
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
if ARGV[3] ~= '' then
  local cached = redis.call('GET', KEYS[2])
  local version = cached and tonumber(string.match(cached, '^(%d+)|')) or -1
  if tonumber(ARGV[2]) >= version then
    redis.call('SET', KEYS[2], ARGV[2] .. '|' .. ARGV[3], 'PX', ARGV[4])
  end
end
for i = 5, #KEYS do
  local message = ARGV[i + 1]
  redis.call('SET', KEYS[i], 'd', 'PX', ARGV[5])
  local size = redis.call('HSTRLEN', KEYS[4], message)
  -- Counting down a mailbox that is gone would make one that never expires.
  if redis.call('HDEL', KEYS[4], message) == 1 then
    redis.call('HINCRBY', KEYS[4], '$', -size)
  end
  redis.call('HDEL', KEYS[3], message)
end
for i = #KEYS + 2, #ARGV do
  local tries = tonumber(redis.call('HGET', KEYS[3], ARGV[i]) or '0')
  if tries > 1 then
    redis.call('HINCRBY', KEYS[3], ARGV[i], -1)
  else
    redis.call('HDEL', KEYS[3], ARGV[i])
  end
end
return 1
