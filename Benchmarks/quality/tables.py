"""Tables that are read, chosen and written."""

import csv
import json
import re
import statistics


def chosen(names, options):
    return [name for name in names if options.sets is None or name in options.sets]


def tables_of(folder, file):
    return sorted(path.parent.name for path in folder.glob(f"*/{file}"))


# Those of `oneclass` with normal rows enough to be dealt anew for every seed.
LARGE_SETS = ["PageBlocks", "annthyroid", "mammography", "pendigits", "satellite"]


def normal_rows(folder):
    """The header without the label, and all normal rows of both files."""
    header, rows = read(folder / "train.csv")
    names, others = read(folder / "test.csv")
    assert names == [*header, "label"], folder
    return header, rows + [row[:-1] for row in others if float(row[-1]) == 0]


def read(path):
    with open(path, newline="") as file:
        header, *rows = csv.reader(file)
    return header, rows


def write(path, header, rows):
    with open(path, "w", newline="") as file:
        csv.writer(file).writerows([header, *rows])


def write_lines(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def planted_rows(folder):
    """Rows as dictionaries, and of each the columns of the mistake in it; None of an untouched row."""
    with open(folder / "truth.csv", newline="") as file:
        truth = [set(row["columns"].split(";")) if row["kind"] else None for row in csv.DictReader(file)]
    with open(folder / "rows.ndjson") as file:
        return [json.loads(line) for line in file], truth


class Column:
    """A column of a table of texts."""

    # Numbers with fewer different values are labels.
    DISTINCT_MIN = 10

    def __init__(self, name, cells):
        self.name = name
        self.is_complete = all(map(str.strip, cells))
        self.values = list(dict.fromkeys(cell for cell in cells if cell.strip()))
        try:
            numbers = sorted(float(cell) for cell in cells if cell.strip())
        except ValueError:
            numbers = []
        self.is_number = len(set(numbers)) >= self.DISTINCT_MIN
        # Of dates a model has weekday, time and month alone.
        self.is_date = all(re.match(r"\d{4}-\d\d-\d\d", value) for value in self.values)
        self.centre, self.scale = centre_and_scale(numbers) if self.is_number else (None, None)

    @property
    def is_whole(self):
        """Whether it lacks no value, varies, and is of numbers or labels."""
        return self.is_complete and len(self.values) > 1 and not self.is_date

    def is_put_right(self, value, truth):
        """Whether a number is within a tenth of the column's scale, and a label the right one."""
        if value is None:
            return False
        if self.is_number:
            return abs(float(value) - float(truth)) <= self.scale / 10
        return str(value) == str(truth)


def columns(header, rows):
    return [Column(name, [row[index] for row in rows]) for index, name in enumerate(header)]


def centre_and_scale(numbers):
    """The median, and IQR / 1.349, or the standard deviation where that is 0."""
    low, middle, high = statistics.quantiles(numbers, n=4, method="inclusive")
    return middle, (high - low) / 1.349 or statistics.pstdev(numbers)
