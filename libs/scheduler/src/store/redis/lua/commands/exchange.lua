#!lua flags=allow-oom
-- One exchange of a worker: settles runs that ended, claims executions.
-- ARGV: context, operation (none), workerId, pipeline, sequence, demand, free slots for direct dispatch|how many of
--   `demand` are prefetched|ms within which claims start, options (JSON) | '', newest sequence of this pipeline whose reply
--   the worker has seen (0: none), number of segments, then the segments in order:
--   'simple' | 'member', n, whether there are results (1 | 0), number of entries,
--     each running entry with its number of runs, n ids, for members n texts (dependents, see records.lua|workflowId),
--     n results ('' for none) if there are any
--   'each', n, then for each: id, lease token, kind (see codes.SETTLEMENT; k: complete, emitted by the worker), text,
--     reason, delay
-- Returns: { known, now, more, settled ('a' applied, 's' stale, 'd' deferred), number of the simple claims, simple claims
--   (id, record, ...), other claims (id, record, detail, ...), effects, which effects that the worker could emit itself are
--   among the effects (1 ends of simple runs and of 'k', 2 starts of simple runs), results of the upstreams of the claims
--   (see budget.lua) }
-- @include keys
-- @include context
-- @include effects
-- @include steps
-- @include window
-- @include trim
-- @include budget
-- @include startsUntil
-- @include records
-- @include workflow
-- @include compact
-- @include simple
-- @include workerRecords

local workerId, demand, pipeline, sequence = simple.workerId, simple.demand, ARGV[4], ARGV[5]
local dispatchSlots, prefetch, startWithin = string.match(ARGV[7], '^(%d+)|(%d+)|(%d+)$')
dispatchSlots, prefetch, startWithin = tonumber(dispatchSlots), tonumber(prefetch), tonumber(startWithin)
local ALL_EMITTED = codes.ENDS_EMITTED + codes.STARTS_EMITTED
local segments = tonumber(ARGV[10])
local pipelineKey = workerId .. '|' .. pipeline

local record = call('HGET', keys.workers, workerId)
local worker = record and workerRecords.view(record)
if not worker then
  return { 0, now, 0, '', 0, {}, {}, '', ALL_EMITTED, {} }
end
simple.worker = worker

local function recordsOf(ids)
  return readAll('HMGET', keys.static, ids)
end

local last = tonumber(call('HGET', keys.pipelines, pipelineKey))
if last and simple.isOvertaken(last, tonumber(sequence), pipelineKey) then
  -- A newer request of the pipeline came first: the worker has sent this content again, or has given it up.
  return { 1, now, 0, '', 0, {}, {}, '', ALL_EMITTED, {} }
end
-- The worker has seen the reply to a request that the store does not know: the store has lost data.
if last and last < tonumber(ARGV[9]) then
  context.count('rewound', 1)
  effects.push({ 'rewound', workerId, tonumber(ARGV[9]) - last, now })
