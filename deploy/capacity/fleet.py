#!/usr/bin/env python3
"""What becomes of requests in a fleet of `made serve` behind a balancer: their times, the tail above all, and refusals.

    fleet.py --replicas 10 --load 0.7 --service-ms 4 --slow 1
    fleet.py --help

Events are simulated one by one; the standard library is all it needs. A replica is modelled as WorkerQueue.swift is:

- Workers take what has waited longest, as many requests as are expected to take an eighth of queue-milliseconds-max,
  and answer them together.
- A request is refused where the work before it is expected to take more than 5/8 of queue-milliseconds-max a worker.
- In a queue that refuses, what has waited for 7/8 of it is refused too.

Not modelled: work that an event loop does itself, the operating system, and cores that are shared by replicas.
"""

from __future__ import annotations

import argparse
import collections
import dataclasses
import heapq
import itertools
import json
import random
import sys
from collections.abc import Callable, Iterable, Iterator

POLICIES = ("round-robin", "least", "two-choices")


@dataclasses.dataclass(slots=True)
class Request:
    arrival: float
    balancer: int
    attempts: int = 0
    queued: float = 0


class Replica:
    """Workers with one queue; times are seconds."""

    def __init__(self, workers: int, expected: float, queue_seconds: float, batch_max: int):
        self.idle = workers
        self.workers = workers
        self.queue_seconds = queue_seconds
        self.batch_max = batch_max
        self.expected = expected
        self.waiting: collections.deque[Request] = collections.deque()
        # Ends and sizes of what is at work, for what it is still expected to take.
        self.busy: dict[int, tuple[float, float]] = {}
        self.refuses = False
        self.busy_seconds = 0.0

    def backlog(self, now: float) -> float:
        """Seconds of work that stand before who comes now, as the replica sees it."""
        at_work = sum(max(0.0, expected - (now - start)) for start, expected in self.busy.values())
        return len(self.waiting) * self.expected + at_work

    def takes(self, now: float) -> bool:
        full = self.backlog(now) > self.queue_seconds * 5 / 8 * self.workers
        self.refuses = full or (self.refuses and bool(self.waiting))
        return not full

    def next_batch(self, now: float) -> tuple[list[Request], list[Request]]:
        """What a free worker does next, and what is refused because it waited too long."""
        late: list[Request] = []
        while self.refuses and self.waiting and now - self.waiting[0].queued > self.queue_seconds * 7 / 8:
            late.append(self.waiting.popleft())
        count = min(self.batch_max, max(1, int(self.queue_seconds / 8 / self.expected)))
        # What waits is shared among the workers that are free.
        count = min(count, max(1, -(-len(self.waiting) // max(1, self.idle))))
        return [self.waiting.popleft() for _ in range(min(count, len(self.waiting)))], late

    def observe(self, seconds: float, requests: int) -> None:
        """The moving average by which a replica expects work to take as long as the last did."""
        sample = min(seconds / requests, 4 * self.expected)
        self.expected += (sample - self.expected) / 8


class Balancer:
    """One of several that do not know of each other."""

    def __init__(self, policy: str, replicas: int, draw: random.Random):
        self.policy = policy
        self.open = [0] * replicas
        self.turn = draw.randrange(replicas)
        self.draw = draw

    def choose(self) -> int:
        count = len(self.open)
        if self.policy == "two-choices" and count > 1:
            first, second = self.draw.sample(range(count), 2)
            return first if self.open[first] <= self.open[second] else second
        # Those that are equal take turns.
        self.turn = (self.turn + 1) % count
        if self.policy == "round-robin":
            return self.turn
        return min(range(count), key=lambda index: (self.open[index], (index - self.turn) % count))


def arrivals(rate: float, burst: float, burst_seconds: float, draw: random.Random) -> Iterator[float]:
    """Times of a Poisson process; where `burst` is above 1, of one whose rate is that many times the mean in a tenth of
    the time, in stretches of `burst_seconds` on average, and lower in the rest so that the mean stays."""
    share = 0.1
    quiet = rate * (1 - share * burst) / (1 - share) if burst > 1 else rate
    now, is_burst, change = 0.0, False, float("inf")
    if burst > 1:
        change = draw.expovariate(share / burst_seconds / (1 - share))
    while True:
        current = rate * burst if is_burst else quiet
        step = draw.expovariate(current) if current > 0 else float("inf")
        if now + step > change:
            now, is_burst = change, not is_burst
            change = now + draw.expovariate(1 / burst_seconds if is_burst else share / burst_seconds / (1 - share))
            continue
        now += step
        yield now


@dataclasses.dataclass
class Fleet:
    replicas: int = 3
    workers: int = 1
    queue_seconds: float = 1
    batch_max: int = 256
    balancers: int = 1
    policy: str = "round-robin"
    retries: int = 0
    overhead: float = 0
    seed: int = 1

    def run(self, times: Iterable[float], service: Callable[[int], float], count: int) -> dict:
        """What becomes of `count` requests that come at these times; `service` draws the seconds of work of one of them
        on replica `index`."""
        draw = random.Random(self.seed)
        replicas = [Replica(self.workers, service(index), self.queue_seconds, self.batch_max)
                    for index in range(self.replicas)]  # fmt: skip
        balancers = [Balancer(self.policy, self.replicas, draw) for _ in range(self.balancers)]
        ids = itertools.count()
        events: list[tuple[float, int, str, object]] = []
        answered: list[tuple[float, int]] = []
        refused = 0
        now = 0.0

        def push(time: float, kind: str, what: object) -> None:
            heapq.heappush(events, (time, next(ids), kind, what))

        def refuse(request: Request, index: int) -> None:
            nonlocal refused
            balancers[request.balancer].open[index] -= 1
            if request.attempts <= self.retries:
                push(now, "send", request)
            else:
                refused += 1

        def start(index: int) -> None:
            replica = replicas[index]
            while replica.idle and replica.waiting:
                batch, late = replica.next_batch(now)
                for request in late:
                    refuse(request, index)
                if not batch:
                    continue
                seconds = sum(service(index) for _ in batch)
                job = next(ids)
                replica.idle -= 1
                replica.busy[job] = (now, replica.expected * len(batch))
                push(now + seconds, "done", (index, job, batch, seconds))

        for number, time in zip(range(count), times):
            push(time, "send", Request(time, number % self.balancers))
        while events:
            now, _, kind, what = heapq.heappop(events)
            if kind == "send":
                request = what
                index = balancers[request.balancer].choose()
                balancers[request.balancer].open[index] += 1
                request.attempts += 1
                if replicas[index].takes(now):
                    request.queued = now
                    replicas[index].waiting.append(request)
                    start(index)
                else:
                    refuse(request, index)
            else:
                index, job, batch, seconds = what
                replica = replicas[index]
                replica.idle += 1
                del replica.busy[job]
                replica.busy_seconds += seconds
                replica.observe(seconds, len(batch))
                for request in batch:
                    balancers[request.balancer].open[index] -= 1
                    answered.append((now - request.arrival + self.overhead, index))
                start(index)
        return summary(answered, refused, [replica.busy_seconds / now / self.workers for replica in replicas])


def quantile(ordered: list[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")


def summary(answered: list[tuple[float, int]], refused: int, busy: list[float]) -> dict:
    ordered = sorted(seconds for seconds, _ in answered)
    return {
        "p50_ms": round(quantile(ordered, 0.5) * 1000, 2),
        "p99_ms": round(quantile(ordered, 0.99) * 1000, 2),
        "p999_ms": round(quantile(ordered, 0.999) * 1000, 2),
        "refused": round(refused / max(1, refused + len(answered)), 5),
        "busiest": round(max(busy), 3),
    }


def gamma(mean: float, variation: float, draw: random.Random) -> Callable[[], float]:
    """Times of work with that coefficient of variation."""
    if variation == 0:
        return lambda: mean
    shape = 1 / variation**2
    return lambda: draw.gammavariate(shape, mean / shape)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--replicas", type=int, default=10)
    add("--workers", type=int, default=2, help="workers of a replica")
    add("--load", type=float, default=0.7, help="work that comes in, as a share of what the fleet can do")
    add("--service-ms", type=float, default=4, help="work of a request on a replica that is not slow")
    add("--variation", type=float, default=0.5, help="its coefficient of variation")
    add("--slow", type=int, default=0, help="replicas that are slow")
    add("--slowness", type=float, default=4, help="how many times as long they take")
    add("--queue-ms", type=float, default=1000, help="queue-milliseconds-max")
    add("--batch-requests-max", type=int, default=256, help="batch-rows-max over the rows of a request")
    add("--burst", type=float, default=1, help="rate in bursts over the mean, 1 to 10; a tenth of the time is bursts")
    add("--burst-seconds", type=float, default=1)
    add("--balancers", type=int, default=1, help="how many there are, each with its own view")
    add("--retries", type=int, default=0, help="times that a balancer tries another replica after a refusal")
    add("--requests", type=int, default=200000)
    add("--seed", type=int, default=1)
    add("--policy", choices=POLICIES, action="append", help="default: all")
    options = parser.parse_args()
    if not 0 <= options.slow <= options.replicas or not 1 <= options.burst <= 10:
        parser.error("--slow is 0 to --replicas, --burst 1 to 10")
    mean = options.service_ms / 1000
    strength = (options.replicas - options.slow + options.slow / options.slowness) * options.workers / mean
    for policy in options.policy or POLICIES:
        draw = random.Random(options.seed)
        work = gamma(mean, options.variation, draw)
        fleet = Fleet(options.replicas, options.workers, options.queue_ms / 1000, options.batch_requests_max,
                      options.balancers, policy, options.retries, seed=options.seed)  # fmt: skip
        times = arrivals(options.load * strength, options.burst, options.burst_seconds, random.Random(options.seed + 1))
        result = fleet.run(times, lambda index: work() * (options.slowness if index < options.slow else 1),
                           options.requests)  # fmt: skip
        print(json.dumps({"policy": policy, "requests_a_second": round(options.load * strength), **result}), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
