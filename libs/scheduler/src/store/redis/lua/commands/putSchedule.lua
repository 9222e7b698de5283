#!lua flags=allow-oom
-- Creates or changes a schedule; an unchanged one keeps its next tick and its pause.
-- ARGV: context, operation, schedule (JSON)   Returns: the record (JSON), effects
-- @include verb
return commit(scheduleTable.pack(engine.schedule.put(tables, scheduleTable.unpack(ARGV[3]))))
