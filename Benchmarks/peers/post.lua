-- wrk's script: posts the lines of the file BODIES in turn to /score; ends with a line of JSON.
local requests, count, turn = {}, 0, 0

function init()
    for body in io.lines(os.getenv("BODIES")) do
        count = count + 1
        requests[count] = wrk.format("POST", "/score", {["Content-Type"] = "application/json"}, body)
    end
end

function request()
    turn = turn % count + 1
    return requests[turn]
end

function done(summary, latency)
    local errors = summary.errors
    local failed = errors.connect + errors.read + errors.write + errors.timeout + errors.status
    io.write(string.format(
        '{"requests": %d, "microseconds": %d, "p50": %.1f, "p99": %.1f, "failed": %d}\n', summary.requests,
        summary.duration, latency:percentile(50), latency:percentile(99), failed))
end
