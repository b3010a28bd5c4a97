"""Fills the empty cells of tables by other people's methods, and writes them beside: FOLDER/METHOD.csv.

    imputers.py TRAIN.csv HOLES.csv FOLDER METHOD...    METHOD: median, kNN, MICE, missForest

The first row of both is the header, the same one. A column is of numbers or of labels by the rows of TRAIN.csv, as
`tables.Column` tells. MICE and missForest learn from HOLES.csv alone.
"""

import json
import pathlib
import sys
import time
import warnings

import numpy
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.impute import KNNImputer
from sklearn.linear_model import BayesianRidge, LogisticRegression

import tables


class Table:
    """Cells as numbers: standardised, or the index of a label; NaN where there is none."""

    def __init__(self, columns, train, rows):
        self.columns = columns
        self.train = self.encoded(train)
        self.rows = self.encoded(rows)
        known = self.train
        self.centres = [numpy.nanmean(known[:, j]) if c.is_number else 0.0 for j, c in enumerate(columns)]
        self.scales = [(numpy.nanstd(known[:, j]) or 1.0) if c.is_number else 1.0 for j, c in enumerate(columns)]
        self.train = (self.train - self.centres) / self.scales
        self.rows = (self.rows - self.centres) / self.scales

    def encoded(self, rows):
        def code(column, cell):
            if not cell.strip():
                return numpy.nan
            return float(cell) if column.is_number else column.values.index(cell) if cell in column.values else numpy.nan
        return numpy.array([[code(column, cell) for column, cell in zip(self.columns, row)] for row in rows])

    def wide(self, matrix, places=None):
        """Labels as one column each; of the columns at `places`, all where there are none."""
        parts = []
        for j in range(len(self.columns)) if places is None else places:
            own, column = matrix[:, [j]], self.columns[j]
            if not column.is_number:
                own = numpy.where(numpy.isnan(own), numpy.nan, own == numpy.arange(len(column.values)))
            parts.append(own)
        return numpy.hstack(parts)

    def narrow(self, matrix):
        """Back again: the label of the largest."""
        parts, first = [], 0
        for column in self.columns:
            width = 1 if column.is_number else len(column.values)
            own = matrix[:, first:first + width]
            parts.append(own[:, 0] if column.is_number else own.argmax(axis=1))
            first += width
        return numpy.column_stack(parts)

    def text(self, j, value):
        if self.columns[j].is_number:
            return repr(float(value * self.scales[j] + self.centres[j]))
        return self.columns[j].values[int(value)]


def median(table):
    best = [numpy.nanmedian(table.train[:, j]) if column.is_number
            else numpy.bincount(table.train[~numpy.isnan(table.train[:, j]), j].astype(int)).argmax()
            for j, column in enumerate(table.columns)]
    return numpy.where(numpy.isnan(table.rows), best, table.rows)


def neighbours(table):
    imputer = KNNImputer(n_neighbors=5).fit(table.wide(table.train))
    return table.narrow(imputer.transform(table.wide(table.rows)))


def chained(table, number, label, is_wide, rounds_max=10):
    """Fills column after column by what is learned from the other columns of the rows that have it, those with the fewest
    holes first, round after round; until, as in missForest, the filled cells change more than the round before.

    Labels are predictors one column each where `is_wide`, else by their index.
    """
    filled, holes = median(table), numpy.isnan(table.rows)
    order = [j for j in numpy.argsort(holes.sum(axis=0), kind="stable") if holes[:, j].any()]
    numbers = numpy.array([column.is_number for column in table.columns])
    before = None
    for _ in range(rounds_max):
        last = filled.copy()
        for j in order:
            rest = [k for k in range(len(numbers)) if k != j]
            others = table.wide(filled, rest) if is_wide else filled[:, rest]
            own = holes[:, j]
            learned = (number if numbers[j] else label)().fit(others[~own], table.rows[~own, j])
            filled[own, j] = learned.predict(others[own])
        moved = ((filled - last)[:, numbers] ** 2).sum() / (filled[:, numbers] ** 2).sum()
        changed = (filled != last)[:, ~numbers].sum() / max(holes[:, ~numbers].sum(), 1)
        if before is not None and moved >= before[0] and changed >= before[1]:
            return last
        before = moved, changed
    return filled


def grown(kind):
    return lambda: kind(n_estimators=100, max_features="sqrt", n_jobs=-1, random_state=0)


METHODS = {
    "median": median,
    "kNN": neighbours,
    # van Buuren & Groothuis-Oudshoorn 2011, with predictions in the place of draws.
    "MICE": lambda table: chained(table, BayesianRidge, lambda: LogisticRegression(max_iter=200), True),
    # Stekhoven & Bühlmann 2012, Algorithm 1, with their defaults.
    "missForest": lambda table: chained(table, grown(RandomForestRegressor), grown(RandomForestClassifier), False),
}


def main():
    train, holes, folder, *methods = sys.argv[1:]
    warnings.simplefilter("ignore")
    header, known = tables.read(train)
    _, rows = tables.read(holes)
    table, seconds = Table(tables.columns(header, known), known, rows), {}
    for method in methods:
        start = time.monotonic()
        filled = METHODS[method](table)
        seconds[method] = time.monotonic() - start
        whole = [[cell if cell.strip() else table.text(j, filled[i, j]) for j, cell in enumerate(row)]
                 for i, row in enumerate(rows)]
        tables.write(pathlib.Path(folder) / f"{method}.csv", header, whole)
    print(json.dumps(seconds))


if __name__ == "__main__":
    main()
