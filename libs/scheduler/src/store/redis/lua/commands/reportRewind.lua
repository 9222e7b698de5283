#!lua flags=allow-oom
-- A process was told of executions that the store does not have any more: it came back with older data, or with none.
-- ARGV: context, operation, how many   Returns: 1, effects
-- @include verb
context.count('rewound', 1)
effects.push({ 'rewound', false, tonumber(ARGV[3]), now })
return commit(1)
