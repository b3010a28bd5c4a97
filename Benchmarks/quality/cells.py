"""The section `cells`: which value is wrong, and what it should have been."""

import random
import statistics

import environment
import peers
from measures import ALPHA, blamed, is_flagged, share
from program import ProgramError
from tables import chosen, columns, planted_rows, read, tables_of, write, write_lines

# Diamonds with one wrong number; rows of each table that lose a field; rows of each table and kind of mistake.
DIAMONDS, LOST, MISTAKES = 200, 200, 40


def cells(figures, program, data, options):
    figures.section("cells", "the wrong value named and put right, default settings")
    if options.sets is None or "diamonds" in options.sets:
        wrong_diamonds(figures, program, data)
    lost, right, seconds = [], {}, []
    for name in chosen(tables_of(data / "../real", "truth.csv"), options):
        folder = data / "../real" / name
        try:
            model, _ = program.by_default(folder / "train.csv")
            table = Table(folder)
            lost.append(lost_fields(program, model, table))
            own = repaired(figures, program, model, table, seconds)
        except ProgramError as error:
            figures.skip(str(error))
            continue
        for kind, found in own.items():
            right.setdefault(kind, []).append(found)
        detail = ", ".join(f"{kind} {share(found[0]):.2f}" for kind, found in own.items())
        figures.add(f"{name}, field lost: flagged, named first", lost[-1], detail=f"put back: {detail}")
    if not lost:
        return
    whole = options.sets is None
    figures.add("mean share of lost fields flagged, named first", statistics.mean(lost), (">=", 0.95) if whole else None)
    repairs(figures, right, whole)
    figures.add("longest made repair, seconds", max(plain for _, plain, _ in seconds), places=1)
    slowest = max(seconds, key=lambda own: own[2])
    figures.add("longest made repair --fdr, seconds", slowest[2], places=1, detail=slowest[0])


class Table:
    """A table of `real`, and its untouched rows that no model was trained on."""

    def __init__(self, folder):
        self.name = folder.name
        self.train = folder / "train.csv"
        self.header, self.train_rows = read(self.train)
        self.columns = {column.name: column for column in columns(self.header, self.train_rows)}
        rows, truth = planted_rows(folder)
        self.rows = [row for row, mistake in zip(rows, truth) if mistake is None]
        self.random = random.Random(1)
        self.random.shuffle(self.rows)


def wrong_diamonds(figures, program, data):
    """A number three times as large, or a third of what it was, in rows that are none of the most unusual tenth."""
    model = f"{environment.TREE}/config/models/diamonds.safetensors"
    names, rows = read(data / "mixed/diamonds.csv")
    table = program.scratch / "diamonds.csv"
    generator = random.Random(1)
    rows = generator.sample(rows, 2 * DIAMONDS)
    write(table, names, rows)
    usual = [row for row, scored in zip(rows, program.score(model, table)) if scored["p_value"] > 0.1][:DIAMONDS]
    touched = []
    for row in usual:
        place = names.index(generator.choice(["carat", "depth", "table", "price", "x", "y", "z"]))
        decimals = len(row[place].partition(".")[2])
        row[place] = f"{float(row[place]) * generator.choice([3, 1 / 3]):.{decimals}f}"
        touched.append(names[place])
    write(table, names, usual)
    first = sum(blamed(scored) == name for scored, name in zip(program.score(model, table, "--explain", "1"), touched))
    figures.add(f"diamonds: × 3 or ÷ 3 named first, of {len(usual)}", first, (">=", 199), places=0)


def lost_fields(program, model, table):
    """The share of rows that are flagged, with the column named first that lost its value and never does in training."""
    names = [name for name, column in table.columns.items() if column.is_whole]
    rows, touched = [], []
    for row in table.rows[:LOST]:
        touched.append(table.random.choice([name for name in names if row.get(name) is not None]))
        rows.append({**row, touched[-1]: None})
    path = program.scratch / "lost.ndjson"
    write_lines(path, rows)
    scored = program.score(model, path, "--explain", "1", "--alpha", str(ALPHA))
    return share(is_flagged(row) and blamed(row) == name for row, name in zip(scored, touched))


