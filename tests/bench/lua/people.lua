-- POST a form for another person each time: wrk -s people.lua URL -- BODY COUNT
-- In BODY, {n} becomes a number from 1 to COUNT.

local body, count
local headers = { ["Content-Type"] = "application/x-www-form-urlencoded" }

function init(arguments)
  body, count = arguments[1], tonumber(arguments[2])
end

function request()
  return wrk.format("POST", nil, headers, (body:gsub("{n}", tostring(math.random(count)))))
end
