-- A batch that is too large for one script: gathered in parts, accepted as a whole, then admitted in bounded steps.
-- Until it is accepted it is nothing but texts. What its edges lead to outside of it is held from the first part on until
-- the last execution is admitted, so that each finds how its upstream ended.
-- @include idempotency
local intake = {}

-- Executions admitted, or holds released, by one step; and bytes of the executions, unless one alone is larger.
local PER_STEP = 100
local BYTES_PER_STEP = 1048576
-- How long a batch may take to be gathered, ms.
local PATIENCE_MS = 600000

-- Holds an execution that an edge of the batch leads to.
function intake.hold(batch, upstream)
  if call('ZADD', keys.intakeHolds(batch), 'NX', frame.next(), upstream.id) == 1 then
    upstream.liveDependents = upstream.liveDependents + 1
    rows.touch(upstream)
    history.pin(upstream, nil)
  end
end

-- Adds a part: { executionId, record, extra } of each, as MessagePack.
function intake.gather(batch, part)
  callAll('RPUSH', keys.intake(batch), part)
  call('ZADD', keys.intakes, now + PATIENCE_MS, batch)
end

-- What is gathered of it is let go by maintenance.
function intake.refuse(batch)
  call('ZADD', keys.intakes, 0, batch)
end

-- From here on it will be admitted, whoever does it. Returns whether all of it, `size` executions, is there.
function intake.accept(batch, size)
  if call('LLEN', keys.intake(batch)) ~= size then
    return false
  end
  call('ZREM', keys.intakes, batch)
  call('RPUSH', keys.accepted, batch)
  idempotency.accept(batch)
  return true
end

-- Returns whether none is left.
local function release(batch)
  local held = call('ZPOPMIN', keys.intakeHolds(batch), PER_STEP)
  local ids = {}
  for i = 1, #held, 2 do
    ids[#ids + 1] = held[i]
  end
  rows.fetch(ids)
  for _, id in ipairs(ids) do
    local row = rows.get(id)
    if row then
      row.liveDependents = row.liveDependents - 1
      rows.touch(row)
      history.unpin(row, nil)
    end
  end
  return #ids < PER_STEP
end

local function admit(batch, packed)
  create.request = batch
  local ids, part, made, names = {}, {}, {}, {}
  for _, each in ipairs(packed) do
    local ok, found = pcall(cmsgpack.unpack, each)
    if ok and type(found) == 'table' and found[3] then
      part[#part + 1] = found
      ids[#ids + 1] = found[1]
      names[#names + 1] = idempotency.nameOf(found[3])
    else
      aside.put('intake', '', 'an execution of a batch that is unreadable', { each })
    end
  end
  idempotency.admit(batch, names)
  rows.fetch(ids)
  for i, each in ipairs(part) do
    made[i] = not rows.get(each[1]) and create.row(each[1], each[2], each[3])
  end
  for i, each in ipairs(part) do
    if made[i] then
      create.admit(made[i], each[3])
    end
  end
  create.request = nil
end

-- Takes the next executions of a batch, as many as one step admits.
local function nextOf(batch)
  local packed, bytes = {}, 0
  while #packed < PER_STEP and bytes < BYTES_PER_STEP do
    local some = call('LPOP', keys.intake(batch), 10)
    for _, each in ipairs(some or {}) do
      packed[#packed + 1] = each
      bytes = bytes + #each
    end
    if not some then
      break
    end
  end
  return packed
end

-- Admits the next executions of the oldest accepted batch. Returns whether anything is left of any.
function intake.step()
  local batch = call('LINDEX', keys.accepted, 0)
  if not batch then
    return false
  end
  local packed = nextOf(batch)
  if #packed > 0 then
    admit(batch, packed)
  elseif release(batch) then
    call('LPOP', keys.accepted)
    idempotency.forget(batch)
    return call('EXISTS', keys.accepted) == 1
  end
  return true
end

-- Lets go of batches that were refused, or never came to be whole. Returns how many.
function intake.prune()
  local done = 0
  for _, batch in ipairs(call('ZRANGEBYSCORE', keys.intakes, '-inf', now, 'LIMIT', 0, 1)) do
    call('UNLINK', keys.intake(batch))
    idempotency.forget(batch)
    if release(batch) then
      call('ZREM', keys.intakes, batch)
    end
    done = done + 1
  end
  return done
end
