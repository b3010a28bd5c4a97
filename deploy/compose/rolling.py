"""Measures what a rolling restart costs: replicas behind HAProxy, without retries, restarted in turn, over and over,
while wrk asks as fast as it is answered, and other clients make a connection for each request.

    sudo python3 deploy/compose/rolling.py [SECONDS]      60; the program is MADE, .build/release/made by default
"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import fleet
import load
import testing

# Requests in turn; in the end, what wrk counted, as JSON.
SCRIPT = """
local requests, turn = {}, 0
function init()
  for path, body in pairs(REQUESTS) do requests[#requests + 1] = wrk.format("POST", path, nil, body) end
end
function request() turn = turn + 1; return requests[turn % #requests + 1] end
function done(summary)
  local e = summary.errors
  print(string.format('{"requests": %d, "status": %d, "connect": %d, "read": %d, "write": %d, "timeout": %d}',
    summary.requests, e.status, e.connect, e.read, e.write, e.timeout))
end
"""


def lua_table():
    """The request for a single row of each model, as a table of Lua: body by path."""
    singles = {path: body for path, body in load.bodies() if len(json.loads(body)["rows"]) == 1}
    entries = ", ".join(f"[{json.dumps(path)}] = {json.dumps(body)}" for path, body in singles.items())
    return f"local REQUESTS = {{{entries}}}\n"


def main(seconds):
    with tempfile.TemporaryDirectory(prefix="made-rolling-") as scratch:
        folder = pathlib.Path(scratch)
        one = fleet.Fleet(folder)
        try:
            one.start_replicas()
            one.start_haproxy(HAPROXY_RETRIES="0")
            script = folder / "wrk.lua"
            script.write_text(lua_table() + SCRIPT)
            wrk = subprocess.Popen(["wrk", "-t1", "-c16", f"-d{seconds}s", "--timeout", "30s", "-s", script,
                                    "http://haproxy:8000"], stdout=subprocess.PIPE, text=True)
            restarts = 0
            with load.Load("haproxy", 8000, threads=2, fresh=1) as others:
                while wrk.poll() is None:
                    assert one.restart(fleet.REPLICAS[restarts % 3]) == 0
                    restarts += 1
            output = wrk.stdout.read()
        finally:
            one.close()
    counted = json.loads(re.search(r"^\{.*\}$", output, re.M)[0])
    requests = counted.pop("requests") + others.total()
    failed = sum(counted.values()) + len(others.failures)
    print(f"{restarts} restarts, {requests} requests ({others.total()} of them by a connection each), {failed} failed: "
          f"{counted}, {dict(others.statuses)}")
    return 1 if failed else 0


if __name__ == "__main__":
    testing.need(haproxy="haproxy", dnsmasq="dnsmasq-base", wrk="wrk")
    fleet.enter()
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 60))
