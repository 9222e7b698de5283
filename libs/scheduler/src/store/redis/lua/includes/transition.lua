-- The end of a verb.
local transition = {}

-- Writes all changes of the verb.
function transition.save()
  runTable.flush()
  create.save()
  readyTable.flush()
  edges.save()
  repair.save()
  trim.grown()
  stepTable.save()
  rows.save()
  lockTable.save()
  queueTable.save()
  workerTable.save()
  scheduleTable.save()
  workflow.save()
  window.save()
end

-- Propagates ends to dependents within bounds, writes, and returns the reply.
function commit(value)
  engine.dependency.propagate(tables)
  transition.save()
  local reply = context.replyOf(value, effects.publish(true))
  if not aside.failure then
    context.remember(reply)
  end
  context.save()
  return aside.failure and error(aside.failure) or reply
end
