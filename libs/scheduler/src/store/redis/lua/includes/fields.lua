-- A record's fields, found by its bars: a pattern would walk over every character of what lies between.
local find, sub, byte = string.find, string.sub, string.byte
local fields = {}

-- Where the field begins that stands so many behind the one at `from`; behind the text where it has too few.
function fields.skip(text, from, many)
  for _ = 1, many do
    from = (find(text, '|', from, true) or #text) + 1
  end
  return from
end

-- The field that begins there.
function fields.at(text, from)
  return sub(text, from, (find(text, '|', from, true) or #text + 1) - 1)
end
