-- Bounds of one reply: bytes of records and results, and edges whose results are read. Lists of records are read in parts,
-- and the budget is checked after each, since a record may have 256 kB: the first part is small, and so is each after large
-- records.
local budget = { firstPart = 4 }

local MANY, SMALL_BYTES = 16, 65536

-- The size of the next part, by the bytes of the last one.
function budget.nextPart(bytes)
  return bytes < SMALL_BYTES and MANY or budget.firstPart
end

-- The cost of a row in bytes of a reply: it is parsed, and written again.
local ROW_COST = 3

-- Charges the bytes of rows that a claim has read.
function budget.addRows(bytes)
  budget.bytes = budget.bytes - ROW_COST * bytes
end

function budget.begin()
  budget.bytes, budget.edges, budget.isFull = 4194304, 500, false
  -- Results of the upstreams of claims: id, index of the edge from which they must be fetched (0: none), { ref, result or
  -- false, ... } in the order of the edges.
  budget.results = {}
end

function budget.addResults(id, left, found)
  local list = budget.results
  local n = #list
  list[n + 1], list[n + 2], list[n + 3] = id, left, found
end
