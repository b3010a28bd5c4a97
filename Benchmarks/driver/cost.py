"""How cost grows: rows a second and bytes a row, by the size of the model, the batch and the connections."""

import contextlib
import shutil
import statistics

import environment
import servers
import serving
from contender import alternate, alternate_warm, rate

SECONDS = 0.08
BATCHES = (1, 16, 256)
# Sizes that differ in one thing from the first of their group: variables, hidden units, layers, networks.
SHAPES = {
    "variables": ["16-512-1", "64-512-1", "256-512-1", "784-512-1"],
    "hidden units": ["64-128-1", "64-512-1", "64-2048-1", "64-8192-1"],
    "layers": ["64-512-1", "64-512+512-1", "64-512+512+512-1"],
    "networks": ["64-512-1", "64-512-4", "64-512-16"],
    "all": ["784-1000+1000-1"],
}
SERVED = ("64-512-1", "784-1000+1000-1")
ROWS, CONNECTIONS = (1, 256), (1, 8, 64)


def cost(table, rounds, ours):
    """Scoring alone, then through `made serve`."""
    names = list(dict.fromkeys(name for group in SHAPES.values() for name in group))
    for name in names:
        ours.ask("prepare", model=name)
    scored = score(rounds, ours, names)
    environment.run(["make", "-C", environment.TREE, "build"], "the program does not build")
    resident = {name: memory(name) for name in names}
    heading(f"{'':16}{'D':>5} {'hidden':>14} {'networks':>8}", "weights MB", "resident MB",
            *(f"rows/s × {batch}" for batch in BATCHES), *(f"bytes/row × {batch}" for batch in BATCHES))
    for group, members in SHAPES.items():
        for name in members:
            variables, hidden, networks = name.split("-")
            cells = [scored[name, batch] for batch in BATCHES]
            line(f"{group:16}{variables:>5} {hidden:>14} {networks:>8}", f"{cells[0][1] / 1e6:.2f}",
                 f"{resident[name]:.0f}", *(f"{speed:,.0f}" for speed, _ in cells),
                 *(f"{bytes_read / batch:,.0f}" for (_, bytes_read), batch in zip(cells, BATCHES)))
    if not shutil.which("wrk"):
        table.skip("cost by connections: there is no wrk to make the load (apt-get install wrk)")
        return
    heading(f"{'made serve':30}", "rows", "connections", "requests/s", "rows/s", "µs/request", "µs/row", "p99 ms")
    for name in SERVED:
        connections(rounds, name)


def score(rounds, ours, names):
    """By model and batch: the median of rows a second of one thread; bytes of weights that a batch reads at most."""
    def turn(name, batch):
        return lambda: ours.ask("score", model=name, batch=batch, workers=1, seconds=SECONDS)

    got = alternate_warm(rounds, **{f"{name} {batch}": turn(name, batch) for name in names for batch in BATCHES})
    return {
        (name, batch): (statistics.median(map(rate, got[f"{name} {batch}"])), got[f"{name} {batch}"][0]["weightBytes"])
        for name in names for batch in BATCHES}


def memory(name):
    """Resident megabytes of a server that has answered rows, 256 at a time."""
    with contextlib.ExitStack() as stack:
        server = servers.start_ours(name)
        stack.callback(server.stop)
        with open(serving.write_bodies(name, width(name), 256)) as bodies:
            for body in bodies:
                server.score(body.strip())
        return server.resident_megabytes()


def connections(rounds, name):
    """Requests of few and of many rows, by the number of connections."""
    with contextlib.ExitStack() as stack:
        server = servers.start_ours(name)
        stack.callback(server.stop)
        for rows in ROWS:
            bodies = serving.write_bodies(name, width(name), rows)
            serving.load(server, bodies, 8)
            got = alternate(rounds, **{
                str(count): lambda count=count: serving.load(server, bodies, count) for count in CONNECTIONS})
            for count, runs in got.items():
                speed, processor, p99 = (
                    statistics.median(run[key] for run in runs) for key in ("rate", "processor", "p99"))
                line(f"{name:30}", str(rows), count, f"{speed:,.0f}", f"{speed * rows:,.0f}", f"{processor:.1f}",
                     f"{processor / rows:.2f}", f"{p99 / 1000:.2f}")


def width(name):
    return int(name.split("-")[0])


def heading(first, *others):
    print()
    line(first, *others)


def line(first, *others):
    print(first + "".join(f"{other:>16}" for other in others), flush=True)
