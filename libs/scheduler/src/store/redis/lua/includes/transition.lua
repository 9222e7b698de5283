-- The end of a verb.
local transition = {}

-- Writes all changes of the verb. A module that was not used has none.
function transition.save()
  runTable.flush()
  if not isUnused.create then
    create.save()
  end
  readyTable.flush()
  if not isUnused.edges then
    edges.save()
  end
  if not isUnused.repair then
    repair.save()
  end
  if not isUnused.historyTable then
    trim.grown()
  end
  tables.trimRecentErrors()
  if not isUnused.stepTable then
    stepTable.save()
  end
  if not isUnused.rows then
    rows.save()
  end
  if not isUnused.lockTable then
    lockTable.save()
  end
  if not isUnused.queueTable then
    queueTable.save()
  end
  if not isUnused.workerTable then
    workerTable.save()
  end
  if not isUnused.scheduleTable then
    scheduleTable.save()
  end
  if not isUnused.workflow then
    workflow.save()
  end
  if not isUnused.window then
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
