"""The section `discoveries`: the share of false ones among rows and among cells."""

import random
import statistics

from measures import interval
from tables import LARGE_SETS, chosen, normal_rows, read, write

RATES = [0.05, 0.1, 0.2]
TRAIN_MAX, TEST_MAX = 6000, 1000
# Of the rows that are judged, one in so many is an anomaly, or has a wrong number.
WRONG = 5


def discoveries(figures, program, data, options):
    """Normal rows are dealt anew for every seed, some to train on; among the others are anomalies, or wrong numbers."""
    figures.section("discoveries", f"false ones, {options.seeds} seeds a set")
    false = {what: {rate: [] for rate in RATES} for what in ("rows", "cells")}
    found = {what: {rate: [] for rate in RATES} for what in false}
    for name in chosen(LARGE_SETS, options):
        header, rows = normal_rows(data / "oneclass" / name)
        anomalies = [row[:-1] for row in read(data / "oneclass" / name / "test.csv")[1] if float(row[-1]) == 1]
        for seed in range(1, options.seeds + 1):
            generator = random.Random(seed)
            generator.shuffle(rows)
            train_count = min(len(rows) * 2 // 3, TRAIN_MAX)
            normal = rows[train_count:train_count + TEST_MAX]
            train, test = program.scratch / "train.csv", program.scratch / "test.csv"
            write(train, header, rows[:train_count])
            model, _ = program.train(train, ["--seed", str(seed)])
            odd = generator.sample(anomalies, min(len(anomalies), len(normal) // WRONG))
            write(test, header, normal + odd)
            wrong = wrong_numbers(normal, generator)
            write(program.scratch / "cells.csv", header, wrong[0])
            for rate in RATES:
                scored = program.score(model, test, "--fdr", str(rate))
                rows_found = {index for index, row in enumerate(scored) if row["discovery"]}
                count(false["rows"][rate], found["rows"][rate], rows_found, set(range(len(normal), len(scored))))
                changes, _ = program.changes(model, program.scratch / "cells.csv", "--fdr", str(rate))
                cells_found = {(row, header.index(column)) for row, column, _ in changes}
                count(false["cells"][rate], found["cells"][rate], cells_found, wrong[1])
            model.unlink()
        for what in false:
            figures.note(f"{name}, {what}: " + ", ".join(
                f"at {rate} false {statistics.mean(false[what][rate][-options.seeds:]):.4f} "
                f"found {statistics.mean(found[what][rate][-options.seeds:]):.3f}" for rate in RATES))
    for what in false:
        for rate in RATES:
            if false[what][rate]:
                figures.add(f"mean false share of {what} at {rate}", statistics.mean(false[what][rate]), ("<=", rate),
                            f"found {statistics.mean(found[what][rate]):.3f}, {interval(false[what][rate])}")


def wrong_numbers(rows, generator):
    """The rows, one in `WRONG` with a number that is off by a factor, and where these are."""
    touched = set()
    rows = [list(row) for row in rows]
    for index in generator.sample(range(len(rows)), len(rows) // WRONG):
        places = [place for place, cell in enumerate(rows[index]) if float(cell) != 0]
        if not places:
            continue
        place = generator.choice(places)
        rows[index][place] = f"{float(rows[index][place]) * generator.choice([10, 3, 1 / 3, 0.1]):.6g}"
        touched.add((index, place))
    return rows, touched


def count(false, found, discovered, wrong):
    """Adds the share of what was discovered that is false, and the share of what is wrong that was discovered."""
    false.append(len(discovered - wrong) / max(len(discovered), 1))
    found.append(len(discovered & wrong) / len(wrong))
