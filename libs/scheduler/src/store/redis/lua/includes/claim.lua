-- A worker's claims as the reply contains them.
local claim = {}

function claim.begin()
  claim.list = {}
end

local function add(row)
  -- lease token|run|failures|due|claim number|simple|workflow|rarely used fields (JSON)
  local rare = ''
  if row.heldLock or row.snoozes > 0 then
    rare = cjson.encode({
      lk = row.heldLock,
      fk = row.heldLock and row.fencingToken,
      sz = row.snoozes > 0 and row.snoozes or nil,
    })
  end
  if row.edgeCount then
    local found, left = edges.results(row, 1)
    if #found > 0 or left > 0 then
      budget.addResults(row.id, left, found)
    end
  end
  local isSimple = rows.isSimple[row.id] and 1 or 0
  local detail =
    { row.leaseToken, row.runs, row.failures, row.dueAt, row.claimNumber, isSimple, row.workflowId or '', rare }
  table.insert(claim.list, row.id)
  table.insert(claim.list, row.record)
  table.insert(claim.list, table.concat(detail, '|'))
end

-- Claims up to `demand` executions for the worker, `slots` of them for free slots. Returns whether a bound ended it.
function claim.claim(worker, demand, slots, options)
  runTable.flush()
  readyTable.flush()
  local capacity = {}
  for name, count in pairs(options.capacity or {}) do
    capacity[#capacity + 1] = { queue = name, count = count }
  end
  local request = { want = demand, slots = slots, reserved = options.reserved or {}, capacity = capacity }
  return engine.claim.claim(tables, worker, request, add)
end
