#!lua flags=no-writes
-- A workflow with the states of its nodes.
-- ARGV: frame, operation (none), workflowId   Returns: JSON | false
-- @include look
local found = workflow.get(ARGV[3])
return found and cjson.encode(inspect.workflow(ARGV[3]))
