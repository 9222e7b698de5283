-- Takes a part of a batch that is too large for one script.
-- ARGV: frame, operation, batch, extras (JSON: index -> what the execution has beside its record),
--   then of each: executionId, record   Returns: 1 | { 'error', code, details... }
-- @include verb
-- @include intake
local FIRST = 5
local extras = cjson.decode(ARGV[4])
local part, upstreams = {}, {}
for at = FIRST, #ARGV, 2 do
  local i = #part + 1
  part[i] = { ARGV[at], ARGV[at + 1], extras[tostring(i)] or {} }
  for _, edge in ipairs(part[i][3].edges or {}) do
    upstreams[#upstreams + 1] = not edge.mine and edge.to or nil
  end
end
rows.fetch(upstreams)
for _, each in ipairs(part) do
  for _, edge in ipairs(each[3].edges or {}) do
    if edge.to and not edge.mine and not rows.get(edge.to) then
      return { 'error', 'UNKNOWN_DEPENDENCY', each[3].task, edge.to }
    end
  end
end
intake.gather(ARGV[3], part)
return commit(1)
