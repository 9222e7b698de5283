-- ARGV[1], the settings of a call:
--   asked|generation|budget|testTime|lease|historyCount|historyAge|historyBytes|history of other outcomes|maxAttempt|
--     PUBLISH or SPUBLISH|node
--   asked: 13 digits, the store's time when the caller sent the request, as far as it knows, else zeros
--   generation: 6 digits, the number of the caller's connection; budget: 6 digits, ms for which the caller waits
local head = {}

-- Where the test's time begins.
head.TEST_TIME = 29

function head.asked()
  return tonumber(string.sub(ARGV[1], 1, 13))
end

-- Texts.
function head.generation()
  return string.sub(ARGV[1], 15, 20)
end

function head.budget()
  return string.sub(ARGV[1], 22, 27)
end

-- Whether the sender of a request has stopped waiting for its reply.
function head.isLate(asked, budget_, time)
  return asked > 0 and math.abs(time - asked) > budget_
end

-- The reply to such a request.
function head.late(time)
  return redis.error_reply('LATE ' .. string.format('%.0f', time))
end

-- ms since 1970. testTime: a test's clock, '' for none.
function head.serverTime(testTime)
  local given = tonumber(testTime)
  if given then
    return given
  end
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
