-- Puts a letter into a mailbox, within its bounds, and returns the letter's
-- place in the order of arrival. The order follows the clock where it can, so
-- that it also holds across the loss of the counter.
local function keep(mailbox, message, letter, at)
  local counters = redis.call('HMGET', mailbox, '#', '$')
  local seq = math.max(tonumber(counters[1] or '0') + 1, tonumber(at))
  redis.call('HSET', mailbox, '#', string.format('%.0f', seq))
  if letter ~= '' then
    local value = string.format('%.0f', seq) .. '|' .. letter
    local kept = redis.call('HLEN', mailbox) - 2 -- Both counters are fields, too.
    if kept < max_letters and tonumber(counters[2] or '0') + #value <= max_bytes then
      redis.call('HSET', mailbox, message, value)
      redis.call('HINCRBY', mailbox, '$', #value)
    end
  end
  redis.call('PEXPIRE', mailbox, mailbox_ttl)
  return seq
end
