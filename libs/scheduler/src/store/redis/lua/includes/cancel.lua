-- Ends what has not started; asks what runs.

function cancel.cancel(row, grace)
  if row.st == 'PENDING' or row.st == 'RETRYING' then
    row.cr = now
    finish.finish(row, 'CANCELLED', { err = row.err, reason = 'CANCELLED' })
    return true
  end
  if row.st ~= 'RUNNING' then
    return false
  end
  if row.cr == 0 then
    row.cr = now
    row.gr = string.format('%012d:%s', frame.next(), row.id)
    call('ZADD', keys.graces, now + grace, row.gr)
    effects.tell(row, 'cancelRequested')
    effects.push({ 'due', now + grace })
    rows.touch(row)
  end
  return true
end
