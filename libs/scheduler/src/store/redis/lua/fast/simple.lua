-- The fast path of an exchange: simple executions and compact members that succeed, and claims from one queue without
-- limits. Does what engine.settle and engine.claim do with them, and leaves everything else to the engine.
local simple = {}

-- Levels of priority: 0 to 4.
local LEVELS = 4

-- Whether other nodes subscribe to these events.
local emitsEnds, emitsStarts

function simple.begin()
  simple.workerId, simple.demand = ARGV[3], tonumber(ARGV[6])
  -- The worker's record, set by exchange.lua.
  simple.worker = nil
  -- Outcomes: one letter for each settlement. Claims: id, record, ... The number is in the running entries of these claims.
  simple.outcomes, simple.claims, simple.claimNumber = {}, {}, 0
  -- Whether history must still be trimmed by the engine.
  simple.mustTrim = false
  emitsEnds, emitsStarts = effects.isSubscribedElsewhere('completed'), effects.isSubscribedElsewhere('started')
  -- Which effects of the fast path are in the reply because other nodes need them (1 ends, 2 starts); the worker emits the
  -- others itself.
  simple.emitted = (emitsEnds and codes.ENDS_EMITTED or 0) + (emitsStarts and codes.STARTS_EMITTED or 0)
end

-- Does what engine.worker.isOvertaken does. last: the number of the newest request of the pipeline.
function simple.isOvertaken(last, sequence, pipelineKey)
  if sequence >= last then
    return false
  end
  return sequence ~= 1 or tonumber(call('HGET', keys.pipelines, pipelineKey .. '|hello')) ~= last
end

-- Entries of history per read: each may be a workflow of 200 executions.
local ENTRIES_AT_ONCE = 125
-- The last letter of an entry of a workflow whose executions all succeeded by the fast path.
local COMPACT = byte(codes.COMPACT_ENTRY)

