-- Takes a part of a batch that is too large for one script, as much of it as its upstreams allow by their bytes.
-- ARGV: frame, operation, batch, extras (JSON: index -> what the item has beside its record),
--   then of each item: executionId, record, or '' where it has but more edges of one before it
-- Returns: how many items are taken | 0 (an idempotency key of it is taken by now) | { 'error', code, details... }
-- @include verb
-- @include intake
local FIRST = 5
local batch, extras = ARGV[3], cjson.decode(ARGV[4])
local part, upstreams, names, entries = {}, {}, {}, {}

-- Reads the upstreams of an item that are not of its batch. Returns a refusal where one is missing.
local function check(extra)
  local ids = {}
  for _, edge in ipairs(extra.edges or {}) do
    if not edge.mine then
      ids[#ids + 1] = edge.to
    end
  end
  rows.fetch(ids)
  for _, edge in ipairs(extra.edges or {}) do
    if edge.to and not edge.mine then
      local upstream = rows.get(edge.to)
      if not upstream then
        return { 'error', 'UNKNOWN_DEPENDENCY', extra.task, edge.to }
      elseif edge.of and upstream.task ~= edge.of then
        return { 'error', 'UNKNOWN_DEPENDENCY', extra.task, edge.to, edge.of, upstream.task }
      end
      upstreams[#upstreams + 1] = edge.to
    end
  end
end

if idempotency.isOvertaken(batch) then
  return commit(0)
end
for at = FIRST, #ARGV, 2 do
  local extra = extras[tostring(#part + 1)] or {}
  local refusal = check(extra)
  if refusal then
    return refusal
  end
  part[#part + 1] = cmsgpack.pack({ ARGV[at], ARGV[at + 1], extra })
  if extra.idempotency then
    local request = idempotency.requestOf(ARGV[at], extra)
    names[#names + 1], entries[#entries + 1] = request.keyName, engine.idempotency.keyOf(tables, request)
  end
  if rows.bytes > STEP_BYTES then
    break
  end
end
for _, earlier in ipairs(idempotency.find(names)) do
  if earlier then
    return commit(0)
  end
end
for _, id in ipairs(upstreams) do
  intake.hold(batch, rows.get(id))
end
idempotency.gather(batch, names, entries)
intake.gather(batch, part)
return commit(#part)