end
if last == tonumber(sequence) then
  local stored = cmsgpack.unpack(call('HGET', keys.pipelines, pipelineKey .. '|reply'))
  local simpleClaims, others = {}, {}
  -- Executions that have left history since are not claimed.
  for i, text in ipairs(recordsOf(stored[5])) do
    if text then
      simpleClaims[#simpleClaims + 1] = stored[5][i]
      simpleClaims[#simpleClaims + 1] = text
    end
  end
  for i, text in ipairs(recordsOf(stored[6])) do
    if text then
      others[#others + 1] = stored[6][i]
      others[#others + 1] = text
      others[#others + 1] = stored[7][i]
    end
  end
  -- Results of upstreams are not stored with the reply: the worker fetches them.
  local results = {}
  for _, id in ipairs(stored[8]) do
    results[#results + 1], results[#results + 2], results[#results + 3] = id, 1, {}
  end
  return { 1, stored[1], stored[2], stored[3], stored[4], simpleClaims, others, '', ALL_EMITTED, results }
end

call('ZADD', keys.leases, context.steady + context.lease, workerId)

local others = {}
local at = 11
while segments > 0 and ARGV[at] ~= codes.EACH_SEGMENT and simple.settle(at) do
  at = select(4, simple.layout(at))
  segments = segments - 1
end

-- Stores the reply for a repeat, and updates the worker's idle entry.
local function reply(more, mayBeMore)
  local simpleIds, otherIds, details = {}, {}, {}
  for i = 1, #simple.claims, 2 do
    simpleIds[#simpleIds + 1] = simple.claims[i]
  end
  for i = 1, #others, 3 do
    otherIds[#otherIds + 1] = others[i]
    details[#details + 1] = others[i + 2]
  end
  local withResults = {}
  for i = 1, #budget.results, 3 do
    withResults[#withResults + 1] = budget.results[i]
  end
  local outcome = table.concat(simple.outcomes)
  local stored = cmsgpack.pack({ now, more, outcome, simple.claimNumber, simpleIds, otherIds, details, withResults })
  call('HSET', keys.pipelines, pipelineKey, sequence, pipelineKey .. '|reply', stored)
  local claimed = #simpleIds + #otherIds
  if claimed > 0 then
    startsUntil.extend(startWithin)
  end
  -- A worker that got fewer claims than it requested is idle.
  if demand > claimed and not worker.draining then
    call('HSET', keys.idle, workerId, math.max(0, dispatchSlots - claimed) .. '|' .. context.steady)
  elseif demand > 0 or worker.draining then
    -- A request without demand does not change that: the other pipeline requests claims for all slots.
    call('HDEL', keys.idle, workerId)
  end
  trim.index(200)
  context.save()
  local published = effects.publish(mayBeMore)
  return { 1, now, more, outcome, simple.claimNumber, simple.claims, others, published, simple.emitted, budget.results }
end

-- Whether a bound has ended the claims of the fast path.
local function isCut()
  return budget.isFull or (#simple.claims / 2 == limits.CLAIM_PER_STEP and demand > limits.CLAIM_PER_STEP)
end

local isDone = segments == 0 and simple.claim()
if isDone and not simple.mustTrim then
  return reply(isCut() and 1 or 0)
end

-- @include concerns

if simple.mustTrim then
  trim.all(limits.DROPS_PER_EXCHANGE)
end
if isDone then
  transition.save()
  return reply(isCut() and 1 or 0)
end

local settlements = {}
local function add(settlement, isReported)
  settlements[#settlements + 1] = settlement
  runTable.reported[settlement.executionId] = isReported or nil
end
while segments > 0 do
  if ARGV[at] == codes.EACH_SEGMENT then
    local nextSegment = at + 2 + 6 * tonumber(ARGV[at + 1])
    for i = at + 2, nextSegment - 1, 6 do
      local settlement = settle.read(ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3], ARGV[i + 4], ARGV[i + 5])
      add(settlement, ARGV[i + 2] == codes.COMPLETE_EMITTED)
    end
    at = nextSegment
  else
    local count, ids, results, nextSegment = simple.layout(at)
    for i = 0, count - 1 do
      add(settle.read(ARGV[ids + i], 1, codes.SETTLEMENT.complete, results and ARGV[results + i] or '', '', 0), true)
    end
    at = nextSegment
  end
  segments = segments - 1
end
worker = workerRecords.parse(workerId, record)
workerTable.put(worker)
simple.outcomes[#simple.outcomes + 1] = settle.some(worker, settlements)
engine.dependency.propagate(tables)
budget.bytes = budget.bytes - rows.bytes

readyTable.flush()
local more
if #settlements > 0 and simple.claim() then
  more = isCut()
else
  local simpleCount = #simple.claims / 2
  local options = ARGV[8] ~= '' and cjson.decode(ARGV[8]) or {}
  more = claim.claim(worker, demand - simpleCount, demand - prefetch - simpleCount, options)
  others = claim.list
  engine.dependency.propagate(tables)
end
transition.save()
return reply(more and 1 or 0, true)
