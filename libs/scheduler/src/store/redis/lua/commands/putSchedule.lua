#!lua flags=allow-oom
-- Creates or changes a schedule. An unchanged one keeps its next tick and its pause.
-- ARGV: context, operation, schedule (JSON)   Returns: record (JSON), effects
-- @include verb
return commit(scheduleRecords.pack(engine.schedule.put(tables, scheduleRecords.decode(ARGV[3]))))
