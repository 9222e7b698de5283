-- Ends by minute, the source of success rate and duration.
local window = {}

function window.begin()
  window.ends = {}
end

-- Drops the minutes beyond the newest MINUTES_KEPT in which anything ended.
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
  for i = 1, #minutes - limits.MINUTES_KEPT do
    local minute = minutes[i]
    for _, figure in pairs(codes.FIGURE) do
      call('HDEL', keys.window, minute .. ':' .. figure)
    end
  end
end

-- Counts ends and their total ms. figure: one of codes.FIGURE.
function window.count(figure, ends, duration)
  window.ends[figure] = (window.ends[figure] or 0) + ends
  local sum = codes.FIGURE.duration
  window.ends[sum] = (window.ends[sum] or 0) + math.max(0, duration)
end

-- Adds the counts to the current minute.
function window.save()
  local minute = math.floor(now / 60000)
  for figure, by in pairs(window.ends) do
    if
      by > 0
      and call('HINCRBY', keys.window, minute .. ':' .. figure, by) == by
      and figure ~= codes.FIGURE.duration
    then
      forgetMinutes()
    end
  end
  window.ends = {}
end
