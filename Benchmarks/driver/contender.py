"""Processes that run rounds when told to, and the turns that they take."""

import contextlib
import json
import os
import select
import subprocess
import time


class ContenderError(Exception):
    """A contender did not do what it was told; says which, and why."""


class Contender:
    """A process that answers each order, a line of JSON, by a line of JSON."""

    SECONDS_MAX = 180

    def __init__(self, name, command, logs):
        self.name = name
        self.log = os.path.join(logs, name + ".log")
        with open(self.log, "w") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log)
        self.pending = b""

    def ask(self, order, **arguments):
        """The answer to an order."""
        try:
            self.process.stdin.write(json.dumps({order: arguments}).encode() + b"\n")
            self.process.stdin.flush()
            answer = json.loads(self.read_line())
        except (OSError, ValueError) as error:
            raise ContenderError(f"{self.name}: no answer to {order} ({error}); see {self.log}") from error
        if "error" in answer:
            raise ContenderError(f"{self.name}: {order}: {answer['error']}")
        return answer

    def read_line(self):
        deadline = time.monotonic() + self.SECONDS_MAX
        while b"\n" not in self.pending:
            ready, _, _ = select.select([self.process.stdout], [], [], max(0, deadline - time.monotonic()))
            if not ready:
                raise OSError(f"silent for {self.SECONDS_MAX} s")
            chunk = os.read(self.process.stdout.fileno(), 65536)
            if not chunk:
                raise OSError("the process ended")
            self.pending += chunk
        line, _, self.pending = self.pending.partition(b"\n")
        return line

    def close(self):
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def rate(answer):
    """Units a second of processor time: what others do on this machine disturbs it least."""
    return answer["units"] / answer["cpu"]


def wall_rate(answer):
    """Units a second, for work of several threads."""
    return answer["units"] / answer["wall"]


def alternate(rounds, **turns):
    """Lists of what each of `turns` gave, one call of each a round, first one way round and then the other."""
    results = {name: [] for name in turns}
    for number in range(rounds):
        for name in list(turns) if number % 2 else reversed(turns):
            results[name].append(turns[name]())
    return results


def alternate_warm(rounds, **turns):
    """`alternate` after a round that is not counted: it warms caches up and finds out how much work a round is."""
    alternate(1, **turns)
    return alternate(rounds, **turns)


def ratios(ours, theirs):
    """Round by round: both sides of a ratio saw the same weather."""
    return [a / b for a, b in zip(ours, theirs)]
