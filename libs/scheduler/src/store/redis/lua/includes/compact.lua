-- The index of creation, `all`, is a list, since a list costs least; ids leave it some time after they are gone.

-- Forgets ids at the old end of `all` that are gone; the few that live on are kept by number.
local function compact(limit)
  local length = call('LLEN', keys.all)
  if length <= 2 * call('HLEN', keys.static) + 1000 then
    return
  end
  local ids = call('LPOP', keys.all, limit)
  for i, record in ipairs(readAll('HMGET', keys.static, ids)) do
    if record then
      call('ZADD', keys.old, frame.popped + i, ids[i])
    end
  end
  frame.popped = frame.popped + #ids
  call('HSET', keys.meta, 'popped', frame.popped)
end
