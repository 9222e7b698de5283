-- The codec of schedules (`keys.schedules`): JSON, with null for absent values. Types are checked when a schedule is read, so
-- no other module checks them.
local scheduleRecords = {}

local TEXT, NUMBER, FLAG = 'string', 'number', 'boolean'
local REQUIRED = {
  { 'id', TEXT },
  { 'revision', NUMBER },
  { 'taskId', TEXT },
  { 'cronExpression', TEXT },
  { 'timezone', TEXT },
  { 'overlap', TEXT },
  { 'jitter', NUMBER },
  { 'paused', FLAG },
}
local OPTIONAL = {
  { 'startTime', NUMBER },
  { 'endTime', NUMBER },
  { 'nextRunTime', NUMBER },
  { 'lastRunTime', NUMBER },
  { 'lastExecutionId', TEXT },
  { 'declaredBy', TEXT },
  { 'payload', TEXT },
}
-- The latest time, in ms since 1970, that a date of JavaScript can have.
local LATEST = 8640000000000000

local function isValid(value, expected)
  return type(value) == expected and (expected ~= NUMBER or math.abs(value) <= LATEST)
end

local function isPolicy(misfire)
  return type(misfire) == TEXT or (type(misfire) == 'table' and type(misfire.all) == NUMBER)
end

-- The fields of a text, without those that are null. Throws if it is no JSON.
function scheduleRecords.decode(text)
  local schedule = cjson.decode(text)
  for _, field in ipairs(OPTIONAL) do
    if schedule[field[1]] == cjson.null then
      schedule[field[1]] = nil
    end
  end
  return schedule
end

-- The schedule of that id and text, or nil if it is unreadable.
function scheduleRecords.parse(id, text)
  local ok, schedule = pcall(scheduleRecords.decode, text or '')
  if not ok or schedule.id ~= id or not isPolicy(schedule.misfire) then
    return nil
  end
  for _, field in ipairs(REQUIRED) do
    if not isValid(schedule[field[1]], field[2]) then
      return nil
    end
  end
  for _, field in ipairs(OPTIONAL) do
    local value = schedule[field[1]]
    if value ~= nil and not isValid(value, field[2]) then
      return nil
    end
  end
  return schedule
end

function scheduleRecords.pack(schedule)
  local record = {}
  for _, field in ipairs(OPTIONAL) do
    record[field[1]] = cjson.null
  end
  for name, value in pairs(schedule) do
    record[name] = value
  end
  return cjson.encode(record)
end
