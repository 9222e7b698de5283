-- NEW -> PENDING for all of a gathered batch; with a workflow, that too. They come to be step by step: see admit.lua.
-- ARGV: frame, operation, batch, size, workflow (JSON) | '', its nodes (JSON), ids of its members
-- Returns: 1 | 0 (some of it is gone), effects
-- @include verb
-- @include intake
local batch, size = ARGV[3], tonumber(ARGV[4])
local command = ARGV[5] ~= '' and cjson.decode(ARGV[5]) or nil
if command and workflow.get(command.workflowId) then
  intake.refuse(batch)
  return commit(1)
end
if not intake.accept(batch, size) then
  return commit(0)
end
if command then
  local ids = {}
  for id in string.gmatch(ARGV[7], '[^,]+') do
    ids[#ids + 1] = id
  end
  workflow.create(command, ARGV[6], ids)
end
return commit(1)
