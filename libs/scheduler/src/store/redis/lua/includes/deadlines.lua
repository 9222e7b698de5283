-- Deadlines of executions: sorted sets of `number:id` by steady time. The row names its current member, so an outdated
-- member has no effect.
local deadlines = {}

local PER_STEP = 200

-- A new member for an execution.
function deadlines.member(row)
  return string.format('%012d:%s', context.nextNumber(), row.id)
end

local function endOne(key, id, member, kind, end_)
  local row = rows.get(id)
  local isOpen = row and row[kind.field] == member and (not kind.status or row.status == kind.status)
  if isOpen then
    return end_(row)
  end
  call('ZREM', key, member)
  if not row and not rows.unreadable[id] then
    aside.missing(kind.step, id, kind.orphan, {})
  end
end

-- Ends what is due, within the bounds of one step. kind: { step, the row's field with its member, the required status of
-- the row or nil, the message for an execution that is not stored }. Returns how many.
function deadlines.eachDue(key, kind, end_)
  local done, bytesBefore = 0, rows.bytes
  for _, member in ipairs(call('ZRANGEBYSCORE', key, '-inf', context.steady, 'LIMIT', 0, PER_STEP)) do
    if rows.bytes - bytesBefore > STEP_BYTES then
      break
    end
    local id = string.sub(member, 14)
    local ok, _, stays = aside.guard(kind.step, id, endOne, key, id, member, kind, end_)
    if not ok and not stays then
      call('ZREM', key, member)
    elseif stays then
      call('ZADD', key, context.steady, member)
    end
    done = done + 1
  end
  return done
end
