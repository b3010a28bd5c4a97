#!/usr/bin/env python3
"""Three real replicas, one of them slow, under requests at random times; and what fleet.py says of the same.

    check.py [MADE] [--seconds 20] [--load 0.8 …] [--policy …] [--rows 8] [--samples 150]

The balancer and its clients are this process: each request starts at its time, whether or not others are answered. The
slow replica serves a model of several networks where the others serve one of one network. What a request costs is
measured first, one request at a time; the simulation draws from these times, and has the same arrivals. A load is that
of the slow replica, as a share of what it can do, if it gets a third of the requests.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import pathlib
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time

import fleet

ROOT = pathlib.Path(__file__).resolve().parents[2]
REPLICAS = 3
QUEUE_MILLISECONDS = 250


class Replica:
    """A made serve with one worker, and connections to it that are kept."""

    def __init__(self, made: str, model: pathlib.Path):
        self.process = subprocess.Popen(
            [made, "serve", str(model), "--port", "0", "--quiet", "--drift-rows", "0", "--workers", "1", "--loops", "1",
             "--inline-budget", "0", "--queue-milliseconds-max", str(QUEUE_MILLISECONDS)],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=model.parent, text=True,
        )  # fmt: skip
        self.port = int(self.process.stdout.readline().rpartition(":")[2])
        self.idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def ask(self, body: bytes) -> tuple[int, float]:
        """The status, and the seconds that the service says it computed."""
        reader, writer = self.idle.pop() if self.idle else await asyncio.open_connection("127.0.0.1", self.port)
        fields = f"Host: replica\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        writer.write(b"POST /score HTTP/1.1\r\n" + fields.encode() + body)
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        await reader.readexactly(int(re.search(r"content-length: (\d+)", head)[1]))
        self.idle.append((reader, writer))
        computed = re.search(r"server-timing:.*compute;dur=([\d.]+)", head)
        return int(head.split()[1]), float(computed[1]) / 1000 if computed else 0

    def close(self) -> None:
        self.process.kill()
        self.process.wait()


def bodies(made: str, model: pathlib.Path, rows: int) -> list[bytes]:
    """Requests of so many rows."""
    run = subprocess.run([made, "sample", str(model), "-n", str(50 * rows), "--seed", "1", "--format", "ndjson"],
                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)  # fmt: skip
    lines = [json.loads(line) for line in run.stdout.splitlines()]
    return [json.dumps({"rows": lines[start : start + rows], "explain": 1}).encode()
            for start in range(0, len(lines), rows)]  # fmt: skip


def train(made: str, folder: pathlib.Path) -> tuple[pathlib.Path, pathlib.Path]:
    """A small model, and one that takes several times as long."""
    table = folder / "table.csv"
    source = ROOT / "config/models/diamonds.safetensors"
    with open(table, "wb") as file:
        subprocess.run([made, "sample", str(source), "-n", "2000", "--seed", "1"], stdout=file,
                       stderr=subprocess.DEVNULL, check=True)  # fmt: skip
    paths = []
    for members in (1, 6):
        paths.append(folder / f"of{members}.safetensors")
        subprocess.run([made, "train", str(table), "-o", str(paths[-1]), "--members", str(members), "--steps", "60",
                        "--hidden", "64", "--name", "m"],
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)  # fmt: skip
    return paths[0], paths[1]


async def costs(replica: Replica, requests: list[bytes], count: int) -> tuple[list[float], float]:
    """Seconds of work of requests, one at a time, and the median of what comes on top of it."""
    work, overhead = [], []
    for index in range(4 * count):
        start = time.perf_counter()
        status, computed = await replica.ask(requests[index % len(requests)])
        # The first find caches cold; a replica refuses one alone only where the machine stood still.
        if status == 200 and index >= 10:
            work.append(computed)
            overhead.append(time.perf_counter() - start - computed)
        if len(work) == count:
            break
    return work, statistics.median(overhead)


async def serve(replicas: list[Replica], requests: list[bytes], times: list[float], policy: str) -> dict:
    """What becomes of requests that start at these times."""
    balancer = fleet.Balancer(policy, len(replicas), random.Random(1))
    answered: list[tuple[float, int]] = []
    refused = 0
    begin = time.perf_counter() + 0.2

    async def one(number: int, at: float) -> None:
        nonlocal refused
        index = balancer.choose()
        balancer.open[index] += 1
        status, _ = await replicas[index].ask(requests[number % len(requests)])
        balancer.open[index] -= 1
        if status == 200:
            answered.append((time.perf_counter() - at, index))
        elif status == 503:
            refused += 1
        else:
            raise RuntimeError(f"a replica answers {status}")

    async with asyncio.TaskGroup() as group:
        for number, offset in enumerate(times):
            at = begin + offset
            if (pause := at - time.perf_counter()) > 0:
                await asyncio.sleep(pause)
            group.create_task(one(number, at))
    return fleet.summary(answered, refused, [float("nan")])


async def compare(
    made: str, seconds: float, loads: list[float], policies: list[str], rows: int, samples: int
) -> list[dict]:
    results = []
    with contextlib.ExitStack() as stack:
        folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))
        fast, slow = train(made, folder)
        requests = bodies(made, fast, rows)
        replicas = [Replica(made, slow if index == 0 else fast) for index in range(REPLICAS)]
        for replica in replicas:
            stack.callback(replica.close)
        measured = [await costs(replica, requests, samples) for replica in replicas]
        print("work of a request, ms:", ", ".join(
            f"{statistics.mean(work) * 1000:.2f} ± {statistics.stdev(work) * 1000:.2f} (+ {overhead * 1000:.2f})"
            for work, overhead in measured), flush=True)  # fmt: skip
        overhead = statistics.median(overhead for _, overhead in measured)
        for load in loads:
            rate = REPLICAS * load / statistics.mean(measured[0][0])
            arrivals = fleet.arrivals(rate, 1, 1, random.Random(2))
            times = [next(arrivals) for _ in range(max(10, round(rate * seconds)))]
            for policy in policies:
                real = await serve(replicas, requests, times, policy)
                draw = random.Random(3)
                model = fleet.Fleet(REPLICAS, 1, QUEUE_MILLISECONDS / 1000, max(1, 256 // rows), 1, policy,
                                    overhead=overhead)  # fmt: skip
                simulated = model.run(times, lambda index: draw.choice(measured[index][0]), len(times))
                results.append({"load": load, "policy": policy, "requests": len(times), "real": real,
                                "simulated": simulated})  # fmt: skip
                print(line(results[-1]), flush=True)
    return results


def line(result: dict) -> str:
    pairs = ", ".join(f"{name} {result['real'][name]:g} ({result['simulated'][name]:g})"
                      for name in ("p50_ms", "p99_ms", "refused"))  # fmt: skip
    return f"load {result['load']:g} {result['policy']:12} {result['requests']:6} requests: {pairs}"


def main(arguments: list[str]) -> list[dict]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("made", nargs="?", default=str(ROOT / ".build/release/made"))
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--load", type=float, action="append")
    parser.add_argument("--policy", choices=fleet.POLICIES, action="append")
    parser.add_argument("--rows", type=int, default=8, help="rows of a request")
    parser.add_argument("--samples", type=int, default=150, help="requests by which a replica's work is measured")
    options = parser.parse_args(arguments)
    print("measured (simulated)")
    return asyncio.run(compare(options.made, options.seconds, options.load or [0.5, 0.8, 1.3],
                               list(options.policy or fleet.POLICIES), options.rows, options.samples))  # fmt: skip


if __name__ == "__main__":
    main(sys.argv[1:])
