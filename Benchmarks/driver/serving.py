"""Requests: our server against FastAPI and against bare libmicrohttpd, under the load of wrk."""

import array
import contextlib
import json
import os
import shutil
import subprocess
import time

import environment
import servers
from contender import ContenderError, alternate, ratios

ROWS, CONNECTIONS = (1, 16, 256), (1, 8, 64)
WIDTHS = {"d64": 64, "d128": 128, "d784": 784}
# At least so many times FastAPI's requests a second, by rows and for 8 and 64 connections; elsewhere no fewer.
GOALS = {("d64", 1): 7, ("d784", 1): 8, ("d64", 256): 5, ("d784", 256): 3}
# At most so much, for d64: processor time of a request of one row, exec to the first answer, memory after all loads.
PROCESSOR_MICROSECONDS, START_MILLISECONDS, RESIDENT_MEGABYTES = 35, 40, 64


def requests(table, rounds, ours, slow):
    """All cells of rows × connections for each model."""
    if not shutil.which("wrk"):
        raise environment.Unavailable("there is no wrk to make the load (apt-get install wrk)")
    try:
        environment.install("FastAPI")
        print(f"FastAPI: {environment.versions('FastAPI')}")
        has_peer = True
    except environment.Unavailable as error:
        table.skip(str(error))
        has_peer = False
    environment.run(["make", "-C", environment.TREE, "build"], "the program does not build")
    for model in WIDTHS if slow else ("d64", "d784"):
        ours.ask("prepare", model=model)
        with contextlib.ExitStack() as stack:
            measure(table, rounds, model, has_peer, stack)


def measure(table, rounds, model, has_peer, stack):
    def running(server):
        stack.callback(server.stop)
        return server

    bodies = {rows: write_bodies(model, WIDTHS[model], rows) for rows in ROWS}
    with open(bodies[16]) as file:
        sample = file.readline().strip()
    with open(bodies[1]) as file:
        single = file.readline().strip()
    starts = [start_milliseconds(model, single) for _ in range(rounds)] if model == "d64" else []
    made = running(servers.start_ours(model))
    floor = running(servers.start_floor(made.score(single).decode()))
    peer = running(servers.start_peer(model)) if has_peer else None
    if peer:
        agree(model, made.log_likelihoods(sample), peer.log_likelihoods(sample))
    for server in filter(None, (made, floor, peer)):
        load(server, bodies[16], 8)
    for rows in ROWS:
        for connections in CONNECTIONS:
            turns = {"made": lambda: load(made, bodies[rows], connections)}
            if rows == 1:
                turns["floor"] = lambda: load(floor, bodies[rows], connections)
            if peer:
                turns["peer"] = lambda: load(peer, bodies[rows], connections)
            report(table, model, rows, connections, alternate(rounds, **turns))
    if starts:
        table.add(f"{model}: {START_MILLISECONDS} ms / from exec to the first answer",
                  [START_MILLISECONDS / start for start in starts], 1)
        resident = made.resident_megabytes()
        if resident:
            table.add(f"{model}: {RESIDENT_MEGABYTES} MB / resident after all of this",
                      [RESIDENT_MEGABYTES / resident], 1)


def start_milliseconds(model, body):
    """From exec to the first answer."""
    start = time.perf_counter()
    server = servers.start_ours(model)
    try:
        server.score(body)
        return (time.perf_counter() - start) * 1000
    finally:
        server.stop()


def report(table, model, rows, connections, got):
    what = f"{model}, {rows} row{'s' if rows > 1 else ''} × {connections} connection{'s' if connections > 1 else ''}"
    made = got["made"]
    speeds = [run["rate"] for run in made]
    loaded = connections > 1
    if "peer" in got:
        table.add(f"{what}: requests/s / FastAPI", ratios(speeds, (run["rate"] for run in got["peer"])),
                  GOALS.get((model, rows), 1) if loaded else 1, detail(made, got["peer"]))
        table.add(f"{what}: FastAPI's p99 / ours", [b["p99"] / a["p99"] for a, b in zip(made, got["peer"])], 1)
    if "floor" in got:
        table.add(f"{what}: requests/s / bare libmicrohttpd", ratios(speeds, (run["rate"] for run in got["floor"])),
                  0.75 if model == "d64" and loaded else None, detail(made, got["floor"]))
        table.add(f"{what}: its p99 / ours", [b["p99"] / a["p99"] for a, b in zip(made, got["floor"])], 1 / 1.5)
        if model == "d64" and made[0]["processor"] > 0:
            table.add(f"{what}: {PROCESSOR_MICROSECONDS} µs of processor time a request / ours",
                      [PROCESSOR_MICROSECONDS / run["processor"] for run in made], 1)


def detail(ours, theirs):
    def middle(runs, key):
        return sorted(run[key] for run in runs)[len(runs) // 2]

    return ", ".join([
        *(f"{key} {middle(ours, key) / 1000:.2f} : {middle(theirs, key) / 1000:.2f} ms" for key in ("p50", "p99")),
        f"processor {middle(ours, 'processor'):.0f} : {middle(theirs, 'processor'):.0f} µs"])


def load(server, bodies, connections):
    """One run of wrk: requests a second, latencies and processor time a request in µs."""
    run = wrk(server, bodies, connections, 1)
    if run["requests"] < 2 * connections:
        run = wrk(server, bodies, connections, 4)
    if run["failed"]:
        raise ContenderError(f"{server.name}: {run['failed']} of {run['requests']} requests failed")
    return run


def wrk(server, bodies, connections, seconds):
    before = server.processor_seconds()
    done = subprocess.run(
        ["wrk", "--threads", "1", "--connections", str(connections), "--duration", f"{seconds}s", "--timeout", "60s",
         "--latency", "--script", os.path.join(environment.PEERS, "post.lua"), f"http://127.0.0.1:{server.port}"],
        env={**os.environ, "BODIES": bodies}, capture_output=True, text=True)
    if server.process.poll() is not None:
        raise ContenderError(f"{server.name}: the process ended under load, with status {server.process.returncode}")
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if not lines:
        raise ContenderError(f"wrk says nothing of {server.name}: {(done.stderr or done.stdout).strip()[-300:]}")
    run = json.loads(lines[0])
    used = server.processor_seconds() - before
    run["rate"] = max(run["requests"], 1) / (run["microseconds"] / 1e6)
    run["processor"] = used * 1e6 / max(run["requests"], 1)
    server.settle()
    return run


def write_bodies(model, width, rows):
    """A file of request bodies of `rows` rows of `width` values, one a line, from the rows beside the model."""
    values = array.array("f")
    with open(os.path.join(environment.MODELS, model + ".rows"), "rb") as file:
        values.frombytes(file.read())
    path = os.path.join(environment.MODELS, f"{model}.{rows}.jsonl")
    size = rows * width
    with open(path, "w") as file:
        for start in range(0, min(len(values), 32 * size), size):
            body = [[int(v) for v in values[at:at + width]] for at in range(start, start + size, width)]
            file.write(json.dumps({"rows": body}, separators=(",", ":")) + "\n")
    return path


def agree(model, ours, theirs):
    """Both servers must answer the same before either is timed."""
    for row, (a, b) in enumerate(zip(ours, theirs, strict=True)):
        if not abs(a - b) <= 1e-3 + 1e-5 * abs(b):
            raise ContenderError(f"{model}, row {row}: the log-likelihood is {a} here and {b} with FastAPI")
