"""onnxruntime's side of the comparisons. onnx_rounds.py FOLDER, the folder of the models."""

import sys

import checkpoint
import onnx_model
import rounds

FOLDER = sys.argv[1]
pace, loaded = rounds.Pace(), {}


def load(name):
    if name not in loaded:
        session = onnx_model.session(FOLDER, name)
        loaded[name] = session, checkpoint.rows(FOLDER, name, session.get_inputs()[0].shape[1])
    return loaded[name]


def check(model):
    session, rows = load(model)
    return {"mean": float(session.run(None, {"rows": rows[:256]})[0].astype("float64").mean())}


def score(model, batch, workers, seconds):
    session, rows = load(model)
    batches = [rows[start:start + batch] for start in range(0, len(rows) - batch + 1, batch)]

    def call(count):
        for index in range(count):
            session.run(None, {"rows": batches[index % len(batches)]})

    return pace.run((model, batch), seconds, batch, call)


rounds.take_orders({"check": check, "score": score})
