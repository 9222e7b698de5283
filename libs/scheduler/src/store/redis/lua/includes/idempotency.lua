-- Idempotency keys: the execution that each has given, for a day. The keys of an accepted batch count from its acceptance
-- on. They stay in the hash of the batch until each execution is admitted, and one batch at a time may have such keys.
local idempotency = {}

-- In the hash of a batch that is being gathered: another request was faster with one of its keys.
local OVERTAKEN = ''

-- The name of an execution's key, or nil.
function idempotency.nameOf(extra)
  return extra.idempotency and extra.task .. '|' .. extra.idempotency.key
end

function idempotency.entryOf(id, extra)
  return { id = id, fingerprint = extra.idempotency.fingerprint, expires = now + limits.IDEMPOTENCY_MS }
end

local function addFound(found, key, names)
  for i, kept in ipairs(readAll('HMGET', key, names)) do
    local entry = kept and cmsgpack.unpack(kept)
    found[i] = found[i] or (entry and entry.expires > now and entry)
  end
end

-- What these names have given: an entry or false for each.
function idempotency.find(names)
  local found = {}
  if #names > 0 then
    addFound(found, keys.idempotency, names)
    local batch = call('HGET', keys.meta, 'keyed')
    if batch then
      addFound(found, keys.intakeKeys(batch), names)
    end
  end
  return found
end

-- Keeps entries, and tells the batches that are being gathered with one of these names.
local function keep(names, entries)
  local packed, ends = {}, {}
  for i, name in ipairs(names) do
    packed[2 * i - 1], packed[2 * i] = name, cmsgpack.pack(entries[i])
    ends[2 * i - 1], ends[2 * i] = entries[i].expires, name
  end
  callAll('HSET', keys.idempotency, packed)
  callAll('ZADD', keys.idempotencyEnds, ends)
  for _, batch in ipairs(#names > 0 and call('ZRANGE', keys.intakes, 0, -1) or {}) do
    for _, known in ipairs(readAll('HMGET', keys.intakeKeys(batch), names)) do
      if known then
        call('HSET', keys.intakeKeys(batch), OVERTAKEN, '1')
        break
      end
    end
  end
end

-- Keeps the entries of new executions, by name.
function idempotency.keep(byName)
  local names, entries = {}, {}
  for name, entry in pairs(byName) do
    names[#names + 1], entries[#entries + 1] = name, entry
  end
  keep(names, entries)
end

-- Notes names of a batch that is being gathered: they count from its acceptance on.
function idempotency.gather(batch, names, entries)
  local packed = {}
  for i, name in ipairs(names) do
    packed[2 * i - 1], packed[2 * i] = name, cmsgpack.pack(entries[i])
  end
  callAll('HSET', keys.intakeKeys(batch), packed)
end

function idempotency.isOvertaken(batch)
  return call('HEXISTS', keys.intakeKeys(batch), OVERTAKEN) == 1
end

-- Whether the keys of a batch have to wait: another one with keys is still to be admitted.
function idempotency.mustWait(batch)
  local other = call('EXISTS', keys.intakeKeys(batch)) == 1 and call('HGET', keys.meta, 'keyed')
  return other and call('LPOS', keys.accepted, other) ~= false
end

-- The batch is accepted: its keys count.
function idempotency.accept(batch)
  if call('EXISTS', keys.intakeKeys(batch)) == 1 then
    call('HSET', keys.meta, 'keyed', batch)
  end
end

-- Executions of an accepted batch are admitted: their keys are kept like any other.
function idempotency.admit(batch, names)
  local found, entries = {}, {}
  for i, kept in ipairs(readAll('HMGET', keys.intakeKeys(batch), names)) do
    if kept then
      found[#found + 1], entries[#entries + 1] = names[i], cmsgpack.unpack(kept)
    end
  end
  keep(found, entries)
  callAll('HDEL', keys.intakeKeys(batch), names)
end

-- The batch is over.
function idempotency.forget(batch)
  call('UNLINK', keys.intakeKeys(batch))
  if call('HGET', keys.meta, 'keyed') == batch then
    call('HDEL', keys.meta, 'keyed')
  end
end
