-- A batch that is too large for one script: staged in parts, committed, then inserted in bounded steps. Before the commit
-- it is only text. Its upstreams outside of the batch stay out of history from staging until the last execution is
-- inserted, so each execution finds how its upstreams ended.
-- @include idempotency
local bulkInsert = {}

-- Executions or edges that one step inserts, or upstreams that it releases. The bytes of the executions and of their
-- upstreams bound it too.
local PER_STEP = 100
-- Upstreams that are released between two checks of the bytes.
local RELEASED_TOGETHER = 4
-- Maximum duration of staging, ms.
local STAGING_TIMEOUT_MS = 600000

-- Keeps an upstream of the batch out of history.
function bulkInsert.hold(batch, upstream)
  if call('ZADD', keys.batchUpstreams(batch), 'NX', context.nextNumber(), upstream.id) == 1 then
    upstream.liveDependents = upstream.liveDependents + 1
    rows.touch(upstream)
    engine.history.pin(tables, upstream)
  end
end

-- Stores items { executionId, record, extra } as MessagePack; one without a record has further edges of the execution
-- before it.
function bulkInsert.stage(batch, part)
  callAll('RPUSH', keys.batchItems(batch), part)
  call('ZADD', keys.stagedBatches, context.steady + STAGING_TIMEOUT_MS, batch)
end

-- Lets maintenance drop a batch that is not committed.
function bulkInsert.abort(batch)
  call('ZADD', keys.stagedBatches, 0, batch)
end

-- Commits a batch. Returns false if it does not have `size` items.
function bulkInsert.commit(batch, size)
  if call('LLEN', keys.batchItems(batch)) ~= size then
    return false
  end
  call('ZREM', keys.stagedBatches, batch)
  call('RPUSH', keys.committedBatches, batch)
  idempotency.commit(batch)
  return true
end

-- Releases upstreams of a batch. Returns whether none remains.
local function release(batch)
  for _ = 1, PER_STEP, RELEASED_TOGETHER do
    local held = call('ZPOPMIN', keys.batchUpstreams(batch), RELEASED_TOGETHER)
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
    if #ids < RELEASED_TOGETHER then
      return true
    elseif rows.bytes > STEP_BYTES then
      return false
    end
  end
  return false
end

-- Inserts an item: an execution, or further edges of one.
local function insert(batch, id, record, extra)
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

-- Inserts the next items of a batch. Returns whether there were any.
local function insertNext(batch)
  local names, done, bytes = {}, 0, 0
  create.request = batch
  while done < PER_STEP and bytes + rows.bytes < STEP_BYTES do
    local packed = call('LPOP', keys.batchItems(batch))
    if not packed then
      break
    end
    bytes = bytes + #packed
    local ok, item = pcall(cmsgpack.unpack, packed)
    if ok and type(item) == 'table' and item[3] then
      done = done + math.max(1, #(item[3].edges or {}))
      names[#names + 1] = idempotency.nameOf(item[3])
      insert(batch, item[1], item[2], item[3])
    else
      done = done + 1
      aside.put('intake', '', 'an execution of a batch cannot be read', { packed })
    end
  end
  create.request = nil
  idempotency.moveKeys(batch, names)
  return done > 0
end

-- Inserts the next items of the oldest committed batch. Returns whether any batch remains.
function bulkInsert.step()
  local batch = call('LINDEX', keys.committedBatches, 0)
  if not batch then
    return false
  end
  if not insertNext(batch) and release(batch) then
    call('LPOP', keys.committedBatches)
    idempotency.dropKeys(batch)
    return call('EXISTS', keys.committedBatches) == 1
  end
  return true
end

-- Drops a batch that was aborted or not committed in time. Returns the number of batches.
function bulkInsert.prune()
  local done = 0
  for _, batch in ipairs(call('ZRANGEBYSCORE', keys.stagedBatches, '-inf', context.steady, 'LIMIT', 0, 1)) do
    call('UNLINK', keys.batchItems(batch))
    idempotency.dropKeys(batch)
    if release(batch) then
      call('ZREM', keys.stagedBatches, batch)
    end
    done = done + 1
  end
  return done
end
