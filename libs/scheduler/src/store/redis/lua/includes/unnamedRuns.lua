-- Runs that the store gives to a worker and that its heartbeat does not name. If such a run was dispatched long before the
-- heartbeat was made, or claimed before the time up to which the worker knows its claims, then it was lost on its way, or
-- the server has lost data. The worker compares these runs with its own, some at a time, and asks to take back those that
-- it does not have.
local unnamedRuns = {}

-- A dispatched execution that arrives later than that is not started: the worker checks its age.
local GRACE_MS = 2000

local DISPATCHED, CLAIMED = 'dispatched', 'claimed'

local heartbeatAt, knownUntil

function unnamedRuns.begin()
  heartbeatAt, knownUntil = nil, nil
end

-- madeAt: when the heartbeat was made, which may arrive late; known: the worker knows all claims before this time; nil if
-- unknown. A worker learns of a step back of the clock with a delay.
function unnamedRuns.since(madeAt, known)
  heartbeatAt = madeAt and context.steadyAt(math.min(madeAt, now))
  knownUntil = known and known <= now and known or nil
end

-- How the worker got a run that it must have by now; nil if the run may be on its way. dispatched: its entry in
-- keys.dispatched.
local function kindOf(workerId, entry, dispatched)
  if dispatched then
    local to, since = string.match(dispatched, '^(.*)|(%d+)$')
    return to == workerId and heartbeatAt and tonumber(since) + GRACE_MS < heartbeatAt and DISPATCHED or nil
  end
  local startedAt, number = string.match(entry, '^%a(%d+)|(%d+)$')
  local isOld = startedAt and knownUntil and tonumber(startedAt) + steps.since(tonumber(number)) < knownUntil - GRACE_MS
  return isOld and CLAIMED or nil
end

-- Those of these runs that a worker must have, except the ids in `without` (a set): { id, claim number, kind }
local function lost(workerId, ids, entries, without)
  local found = {}
  local dispatched = call('EXISTS', keys.dispatched) == 1 and readAll('HMGET', keys.dispatched, ids) or {}
  for i, id in ipairs(ids) do
    local kind = entries[i] and not without[id] and kindOf(workerId, entries[i], dispatched[i])
    if kind then
      found[#found + 1] = { id, tonumber(string.match(entries[i], '|(%d+)$')) or 0, kind }
    end
  end
  return found
end

-- walked: ids and entries of a worker's runs; named: ids that it has named (a set). Returns id and claim number of each
-- other run that it must have, flat.
function unnamedRuns.among(workerId, examinedRuns, named)
  local flat = {}
  for _, run in ipairs(lost(workerId, examinedRuns.ids, examinedRuns.entries, named)) do
    flat[#flat + 1] = run[1]
    flat[#flat + 1] = string.format('%.0f', run[2])
  end
  return flat
end

-- Takes back those of these runs that it still must have, newest first, within one step. Returns how many remain.
function unnamedRuns.take(workerId, ids)
  local found = lost(workerId, ids, readAll('HMGET', keys.running(workerId), ids), {})
  local kinds, returned = {}, 0
  for _, run in ipairs(found) do
    kinds[run[1]] = run[3]
  end
  local done = workerRuns.takeNewest(workerId, found, #found, function(row)
    engine.rescue.takeBack(tables, row)
    returned = returned + (kinds[row.id] == CLAIMED and 1 or 0)
  end)
  if returned > 0 then
    context.count('returned', returned)
    effects.push({ 'returned', workerId, returned, now })
  end
  return #found - done
end
