"""Kernels, sampling, cells and training: rounds of one thread's work, by processor time; of two threads', by the wall."""

import statistics

from contender import ContenderError, alternate_warm, rate, ratios, wall_rate

SECONDS = 0.08
MODELS = {
    "d64": "D 64, hidden 512 relu",
    "d64-shuffled": "D 64, hidden 512 relu, drawn ordering",
    "d128": "D 128, hidden 512+512 elu",
    "d784": "D 784, hidden 1000+1000 relu",
    "d784-wide": "D 784, hidden 8000+8000 relu",
}
# At most so far from PyTorch's gradient, as a share of the largest derivative of the same weights or biases.
GRADIENT_DIFFERENCE = 1e-4
# At least so many times onnxruntime, by batch.
KERNEL_GOALS = {1: 4, 8: 3, 256: 1.7}


def kernels(table, rounds, ours, theirs, slow):
    """`score` against onnxruntime (None where there is none), against the processor's peak, and by two threads."""
    for model in [*list(MODELS)[:4], *(["d784-wide"] if slow else [])]:
        ours.ask("prepare", model=model)
        if theirs:
            agree(ours, theirs, model)
        for batch in KERNEL_GOALS:
            what = f"{MODELS[model]}, batch {batch}"
            order = {"model": model, "batch": batch, "seconds": SECONDS}
            turns = {
                "ours": lambda: ours.ask("score", workers=1, **order),
                "halves": lambda: ours.ask("score", workers=1, halves=True, **order),
                "peak": lambda: ours.ask("multiply", seconds=SECONDS / 4),
            }
            if theirs:
                turns["theirs"] = lambda: theirs.ask("score", workers=1, **order)
            got = alternate_warm(rounds, **turns)
            speeds = [rate(answer) for answer in got["ours"]]
            is_wide = model == "d784-wide"
            if theirs:
                goal = 1 if is_wide else KERNEL_GOALS[batch]
                table.add(f"{what} / onnxruntime", ratios(speeds, map(rate, got["theirs"])), goal)
            goal = 1.3 if model == "d784" and batch == 1 else None
            table.add(f"{what}, fp16 weights / fp32", ratios(map(rate, got["halves"]), speeds), goal)
            used = [speed * answer["multiplications"] for speed, answer in zip(speeds, got["ours"])]
            goal = 0.55 if batch >= 8 and not is_wide else None
            table.add(f"{what} / FMA peak", ratios(used, map(rate, got["peak"])), goal)
        if model in ("d64", "d784"):
            got = alternate_warm(
                rounds,
                one=lambda: ours.ask("score", model=model, batch=256, workers=1, seconds=SECONDS),
                two=lambda: ours.ask("score", model=model, batch=256, workers=2, seconds=SECONDS))
            by_processor = [2 * ratio for ratio in ratios(map(rate, got["two"]), map(rate, got["one"]))]
            table.add(f"{MODELS[model]}, batch 256, two workers / one",
                      ratios(map(wall_rate, got["two"]), map(wall_rate, got["one"])), 1.8, shared(by_processor))


def shared(by_processor):
    """What two threads would gain with a core each: tells a busy machine from threads in each other's way."""
    return f"by processor time {statistics.median(by_processor):.2f}"


def agree(ours, theirs, model):
    """Both sides must compute the same before either is timed."""
    a, b = (side.ask("check", model=model)["mean"] for side in (ours, theirs))
    if not abs(a - b) <= 1e-3 + 1e-5 * abs(b):
        raise ContenderError(f"{model}: the mean log-likelihood is {a} here and {b} with {theirs.name}")


def sampling(table, rounds, ours, theirs):
    """Draws against our own forward passes, and against D dense passes in PyTorch (None where there is none)."""
    for model, goal in {"d64": 100, "d128": None, "d784": 1000}.items():
        ours.ask("prepare", model=model)
        for count in (1, 64, 256):
            what = f"{MODELS[model]}, {count} at a time"
            order = {"model": model, "count": count, "seconds": SECONDS}
            half = int(MODELS[model].split(",")[0].split()[1]) // 2
            turns = {
                "draws": lambda: ours.ask("sample", known=0, **order),
                "rows": lambda: ours.ask("score", model=model, batch=count, workers=1, seconds=SECONDS),
            }
            if count == 64:
                turns["given"] = lambda: ours.ask("sample", known=half, **order)
                if theirs:
                    turns["theirs"] = lambda: theirs.ask("sample", known=0, **order)
            got = alternate_warm(rounds, **turns)
            speeds = [rate(answer) for answer in got["draws"]]
            table.add(f"{what} / rows scored", ratios(speeds, map(rate, got["rows"])), 0.25 if count == 1 else 0.5)
            if "given" in got:
                table.add(f"{what}, half of the row given / none", ratios(map(rate, got["given"]), speeds), 0.95)
            if "theirs" in got:
                table.add(f"{what} / D dense passes in PyTorch", ratios(speeds, map(rate, got["theirs"])), goal)


def cells(table, rounds, ours):
    """All gains of a row against scoring every row that differs from it in one variable."""
    for model in ("d64", "d784"):
        ours.ask("prepare", model=model)
        got = alternate_warm(
            rounds,
            gains=lambda: ours.ask("gain", model=model, whole=False, seconds=SECONDS),
            whole=lambda: ours.ask("gain", model=model, whole=True, seconds=SECONDS))
        speeds = [rate(answer) for answer in got["gains"]]
        table.add(f"{MODELS[model]}, all gains of a row / each candidate scored whole",
                  ratios(speeds, map(rate, got["whole"])), 5, f"{1000 / statistics.median(speeds):.3f} ms a row")


def gradients(table, ours, theirs):
    """The gradient that is trained by against PyTorch's on the same weights, masks and rows."""
    for model in ("d64-shuffled", "d128", "d784"):
        ours.ask("prepare", model=model)
        ours.ask("differentiate", model=model, count=256)
        difference = theirs.ask("differ", model=model, count=256)["difference"]
        table.add(f"{MODELS[model]}: {GRADIENT_DIFFERENCE} / difference to PyTorch's gradient",
                  [GRADIENT_DIFFERENCE / max(difference, 1e-12)], 1, f"differs by {difference:.1e}")


def training(table, rounds, ours, theirs):
    """Forward, backward and Adam against PyTorch (None where there is none), and by two threads."""
    if theirs:
        gradients(table, ours, theirs)
    for variables, hidden in ((784, [1000, 1000]), (128, [500])):
        for batch in (100, 256):
            what = f"D {variables}, hidden {'+'.join(map(str, hidden))}, batch {batch}"
            order = {"variables": variables, "hidden": hidden, "batch": batch}
            turns = {"ours": lambda: ours.ask("train", threads=1, **order)}
            if theirs:
                turns["theirs"] = lambda: theirs.ask("train", threads=1, **order)
            if batch == 256:
                turns["two"] = lambda: ours.ask("train", threads=2, **order)
            got = alternate_warm(rounds, **turns)
            if theirs:
                table.add(f"{what} / PyTorch, fused Adam",
                          ratios(map(rate, got["ours"]), map(rate, got["theirs"])), 1.5)
            if "two" in got:
                by_processor = ratios(map(rate, got["two"]), map(rate, got["ours"]))
                table.add(f"{what}, two threads / one",
                          ratios(map(wall_rate, got["two"]), map(wall_rate, got["ours"])), 1.7, shared(by_processor))
