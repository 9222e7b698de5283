-- Takes a part of a batch that is too large for one script.
-- ARGV: frame, operation, batch, extras (JSON: index -> what the execution has beside its record),
--   then of each: executionId, record   Returns: 1 | 2 (an idempotency key of it is taken by now) | { 'error', code, details... }
-- @include verb
-- @include intake
local FIRST = 5
local batch, extras = ARGV[3], cjson.decode(ARGV[4])
local part, outside, upstreams, names, entries = {}, {}, {}, {}, {}
for at = FIRST, #ARGV, 2 do
  local i = #part + 1
  local extra = extras[tostring(i)] or {}
  part[i] = cmsgpack.pack({ ARGV[at], ARGV[at + 1], extra })
  if extra.idempotency then
    names[#names + 1], entries[#entries + 1] = idempotency.nameOf(extra), idempotency.entryOf(ARGV[at], extra)
  end
  for _, edge in ipairs(extra.edges or {}) do
    if edge.to and not edge.mine then
      outside[#outside + 1] = { extra.task, edge.to, edge.of }
      upstreams[#upstreams + 1] = edge.to
    end
  end
end
if idempotency.isOvertaken(batch) then
  return commit(2)
end
for _, earlier in ipairs(idempotency.find(names)) do
  if earlier then
    return commit(2)
  end
end
rows.fetch(upstreams)
for _, each in ipairs(outside) do
  local upstream = rows.get(each[2])
  if not upstream then
    return { 'error', 'UNKNOWN_DEPENDENCY', each[1], each[2] }
  elseif each[3] and upstream.task ~= each[3] then
    return { 'error', 'UNKNOWN_DEPENDENCY', each[1], each[2], each[3], upstream.task }
  end
end
for _, id in ipairs(upstreams) do
  intake.hold(batch, rows.get(id))
end
idempotency.gather(batch, names, entries)
intake.gather(batch, part)
return commit(1)
