-- Ends what has not started; asks what runs.
local cancel = {}

function cancel.cancel(row, grace)
  if row.status == 'PENDING' or row.status == 'RETRYING' then
    row.cancelRequestedAt = now
    finish.finish(row, 'CANCELLED', { error = row.error, reason = 'CANCELLED' })
    return true
  end
  if row.status ~= 'RUNNING' then
    return false
  end
  if row.cancelRequestedAt == 0 then
    row.cancelRequestedAt = now
    row.cancelDeadline = string.format('%012d:%s', frame.next(), row.id)
    call('ZADD', keys.graces, now + grace, row.cancelDeadline)
    effects.tell(row, 'cancelRequested')
    effects.push({ 'due', now + grace })
    rows.touch(row)
  end
  return true
end
