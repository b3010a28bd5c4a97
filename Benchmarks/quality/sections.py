"""The sections of the table."""

import json
import random
import statistics

import peers
import recipes
from alarms import alarms
from cells import cells
from discoveries import discoveries
from drift import drift
from imputation import imputation
from measures import ALPHA, area, binomial_interval, blamed, interval, is_flagged, unusual
from program import ProgramError
from samples import samples
from tables import LARGE_SETS, chosen, normal_rows, planted_rows, tables_of, write


def density(figures, program, data, options):
    """Mean test nats, each set by its own command; choices were made on valid.csv only."""
    figures.section("density", "test nats a row")
    for name in chosen(recipes.DENSITY, options):
        bound, recipe = recipes.DENSITY[name]
        folder = data / "binary" / name
        command = ["--validation", str(folder / "valid.csv"), *recipes.COMMON.split(), *recipe.split()]
        model, seconds = program.train(folder / "train.csv", command)
        nats = program.evaluate(model, folder / "test.csv")["nats a row"]
        figures.add(name, nats[0], ("<=", bound), f"± {nats[1]:.3f}, {recipe or 'all by default'}", places=3)
        figures.add(f"{name}, seconds to fit", seconds, ("<=", recipes.SECONDS_MAX), places=0)


def oneclass(figures, program, data, options):
    """Trained by default on half of the normal rows, tested on the other half and all anomalies."""
    figures.section("oneclass", "area under the ROC curve, default settings")
    areas, precisions, times, measured = [], [], [], []
    names = chosen(sorted(path.name for path in (data / "oneclass").iterdir()), options)
    baseline = peers.answer(figures, "detectors.py", "oneclass", *(data / "oneclass" / name for name in names)) or {}
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
        _, truth = planted_rows(folder / name)
        try:
            model, seconds = program.by_default(folder / name / "train.csv")
            rows = program.score(model, folder / name / "rows.ndjson", "--explain", "1", "--alpha", str(ALPHA))
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
    published = folder / "peers.json"
    published = json.loads(published.read_text()) if published.is_file() else {}
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
    known = [published[name] for name in measured if name in published]

    def beside(place):
        return ", ".join(
            f"{label} {statistics.mean(scores[label][place] for scores in known):.4f}" for label in (known or [{}])[0])

    figures.add(f"mean of the {len(areas)}", statistics.mean(areas), (">=", 0.755) if whole else None, beside(0))
    figures.add("mean average precision", statistics.mean(precisions), (">=", 0.495) if whole else None, beside(1))


def contaminated(figures, program, data, options):
    """Trained on everything unlabelled, tested on the same rows."""
    figures.section("contaminated", "area under the ROC curve, --contaminated")
    names = chosen(sorted(path.stem for path in (data / "anomaly").glob("*.csv")), options)
    baseline = peers.answer(
        figures, "detectors.py", "contaminated", *(data / "anomaly" / f"{name}.csv" for name in names)) or {}
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


ALPHAS = [0.01, 0.05]


def calibration(figures, program, data, options):
    """Normal rows are dealt anew for every seed: some to train on, the others to raise false alarms.

    The calibration is a fifth of the rows to train on. Their number is such that every alpha can be met exactly:
    p-values of n calibration rows are multiples of 1 / (n + 1), and only those not above alpha raise an alarm.
    """
    figures.section("calibration", f"false-alarm rate, {options.seeds} seeds a set")
    rates = {alpha: [] for alpha in ALPHAS}
    for name in chosen(LARGE_SETS, options):
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


# Where each section's tables are.
FOLDERS = {
    "density": "binary", "planted": "../real", "odd": "../odd", "oneclass": "oneclass", "contaminated": "anomaly",
    "calibration": "oneclass", "cells": "../real", "imputation": "../real", "discoveries": "oneclass",
    "alarms": "../real", "samples": "mixed", "drift": "../real"}
SECTIONS = {
    "density": density, "planted": planted, "odd": odd, "oneclass": oneclass, "contaminated": contaminated,
    "calibration": calibration, "cells": cells, "imputation": imputation, "discoveries": discoveries,
    "alarms": alarms, "samples": samples, "drift": drift}
