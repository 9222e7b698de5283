-- Generated from libs/scheduler/src/engine by `npm run build:engine`. Do not edit.

local engine = { history = {}, rateLimit = {}, queue = {}, status = {}, edges = {}, startable = {}, lock = {}, minuteStats = {}, workflow = {}, finish = {}, overlap = {}, dependency = {}, admit = {}, cancel = {}, ttl = {}, claim = {}, idempotency = {}, lockHandles = {}, settle = {}, rescue = {}, schedule = {}, task = {}, view = {}, worker = {} }

do
local exports = engine.history
local trimOutcome, isNeeded
--- Moves an ended workflow into history, once no live execution outside of it needs any of its executions.
function exports.retireWorkflow(t, workflow)
    if workflow.open > 0 or workflow.pins > 0 or t.history:hasWorkflow(workflow) then
        return
    end
    t.history:enterWorkflow(workflow)
end
function trimOutcome(t, outcome, limit)
    local bounds = t.history:bounds(outcome)
    local count = t.history:count(outcome)
    local bytes = bounds.bytes == nil and 0 or t.history:bytes(outcome)
    local done = 0
    while done < limit do
        local isTooMuch = count > bounds.count or bounds.bytes ~= nil and bytes > bounds.bytes
        if not isTooMuch and bounds.age == nil then
            break
        end
        local oldest = t.history:oldest(outcome)
        if oldest == nil or not isTooMuch and oldest.completedAt > t.now - bounds.age then
            break
        end
        count = count - 1
        if bounds.bytes ~= nil then
            bytes = bytes - oldest.bytes
        end
        done = done + t.history:drop(outcome, oldest)
    end
    return done
end
function isNeeded(t, execution)
    if execution.liveDependents > 0 or execution.isKeptForEdges or execution.arrivalSteps ~= nil then
        return true
    end
    return t:isNewest(execution)
end
local OUTCOMES = {"COMPLETED", "FAILED", "CANCELLED", "SKIPPED"}
--- Moves an ended execution into history, once no live one needs it: alone, or with its whole workflow.
function exports.retire(t, execution)
    if not t.history:isKept(execution) then
        return
    end
    local workflow = t.workflows:of(execution)
    if workflow ~= nil then
        exports.retireWorkflow(t, workflow)
    elseif not isNeeded(t, execution) then
        t.history:enter(execution)
    end
end
--- Takes an execution that stands alone out of history.
function exports.unretire(t, execution)
    if t.history:has(execution) then
        t.history:leave(execution)
    end
end
--- Takes a workflow out of history.
function exports.unretireWorkflow(t, workflow)
    if t.history:hasWorkflow(workflow) then
        t.history:leaveWorkflow(workflow)
    end
end
--- One more live execution needs how that one ended, from outside of its workflow.
function exports.pin(t, execution)
    local workflow = t.workflows:of(execution)
    if workflow == nil then
        exports.unretire(t, execution)
        return
    end
    workflow.pins = workflow.pins + 1
    t.workflows:touchCounts(workflow)
    exports.unretireWorkflow(t, workflow)
end
--- One less does; it may go into history.
function exports.unpin(t, execution)
    local workflow = t.workflows:of(execution)
    if workflow == nil then
        exports.retire(t, execution)
        return
    end
    workflow.pins = workflow.pins - 1
    t.workflows:touchCounts(workflow)
    exports.retireWorkflow(t, workflow)
end
--- As unpin, of one that is about to run again.
function exports.unpinReopened(t, execution)
    local workflow = t.workflows:of(execution)
    if workflow == nil then
        return
    end
    workflow.pins = workflow.pins - 1
    t.workflows:touchCounts(workflow)
end
--- At the end of a verb: drops what is more than is kept of the outcomes that history has got more of.
-- 
-- @param limit executions
function exports.trimGrown(t, limit)
    local left = limit
    for ____, outcome in ipairs(OUTCOMES) do
        if t.history:takeGrown(outcome) then
            left = left - trimOutcome(t, outcome, left)
        end
    end
end
--- Drops what is more than is kept, oldest first: of each outcome by number, age and bytes.
-- 
-- @param limit executions
function exports.trim(t, limit)
    local done = 0
    for ____, outcome in ipairs(OUTCOMES) do
        done = done + trimOutcome(t, outcome, limit - done)
    end
    return {
        done = done,
        isOver = done >= limit or t.history:isCut()
    }
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
local exports = engine.queue
local UNDECLARED_MS = limits.UNDECLARED_MS
local addStart = engine.rateLimit.addStart
local roomAt = engine.rateLimit.roomAt
--- Makes an execution ready that has waited for its time and its upstreams. From here on it may expire, see ttl.ts.
function exports.enter(t, execution)
    t:pushTail(execution)
    if execution.ttl == nil or execution.status ~= "PENDING" then
        return
    end
    t.expiries:start(execution, t.now + execution.ttl)
    t:emitDue(t.now + execution.ttl)
end
---
-- @returns the instant, ms, from which on another start keeps the rate limit; 0: any
function exports.refillAt(queue)
    return queue.max == nil and 0 or roomAt(queue.starts, queue.max, queue.per)
end
--- Places an execution where it waits: for its time, then for its upstreams, then in its queue.
function exports.place(t, execution)
    if execution.dueAt > t.now then
        t:delay(execution)
    elseif execution.openEdges > 0 then
        t:block(execution)
    else
        exports.enter(t, execution)
    end
end
--- Moves delayed executions on that are due, earliest first.
-- 
-- @returns how many
function exports.promote(t, limit)
    return t:eachDelayed(
        limit,
        function(execution) return exports.place(t, execution) end
    )
end
function exports.isLimited(queue)
    return queue.max ~= nil or queue.concurrency ~= nil
end
--- Whether the limits of the queue permit another start now. Before its runs are counted, a limit of them permits none.
function exports.hasRoom(t, queue)
    local isFull = queue.concurrency ~= nil and (queue.isCounting == true or queue.running >= queue.concurrency)
    if isFull then
        return false
    end
    return exports.refillAt(queue) <= t.now
end
--- As `hasRoom`, for a claim: where time alone makes room, a claim follows then.
function exports.hasRoomToClaim(t, queue)
    local isOpen = exports.hasRoom(t, queue)
    if not isOpen and exports.refillAt(queue) > t.now then
        t:emitDue(exports.refillAt(queue))
    end
    return isOpen
end
--- A run has started.
function exports.countStart(t, queue)
    queue.running = queue.running + 1
    if queue.max ~= nil then
        addStart(queue.starts, queue.per, t.now)
    end
    if exports.isLimited(queue) then
        t.queues:touch(queue)
    end
end
--- Takes a run from its worker.
function exports.endRun(t, execution)
    local queue = t:queueOf(execution)
    local isCounted = t.queues:isCounted(queue, execution)
    t:endRun(execution)
    if isCounted then
        queue.running = queue.running - 1
    end
    if exports.isLimited(queue) then
        t.queues:touch(queue)
    end
    if queue.concurrency ~= nil then
        t:wake(queue)
    end
end
---
-- @returns false where it is paused already
function exports.pause(t, queue)
    if queue.paused == true then
        return false
    end
    queue.paused = true
    t.queues:touch(queue)
    t:emitQueue("paused", queue)
    return true
end
---
-- @returns false where it is not paused
function exports.resume(t, queue)
    if queue.paused ~= true then
        return false
    end
    queue.paused = false
    t.queues:touch(queue)
    t:emitQueue("resumed", queue)
    t:wake(queue)
    return true
end
--- Sets the limits of a queue.
-- 
-- @param declaredBy the app whose code declares them; undefined: a call sets them
function exports.configure(t, queue, limits, declaredBy)
    local wasLimited = exports.isLimited(queue)
    queue.max = limits.max
    queue.per = limits.per
    queue.concurrency = limits.concurrency
    if limits.max == nil then
        queue.starts = {}
    end
    local ____queue_1 = queue
    local ____isLimited_result_0
    if exports.isLimited(queue) then
        ____isLimited_result_0 = declaredBy
    else
        ____isLimited_result_0 = nil
    end
    ____queue_1.declaredBy = ____isLimited_result_0
    local ____queue_3 = queue
    local ____temp_2
    if queue.declaredBy == nil then
        ____temp_2 = nil
    else
        ____temp_2 = t:attendedTime()
    end
    ____queue_3.declaredAt = ____temp_2
    if exports.isLimited(queue) ~= wasLimited then
        t.queues:setLimited(queue, not wasLimited)
    end
    t.queues:touch(queue)
    t:wake(queue)
