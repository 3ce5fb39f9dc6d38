-- GET with the next of several tokens each time: wrk -s callers.lua URL -- FILE_OF_TOKENS

local requests, turn = {}, 0
local path

function init(arguments)
  path = arguments[1]
end

function request()
  if #requests == 0 then
    for token in io.lines(path) do
      requests[#requests + 1] = wrk.format("GET", nil, { Authorization = "Bearer " .. token })
    end
  end
  turn = turn % #requests + 1
  return requests[turn]
end
