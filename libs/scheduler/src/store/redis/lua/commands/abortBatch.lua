#!lua flags=allow-oom
-- Aborts a staged batch.
-- ARGV: context, operation, batch   Returns: 1, effects
-- @include verb
-- @include bulkInsert
bulkInsert.abort(ARGV[3])
return commit(1)
