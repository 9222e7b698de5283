-- Definitions of tasks, see DefinitionTable in engine/tables.ts. Stored as the given JSON text.
local definitionTable = {}
tables.definitions = definitionTable

-- Definitions or schedules per step.
local EXAMINED_PER_STEP = '16'

-- The definition of a text, or nil if it is unreadable.
function definitionTable.unpack(text)
  local ok, definition = pcall(cjson.decode, text)
  if not ok or type(definition) ~= 'table' or type(definition.dependencies) ~= 'table' then
    return nil
  end
  definition.text = text
  return definition
end

function definitionTable:get(task)
  return definitionTable.unpack(call('HGET', keys.tasks, task) or '')
end

function definitionTable:isDefined(row)
  return call('HEXISTS', keys.tasks, row.task) == 1
end

function definitionTable:put(definition)
  call('HSET', keys.tasks, definition.taskId, definition.text)
end

function definitionTable:watch(task)
  tasks.watch(task)
end

function definitionTable:versionNumbers(version)
  local numbers = {}
  for part in string.gmatch(version, '%d+') do
    numbers[#numbers + 1] = tonumber(part)
  end
  return numbers
end

-- A page of the fields of a hash whose texts contain the task's name: few do, and only those are parsed. Returns the next
-- cursor ('0': end), and a list of field, text, ...
function definitionTable.naming(key, task, cursor)
  local page, named = call('HSCAN', key, cursor, 'COUNT', EXAMINED_PER_STEP), {}
  local name, entries = cjson.encode(task), page[2]
  for i = 1, #entries, 2 do
    if string.find(entries[i + 1], name, 1, true) then
      named[#named + 1], named[#named + 2] = entries[i], entries[i + 1]
    end
  end
  return page[1], named
end
