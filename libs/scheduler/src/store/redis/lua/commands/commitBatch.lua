-- NEW -> PENDING for all executions of a staged batch, and its workflow. insertBatch.lua inserts them in steps.
-- ARGV: context, operation, batch, number of items, workflowId | '', record of the workflow, number of its executions
-- Returns: 1 | 0 (items are missing) | 2 (an idempotency key of the batch is taken) | 3 (an earlier batch with keys must be
--   inserted first), effects
-- @include verb
-- @include bulkInsert
local batch, size, workflowId = ARGV[3], tonumber(ARGV[4]), ARGV[5]
if workflowId ~= '' and workflow.get(workflowId) then
  bulkInsert.abort(batch)
  return commit(1)
end
if idempotency.isOvertaken(batch) then
  bulkInsert.abort(batch)
  return commit(2)
end
if idempotency.mustWait(batch) then
  return commit(3)
end
if not bulkInsert.commit(batch, size) then
  return commit(0)
end
if workflowId ~= '' then
  workflow.add(workflowId, ARGV[6], ARGV[7])
  workflow.saveAdded()
end
return commit(1)
