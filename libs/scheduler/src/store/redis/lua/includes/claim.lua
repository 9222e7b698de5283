-- Claims the best of what is ready: strictly by level, first in first out, queues in rotation on one level.
local claim = {}

local HOLES_PER_STEP = 2000

local worker_, queues, free, firm, inspectLeft, holes, reserved, capacity
local runnable
-- Entries taken from the head of a list, by list, and where the next one stands.
local taken, cursor
-- Entries of suspects that were passed over, by list, and whether the worker runs one.
local passedOver, suspect

function claim.begin()
  claim.list, claim.taken, claim.runs, claim.worker = {}, 0, {}, nil
  runnable, taken, cursor, passedOver, suspect = {}, {}, {}, {}, nil
end

local function canRun(task)
  local can = runnable[task]
  if can == nil then
    can = call('SISMEMBER', keys.worker(worker_.id), task) == 1
    runnable[task] = can
  end
  return can
end

-- One that is suspected of crashes waits while another such runs on this worker, so that it takes no other to its end.
local function mustWait(row)
  if row.crashes < limits.SUSPECT_CRASHES then
    return false
  end
  if suspect == nil then
    suspect = false
    for _, id in ipairs(call('HKEYS', keys.running(worker_.id))) do
      local other = id ~= '' and rows.get(id)
      suspect = suspect or (other and other.status == 'RUNNING' and other.crashes >= limits.SUSPECT_CRASHES)
    end
  end
  return suspect
end

