-- What cannot be treated is set aside, with what is stored of it and the error, so that it holds up nothing else.
local aside = {}

local ENTRIES_KEPT = 1000
-- Bytes of each text that are kept.
local TEXT_KEPT = 100000

local function textOf(err)
  return type(err) == 'table' and tostring(err.err) or tostring(err)
end

-- Whether a command has failed: its error begins with a code, that of Lua with a place.
local function isOfServer(err)
  return string.find(textOf(err), '^%u+ ') ~= nil
end

-- texts: what was stored, false for nothing.
function aside.put(step, id, err, texts)
  local message = string.sub(textOf(err), 1, 500)
  for i, text in ipairs(texts) do
    texts[i] = text and string.sub(text, 1, TEXT_KEPT)
  end
  call('RPUSH', keys.aside, cmsgpack.pack({ step, id, message, now, texts }))
  call('LTRIM', keys.aside, -ENTRIES_KEPT, -1)
  frame.count('setAside', 1)
  effects.push({ 'aside', step, id, message, now })
end

-- Sets an execution aside: nothing finds it any more.
function aside.execution(step, id, err)
  local texts = {}
  for i, key in ipairs({ keys.static, keys.state, keys.extra }) do
    texts[i] = call('HGET', key, id)
    call('HDEL', key, id)
  end
  if aside.forget then
    aside.forget(id, texts[3])
  end
  aside.put(step, id, err, texts)
end

-- Treats one item; where that fails, what it has gathered is forgotten and its execution is set aside. Returns whether
-- it was treated, and what `treat` returned.
function aside.guard(step, id, treat, ...)
  local counts, told, dirty = {}, #effects.list, rows.dirty
  for name, by in pairs(frame.counts) do
    counts[name] = by
  end
  rows.dirty = {}
  lockTable.save()
  local ok, value = pcall(treat, ...)
  if ok then
    for each, row in pairs(rows.dirty) do
      dirty[each] = row
    end
    rows.dirty = dirty
    return true, value
  end
  if step == 'settle' and isOfServer(value) then
    -- A command has failed, and not the reading of a row: a list of others may be damaged. The run stays with its worker,
    -- which has the result and settles it again.
    error(value)
  end
  for each in pairs(rows.dirty) do
    rows.cache[each], rows.isSimple[each], rows.isSimpleRun[each] = nil, nil, nil
  end
  lockTable.forget()
  rows.dirty = dirty
  dirty[id] = nil
  rows.cache[id] = false
  for name in pairs(frame.counts) do
    frame.counts[name] = counts[name]
  end
  for i = #effects.list, told + 1, -1 do
    effects.list[i] = nil
  end
  aside.execution(step, id, value)
  return false, nil
end
