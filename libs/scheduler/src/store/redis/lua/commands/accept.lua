-- NEW -> PENDING for all of a gathered batch; with a workflow, that too. They come to be step by step: see admit.lua.
-- ARGV: frame, operation, batch, number of its items, workflowId | '', its record, number of its executions
-- Returns: 1 | 0 (some of it is gone) | 2 (an idempotency key of it is taken by now) | 3 (a batch with keys is to be admitted
--   first), effects
-- @include verb
-- @include intake
local batch, size, workflowId = ARGV[3], tonumber(ARGV[4]), ARGV[5]
if workflowId ~= '' and workflow.get(workflowId) then
  intake.refuse(batch)
  return commit(1)
end
if idempotency.isOvertaken(batch) then
  intake.refuse(batch)
  return commit(2)
end
if idempotency.mustWait(batch) then
  return commit(3)
end
if not intake.accept(batch, size) then
  return commit(0)
end
if workflowId ~= '' then
  workflow.add(workflowId, ARGV[6], ARGV[7])
  workflow.saveAdded()
end
return commit(1)
