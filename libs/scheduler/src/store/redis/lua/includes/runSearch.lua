-- Finds the worker of a run. A simple run is stored only among the runs of its worker, so the runs of all workers are
-- searched, for several executions together: fewer if there are many workers.
local runSearch = {}

-- Lookups (one run of one worker) per step, the cost of one in bytes read, and the minimum number of executions per search.
local LOOKUPS_PER_STEP, BYTES_PER_LOOKUP, MIN_EXECUTIONS = 4000, 128, 4

local workers

function runSearch.begin()
  workers = nil
  -- Lookups of this verb.
  runSearch.lookups = 0
end

local function all()
  workers = workers or call('ZRANGE', keys.leases, 0, -1)
  return workers
end

-- How many executions one step may search for.
function runSearch.maxExecutions()
  return math.max(MIN_EXECUTIONS, math.floor(LOOKUPS_PER_STEP / math.max(1, #all())))
end

-- The items of a list that have no entry.
local function without(list, entries)
  local rest = {}
  for i, item in ipairs(list) do
    rest[#rest + 1] = not entries[i] and item or nil
  end
  return rest
end

-- Calls `visit(index, workerId, entry)` for each of these executions that a worker runs. Returns the cost of the search in
-- bytes read.
function runSearch.each(ids, visit)
  local left, indices, lookupsBefore = ids, {}, runSearch.lookups
  for i = 1, #ids do
    indices[i] = i
  end
  for _, workerId in ipairs(#ids > 0 and all() or {}) do
    if #left == 0 then
      break
    end
    runSearch.lookups = runSearch.lookups + #left
    local entries, isFound = readAll('HMGET', keys.running(workerId), left), false
    for i, entry in ipairs(entries) do
      if entry then
        visit(indices[i], workerId, entry)
        isFound = true
      end
    end
    if isFound then
      left, indices = without(left, entries), without(indices, entries)
    end
  end
  return (runSearch.lookups - lookupsBefore) * BYTES_PER_LOOKUP
end