end
--- An app still declares the limits of these queues.
function exports.declare(t, appName, names)
    for ____, name in ipairs(names) do
        local queue = t.queues:get(name)
        if queue ~= nil and queue.declaredBy == appName then
            queue.declaredAt = t:attendedTime()
            t.queues:touch(queue)
        end
    end
end
---
-- @param isAlone whether it is known that no process declares others: else they have some time
function exports.isUndeclared(t, queue, appName, isAlone)
    return queue.declaredBy == appName and (isAlone or queue.declaredAt + UNDECLARED_MS <= t:attendedTime())
end
--- Clears the limits of those that the app does not declare any more, see isUndeclared.
-- 
-- @returns their names, in order
function exports.clearUndeclared(t, appName, names, isAlone)
    local cleared = {}
    for ____, name in ipairs(names) do
        local queue = t.queues:get(name)
        if queue ~= nil and exports.isUndeclared(t, queue, appName, isAlone) then
            cleared[#cleared + 1] = name
            exports.configure(t, queue, {})
        end
    end
    return cleared
end
--- Wakes the queues whose rate limit has room again.
function exports.wakeRefilled(t)
    t.queues:eachRefilled(function(queue)
        if t.ready:count(queue) > 0 then
            t:wake(queue)
        end
    end)
end
---
-- @returns the next instant, ms, at which maintenance has something to do
function exports.nextDue(t)
    local next = t:nextDeadline()
    local at = t.queues:nextRefill()
    local ____temp_4
    if next == nil or at ~= nil and at < next then
        ____temp_4 = at
    else
        ____temp_4 = next
    end
    return ____temp_4
end
end

do
local exports = engine.status
--- Whether an execution has ended; as `isTerminal` of core, which does not compile to Lua with the rest of it.
function exports.hasEnded(status)
    return status == "COMPLETED" or status == "FAILED" or status == "CANCELLED" or status == "SKIPPED"
end
end

do
local exports = engine.edges
local startTimeout, counts, mayBeUsed, attachLater, endArrivalStep, attach, hold, isInternal, releaseSome, releaseEdge, reattachSome, reattachEdge, READ_AT_ONCE
local pin = engine.history.pin
local unpin = engine.history.unpin
local unpinReopened = engine.history.unpinReopened
local enter = engine.queue.enter
local hasEnded = engine.status.hasEnded
--- An open edge of a live execution holds; the last one makes it ready.
function exports.closeEdge(t, execution)
    execution.openEdges = math.max(0, execution.openEdges - 1)
    if execution.openEdges > 0 or not t:isBlocked(execution) then
        return
    end
    t:leave(execution)
    enter(t, execution)
end
--- Whether an edge waits for its upstream. One that is still to be reattached does not yet.
function exports.isUndecided(dependent, edge)
    if edge.state ~= "open" or hasEnded(dependent.status) then
        return false
    end
    return dependent.edgesToReattach == nil or edge.index > dependent.edgesToReattach
end
--- Whether an execution has not ended, or has not told its dependents of its end.
function exports.isUnderWay(upstream)
    return not hasEnded(upstream.status) or upstream.endsToPropagate ~= nil and upstream.endsToPropagate > 0
end
function startTimeout(t, edge)
    if edge.timeout == nil then
        return
    end
    t.edges:startTimeout(edge, t.now + edge.timeout)
    t:emitDue(t.now + edge.timeout)
end
function counts(t, edge, dependent, newest, request)
    if not hasEnded(newest.status) then
        return true
    end
    if edge.maxAge ~= nil and newest.completedAt < t.now - edge.maxAge then
        return false
    end
    if edge.reuse then
        return true
    end
    local user = t.edges:userOf(newest, dependent)
    return user == nil or user == request
end
function mayBeUsed(t, edge, dependent, newest)
    if not hasEnded(newest.status) or newest.arrivalSteps == nil or edge.reuse == true then
        return false
    end
    return t.edges:userOf(newest, dependent) == nil
end
function attachLater(t, edge, dependent, newest, request)
    newest.arrivalSteps = (newest.arrivalSteps or 0) + 1
    t:touchExecution(newest)
    t.steps:add(newest, "late", edge.index, {dependentId = dependent.id, request = request})
end
function endArrivalStep(t, execution)
    if execution.arrivalSteps == nil then
        return
    end
    local left = execution.arrivalSteps - 1
    execution.arrivalSteps = left > 0 and left or nil
    t:touchExecution(execution)
    if left > 0 then
        return
    end
    execution.arrivalNumber = nil
    unpin(t, execution)
end
function attach(t, edge, dependent, upstreamId, request)
    local upstream = t:execution(upstreamId)
    t.edges:link(edge, upstreamId, upstream)
    if upstream == nil then
        return
    end
    if not hasEnded(dependent.status) or dependent.edgesReleased ~= nil then
        hold(t, dependent, upstream)
    end
    t.edges:use(upstream, dependent, request)
end
function hold(t, dependent, upstream)
    if isInternal(t, dependent, upstream) then
        return
    end
    if not dependent.hasExternalEdges then
        dependent.hasExternalEdges = true
        t:touchExecution(dependent)
    end
    pin(t, upstream)
    t.edges:addLive(upstream, 1)
end
function isInternal(t, dependent, upstream)
    if dependent.workflowId == nil or dependent.workflowId ~= upstream.workflowId then
        return false
    end
    return t.workflows:of(dependent) ~= nil
end
function releaseSome(t, execution)
    t:touchExecution(execution)
    local budget = t.edgeBudget
    local count = execution.edgeCount
    local released = execution.edgesReleased
    while released < count and budget.bytes > 0 and (released == 0 or budget.toMove > 0) do
        local some = t.edges:some(
            execution,
            released + 1,
            math.min(count, released + READ_AT_ONCE)
        )
        for ____, edge in ipairs(some) do
            releaseEdge(t, execution, edge)
        end
        released = math.min(count, released + READ_AT_ONCE)
        budget.toMove = budget.toMove - READ_AT_ONCE
    end
    execution.edgesReleased = released < count and released or nil
    return released == count
end
function releaseEdge(t, execution, edge)
    t.edges:endTimeout(edge)
    if edge.state == "open" then
        t.edges:setState(edge, "dropped")
    end
    if edge.upstreamId == nil then
        t.edges:stopWaiting(edge)
        return
    end
    local upstream = t.edges:upstream(edge)
    if upstream == nil or isInternal(t, execution, upstream) then
        return
    end
    t.edges:addLive(upstream, -1)
    unpin(t, upstream)
end
function reattachSome(t, execution)
    local budget = t.edgeBudget
    t:touchExecution(execution)
    while execution.edgesToReattach > 0 and budget.toMove > 0 and budget.bytes > 0 do
        local last = execution.edgesToReattach
        local some = t.edges:some(
            execution,
            math.max(1, last - READ_AT_ONCE + 1),
            last
        )
        do
            local i = #some - 1
            while i >= 0 do
                reattachEdge(t, execution, some[i + 1])
                i = i - 1
            end
        end
        execution.edgesToReattach = math.max(0, last - READ_AT_ONCE)
        budget.toMove = budget.toMove - READ_AT_ONCE
    end
    if execution.edgesToReattach > 0 then
        return false
    end
    execution.edgesToReattach = nil
    execution.edgesReleased = nil
    exports.closeEdge(t, execution)
    return true
end
function reattachEdge(t, execution, edge)
    local upstream = t.edges:upstream(edge)
    if edge.index <= execution.edgesReleased then
        execution.edgesReleased = edge.index - 1
        if upstream ~= nil then
            hold(t, execution, upstream)
        end
    end
    local isWaived = edge.upstreamId ~= nil and (upstream == nil or not exports.isUnderWay(upstream))
    if isWaived or edge.state == "held" or edge.state == "timedOut" then
        t.edges:setState(edge, "held")
        return
    end
    t.edges:setState(edge, "open")
    execution.openEdges = execution.openEdges + 1
    startTimeout(t, edge)
    if edge.upstreamId == nil then
        t.edges:awaitNext(edge)
    end
end
READ_AT_ONCE = 4
--- Makes edges of a new execution: to an execution by id, to the newest of a task, or to its next one. One that has ended
-- before all of its edges are bound waits for none of those to come.
-- 
-- @param request which creates the execution: all of it may use one outcome
function exports.bind(t, execution, commands, request)
    local made = {}
    local isOpen = not hasEnded(execution.status)
    t.edges:prefetch(commands)
    for ____, command in ipairs(commands) do
        local edge = t.edges:create(execution, command, isOpen and "open" or "dropped")
        made[#made + 1] = edge
        if isOpen then
            execution.openEdges = execution.openEdges + 1
            startTimeout(t, edge)
        end
        if command.to ~= nil then
            attach(
                t,
                edge,
                execution,
                command.to,
                request
            )
        else
            t.definitions:watch(command.taskId)
            local newest = t:newest(command.taskId)
            local isUpstream = newest ~= nil and counts(
                t,
                edge,
                execution,
                newest,
                request
            )
            local isLate = isUpstream and mayBeUsed(t, edge, execution, newest)
            if isUpstream and not isLate then
                attach(
                    t,
                    edge,
                    execution,
                    newest.id,
                    request
                )
            elseif isOpen then
                t.edges:awaitNext(edge)
            end
            if isLate and isOpen then
                attachLater(
                    t,
                    edge,
                    execution,
                    newest,
                    request
                )
            end
        end
    end
    t:touchExecution(execution)
    return made
end
--- A new execution of a task that others depend on: what found none that counts has waited for it.
function exports.arrive(t, execution)
    local last = t:replaceNewest(execution)
    pin(t, execution)
    if last ~= nil then
        unpin(t, last)
    end
    if not t.edges:isAwaited(execution) then
        return
    end
    local number = t:nextNumber()
    execution.arrivalSteps = 1
    execution.arrivalNumber = number
    pin(t, execution)
    t:touchExecution(execution)
    t.steps:add(execution, "arrived", number)
end
--- Attaches the next of those that have waited for it.
-- 
-- @param before the number before which they did
-- @returns whether none is left
function exports.attachWaiting(t, execution, before)
    local budget = t.edgeBudget
    while budget.toMove > 0 and budget.bytes > 0 do
        local some = t.edges:takeWaiting(execution, before, READ_AT_ONCE)
        if #some == 0 then
            endArrivalStep(t, execution)
            return true
        end
        budget.toMove = budget.toMove - #some
        for ____, edge in ipairs(some) do
            local dependent = t.edges:dependent(edge)
            if dependent ~= nil and exports.isUndecided(dependent, edge) then
                attach(
                    t,
                    edge,
                    dependent,
                    execution.id,
                    nil
                )
            end
        end
    end
    return false
end
--- Attaches an edge that came when the execution had ended, and others were still to be attached: unless one of the same
-- task has used its outcome by now, it does.
-- 
-- @returns the edge where that is so; false: this verb has done what it may
function exports.attachLate(t, execution, index, late)
    local budget = t.edgeBudget
    if budget.toMove <= 0 or budget.bytes <= 0 then
        return false
    end
    budget.toMove = budget.toMove - 1
    local attached = {}
    local dependent = t:execution(late.dependentId)
    if dependent ~= nil then
        for ____, edge in ipairs(t.edges:some(dependent, index, index)) do
            do
                local __continue23
                repeat
                    if edge.upstreamId ~= nil or not exports.isUndecided(dependent, edge) then
                        __continue23 = true
                        break
                    end
                    if not counts(
                        t,
                        edge,
                        dependent,
                        execution,
                        late.request
                    ) then
                        __continue23 = true
                        break
                    end
                    t.edges:stopWaiting(edge)
                    attach(
                        t,
                        edge,
                        dependent,
                        execution.id,
                        late.request
                    )
                    attached[#attached + 1] = edge
                    __continue23 = true
                until true
                if not __continue23 then
                    break
                end
            end
        end
    end
    endArrivalStep(t, execution)
    return attached
end
--- An execution has ended: its open edges need no decision any more, and its upstreams have one live dependent less. Many
-- edges, and large upstreams, are released by the steps that follow; it stays out of history until then.
function exports.release(t, execution)
    if execution.openEdges == 0 and not execution.hasExternalEdges then
        return
    end
    execution.edgesToReattach = nil
    if execution.edgesReleased == nil then
        execution.edgesReleased = 0
    end
    if not releaseSome(t, execution) then
        t.steps:add(execution, "edges", execution.leaseToken)
    end
    if execution.edgesReleased == nil and execution.boundBy == nil then
        return
    end
    execution.isKeptForEdges = true
    pin(t, execution)
end
--- An ended execution goes into history once its edges are all bound, and released.
function exports.retireReleased(t, execution)
    if not execution.isKeptForEdges or execution.edgesReleased ~= nil or execution.boundBy ~= nil then
        return
    end
    execution.isKeptForEdges = nil
    t:touchExecution(execution)
    unpin(t, execution)
end
--- Whether an execution needs the upstream of one of its edges, so that this counts it as live.
function exports.isHeld(dependent, index)
    if dependent.edgesReleased == nil then
        return not hasEnded(dependent.status)
    end
    return index > dependent.edgesReleased
end
--- Only so many live dependents need an upstream: the others that it counts were set aside.
function exports.setLive(t, upstream, count)
    local gone = upstream.liveDependents - count
    if gone <= 0 then
        return
    end
    t.edges:addLive(upstream, -gone)
    do
        local i = 0
        while i < gone do
            unpin(t, upstream)
            i = i + 1
        end
    end
end
--- Binds a reopened execution to its upstreams again, by steps: until the last one, one open edge stands for all of them.
function exports.reattach(t, execution)
    if execution.openEdges == 0 and not execution.hasExternalEdges then
        return
    end
    if execution.edgesReleased == nil then
        execution.edgesReleased = execution.edgeCount
    end
    execution.edgesToReattach = execution.edgeCount
    execution.openEdges = execution.boundBy == nil and 1 or 2
    if execution.isKeptForEdges then
        execution.isKeptForEdges = nil
        unpinReopened(t, execution)
    end
    t:touchExecution(execution)
    t.steps:add(execution, "edges", execution.leaseToken)
end
--- Releases or reattaches the next edges of an execution.
-- 
-- @returns whether none is left
function exports.moveEdges(t, execution)
    if execution.edgesToReattach ~= nil then
        return reattachSome(t, execution)
    end
    if execution.edgesReleased == nil then
        return true
    end
    if not releaseSome(t, execution) then
        return false
    end
    exports.retireReleased(t, execution)
    return true
end
end

do
local exports = engine.startable
local hasRoom = engine.queue.hasRoom
--- Whether some worker could start the execution now, as far as the store knows.
function exports.couldStart(t, execution)
    local queue = t:queueOf(execution)
    if queue.paused == true or not hasRoom(t, queue) then
        return false
    end
    return t.workers:someAlive(function(worker) return worker.draining ~= true and t.workers:serves(worker, queue) and t.workers:canRun(worker, execution) and (worker.slots == nil or t.workers:countRuns(worker) < worker.slots) end)
end
end

do
local exports = engine.lock
local grant, holdOf, park, unpark, stopWaiting, passToNextWaiter, isWaiting
local LOCK_RESERVED_MS = limits.LOCK_RESERVED_MS
local LOCK_WAIT_LAPSE_MS = limits.LOCK_WAIT_LAPSE_MS
local LOCK_WAITERS_PER_STEP = limits.LOCK_WAITERS_PER_STEP
local couldStart = engine.startable.couldStart
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
        if preferred == nil or not couldStart(t, preferred) then
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
                if couldStart(t, waiter.execution) then
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
local exports = engine.minuteStats
--- Counts an end in its minute, and remembers a failure. Cancelled and skipped ones say nothing of how tasks do.
function exports.countEnd(t, execution)
    if execution.status ~= "COMPLETED" and execution.status ~= "FAILED" then
        return
    end
    t:countInMinute(
        execution.status,
        execution.startedAt > 0 and t:runTime(execution) or 0
    )
    if execution.status == "FAILED" and execution.error ~= nil then
        t:addRecentError(execution, execution.error)
    end
end
end

do
local exports = engine.workflow
local countEnd
local retire = engine.history.retire
local retireWorkflow = engine.history.retireWorkflow
local unretireWorkflow = engine.history.unretireWorkflow
--- The last of its executions has ended, or it has none: from here on history has it, as a whole.
function exports.close(t, workflow)
    exports.complete(t, workflow)
    retireWorkflow(t, workflow)
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
    local workflow = t.workflows:of(execution)
    if workflow == nil or workflow.open <= 0 then
        retire(t, execution)
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
    local workflow = t.workflows:of(execution)
    if workflow == nil then
        return
    end
    unretireWorkflow(t, workflow)
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
local hasDependents
local edges = engine.edges
local retire = engine.history.retire
local unretire = engine.history.unretire
local lock = engine.lock
local countEnd = engine.minuteStats.countEnd
local endRun = engine.queue.endRun
local place = engine.queue.place
local closeMember = engine.workflow.closeMember
local openMember = engine.workflow.openMember
--- Its dependents are told of its end, in bounded steps.
function exports.propagateEnd(t, execution)
    if not hasDependents(execution) then
        return
    end
    execution.endsToPropagate = (execution.endsToPropagate or 0) + 1
    t.steps:add(execution, "ended", 0)
end
function hasDependents(execution)
    return execution.arrivalSteps ~= nil or (execution.dependentCount or 0) > 0
end
--- The counter and the transition of each end.
local ENDS = {COMPLETED = "completed", FAILED = "failed", CANCELLED = "cancelled", SKIPPED = "skipped"}
--- Ends an execution: the one way for success, failure, cancel, skip, timeouts and lost workers.
function exports.finish(t, execution, verb, status, outcome)
    if execution.status == "RUNNING" then
        endRun(t, execution)
    else
        t:leave(execution)
    end
    if execution.ttl ~= nil then
        t.expiries:finish(execution)
    end
    t:move(execution, verb, status)
    execution.completedAt = t.now
    execution.result = outcome.result
    execution.error = outcome.error
    execution.reason = outcome.reason
    t.history:setKept(execution)
    t:count(ENDS[status], 1)
    countEnd(t, execution)
    t:emitExecution(execution, ENDS[status])
    lock.release(t, execution)
    edges.release(t, execution)
    exports.propagateEnd(t, execution)
    if execution.workflowId == nil then
        retire(t, execution)
    else
        closeMember(t, execution)
    end
end
--- Runs an execution again that failed, was cancelled or was skipped, with fresh budgets. Any other stays as it is.
function exports.reopen(t, execution)
    local status = execution.status
    if status ~= "FAILED" and status ~= "CANCELLED" and status ~= "SKIPPED" then
        return
    end
    unretire(t, execution)
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
    execution.isUnregistered = nil
    edges.reattach(t, execution)
    t:emitExecution(execution, "reopened")
    place(t, execution)
    if hasDependents(execution) then
        t.steps:add(execution, "reopened", 0)
    end
end
end

do
local exports = engine.overlap
local previous
local EDGES_PER_STEP = limits.EDGES_PER_STEP
local bind = engine.edges.bind
local hasEnded = engine.status.hasEnded
function previous(t, execution)
    local count = execution.edgeCount or 0
    if count == 0 then
        return nil
    end
    local edge = t.edges:some(execution, count, count)[1]
    local ____temp_0
    if edge.state == "held" then
        ____temp_0 = nil
    else
        ____temp_0 = t.edges:upstream(edge)
    end
    local upstream = ____temp_0
    return upstream ~= nil and upstream.scheduleId == execution.scheduleId and upstream or nil
end
--- The execution under way that the next tick must not overlap: the last one of its schedule, or the one for which the last
-- one still waited when it ended.
function exports.underWay(t, last)
    local execution = last
    do
        local passed = 0
        while passed < EDGES_PER_STEP do
            if execution == nil or not hasEnded(execution.status) then
                return execution
            end
            execution = previous(t, execution)
            passed = passed + 1
        end
    end
    return nil
end
--- A tick that ended before its turn had come: the one behind it waits for what it waited for.
function exports.waitForEarlier(t, dependent, upstream)
    if dependent.scheduleId == nil or dependent.scheduleId ~= upstream.scheduleId then
        return
    end
    local earlier = exports.underWay(t, upstream)
    if earlier ~= nil then
        bind(
            t,
            dependent,
            {t.edges:toPrevious(earlier)},
            nil
        )
    end
end
end

do
local exports = engine.dependency
local decideIfLost, advance, decideLate, visitDependents, decide, decideAs, breakEdge, bringBack, examine, cannotHold
local attachLate = engine.edges.attachLate
local attachWaiting = engine.edges.attachWaiting
local closeEdge = engine.edges.closeEdge
local isUndecided = engine.edges.isUndecided
local isUnderWay = engine.edges.isUnderWay
local moveEdges = engine.edges.moveEdges
local finish = engine.finish.finish
local reopen = engine.finish.reopen
local waitForEarlier = engine.overlap.waitForEarlier
local hasEnded = engine.status.hasEnded
--- Whether an edge holds at this end of its upstream.
function exports.holds(dependency, status)
    if dependency == "success" then
        return status == "COMPLETED"
    end
    if dependency == "failure" then
        return status == "FAILED"
    end
    return dependency == "always" or status == "COMPLETED" or status == "FAILED"
end
--- Decides those edges of a new execution whose upstream has ended already, or is lost.
function exports.decideBound(t, edges)
    for ____, edge in ipairs(edges) do
        local upstream = t.edges:upstream(edge)
        if upstream == nil then
            decideIfLost(t, edge)
        elseif hasEnded(upstream.status) then
            decide(t, edge, upstream)
        end
    end
end
--- Decides edges whose upstream cannot be read any more, by its last known status; one that had not ended counts as failed.
function exports.decideLost(t, edges)
    for ____, edge in ipairs(edges) do
        local dependent = t.edges:dependent(edge)
        if dependent ~= nil and isUndecided(dependent, edge) then
            local status = t.edges:statusOf(edge)
            decideAs(
                t,
                edge,
                dependent,
                status ~= nil and hasEnded(status) and status or "FAILED"
            )
        end
    end
end
function decideIfLost(t, edge)
    if edge.upstreamId ~= nil and t.edges:upstream(edge) == nil then
        exports.decideLost(t, {edge})
    end
end
function advance(t, execution, step)
    if step.kind == "edges" then
        return step.next ~= execution.leaseToken or moveEdges(t, execution)
    end
    if step.kind == "arrived" then
        return attachWaiting(t, execution, step.next)
    end
    if step.kind == "late" then
        return step.late == nil or decideLate(t, execution, step.next, step.late)
    end
    return visitDependents(t, execution, step)
end
function decideLate(t, execution, index, late)
    local attached = attachLate(t, execution, index, late)
    if attached == false then
        return false
    end
    local ____t_edgeBudget_0, ____toDecide_1 = t.edgeBudget, "toDecide"
    ____t_edgeBudget_0[____toDecide_1] = ____t_edgeBudget_0[____toDecide_1] - 1
    exports.decideBound(t, attached)
    return true
end
function visitDependents(t, upstream, step)
    local budget = t.edgeBudget
    local visited = t.edges:eachDependent(
        upstream,
        step.next,
        budget.toDecide,
        function(edge)
            if step.kind == "reopened" then
                return bringBack(t, edge, step)
            end
            if hasEnded(upstream.status) then
                decide(t, edge, upstream)
            end
            return true
        end
    )
    step.next = step.next + visited
    budget.toDecide = budget.toDecide - math.max(1, visited)
    if step.next < (upstream.dependentCount or 0) then
        return false
    end
    if step.kind == "ended" then
        local left = (upstream.endsToPropagate or 0) - 1
        upstream.endsToPropagate = left > 0 and left or nil
        t:touchExecution(upstream)
    end
    return true
end
function decide(t, edge, upstream)
    local dependent = t.edges:dependent(edge)
    if dependent == nil then
        return
    end
    if not isUndecided(dependent, edge) then
        if dependent.status == "SKIPPED" then
            t.edges:keepStatus(edge, upstream)
        end
    else
        waitForEarlier(t, dependent, upstream)
        decideAs(t, edge, dependent, upstream.status)
    end
end
function decideAs(t, edge, dependent, status)
    if not exports.holds(edge.type, status) then
        breakEdge(t, edge, dependent, "broken")
        return
    end
    t.edges:endTimeout(edge)
    t.edges:setState(edge, "held")
    closeEdge(t, dependent)
end
function breakEdge(t, edge, dependent, state)
    t.edges:setState(edge, state)
    local upstream = t.edges:upstream(edge)
    dependent.rootCause = nil
    if upstream ~= nil then
        dependent.rootCause = t:rootCauseOf(upstream)
    end
    local reason = state == "timedOut" and "DEPENDENCY_TIMEOUT" or "DEPENDENCY_FAILED"
    finish(
        t,
        dependent,
        "skip",
        "SKIPPED",
        {reason = reason}
    )
end
function bringBack(t, edge, step)
    local dependent = t.edges:dependent(edge)
    if dependent == nil then
        return true
    end
    t.edges:forgetResult(edge)
    if dependent.status ~= "SKIPPED" or dependent.reason ~= "DEPENDENCY_FAILED" then
        return true
    end
    local budget = t.edgeBudget
    local count = dependent.edgeCount or 0
    local known = dependent.brokenEdge or 0
    local examined = step.examined or 0
    if examined == 0 and known > 0 and known <= count and examine(t, dependent, known) == 0 then
        return true
    end
    while examined < count do
        if budget.toMove <= 0 or budget.bytes <= 0 then
            step.examined = examined
            return false
        end
        local passed = examine(t, dependent, examined + 1)
        if passed == 0 then
            dependent.brokenEdge = examined + 1
            t:touchExecution(dependent)
            step.examined = nil
            return true
        end
        examined = examined + passed
    end
    step.examined = nil
    reopen(t, dependent)
    return true
end
function examine(t, dependent, first)
    local isBroken = false
    local passed = t.edges:eachNotHeld(
        dependent,
        first,
        function(edge)
            if cannotHold(t, edge) then
                isBroken = true
            end
        end
    )
    local ____t_edgeBudget_2, ____toMove_3 = t.edgeBudget, "toMove"
    ____t_edgeBudget_2[____toMove_3] = ____t_edgeBudget_2[____toMove_3] - passed
    return isBroken and 0 or passed
end
function cannotHold(t, edge)
    if edge.state == "timedOut" then
        return true
    end
    if edge.upstreamId == nil then
        return false
    end
    local upstream = t.edges:upstream(edge)
    if upstream ~= nil and isUnderWay(upstream) then
        return false
    end
    local status = t.edges:statusOf(edge)
    return status ~= nil and not exports.holds(edge.type, status)
end
--- Decides those of the next edges of an execution whose upstream is lost.
-- 
-- @param first the edge to begin with
-- @returns the edge to go on with; 0: none is left
function exports.decideLostUpstreams(t, execution, first)
    local budget = t.edgeBudget
    local next = first
    while next <= (execution.edgeCount or 0) and not hasEnded(execution.status) do
        if budget.toMove <= 0 or budget.bytes <= 0 then
            return next
        end
        local passed = t.edges:eachNotHeld(
            execution,
            next,
            function(edge) return decideIfLost(t, edge) end
        )
        budget.toMove = budget.toMove - passed
        next = next + passed
    end
    return 0
end
--- Runs the steps that are due, in their order, within the bounds of one verb.
function exports.propagate(t)
    local budget = t.edgeBudget
    t.steps:run(function(step)
        local execution = t:execution(step.executionId)
        if execution ~= nil then
            return advance(t, execution, step)
        end
        budget.toDecide = budget.toDecide - 1
        return true
    end)
end
--- Begins anew what, as the execution shows, steps are still to do for it: one of the stored steps was lost. What others have
-- done, or still do, stays as it is.
function exports.resumeSteps(t, execution)
    local isArriving = execution.arrivalSteps ~= nil
    if isArriving then
        execution.arrivalSteps = 1
        t.steps:add(execution, "arrived", execution.arrivalNumber or 0)
    end
    if execution.edgesReleased ~= nil then
        t.steps:add(execution, "edges", execution.leaseToken)
    end
    if execution.endsToPropagate ~= nil or isArriving and hasEnded(execution.status) then
        execution.endsToPropagate = 1
        t.steps:add(execution, "ended", 0)
    end
    t:touchExecution(execution)
end
--- Ends the waits for edges whose timeout has passed.
-- 
-- @returns how many
function exports.timeOut(t, limit)
    return t.edges:eachDue(
        limit,
        function(edge)
            local dependent = t.edges:dependent(edge)
            if dependent ~= nil and isUndecided(dependent, edge) then
                breakEdge(t, edge, dependent, "timedOut")
            end
        end
    )
end
end

do
local exports = engine.admit
local decideBound = engine.dependency.decideBound
local arrive = engine.edges.arrive
local bind = engine.edges.bind
local closeEdge = engine.edges.closeEdge
local retireReleased = engine.edges.retireReleased
local propagateEnd = engine.finish.propagateEnd
local place = engine.queue.place
local hasEnded = engine.status.hasEnded
--- Admits a stored execution. Where a batch still has edges of it (`boundBy`), it comes to be there for others with the last
-- of them.
function exports.admit(t, execution, edges, request)
    t:emitExecution(execution, "scheduled")
    if execution.boundBy ~= nil then
        execution.openEdges = 1
    end
    local ____temp_0
    if edges == nil then
        ____temp_0 = nil
    else
        ____temp_0 = bind(t, execution, edges, request)
    end
    local bound = ____temp_0
    if execution.boundBy == nil and t:isWatched(execution) then
        arrive(t, execution)
    end
    if bound ~= nil then
        decideBound(t, bound)
    end
    if not hasEnded(execution.status) then
        place(t, execution)
    end
end
--- Binds more edges of an execution that a batch has admitted.
function exports.admitMore(t, execution, edges, request, isLast)
    decideBound(
        t,
        bind(t, execution, edges, request)
    )
    if not isLast then
        return
    end
    execution.boundBy = nil
    t:touchExecution(execution)
    if t:isWatched(execution) then
        arrive(t, execution)
    end
    if not hasEnded(execution.status) then
        closeEdge(t, execution)
    elseif execution.arrivalSteps ~= nil then
        propagateEnd(t, execution)
    end
    retireReleased(t, execution)
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
    elseif execution.status == "RUNNING" and execution.cancelRequestedAt == 0 then
        request(t, execution, t.now + grace)
    end
end
end

do
local exports = engine.ttl
local finish = engine.finish.finish
--- Whether it may not start any more.
function exports.isExpired(t, execution)
    if execution.ttl == nil then
        return false
    end
    local at = t.expiries:get(execution)
    return at ~= nil and at <= t.now
end
--- Its first run begins: it does not expire any more.
function exports.keepForGood(t, execution)
    if execution.ttl ~= nil then
        t.expiries:finish(execution)
    end
end
--- Ends it: it has waited too long.
function exports.expire(t, execution)
    local message = ("no run began within " .. tostring(execution.ttl)) .. " ms"
    local failure = t:makeError("ExecutionExpiredError", message, "EXPIRED")
    finish(
        t,
        execution,
        "expire",
        "FAILED",
        {error = failure, reason = "EXPIRED"}
    )
end
--- Ends those that nobody has claimed in time.
-- 
-- @returns how many
function exports.expireDue(t)
    return t.expiries:eachDue(function(execution) return exports.expire(t, execution) end)
end
end

do
local exports = engine.claim
local inTurns, isOpen, claimLevel, firstOf, claimUnhandled, consider, start, mayTake, spend, mayBegin, isSuspect, mustWait, runsSuspect, removeAt
local CLAIM_PER_STEP = limits.CLAIM_PER_STEP
local INSPECT_FLOOR = limits.INSPECT_FLOOR
local SUSPECT_CRASHES = limits.SUSPECT_CRASHES
local lock = engine.lock
local countStart = engine.queue.countStart
local hasRoomToClaim = engine.queue.hasRoomToClaim
local isLimited = engine.queue.isLimited
local expire = engine.ttl.expire
local isExpired = engine.ttl.isExpired
local keepForGood = engine.ttl.keepForGood
function inTurns(t, worker)
    local open = {}
    for ____, queue in ipairs(t.workers:queuesOf(worker)) do
        if queue.paused ~= true and hasRoomToClaim(t, queue) then
            open[#open + 1] = queue
        end
    end
    if #open < 2 then
        return open
    end
    local first = worker.rotation < #open and worker.rotation or 0
    worker.rotation = first + 1
    t.workers:touch(worker)
    local queues = {}
    do
        local i = first
        while i < #open do
            queues[#queues + 1] = open[i + 1]
            i = i + 1
        end
    end
    do
        local i = 0
        while i < first do
            queues[#queues + 1] = open[i + 1]
            i = i + 1
        end
    end
    return queues
end
function isOpen(t, c)
    return c.free > 0 and c.examine > 0 and not t.ready:isFull()
end
function claimLevel(t, c, level, add)
    local waiting = {}
    for ____, queue in ipairs(c.queues) do
        if not t.ready:isEmpty(queue, level) then
            waiting[#waiting + 1] = queue
        end
    end
    local function mayRun(execution)
        return not mustWait(t, c, execution)
    end
    local turn = 0
    while #waiting > 0 and isOpen(t, c) do
        local queue = waiting[turn + 1]
        local execution = firstOf(
            t,
            c,
            queue,
            level,
            mayRun
        )
        if execution == nil then
            removeAt(waiting, turn)
        elseif not mayBegin(t, c, execution, queue) then
            c.free = 0
        else
            t.ready:take(queue, level, execution)
            consider(
                t,
                c,
                execution,
                queue,
                level,
                add
            )
            turn = turn + 1
        end
        if turn >= #waiting then
            turn = 0
        end
    end
    t.ready:putBack()
end
function firstOf(t, c, queue, level, mayRun)
    if not mayTake(t, c, queue, level) then
        return nil
    end
    return t.ready:first(
        queue,
        level,
        math.min(c.free, c.examine),
        mayRun
    )
end
function claimUnhandled(t, c, level, add)
    for ____, queue in ipairs(c.queues) do
        if not isOpen(t, c) then
            return
        end
        if mayTake(t, c, queue, level) then
            t.unhandled:each(
                c.worker,
                queue,
                level,
                function(execution)
                    if not isOpen(t, c) or not mayTake(t, c, queue, level) then
                        return false
                    end
                    if mustWait(t, c, execution) then
                        return true
                    end
                    if not mayBegin(t, c, execution, queue) then
                        c.free = 0
                        return false
                    end
                    t.unhandled:remove(execution)
                    consider(
                        t,
                        c,
                        execution,
                        queue,
                        level,
                        add
                    )
                    return true
                end
            )
        end
    end
end
function consider(t, c, execution, queue, level, add)
    c.examine = c.examine - 1
    if isExpired(t, execution) then
        expire(t, execution)
        return
    end
    if not t.workers:canRun(c.worker, execution) then
        t.unhandled:add(execution)
        return
    end
    if execution.lockKey ~= nil and not lock.takeOrPark(t, execution) then
        return
    end
    spend(c, queue, level)
    if isSuspect(execution) then
        c.runsSuspect = true
        c.worker.suspect = execution.id
        t.workers:touch(c.worker)
    end
    start(t, c.worker, execution, queue)
    add(execution)
end
function start(t, worker, execution, queue)
    t:move(execution, "claim", "RUNNING")
    execution.leaseToken = execution.leaseToken + 1
    execution.runs = execution.runs + 1
    execution.startedAt = t.now
    execution.reason = nil
    keepForGood(t, execution)
    t:startRun(execution, worker)
    countStart(t, queue)
    t:count("started", 1)
    if execution.timeout ~= nil then
        t:setRunDeadline(execution, t.now + execution.timeout + t.lease)
    end
    t:emitExecution(execution, "started")
end
function mayTake(t, c, queue, level)
    if c.free <= 0 or not hasRoomToClaim(t, queue) then
        return false
    end
    for ____, slots in ipairs(c.request.capacity) do
        if slots.queue == queue.name and slots.count <= 0 then
            return false
        end
    end
    local kept = 0
    for ____, slots in ipairs(c.request.reserved) do
        if slots.queue == queue.name and slots.priority == level and slots.count > 0 then
            return true
        end
        kept = kept + slots.count
    end
    return c.free > kept
end
function spend(c, queue, level)
    c.taken = c.taken + 1
    c.free = c.free - 1
    c.slots = c.slots - 1
    for ____, slots in ipairs(c.request.capacity) do
        if slots.queue == queue.name then
            slots.count = slots.count - 1
        end
    end
    for ____, slots in ipairs(c.request.reserved) do
        if slots.queue == queue.name and slots.priority == level and slots.count > 0 then
            slots.count = slots.count - 1
            return
        end
    end
end
function mayBegin(t, c, execution, queue)
    return c.slots > 0 or t:isSimple(execution) and not isLimited(queue)
end
function isSuspect(execution)
    return execution.crashes >= SUSPECT_CRASHES
end
function mustWait(t, c, execution)
    if not isSuspect(execution) then
        return false
    end
    if c.runsSuspect == nil then
        c.runsSuspect = runsSuspect(t, c.worker)
    end
    return c.runsSuspect
end
function runsSuspect(t, worker)
    local last = t:execution(worker.suspect)
    return last ~= nil and isSuspect(last) and last.status == "RUNNING" and last.workerId == worker.id
end
function removeAt(queues, index)
    do
        local i = index
        while i < #queues - 1 do
            queues[i + 1] = queues[i + 1 + 1]
            i = i + 1
        end
    end
    table.remove(queues)
end
--- Levels of priority.
local LEVELS = 5
--- Claims what a worker may start next.
-- 
-- @param add is called with each execution that it has claimed
-- @returns whether a bound has ended it, and not lack of work
function exports.claim(t, worker, request, add)
    local want = math.min(request.want, CLAIM_PER_STEP)
    if want <= 0 or worker.draining == true then
        return false
    end
    if t.ready:isFull() then
        return true
    end
    local examine = math.max(INSPECT_FLOOR, want)
    local queues = inTurns(t, worker)
    local c = {
        worker = worker,
        request = request,
        queues = queues,
        free = want,
        slots = request.slots,
        examine = examine,
        taken = 0
    }
    do
        local level = 0
        while level < LEVELS and isOpen(t, c) do
            claimUnhandled(t, c, level, add)
            claimLevel(t, c, level, add)
            level = level + 1
        end
    end
    return c.examine <= 0 or t.ready:isFull() or request.want > want and c.taken == want
end
end

do
local exports = engine.idempotency
local givenBy
local IDEMPOTENCY_MS = limits.IDEMPOTENCY_MS
--- What is kept of the key of a new execution.
function exports.keyOf(t, request)
    return {
        executionId = request.executionId,
        fingerprint = request.fingerprint,
        expiresAt = t:steadyTime() + IDEMPOTENCY_MS
    }
end
--- Whether its day is not over.
function exports.isLive(t, key)
    return key.expiresAt > t:steadyTime()
end
function givenBy(t, request)
    if request.keyName == nil then
        return nil
    end
    local key = t.keys:get(request.keyName)
    return key ~= nil and exports.isLive(t, key) and key or nil
end
--- Takes repeats, of ids and of keys, out of a batch, and stages the keys of the others.
-- 
-- @returns `conflict`: one whose key was given with another fingerprint; then the batch is refused
function exports.deduplicate(t, batch)
    local ids = {}
    local fresh = {}
    for ____, request in ipairs(batch) do
        local isStored = t:execution(request.executionId) ~= nil
        local key = givenBy(t, request)
        if key ~= nil and not isStored then
            if key.fingerprint ~= request.fingerprint then
                return {ids = ids, fresh = fresh, conflict = request}
            end
            ids[#ids + 1] = key.executionId
        else
            ids[#ids + 1] = request.executionId
            if not isStored then
                fresh[#fresh + 1] = request
            end
            if not isStored and request.keyName ~= nil then
                t.keys:stage(
                    request.keyName,
                    exports.keyOf(t, request)
                )
            end
        end
    end
    return {ids = ids, fresh = fresh}
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
local exports = engine.settle
local isRun, settleOwn, retry, snooze, placeLater
local finish = engine.finish.finish
local lock = engine.lock
local endRun = engine.queue.endRun
local place = engine.queue.place
--- As `current`, of a run of that worker.
function exports.currentOf(t, worker, run)
    local execution = t:execution(run.executionId)
    return execution ~= nil and exports.isRunOf(execution, worker, run) and execution or nil
end
--- Whether the execution is in that run, and a worker has it.
function exports.isRunOf(execution, worker, run)
    return isRun(execution, run) and execution.workerId == worker.id
end
function isRun(execution, run)
    return execution.status == "RUNNING" and execution.leaseToken == run.leaseToken
end
function settleOwn(t, worker, settlement)
    local execution = exports.currentOf(t, worker, settlement)
    if execution ~= nil and t:settleRun(
        execution,
        function() return exports.settle(t, execution, settlement) end
    ) then
        return true
    end
    t:count("stale", 1)
    t:emitStale(worker, settlement)
    return false
end
--- Settles a run of which the token is current.
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
        if t:hasAttempts(execution) then
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
    elseif exports.isUnregistered(t, execution) then
        exports.endUnregistered(t, execution, settlement.kind == "retry" and "FAILED" or "CANCELLED", failure)
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
--- Whether it cannot run again: its task was unregistered during the run, and is not back.
function exports.isUnregistered(t, execution)
    if not execution.isUnregistered then
        return false
    end
    return not t.definitions:isDefined(execution)
end
--- Ends a run of an unregistered task that would have to run again.
-- 
-- @param outcome of its last attempt
function exports.endUnregistered(t, execution, outcome, failure)
    execution.leaseToken = execution.leaseToken + 1
    t:addAttempt(execution, outcome, failure)
    finish(
        t,
        execution,
        "finalizeCancel",
        "CANCELLED",
        {error = failure, reason = "TASK_UNREGISTERED"}
    )
end
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
    endRun(t, execution)
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
--- The execution of a run, if its token is current: a newer one means that the run has changed hands.
function exports.current(t, run)
    local execution = t:execution(run.executionId)
    return execution ~= nil and isRun(execution, run) and execution or nil
end
--- The places of settlements in the order in which they take effect: releases last and backwards, so that what goes back to the
-- head of its queue keeps its order.
function exports.inOrder(settlements)
    local order = {}
    do
        local i = 0
        while i < #settlements do
            if settlements[i + 1].kind ~= "release" then
                order[#order + 1] = i
            end
            i = i + 1
        end
    end
    do
        local i = #settlements - 1
        while i >= 0 do
            if settlements[i + 1].kind == "release" then
                order[#order + 1] = i
            end
            i = i - 1
        end
    end
    return order
end
--- Settles runs of a worker, see inOrder.
-- 
-- @returns of each, whether its token was current; else nothing has changed
function exports.settleAll(t, worker, settlements)
    local applied = {}
    for ____, i in ipairs(exports.inOrder(settlements)) do
        applied[i + 1] = settleOwn(t, worker, settlements[i + 1])
    end
    return applied
end
--- Settles a run for its worker, which does not.
-- 
-- @returns whether the token was current; else nothing has changed
function exports.settleExpired(t, settlement)
    local execution = exports.current(t, settlement)
    if execution ~= nil then
        exports.settle(t, execution, settlement)
    end
    return execution ~= nil
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
local endUnregistered = engine.settle.endUnregistered
local finalizeCancel = engine.settle.finalizeCancel
local giveUp = engine.settle.giveUp
local isUnregistered = engine.settle.isUnregistered
local release = engine.settle.release
--- The lease of its worker is over: the run goes back to the head of its queue, or fails after too many crashes.
function exports.rescue(t, execution)
    if execution.cancelRequestedAt > 0 then
        finalizeCancel(t, execution)
        return
    end
    t:count("crashed", 1)
    execution.crashes = execution.crashes + 1
    local message = (("the lease of worker " .. tostring(execution.lastWorkerId)) .. " ended during run ") .. tostring(execution.runs)
    local failure = t:makeError("WorkerLostError", message, "WORKER_LOST")
    if isUnregistered(t, execution) then
        endUnregistered(t, execution, "WORKER_LOST", failure)
        return
    end
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
    elseif isUnregistered(t, execution) then
        endUnregistered(t, execution, "CANCELLED", nil)
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

do
local exports = engine.schedule
local firstUndecided, fireTick, idOf, fired, skip, switched, report, hasSameTicks, isSame, isSameMisfire, change
local UNDECLARED_MS = limits.UNDECLARED_MS
local cancel = engine.cancel.cancel
local retire = engine.history.retire
local underWay = engine.overlap.underWay
--- When it fires next, ms; undefined: it does not.
function exports.nextTick(schedule)
    if schedule.paused then
        return nil
    end
    return schedule.nextRunTime
end
function firstUndecided(t, schedule, given)
    local previous = exports.nextTick(schedule)
    if previous == nil or previous > t.now then
        return given
    end
    return given == nil and previous or math.min(previous, given)
end
function fireTick(t, schedule, tick, request)
    local id = idOf(t, tick)
    if id == nil then
        return
    end
    local ____temp_0
    if request.overlap == "allow" then
        ____temp_0 = nil
    else
        ____temp_0 = underWay(
            t,
            t:lastTick(schedule)
        )
    end
    local earlier = ____temp_0
    local execution = t:createTick(schedule, id, tick)
    if tick.leaveOut then
        skip(t, execution, tick.reason or "MISFIRED")
    elseif earlier == nil then
        fired(schedule, execution, tick)
        t:admitTick(execution, tick, nil)
    elseif request.overlap == "skip" then
        skip(t, execution, "OVERLAP")
    else
        fired(schedule, execution, tick)
        t:admitTick(execution, tick, earlier)
        if request.overlap == "cancel" then
            cancel(t, earlier, request.cancelGrace)
        end
    end
end
function idOf(t, tick)
    local same = t:execution(tick.executionId)
    if same == nil then
        return tick.executionId
    end
    local steppedBack = t:lastStepBack()
    local again = (tick.executionId .. ":") .. tostring(steppedBack)
    if same.number > steppedBack or t:execution(again) ~= nil then
        return nil
    end
    return again
end
function fired(schedule, execution, tick)
    schedule.lastRunTime = tick.time
    schedule.lastExecutionId = execution.id
end
function skip(t, execution, reason)
    t:emitExecution(execution, "scheduled")
    t:move(execution, "skip", "SKIPPED")
    execution.reason = reason
    execution.completedAt = t.now
    t.history:setKept(execution)
    t:count("skipped", 1)
    t:emitExecution(execution, "skipped")
    retire(t, execution)
end
function switched(t, schedule, how)
    schedule.revision = schedule.revision + 1
    t.schedules:order(schedule)
    report(t, schedule, how)
end
function report(t, schedule, transition)
    t:emitSchedule(schedule, transition)
    local next = exports.nextTick(schedule)
    if next ~= nil then
        t:emitDue(next)
    end
end
function hasSameTicks(schedule, given)
    return schedule.cronExpression == given.cronExpression and schedule.timezone == given.timezone and schedule.startTime == given.startTime and schedule.endTime == given.endTime
end
function isSame(schedule, given)
    return hasSameTicks(schedule, given) and schedule.taskId == given.taskId and schedule.overlap == given.overlap and schedule.jitter == given.jitter and schedule.payload == given.payload and isSameMisfire(schedule.misfire, given.misfire)
end
function isSameMisfire(a, b)
    if type(a) == "table" and type(b) == "table" then
        return a.all == b.all
    end
    return a == b
end
function change(schedule, given)
    schedule.taskId = given.taskId
    schedule.cronExpression = given.cronExpression
    schedule.timezone = given.timezone
    schedule.startTime = given.startTime
    schedule.endTime = given.endTime
    schedule.overlap = given.overlap
    schedule.misfire = given.misfire
    schedule.jitter = given.jitter
    schedule.payload = given.payload
end
--- Creates or changes a schedule. One that is put unchanged keeps its next tick, its pause and its revision. If a tick is due,
-- one with other ticks continues from there: the new ticks since then are due.
function exports.put(t, given)
    local schedule = t.schedules:get(given.id) or t.schedules:create(given.id)
    local declaredBy = given.declaredBy or schedule.declaredBy
    if schedule.revision == 0 or schedule.declaredBy ~= declaredBy or not isSame(schedule, given) then
        local isMoved = not hasSameTicks(schedule, given)
        if isMoved then
            schedule.nextRunTime = firstUndecided(t, schedule, given.nextRunTime)
        end
        change(schedule, given)
        schedule.declaredBy = declaredBy
        if schedule.revision == 0 then
            schedule.revision = t:steadyTime()
        end
        schedule.revision = schedule.revision + 1
        if isMoved then
            t.schedules:order(schedule)
        else
            t.schedules:touch(schedule)
        end
        report(t, schedule, "put")
    end
    if given.declaredBy ~= nil then
        t.schedules:declare(given.declaredBy, {schedule.id})
    end
    return schedule
end
---
-- @returns false where there is none of that id
function exports.remove(t, id)
    local schedule = t.schedules:get(id)
    if schedule == nil then
        return false
    end
    t.schedules:delete(schedule)
    report(t, schedule, "removed")
    return true
end
---
-- @returns false where there is none of that id
function exports.pause(t, id)
    local schedule = t.schedules:get(id)
    if schedule == nil then
        return false
    end
    if not schedule.paused then
        schedule.paused = true
        switched(t, schedule, "paused")
    end
    return true
end
---
-- @param nextRunTime its next tick, ms.
-- @returns false where there is none of that id
function exports.resume(t, id, nextRunTime)
    local schedule = t.schedules:get(id)
    if schedule == nil then
        return false
    end
    if schedule.paused then
        schedule.paused = false
        schedule.nextRunTime = nextRunTime
        switched(t, schedule, "resumed")
    end
    return true
end
--- An app declares these schedules.
-- 
-- @param isAlone whether no other release of the app can declare others: all that it declared before count as undeclared
function exports.declare(t, appName, ids, isAlone)
    if isAlone then
        t.schedules:undeclare(appName)
    end
    t.schedules:declare(appName, ids)
end
--- Removes schedules that their app has not declared for too long, some at a time.
-- 
-- @returns their ids
function exports.removeUndeclared(t, appName)
    local removed = {}
    for ____, schedule in ipairs(t.schedules:undeclared(appName, UNDECLARED_MS)) do
        exports.remove(t, schedule.id)
        removed[#removed + 1] = schedule.id
    end
    return removed
end
--- Fires ticks, where the schedule still is what the decision saw.
-- 
-- @returns whether it was
function exports.fire(t, request)
    local schedule = t.schedules:get(request.scheduleId)
    if schedule == nil or schedule.paused or schedule.revision ~= request.revision then
        return false
    end
    if schedule.nextRunTime ~= request.expectedRunTime then
        return false
    end
    for ____, tick in ipairs(request.ticks) do
        fireTick(t, schedule, tick, request)
    end
    schedule.nextRunTime = request.nextRunTime
    t.schedules:order(schedule)
    report(t, schedule, "fired")
    return true
end
end

do
local exports = engine.task
local isOlder
local finish = engine.finish.finish
function isOlder(t, definition, other)
    local left = t.definitions:versionNumbers(definition.appVersion)
    local right = t.definitions:versionNumbers(other.appVersion)
    do
        local i = 0
        while i < math.max(#left, #right) do
            local difference = (left[i + 1] or 0) - (right[i + 1] or 0)
            if difference ~= 0 then
                return difference < 0
            end
            i = i + 1
        end
    end
    return false
end
--- Puts a definition. An older version of its app leaves that of a newer one as it is.
function exports.put(t, definition)
    local old = t.definitions:get(definition.taskId)
    if old ~= nil and old.appName == definition.appName and isOlder(t, definition, old) then
        return
    end
    t.definitions:put(definition)
    for ____, dependency in ipairs(definition.dependencies) do
        t.definitions:watch(dependency.taskId)
    end
end
--- Whether the definition names that task: then the task cannot be removed.
function exports.dependsOn(definition, taskId)
    for ____, dependency in ipairs(definition.dependencies) do
        if dependency.taskId == taskId then
            return true
        end
    end
    return false
end
--- Ends an execution of a removed task. One that runs does not run again.
-- 
-- @returns whether it did
function exports.cancelQueued(t, execution)
    if execution.status == "RUNNING" then
        execution.isUnregistered = true
        t:touchExecution(execution)
    end
    if execution.status ~= "PENDING" and execution.status ~= "RETRYING" then
        return false
    end
    finish(
        t,
        execution,
        "cancel",
        "CANCELLED",
        {reason = "TASK_UNREGISTERED"}
    )
    return true
end
--- Ends an execution that waits for the next one of a removed task: it would wait forever.
function exports.skipWaiting(t, executionId)
    local execution = t:unfinished(executionId)
    if execution ~= nil then
        finish(
            t,
            execution,
            "skip",
            "SKIPPED",
            {reason = "TASK_UNREGISTERED"}
        )
    end
end
end

do
local exports = engine.view
local isFree = engine.lock.isFree
local hasRoom = engine.queue.hasRoom
---
-- @returns the first reason of the fixed order; undefined: it has started
function exports.waitingFor(t, execution, queue)
    if execution.status ~= "PENDING" and execution.status ~= "RETRYING" then
        return nil
    end
    if queue.paused then
        return {kind = "paused"}
    end
    if t:isDelayed(execution) then
        return {kind = "time"}
    end
    if t:isBlocked(execution) then
        return {kind = "dependencies"}
    end
    local lock = t.lockWaiters:lockOf(execution)
    if lock ~= nil and not isFree(lock) then
        return {kind = "lock", lock = lock}
    end
    if not hasRoom(t, queue) then
        return {kind = "limit"}
    end
    local first = lock == nil and execution or t.lockWaiters:firstOfLine(execution)
    return {kind = t.unhandled:has(first) and "handler" or "queue"}
end
--- Whether its newest run is shown beside the recorded attempts: one under way, or a first success, which none records.
function exports.showsLastRun(status, attempts)
    return status == "RUNNING" or status == "COMPLETED" and attempts == nil
end
end

do
local exports = engine.worker
local isListed
local renewLock = engine.lock.renew
local endLockWait = engine.rescue.endLockWait
local rescue = engine.rescue.rescue
local takeBack = engine.rescue.takeBack
local finalizeCancel = engine.settle.finalizeCancel
local expireDue = engine.ttl.expireDue
--- Whatever a worker sends renews its lease.
function exports.renewLease(t, worker)
    t.workers:setLease(worker, t.now + t.lease)
end
function isListed(found, execution)
    for ____, each in ipairs(found) do
        if each.execution.id == execution.id then
            return true
        end
    end
    return false
end
--- A worker joins, or describes itself anew.
function exports.register(t, id, about)
    local isNew = t.workers:get(id) == nil
    local worker = t.workers:describe(id, about)
    if isNew then
        t:emitWorker("joined", worker)
    end
    exports.renewLease(t, worker)
    for ____, queue in ipairs(t.workers:queuesOf(worker)) do
        if t.ready:count(queue) > 0 or t.unhandled:hasFor(worker, queue) then
            t:wake(queue)
        end
    end
end
--- Whether a call of a worker arrives behind a newer one of its pipeline. One that has joined again begins its pipelines anew.
-- 
-- @param newest the number of the newest call of the pipeline
function exports.isOvertaken(newest, sequence, hasJoinedAgain)
    return sequence < newest and not (hasJoinedAgain and sequence == 1)
end
--- Renews the lease of a worker and the locks of its runs, or of those that a remote store looks at in one step.
-- 
-- @returns those of them that were asked to cancel
function exports.renew(t, worker)
    local cancelRequested = {}
    exports.renewLease(t, worker)
    t.workers:eachRun(
        worker,
        function(execution)
            renewLock(t, execution)
            if execution.cancelRequestedAt > 0 then
                cancelRequested[#cancelRequested + 1] = {executionId = execution.id, leaseToken = execution.leaseToken}
            end
        end
    )
    return cancelRequested
end
--- The heartbeat of a worker.
-- 
-- @param runs those that it has
function exports.heartbeat(t, id, runs)
    local worker = t.workers:get(id)
    if worker == nil then
        return {known = false, cancelRequested = {}, lost = runs}
    end
    local cancelRequested = exports.renew(t, worker)
    local lost = {}
    for ____, run in ipairs(runs) do
        if not t.workers:hasRun(worker, run) then
            lost[#lost + 1] = run
        end
    end
    return {known = true, cancelRequested = cancelRequested, lost = lost}
end
--- A worker claims nothing more.
-- 
-- @returns false where it did not claim anyway
function exports.drain(t, id)
    local worker = t.workers:get(id)
    if worker == nil or worker.draining == true then
        return false
    end
    worker.draining = true
    t.workers:touch(worker)
    t:emitWorker("draining", worker)
    return true
end
--- Takes back up to `limit` runs of a worker that leaves.
-- 
-- @returns whether it has left; else it asks again
function exports.deregister(t, id, limit)
    local worker = t.workers:get(id)
    if worker == nil then
        return true
    end
    worker.draining = true
    t.workers:touch(worker)
    t.workers:takeRuns(
        worker,
        limit,
        function(execution) return takeBack(t, execution) end
    )
    if t.workers:countRuns(worker) > 0 then
        return false
    end
    t.workers:delete(worker)
    t:emitWorker("left", worker)
    return true
end
--- Brings back up to `limit` runs of workers whose lease is over.
-- 
-- @returns how many
function exports.rescueLost(t, limit)
    local done = 0
    for ____, worker in ipairs(t.workers:lost()) do
        done = done + t.workers:takeRuns(
            worker,
            limit - done,
            function(execution) return rescue(t, execution) end
        )
        if t.workers:countRuns(worker) == 0 then
            t.workers:delete(worker)
            t:emitWorker("lost", worker)
        end
    end
    return done
end
---
-- @returns up to `limit` runs that are past their bound: their own timeout and a lease, or the one of the store
function exports.expired(t, limit)
    local found = {}
    t:eachPastDeadline(
        limit,
        function(execution)
            found[#found + 1] = {execution = execution, bound = execution.timeout}
        end
    )
    t:eachRunOlderThan(
        t.maxAttemptDuration,
        function(execution)
            if #found < limit and not isListed(found, execution) then
                found[#found + 1] = {execution = execution, bound = t.maxAttemptDuration}
            end
            return #found < limit
        end
    )
    return found
end
--- Ends the runs that were not cancelled in time, and the waits for locks and for first runs that took too long.
-- 
-- @returns how many
function exports.endWaits(t)
    local cancels = t:eachDueCancel(function(execution) return finalizeCancel(t, execution) end)
    return cancels + t.lockWaiters:eachDue(function(execution) return endLockWait(t, execution) end) + expireDue(t)
end
end
