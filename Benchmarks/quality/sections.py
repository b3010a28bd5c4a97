"""The sections of the table."""

import bisect
import csv
import json
import math
import random
import statistics
import subprocess

import environment
import recipes
from program import ProgramError


def chosen(names, options):
    return [name for name in names if options.sets is None or name in options.sets]


def density(figures, program, data, options):
    """Mean test nats, each set by its own command; choices were made on valid.csv only."""
    figures.section("density", "test nats a row")
    for name in chosen(recipes.DENSITY, options):
        bound, recipe = recipes.DENSITY[name]
        folder = data / "binary" / name
        command = ["--validation", str(folder / "valid.csv"), *recipes.COMMON.split(), *recipe.split()]
        model, seconds = program.train(folder / "train.csv", command)
        nats = program.evaluate(model, folder / "test.csv")["nats a row"]
        figures.add(name, nats[0], ("<=", bound), f"± {nats[1]:.3f}, {recipe}", places=3)
        figures.add(f"{name}, seconds to fit", seconds, ("<=", recipes.SECONDS_MAX), places=0)


def oneclass(figures, program, data, options):
    """Trained by default on half of the normal rows, tested on the other half and all anomalies."""
    figures.section("oneclass", "area under the ROC curve, default settings")
    areas, precisions, times, measured = [], [], [], []
    names = chosen(sorted(path.name for path in (data / "oneclass").iterdir()), options)
    baseline = detectors(figures, "oneclass", [data / "oneclass" / name for name in names])
    for name in names:
        folder = data / "oneclass" / name
        try:
            model, seconds = program.train(folder / "train.csv", [])
            measures = program.evaluate(model, folder / "test.csv", ["--label", "label"])
        except ProgramError as error:
            figures.skip(str(error))
            continue
        measured.append(name)
        areas.append(measures["AUROC"][0])
        precisions.append(measures["average precision"][0])
        times.append(seconds)
        beside = "".join(f", {label} {scores[name]:.3f}" for label, scores in baseline.items())
        figures.add(name, areas[-1], detail=f"average precision {precisions[-1]:.3f}, fit {seconds:.0f} s{beside}")
    if not areas:
        return
    # The goals are those of all the sets.
    whole = options.sets is None
    beside = "".join(
        f", {label} {statistics.mean(scores[name] for name in measured):.4f}" for label, scores in baseline.items())
    figures.add(f"mean of the {len(areas)}", statistics.mean(areas), (">=", 0.922) if whole else None, beside[2:])
    figures.add("mean average precision", statistics.mean(precisions))
    figures.add("longest fit, seconds", max(times), ("<=", 60), places=0)


def planted(figures, program, data, options):
    """Rows with planted mistakes among untouched ones, none of which were trained on."""
    figures.section("planted", "mistakes found, default settings")
    measured = {"rank": [], "flagged": [], "first": []}
    folder = data / FOLDERS["planted"]
    for name in chosen(tables_of(folder, "truth.csv"), options):
        with open(folder / name / "truth.csv", newline="") as file:
            truth = [set(row["columns"].split(";")) if row["kind"] else None for row in csv.DictReader(file)]
        try:
            model, seconds = program.train(folder / name / "train.csv", [])
            command = ["score", str(model), str(folder / name / "rows.ndjson"), "--explain", "1", "--alpha", str(ALPHA)]
            rows = [json.loads(line) for line in program.run(command).splitlines()]
        except ProgramError as error:
            figures.skip(str(error))
            continue
        wrong = [(row, columns) for row, columns in zip(rows, truth) if columns]
        right = [row for row, columns in zip(rows, truth) if columns is None]
        rank = area([unusual(row) for row, _ in wrong], [unusual(row) for row in right])
        flagged = statistics.mean(is_flagged(row) for row, _ in wrong)
        first = statistics.mean(blamed(row) in columns for row, columns in wrong)
        for kind, figure in zip(measured, (rank, flagged, first)):
            measured[kind].append(figure)
        figures.add(f"{name}, AUROC", rank,
                    detail=f"flagged at {ALPHA} {flagged:.3f}, blamed first {first:.3f}, fit {seconds:.0f} s")
        figures.add(f"{name}, false alarms at {ALPHA}", statistics.mean(map(is_flagged, right)),
                    binomial_interval(len(right), ALPHA))
    if not measured["rank"]:
        return
    whole = options.sets is None
    goals = {"rank": 0.93, "flagged": 0.65, "first": None}
    titles = {"rank": "mean AUROC", "flagged": f"mean share flagged at {ALPHA}", "first": "mean share blamed first"}
    for kind, goal in goals.items():
        figures.add(titles[kind], statistics.mean(measured[kind]), (">=", goal) if whole and goal else None)


