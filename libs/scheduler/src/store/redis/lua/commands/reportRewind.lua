#!lua flags=allow-oom
-- Counts a loss of data: the store does not have executions that it had reported to a node.
-- ARGV: context, operation, number of lost executions   Returns: 1, effects
-- @include verb
context.count('rewound', 1)
effects.push({ 'rewound', false, tonumber(ARGV[3]), now })
return commit(1)
