#!lua flags=no-writes
-- A part of the executions, newest first, down from a number.
-- ARGV: frame, operation (none), number below which to look | '', how many to look at, how many to find,
--   query (JSON: status (set), taskId, tag, workflowId, from, to)
-- Returns: { views (JSON) found..., the last one the next number below which to look or '0' at the end, how many were looked at }
-- @include look
local many, limit = tonumber(ARGV[4]), tonumber(ARGV[5])
local query = cjson.decode(ARGV[6])
local below = tonumber(ARGV[3]) or (frame.created + 1)
local found, looked, over = {}, 0, false

local function matches(row)
  return (not query.status or query.status[row.st])
    and (not query.taskId or row.task == query.taskId)
    and (not query.workflowId or row.wf == query.workflowId)
    and (not query.to or row.created < query.to)
end

local function hasTag(row)
  if not query.tag then
    return true
  end
  for _, tag in ipairs(row.tags or {}) do
    if tag == query.tag then
      return true
    end
  end
  return false
end

-- Looks at one; returns false where the page is full or the time asked for is past.
local function look(id, n)
  looked = looked + 1
  below = n
  local row = rows.get(id)
  if row then
    if query.from and row.created < query.from then
      over = true
      return false
    end
    if matches(row) and hasTag(row) then
      found[#found + 1] = cjson.encode(inspect.view(row))
    end
  end
  return #found < limit and looked < many
end

local goes = true
while goes and below - 1 > frame.popped do
  local last = below - 1 - frame.popped - 1
  local first = math.max(0, last - 99)
  local ids = call('LRANGE', keys.all, first, last)
  if #ids == 0 then
    break
  end
  for i = #ids, 1, -1 do
    goes = look(ids[i], frame.popped + first + i)
    if not goes then
      break
    end
  end
end
while goes do
  local old = call('ZREVRANGEBYSCORE', keys.old, '(' .. below, '-inf', 'WITHSCORES', 'LIMIT', 0, 100)
  if #old == 0 then
    over = true
    break
  end
  for i = 1, #old, 2 do
    goes = look(old[i], tonumber(old[i + 1]))
    if not goes then
      break
    end
  end
end
if not over and below - 1 <= frame.popped then
  over = call('ZCOUNT', keys.old, '-inf', '(' .. below) == 0
end
found[#found + 1] = over and '0' or tostring(below)
found[#found + 1] = tostring(looked)
return found
