-- POST the same body again and again: wrk -s post.lua URL -- CONTENT_TYPE BODY

function init(arguments)
  wrk.method = "POST"
  wrk.headers["Content-Type"] = arguments[1]
  wrk.body = arguments[2]
end
