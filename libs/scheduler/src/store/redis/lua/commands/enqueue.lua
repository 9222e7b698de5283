-- NEW -> PENDING for all executions and their workflow, or for none.
-- ARGV: context, operation, workflowId | '', record of the workflow | '', extras (JSON: index -> options that are not in
--   the execution's record) | '', groups (JSON: { queue, level, task } of the simple executions), group of each execution
--   as one character, worker of the caller | '', then for each execution: executionId, record
--   (flags|task|queue|level|timeout;budget|workflow|ref|payload)
-- Returns: { ids, where they differ from the given ones } | 'large' (the records of the upstreams are too large: use a bulk
--   insert) | time|claim number|number before the first (that worker has claimed all of them), effects |
--   { 'error', code, details... }
-- @include keys
-- @include context
-- @include effects

local FIRST = 9
local count = (#ARGV - FIRST + 1) / 2

-- @include simpleEnqueue

if ARGV[5] == '' then
  local reply = simpleEnqueue.enqueue(FIRST, count)
  if reply then
    return reply
  end
end

-- @include concerns
-- @include idempotency

local workflowId = ARGV[3]
if workflowId ~= '' and workflow.get(workflowId) then
  return { {}, '', now }
end

-- Replaces repeats (by id or idempotency key) by the executions that they repeat.
local extras = ARGV[5] ~= '' and cjson.decode(ARGV[5]) or {}

local given, requests, names, areFresh = {}, {}, {}, {}
for i = 1, count do
  local at = FIRST + 2 * (i - 1)
  given[i] = ARGV[at]
  requests[i] = idempotency.requestOf(ARGV[at], extras[tostring(i)] or {})
  requests[i].part = ARGV[at + 1]
  names[#names + 1] = requests[i].keyName
end
rows.fetch(given)
idempotency.prefetch(names)
local deduplicated = engine.idempotency.deduplicate(tables, requests)
if deduplicated.conflict then
  local extra = deduplicated.conflict.extra
  return { 'error', 'IDEMPOTENCY_CONFLICT', extra.task, extra.idempotency.key }
end
local fresh = deduplicated.fresh
for _, each in ipairs(fresh) do
  areFresh[each.executionId] = true
end
-- Upstreams are read before anything is written: if they are too large, the caller must use a bulk insert.
local upstreams = {}
for _, each in ipairs(fresh) do
  for _, edge in ipairs(each.extra.edges or {}) do
    local upstream = edge.to or tasks.newestId(edge.taskId)
    if upstream and not areFresh[upstream] then
      upstreams[#upstreams + 1] = upstream
    end
  end
end
if not rows.fetchWithin(upstreams, STEP_BYTES) then
  return commit('large')
end
for _, each in ipairs(fresh) do
  for _, edge in ipairs(each.extra.edges or {}) do
    if edge.to and not areFresh[edge.to] then
      local upstream = rows.get(edge.to)
      if not upstream then
        return { 'error', 'UNKNOWN_DEPENDENCY', each.extra.task, edge.to }
      elseif edge.of and upstream.task ~= edge.of then
        return { 'error', 'UNKNOWN_DEPENDENCY', each.extra.task, edge.to, edge.of, upstream.task }
      end
    end
  end
end

idempotency.saveStaged()
if workflowId ~= '' then
  workflow.add(workflowId, ARGV[4], count)
  workflow.saveAdded()
  if count == 0 then
    engine.workflow.close(tables, workflow.get(workflowId))
  end
end
local newRows = {}
create.request = workflowId ~= '' and workflowId or (fresh[1] and fresh[1].executionId)
for i, each in ipairs(fresh) do
  newRows[i] = create.row(each.executionId, each.part, each.extra)
end
for i, each in ipairs(fresh) do
  create.admit(newRows[i], each.extra)
end
return commit(deduplicated.ids)
