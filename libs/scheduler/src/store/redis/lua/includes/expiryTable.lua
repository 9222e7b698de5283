-- Executions that wait for their first run and have a `ttl`, see ExpiryTable in engine/tables.ts.
local expiryTable = {}
tables.expiries = expiryTable

function expiryTable:get(row)
  return row.expiry and tonumber(call('ZSCORE', keys.expiries, row.expiry) or nil)
end

function expiryTable:start(row, at)
  expiryTable:finish(row)
  row.expiry = string.format('%012d:%s', frame.next(), row.id)
  call('ZADD', keys.expiries, at, row.expiry)
  rows.touch(row)
end

function expiryTable:finish(row)
  if row.expiry then
    call('ZREM', keys.expiries, row.expiry)
    row.expiry = nil
    rows.touch(row)
  end
end

local function expireOne(id, member, expire)
  local row = rows.get(id)
  if row and row.expiry == member then
    return expire(row)
  end
  call('ZREM', keys.expiries, member)
  if not row and not rows.bad[id] then
    aside.put('expiry', id, 'an expiry of an execution that is not stored', {})
  end
end

function expiryTable:eachDue(expire)
  local done, before = 0, rows.bytes
  for _, member in ipairs(call('ZRANGEBYSCORE', keys.expiries, '-inf', now, 'LIMIT', 0, 200)) do
    if rows.bytes - before > STEP_BYTES then
      break
    end
    local id = string.sub(member, 14)
    if not aside.guard('expiry', id, expireOne, id, member, expire) then
      call('ZREM', keys.expiries, member)
    end
    done = done + 1
  end
  return done
end
