#!/usr/bin/env python3
"""The figures that README.md reckons with: processor time, bytes and memory of a row and of a request.

    measure.py [MADE] [--seconds 5]

Processor time is what the kernel charges to the process of `made`, so that it means the same on a machine that has
other things to do; requests a second do not. Needs wrk.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import pathlib
import re
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODEL = ROOT / "config/models/nltcs.safetensors"
TICKS = os.sysconf("SC_CLK_TCK")


def sample(made: str, count: int, form: str) -> bytes:
    return subprocess.run([made, "sample", str(MODEL), "-n", str(count), "--seed", "1", "--format", form],
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout  # fmt: skip


def score(made: str, folder: pathlib.Path, rows: int) -> None:
    path = folder / "rows.csv"
    path.write_bytes(sample(made, rows, "csv"))
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with (folder / "scores.csv").open("wb") as out:
        subprocess.run([made, "score", str(MODEL), str(path)], stdout=out, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    bytes_in, bytes_out = (file.stat().st_size / rows for file in (path, folder / "scores.csv"))
    print(f"made score, CSV: {seconds / rows * 1e6:.2f} µs of a processor a row, {bytes_in:.0f} bytes in, "
          f"{bytes_out:.0f} out")  # fmt: skip


def requests(port: int, pids: list[int], body: bytes, connections: int, seconds: float, through: str = "") -> None:
    """wrk's figures of one kind of request, and what each of the processes spent on one."""
    url = f"http://127.0.0.1:{port}/score"
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request) as response:
        answer = len(response.read()) + len(str(response.headers)) + len("HTTP/1.1 200 OK\r\n")
    script = pathlib.Path(tempfile.gettempdir()) / f"made-{os.getpid()}.lua"
    quoted = json.dumps(body.decode())
    script.write_text(f'wrk.method = "POST"\nwrk.headers["Content-Type"] = "application/json"\nwrk.body = {quoted}\n')
    try:
        before = [processor(pid) for pid in pids]
        output = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{seconds:g}s", "-s", str(script), url],
                                stdout=subprocess.PIPE, text=True, check=True).stdout  # fmt: skip
        spent = [processor(pid) - start for pid, start in zip(pids, before)]
    finally:
        script.unlink()
    count = int(re.search(r"(\d+) requests in", output)[1])
    assert "Non-2xx" not in output, output
    rate = re.search(r"Requests/sec:\s+([\d.]+)", output)[1]
    rows = len(json.loads(body)["rows"])
    times = " + ".join(f"{seconds / count * 1e6:.1f}" for seconds in spent)
    print(f"POST /score{through}, {rows} rows, {connections} connections: {times} µs of a processor a request, "
          f"{float(rate):.0f} requests/s, {len(body)} + {answer} bytes")  # fmt: skip


def haproxy(stack: contextlib.ExitStack, folder: pathlib.Path, port: int) -> tuple[int, int]:
    """A balancer of one thread before the service: its process and its port."""
    listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=1024))
    path = folder / "haproxy.cfg"
    # It takes over a socket that is bound already, so that nobody else gets the port in between.
    path.write_text("global\n  nbthread 1\ndefaults\n  mode http\n  timeout connect 5s\n  timeout client 60s\n"
                    f"  timeout server 60s\n  http-reuse always\nfrontend f\n  bind fd@{listener.fileno()}\n"
                    f"  default_backend b\nbackend b\n  server s 127.0.0.1:{port}\n")  # fmt: skip
    process = stack.enter_context(subprocess.Popen(["haproxy", "-db", "-q", "-f", str(path)],
                                                   pass_fds=[listener.fileno()]))  # fmt: skip
    stack.callback(process.kill)
    return process.pid, listener.getsockname()[1]


def processor(pid: int) -> float:
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def memory(pid: int) -> int:
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) // 1024


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("made", nargs="?", default=str(ROOT / ".build/release/made"))
    parser.add_argument("--seconds", type=float, default=5)
    options = parser.parse_args()
    if shutil.which("wrk") is None:
        print("there is no wrk here: apt-get install wrk", file=sys.stderr)
        return 2
    with contextlib.ExitStack() as stack:
        folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))
        score(options.made, folder, 500000)
        process = stack.enter_context(subprocess.Popen(
            [options.made, "serve", str(MODEL), "--port", "0", "--quiet"], stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, cwd=folder, text=True))  # fmt: skip
        stack.callback(process.kill)
        port = int(process.stdout.readline().rpartition(":")[2])
        rows = [json.loads(line) for line in sample(options.made, 256, "ndjson").splitlines()]
        one, many = (json.dumps({"rows": rows[:count]}, separators=(",", ":")).encode() for count in (1, 256))
        for body, connections in ((one, 64), (one, 512), (many, 8)):
            requests(port, [process.pid], body, connections, options.seconds)
        if shutil.which("haproxy"):
            balancer, front = haproxy(stack, folder, port)
            requests(front, [process.pid, balancer], one, 64, options.seconds, " through HAProxy")
        else:
            print("no HAProxy here: apt-get install haproxy")
        print(f"memory of the service, at most: {memory(process.pid)} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
