"""Measures `made` against what else one would use, and prints one table of ratios.

    bench.py [kernels] [sampling] [cells] [training] [requests] [cost] [--rounds 5] [--slow]

Without a name the first five sections run; `cost` compares with nothing, and prints tables of its own. Nothing but
Python's standard library is needed; what the peers need is installed into an environment of their own, or said to be
skipped.
"""

import argparse
import contextlib
import os
import sys
import time

import compute
import cost
import environment
import serving
from contender import Contender, ContenderError
from table import Table

RATIOS = ["kernels", "sampling", "cells", "training", "requests"]
SECTIONS = [*RATIOS, "cost"]


def arguments():
    parser = argparse.ArgumentParser(prog="make bench", description="Prints one table of ratios; larger is better.")
    parser.add_argument(
        "sections", nargs="*", metavar="SECTION", help=f"of {', '.join(SECTIONS)}; all but cost where none is given")
    parser.add_argument("--rounds", type=int, default=5, help="rounds of which the median is taken (5)")
    parser.add_argument("--slow", action="store_true", help="hidden 8000+8000, and requests to D 128, too")
    parsed = parser.parse_args()
    unknown = [name for name in parsed.sections if name not in SECTIONS]
    if unknown:
        parser.error(f"no section '{unknown[0]}'; there are {', '.join(SECTIONS)}")
    if parsed.rounds < 1:
        parser.error("--rounds must be 1 or more")
    return parsed


def peer(table, stack, name, script):
    """The peer's process, None where it cannot be had."""
    try:
        environment.install(name)
    except environment.Unavailable as error:
        table.skip(str(error))
        return None
    print(f"{name}: {environment.versions(name)}")
    command = [environment.PYTHON, os.path.join(environment.PEERS, script), environment.MODELS]
    return stack.enter_context(contextlib.closing(Contender(name, command, environment.LOGS)))


def measure(table, options, stack):
    ours = stack.enter_context(contextlib.closing(
        Contender("ours", [environment.program("ours"), environment.MODELS], environment.LOGS)))
    sections = options.sections or RATIOS
    onnxruntime = peer(table, stack, "onnxruntime", "onnx_rounds.py") if "kernels" in sections else None
    torch = peer(table, stack, "PyTorch", "torch_rounds.py") if {"sampling", "training"} & set(sections) else None
    runs = {
        "kernels": lambda: compute.kernels(table, options.rounds, ours, onnxruntime, options.slow),
        "sampling": lambda: compute.sampling(table, options.rounds, ours, torch),
        "cells": lambda: compute.cells(table, options.rounds, ours),
        "training": lambda: compute.training(table, options.rounds, ours, torch),
        "requests": lambda: serving.requests(table, options.rounds, ours, options.slow),
        "cost": lambda: cost.cost(table, options.rounds, ours),
    }
    for name in SECTIONS:
        if name not in sections:
            continue
        if name in RATIOS:
            table.section(name)
        try:
            runs[name]()
        except (ContenderError, environment.Unavailable) as error:
            table.skip(f"the rest of {name}: {error}")


def load():
    return f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"


def main():
    options, table, start = arguments(), Table(), time.monotonic()
    try:
        environment.build()
    except environment.Unavailable as error:
        sys.exit(f"bench: {error}")
    print(f"Ratios, the larger the better; medians of {options.rounds} rounds that alternate. At the start: {load()}.")
    with contextlib.ExitStack() as stack:
        measure(table, options, stack)
    table.close()
    print(f"{time.monotonic() - start:.0f} s. At the end: {load()}.")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("bench: stopped")
