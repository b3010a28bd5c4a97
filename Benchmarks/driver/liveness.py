#!/usr/bin/env python3
"""How long /livez takes while each kind of large request is sent over and over.

    python3 Benchmarks/driver/liveness.py .build/release/made [--seconds 5] [--kinds score,infer-flat] [--model FILE]

Four connections ask for /livez at random times some 4 ms apart, from which their waits count, whether the answer before has
come by then or not; a fifth sends the request as soon as it has its answer. A line a kind:
how often it was sent, with which statuses, and the median, the 99th percentile and the maximum of /livez in milliseconds.
The driver's processes share the machine with the service. Needs nothing but Python.
"""

import argparse
import gzip
import http.client
import json
import multiprocessing
import os
import random
import socket
import struct
import subprocess
import tempfile
import time

BYTES = 17_000_000
JSON = {"Content-Type": "application/json"}


def bodies(names):
    """Each kind's path, header fields and a function that makes its body."""
    width = len(names)
    row = [1, 0] * (width // 2) + [1] * (width % 2)
    text = json.dumps(row, separators=(",", ":"))
    named = json.dumps(dict(zip(names, row)), separators=(",", ":"))

    def repeated(member, part):
        return lambda: f'{{"{member}":[{",".join([part] * (BYTES // (len(part) + 1)))}]}}'.encode()

    def tensor(part, flat):
        count = BYTES // (len(part) + 1)
        data = ",".join([part[1:-1] if flat else part] * count)
        head = f'{{"name":"rows","datatype":"FP32","shape":[{count},{width}],"data":[{data}]}}'
        return lambda: f'{{"inputs":[{head}]}}'.encode()

    rows = 64_000_000 // (4 * width)
    binary_head = json.dumps({"inputs": [{"name": "rows", "datatype": "FP32", "shape": [rows, width],
                                          "parameters": {"binary_data_size": 4 * rows * width}}]}).encode()
    binary = {"Inference-Header-Content-Length": str(len(binary_head)), "Content-Type": "application/octet-stream"}
    lines = (text + "\n").encode()
    table = (text[1:-1] + "\n").encode()
    hole = text.replace("1", "null", 1)
    infer = "/v2/models/m/infer"
    return {
        "nothing": None,
        "score": ("/score", JSON, repeated("rows", text)),
        "score-names": ("/score", JSON, repeated("rows", named)),
        "score-missing": ("/score", JSON, repeated("rows", hole)),
        "infer-nested": (infer, JSON, tensor(text, False)),
        "infer-flat": (infer, JSON, tensor(text, True)),
        "infer-binary": (infer, binary, lambda: binary_head + struct.pack(f"<{width}f", *row) * rows),
        "conditionals": ("/conditionals", JSON, repeated("rows", text)),
        "invocations": ("/invocations", JSON, repeated("instances", text)),
        "bulk-ndjson": ("/score", {"Content-Type": "application/x-ndjson"}, lambda: lines * (4 * BYTES // len(lines))),
        "bulk-csv": ("/score", {"Content-Type": "text/csv"},
                     lambda: (",".join(names) + "\n").encode() + table * (4 * BYTES // len(table))),
        "bomb": ("/score", {**JSON, "Content-Encoding": "gzip"}, lambda: gzip.compress(b" " * 1_000_000_000, 9)),
        "bomb-ndjson": ("/score", {"Content-Type": "application/x-ndjson", "Content-Encoding": "gzip"},
                        lambda: gzip.compress(b"\n" * 1_000_000_000, 9)),
    }


def send(port, kind, names, stop, statuses):
    path, headers, make = bodies(names)[kind]
    body = make()
    while not stop.is_set():
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            while answer.read(1 << 20):
                pass
            statuses.put(answer.status)
            connection.close()
        except (OSError, http.client.HTTPException) as error:
            statuses.put(type(error).__name__)


def probe(port, stop, results):
    taken = []
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        due = time.perf_counter()
        while not stop.is_set():
            due += random.uniform(0.002, 0.006)
            time.sleep(max(0, due - time.perf_counter()))
            connection.sendall(b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n")
            received = b""
            while b'"ok"}' not in received:
                received += connection.recv(65536)
            taken.append(1000 * (time.perf_counter() - due))
    results.put(taken)


def measure(port, kind, names, seconds):
    stop, statuses, results = multiprocessing.Event(), multiprocessing.Queue(), multiprocessing.Queue()
    load = multiprocessing.Process(target=send, args=(port, kind, names, stop, statuses))
    found = []
    if kind != "nothing":
        load.start()
        found.append(statuses.get())
    probes = [multiprocessing.Process(target=probe, args=(port, stop, results)) for _ in range(4)]
    for process in probes:
        process.start()
    time.sleep(seconds)
    stop.set()
    taken = sorted(time for _ in probes for time in results.get())
    if kind != "nothing":
        load.join()
    while not statuses.empty():
        found.append(statuses.get())
    counts = {status: found.count(status) for status in dict.fromkeys(found)}
    print(f"{kind:14} p50 {taken[len(taken) // 2]:8.2f}  p99 {taken[len(taken) * 99 // 100]:8.2f}  "
          f"max {taken[-1]:8.2f} ms  of {len(taken)}; sent {counts}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("made")
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--kinds", help="separated by commas; none: all")
    parser.add_argument("--model", default=os.path.join(os.path.dirname(__file__), "../../config/models/nltcs.safetensors"))
    options = parser.parse_args()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        os.symlink(os.path.abspath(options.model), os.path.join(folder, "m.safetensors"))
        service = subprocess.Popen([
            options.made, "serve", folder, "--port", str(port), "--log-level", "error", "--queue-rows-max", "1000000",
            "--queue-milliseconds-max", "60000"])
        try:
            names = card(port)
            for kind in options.kinds.split(",") if options.kinds else bodies(names):
                measure(port, kind, names, options.seconds)
        finally:
            service.terminate()
            service.wait()


def card(port):
    """The names of the model's variables, once the service is ready."""
    for _ in range(300):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/models/m")
            answer = connection.getresponse()
            if answer.status == 200:
                return [variable["name"] for variable in json.loads(answer.read())["variables"]]
        except OSError:
            pass
        time.sleep(0.1)
    raise SystemExit("the service did not become ready")


if __name__ == "__main__":
    main()
