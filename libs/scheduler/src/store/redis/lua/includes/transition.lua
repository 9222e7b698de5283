-- The end of a verb.
local transition = {}

-- Writes all changes of the verb. A module that was not used has none.
function transition.save()
  if isUsed.runTable then
    runTable.flush()
  end
  if isUsed.create then
    create.save()
  end
  if isUsed.readyTable then
    readyTable.flush()
  end
  if isUsed.edges then
    edges.save()
  end
  if isUsed.repair then
    repair.save()
  end
  if isUsed.historyTable then
    trim.grown()
  end
  if isUsed.stepTable then
    stepTable.save()
  end
  if isUsed.rows then
    rows.save()
  end
  if isUsed.lockTable then
    lockTable.save()
  end
  if isUsed.queueTable then
    queueTable.save()
  end
  if isUsed.workerTable then
    workerTable.save()
  end
  if isUsed.scheduleTable then
    scheduleTable.save()
  end
  if isUsed.workflow then
    workflow.save()
  end
  if isUsed.window then
    window.save()
  end
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
