-- The codec of workers (`keys.workers`): { queues, slots, started, joined, draining, rotation, suspect }.
local workerRecords = {}

-- The worker with that record, or nil: an unreadable worker counts as unknown, and registers again.
function workerRecords.parse(id, record)
  local ok, worker = pcall(cmsgpack.unpack, record or '')
  if not ok or type(worker) ~= 'table' or not worker.queues then
    return nil
  end
  worker.id = id
  return worker
end

-- Workers by id, with the record that each was parsed from: most records do not change between calls.
local known, knownCount = {}, 0
local KNOWN_AT_MOST = 1000

-- The same, not to be changed: later calls get it again.
function workerRecords.view(id, record)
  local worker = known[id]
  if worker and worker.record == record then
    return worker.parsed
  end
  local parsed = workerRecords.parse(id, record)
  if not worker then
    if knownCount == KNOWN_AT_MOST then
      known, knownCount = {}, 0
    end
    knownCount = knownCount + 1
  end
  known[id] = { record = record, parsed = parsed }
  return parsed
end
