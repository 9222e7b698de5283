-- Settlements as workers send them.
local settle = {}

-- Kinds by their letters.
local KINDS = {}
for kind, letter in pairs(codes.SETTLEMENT) do
  KINDS[letter] = kind
end
KINDS[codes.COMPLETE_EMITTED] = 'complete'

function settle.run(id, token)
  return { executionId = id, leaseToken = tonumber(token) }
end

-- As the engine takes it. text: result, error or (of a release) the lock that it needs from now on; '' for none.
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

-- Runs that one trip settles in the general way; it also ends by the bytes of their rows.
local SETTLED_AT_ONCE = 100

-- Settles runs of a worker, as many as one trip may. Returns a letter for each, in one text.
function settle.some(worker_, settlements)
  -- Places of the engine begin with 0.
  local order, ids = engine.settle.inOrder(settlements), {}
  for i = 1, math.min(#order, SETTLED_AT_ONCE) do
    ids[i] = settlements[order[i] + 1].executionId
  end
  local many = readSome(ids, STEP_BYTES, function(part)
    local before = rows.bytes
    rows.fetch(part, worker_.id)
    return rows.bytes - before
  end)
  local letters, chosen, places = {}, {}, {}
  for i = 1, many do
    letters[order[i] + 1] = codes.STALE
  end
  for i, each in ipairs(settlements) do
    if letters[i] then
      chosen[#chosen + 1], places[#places + 1] = each, i
    else
      letters[i] = codes.DEFERRED
    end
  end
  for i, isApplied in ipairs(engine.settle.settleAll(tables, worker_, chosen)) do
    if isApplied then
      letters[places[i]] = codes.APPLIED
    end
  end
  return table.concat(letters)
end
