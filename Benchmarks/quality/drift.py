"""The section `drift`: how often, and after how many rows, the bet against "no drift" raises an alarm."""

import csv
import io
import math
import random
import statistics

from measures import interval, share
from tables import chosen, read, write

# Of each table the rows to train on, and the column whose numbers are shifted.
TABLES = {"wa_churn": (2020, "tenure"), "sp500": (2020, "Volume"), "flights": (2120, "distance")}
ALARM = 20
# Streams without drift in all, rows of each.
STREAMS, ROWS = 1000, 1000
# Streams with drift of each model, rows after which it is given up, rows between two looks.
SHIFTED_STREAMS, SHIFTED_ROWS, STEP = 2, 2000, 5
SHIFT = 0.5


def drift(figures, program, data, options):
    """Streams of rows that no model was trained on, to a server whose model is loaded anew before each."""
    figures.section("drift", f"the capital reaches {ALARM}, {options.seeds} models a table")
    tables = chosen(TABLES, options)
    # At least as many as are promised.
    streams = math.ceil(STREAMS / len(tables) / options.seeds) if tables else 0
    false = []
    for name in tables:
        train_count, column = TABLES[name]
        header, rows = read(data / "../real" / name / "train.csv")
        own, delays = [], {"numbers": [], "likelihood": []}
        for seed in range(1, options.seeds + 1):
            generator = random.Random(seed)
            generator.shuffle(rows)
            write(program.scratch / "train.csv", header, rows[:train_count])
            fresh = rows[train_count:]
            model, _ = program.train(program.scratch / "train.csv", ["--seed", str(seed)])
            write(program.scratch / "fresh.csv", header, fresh)
            likelihoods = [row["log_likelihood"] for row in program.score(model, program.scratch / "fresh.csv")]
            with program.serving(model) as service:
                own.append([largest(service, header, generator.sample(fresh, ROWS)) >= ALARM for _ in range(streams)])
                for _ in range(SHIFTED_STREAMS):
                    for kind, drawn in (("numbers", shifted(header, fresh, column, generator)),
                                        ("likelihood", unlikelier(fresh, likelihoods, generator))):
                        delays[kind].append(rows_to_alarm(service, header, drawn))
            model.unlink()
        false += own
        figures.add(f"{name}, {streams * len(own)} streams of {ROWS} rows without drift", share(sum(own, [])),
                    detail=interval([share(model) for model in own]))
        for kind, what in (("numbers", f"{column} higher by"), ("likelihood", "log-likelihood lower by")):
            late = sum(delay == math.inf for delay in delays[kind])
            figures.add(f"{name}, median rows to an alarm, {what} {SHIFT} sd", statistics.median(delays[kind]), places=0,
                        detail=f"{late} of {len(delays[kind])} streams not within {SHIFTED_ROWS} rows")
    if false:
        # Streams of one model share its calibration, so that they are not independent: the scatter is that of models.
        rates = [share(model) for model in false]
        noise = 1.96 * statistics.stdev(rates) / len(rates) ** 0.5 if len(rates) > 1 else 0
        figures.add(f"{streams * len(false)} streams without drift, share that reaches {ALARM}", statistics.mean(rates),
                    ("<=", round(1 / ALARM + noise, 4)), interval(rates))


def largest(service, header, rows):
    """The largest capital of a stream."""
    service.post("/reload")
    service.post("/score", text(header, rows))
    return service.get("/drift")["exchangeability"]["largest"]


def rows_to_alarm(service, header, rows):
    """Drifting from the first row on; infinite where no alarm is raised."""
    service.post("/reload")
    for first in range(0, SHIFTED_ROWS, STEP):
        service.post("/score", text(header, rows[first:first + STEP]))
        if service.get("/drift")["exchangeability"]["largest"] >= ALARM:
            return first + STEP
    return math.inf


def shifted(header, rows, column, generator):
    """Rows whose number in one column is higher by half of the column's standard deviation."""
    place = header.index(column)
    numbers = [float(row[place]) for row in rows if row[place].strip()]
    offset = SHIFT * statistics.pstdev(numbers)
    is_whole = all(number == int(number) for number in numbers)

    def moved(cell):
        return f"{float(cell) + offset:.{0 if is_whole else 6}f}" if cell.strip() else cell

    return [[moved(cell) if index == place else cell for index, cell in enumerate(row)]
            for row in generator.choices(rows, k=SHIFTED_ROWS)]


def unlikelier(rows, likelihoods, generator):
    """Untouched rows, drawn so that their mean log-likelihood, cut at the middle 98 %, is lower by half of its deviation."""
    low, *_, high = statistics.quantiles(likelihoods, n=100)
    cut = [min(max(value, low), high) for value in likelihoods]
    middle, deviation = statistics.mean(cut), statistics.pstdev(cut)

    def weights(tilt):
        return [math.exp(-tilt * (value - middle) / deviation) for value in cut]

    def mean_shift(tilt):
        own = weights(tilt)
        return sum(weight * (middle - value) for weight, value in zip(own, cut)) / sum(own) / deviation

    below, above = 0.0, 5.0
    for _ in range(40):
        tilt = (below + above) / 2
        below, above = (tilt, above) if mean_shift(tilt) < SHIFT else (below, tilt)
    return generator.choices(rows, weights(below), k=SHIFTED_ROWS)


def text(header, rows):
    lines = io.StringIO()
    csv.writer(lines).writerows([header, *rows])
    return lines.getvalue().encode()
