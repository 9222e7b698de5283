-- Steps of the server's clock that the store has followed: the duration of a run that was claimed before a step is not the
-- difference of the times.
-- Record: number of the newest claim before the step ':' ms ';', oldest first
local steps = {}

-- Runs older than these steps have ended.
local KEPT = 8

function steps.begin()
  steps.known = nil
end

local function all()
  if not steps.known then
    steps.known = {}
    for number, by in string.gmatch(call('HGET', keys.meta, 'steps') or '', '(%d+):(-?%d+);') do
      table.insert(steps.known, { tonumber(number), tonumber(by) })
    end
  end
  return steps.known
end

-- by: ms, negative for a step back
function steps.add(by)
  local known = all()
  table.insert(known, { context.sequence, by })
  if #known > KEPT then
    table.remove(known, 1)
  end
  local texts = {}
  for i, each in ipairs(known) do
    texts[i] = string.format('%.0f:%.0f;', each[1], each[2])
  end
  call('HSET', keys.meta, 'steps', table.concat(texts))
end

-- ms of the steps since that claim.
function steps.since(number)
  local sum = 0
  for _, each in ipairs(all()) do
    if number <= each[1] then
      sum = sum + each[2]
    end
  end
  return sum
end