-- Puts back what was taken from a list and not looked at, behind what was passed over.
local function putBack(list)
  local entries, passed = taken[list] or {}, passedOver[list] or {}
  local rest = {}
  for i = #entries, cursor[list] or 1, -1 do
    rest[#rest + 1] = entries[i]
  end
  for i = #passed, 1, -1 do
    rest[#rest + 1] = passed[i]
  end
  callAll('LPUSH', list, rest)
  taken[list], passedOver[list] = nil, nil
end

-- The row of the list's next entry, which leaves the list; entries that no longer count are dropped on the way.
local function nextRow(list)
  while true do
    local entries = taken[list]
    if not entries or cursor[list] > #entries then
      entries = call('LPOP', list, math.min(math.max(free, 1), inspectLeft, budget.readAtOnce))
      if not entries then
        taken[list] = nil
        return nil
      end
      taken[list], cursor[list] = entries, 1
      local ids = {}
      for _, each in ipairs(entries) do
        ids[#ids + 1] = string.match(each, '^[^|]+')
      end
      rows.fetch(ids, nil, true)
    end
    local entry = entries[cursor[list]]
    cursor[list] = cursor[list] + 1
    local id = string.match(entry, '^[^|]+')
    local row = id and rows.get(id, true)
    if row and row.location == 'ready' and row.readyEntry == entry then
      if not mustWait(row) then
        return row
      end
      passedOver[list] = passedOver[list] or {}
      table.insert(passedOver[list], entry)
    else
      queue.forgetHole(list)
    end
    holes = holes - 1
    if holes <= 0 then
      inspectLeft = 0
      return nil
    end
  end
end

local function mayTake(q, level)
  if free <= 0 or not queue.hasRoom(q) then
    return false
  end
  if capacity and (capacity[q.name] or 1) <= 0 then
    return false
  end
  if not reserved then
    return true
  end
  local held = 0
  for _, slot in ipairs(reserved) do
    if slot.queue == q.name and slot.priority == level and slot.count > 0 then
      return true
    end
    held = held + slot.count
  end
  return free > held
end

-- What only waits in its worker for a slot is plain, and of a queue without limits: nothing is spent on it meanwhile.
local function mayWait(row, q)
  return firm > 0 or (rows.plain[row.id] and not q.max and not q.concurrency)
end

local function spend(q, level)
  free = free - 1
  firm = firm - 1
  if capacity and capacity[q.name] then
    capacity[q.name] = capacity[q.name] - 1
  end
  for _, slot in ipairs(reserved or {}) do
    if slot.queue == q.name and slot.priority == level and slot.count > 0 then
      slot.count = slot.count - 1
      return
    end
  end
end

local function start(row, q)
  local no = frame.next()
  row.readyEntry = nil
  local isPlain = rows.plain[row.id]
  if isPlain then
    frame.count('PENDING', -1)
    frame.count('RUNNING', 1)
    row.status = 'RUNNING'
  else
    rows.move(row, 'RUNNING')
  end
  claim.runs[#claim.runs + 1] = row.id
  claim.runs[#claim.runs + 1] = records.runEntry(isPlain, no)
  row.location = 'running'
  row.leaseToken, row.runs = row.leaseToken + 1, row.runs + 1
  row.workerId, row.lastWorkerId = worker_.id, worker_.id
  row.startedAt, row.claimNumber = now, no
  row.reason = nil
  if row.crashes >= limits.SUSPECT_CRASHES then
    suspect = true
  end
  queue.counted(q, 1, 1)
  frame.count('started', 1)
  if row.timeout then
    row.runDeadline = string.format('%012d:%s', frame.next(), row.id)
    call('ZADD', keys.bounds, now + row.timeout + frame.lease, row.runDeadline)
  end
  effects.tell(row, 'started')
  -- attempt|run|failures|due|number|plain|workflow|what few have (JSON)
  local more = ''
  if row.heldLock or row.snoozes > 0 then
    more = cjson.encode({
      lk = row.heldLock,
      fk = row.heldLock and row.fencingToken,
      sz = row.snoozes > 0 and row.snoozes or nil,
    })
  end
  budget.bytes = budget.bytes - #row.record
  if row.edgeCount then
    local found, left = edges.results(row, 1)
    if #found > 0 or left > 0 then
      budget.addResults(row.id, left, found)
    end
  end
  local detail =
    { row.leaseToken, row.runs, row.failures, row.dueAt, no, isPlain and 1 or 0, row.workflowId or '', more }
  claim.taken = claim.taken + 1
  table.insert(claim.list, row.id)
  table.insert(claim.list, row.record)
  table.insert(claim.list, table.concat(detail, '|'))
end

-- Claims a row that has left its list, or parks it on what it lacks.
local function consider(row, q)
  inspectLeft = inspectLeft - 1
  rows.forgetOdd(row)
  if not canRun(row.task) then
    row.location, row.readyEntry = 'unhandled', nil
    call('ZADD', keys.unhandled(row.task, row.level), frame.next(), row.id)
    call('ZADD', keys.unhandledTasks, 'NX', frame.next(), row.task)
    rows.touch(row)
    return
  end
  if row.lockKey and not engine.lock.takeOrPark(tables, row) then
    return
  end
  spend(q, row.level)
  start(row, q)
  -- What is left waits for the next trip.
  if budget.bytes <= 0 then
    inspectLeft = 0
  end
end

-- Executions that others could not run come first at their level for a worker that can.
local function claimUnhandled(level)
  for _, task in ipairs(call('ZRANGE', keys.unhandledTasks, 0, -1)) do
    if canRun(task) then
      for _, id in ipairs(call('ZRANGE', keys.unhandled(task, level), 0, 4 * limits.CLAIM_PER_STEP)) do
        if inspectLeft <= 0 then
          return
        end
        local row = rows.get(id, true)
        if not row then
          call('ZREM', keys.unhandled(task, level), id)
        end
        for _, q in ipairs(queues) do
          if row and q.name == row.queue and mayTake(q, level) and not mustWait(row) then
            if firm <= 0 then
              free = 0
              return
            end
            call('ZREM', keys.unhandled(task, level), id)
            consider(row, q)
          end
        end
      end
      local left = false
      for each = 0, 4 do
        left = left or call('EXISTS', keys.unhandled(task, each)) == 1
      end
      if not left then
        call('ZREM', keys.unhandledTasks, task)
      end
    end
  end
end

-- One entry of each queue in turn, until the level or the budget is spent.
local function claimLevel(level, from)
  local waiting = {}
  for i = 1, #queues do
    local q = queues[(from + i - 1) % #queues + 1]
    if call('EXISTS', keys.ready(q.name, level)) == 1 then
      waiting[#waiting + 1] = q
    end
  end
  local turn = 1
  while #waiting > 0 and free > 0 and inspectLeft > 0 do
    local q = waiting[turn]
    local list = keys.ready(q.name, level)
    local row = mayTake(q, level) and nextRow(list) or nil
    if row and not mayWait(row, q) then
      -- It is next, and waits for a slot: nothing behind it goes before.
      cursor[list] = cursor[list] - 1
      free = 0
    elseif row then
      -- A lock may put others at the head of these lists, before what was taken from them.
      if row.lockKey then
        for _, each in ipairs(queues) do
          putBack(keys.ready(each.name, level))
        end
      end
      consider(row, q)
      turn = turn + 1
    else
      table.remove(waiting, turn)
    end
    if turn > #waiting then
      turn = 1
    end
  end
  for _, q in ipairs(queues) do
    putBack(keys.ready(q.name, level))
  end
end

-- Claims up to `wanted` for the worker, `slots` of them for free slots; returns whether it stopped at a bound and not for
-- lack of work.
function claim.claim(found, wanted, slots, options)
  local want = math.min(wanted, limits.CLAIM_PER_STEP)
  if want <= 0 or found.draining then
    return false
  end
  if budget.bytes <= 0 then
    return true
  end
  runTable.flush()
  queue.flush()
  worker_, claim.worker = found, found.id
  firm = slots
  free, inspectLeft, holes = want, math.max(limits.INSPECT_FLOOR, 4 * want), HOLES_PER_STEP
  reserved = options.reserved and #options.reserved > 0 and options.reserved or nil
  capacity = options.capacity
  queues = {}
  for _, name in ipairs(found.queues) do
    local q = queue.get(name)
    if not q.paused and queue.hasRoom(q) then
      queues[#queues + 1] = q
    end
  end
  local from = 0
  if #queues > 1 then
    from = found.rotation % #queues
    found.rotation = found.rotation + 1
    worker.save(found)
  end
  for level = 0, 4 do
    if free <= 0 or inspectLeft <= 0 then
      break
    end
    claimUnhandled(level)
    claimLevel(level, from)
  end
  callAll('HSET', keys.running(found.id), claim.runs)
  return inspectLeft <= 0 or (wanted > want and claim.taken == want)
end
