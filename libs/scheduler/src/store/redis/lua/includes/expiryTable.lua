-- Executions with a `ttl` that wait for their first run, see ExpiryTable in engine/tables.ts.
local expiryTable = {}
tables.expiries = expiryTable

function expiryTable:get(row)
  local at = row.expiry and call('ZSCORE', keys.expiries, row.expiry)
  return at and context.instantOf(tonumber(at)) or nil
end

function expiryTable:start(row, at)
  expiryTable:finish(row)
  row.expiry = deadlines.member(row)
  call('ZADD', keys.expiries, context.steadyAt(at), row.expiry)
  rows.touch(row)
end

function expiryTable:finish(row)
  if row.expiry then
    call('ZREM', keys.expiries, row.expiry)
    row.expiry = nil
    rows.touch(row)
  end
end

local EXPIRY = { step = 'expiry', field = 'expiry', orphan = 'an expiry of an execution that is not stored' }

function expiryTable:eachDue(expire)
  return deadlines.eachDue(keys.expiries, EXPIRY, expire)
end
