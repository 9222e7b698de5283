-- Executions in the order of their creation, which `keys.all` and `keys.old` contain.
local creation = {}

-- At most `limit` ids after a position, oldest first, and the position of each: the number of executions created up to it.
-- Ids that leave `keys.all` between two calls move no other's position.
function creation.after(position, limit)
  local ids, positions = {}, {}
  if position < context.idsRemoved then
    local old = call('ZRANGEBYSCORE', keys.old, '(' .. position, '+inf', 'WITHSCORES', 'LIMIT', 0, limit)
    for i = 1, #old, 2 do
      ids[#ids + 1], positions[#positions + 1] = old[i], tonumber(old[i + 1])
    end
    if #ids > 0 then
      return ids, positions
    end
    position = context.idsRemoved
  end
  local from = position - context.idsRemoved
  ids = call('LRANGE', keys.all, from, from + limit - 1)
  for i in ipairs(ids) do
    positions[i] = position + i
  end
  return ids, positions
end
