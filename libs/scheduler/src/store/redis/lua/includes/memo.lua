-- Keeps what functions of a text return, where finding it costs less than making it.
local memo = {}

-- Returns `make` with a memory of its values for at most so many texts, and a function that clears the memory.
function memo.of(make, atMost)
  local found, count = {}, 0
  local function clear()
    found, count = {}, 0
  end
  local function get(text)
    local value = found[text]
    if value == nil then
      if count == atMost then
        clear()
      end
      value, count = make(text), count + 1
      found[text] = value
    end
    return value
  end
  return get, clear
end