def odd(figures, program, data, options):
    """Trained by default on normal rows; the anomalies are a class of their own."""
    figures.section("odd", "anomalies of another class, default settings")
    folder = data / FOLDERS["odd"]
    peers = folder / "peers.json"
    peers = json.loads(peers.read_text()) if peers.is_file() else {}
    areas, precisions, measured = [], [], []
    for name in chosen(tables_of(folder, "test.csv"), options):
        try:
            model, seconds = program.train(folder / name / "train.csv", [])
            measures = program.evaluate(model, folder / name / "test.csv", ["--label", "label"])
        except ProgramError as error:
            figures.skip(str(error))
            continue
        measured.append(name)
        areas.append(measures["AUROC"][0])
        precisions.append(measures["average precision"][0])
        figures.add(name[:40], areas[-1], detail=f"average precision {precisions[-1]:.3f}, fit {seconds:.0f} s")
    if not areas:
        return
    whole = options.sets is None
    known = [peers[name] for name in measured if name in peers]

    def beside(place):
        return ", ".join(
            f"{label} {statistics.mean(scores[label][place] for scores in known):.4f}" for label in (known or [{}])[0])

    figures.add(f"mean of the {len(areas)}", statistics.mean(areas), (">=", 0.755) if whole else None, beside(0))
    figures.add("mean average precision", statistics.mean(precisions), (">=", 0.495) if whole else None, beside(1))


def tables_of(folder, file):
    return sorted(path.parent.name for path in folder.glob(f"*/{file}"))


def unusual(row):
    """What to sort a row by; one that cannot be scored is the most unusual."""
    return math.inf if row.get("score") is None else row["score"]


def is_flagged(row):
    return row.get("score") is None or bool(row.get("anomaly"))


def blamed(row):
    return row["explanation"][0]["variable"] if row.get("explanation") else None


def area(positives, negatives):
    """Under the ROC curve; ties count half."""
    ordered = sorted(negatives)
    below = sum(bisect.bisect_left(ordered, score) + bisect.bisect_right(ordered, score) for score in positives)
    return below / 2 / len(positives) / len(negatives)


def binomial_interval(count, share, level=0.99):
    """The shares of `count` that lie between the quantiles of a binomial distribution which leave out 1 − level."""
    def quantile(target):
        below = 0.0
        for k in range(count + 1):
            below += math.comb(count, k) * share**k * (1 - share) ** (count - k)
            if below >= target:
                return k / count
        return 1.0
    return round(quantile((1 - level) / 2), 4), round(quantile((1 + level) / 2), 4)


def contaminated(figures, program, data, options):
    """Trained on everything unlabelled, tested on the same rows."""
    figures.section("contaminated", "area under the ROC curve, --contaminated")
    names = chosen(sorted(path.stem for path in (data / "anomaly").glob("*.csv")), options)
    baseline = detectors(figures, "contaminated", [data / "anomaly" / f"{name}.csv" for name in names])
    areas = []
    for name in names:
        table = data / "anomaly" / f"{name}.csv"
        model, seconds = program.train(table, ["--drop", "label", "--contaminated"])
        areas.append(program.evaluate(model, table, ["--label", "label"])["AUROC"][0])
        beside = "".join(f", {label} {scores[name]:.3f}" for label, scores in baseline.items())
        figures.add(name, areas[-1], detail=f"fit {seconds:.0f} s{beside}")
    if not areas:
        return
    goal = (">=", round(statistics.mean(baseline["IForest"].values()), 4)) if "IForest" in baseline else None
    figures.add(f"mean of the {len(areas)}, goal: IForest's in this run", statistics.mean(areas), goal)


