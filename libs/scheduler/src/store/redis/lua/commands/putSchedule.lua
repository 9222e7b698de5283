#!lua flags=allow-oom
-- Creates or changes a schedule. An unchanged one keeps its next tick and its pause.
-- ARGV: context, operation, schedule (JSON)   Returns: record (JSON), effects
-- @include verb
return commit(scheduleTable.pack(engine.schedule.put(tables, scheduleTable.unpack(ARGV[3]))))
