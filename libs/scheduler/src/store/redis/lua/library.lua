-- The modules of the library in the order of their definition. A module is a file with a table of the same name; the build
-- declares all tables first, and puts each file into its own block. Modules share these variables:

-- redis.call; callAll and readAll accept lists of any length, see chunks.lua.
local call, callAll, readAll
-- Reads a list until its texts exceed a size, see chunks.lua; bytes that one step may read (a record or a state may have
-- 256 kB).
local readSome
local STEP_BYTES = 524288
-- The store's time during a call, ms since 1970, see context.lua.
local now
-- Ends a verb and builds its reply, see transition.lua.
local commit
-- By name: whether a module has not been used in this call. Such a module begins at its first use; in a script, all begin.
local isUnused = {}
local find, sub, byte = string.find, string.sub, string.byte

-- @include verb
-- @include queries
-- @include clock
-- @include unnamedRuns
-- @include idempotency
-- @include bulkInsert
-- @include simpleEnqueue
-- @include startsUntil
-- @include compact
-- @include simple
