-- Stages a part of a batch, as far as the bytes of its upstreams allow.
-- ARGV: context, operation, batch, extras (JSON: index -> options of the item that are not in its record), then for each
--   item: executionId, record body, or '' for further edges of the execution before it
-- Returns: number of staged items | 0 (an idempotency key of the batch is taken) | { 'error', code, details... }
-- @include verb
-- @include bulkInsert
local FIRST = 5
local batch, extras = ARGV[3], cjson.decode(ARGV[4])
local part, upstreams, names, entries = {}, {}, {}, {}

-- Reads the upstreams of an item that are not in its batch. Returns an error if one is missing.
local function check(extra)
  local ids = {}
  for _, edge in ipairs(extra.edges or {}) do
    if not edge.inBatch then
      ids[#ids + 1] = edge.to
    end
  end
  rows.fetch(ids)
  for _, edge in ipairs(extra.edges or {}) do
    if edge.to and not edge.inBatch then
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
  bulkInsert.hold(batch, rows.get(id))
end
idempotency.stageKeys(batch, names, entries)
bulkInsert.stage(batch, part)
return commit(#part)
