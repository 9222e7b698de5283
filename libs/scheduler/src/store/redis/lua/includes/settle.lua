-- Settlements of workers, as they come.
local settle = {}

-- Kinds by their letters.
local KINDS = {}
for kind, letter in pairs(codes.SETTLEMENT) do
  KINDS[letter] = kind
end

-- The run's row if the token is current, else nil.
function settle.current(id, token)
  local row = rows.get(id)
  if row and row.status == 'RUNNING' and row.leaseToken == token then
    return row
  end
  return nil
end

-- Settles a run of which the token is current. text: result, error or (of a release) the lock that it needs from now on;
-- '' for none.
function settle.apply(row, kind, text, reason, delay)
  local settlement = { kind = KINDS[kind], reason = reason, delay = delay }
  local value = text ~= '' and text or nil
  if kind == codes.SETTLEMENT.complete then
    settlement.result = value
  elseif kind == codes.SETTLEMENT.release then
    settlement.lock = value and cjson.decode(value)
  else
    settlement.error = value
  end
  engine.settle.settle(tables, row, settlement)
end

-- Settles a run of this worker; a token that is not current changes nothing. A run that cannot be settled is set aside, so
-- that the others of its exchange are.
function settle.own(workerId, id, token, kind, text, reason, delay)
  local row = settle.current(id, token)
  local isOwn = row and row.workerId == workerId
  if isOwn and aside.guard('settle', id, settle.apply, row, kind, text, reason, delay) then
    return true
  end
  if isOwn or rows.bad[id] then
    frame.count('RUNNING', -1)
    call('HDEL', keys.running(workerId), id)
  end
  frame.count('stale', 1)
  effects.push({ 'stale', id, token, workerId, now })
  return false
end
