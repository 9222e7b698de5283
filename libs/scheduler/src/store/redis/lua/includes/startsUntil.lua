-- The latest start of claims that were made for slow processes, later than limits.START_WITHIN_MS after the claim.
-- @include keys
-- @include limits
-- @include context
local startsUntil = {}

local function stored()
  return tonumber(call('HGET', keys.meta, 'startsUntil')) or 0
end

-- Records a claim that starts within this many ms.
function startsUntil.extend(within)
  if within > limits.START_WITHIN_MS then
    call('HSET', keys.meta, 'startsUntil', math.max(stored(), context.steady + within))
  end
end

-- ms within which the claims made so far start.
function startsUntil.left()
  return math.max(limits.START_WITHIN_MS, math.min(limits.START_LATE_WITHIN_MS, stored() - context.steady))
end
