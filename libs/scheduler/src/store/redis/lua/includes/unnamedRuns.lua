-- Runs that a worker is said to have and its heartbeat does not name. What was dispatched to it long before the heartbeat was
-- made, or was claimed before the time until which it knows all of its claims, was lost on its way, or this server has come
-- back with older data. The worker compares what is found, some runs at a time, with all that it has, and asks to take back
-- the others.
local unnamedRuns = {}

-- An execution that was dispatched and comes later all the same is not begun: the worker sees its age.
local PATIENCE_MS = 2000

local DISPATCHED, CLAIMED = 'dispatched', 'claimed'

local beatAt, knownUntil

function unnamedRuns.begin()
  beatAt, knownUntil = nil, nil
end

-- madeAt: when the heartbeat was made, which may come late; known: before which time the worker knows all of its claims; both
-- nil where that is unknown. A worker takes a moment to know of a step back of the clock.
function unnamedRuns.since(madeAt, known)
  beatAt = madeAt and context.steadyAt(math.min(madeAt, now))
  knownUntil = known and known <= now and known or nil
end

-- How a run came to the worker that must have it for long; nil: it may be on its way. waits: its entry in keys.handed.
local function kindOf(workerId, entry, waits)
  if waits then
    local to, since = string.match(waits, '^(.*)|(%d+)$')
    return to == workerId and beatAt and tonumber(since) + PATIENCE_MS < beatAt and DISPATCHED or nil
  end
  local startedAt, number = string.match(entry, '^%a(%d+)|(%d+)$')
  local isOld = startedAt
    and knownUntil
    and tonumber(startedAt) + steps.since(tonumber(number)) < knownUntil - PATIENCE_MS
  return isOld and CLAIMED or nil
end

-- Those of these runs of a worker: { id, number of the claim, kind }; a set of ids to leave out.
local function lost(workerId, ids, entries, without)
  local found = {}
  local waits = call('EXISTS', keys.dispatched) == 1 and readAll('HMGET', keys.dispatched, ids) or {}
  for i, id in ipairs(ids) do
    local kind = entries[i] and not without[id] and kindOf(workerId, entries[i], waits[i])
    if kind then
      found[#found + 1] = { id, tonumber(string.match(entries[i], '|(%d+)$')) or 0, kind }
    end
  end
  return found
end

-- walked: ids and entries of runs of a worker; named: some of those that it has, a set. Returns the id and the number of the
-- claim of each that it must have, flat.
function unnamedRuns.among(workerId, walked, named)
  local flat = {}
  for _, run in ipairs(lost(workerId, walked.ids, walked.entries, named)) do
    flat[#flat + 1] = run[1]
    flat[#flat + 1] = string.format('%.0f', run[2])
  end
  return flat
end

-- Takes back those of these runs that are still such, the newest first, as far as one step goes. Returns how many are left.
function unnamedRuns.take(workerId, ids)
  local found = lost(workerId, ids, readAll('HMGET', keys.running(workerId), ids), {})
  local kinds, returned = {}, 0
  for _, run in ipairs(found) do
    kinds[run[1]] = run[3]
  end
  local done = workerRuns.takeNewest(workerId, found, #found, function(row)
    if kinds[row.id] == DISPATCHED then
      engine.settle.release(tables, row)
    else
      engine.rescue.takeBack(tables, row)
      returned = returned + 1
    end
  end)
  if returned > 0 then
    context.count('returned', returned)
    effects.push({ 'returned', workerId, returned, now })
  end
  return #found - done
end
