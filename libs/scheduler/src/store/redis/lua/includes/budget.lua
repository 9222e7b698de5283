-- Bounds of one reply: bytes of records and results, and edges of which results are read. Lists of records are read some at a
-- time, with a look at the budget between, since each record may have 256 kB: a few at first, and where those were large.
local budget = { few = 4 }

local MANY, SMALL_BYTES = 16, 65536

-- How many are read next, where those read last have so many bytes.
function budget.readNext(bytes)
  return bytes < SMALL_BYTES and MANY or budget.few
end

-- A row is parsed and written again: it costs so many times what its bytes cost in a reply.
local ROW_COST = 3

-- Rows of so many bytes were read for a claim.
function budget.addRows(bytes)
  budget.bytes = budget.bytes - ROW_COST * bytes
end

function budget.begin()
  budget.bytes, budget.edges, budget.isFull = 4194304, 500, false
  -- The results of the dependencies of those that are claimed: id, the edge from which on they are left to fetch (0: none),
  -- { ref, result or false, ... } in the order of the edges.
  budget.results = {}
end

function budget.addResults(id, left, found)
  local list = budget.results
  local n = #list
  list[n + 1], list[n + 2], list[n + 3] = id, left, found
end
