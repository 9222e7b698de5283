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
