-- Commands with any number of arguments. Lua can pass about 8,000 values to a call. Nothing else unpacks a list: a test
-- checks it.
local CHUNK = 2000

-- Calls `command key list[from..to]...` in chunks. In a list of pairs, `from` is the first value of a pair. Returns the sum
-- of the numeric replies.
function callAll(command, key, list, from, to)
  from, to = from or 1, to or #list
  if to - from < CHUNK then
    return from <= to and call(command, key, unpack(list, from, to)) or 0
  end
  local sum = 0
  for at = from, to, CHUNK do
    local reply = call(command, key, unpack(list, at, math.min(at + CHUNK - 1, to)))
    sum = sum + (tonumber(reply) or 0)
  end
  return sum
end

-- Size of the first part and of each after a large one, the bytes up to which a part is small, and the maximum size.
local FEW, SMALL, MANY = 4, 65536, 128

-- Calls `read(part)`, which returns the bytes that it read, with parts of a list in order until more than `bytes` are read.
-- Parts grow while they are small. Returns how many items were read, and their bytes.
function readSome(list, bytes, read)
  local done, sum, partSize = 0, 0, FEW
  while done < #list and sum <= bytes do
    local part = {}
    for i = done + 1, math.min(done + partSize, #list) do
      part[#part + 1] = list[i]
    end
    local size = read(part)
    done, sum = done + #part, sum + size
    partSize = size < SMALL and math.min(4 * partSize, MANY) or FEW
  end
  return done, sum
end

-- The replies to `command key list[from..to]...`, one for each item, in order.
function readAll(command, key, list, from, to)
  from, to = from or 1, to or #list
  if to - from < CHUNK then
    return from <= to and call(command, key, unpack(list, from, to)) or {}
  end
  local replies, n = {}, 0
  for at = from, to, CHUNK do
    local last = math.min(at + CHUNK - 1, to)
    local part = call(command, key, unpack(list, at, last))
    for i = 1, last - at + 1 do
      replies[n + i] = part[i]
    end
    n = n + last - at + 1
  end
  return replies
end
