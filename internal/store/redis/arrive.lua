-- KEYS: mark, mailbox
-- ARGV: message, sealed letter ('' when there is none to keep), time in
--       milliseconds, 'heal' to keep it although its task is known to exist
-- Returns {standing, seq}.
local mark = redis.call('GET', KEYS[1])
if mark == 'd' then return {done, 0} end
if mark and ARGV[4] ~= 'heal' then return {queued, 0} end
local held = redis.call('HGET', KEYS[2], ARGV[1])
if held then return {pending, tonumber(string.match(held, '^(%d+)|')) or 0} end
return {fresh, keep(KEYS[2], ARGV[1], ARGV[2], ARGV[3])}
