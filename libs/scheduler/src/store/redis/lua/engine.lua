-- Generated from libs/scheduler/src/engine by `npm run build:engine`. Do not edit.

local engine = { lock = {}, queue = {}, workflow = {}, finish = {}, cancel = {}, lockHandles = {}, rateLimit = {}, settle = {}, rescue = {} }

do
local exports = engine.lock
local grant, holdOf, park, unpark, stopWaiting, passToNextWaiter, isWaiting
local LOCK_RESERVED_MS = limits.LOCK_RESERVED_MS
local LOCK_WAIT_LAPSE_MS = limits.LOCK_WAIT_LAPSE_MS
local LOCK_WAITERS_PER_STEP = limits.LOCK_WAITERS_PER_STEP
--- An execution no longer waits for that lock: nothing is reserved for it, and a free lock goes to the next waiter.
function exports.withdraw(t, key, executionId)
    local lock = t.locks:get(key)
    if lock == nil then
        return
    end
    if lock.reserved == executionId then
        lock.reserved = nil
    end
    if exports.isFree(lock) then
        passToNextWaiter(t, lock)
    end
end
function exports.isHeld(lock)
    return lock.holder ~= nil or lock.handle ~= nil
end
function exports.isFree(lock)
    return not exports.isHeld(lock) and lock.reserved == nil
end
--- The lock of that key, or undefined. A hold whose time is over ends first, and a reservation for another execution.
function exports.find(t, key, executionId)
    local lock = t.locks:get(key)
    if lock == nil or lock.at == 0 or lock.at > t.now then
        return lock
    end
    if exports.isHeld(lock) then
        exports.loseHold(t, lock)
    elseif lock.reserved ~= nil and lock.reserved ~= executionId then
        exports.endReservation(t, lock)
    end
    return t.locks:get(key)
end
function exports.findOrCreate(t, key, executionId)
    return exports.find(t, key, executionId) or t.locks:create(key)
end
--- Whether it is free for that execution, or for a handle (undefined). A reservation ends where its execution could not
-- start any more, and yields to an execution that waits as well and comes before.
function exports.isOpenTo(t, lock, execution)
    if lock.reserved ~= nil and lock.reserved ~= (execution and execution.id) then
        local preferred = t:execution(lock.reserved)
        if preferred == nil or not t:couldStart(preferred) then
            exports.endReservation(t, lock)
        end
    end
    if exports.isHeld(lock) or lock.reserved == nil or execution == nil then
        return exports.isFree(lock)
    end
    if lock.reserved == execution.id then
        return true
    end
    local preferred = t:execution(lock.reserved)
    return execution.parkNumber ~= nil and preferred ~= nil and t.lockWaiters:isBefore(execution, preferred)
end
--- Grants the lock to a handle.
function exports.grantHandle(t, lock, owner, ttl)
    lock.handle = owner
    grant(t, lock, owner, t.now + ttl)
end
function exports.expireAt(t, lock, at)
    t.locks:setAt(lock, at)
    t:emitDue(at)
end
function exports.endHold(t, lock, how, owner)
    lock.holder = nil
    lock.handle = nil
    t:emitLock(how, lock, owner)
    passToNextWaiter(t, lock)
end
--- The holder loses the lock before it has released it.
function exports.loseHold(t, lock)
    t:count("locksLost", 1)
    local owner = lock.holder or lock.handle
    local holder = t:execution(lock.holder)
    if holder ~= nil then
        holder.heldLock = nil
        holder.fencingToken = nil
        t:touchExecution(holder)
    end
    exports.endHold(t, lock, "lost", owner)
end
--- The execution it was reserved for did not claim it: it stays ready, without a right to the lock.
function exports.endReservation(t, lock)
    lock.reserved = nil
    passToNextWaiter(t, lock)
end
--- Deletes a lock that nothing holds or waits for. The next one of its key gets a higher token all the same.
function exports.deleteUnused(t, lock)
    if exports.isFree(lock) and t.lockWaiters:isEmpty(lock) then
        t.locks:delete(lock)
    end
end
function grant(t, lock, owner, expiresAt)
    lock.fencingToken = t:nextFencingToken()
    t:count("lockAcquired", 1)
    exports.expireAt(t, lock, expiresAt)
    t:emitLock("granted", lock, owner)
    return lock.fencingToken
end
function holdOf(t, execution)
    return math.max(execution.lockTimeout, t.lease)