def detectors(figures, protocol, tables):
    """Areas of scikit-learn's detectors on the same tables: a dictionary a detector; empty where there is none."""
    try:
        environment.install("scikit-learn")
    except environment.Unavailable as error:
        figures.skip(f"comparison: {error}")
        return {}
    script = str(environment.FOLDER) + "/quality/detectors.py"
    command = [environment.PYTHON, script, protocol, *map(str, tables)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        figures.skip(f"comparison: {done.stderr.strip().splitlines()[-1]}")
        return {}
    figures.note(environment.versions("scikit-learn"))
    return json.loads(done.stdout)


# At which rows of the section `planted` are flagged.
ALPHA = 0.01
CALIBRATION_SETS = ["PageBlocks", "annthyroid", "mammography", "pendigits", "satellite"]
ALPHAS = [0.01, 0.05]


def calibration(figures, program, data, options):
    """Normal rows are dealt anew for every seed: some to train on, the others to raise false alarms.

    The calibration is a fifth of the rows to train on. Their number is such that every alpha can be met exactly:
    p-values of n calibration rows are multiples of 1 / (n + 1), and only those not above alpha raise an alarm.
    """
    figures.section("calibration", f"false-alarm rate, {options.seeds} seeds a set")
    rates = {alpha: [] for alpha in ALPHAS}
    for name in chosen(CALIBRATION_SETS, options):
        header, rows = normal_rows(data / "oneclass" / name)
        hundreds = (len(rows) // 2 + 5) // 500
        train_count = 5 * (100 * hundreds - 1)
        mine = {alpha: [] for alpha in ALPHAS}
        for seed in range(1, options.seeds + 1):
            random.Random(seed).shuffle(rows)
            write(program.scratch / "train.csv", header, rows[:train_count])
            write(program.scratch / "test.csv", [*header, "label"], [[*row, "0"] for row in rows[train_count:]])
            model, _ = program.train(program.scratch / "train.csv", ["--seed", str(seed)])
            for alpha in ALPHAS:
                measures = program.evaluate(
                    model, program.scratch / "test.csv", ["--label", "label", "--alpha", str(alpha)])
                mine[alpha].append(measures["false alarms"][0])
            model.unlink()
        for alpha in ALPHAS:
            rates[alpha] += mine[alpha]
            figures.add(f"{name} at {alpha}, {train_count} rows", statistics.mean(mine[alpha]),
                        detail=interval(mine[alpha]), places=5)
    for alpha in ALPHAS:
        if rates[alpha]:
            bounds = (round(0.9 * alpha, 6), round(1.1 * alpha, 6))
            figures.add(f"mean at {alpha}", statistics.mean(rates[alpha]), bounds, interval(rates[alpha]), places=5)


def interval(rates):
    """The 95 % interval of the mean over seeds."""
    if len(rates) < 2:
        return ""
    margin = 1.96 * statistics.stdev(rates) / len(rates) ** 0.5
    middle = statistics.mean(rates)
    return f"95 % interval {middle - margin:.5f}…{middle + margin:.5f} of {len(rates)} trainings"


def normal_rows(folder):
    """The header without the label, and all normal rows of both files."""
    with open(folder / "train.csv", newline="") as file:
        header, *rows = csv.reader(file)
    with open(folder / "test.csv", newline="") as file:
        names, *others = csv.reader(file)
    assert names == [*header, "label"], folder
    return header, rows + [row[:-1] for row in others if float(row[-1]) == 0]


def write(path, header, rows):
    with open(path, "w", newline="") as file:
        csv.writer(file).writerows([header, *rows])


# Where each section's tables are.
FOLDERS = {
    "density": "binary", "planted": "../real", "odd": "../odd", "oneclass": "oneclass", "contaminated": "anomaly",
    "calibration": "oneclass"}
SECTIONS = {
    "density": density, "planted": planted, "odd": odd, "oneclass": oneclass, "contaminated": contaminated,
    "calibration": calibration}
