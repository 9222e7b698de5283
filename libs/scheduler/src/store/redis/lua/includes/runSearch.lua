-- Which worker has a run. A simple run stands nowhere but among the runs of its worker, so that those of all workers are
-- searched: for several executions at a time, and for fewer the more workers there are.
local runSearch = {}

-- Looks at one run of one worker that a step may take, what one counts for as bytes that are read, and executions that are
-- searched for at least.
local LOOKS_PER_STEP, BYTES_PER_LOOK, LEAST = 4000, 128, 4

local workers

function runSearch.begin()
  workers = nil
  -- Looks that this verb has taken.
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

-- The items of a list for which there is no entry.
local function without(list, entries)
  local rest = {}
  for i, item in ipairs(list) do
    rest[#rest + 1] = not entries[i] and item or nil
  end
  return rest
end

-- Calls `visit(place, workerId, entry)` with each of these executions that a worker runs. Returns what the search counts for
-- as bytes that are read.
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
