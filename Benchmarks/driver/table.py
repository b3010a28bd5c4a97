"""The one table of ratios."""

import statistics


class Table:
    def __init__(self):
        self.lines = []
        self.skipped = []

    def add(self, what, ratios, goal=None, detail=""):
        """A line of the ratios of all rounds; every ratio is the better the larger."""
        self.lines.append((what, statistics.median(ratios), min(ratios), max(ratios), goal, detail))
        print(text(self.lines[-1]), flush=True)

    def section(self, name):
        print(f"\n{name:74} {'ratio':>8} {'lowest':>8} {'highest':>8} {'goal':>6}", flush=True)

    def skip(self, what):
        self.skipped.append(what)
        print(f"skipped: {what}", flush=True)

    def close(self):
        missed = [line for line in self.lines if line[4] is not None and line[1] < line[4]]
        counted = sum(line[4] is not None for line in self.lines)
        print(f"\n{counted - len(missed)} of {counted} goals reached" + (", missed:" if missed else "."))
        for line in missed:
            print(f"  {line[0]}: {figure(line[1])} of {figure(line[4])}")
        for what in self.skipped:
            print(f"skipped: {what}")


def figure(value):
    """Three figures, or all before the point."""
    places = 0 if value >= 100 else 1 if value >= 10 else 2 if value >= 1 else 3
    return f"{value:.{places}f}"


def text(line):
    what, median, low, high, goal, detail = line
    mark = "  " if goal is None else f"{figure(goal):>6} " + ("✓" if median >= goal else "✗")
    return f"{what:74} {figure(median):>8} {figure(low):>8} {figure(high):>8} {mark:8} {detail}".rstrip()
