-- The codec of executions; its counterpart is codec/executions.ts.
--
-- A record is what an execution was created with, and never changes (`keys.static`):
--   number|created|due|flags|task|queue|level|timeout;budget|workflow|ref|payload
-- Flags: none for a simple execution; `x`: it has options in `keys.extra`; `w`: it has edges, a workflow or a timeout; `f`
-- and edges: a compact member, see below.
-- A state is how an execution is now (`keys.state`):
--   none                                    ready or running since it was created
--   C<completed>|<started>|<worker>|<result>  its first run succeeded
--   O<open edges>                           a compact member that waits for its upstreams
--   MessagePack                             anything else, see fields.lua
-- An entry in `keys.running`: p<started>|<claim number>, with `s` for `p` if the execution has a state.
-- @include fields
local records = {}

local BAR, SEMICOLON, DOLLAR, ZERO = byte('|'), byte(';'), byte('$'), byte('0')
local EXTRA, MEMBER = codes.EXTRA_FLAG, byte(codes.MEMBER_FLAG)
local COMPLETED, WAITING = byte(codes.COMPLETED_STATE), byte(codes.WAITING_STATE)

-- Fields between bars, without patterns, which would scan every character.

-- Where the field begins that is `count` after the one at `from`; past the end if there are too few.
function records.skip(text, from, count)
  for _ = 1, count do
    from = (find(text, '|', from, true) or #text) + 1
  end
  return from
end

-- The field at that position.
function records.fieldAt(text, from)
  return sub(text, from, (find(text, '|', from, true) or #text + 1) - 1)
end

-- Records

local DIGITS = { [0] = '0', '1', '2', '3', '4', '5', '6', '7', '8', '9' }
-- The number of the newest record: its hundreds as text, and its last two digits. Formatting each number costs three times
-- as much as this.
local hundreds, lastDigits
local times

function records.begin()
  hundreds, lastDigits, times = nil, nil, nil
end

-- The record of the next new execution, due at once. `part`: the caller's text, from the flags on.
function records.new(part)
  local number = context.created + 1
  context.created = number
  lastDigits = lastDigits and lastDigits < 99 and lastDigits + 1 or number % 100
  hundreds = hundreds and lastDigits > 0 and hundreds or string.format('%d', (number - lastDigits) / 100)
  times = times or '|' .. now .. '|' .. now .. '|'
  local ones = lastDigits % 10
  return hundreds .. DIGITS[(lastDigits - ones) / 10] .. DIGITS[ones] .. times .. part
end

-- The same, due at another time.
function records.newDue(part, due)
  context.created = context.created + 1
  return context.created .. '|' .. now .. '|' .. string.format('%d', due) .. '|' .. part
end

-- The budget is not read here.
local RECORD = '^(%d+)|(%d+)|(-?%d+)|([^|]*)|([^|]*)|([^|]*)|(%d)|(%d*)([^|]*)|([^|]*)|([^|]*)|()'

function records.parse(id, record)
  local number, created, due, flags, task, queue_, level, timeout, budgetText, workflowId, ref, payloadStart =
    string.match(record, RECORD)
  if not number or tonumber(level) > 4 then
    error('its record is unreadable')
  end
  return {
    id = id,
    number = tonumber(number),
    createdAt = tonumber(created),
    dueAt = tonumber(due),
    flags = flags,
    task = task,
    queue = queue_,
    level = tonumber(level),
    timeout = tonumber(timeout),
    budget = budgetText,
    workflowId = workflowId ~= '' and workflowId or nil,
    ref = ref ~= '' and ref or nil,
    record = record,
    -- The payload may be large, and is rarely read.
    payloadStart = payloadStart,
  }
end

function records.hasExtra(flags)
  return flags == EXTRA
end

-- Whether there may be options in `keys.extra`. A payload may contain the same characters.
function records.mayHaveExtra(record)
  return find(record, '|' .. EXTRA .. '|', 1, true) ~= nil
end

-- Whether the flags at that position are those of a simple execution, of a compact member, of a compact member with
-- upstreams.
function records.isSimpleAt(record, flags)
  return byte(record, flags) == BAR
end

function records.isMemberAt(record, flags)
  return byte(record, flags) == MEMBER
end

function records.hasUpstreamsAt(record, flags)
  return byte(record, flags + 1) ~= SEMICOLON
end

-- Tasks and refs that begin so belong to the store.
function records.isOwnRef(ref)
  return byte(ref) == DOLLAR
end

-- The priority level, one digit of a record.
function records.levelAt(record, at)
  return byte(record, at) - ZERO
end

-- Compact members: all edges connect members of one workflow, without deadlines. They are in the flags of the members. A
-- member has no state of its own until anything but a simple success happens to it; from then on it has one.
--   f<upstream>=<letter of the type>=<ref>,...;<dependent>=<index of its edge>=<letter of the type>,...

-- Types of edges by letter.
records.EDGE_TYPES = {}
for type_, letter in pairs(codes.EDGE) do
  records.EDGE_TYPES[letter] = type_
end

-- Its edges, in order: { upstream, letter, ref }.
function records.upstreams(flags)
  local found = {}
  for upstream, letter, ref in string.gmatch(string.match(flags, '^f([^;]*)'), '([^=,]+)=(%a)=([^,]*)') do
    found[#found + 1] = { upstream, letter, ref }
  end
  return found
end

-- The edges to its dependents by name: dependent|index|letter.
function records.dependents(flags)
  local names = {}
  for id, index, letter in string.gmatch(string.match(flags, ';(.*)$'), '([^=,]+)=(%d+)=(%a)') do
    names[#names + 1] = id .. '|' .. index .. '|' .. letter
  end
  return names
end

-- Runs

-- The entry of runs that start now. isSimple: the executions have no state.
function records.runEntry(isSimple, number, started)
  return (isSimple and codes.SIMPLE_RUN or codes.STATEFUL_RUN) .. (started or now) .. '|' .. number
end

-- The start of the run, and its claim number.
function records.parseRun(entry)
  local started, number = string.match(entry, '^%a(%d+)|(%d+)$')
  if not started then
    error('its running entry is unreadable')
  end
  return tonumber(started), tonumber(number)
end

-- States

function records.isCompleted(state)
  return byte(state) == COMPLETED
end

function records.isWaiting(state)
  return byte(state) == WAITING
end

-- The state, without the result, of first runs with this entry that succeed now.
function records.completedPrefix(entry, workerId)
  return codes.COMPLETED_STATE .. now .. '|' .. sub(entry, 2, find(entry, '|', 1, true)) .. workerId .. '|'
end

-- Completion, start, worker, and result or nil.
function records.parseCompleted(state)
  local completed, started, workerId, result = string.match(state, '^C(%d+)|(%d+)|([^|]*)|(.*)$')
  if not completed then
    error('its state is unreadable')
  end
  return tonumber(completed), tonumber(started), workerId, result ~= '' and result or nil
end

function records.waitingState(openEdges)
  return codes.WAITING_STATE .. openEdges
end

-- The open edges of a waiting compact member; nil for any other state.
function records.openEdges(state)
  return tonumber(string.match(state, '^O(%d+)$'))
end

-- The result in any state, or nil. An unreadable state has none, so that it does not prevent claims of others.
function records.resultOf(state)
  if not state or records.isWaiting(state) then
    return nil
  elseif records.isCompleted(state) then
    return byte(state, -1) ~= BAR and string.match(state, '^C%d+|%d+|[^|]*|(.*)$') or nil
  end
  local _, result = fields.read(state, 'result')
  return result
end
