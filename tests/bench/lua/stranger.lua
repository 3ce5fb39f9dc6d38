-- POST a form for another person each time, and print how often each status was answered:
-- wrk -s stranger.lua URL -- BODY COUNT ADDRESS
-- In BODY, {n} becomes a number from 1 to COUNT. ADDRESS is where the proxy says that the requests come from.

local body, count, headers
local threads = {}

function setup(thread)
  threads[#threads + 1] = thread
end

function init(arguments)
  body, count = arguments[1], tonumber(arguments[2])
  headers = { ["Content-Type"] = "application/x-www-form-urlencoded", ["X-Forwarded-For"] = arguments[3] }
  -- One global for each status: what another thread reads can be no table.
  for status = 100, 599 do
    _G["answered_" .. status] = 0
  end
end

function request()
  return wrk.format("POST", nil, headers, (body:gsub("{n}", tostring(math.random(count)))))
end

function response(status)
  local name = "answered_" .. status
  _G[name] = _G[name] + 1
end

function done()
  for status = 100, 599 do
    local answers = 0
    for _, thread in ipairs(threads) do
      answers = answers + thread:get("answered_" .. status)
    end
    if answers > 0 then
      print("status " .. status .. ": " .. answers)
    end
  end
end
