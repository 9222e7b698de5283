-- New executions: stored, bound to what they wait for, and put where they stand.

-- Stores the record of a new execution: n|created|due| and what the caller packed. Returns its row.
function create.row(id, part, extra)
  frame.created = frame.created + 1
  local due = extra.at or now + (extra.delay or 0)
  local record = frame.created .. '|' .. now .. '|' .. string.format('%d', due) .. '|' .. part
  call('HSET', keys.static, id, record)
  call('RPUSH', keys.all, id)
  local row = rows.parse(id, record)
  rows.cache[id] = row
  row.en, row.pl = nil, 'new'
  if extra.lock or extra.tags or extra.wf or extra.schedule then
    local kept = {
      lk = extra.lock and extra.lock.key,
      lt = extra.lock and extra.lock.timeout,
      lm = extra.lock and extra.lock.maxWait,
      tags = extra.tags,
      wf = extra.wf,
      ref = extra.ref,
      sch = extra.schedule,
    }
    call('HSET', keys.extra, id, cmsgpack.pack(kept))
    for key, value in pairs(kept) do
      row[key] = value
    end
  end
  frame.count('PENDING', 1)
  frame.count('scheduled', 1)
  queue.get(row.queue)
  rows.touch(row)
  return row
end

-- In order: each binds to what is there, and is then there for those behind it.
function create.admit(row, extra)
  effects.tell(row, 'scheduled')
  if extra.edges then
    edges.bind(row, extra.edges)
  end
  if tasks.isWatched(row.task) then
    edges.arrive(row)
  end
  -- Last, since it may end the execution, and then those who wait for it must be known.
  if extra.edges then
    dependency.resolveBound(row)
  end
  if not rows.isTerminal(row) then
    queue.place(row)
  end
end

function create.store(id, part, extra)
  local row = create.row(id, part, extra)
  create.admit(row, extra)
  return row
end

-- Stores an execution that will not run, so that what was left out can be seen.
function create.leftOut(id, part, extra, reason)
  local row = create.row(id, part, extra)
  effects.tell(row, 'scheduled')
  rows.move(row, 'SKIPPED')
  row.rs = reason
  row.ca = now
  row.pl = 'kept'
  frame.count('skipped', 1)
  effects.tell(row, 'skipped')
  history.retire(row)
  return row
end
