#!lua flags=allow-oom
-- Inserts the next executions of the oldest committed batch.
-- ARGV: context, operation, batch   Returns: 1 | 0 (the batch is fully inserted), effects
-- @include verb
-- @include bulkInsert
bulkInsert.step()
return commit(call('LPOS', keys.committedBatches, ARGV[3]) and 1 or 0)
