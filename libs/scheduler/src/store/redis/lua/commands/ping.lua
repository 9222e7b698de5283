#!lua flags=no-writes
-- ARGV: context, operation (none)   Returns: 1
return 1
