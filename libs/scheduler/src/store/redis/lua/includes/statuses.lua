-- Statuses of executions, read from their states without their records.
local statuses = {}

-- Names by letter.
statuses.names = {}
for name, letter in pairs(codes.STATUS) do
  statuses.names[letter] = name
end

-- States may contain results: ids per read, and maximum bytes per call.
local AT_ONCE, MAX_BYTES = 16, 2097152

-- Whether a run waits in its process, and is shown as PENDING: set by inspect.lua.
statuses.isWaiting = nil

local function runLetter(workerId, id)
  return workerId and statuses.isWaiting(workerId, id) and codes.STATUS.PENDING or codes.STATUS.RUNNING
end

-- A letter for each id, '-' for one that does not exist; for the first ones only if their states are large, or if the
-- search for their runs is.
function statuses.of(ids)
  local letters, stateless, bytes = {}, {}, 0
  local from = 1
  while from <= #ids and bytes < MAX_BYTES and #stateless < runSearch.maxExecutions() do
    local to = math.min(from + AT_ONCE - 1, #ids)
    for i, state in ipairs(readAll('HMGET', keys.state, ids, from, to)) do
      local at = from + i - 1
      if not state then
        stateless[#stateless + 1] = at
        letters[at] = codes.NO_STATUS
      else
        local status, workerId = fields.statusOf(state)
        local letter = status and codes.STATUS[status] or codes.NO_STATUS
        letters[at] = letter == codes.STATUS.RUNNING and runLetter(workerId, ids[at]) or letter
      end
      bytes = bytes + (state and #state or 0)
    end
    from = to + 1
  end
  if #stateless == 0 then
    return letters
  end
  -- Without a state: ready or running since they were created, or not stored.
  local known = {}
  for _, at in ipairs(stateless) do
    if call('HEXISTS', keys.static, ids[at]) == 1 then
      letters[at] = codes.STATUS.PENDING
      known[#known + 1] = at
    end
  end
  local statelessIds = {}
  for i, at in ipairs(known) do
    statelessIds[i] = ids[at]
  end
  runSearch.each(statelessIds, function(i, workerId)
    letters[known[i]] = runLetter(workerId, statelessIds[i])
  end)
  return letters
end
