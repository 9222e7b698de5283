-- How a workflow follows its executions, one by one.

-- One of its executions has ended. The last one ends the workflow.
function workflow.close(row, status)
  local found = workflow.get(row.workflowId)
  if not found or found.open <= 0 then
    -- One that has ended does not end again.
    return history.retire(row)
  end
  found.dirty = true
  found.open = found.open - 1
  if status == 'FAILED' then
    found.failed = found.failed + 1
  elseif status == 'CANCELLED' then
    found.cancelled = found.cancelled + 1
  end
  if frame.weighs then
    row.historyBytes = history.weigh(row)
    found.bytes = found.bytes + row.historyBytes
  end
  if found.open == 0 then
    workflow.finish(found)
    history.retireWorkflow(found)
  end
end

-- One of its executions, which had ended as `was`, runs again: with it, the whole workflow is out of history.
function workflow.open(row, was)
  local found = workflow.get(row.workflowId)
  if not found then
    return
  end
  history.keepWorkflow(found)
  found.dirty = true
  if was == 'FAILED' then
    found.failed = found.failed - 1
  elseif was == 'CANCELLED' then
    found.cancelled = found.cancelled - 1
  end
  if row.historyBytes then
    found.bytes = found.bytes - row.historyBytes
    row.historyBytes = nil
  end
  found.open = found.open + 1
  if found.open == 1 then
    found.status = 'RUNNING'
    found.completed = 0
  end
end
