#!lua flags=allow-oom
-- Mirrors definitions; an older version of the same app leaves a newer one's alone.
-- ARGV: frame, operation, then of each: taskId, mirror (JSON)   Returns: 1, effects
-- @include verb
local function numbers(version)
  local parts = {}
  for part in string.gmatch(version, '%d+') do
    parts[#parts + 1] = tonumber(part)
  end
  return parts
end
-- By numeric parts, so that 1.10 is above 1.9; text without numbers counts as equal.
local function isOlder(a, b)
  local left, right = numbers(a), numbers(b)
  for i = 1, math.max(#left, #right) do
    local difference = (left[i] or 0) - (right[i] or 0)
    if difference ~= 0 then
      return difference < 0
    end
  end
  return false
end
for i = 3, #ARGV, 2 do
  local mirror = cjson.decode(ARGV[i + 1])
  local old = call('HGET', keys.tasks, ARGV[i])
  local before = old and cjson.decode(old)
  if not (before and before.appName == mirror.appName and isOlder(mirror.appVersion, before.appVersion)) then
    call('HSET', keys.tasks, ARGV[i], ARGV[i + 1])
    for _, each in ipairs(mirror.dependencies) do
      tasks.watch(each.taskId)
    end
  end
end
return commit(1)
