-- Ends by the minute: what success rate and duration are computed from.
local window = {}

local MINUTES_KEPT = 60

-- Minutes in which something ended, the newest sixty.
local function forgetMinutes()
  local seen, minutes = {}, {}
  for _, field in ipairs(call('HKEYS', keys.window)) do
    local minute = string.match(field, '^%d+')
    if not seen[minute] then
      seen[minute] = true
      minutes[#minutes + 1] = tonumber(minute)
    end
  end
  table.sort(minutes)
  for i = 1, #minutes - MINUTES_KEPT do
    local minute = minutes[i]
    call('HDEL', keys.window, minute .. ':c', minute .. ':f', minute .. ':d')
  end
end

-- Counts ends in their minute, for success rate and duration.
function window.countEnds(figure, ends, duration)
  local minute = math.floor(now / 60000)
  if call('HINCRBY', keys.window, minute .. ':' .. figure, ends) == ends then
    forgetMinutes()
  end
  if duration > 0 then
    call('HINCRBY', keys.window, minute .. ':d', duration)
  end
end