-- Puts the entries from that one on back to the head of their list.
local function putBack(list, entries, from)
  local rest = {}
  for i = #entries, from, -1 do
    rest[#rest + 1] = entries[i]
  end
  callAll('LPUSH', list, rest)
end

-- Takes the oldest `count` entries of history, up to the first that is neither a simple execution nor a workflow whose
-- executions all ended by the fast path. Returns the ids of their executions, and whether all `count` were taken.
local function takeOldest(count)
  local entries = call('LPOP', keys.history, count)
  -- The usual case: executions only.
  if not find(table.concat(entries), '|', 1, true) then
    return entries, true
  end
  local ids, workflows, taken = {}, {}, #entries
  for i, entry in ipairs(entries) do
    local bar = find(entry, '|', 1, true)
    if not bar then
      ids[#ids + 1] = entry
    elseif byte(entry, -1) == COMPACT then
      workflows[#workflows + 1] = sub(entry, 1, bar - 1)
    else
      taken = i - 1
      break
    end
  end
  putBack(keys.history, entries, taken + 1)
  workflow.fetchRecords(workflows)
  for _, id in ipairs(workflows) do
    for _, member in ipairs(workflow.record(id).ids) do
      ids[#ids + 1] = member
    end
  end
  workflow.forget(workflows)
  return ids, taken == #entries
end

-- Does what engine.history.trim does with such entries beyond the maximum count; leaves others to the engine.
local function trimSimple()
  local excess = call('LLEN', keys.history) - context.historyCount
  if excess <= 0 then
    return
  end
  simple.mustTrim = (tonumber(call('HGET', keys.tombstones, 'history')) or 0) > 0
  -- Of the dropped ones, those that were set aside are not counted any more.
  local dropped, counted = 0, 0
  while excess > 0 and dropped < limits.DROPS_PER_EXCHANGE and not simple.mustTrim do
    local ids, areAll = takeOldest(math.min(excess, ENTRIES_AT_ONCE))
    callAll('HDEL', keys.static, ids)
    counted = counted + callAll('HDEL', keys.state, ids)
    if call('EXISTS', keys.old) == 1 then
      callAll('ZREM', keys.old, ids)
    end
    dropped = dropped + #ids
    simple.mustTrim = not areAll
    excess = excess - ENTRIES_AT_ONCE
  end
  context.count('COMPLETED', -counted)
end

-- Where the parts of a simple segment begin in ARGV: ids, results (nil for none), the next segment, dependents (of members
-- only).
function simple.layout(from)
  local count, hasResults, entries = tonumber(ARGV[from + 1]), ARGV[from + 2] == '1', tonumber(ARGV[from + 3])
  local ids = from + 4 + 2 * entries
  local isMember = ARGV[from] == codes.MEMBER_SEGMENT
  local nextSegment = isMember and ids + 2 * count or ids + count
  return count,
    ids,
    hasResults and nextSegment or nil,
    nextSegment + (hasResults and count or 0),
    isMember and ids + count or nil
end

-- Whether each run of a simple segment still has the entry that it was claimed with.
local function isIntact(from, count, ids)
  local found = readAll('HMGET', keys.running(simple.workerId), ARGV, ids, ids + count - 1)
  local i = 1
  for at = from + 4, ids - 1, 2 do
    local entry = ARGV[at]
    for _ = 1, tonumber(ARGV[at + 1]) do
      if found[i] ~= entry then
        return false
      end
      i = i + 1
    end
  end
  return true
end

local function emitCompleted(count, ids, results)
  for i, text in ipairs(readAll('HMGET', keys.static, ARGV, ids, ids + count - 1)) do
    local task, name, level, workflowId =
      string.match(text, '^[^|]*|[^|]*|[^|]*|[^|]*|([^|]*)|([^|]*)|(%d)|[^|]*|([^|]*)|')
    local result = results and ARGV[results + i - 1] or ''
    local id = ARGV[ids + i - 1]
    effects.push({
      codes.EXECUTION_EFFECT,
      'completed',
      id,
      task,
      'COMPLETED',
      name,
      tonumber(level),
      now,
      simple.workerId,
      workflowId ~= '' and workflowId or false,
      result ~= '' and result or false,
      false,
      false,
    })
  end
end

-- Settles first runs that succeeded, or only as many as `compact.plan` allows. Returns false if any of them needs the
-- engine.
function simple.settle(from)
  local count, ids, results, _, dependentsAt = simple.layout(from)
  if context.hasLimits or context.historyAge or context.countsBytes then
    return false
  end
  if not isIntact(from, count, ids) then
    return false
  end
  local plan = dependentsAt and compact.plan(count, ids, dependentsAt)
  if dependentsAt and not plan then
    return false
  end
  local deferred = plan and count - plan.count or 0
  count = count - deferred
  local ends, i = {}, 1
  -- Total ms of these runs, without steps of the clock in between.
  local duration = 0
  for at = from + 4, ids - 1, 2 do
    -- The runs of one claim share their entry, and so the prefix of their states.
    local entry = ARGV[at]
    local prefix = records.completedPrefix(entry, simple.workerId)
    local startedAt, claimNumber = records.parseRun(entry)
    local size = math.max(0, math.min(tonumber(ARGV[at + 1]), count - i + 1))
    duration = duration + size * (now - startedAt - steps.since(claimNumber))
    for _ = 1, size do
      ends[2 * i - 1] = ARGV[ids + i - 1]
      ends[2 * i] = results and prefix .. ARGV[results + i - 1] or prefix
      i = i + 1
    end
  end
  if emitsEnds then
    emitCompleted(count, ids, results)
  end
  callAll('HDEL', keys.running(simple.workerId), ARGV, ids, ids + count - 1)
  if call('EXISTS', keys.dispatched) == 1 then
    callAll('HDEL', keys.dispatched, ARGV, ids, ids + count - 1)
  end
  callAll('HSET', keys.state, ends)
  if plan then
    compact.apply(plan)
  else
    callAll('RPUSH', keys.history, ARGV, ids, ids + count - 1)
  end
  context.count('RUNNING', -count)
  context.count('COMPLETED', count)
  context.count('completed', count)
  window.count(codes.FIGURE.completed, count, duration)
  window.save()
  trimSimple()
  simple.outcomes[#simple.outcomes + 1] = string.rep(codes.APPLIED, count) .. string.rep(codes.DEFERRED, deferred)
  return true
end

-- Claims simple executions of one queue without limits, level by level. Returns false if it meets anything else.
function simple.claim()
  if simple.demand <= 0 or simple.worker.draining then
    return true
  end
  if #simple.worker.queues ~= 1 or ARGV[8] ~= '' or context.hasLimits then
    return false
  end
  local name = simple.worker.queues[1]
  if call('EXISTS', keys.unhandledTasks, keys.continuation) > 0 or call('HGET', keys.queues, name) ~= '' then
    return false
  end
  local lists = keys.readyLists(name)
  local filled = callAll('EXISTS', lists[1], lists, 2)
  if filled == 0 then
    return true
  end
  local runs, members = {}, {}
  local claims, workerId = simple.claims, simple.workerId
  -- Two values for each claim: id and record.
  local n = 0
  local runnable = {}
  -- The task of the record examined last. If that record is simple, `alike` is its text from the first bar to the bar after
  -- the task: a record with the same text at its first bar is simple as well, and of the same task.
  local task, alike
  -- Whether the fast path can claim the record for this worker, and where the flags of the record begin.
  local function examine(text)
    local flags = records.skip(text, 1, 3)
    local isSimple = records.isSimpleAt(text, flags)
    if not isSimple and not records.isMemberAt(text, flags) then
      return false
    end
    local from = records.skip(text, flags, 1)
    task = records.fieldAt(text, from)
    alike = isSimple and sub(text, find(text, '|', 1, true), from - 1) .. task .. '|' or nil
    if runnable[task] == nil then
      runnable[task] = call('SISMEMBER', keys.worker(workerId), task) == 1
    end
    return runnable[task], flags
  end
  local isSimpleOnly = true
  local limit = math.min(simple.demand, limits.CLAIM_PER_STEP)
  simple.claimNumber = context.nextNumber()
  local entry = records.runEntry(true, simple.claimNumber)
  -- Without tombstones and misplaced entries, an entry without a number is a simple execution's.
  local tombstones = call('HMGET', keys.tombstones, 'odd', lists[1], lists[2], lists[3], lists[4], lists[5])
  local isMisplaced = (tonumber(tombstones[1]) or 0) > 0
  for level = 0, LEVELS do
    local list = lists[level + 1]
    local isDoubtful = isMisplaced or (tonumber(tombstones[level + 2]) or 0) > 0
    local entries = call('LPOP', list, limit - n / 2)
    if entries then
      filled = filled - 1
      local take = #entries
      -- Records are read in parts, which are smaller if records are large: of the current part, its size, its next record,
      -- and the budget before it.
      local texts, states, index, size, budgetBefore = {}, {}, 0, 0, nil
      for i = 1, #entries do
        index = index + 1
        if index > size then
          size = budgetBefore and 2 * budget.nextPart(budgetBefore - budget.bytes) or budget.firstPart
          budgetBefore = budget.bytes
          local to = math.min(i + size - 1, #entries)
          texts = readAll('HMGET', keys.static, entries, i, to)
          states = isDoubtful and readAll('HMGET', keys.state, entries, i, to) or {}
          index = 1
        end
        local text = texts[index]
        -- An entry with a number (`id|no`) is not an id, so it has no record.
        local isClaimable, flags = false, nil
        if text and not states[index] then
          local same = alike and find(text, alike, 1, true)
          if same and same == find(text, '|', 1, true) then
            isClaimable = runnable[task]
          else
            isClaimable, flags = examine(text)
          end
        end
        if not isClaimable then
          take = i - 1
          isSimpleOnly = false
          break
        end
        if budget.bytes <= 0 then
          take = i - 1
          budget.isFull = true
          break
        end
        budget.bytes = budget.bytes - #text
        local id, isCompact = entries[i], flags and records.isMemberAt(text, flags)
        n = n + 2
        claims[n - 1], claims[n] = id, text
        runs[n - 1], runs[n] = id, entry
        if isCompact and records.hasUpstreamsAt(text, flags) then
          local upstreams = records.upstreams(records.fieldAt(text, flags))
          members[#members + 1] = id
          members[#members + 1] = upstreams
          budget.edges = budget.edges - #upstreams
        end
        if emitsStarts then
          local workflowId = isCompact and records.fieldAt(text, records.skip(text, flags, 5))
          effects.pushStarted(id, task, name, level, workerId, workflowId)
        end
        if budget.edges <= 0 then
          take = i
          budget.isFull = true
          break
        end
      end
      putBack(list, entries, take + 1)
    end
    if not isSimpleOnly or budget.isFull or n / 2 >= limit or filled == 0 then
      break
    end
  end
  n = n / 2
  if #members > 0 then
    compact.collectResults(members)
  end
  if n > 0 then
    callAll('HSET', keys.running(workerId), runs)
    context.count('PENDING', -n)
    context.count('RUNNING', n)
    context.count('started', n)
  end
  return isSimpleOnly
end
