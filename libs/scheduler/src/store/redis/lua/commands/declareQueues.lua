#!lua flags=allow-oom
-- Says that an app still declares the limits of these queues; clears those it has not declared for too long.
-- ARGV: frame, operation, app, clear others now (1 | 0), patience, queues...   Returns: queues that were cleared, effects
-- @include verb
local declared = {}
for i = 6, #ARGV do
  declared[ARGV[i]] = true
end
local names, cleared = call('HKEYS', keys.queues), {}
table.sort(names)
for _, name in ipairs(frame.ruled and names or {}) do
  local q = queue.get(name)
  if q.declaredBy == ARGV[3] then
    if declared[name] then
      q.declaredTime = now
      queue.save(q)
    elseif ARGV[4] == '1' or q.declaredTime + tonumber(ARGV[5]) <= now then
      cleared[#cleared + 1] = name
      queue.configure(name, nil, nil, nil, nil)
    end
  end
end
return commit(cleared)
