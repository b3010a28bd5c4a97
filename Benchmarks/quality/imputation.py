"""The section `imputation`: hidden cells filled in."""

import random
import statistics
import time

import peers
from measures import share
from program import ProgramError
from tables import chosen, columns, read, write

# Tables of the folders beside the data; of each the columns that are complete, and so many rows at most.
TABLES = {
    "breast_cancer": "real", "cars": "real", "covid_testing": "real", "flights": "real", "sp500": "real",
    "wa_churn": "real", "abalone": "odd", "house_16H": "odd"}
ROWS_MAX = 2000
HIDDEN = 0.2
MEASURES = ["error", "accuracy"]


def imputation(figures, program, data, options):
    """A fifth of the cells is hidden; everybody learns from the table with its holes, and fills them."""
    figures.section("imputation", f"{HIDDEN:.0%} of the cells hidden; made impute, default settings")
    ranks = {}
    for name in chosen(TABLES, options):
        header, whole = complete(data / ".." / TABLES[name] / name / "train.csv")
        generator = random.Random(1)
        whole = generator.sample(whole, min(ROWS_MAX, len(whole)))
        hidden = [[generator.random() < HIDDEN for _ in header] for _ in whole]
        holes, folder = program.scratch / "holes.csv", program.scratch
        write(holes, header, [["" if hide else cell for cell, hide in zip(*row)] for row in zip(whole, hidden)])
        try:
            model, seconds = program.train(holes, [])
            start = time.monotonic()
            program.run(["impute", str(holes), "-m", str(model), "-o", str(folder / "made.csv"), "--force"])
            seconds += time.monotonic() - start
        except ProgramError as error:
            figures.skip(str(error))
            continue
        done = peers.answer(figures, "imputers.py", holes, holes, folder, "median", "kNN", "MICE", "missForest") or {}
        found = {method: quality(read(folder / f"{method}.csv")[1], header, whole, hidden) for method in ["made", *done]}
        times = {"made": seconds, **done}
        for measure in MEASURES:
            own = {method: figure[measure] for method, figure in found.items() if figure[measure] is not None}
            if not own:
                continue
            worst_first = 1 if measure == "accuracy" else -1
            for method, figure in own.items():
                better = sum(worst_first * (other - figure) > 0 for other in own.values())
                ties = sum(other == figure for other in own.values()) - 1
                ranks.setdefault(method, []).append(1 + better + ties / 2)
            figures.add(f"{name}, {measure}", own["made"], detail=", ".join(
                f"{method} {figure:.4f}" for method, figure in own.items() if method != "made"))
        figures.note("seconds: " + ", ".join(f"{method} {count:.0f}" for method, count in times.items()))
    means = {method: statistics.mean(own) for method, own in ranks.items()}
    if len(means) > 1:
        others = min(mean for method, mean in means.items() if method != "made")
        figures.add("mean rank, goal: the best of the others", means["made"],
                    ("<=", round(others, 4)) if options.sets is None else None,
                    ", ".join(f"{method} {mean:.2f}" for method, mean in means.items() if method != "made"), places=2)


def complete(path):
    """The columns of a table that lack no value, and their rows."""
    header, rows = read(path)
    kept = [place for place, column in enumerate(columns(header, rows)) if column.is_whole]
    return [header[place] for place in kept], [[row[place] for place in kept] for row in rows]


def quality(filled, header, whole, hidden):
    """Means over columns: of numbers the mean absolute error, as a share of that of the column's median; of labels the accuracy."""
    errors, accuracies = [], []
    for place, column in enumerate(columns(header, whole)):
        pairs = [(filled[row][place], whole[row][place]) for row, hide in enumerate(hidden) if hide[place]]
        if column.is_number:
            middle = statistics.median(float(row[place]) for row in whole)
            spread = statistics.mean(abs(float(truth) - middle) for _, truth in pairs)
            errors.append(statistics.mean(abs(float(value) - float(truth)) for value, truth in pairs) / spread)
        else:
            accuracies.append(share(value == truth for value, truth in pairs))
    return {"error": statistics.mean(errors) if errors else None,
            "accuracy": statistics.mean(accuracies) if accuracies else None}
