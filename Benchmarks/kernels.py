#!/usr/bin/env python3
"""Scoring and sampling on one core, against onnxruntime and the processor's peak, in one run.

    swift build -c release --package-path Benchmarks
    python3 Benchmarks/kernels.py [REPEATS]

Everything is asked for in turn and by processor time; a line of the table is the median of REPEATS (5) such turns, ratios
are those of medians. Needs numpy; with onnx and onnxruntime installed it compares with them, else it says that it does not.
"""
import os
import statistics
import subprocess
import sys
import time

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
MODELS = {"d64": (64, [512], "relu"), "d128": (128, [512, 512], "elu"), "d784": (784, [1000, 1000], "relu")}
SECONDS = 0.2


def onnx_session(variables, hidden, activation):
    """The same network with its masked weights dense, as an ONNX session on one thread; None without onnxruntime."""
    try:
        import onnx
        import onnxruntime
        from onnx import TensorProto, helper, numpy_helper
    except ImportError:
        return None
    generator = np.random.default_rng(1)
    degrees = [np.arange(1, variables + 1)] + [generator.integers(1, variables, h) for h in hidden]
    masks = [b[:, None] >= a[None, :] for a, b in zip(degrees, degrees[1:])]
    masks.append(np.arange(1, variables + 1)[:, None] > degrees[-1][None, :])
    nodes, weights, current = [], [], "x"
    for index, mask in enumerate(masks):
        weight = (generator.standard_normal(mask.shape) * mask / np.sqrt(mask.shape[1])).astype(np.float32)
        weights.append(numpy_helper.from_array(np.ascontiguousarray(weight.T), f"w{index}"))
        weights.append(numpy_helper.from_array(np.zeros(mask.shape[0], np.float32), f"b{index}"))
        nodes.append(helper.make_node("Gemm", [current, f"w{index}", f"b{index}"], [f"z{index}"]))
        current = f"z{index}"
        if index < len(hidden):
            nodes.append(helper.make_node(activation.capitalize(), [current], [f"h{index}"]))
            current = f"h{index}"
    weights.append(numpy_helper.from_array(np.array([1], np.int64), "axes"))
    nodes += [
        helper.make_node("Mul", ["x", current], ["xz"]),
        helper.make_node("Softplus", [current], ["softplus"]),
        helper.make_node("Sub", ["xz", "softplus"], ["terms"]),
        helper.make_node("ReduceSum", ["terms", "axes"], ["log_likelihood"], keepdims=0),
    ]
    graph = helper.make_graph(
        nodes, "made", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", variables])],
        [helper.make_tensor_value_info("log_likelihood", TensorProto.FLOAT, ["n"])], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def peer_rate(session, x):
    session.run(None, {"x": x})
    calls, start = 0, time.process_time()
    while time.process_time() - start < SECONDS:
        for _ in range(max(1, 64 // len(x))):
            session.run(None, {"x": x})
            calls += 1
    return calls * len(x) / (time.process_time() - start)


def main():
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    program = os.path.join(HERE, ".build", "release", "KernelBenchmark")
    process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(line):
        process.stdin.write(line + "\n")
        process.stdin.flush()
        return [float(word) for word in process.stdout.readline().split()]

    print("model  what    rows      rows/s   of peak   onnxruntime rows/s    ratio")
    for name, (variables, hidden, activation) in MODELS.items():
        model = f"{variables} {','.join(map(str, hidden))} {activation}"
        session = onnx_session(variables, hidden, activation)
        for what, rows in [("score", 1), ("score", 8), ("score", 256), ("sample", 1), ("sample", 64)]:
            ours, share, theirs = [], [], []
            x = np.random.default_rng(2).integers(0, 2, (rows, variables)).astype(np.float32)
            for _ in range(repeats):
                rate, multiplications = ask(f"{what} {model} {rows} {SECONDS}")
                ours.append(rate)
                share.append(multiplications / ask("peak")[0])
                if what == "sample":
                    theirs.append(ask(f"score {model} {rows} {SECONDS}")[0])
                elif session:
                    theirs.append(peer_rate(session, x))
            rate = statistics.median(ours)
            line = f"{name:5}  {what:6} {rows:5} {rate:11,.0f}   {statistics.median(share):6.0%}"
            if what == "sample":
                line += f"   {rate / statistics.median(theirs):.2f} of the rate of scoring {rows}"
            elif theirs:
                line += f"   {statistics.median(theirs):18,.0f}   {rate / statistics.median(theirs):6.2f}"
            print(line, flush=True)
        if session is None:
            print("onnxruntime and onnx are not installed: not compared with")


if __name__ == "__main__":
    main()
