-- Attempts of executions: a list for each. They are not part of its row, since an attempt may have 12 kB and only views read
-- them. Record: { run, started, ended, worker, outcome, error }. A row whose error is that of its newest attempt names the run
-- instead.
local attemptTable = {}

local OF_RUN = '^'

-- By execution: its row, the attempts that this verb adds, and run and error of the newest.
local added

function attemptTable.begin()
  added = {}
end

-- Attempts in a row were written by an earlier release.
function tables:hasAttempts(row)
  return row.attemptCount ~= nil or row.attempts ~= nil
end

function tables:addAttempt(row, outcome, err)
  local new = added[row.id]
  if not new or new.row ~= row then
    -- Fails now, not when rows are written, if the key is of another type.
    call('LLEN', keys.attempts(row.id))
    new = { row = row }
    for i, each in ipairs(row.attempts or {}) do
      new[i] = cmsgpack.pack(each)
    end
    row.attemptCount, row.attempts = (row.attemptCount or 0) + #new, nil
    added[row.id] = new
  end
  new[#new + 1] = cmsgpack.pack({ row.runs, row.startedAt, now, row.lastWorkerId or false, outcome, err or false })
  new.run, new.err = row.runs, err
  row.attemptCount = row.attemptCount + 1
  rows.touch(row)
end

-- Writes the new attempts of a row before the row itself is written.
function attemptTable.save(row)
  local new = added[row.id]
  if not new or new.row ~= row then
    return
  end
  added[row.id] = nil
  callAll('RPUSH', keys.attempts(row.id), new)
  if new.err and row.error == new.err then
    row.error = OF_RUN .. new.run
  end
  if row.attemptCount > limits.ATTEMPTS_KEPT then
    row.attemptCount = limits.ATTEMPTS_KEPT
    call('LTRIM', keys.attempts(row.id), -limits.ATTEMPTS_KEPT, -1)
  end
end

local function unpackAttempt(text)
  local ok, attempt = pcall(cmsgpack.unpack, text or '')
  return ok and fields.isAttempt(attempt) and attempt or nil
end

-- The error of an execution, nil for none.
function attemptTable.errorOf(row)
  if not row.error or sub(row.error, 1, 1) ~= OF_RUN then
    return row.error
  end
  local run = tonumber(sub(row.error, 2))
  for i = 1, limits.ATTEMPTS_KEPT do
    local attempt = unpackAttempt(call('LINDEX', keys.attempts(row.id), -i))
    if attempt and attempt[1] == run then
      return attempt[6] or nil
    end
  end
end

-- The attempts to show, nil for none.
function attemptTable.of(row)
  if not row.attemptCount then
    return row.attempts
  end
  local found = {}
  for _, text in ipairs(call('LRANGE', keys.attempts(row.id), 0, -1)) do
    found[#found + 1] = unpackAttempt(text)
  end
  return found
end
