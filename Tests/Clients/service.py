"""What the checks of all clients need: plain HTTP, and rows of a table with the scores that they must get."""
import json
import urllib.request


def call(url, body=None):
    """The JSON that a URL answers, to a POST where there is a body."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


class Table:
    """Rows of a model of a table, with holes, and a column at a time."""

    OUTPUTS = ["log_likelihood", "p_value", "anomaly"]
    HOLES_ARE_UNKNOWN = {"missing": "unknown"}

    def __init__(self, url, model):
        self.model = model
        card = call(f"{url}/models/{model}")
        self.rows = call(f"{url}/models/{model}/sample", {"n": 40, "seed": 1, "as": "objects"})["rows"]
        names = list(self.rows[0])
        # Only a model that knows its table takes labels that it never saw.
        self.takes_unseen = "table" in card
        texts = {column["name"] for column in card.get("table", {}).get("columns", []) if column.get("texts")}
        self.truths = {variable["name"] for variable in card["variables"] if variable["type"] == "binary"} - texts
        for place, name in enumerate(names):
            if name not in self.truths and place % 2 == 0:
                self.rows[place][name] = None
            if self.takes_unseen and any(isinstance(row[name], str) for row in self.rows):
                self.rows[place - len(names)][name] = "never seen: \u2603"
        self.expected = call(f"{url}/models/{model}/score", {"rows": self.rows})
        self.unknown = call(f"{url}/models/{model}/score", {"rows": self.rows, **self.HOLES_ARE_UNKNOWN})
        assert self.unknown["p_value"] != self.expected["p_value"]
        self.columns = {name: self.column(name) for name in names}

    def column(self, name):
        """The datatype of a column, and its values; None is a hole."""
        values = [row[name] for row in self.rows]
        if name in self.truths and None not in values:
            return "BOOL", [bool(value) for value in values]
        if any(isinstance(value, str) for value in values):
            return "BYTES", [value if value is None else str(value) for value in values]
        return ("INT64" if all(isinstance(value, int) for value in values) else "FP64"), values

    def arrays(self):
        """Of each column its name, its datatype and an array; a hole is an empty text, or not a number."""
        import numpy

        kinds = {"BOOL": bool, "BYTES": object, "INT64": numpy.int64, "FP64": numpy.float64}
        for name, (datatype, values) in self.columns.items():
            hole = "" if datatype == "BYTES" else numpy.nan
            yield name, datatype, numpy.array([hole if value is None else value for value in values], kinds[datatype])

    def check(self, outputs, how, answer=None):
        """Holds the values of each output against what /score answered, to the bit."""
        for name in self.OUTPUTS:
            found, expected = list(outputs[name]), (answer or self.expected)[name]
            assert found == expected, (self.model, how, name, found, expected)
