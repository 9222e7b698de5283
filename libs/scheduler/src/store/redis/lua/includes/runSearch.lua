-- Finds the worker of a run. A simple run is stored only among the runs of its worker, so the runs of all workers are
-- searched, for several executions together: fewer if there are many workers.
local runSearch = {}

-- Lookups (one run of one worker) per step, the cost of one in bytes read, and the minimum number of executions per search.
local LOOKS_PER_STEP, BYTES_PER_LOOK, LEAST = 4000, 128, 4

local workers

function runSearch.begin()
  workers = nil
  -- Lookups of this verb.
  runSearch.looks = 0
end

local function all()
  workers = workers or call('ZRANGE', keys.leases, 0, -1)
  return workers
end

-- How many executions one step may search for.
function runSearch.most()
  return math.max(LEAST, math.floor(LOOKS_PER_STEP / math.max(1, #all())))
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
  local left, places, before = ids, {}, runSearch.looks
  for i = 1, #ids do
    places[i] = i
  end
  for _, workerId in ipairs(#ids > 0 and all() or {}) do
    if #left == 0 then
      break
    end
    runSearch.looks = runSearch.looks + #left
    local entries, isFound = readAll('HMGET', keys.running(workerId), left), false
    for i, entry in ipairs(entries) do
      if entry then
        visit(places[i], workerId, entry)
        isFound = true
      end
    end
    if isFound then
      left, places = without(left, entries), without(places, entries)
    end
  end
  return (runSearch.looks - before) * BYTES_PER_LOOK
end
