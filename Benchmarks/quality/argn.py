"""Rows drawn by TabularARGN of mostlyai-engine, with its defaults but for the time.

    argn.py TRAIN.csv DRAWN.csv COUNT MINUTES
"""

import contextlib
import json
import pathlib
import sys
import tempfile
import time

import pandas
from mostlyai import engine


def main():
    source, target, count, minutes = sys.argv[1:]
    table = pandas.read_csv(source)
    start = time.monotonic()
    # What it prints is not the answer.
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(sys.stderr):
        engine.set_random_state(1)
        engine.split(workspace_dir=folder, tgt_data=table, model_type="TABULAR")
        engine.analyze(workspace_dir=folder)
        engine.encode(workspace_dir=folder)
        engine.train(workspace_dir=folder, max_training_time=float(minutes), device="cpu")
        seconds = time.monotonic() - start
        engine.generate(workspace_dir=folder, sample_size=int(count), device="cpu")
        parts = sorted(pathlib.Path(folder, "SyntheticData").glob("*.parquet"))
        drawn = pandas.concat(map(pandas.read_parquet, parts))
    drawn.to_csv(target, index=False)
    print(json.dumps({"seconds": seconds}))


if __name__ == "__main__":
    main()
