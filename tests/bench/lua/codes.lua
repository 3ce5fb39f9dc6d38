-- Trade authorization codes in: wrk -s codes.lua URL -- FILE_OF_CODES FORM
-- FORM has all but the code. Each code is sent once; a request for which none is left is refused, and counts as failed.

local codes, form = {}, nil
local headers = { ["Content-Type"] = "application/x-www-form-urlencoded" }

function init(arguments)
  for code in io.lines(arguments[1]) do
    codes[#codes + 1] = code
  end
  form = arguments[2]
end

function request()
  return wrk.format("POST", nil, headers, form .. "&code=" .. (table.remove(codes) or "none-left"))
end
