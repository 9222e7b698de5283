-- Idempotency keys: each maps to an execution for a day. The keys of a batch count from its commit on. They stay in the
-- hash of the batch until their executions are inserted; only one batch at a time may have such keys.
local idempotency = {}
tables.keys = idempotency

-- In this verb, by name: stored keys, and keys of new executions.
local known, staged

function idempotency.begin()
  known, staged = {}, {}
end

-- Field in the key hash of a staged batch: another request has stored one of its keys.
local OVERTAKEN = ''

-- The name of an execution's key, or nil.
function idempotency.nameOf(extra)
  return extra.idempotency and extra.task .. '|' .. extra.idempotency.key
end

-- Stored, in `idempotency` and in batches: MessagePack of { id, fingerprint, expires }.
local function pack(key)
  return cmsgpack.pack({ id = key.executionId, fingerprint = key.fingerprint, expires = key.expiresAt })
end

local function unpackKey(text)
  local stored = cmsgpack.unpack(text)
  return { executionId = stored.id, fingerprint = stored.fingerprint, expiresAt = stored.expires }
end

-- An execution in the form that the engine deduplicates.
function idempotency.requestOf(id, extra)
  return {
    executionId = id,
    keyName = idempotency.nameOf(extra),
    fingerprint = extra.idempotency and extra.idempotency.fingerprint,
    extra = extra,
  }
end

local function addFound(found, key, names)
  for i, stored in ipairs(readAll('HMGET', key, names)) do
    local entry = stored and unpackKey(stored)
    found[i] = found[i] or (entry and engine.idempotency.isLive(tables, entry) and entry)
  end
end

-- The live key of each name, or false.
function idempotency.find(names)
  local found = {}
  if #names > 0 then
    addFound(found, keys.idempotency, names)
    local batch = call('HGET', keys.meta, 'keyed')
    if batch then
      addFound(found, keys.batchKeys(batch), names)
    end
  end
  return found
end

-- Reads the keys of these names.
function idempotency.prefetch(names)
  for i, entry in ipairs(idempotency.find(names)) do
    known[names[i]] = entry or nil
  end
end

function idempotency:get(name)
  return staged[name] or known[name]
end

function idempotency:stage(name, key)
  staged[name] = key
end

-- Stores keys, and marks staged batches that have one of them.
local function store(names, entries)
  local packed, ends = {}, {}
  for i, name in ipairs(names) do
    packed[2 * i - 1], packed[2 * i] = name, pack(entries[i])
    ends[2 * i - 1], ends[2 * i] = entries[i].expiresAt, name
  end
  callAll('HSET', keys.idempotency, packed)
  callAll('ZADD', keys.idempotencyEnds, ends)
  for _, batch in ipairs(#names > 0 and call('ZRANGE', keys.stagedBatches, 0, -1) or {}) do
    for _, taken in ipairs(readAll('HMGET', keys.batchKeys(batch), names)) do
      if taken then
        call('HSET', keys.batchKeys(batch), OVERTAKEN, '1')
        break
      end
    end
  end
end

-- Stores the keys of this verb's new executions.
function idempotency.saveStaged()
  local names, entries = {}, {}
  for name, key in pairs(staged) do
    names[#names + 1], entries[#entries + 1] = name, key
  end
  store(names, entries)
end

-- Stores keys of a staged batch: they count from its commit on.
function idempotency.stageKeys(batch, names, entries)
  local packed = {}
  for i, name in ipairs(names) do
    packed[2 * i - 1], packed[2 * i] = name, pack(entries[i])
  end
  callAll('HSET', keys.batchKeys(batch), packed)
end

function idempotency.isOvertaken(batch)
  return call('HEXISTS', keys.batchKeys(batch), OVERTAKEN) == 1
end

-- Whether the keys of a batch must wait, since another committed batch has keys that are not in `idempotency` yet.
function idempotency.mustWait(batch)
  local other = call('EXISTS', keys.batchKeys(batch)) == 1 and call('HGET', keys.meta, 'keyed')
  return other and call('LPOS', keys.committedBatches, other) ~= false
end

-- The batch is committed: its keys count.
function idempotency.commit(batch)
  if call('EXISTS', keys.batchKeys(batch)) == 1 then
    call('HSET', keys.meta, 'keyed', batch)
  end
end

-- Executions of a committed batch are inserted: moves their keys to `idempotency`.
function idempotency.moveKeys(batch, names)
  local found, entries = {}, {}
  for i, stored in ipairs(readAll('HMGET', keys.batchKeys(batch), names)) do
    if stored then
      found[#found + 1], entries[#entries + 1] = names[i], unpackKey(stored)
    end
  end
  store(found, entries)
  callAll('HDEL', keys.batchKeys(batch), names)
end

-- The batch is done.
function idempotency.dropKeys(batch)
  call('UNLINK', keys.batchKeys(batch))
  if call('HGET', keys.meta, 'keyed') == batch then
    call('HDEL', keys.meta, 'keyed')
  end
end
