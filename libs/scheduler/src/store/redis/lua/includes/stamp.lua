-- What the store adds to a new execution's record: number|created|due|
local stamp = {}

local DIGITS = { [0] = '0', '1', '2', '3', '4', '5', '6', '7', '8', '9' }
-- A number as text: a new one for each hundred, and the last two digits behind it, at a third of the price.
local hundreds, low
local suffix

function stamp.begin()
  hundreds, low = nil, nil
  suffix = '|' .. now .. '|' .. now .. '|'
end

-- The record of the next new execution, due at once, of what the caller packed.
function stamp.record(part)
  local number = frame.created + 1
  frame.created = number
  low = low and low < 99 and low + 1 or number % 100
  hundreds = hundreds and low > 0 and hundreds or string.format('%d', (number - low) / 100)
  local ones = low % 10
  return hundreds .. DIGITS[(low - ones) / 10] .. DIGITS[ones] .. suffix .. part
end
