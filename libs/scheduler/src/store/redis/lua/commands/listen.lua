#!lua flags=allow-oom
-- A node says which transitions it listens to, or (mask '') that it is gone; silent nodes are forgotten.
-- ARGV: frame, operation (none), mask | '', patience   Returns: 1: it was not known until now, else 0
-- @include keys
-- @include frame
local isNew = 0
if ARGV[3] == '' then
  call('HDEL', keys.nodes, frame.node)
else
  isNew = call('HSET', keys.nodes, frame.node, ARGV[3] .. '|' .. now)
end
local nodes = call('HGETALL', keys.nodes)
local count = 0
local bits = {}
for i = 1, #nodes, 2 do
  local mask, heard = string.match(nodes[i + 1], '^(%d+)|(%d+)$')
  if tonumber(heard) + tonumber(ARGV[4]) < now then
    call('HDEL', keys.nodes, nodes[i])
  else
    count = count + 1
    mask = tonumber(mask)
    for bit = 0, 10 do
      bits[bit] = bits[bit] or math.floor(mask / 2 ^ bit) % 2 == 1
    end
  end
end
local all = 0
for bit = 0, 10 do
  all = all + (bits[bit] and 2 ^ bit or 0)
end
call('HSET', keys.meta, 'mask', all, 'nodes', count)
return isNew
