-- Settlements of workers.
local settle = {}

-- Kinds by letter.
local KINDS = {}
for kind, letter in pairs(codes.SETTLEMENT) do
  KINDS[letter] = kind
end
KINDS[codes.COMPLETE_EMITTED] = 'complete'

function settle.run(id, token)
  return { executionId = id, leaseToken = tonumber(token) }
end

-- A settlement in the engine's form. text: result, error or (for a release) the lock that it requires from now on; '' for
-- none.
function settle.read(id, token, letter, text, reason, delay)
  local settlement = settle.run(id, token)
  settlement.kind, settlement.delay = KINDS[letter], tonumber(delay)
  settlement.reason = reason ~= '' and reason or nil
  local value = text ~= '' and text or nil
  if settlement.kind == 'complete' then
    settlement.result = value
  elseif settlement.kind == 'release' then
    settlement.lock = value and cjson.decode(value)
  else
    settlement.error = value
  end
  return settlement
end

-- Runs that one exchange settles by the engine; the bytes of their rows bound it too.
local SETTLED_AT_ONCE = 100

-- Settles as many runs of a worker as one exchange may. Returns one letter for each, as a text.
function settle.some(worker, settlements)
  -- Indices of the engine begin with 0.
  local order, ids = engine.settle.inOrder(settlements), {}
  for i = 1, math.min(#order, SETTLED_AT_ONCE) do
    ids[i] = settlements[order[i] + 1].executionId
  end
  local readCount = readSome(ids, STEP_BYTES, function(part)
    local bytesBefore = rows.bytes
    rows.fetch(part, worker.id)
    return rows.bytes - bytesBefore
  end)
  local letters, settled, indices = {}, {}, {}
  for i = 1, readCount do
    letters[order[i] + 1] = codes.STALE
  end
  for i, each in ipairs(settlements) do
    if letters[i] then
      settled[#settled + 1], indices[#indices + 1] = each, i
    else
      letters[i] = codes.DEFERRED
    end
  end
  for i, isApplied in ipairs(engine.settle.settleAll(tables, worker, settled)) do
    if isApplied then
      letters[indices[i]] = codes.APPLIED
    end
  end
  return table.concat(letters)
end
