#!/usr/bin/env python3
"""The simulation against what queueing theory knows exactly, and its comparison with real replicas as it is run."""

import contextlib
import io
import itertools
import math
import pathlib
import random
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import check  # noqa: E402
import environment  # noqa: E402
import fleet  # noqa: E402

COUNT = 100000


def near(value: float, exact: float, share: float) -> None:
    assert abs(value - exact) <= share * exact, f"{value} is not {exact} ± {share:.0%}"


def poisson(rate: float):
    return fleet.arrivals(rate, 1, 1, random.Random(5))


def one_worker_is_a_queue_of_exponential_times() -> str:
    """M/M/1: the time in the system is exponential of rate 1/s − λ."""
    draw = random.Random(4)
    result = fleet.Fleet(replicas=1, queue_seconds=1000, batch_max=1).run(
        poisson(70), lambda _: draw.expovariate(100), COUNT)  # fmt: skip
    near(result["p50_ms"], 1000 * math.log(2) / 30, 0.05)
    near(result["p99_ms"], 1000 * math.log(100) / 30, 0.08)
    near(result["busiest"], 0.7, 0.02)
    assert result["refused"] == 0
    return f"p99 {result['p99_ms']} ms"


def what_cannot_be_done_is_refused() -> str:
    """At twice what a replica can do, half is refused, and no answer is later than the queue lets it be."""
    result = fleet.Fleet(replicas=1, queue_seconds=0.2).run(poisson(200), lambda _: 0.01, COUNT)
    near(result["refused"], 0.5, 0.02)
    assert result["p999_ms"] <= 200, result
    return f"{result['refused']:.1%}, and p99.9 is {result['p999_ms']} ms of 200"


def policies_do_as_they_are_known_to() -> str:
    """Of ten replicas one takes four times as long: in turn it gets more than it can do."""
    tails = {}
    for policy in fleet.POLICIES:
        draw = random.Random(6)
        work = fleet.gamma(0.004, 0.5, draw)
        result = fleet.Fleet(replicas=10, workers=2, policy=policy).run(
            poisson(3200), lambda index: work() * (4 if index == 0 else 1), COUNT // 4)  # fmt: skip
        tails[policy] = (result["p99_ms"], result["refused"])
    assert tails["least"][0] < tails["two-choices"][0] < tails["round-robin"][0] / 5, tails
    assert tails["least"][1] == tails["two-choices"][1] == 0 < tails["round-robin"][1], tails
    return str(tails)


def bursts_keep_the_mean() -> str:
    # Some 4,000 bursts, whose lengths leave the mean a standard error of 2 %.
    times = list(itertools.islice(fleet.arrivals(1000, 8, 0.005, random.Random(7)), 2 * COUNT))
    near(len(times) / times[-1], 1000, 0.08)
    # Counts in tenths of a second vary far more than a Poisson process's, whose variance is their mean.
    counts = [0] * (int(times[-1] * 10) + 1)
    for time in times:
        counts[int(time * 10)] += 1
    mean = sum(counts[:-1]) / (len(counts) - 1)
    spread = sum((count - mean) ** 2 for count in counts[:-1]) / (len(counts) - 1) / mean
    assert spread > 20, spread
    return f"variance {spread:.0f} × a Poisson process's"


def three_real_replicas_are_compared() -> str:
    """That it runs and counts: how near the times are is for a machine that does nothing else."""
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        options = "--seconds 2 --load 0.5 --load 3 --policy round-robin --samples 30"
        results = check.main([environment.MADE, *options.split()])
    calm, busy = results
    assert calm["real"]["p50_ms"] > 0 and calm["simulated"]["p50_ms"] > 0, calm
    # Three times what the slow replica can do, for two seconds: its queue of a quarter of a second is full.
    assert busy["real"]["refused"] > 0 and busy["simulated"]["refused"] > 0, busy
    return check.line(busy)


def main() -> None:
    checks = (
        one_worker_is_a_queue_of_exponential_times,
        what_cannot_be_done_is_refused,
        policies_do_as_they_are_known_to,
        bursts_keep_the_mean,
        three_real_replicas_are_compared,
    )
    for check_it in checks:
        print(f"{check_it.__name__.replace('_', ' ')}: {check_it()}", flush=True)
    print(f"{len(checks)} checks passed")


if __name__ == "__main__":
    main()
