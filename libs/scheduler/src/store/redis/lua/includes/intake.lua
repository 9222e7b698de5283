-- A batch that is too large for one script: gathered in parts, accepted as a whole, then admitted in bounded steps.
-- Until it is accepted it is nothing but texts. What its edges lead to outside of it is held from the first part on until
-- the last execution is admitted, so that each finds how its upstream ended.
-- @include idempotency
local intake = {}

-- Executions or edges admitted, or holds released, by one step. It also ends by the bytes of the executions and of what they
-- wait for.
local PER_STEP = 100
-- Holds that are released before bytes are looked at.
local HELD_AT_ONCE = 4
-- How long a batch may take to be gathered, ms.
local PATIENCE_MS = 600000

-- Holds an execution that an edge of the batch leads to.
function intake.hold(batch, upstream)
  if call('ZADD', keys.intakeHolds(batch), 'NX', frame.next(), upstream.id) == 1 then
    upstream.liveDependents = upstream.liveDependents + 1
    rows.touch(upstream)
    engine.history.pin(tables, upstream)
  end
end

-- Adds a part: items { executionId, record, extra }, as MessagePack; without a record: more edges of one before it.
function intake.gather(batch, part)
  callAll('RPUSH', keys.intake(batch), part)
  call('ZADD', keys.intakes, now + PATIENCE_MS, batch)
end

-- What is gathered of it is let go by maintenance.
function intake.refuse(batch)
  call('ZADD', keys.intakes, 0, batch)
end

-- From here on it will be admitted, whoever does it. Returns whether all of it, `size` items, is there.
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
  for _ = 1, PER_STEP, HELD_AT_ONCE do
    local held = call('ZPOPMIN', keys.intakeHolds(batch), HELD_AT_ONCE)
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
        engine.history.unpin(tables, row)
      end
    end
    if #ids < HELD_AT_ONCE then
      return true
    elseif rows.bytes > STEP_BYTES then
      return false
    end
  end
  return false
end

-- Admits an item of a batch: an execution, or more edges of one.
local function admit(batch, id, record, extra)
  if record ~= '' then
    if not rows.cache[id] and call('HEXISTS', keys.static, id) == 0 then
      create.admit(create.row(id, record, extra), extra, extra.more and batch)
    end
    return
  end
  local row = rows.get(id)
  if row and row.boundBy == batch then
    create.bindMore(row, extra)
  end
end

-- Admits the next items of a batch, as many as one step admits. Returns whether there were any.
local function admitSome(batch)
  local names, done, bytes = {}, 0, 0
  create.request = batch
  while done < PER_STEP and bytes + rows.bytes < STEP_BYTES do
    local packed = call('LPOP', keys.intake(batch))
    if not packed then
      break
    end
    bytes = bytes + #packed
    local ok, item = pcall(cmsgpack.unpack, packed)
    if ok and type(item) == 'table' and item[3] then
      done = done + math.max(1, #(item[3].edges or {}))
      names[#names + 1] = idempotency.nameOf(item[3])
      admit(batch, item[1], item[2], item[3])
    else
      done = done + 1
      aside.put('intake', '', 'an execution of a batch that is unreadable', { packed })
    end
  end
  create.request = nil
  idempotency.admit(batch, names)
  return done > 0
end

-- Admits the next items of the oldest accepted batch. Returns whether anything is left of any.
function intake.step()
  local batch = call('LINDEX', keys.accepted, 0)
  if not batch then
    return false
  end
  if not admitSome(batch) and release(batch) then
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
