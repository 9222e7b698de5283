#!lua flags=allow-oom
-- Sets the transitions that a node subscribes to, or removes the node (mask ''). Silent nodes are removed.
-- ARGV: context, operation (none), mask | '', timeout (ms)
-- Returns: { 1 if the node was unknown, else 0, identity of this namespace until its data is lost, store's time }
-- @include keys
-- @include context
local isNew = 0

local function removeNode(node)
  call('HDEL', keys.nodes, node)
  call('HDEL', keys.meta, 'others|' .. node, 'lane|' .. node .. '=0', 'lane|' .. node .. '=1')
  call('HDEL', keys.meta, 'connection|' .. node, 'connection|' .. node .. '+')
end

if ARGV[3] == '' then
  removeNode(context.node)
else
  isNew = call('HSET', keys.nodes, context.node, ARGV[3] .. '|' .. context.steady)
end
local known = call('HGETALL', keys.nodes)
local masks, subscribers = {}, {}
for i = 1, #known, 2 do
  local mask, listenedAt = string.match(known[i + 1], '^(%d+)|(%d+)$')
  if not listenedAt or tonumber(listenedAt) + tonumber(ARGV[4]) < context.steady then
    removeNode(known[i])
  else
    masks[#masks + 1] = { known[i], tonumber(mask) }
  end
end

local function has(mask, bit)
  return math.floor(mask / 2 ^ bit) % 2 == 1
end

for _, each in ipairs(masks) do
  for bit = 0, 10 do
    subscribers[bit] = (subscribers[bit] or 0) + (has(each[2], bit) and 1 or 0)
  end
end
-- What any node except one with this mask subscribes to; with 0, what any node subscribes to.
local function maskOfOthers(mask)
  local all = 0
  for bit = 0, 10 do
    local byOthers = (subscribers[bit] or 0) - (has(mask, bit) and 1 or 0)
    all = all + (byOthers > 0 and 2 ^ bit or 0)
  end
  return all
end

call('HSETNX', keys.meta, 'born', now .. ' ' .. context.node)
call('HSET', keys.meta, 'mask', maskOfOthers(0), 'nodes', #masks)
for _, each in ipairs(masks) do
  call('HSET', keys.meta, 'others|' .. each[1], maskOfOthers(each[2]))
end
if ARGV[3] ~= '' and context.generation then
  call('HSET', keys.meta, context.connection, context.generation)
end
return { isNew, call('HGET', keys.meta, 'born'), now }
