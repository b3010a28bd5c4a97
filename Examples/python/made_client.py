"""Density models of tables for pandas, by the program `made`.

    detector = MadeDetector().fit(frame)
    detector.predict(frame)            # −1 for anomalies, 1 for the others, as scikit-learn's detectors have it
    detector.explain(frame, 1)         # which columns are wrong, and what they should be

One file: copy it beside your own. It needs pandas and scikit-learn, and the program: on the PATH, in the variable MADE,
or named by `made=`. A detector of a model that a service holds is `MadeDetector(url="http://127.0.0.1:8080")`.
"""

import csv
import io
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import urllib.error
import urllib.parse
import urllib.request
import weakref

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, OutlierMixin
from sklearn.exceptions import NotFittedError


class MadeError(RuntimeError):
    """What the program, or the service, has to say; its own words."""


class MadeDetector(OutlierMixin, BaseEstimator):
    """An outlier detector that learns the joint distribution of a frame's columns: numbers, labels, dates and holes.

    Parameters
    ----------
    model : path of a checkpoint. Where there is one, no `fit` is needed; `fit` writes there. None: a temporary file, which
        goes with the detector.
    alpha : the share of normal rows that `predict` may call anomalies.
    options : options of `made train`, such as ["--seed", "7", "--contaminated"].
    made : the program. None: that of the variable MADE, else `made` of the PATH.
    url : of a service, instead of the program; `name` is the model there, None its default one. It has no `fit`.
    api_key : of the service, where it asks for one.
    timeout : seconds that the service has for an answer.
    """

    def __init__(self, model=None, alpha=0.01, options=(), made=None, url=None, name=None, api_key=None, timeout=60):
        self.model = model
        self.alpha = alpha
        self.options = options
        self.made = made
        self.url = url
        self.name = name
        self.api_key = api_key
        self.timeout = timeout

    def fit(self, X, y=None):
        """Trains a model on a frame; `y` is ignored."""
        if self.url is not None:
            raise MadeError("a service does not train; leave out url=, or train where it runs")
        frame = self._frame(X)
        if self.model is None:
            folder = tempfile.mkdtemp(prefix="made-")
            weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
            path = pathlib.Path(folder, "model.safetensors")
        else:
            path = pathlib.Path(self.model)
        self._run(["train", "-", "-o", str(path), *map(str, self.options)], frame)
        self.model_ = str(path)
        self.feature_names_in_ = np.asarray(frame.columns, dtype=object)
        self.n_features_in_ = frame.shape[1]
        return self

    def score_samples(self, X):
        """Of each row how usual it is: the lower, the more of an anomaly, as in scikit-learn. The negated `score`."""
        return -self.score_frame(X)["score"].to_numpy(float)

    def decision_function(self, X):
        """p-value less alpha: negative, or 0, of anomalies."""
        return self.score_frame(X)["p_value"].to_numpy(float) - self.alpha

    def predict(self, X):
        """−1 for anomalies (p-value at most alpha), 1 for the others."""
        return np.where(self.score_frame(X)["anomaly"].to_numpy(bool), -1, 1)

    def score_frame(self, X):
        """A frame of log_likelihood, p_value, anomaly and score, a row for each row of X, by its index."""
        frame = self._frame(X)
        found = pd.DataFrame(self._scores(frame), index=frame.index)
        return found[["log_likelihood", "p_value", "anomaly", "score"]]

    def explain(self, X, columns=3):
        """A frame with a line for each of the `columns` that a row would gain most by, largest gain first: row (its
        index), variable, value, gain (nats), p_value, expected, range, together (of values that are wrong together, their
        variables)."""
        frame = self._frame(X)
        lines = [{"row": label, **cell} for label, row in zip(frame.index, self._scores(frame, columns))
                 for cell in row["explanation"]]
        names = ["row", "variable", "value", "gain", "p_value", "expected", "range", "together"]
        return pd.DataFrame(lines).reindex(columns=names)

    def repair(self, X):
        """X with its anomalies put right by as few changes as possible; `X.compare(…)` shows them."""
        frame = self._frame(X)
        if frame.empty:
            return frame.copy()
        if self.url is not None:
            body = {"rows": self._rows(frame), "alpha": self.alpha}
            repairs = self._post("repair", body)["repairs"]
        else:
            text = self._run(["repair", "-", "-m", self._model(), "--alpha", str(self.alpha)], frame, rows=True)
            repairs = [{"row": json.loads(line)} for line in text.splitlines()]
        # Only cells that changed: the others keep what pandas makes of them.
        repaired = frame.copy()
        for place, (before, after) in enumerate(zip(self._rows(frame), repairs)):
            for column, name in enumerate(frame.columns):
                value = after["row"].get(name)
                if value is not None and value != before[name]:
                    self._put(repaired, place, column, value)
        return repaired

    def sample(self, n=1, seed=None, given=None):
        """A frame of `n` new rows; all have the values of `given`, such as {"cut": "Ideal"}."""
        if self.url is not None:
            body = {"n": n, "as": "objects"}
            if seed is not None:
                body["seed"] = seed
            if given:
                body["given"] = given
            return pd.DataFrame(self._post("sample", body)["rows"])
        words = ["sample", self._model(), "-n", str(n)]
        if seed is not None:
            words += ["--seed", str(seed)]
        for column, value in (given or {}).items():
            words += ["--given", f"{column}={value}"]
        return pd.read_csv(io.StringIO(self._run(words)))

    def __sklearn_is_fitted__(self):
        return hasattr(self, "model_") or self.url is not None or self.model is not None

    @staticmethod
    def _frame(X):
        frame = X if isinstance(X, pd.DataFrame) else pd.DataFrame(X)
        names = [str(name) for name in frame.columns]
        if len(set(names)) < len(names):
            raise MadeError("several columns have one name; give each its own")
        return frame.set_axis(names, axis=1)

    @staticmethod
    def _rows(frame):
        """Rows as objects of texts, the cells of the CSV that `fit` sends; None for what is missing."""
        lines = list(csv.reader(io.StringIO(frame.to_csv(index=False))))[1:]
        return [{name: None if hole else text for name, text, hole in zip(frame.columns, line, holes)}
                for line, holes in zip(lines, frame.isna().to_numpy())]

    @staticmethod
    def _put(frame, place, column, value):
        """Puts what the model says of a cell into it, as the column's type has it."""
        values = frame.iloc[:, column]
        if isinstance(values.dtype, pd.CategoricalDtype):
            value = next((known for known in values.cat.categories if str(known) == str(value)), str(value))
            if value not in values.cat.categories:
                frame[frame.columns[column]] = values.cat.add_categories([value])
        elif pd.api.types.is_bool_dtype(values.dtype):
            value = str(value).lower() in ("true", "1", "1.0")
        elif pd.api.types.is_datetime64_any_dtype(values.dtype):
            value = pd.Timestamp(value)
        elif pd.api.types.is_numeric_dtype(values.dtype):
            value = float(value)
            if pd.api.types.is_integer_dtype(values.dtype) and value != int(value):
                frame[frame.columns[column]] = values.astype(float)
        frame.iloc[place, column] = value

    def _scores(self, frame, columns=0):
        """Of each row what there is to say of it: log_likelihood, p_value, anomaly, score, and explanation."""
        if frame.empty:
            return []
        if self.url is None:
            words = ["score", self._model(), "-", "--alpha", str(self.alpha)]
            text = self._run(words + (["--explain", str(columns)] if columns else []), frame, rows=True)
            found = [json.loads(line) for line in text.splitlines()]
        else:
            body = {"rows": self._rows(frame), "alpha": self.alpha}
            answer = self._post("score", {**body, "explain": columns} if columns else body)
            names = {"log_likelihood": "log_likelihood", "p_value": "p_value", "anomaly": "anomaly", "score": "score",
                     "explanations": "explanation"}
            found = [dict(zip(names.values(), row)) for row in zip(*(answer[name] for name in names if name in answer))]
        for row in found:
            if row.get("error"):
                raise MadeError(row["error"])
            if row.get("anomaly") is None:
                raise MadeError(f"no row is judged at alpha {self.alpha}: the model has no p-value as small")
        return found

    def _model(self):
        path = getattr(self, "model_", self.model)
        if path is None:
            raise NotFittedError("there is no model yet: call fit, or name one with model= or url=")
        return str(path)

    def _run(self, words, frame=None, rows=False):
        """What the program prints of `frame`: as CSV where it is to be learned, else row by row as JSON."""
        program = self.made or os.environ.get("MADE") or "made"
        if frame is None:
            text = ""
        elif rows:
            text = "".join(json.dumps(row) + "\n" for row in self._rows(frame))
        else:
            text = frame.to_csv(index=False)
        try:
            done = subprocess.run([program, *words], input=text, capture_output=True, text=True, encoding="utf-8")
        except FileNotFoundError:
            raise MadeError(f"there is no program {program!r}: name it with made=, or in the variable MADE") from None
        if done.returncode:
            raise MadeError(done.stderr.strip())
        return done.stdout

    def _post(self, verb, body):
        name = "" if self.name is None else f"/models/{urllib.parse.quote(self.name, safe='')}"
        request = urllib.request.Request(
            f"{self.url.rstrip('/')}{name}/{verb}", json.dumps(body).encode(), {"Content-Type": "application/json"})
        if self.api_key is not None:
            request.add_header("Authorization", f"Bearer {self.api_key}")
        try:
            with urllib.request.urlopen(request, timeout=self.timeout) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            text = error.read().decode(errors="replace")
            try:
                text = json.loads(text)["detail"]
            except (ValueError, KeyError):
                pass
            raise MadeError(text) from None
        except urllib.error.URLError as error:
            raise MadeError(f"{self.url}: {error.reason}") from None