end
function park(t, lock, execution)
    if execution.parkNumber == nil then
        execution.parkNumber = t:nextNumber()
    end
    t.lockWaiters:park(lock, execution)
    if execution.lockMaxWait ~= nil then
        local deadline = t.now + (execution.lockWaitLeft or execution.lockMaxWait)
        execution.lockWaitLeft = nil
        t.lockWaiters:startWait(execution, deadline)
        t:emitDue(deadline)
    end
    t:touchExecution(execution)
end
function unpark(t, lock, execution)
    t.lockWaiters:unpark(lock, execution)
    if execution.lockMaxWait == nil then
        return
    end
    execution.lockWaitLeft = math.max(
        0,
        t.lockWaiters:haltWait(execution) - t.now
    )
end
function stopWaiting(t, execution)
    if execution.parkNumber == nil then
        return
    end
    t.lockWaiters:endWait(execution)
    t.lockWaiters:remove(execution)
    execution.lockWaitLeft = nil
    execution.parkNumber = nil
end
function passToNextWaiter(t, lock)
    t.locks:clearAt(lock)
    local ready = {}
    do
        local examined = 0
        while exports.isFree(lock) do
            local waiter = t.lockWaiters:first(lock)
            if waiter == nil then
                break
            end
            if examined == LOCK_WAITERS_PER_STEP then
                exports.expireAt(t, lock, t.now)
                break
            end
            if waiter.handle ~= nil then
                t.lockWaiters:removeHandle(lock, waiter.handle.owner)
                if isWaiting(t, waiter.handle) then
                    exports.grantHandle(t, lock, waiter.handle.owner, waiter.handle.ttl)
                end
            elseif waiter.execution ~= nil then
                unpark(t, lock, waiter.execution)
                ready[#ready + 1] = waiter.execution
                if t:couldStart(waiter.execution) then
                    lock.reserved = waiter.execution.id
                    exports.expireAt(t, lock, t.now + LOCK_RESERVED_MS)
                end
            end
            examined = examined + 1
        end
    end
    do
        local i = #ready - 1
        while i >= 0 do
            t:pushHead(ready[i + 1])
            i = i - 1
        end
    end
    t.locks:touch(lock)
    exports.deleteUnused(t, lock)
end
function isWaiting(t, wait)
    return wait.deadline > t.now and wait.askedAt + LOCK_WAIT_LAPSE_MS > t.now
end
--- Takes the lock for a claim, or parks the execution on it.
-- 
-- @returns whether it may run
function exports.takeOrPark(t, execution)
    local lock = exports.findOrCreate(t, execution.lockKey, execution.id)
    if not exports.isOpenTo(t, lock, execution) then
        park(t, lock, execution)
        return false
    end
    stopWaiting(t, execution)
    lock.reserved = nil
    lock.holder = execution.id
    execution.heldLock = lock.key
    execution.fencingToken = grant(
        t,
        lock,
        execution.id,
        t.now + holdOf(t, execution)
    )
    t:touchExecution(execution)
    return true
end
--- Releases what the execution holds or waits for, and grants it to the first of those who wait.
function exports.release(t, execution)
    if execution.lockKey == nil then
        return
    end
    if execution.parkNumber ~= nil then
        stopWaiting(t, execution)
        exports.withdraw(t, execution.lockKey, execution.id)
    end
    local held = t.locks:get(execution.heldLock)
    execution.heldLock = nil
    execution.fencingToken = nil
    if held ~= nil then
        exports.endHold(t, held, "released", execution.id)
    end
    t:touchExecution(execution)
end
--- Renews the lock of a run at its worker's heartbeat.
function exports.renew(t, execution)
    local held = t.locks:get(execution.heldLock)
    if held ~= nil then
        exports.expireAt(
            t,
            held,
            t.now + holdOf(t, execution)
        )
    end
end
--- Ends the holds and reservations whose time is over.
-- 
-- @returns how many
function exports.expire(t)
    return t.locks:eachDue(function(lock)
        if exports.isHeld(lock) then
            exports.loseHold(t, lock)
        else
            exports.endReservation(t, lock)
        end
    end)
end
end

do
local exports = engine.queue
--- Places an execution where it waits: for its time, then for its upstreams, then in its queue.
function exports.place(t, execution)
    if execution.dueAt > t.now then
        t:delay(execution)
    elseif execution.openEdges > 0 then
        t:block(execution)
    else
        t:pushTail(execution)
    end
end
end

do
local exports = engine.workflow
local countEnd
--- The last of its executions has ended, or it has none: from here on history has it, as a whole.
function exports.close(t, workflow)
    exports.complete(t, workflow)
    t:retireWorkflow(workflow)
end
--- Its status follows from the ends of its executions.
function exports.complete(t, workflow)
    workflow.status = workflow.failed > 0 and "FAILED" or (workflow.cancelled > 0 and "CANCELLED" or "COMPLETED")
    workflow.completedAt = t.now
    t.workflows:touch(workflow)
    t:emitWorkflow(workflow)
end
function countEnd(workflow, execution, by)
    if execution.status == "FAILED" then
        workflow.failed = workflow.failed + by
    elseif execution.status == "CANCELLED" then
        workflow.cancelled = workflow.cancelled + by
    end
end
--- A member has ended. The last one ends the workflow.
function exports.closeMember(t, execution)
    local workflow = t.workflows:get(execution.workflowId)
    if workflow == nil or workflow.open <= 0 then
        t:retire(execution)
        return
    end
    workflow.open = workflow.open - 1
    countEnd(workflow, execution, 1)
    t.workflows:addBytes(workflow, execution)
    t.workflows:touchCounts(workflow)
    if workflow.open == 0 then
        exports.close(t, workflow)
    end
end
--- An ended member is about to be reopened: with it, the whole workflow is out of history.
function exports.openMember(t, execution)
    local workflow = t.workflows:get(execution.workflowId)
    if workflow == nil then
        return
    end
    t:unretireWorkflow(workflow)
    workflow.open = workflow.open + 1
    countEnd(workflow, execution, -1)
    t.workflows:removeBytes(workflow, execution)
    t.workflows:touchCounts(workflow)
    if workflow.open > 1 then
        return
    end
    workflow.status = "RUNNING"
    workflow.completedAt = 0
    t.workflows:touch(workflow)
end
end

do
local exports = engine.finish
local lock = engine.lock
local place = engine.queue.place
local closeMember = engine.workflow.closeMember
local openMember = engine.workflow.openMember
--- The counter and the transition of each end.
local ENDS = {COMPLETED = "completed", FAILED = "failed", CANCELLED = "cancelled", SKIPPED = "skipped"}
--- Ends an execution: the one way for success, failure, cancel, skip, timeouts and lost workers.
function exports.finish(t, execution, verb, status, outcome)
    if execution.status == "RUNNING" then
        t:endRun(execution)
    else
        t:leave(execution)
    end
    t:move(execution, verb, status)
    execution.completedAt = t.now
    execution.result = outcome.result
    execution.error = outcome.error
    execution.reason = outcome.reason
    t:setKept(execution)
    t:count(ENDS[status], 1)
    t:countEnd(execution)
    t:emitExecution(execution, ENDS[status])
    lock.release(t, execution)
    t:releaseUpstreams(execution)
    t:propagate(execution, false)
    if execution.workflowId == nil then
        t:retire(execution)
    else
        closeMember(t, execution)
    end
end
--- Runs an ended execution again, with fresh budgets.
function exports.reopen(t, execution)
    t:unretire(execution)
    if execution.workflowId ~= nil then
        openMember(t, execution)
    end
    t:move(execution, "reopen", "PENDING")
    execution.failures = 0
    execution.crashes = 0
    execution.snoozes = 0
    execution.leaseToken = execution.leaseToken + 1
    execution.completedAt = 0
    execution.cancelRequestedAt = 0
    execution.result = nil
    execution.error = nil
    execution.reason = nil
    execution.rootCause = nil
    execution.dueAt = t.now
    execution.isDated = nil
    t:reattach(execution)
    t:emitExecution(execution, "reopened")
    place(t, execution)
    t:propagate(execution, true)
end
end

do
local exports = engine.cancel
local request
local finish = engine.finish.finish
function request(t, execution, deadline)
    execution.cancelRequestedAt = t.now
    t:setCancelDeadline(execution, deadline)
    t:emitExecution(execution, "cancelRequested")
    t:emitDue(deadline)
    t:touchExecution(execution)
end
--- Ends an execution that does not run; asks for the end of one that does.
-- 
-- @param grace ms after which a run ends as cancelled, whatever its handler does
-- @returns false where it has ended already
function exports.cancel(t, execution, grace)
    if execution.status == "PENDING" or execution.status == "RETRYING" then
        execution.cancelRequestedAt = t.now
        finish(
            t,
            execution,
            "cancel",
            "CANCELLED",
            {error = execution.error, reason = "CANCELLED"}
        )
        return true
    end
    if execution.status ~= "RUNNING" then
        return false
    end
    if execution.cancelRequestedAt == 0 then
        request(t, execution, t.now + grace)
    end
    return true
end
end

do
local exports = engine.lockHandles
local grantOf, heldBy
local deleteUnused = engine.lock.deleteUnused
local endHold = engine.lock.endHold
local endReservation = engine.lock.endReservation
local expireAt = engine.lock.expireAt
local find = engine.lock.find
local findOrCreate = engine.lock.findOrCreate
local grantHandle = engine.lock.grantHandle
local isHeld = engine.lock.isHeld
local isOpenTo = engine.lock.isOpenTo
local loseHold = engine.lock.loseHold
function grantOf(lock, owner)
    return {key = lock.key, owner = owner, fencingToken = lock.fencingToken, expiresAt = lock.at}
end
function heldBy(t, key, owner, fencingToken)
    local lock = find(t, key)
    return lock ~= nil and lock.handle == owner and lock.fencingToken == fencingToken and lock or nil
end
--- Grants the lock to a handle, or lets it wait. Its holder gets its time anew.
-- 
-- @param ttl ms for which it holds the lock
-- @param maxWait ms for which it waits from now; 0: it does not
-- @returns the lock where the handle holds it, else undefined
function exports.acquire(t, key, owner, ttl, maxWait)
    local lock = findOrCreate(t, key)
    if lock.handle == owner then
        expireAt(t, lock, t.now + ttl)
        return grantOf(lock, owner)
    end
    if isOpenTo(t, lock) then
        t.lockWaiters:removeHandle(lock, owner)
        grantHandle(t, lock, owner, ttl)
        return grantOf(lock, owner)
    end
    if maxWait > 0 then
        t.lockWaiters:putHandle(lock, {owner = owner, ttl = ttl, deadline = t.now + maxWait, askedAt = t.now})
    end
    return nil
end
--- A handle no longer waits.
-- 
-- @returns whether it did
function exports.abandon(t, key, owner)
    local lock = t.locks:get(key)
    if lock == nil or not t.lockWaiters:removeHandle(lock, owner) then
        return false
    end
    deleteUnused(t, lock)
    return true
end
---
-- @returns false where the handle does not hold the lock with that token
function exports.releaseHandle(t, key, owner, fencingToken)
    local lock = heldBy(t, key, owner, fencingToken)
    if lock ~= nil then
        endHold(t, lock, "released", owner)
    end
    return lock ~= nil
end
---
-- @returns false where the handle does not hold the lock with that token
function exports.extendHandle(t, key, owner, fencingToken, ttl)
    local lock = heldBy(t, key, owner, fencingToken)
    if lock ~= nil then
        expireAt(t, lock, t.now + ttl)
    end
    return lock ~= nil
end
--- Takes the lock from its holder, or ends its reservation.
-- 
-- @returns whether there was one
function exports.forceRelease(t, key)
    local lock = find(t, key)
    if lock == nil then
        return false
    end
    if isHeld(lock) then
        loseHold(t, lock)
    elseif lock.reserved ~= nil then
        endReservation(t, lock)
    else
        return false
    end
    return true
end
end

do
local exports = engine.rateLimit
local RATE_PARTS = limits.RATE_PARTS
---
-- @param starts oldest first
-- @returns the instant, ms, from which on another start keeps the limit; 0: any
function exports.roomAt(starts, max, per)
    local left = 0
    for ____, each in ipairs(starts) do
        left = left + each.count
    end
    local at = 0
    for ____, each in ipairs(starts) do
        if left < max then
            break
        end
        left = left - each.count
        at = each.at + per
    end
    return at
end
--- Adds a start, and drops those that have left the span that ends now.
function exports.addStart(starts, per, now)
    while #starts > 0 and starts[1].at + per <= now do
        table.remove(starts, 1)
    end
    local last = starts[#starts]
    if last ~= nil and now - last.from < per / RATE_PARTS then
        last.at = now
        last.count = last.count + 1
    else
        starts[#starts + 1] = {from = now, at = now, count = 1}
    end
end
end

do
local exports = engine.settle
local retry, snooze, placeLater
local finish = engine.finish.finish
local lock = engine.lock
local place = engine.queue.place
--- Returns a run to the head of its queue, as if it had not been claimed.
function exports.release(t, execution)
    exports.giveUp(t, execution)
    execution.runs = execution.runs - 1
    t:move(execution, "release", "PENDING")
    t:count("released", 1)
    t:emitExecution(execution, "released")
    t:pushHead(execution)
    lock.release(t, execution)
end
--- Takes a run from its worker, so that its token is not current any more. Its lock is released once the execution has its
-- place, so that this place is behind that of the next holder.
function exports.giveUp(t, execution)
    t:endRun(execution)
    execution.leaseToken = execution.leaseToken + 1
end
function retry(t, execution, failure, delay)
    execution.failures = execution.failures + 1
    t:addAttempt(execution, "FAILED", failure)
    if failure ~= nil then
        t:addRecentError(execution, failure)
    end
    exports.giveUp(t, execution)
    t:move(execution, "retry", "RETRYING")
    execution.error = failure
    t:count("retried", 1)
    placeLater(t, execution, delay)
end
function snooze(t, execution, failure, delay)
    execution.snoozes = execution.snoozes + 1
    t:addAttempt(execution, "SNOOZED", failure)
    exports.giveUp(t, execution)
    t:move(execution, "retry", "RETRYING")
    execution.error = nil
    execution.reason = "SNOOZED"
    t:count("snoozed", 1)
    placeLater(t, execution, delay)
end
function placeLater(t, execution, delay)
    execution.dueAt = t.now + delay
    execution.isDated = nil
    t:emitExecution(execution, "retrying")
    place(t, execution)
    lock.release(t, execution)
end
function exports.settle(t, execution, settlement)
    local failure = settlement.error
    local isCancelled = execution.cancelRequestedAt > 0 and settlement.kind ~= "complete"
    if isCancelled or settlement.kind == "cancel" then
        t:addAttempt(execution, "CANCELLED", failure)
        finish(
            t,
            execution,
            "finalizeCancel",
            "CANCELLED",
            {error = failure, reason = "CANCELLED"}
        )
    elseif settlement.kind == "complete" then
        if execution.attempts ~= nil then
            t:addAttempt(execution, "COMPLETED", nil)
        end
        finish(
            t,
            execution,
            "complete",
            "COMPLETED",
            {result = settlement.result}
        )
    elseif settlement.kind == "fail" then
        t:addAttempt(execution, "FAILED", failure)
        finish(
            t,
            execution,
            "fail",
            "FAILED",
            {error = failure, reason = settlement.reason}
        )
    elseif settlement.kind == "retry" then
        retry(t, execution, failure, settlement.delay)
    elseif settlement.kind == "snooze" then
        snooze(t, execution, failure, settlement.delay)
    else
        exports.release(t, execution)
        if settlement.lock ~= nil and execution.lockKey == nil then
            t:requireLock(execution, settlement.lock)
        end
    end
end
--- Ends a run as cancelled, without a settlement of its worker.
function exports.finalizeCancel(t, execution)
    execution.leaseToken = execution.leaseToken + 1
    t:addAttempt(execution, "CANCELLED", nil)
    finish(
        t,
        execution,
        "finalizeCancel",
        "CANCELLED",
        {reason = "CANCELLED"}
    )
end
end

do
local exports = engine.rescue
local MAX_CRASHES = limits.MAX_CRASHES
local finish = engine.finish.finish
local lock = engine.lock
local finalizeCancel = engine.settle.finalizeCancel
local giveUp = engine.settle.giveUp
local release = engine.settle.release
--- The lease of its worker is over: the run goes back to the head of its queue, or fails after too many crashes.
function exports.rescue(t, execution)
    if execution.cancelRequestedAt > 0 then
        finalizeCancel(t, execution)
        return
    end
    t:count("crashed", 1)
    execution.crashes = execution.crashes + 1
    local message = (("worker " .. tostring(execution.lastWorkerId)) .. " stopped beating during run ") .. tostring(execution.runs)
    local failure = t:makeError("WorkerLostError", message, "WORKER_LOST")
    t:addAttempt(execution, "WORKER_LOST", failure)
    if execution.crashes >= MAX_CRASHES then
        execution.leaseToken = execution.leaseToken + 1
        finish(
            t,
            execution,
            "rescue",
            "FAILED",
            {error = failure, reason = "WORKER_LOST"}
        )
        return
    end
    giveUp(t, execution)
    t:move(execution, "rescue", "PENDING")
    t:emitExecution(execution, "rescued")
    t:pushHead(execution)
    lock.release(t, execution)
end
--- Takes back a run that its worker does not hold: it leaves, or has lost it.
function exports.takeBack(t, execution)
    if execution.cancelRequestedAt > 0 then
        finalizeCancel(t, execution)
    else
        release(t, execution)
    end
end
--- The execution has waited for its lock for as long as it may.
function exports.endLockWait(t, execution)
    t:count("lockTimeouts", 1)
    local message = ((("lock '" .. tostring(execution.lockKey)) .. "' was not free within ") .. tostring(execution.lockMaxWait)) .. " ms"
    local failure = t:makeError("LockTimeoutError", message, "LOCK_TIMEOUT")
    finish(
        t,
        execution,
        "expire",
        "FAILED",
        {error = failure, reason = "LOCK_TIMEOUT"}
    )
end
end
