"""Tests of Examples/python, with the program that the variable MADE names."""

import io
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

import nbclient
import nbformat
import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

TREE = pathlib.Path(__file__).resolve().parents[2]
PYTHON = TREE / "Examples/python"
sys.path.insert(0, str(PYTHON))

from made_client import MadeDetector, MadeError  # noqa: E402

BUNDLED = TREE / "config/models/diamonds.safetensors"
QUICK = ["--steps", "100", "--members", "1", "--hidden", "16", "--folds", "2"]


def mixed_frame(rows=240):
    """A frame of every type that a column may have."""
    random = np.random.default_rng(1)
    kind = random.choice(["warm", "cold, or \"cool\"", "été"], rows)
    weight = np.where(kind == "warm", 2.0, 12.0) + random.normal(0, 0.1, rows).round(3)
    frame = pd.DataFrame({
        "kind": pd.Categorical(kind), "weight": weight, "count": random.integers(0, 50, rows),
        "sold": random.random(rows) < 0.5, "at": pd.Timestamp("2024-03-01 08:00") + pd.to_timedelta(
            random.integers(0, 200, rows), unit="h"), "note": random.choice(["seen", "new"], rows)})
    frame.loc[frame.index % 7 == 0, "note"] = None
    frame.index = [f"row {number}" for number in range(rows)]
    return frame


class ClientTests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.table = MadeDetector(model=BUNDLED).sample(60, seed=1)
        cls.table.loc[30, "z"] *= 10
        cls.detector = MadeDetector(model=BUNDLED, alpha=0.001)

    def lines(self, *words, text=None):
        done = subprocess.run([os.environ["MADE"], *words], input=text, capture_output=True, text=True, check=True)
        return done.stdout

    def test_scores_are_those_of_the_program(self):
        text = self.lines("score", str(BUNDLED), "-", text=self.table.to_csv(index=False))
        shown = pd.read_csv(io.StringIO(text))
        found = self.detector.score_frame(self.table)
        for name in ["log_likelihood", "p_value", "score"]:
            self.assertTrue((found[name].to_numpy() == shown[name].to_numpy()).all(), name)
        self.assertTrue((self.detector.score_samples(self.table) == -shown["score"].to_numpy()).all())
        self.assertEqual(list(np.flatnonzero(self.detector.predict(self.table) == -1)), [30])
        decided = self.detector.decision_function(self.table) <= 0
        self.assertTrue((decided == (self.detector.predict(self.table) == -1)).all())

    def test_the_wrong_cell_is_named_and_repaired(self):
        found = self.detector.explain(self.table.loc[[30]], 1).iloc[0]
        right = round(self.table.loc[30, "z"] / 10, 2)
        self.assertEqual((found["row"], found["variable"], found["expected"]), (30, "z", right))
        repaired = self.detector.repair(self.table)
        changes = self.table.compare(repaired)
        self.assertEqual(list(changes.index), [30])
        self.assertEqual(repaired.loc[30, "z"], right)
        self.assertEqual(list(repaired.dtypes), list(self.table.dtypes))

    def test_samples_are_those_of_the_program(self):
        shown = self.lines("sample", str(BUNDLED), "-n", "5", "--seed", "3", "--given", "cut=Ideal")
        found = self.detector.sample(5, seed=3, given={"cut": "Ideal"})
        self.assertEqual(found.to_csv(index=False), pd.read_csv(io.StringIO(shown)).to_csv(index=False))

    def test_every_type_of_column_is_learned_and_repaired(self):
        frame = mixed_frame()
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "model.safetensors")
            detector = clone(MadeDetector(model=path, alpha=0.02, options=QUICK)).fit(frame)
            self.assertTrue(path.exists())
            again = MadeDetector(model=path, alpha=0.02)
            self.assertTrue((again.score_samples(frame) == detector.score_samples(frame)).all())
        detector = MadeDetector(alpha=0.02, options=QUICK)
        self.assertEqual(list(np.unique(detector.fit_predict(frame))), [-1, 1])
        self.assertEqual(list(detector.feature_names_in_), list(frame.columns))
        wrong = frame.copy()
        wrong.loc["row 5", "weight"] = 500.0
        repaired = detector.repair(wrong)
        self.assertLess(repaired.loc["row 5", "weight"], 20)
        self.assertEqual(list(repaired.dtypes), list(frame.dtypes))
        self.assertTrue(repaired.index.equals(frame.index))
        self.assertEqual(detector.explain(wrong.loc[["row 5"]], 1)["variable"][0], "weight")

    def test_refusals_are_the_programs_own_words(self):
        with self.assertRaises(NotFittedError):
            MadeDetector().predict(self.table)
        with self.assertRaisesRegex(MadeError, r"rows\[0\]\.carat: .*heavy.* is not a finite number"):
            self.detector.predict(self.table.assign(carat="heavy"))
        with self.assertRaisesRegex(MadeError, "cannot be read"):
            MadeDetector(model="nowhere.safetensors").predict(self.table)
        with self.assertRaisesRegex(MadeError, "name it with made="):
            MadeDetector(model=BUNDLED, made="/nowhere/made").predict(self.table)
        with self.assertRaisesRegex(MadeError, "alpha"):
            MadeDetector(model=BUNDLED, alpha=1e-9).predict(self.table)
        with self.assertRaisesRegex(MadeError, "does not train"):
            MadeDetector(url="http://127.0.0.1:1").fit(self.table)

    def test_a_service_gives_the_same(self):
        service = subprocess.Popen([os.environ["MADE"], "serve", str(BUNDLED), "--port", "0"],
                                   stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        try:
            url = service.stdout.readline().split()[-1]
            asking = MadeDetector(url=url, alpha=0.001)
            # Answers over HTTP have fewer digits.
            pd.testing.assert_frame_equal(
                asking.score_frame(self.table), self.detector.score_frame(self.table), rtol=1e-5)
            for frames in [[one.explain(self.table, 2) for one in (asking, self.detector)],
                           [one.repair(self.table) for one in (asking, self.detector)],
                           [one.sample(4, seed=5, given={"cut": "Ideal"}) for one in (asking, self.detector)]]:
                pd.testing.assert_frame_equal(*frames, rtol=1e-4, check_dtype=False)
            with self.assertRaisesRegex(MadeError, "nobody"):
                MadeDetector(url=url, name="nobody").predict(self.table)
        finally:
            service.terminate()
            service.wait()
            service.stdout.close()

    def test_the_script_and_the_notebook_run(self):
        done = subprocess.run([sys.executable, PYTHON / "diamonds.py", BUNDLED], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("anomalies among 400 rows", done.stdout)
        notebook = nbformat.read(PYTHON / "diamonds.ipynb", as_version=4)
        nbformat.validate(notebook)
        self.assertFalse(any(cell.get("outputs") for cell in notebook.cells), "commit the notebook without outputs")
        nbclient.NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(PYTHON)}}).execute()
        shown = json.dumps([cell.get("outputs", []) for cell in notebook.cells])
        self.assertIn("38.5", shown)


if __name__ == "__main__":
    unittest.main()
