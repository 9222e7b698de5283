-- @include records
-- A workflow whose edges all lead from one member to another, without deadlines, is kept lean: how its members are tied
-- stands in the flags of their records, and a member has no state of its own while nothing out of the ordinary happens:
--   f<upstream>=<letter of the type>=<ref>,...;<dependent>=<index of its edge>=<letter of the type>,...
-- Its state is O<open edges> while it waits for them; none while it is ready, or runs; then it is that of a plain end. A
-- member that anything else happens to gets a state like any other execution's, for good.
local links = {}

-- The type of an edge by its letter.
links.types = { s = 'success', f = 'failure', c = 'completion', a = 'always' }
-- And the other way round.
links.letters = { success = 's', failure = 'f', completion = 'c', always = 'a' }

-- Its edges, in order: { upstream, letter, ref }.
function links.edges(flags)
  local found = {}
  for upstream, letter, ref in string.gmatch(string.match(flags, '^f([^;]*)'), '([^=,]+)=(%a)=([^,]*)') do
    found[#found + 1] = { upstream, letter, ref }
  end
  return found
end

-- Its dependents as edges are named: dependent|index|letter.
function links.dependents(flags)
  local names = {}
  for id, index, letter in string.gmatch(string.match(flags, ';(.*)$'), '([^=,]+)=(%d+)=(%a)') do
    names[#names + 1] = id .. '|' .. index .. '|' .. letter
  end
  return names
end

-- The result in any state, or nil. A state that cannot be read has none: it must not keep others from being claimed.
function links.resultOf(state)
  local first = state and string.byte(state)
  if first == 67 then
    return links.result(state)
  elseif not first or first == 79 then
    return nil
  end
  local _, result = records.readFields(state, 'result')
  return result
end

-- The result in a plain end, or nil.
function links.result(state)
  if string.byte(state, -1) == 124 then
    return nil
  end
  return string.match(state, '^C%d+|%d+|[^|]*|(.*)$')
end
