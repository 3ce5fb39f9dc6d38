-- Trade refresh tokens in: wrk -s chains.lua URL -- FILE_OF_TOKENS
-- Each answer has the next token of its chain. A connection takes any token that is not under way, so the file needs one
-- for each connection, and one more for the request that wrk makes beforehand and does not send.

local waiting = {}
local headers = { ["Content-Type"] = "application/x-www-form-urlencoded" }

function init(arguments)
  for token in io.lines(arguments[1]) do
    waiting[#waiting + 1] = token
  end
end

function request()
  local token = table.remove(waiting) or "none-left"
  return wrk.format("POST", nil, headers, "grant_type=refresh_token&refresh_token=" .. token)
end

function response(status, _, body)
  local token = body:match('"refresh_token"%s*:%s*"([^"]+)"')
  if token then
    waiting[#waiting + 1] = token
  end
end
