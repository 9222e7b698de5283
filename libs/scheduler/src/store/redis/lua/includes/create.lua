-- New executions: stores them, binds their edges, and places them.
local create = {}

function create.begin()
  -- The request that creates the executions: all of them may use the same outcome of an upstream. nil: each is a request of
  -- its own.
  create.request = nil
  -- Records, ids and extras of this verb's new executions, written at its end.
  create.records, create.ids, create.extras = {}, {}, {}
end

-- Makes a new execution: number|created|due| and the caller's text. Returns its row.
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
  -- Due at a date, which a step of the clock does not move.
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

-- batch: it has more edges of this execution, which follow.
function create.admit(row, extra, batch)
  row.boundBy = batch or nil
  engine.admit.admit(tables, row, extra.edges, create.request)
end

-- Binds more edges of an execution that a batch has inserted.
function create.bindMore(row, extra)
  engine.admit.admitMore(tables, row, extra.edges, create.request, not extra.more)
end
