-- Steps that are still to be run, see StepTable in engine/edge-tables.ts. Stored: { execution, kind, next, examined,
-- dependent, request }; further fields of another release are kept. Steps of unknown kinds, which only another release can
-- run, are in a list of their own.
local stepTable = {}
tables.steps = stepTable

-- Kinds as stored. Two belong to this store: `drop` drops the executions of dropped workflows, `lost` releases the
-- upstreams of an execution that was set aside.
local STORED = { ended = false, reopened = true }
for _, kind in ipairs({ 'edges', 'arrived', 'late', 'drop', 'lost' }) do
  STORED[kind] = kind
end
local KINDS = {}
for kind, stored in pairs(STORED) do
  KINDS[stored] = kind
end

-- This verb's steps, if none remain from earlier verbs, and the index of the first that is not done.
local fresh, first
-- Whether steps of earlier verbs remain; nil if not read yet.
local areStored

function stepTable.begin()
  fresh, first, areStored = {}, 1, nil
end

local function pack(step)
  local stored = step.stored or {}
  stored[1], stored[2], stored[3], stored[4] = step.executionId, STORED[step.kind], step.next, step.examined
  if step.late then
    stored[4], stored[5], stored[6] = false, step.late.dependentId, step.late.request
  end
  return cmsgpack.pack(stored)
end

-- The kind is nil if only another release knows it.
function stepTable.unpack(packed)
  local stored = cmsgpack.unpack(packed)
  if stored[2] == 'letGo' then
    -- A step of a release whose steps only released edges.
    local row = rows.get(stored[1])
    stored[2], stored[3] = 'edges', row and row.leaseToken or 0
  end
  if
    type(stored[1]) ~= 'string'
    or type(stored[3]) ~= 'number'
    or stored[2] == nil
    or type(stored[5] or '') ~= 'string'
  then
    error('it is no step')
  end
  local late = stored[5] and { dependentId = stored[5], request = stored[6] } or nil
  return {
    executionId = stored[1],
    kind = KINDS[stored[2]],
    next = stored[3],
    examined = stored[4] or nil,
    late = late,
    stored = stored,
  }
end

-- Takes back steps whose kinds this release knows.
function stepTable.takeKnown()
  for _ = 1, math.min(call('LLEN', keys.otherSteps), limits.EDGES_PER_STEP) do
    local packed = call('LPOP', keys.otherSteps)
    call('RPUSH', stepTable.unpack(packed).kind and keys.continuation or keys.otherSteps, packed)
  end
end

local function isStored()
  if areStored == nil then
    areStored = call('EXISTS', keys.continuation) == 1
  end
  return areStored
end

local function add(step)
  if isStored() then
    call('RPUSH', keys.continuation, pack(step))
  else
    table.insert(fresh, step)
  end
end

function stepTable:add(row, kind, next, late)
  add({ executionId = row.id, kind = kind, next = next, late = late })
end

function stepTable.addDrop()
  add({ executionId = '', kind = 'drop', next = 0 })
end

-- Stored at once, since executions are also set aside at the end of a verb.
function stepTable.addLost(id)
  call('RPUSH', keys.continuation, pack({ executionId = id, kind = 'lost', next = 0 }))
end

-- Stores the remaining steps for the next verb.
function stepTable.save()
  for i = first, #fresh do
    call('RPUSH', keys.continuation, pack(fresh[i]))
  end
  fresh, first, areStored = {}, 1, nil
end

-- Returns whether the step is done. A step that fails is done if its execution is set aside.
local function runOne(step, run)
  local ok, isDone, stays
  if step.kind == 'drop' then
    tables.edgeBudget.toDecide = 0
    ok, isDone, stays = aside.guard('dependents', '', trim.dropNext)
  elseif step.kind == 'lost' then
    ok, isDone, stays = aside.guard('dependents', '', lostEdges.releaseNext, step)
  else
    ok, isDone, stays = aside.guard('dependents', step.executionId, run, step)
  end
  if not ok then
    return not stays
  end
  return isDone
end

-- Runs the first step of earlier verbs. Returns whether it is done.
local function runStored(packed, run)
  local readable, step = pcall(stepTable.unpack, packed)
  if not readable or not step.kind then
    if readable then
      call('RPUSH', keys.otherSteps, packed)
    else
      aside.put('dependents', '', 'a step that is unreadable', { packed })
      orphans.resumeSteps()
    end
    call('LPOP', keys.continuation)
    return true
  end
  local isDone = runOne(step, run)
  if isDone then
    call('LPOP', keys.continuation)
  else
    call('LSET', keys.continuation, 0, pack(step))
  end
  return isDone
end

-- Reads the dependents of the next steps together.
local function prefetchDependents()
  local names = {}
  for i = first, math.min(#fresh, first + tables.edgeBudget.toDecide) do
    local row = fresh[i].kind ~= 'drop' and rows.get(fresh[i].executionId)
    for _, name in ipairs(row and row.dependentNames or {}) do
      names[#names + 1] = name
    end
  end
  edgeTable.fetchDependents(names)
end

local function hasBudget()
  return tables.edgeBudget.toDecide > 0 and tables.edgeBudget.bytes > 0
end

function stepTable:run(run)
  while hasBudget() and isStored() do
    local packed = call('LINDEX', keys.continuation, 0)
    if not packed then
      areStored = false
    elseif not runStored(packed, run) then
      return
    end
  end
  if #fresh - first > 1 then
    prefetchDependents()
  end
  while hasBudget() and first <= #fresh do
    if not runOne(fresh[first], run) then
      return
    end
    first = first + 1
  end
end
