-- The codec of workers (`keys.workers`): { queues, slots, started, joined, draining, rotation, suspect }.
-- @include memo
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

local KEPT_AT_MOST = 1000

-- The worker with that record, without its id; not to be changed, since later calls get it again. nil: it is unreadable.
workerRecords.view = memo.of(function(record)
  return workerRecords.parse(nil, record)
end, KEPT_AT_MOST)
