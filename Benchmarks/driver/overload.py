#!/usr/bin/env python3
"""Ten times more requests than `made serve` can answer: how long the admitted ones take, how soon the others are told,
and whether /livez answers all the while.

    python3 Benchmarks/driver/overload.py .build/release/made [--hidden 2000 2000] [--rows 32] [--seconds 15]

Requests arrive at fixed times, whether those before have been answered or not, and their latencies count from those
times. The driver takes a part of the machine, too: choose a model and rows a request so heavy that ten times the capacity
is a few thousand requests a second. Needs numpy.
"""

import argparse
import asyncio
import collections
import json
import multiprocessing
import os
import socket
import subprocess
import sys
import tempfile
import time

import numpy as np


def write_state_dict(path, variable_count, hidden, seed=1):
    """A PyTorch-like state dict of masked layers with random weights."""
    random = np.random.default_rng(seed)
    degrees = [np.arange(variable_count)]
    for width in hidden:
        degrees.append(np.arange(width) * (variable_count - 1) // width)
    tensors = {}
    widths = [variable_count, *hidden, variable_count]
    for layer, (inputs, outputs) in enumerate(zip(widths, widths[1:])):
        is_last = layer == len(hidden)
        later = np.arange(variable_count) if is_last else degrees[layer + 1]
        earlier = degrees[layer]
        mask = later[:, None] > earlier[None, :] if is_last else later[:, None] >= earlier[None, :]
        scale = (2.0 / max(1, inputs)) ** 0.5
        tensors[f"net.{2 * layer}.weight"] = random.normal(0, scale, (outputs, inputs)).astype("<f4")
        tensors[f"net.{2 * layer}.bias"] = np.zeros(outputs, "<f4")
        tensors[f"net.{2 * layer}.mask"] = mask.astype("<f4")
    header, offset = {}, 0
    for name, tensor in tensors.items():
        header[name] = {"dtype": "F32", "shape": tensor.shape, "data_offsets": [offset, offset + tensor.nbytes]}
        offset += tensor.nbytes
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for tensor in tensors.values():
            file.write(tensor.tobytes())


class Connection(asyncio.Protocol):
    """One request at a time."""

    def __init__(self, load):
        self.load, self.received, self.due = load, b"", None

    def connection_made(self, transport):
        self.transport = transport

    def ask(self, due):
        self.due = due
        self.transport.write(self.load.request)

    def data_received(self, data):
        self.received += data
        end = self.received.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self.received[:end].lower()
        at = head.find(b"content-length: ") + 16
        length = int(head[at:].split(b"\r\n", 1)[0])
        if len(self.received) < end + 4 + length:
            return
        self.received = b""
        due, self.due = self.due, None
        self.load.answered(self, due, int(head[9:12]), b"retry-after" in head)

    def connection_lost(self, error):
        self.load.lost(self)


class Load:
    """Open loop: `rate` requests a second; closed loop: where rate is None, each connection asks again at once."""

    def __init__(self, port, request, connections, rate, seconds):
        self.port, self.request, self.rate, self.seconds = port, request, rate, seconds
        self.limit = connections
        self.answers, self.unsent, self.failures, self.unhinted = [], 0, 0, 0
        # First in, first out: the service closes connections on which nobody asks.
        self.idle = collections.deque()

    def answered(self, connection, due, status, has_hint):
        now = time.perf_counter()
        self.answers.append((status, now - due))
        if status == 503 and not has_hint:
            self.unhinted += 1
        if self.rate is None and now < self.end:
            connection.ask(now)
        else:
            self.idle.append(connection)

    def lost(self, connection):
        if connection.due is not None:
            self.failures += 1
        if connection in self.idle:
            self.idle.remove(connection)

    async def run(self):
        loop = asyncio.get_running_loop()
        for _ in range(self.limit):
            _, connection = await loop.create_connection(lambda: Connection(self), "127.0.0.1", self.port)
            self.idle.append(connection)
        start = time.perf_counter()
        self.end = start + self.seconds
        if self.rate is None:
            connections, self.idle = self.idle, collections.deque()
            for connection in connections:
                connection.ask(start)
            await asyncio.sleep(self.seconds)
        else:
            number = 0
            while (now := time.perf_counter()) < self.end:
                while (due := start + number / self.rate) <= now:
                    number += 1
                    if self.idle:
                        self.idle.popleft().ask(due)
                    else:
                        self.unsent += 1
                await asyncio.sleep(0.001)
        while len(self.idle) < self.limit - self.failures and time.perf_counter() < self.end + 30:
            await asyncio.sleep(0.01)
        for connection in self.idle:
            connection.transport.close()
        return self


def probe(port, seconds, results):
    """Latencies of /livez, one every 20 ms, on a connection kept and on one newly made in turn."""
    request = b"GET /livez HTTP/1.1\r\nHost: probe\r\n\r\n"
    kept = socket.create_connection(("127.0.0.1", port))
    latencies = []
    end = time.perf_counter() + seconds
    while (start := time.perf_counter()) < end:
        connection = kept if len(latencies) % 2 else socket.create_connection(("127.0.0.1", port))
        connection.sendall(request)
        answer = b""
        while b'"ok"' not in answer:
            answer += connection.recv(4096)
        latencies.append(time.perf_counter() - start)
        if connection is not kept:
            connection.close()
        time.sleep(0.02)
    results.put(latencies)


def quantile(values, share):
    return sorted(values)[min(len(values) - 1, int(share * len(values)))] * 1000 if values else float("nan")


def run(port, request, connections, rate, seconds):
    return asyncio.run(Load(port, request, connections, rate, seconds).run())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("made", help="the program")
    parser.add_argument("--variables", type=int, default=64)
    parser.add_argument("--hidden", type=int, nargs="+", default=[2000, 2000])
    parser.add_argument("--rows", type=int, default=32, help="of a request")
    parser.add_argument("--queue-milliseconds", type=int, default=250)
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument("--factor", type=float, default=10)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        model = os.path.join(folder, "heavy.safetensors")
        write_state_dict(model, options.variables, options.hidden)
        server = subprocess.Popen(
            [options.made, "serve", model, "--port", "0", "-q", "--activation", "relu",
             "--queue-milliseconds-max", str(options.queue_milliseconds)], stdout=subprocess.PIPE, text=True)
        try:
            port = int(server.stdout.readline().rsplit(":", 1)[1])
            measure(port, options)
        finally:
            server.terminate()
            server.wait()


def measure(port, options):
    rows = np.random.default_rng(2).integers(0, 2, (options.rows, options.variables)).tolist()
    body = json.dumps({"rows": rows}, separators=(",", ":")).encode()
    request = b"POST /score HTTP/1.1\r\nHost: load\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
    print(f"load average {os.getloadavg()[0]:.1f}, {os.cpu_count()} processors; D {options.variables}, "
          f"hidden {'+'.join(map(str, options.hidden))}, {options.rows} rows a request, "
          f"queue-milliseconds-max {options.queue_milliseconds}")
    run(port, request, 1, 20, 1)
    busy = run(port, request, 6, None, 5)
    capacity = sum(status == 200 for status, _ in busy.answers) / 5
    calm = run(port, request, 4, max(1, capacity / 10), max(5, 300 / capacity))
    unloaded = [latency for status, latency in calm.answers if status == 200]
    queue = multiprocessing.Queue()
    prober = multiprocessing.Process(target=probe, args=(port, options.seconds, queue))
    prober.start()
    load = run(port, request, 600, options.factor * capacity, options.seconds)
    livez = queue.get(timeout=60)
    prober.join()
    admitted = [latency for status, latency in load.answers if status == 200]
    refused = [latency for status, latency in load.answers if status == 503]
    others = len(load.answers) - len(admitted) - len(refused)
    bound = 2 * quantile(unloaded, 0.99) + options.queue_milliseconds
    print(f"capacity            {capacity:8.0f} requests/s")
    print(f"unloaded            p50 {quantile(unloaded, .5):8.1f} ms   p99 {quantile(unloaded, .99):8.1f} ms")
    print(f"offered             {options.factor * capacity:8.0f} requests/s for {options.seconds:.0f} s: "
          f"{len(load.answers)} answered, {load.unsent} not sent for want of connections, {load.failures} failed")
    print(f"admitted            {len(admitted) / options.seconds:8.0f} requests/s"
          f"   p50 {quantile(admitted, .5):8.1f} ms   p99 {quantile(admitted, .99):8.1f} ms   bound {bound:.1f} ms")
    print(f"503                 {100 * len(refused) / max(1, len(load.answers)):8.1f} %"
          f"            p50 {quantile(refused, .5):8.1f} ms   p99 {quantile(refused, .99):8.1f} ms"
          f"   without Retry-After {load.unhinted}")
    print(f"other statuses      {others:8d}")
    print(f"/livez              {len(livez):8d} asked        p50 {quantile(livez, .5):8.1f} ms"
          f"   p99 {quantile(livez, .99):8.1f} ms   max {max(livez) * 1000:.1f} ms")
    isGood = quantile(admitted, .99) <= bound and max(livez) <= 0.1 and not load.failures and not others
    print("kept" if isGood else "NOT KEPT")
    return isGood


if __name__ == "__main__":
    main()
