#!lua flags=no-writes
-- ARGV: frame, operation (none)   Returns: 1
return 1
