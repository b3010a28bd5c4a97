"""The section `alarms`: false alarms among untouched rows of real tables, with and without missing values."""

import collections
import math
import random
import statistics

from measures import alarm_interval, share
from tables import chosen, read, write

ALPHAS = [0.01, 0.05]
# Of each table the rows to train on, so many that alpha can be met closely; and the columns that `pattern` empties, none
# where the table's own missing values say something, so that they may not be taken for unknown.
TABLES = {
    "cars": (210, ["Horsepower"]),
    "breast_cancer": (299, ["mean radius", "mean area"]),
    "wa_churn": (2020, ["contract", "monthly_charges"]),
    "sp500": (2020, ["Close"]),
    "flights": (2120, ["dep_delay", "air_time"]),
    "covid_testing": (2020, []),
}
REGIMES = {
    "whole": "as the table is", "holes": "a fifth of all cells missing, in training too",
    "unknown": "a fifth of the cells to score unknown", "pattern": "the same one or two columns unknown"}
HIDDEN = 0.2
# Rows to score at most; each has unknown values of its own in `unknown`, and takes draws.
TEST_MAX, UNKNOWN_MAX = 1000, 250
PATTERN_ROWS_MIN = 200


def alarms(figures, program, data, options):
    """Rows are dealt anew for every seed, some to train on, the others to raise false alarms."""
    figures.section("alarms", f"false alarms, {options.seeds} seeds a table, default settings")
    tables = chosen(TABLES, options)
    found = {regime: {name: [] for name in tables} for regime in REGIMES}
    for name in tables:
        for seed in range(1, options.seeds + 1):
            for regime, judged in judgements(program, data / "../real" / name / "train.csv", name, seed):
                found[regime][name].append(judged)
    for regime, what in REGIMES.items():
        groups = {name: Group(seeds, calibration_count(TABLES[name][0])) for name, seeds in found[regime].items() if seeds}
        figures.note(f"{regime}: {what}")
        for alpha in ALPHAS:
            for name, group in groups.items():
                add(figures, f"{regime}, {name}", group, alpha)
            if groups:
                mean_of_tables(figures, regime, list(groups.values()), alpha)
        if regime == "unknown":
            for name, group in groups.items():
                by_pattern(figures, name, group)


def judgements(program, path, name, seed):
    """(regime, its rows) of one split."""
    train_count, emptied = TABLES[name]
    header, rows = read(path)
    generator = random.Random(seed)
    generator.shuffle(rows)
    train, test = rows[:train_count], rows[train_count:train_count + TEST_MAX]
    table, scored = program.scratch / "train.csv", program.scratch / "test.csv"

    def judged(model, rows, *options):
        write(scored, header, rows)
        lines = program.score(model, scored, *options)
        return [Judged(line["p_value"], line.get("calibration_rows"), "".join("01"[not cell.strip()] for cell in row))
                for line, row in zip(lines, rows)]

    write(table, header, with_holes(train, generator))
    model, _ = program.train(table, ["--seed", str(seed)])
    yield "holes", judged(model, with_holes(test, generator))
    model.unlink()
    write(table, header, train)
    model, _ = program.train(table, ["--seed", str(seed)])
    yield "whole", judged(model, test)
    if emptied:
        yield "unknown", judged(model, with_holes(test[:UNKNOWN_MAX], generator), "--missing-means", "unknown")
        places = [header.index(column) for column in emptied]
        hidden = [["" if place in places else cell for place, cell in enumerate(row)] for row in test]
        yield "pattern", judged(model, hidden, "--missing-means", "unknown")
    model.unlink()


# A row's p-value; the calibration rows it was compared with, None for all; and a 1 for every column that it lacks.
Judged = collections.namedtuple("Judged", "p_value calibration_rows pattern")


def with_holes(rows, generator):
    return [["" if generator.random() < HIDDEN else cell for cell in row] for row in rows]


def calibration_count(train_count):
    """A fifth of the rows, or all of them, cross-fitted."""
    return train_count // 5 if train_count // 5 >= 200 else train_count


class Group:
    """Rows of one kind, a list for every seed, and the false alarms that are to be expected of them."""

    def __init__(self, seeds, calibration_rows):
        self.seeds = seeds
        self.calibration_rows = calibration_rows

    def rates(self, alpha):
        return [share(row.p_value <= alpha for row in rows) for rows in self.seeds]

    def rate(self, alpha):
        return share(row.p_value <= alpha for rows in self.seeds for row in rows)

    def expected(self, alpha):
        """Of each seed (rows, calibration rows, expected share of false alarms): p-values are multiples of 1 / (n + 1)."""
        for rows in self.seeds:
            # Usual rows are compared with fewer.
            count = max((row.calibration_rows or self.calibration_rows for row in rows), default=self.calibration_rows)
            yield len(rows), count, math.floor(alpha * (count + 1) + 1e-9) / (count + 1)

    def expectation(self, alpha):
        parts = list(self.expected(alpha))
        return sum(count * mean for count, _, mean in parts) / sum(count for count, *_ in parts)

    def variance(self, alpha):
        """Of the rate: of a false alarm's probability, given the calibration, and of the rows to score."""
        parts = list(self.expected(alpha))
        return sum(count * mean * (1 - mean) * (1 + (count - 1) / (known + 2)) for count, known, mean in parts) / sum(
            count for count, *_ in parts) ** 2


def add(figures, what, group, alpha):
    rows = sum(map(len, group.seeds))
    figures.add(f"{what} at {alpha}, {rows} rows", group.rate(alpha),
                alarm_interval(group.expected(alpha)),
                f"exact expectation {group.expectation(alpha):.5f}", places=5)


def mean_of_tables(figures, regime, groups, alpha):
    """Within a tenth of alpha, up to 1.96 standard errors of what calibrations and rows of these numbers scatter."""
    error = math.sqrt(sum(group.variance(alpha) for group in groups)) / len(groups)
    bounds = (round(0.9 * alpha - 1.96 * error, 5), round(1.1 * alpha + 1.96 * error, 5))
    mean = statistics.mean(group.rate(alpha) for group in groups)
    expectation = statistics.mean(group.expectation(alpha) for group in groups)
    figures.add(f"{regime}, mean of {len(groups)} tables at {alpha}", mean, bounds,
                f"exact expectation {expectation:.5f}, standard error {error:.5f}", places=5)


def by_pattern(figures, name, group):
    """The patterns of unknown values that many rows have."""
    patterns = {}
    for seed, rows in enumerate(group.seeds):
        for row in rows:
            patterns.setdefault(row.pattern, {}).setdefault(seed, []).append(row)
    for pattern, seeds in sorted(patterns.items()):
        if sum(map(len, seeds.values())) >= PATTERN_ROWS_MIN:
            for alpha in ALPHAS:
                add(figures, f"unknown, {name}, {pattern}", Group(list(seeds.values()), group.calibration_rows), alpha)
