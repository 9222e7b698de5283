-- New executions: stored, bound to what they wait for, and put where they stand.
local create = {}

function create.begin()
  -- The request that creates the executions: all of it may use one outcome. nil: each execution counts as one request.
  create.request = nil
  -- Records, ids and extras of this verb's new executions; written at its end.
  create.records, create.ids, create.extras = {}, {}, {}
end

-- Makes a new execution: n|created|due| and what the caller packed. Returns its row.
function create.row(id, part, extra)
  local record = records.newDue(part, extra.at or now + (extra.delay or 0))
  table.insert(create.records, id)
  table.insert(create.records, record)
  table.insert(create.ids, id)
  local kept = {}
  if extra.lock or extra.tags or extra.ttl or extra.schedule then
    kept.lockKey = extra.lock and extra.lock.key
    kept.lockTimeout = extra.lock and extra.lock.timeout
    kept.lockMaxWait = extra.lock and extra.lock.maxWait
    kept.tags = extra.tags
    kept.ttl = extra.ttl
    kept.scheduleId = extra.schedule
    table.insert(create.extras, id)
    table.insert(create.extras, fields.pack(kept))
  end
  local row = rows.new(id, record, kept)
  -- It is due at a date, which stays also where the clock goes back.
  row.isDated = extra.at and 1 or nil
  context.count('PENDING', 1)
  context.count('scheduled', 1)
  queueTable.find(row.queue)
  return row
end

function create.save()
  callAll('HSET', keys.static, create.records)
  callAll('RPUSH', keys.all, create.ids)
  callAll('HSET', keys.extra, create.extras)
  create.records, create.ids, create.extras = {}, {}, {}
end

-- batch: more of its edges follow from there.
function create.admit(row, extra, batch)
  row.boundBy = batch or nil
  engine.admit.admit(tables, row, extra.edges, create.request)
end

-- Binds more edges of an execution that a batch has admitted.
function create.bindMore(row, extra)
  engine.admit.admitMore(tables, row, extra.edges, create.request, not extra.more)
end
