-- Register another account each time: wrk -s registrations.lua URL -- BODY PREFIX
-- In BODY, {n} becomes PREFIX with a number that no other request has.

local body, prefix
local number = 0
local headers = { ["Content-Type"] = "application/json" }

function init(arguments)
  body, prefix = arguments[1], arguments[2]
end

function request()
  number = number + 1
  return wrk.format("POST", nil, headers, (body:gsub("{n}", prefix .. number)))
end