def repaired(figures, program, model, table, seconds):
    """By kind of mistake, of each of `REPAIRERS` which mistakes it puts right.

    The mistakes are planted anew in untouched rows: truth.csv does not say what was right. `made repair` finds the cells
    itself. Median and kNN take the most remote number of the row for the wrong one, or are told the cells, as `made impute` is.
    """
    mistakes = mistakes_of(table)
    path = program.scratch / "mistakes.ndjson"
    write_lines(path, [row for _, row, _ in mistakes])
    changes, plain = program.changes(model, path, "--alpha", str(ALPHA))
    _, together = program.changes(model, path, "--fdr", "0.1")
    seconds.append((table.name, plain, together))
    figures.note(f"{table.name}: repair of {len(mistakes)} rows {plain:.1f} s, with --fdr {together:.1f} s")
    made, *others = told(figures, program, model, table, mistakes)
    remote = {(index, most_remote(table, row)) for index, (_, row, _) in enumerate(mistakes)}
    answers = [
        {(row, name): value for row, name, value in changes},
        *({cell: value for cell, value in other.items() if cell in remote} for other in others), made, *others]
    return {
        kind: [[all(table.columns[name].is_put_right(answer.get((index, name)), right) for name, right in truth.items())
                for index, (own, _, truth) in enumerate(mistakes) if own == kind] for answer in answers]
        for kind in dict.fromkeys(kind for kind, _, _ in mistakes)}


def told(figures, program, model, table, mistakes):
    """What goes into the wrong cells, by (row, column), of those who are told which these are."""
    def text(value):
        return "" if value is None else str(value)
    holes, folder = program.scratch / "holes.csv", program.scratch
    rows = [["" if name in truth else text(row.get(name)) for name in table.header] for _, row, truth in mistakes]
    write(holes, table.header, rows)
    program.run(["impute", str(holes), "-m", str(model), "-o", str(folder / "made.csv"), "--force"])
    done = peers.answer(figures, "imputers.py", table.train, holes, folder, "median", "kNN")
    for method in ["made", "median", "kNN"] if done else ["made"]:
        _, filled = read(folder / f"{method}.csv")
        yield {(index, name): filled[index][table.header.index(name)]
               for index, (_, _, truth) in enumerate(mistakes) for name in truth}


def most_remote(table, row):
    """The column of the number that lies the most of its column's scales from the median."""
    def distance(name):
        column = table.columns.get(name)
        if column is None or not column.is_number or row[name] is None:
            return -1
        return abs(float(row[name]) - column.centre) / column.scale
    return max(row, key=distance)


def mistakes_of(table):
    """(kind, row, {column: what was right}) of rows with mistakes that change something."""
    names = [name for name, column in table.columns.items() if name in table.rows[0] and len(column.values) > 1]
    numbers = [name for name in names if table.columns[name].is_number]
    # Neither dates nor identifiers.
    labels = [name for name in names if not table.columns[name].is_number and not table.columns[name].is_date
              and len(table.columns[name].values) <= 100]
    generator = table.random

    def changed(kind, row):
        if kind in ("× 10", "÷ 10", "× 3", "÷ 3") and numbers:
            name = generator.choice(numbers)
            factor = float(kind[2:])
            return {name: row[name] and round(float(row[name]) * (factor if kind[0] == "×" else 1 / factor), 6)}
        if kind == "two numbers swapped" and len(numbers) > 1:
            first, second = generator.sample(numbers, 2)
            return {first: row[second], second: row[first]}
        pool = {"number of another row": numbers, "label of another row": labels}.get(kind)
        if not pool:
            return {}
        name = generator.choice(pool)
        return {name: generator.choice(table.rows)[name]}

    planted = []
    for kind in KINDS:
        count = 0
        for _ in range(20 * MISTAKES):
            row = generator.choice(table.rows)
            wrong = changed(kind, row)
            if not wrong or any(value is None or row[name] is None for name, value in wrong.items()):
                continue
            if any(table.columns[name].is_put_right(value, row[name]) for name, value in wrong.items()):
                continue
            planted.append((kind, {**row, **wrong}, {name: row[name] for name in wrong}))
            count += 1
            if count == MISTAKES:
                break
    return planted


KINDS = ["× 10", "÷ 10", "× 3", "÷ 3", "two numbers swapped", "number of another row", "label of another row"]
REPAIRERS = ["made repair", "median", "kNN", "made impute told", "median told", "kNN told"]


def repairs(figures, right, whole):
    """Each kind's mean over tables, and the mean of all."""
    def add(what, means):
        figures.add(what, means[0], detail=", ".join(f"{name} {mean:.3f}" for name, mean in zip(REPAIRERS[1:], means[1:])))
    kinds = []
    for kind, tables in right.items():
        kinds.append([statistics.mean(share(own) for own in method) for method in zip(*tables)])
        add(f"put back: {kind}, {len(tables)} tables", kinds[-1])
    means = [statistics.mean(method) for method in zip(*kinds)]
    add("mean of the kinds", means)
    if len(means) == len(REPAIRERS):
        for method in ("median", "kNN"):
            figures.add(f"made repair, as a multiple of {method}", means[0] / means[REPAIRERS.index(method)],
                        (">=", 5) if whole else None, places=1)
