-- States of runs without their records, for verbs that only read runs: payloads may be large. Such a row must not be
-- changed.
local runStates = {}

local known

function runStates.begin()
  -- Bytes of states that were read.
  runStates.bytes = 0
  -- By id: a row; false for a run without a state; UNREADABLE.
  known = {}
end

local UNREADABLE = {}

local function make(id, state, extra)
  local row, base = fields.unpack(state), extra and fields.unpack(extra) or {}
  base.id, base.__index = id, base
  fields.check(row, base)
  return setmetatable(row, setmetatable(base, rows.defaults))
end

-- Reads these states together. Returns the bytes read.
function runStates.fetch(ids)
  local missing, bytes = {}, 0
  for _, id in ipairs(ids) do
    if known[id] == nil and rows.cache[id] == nil then
      missing[#missing + 1] = id
    end
  end
  local some, states = {}, {}
  for i, state in ipairs(readAll('HMGET', keys.state, missing)) do
    known[missing[i]] = false
    if state then
      some[#some + 1], states[#states + 1] = missing[i], state
      bytes = bytes + #state
    end
  end
  for i, extra in ipairs(readAll('HMGET', keys.extra, some)) do
    local ok, row = pcall(make, some[i], states[i], extra)
    known[some[i]] = ok and row or UNREADABLE
  end
  runStates.bytes = runStates.bytes + bytes
  return bytes
end

-- The row of a fetched run; false if it has no state; nil if it is unreadable, and is set aside.
function runStates.get(id)
  local row = known[id]
  if row == UNREADABLE or row == nil then
    return rows.get(id)
  end
  return row
end
