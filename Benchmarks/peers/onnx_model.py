"""A checkpoint as an onnxruntime session: rows in, log-likelihoods out, one thread."""

import os

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

import checkpoint

ACTIVATIONS = {"relu": "Relu", "elu": "Elu", "tanh": "Tanh", "sigmoid": "Sigmoid"}


def session(folder, name):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(file(folder, name), options, providers=["CPUExecutionProvider"])


def file(folder, name):
    """The path of the ONNX file, written where it is not there or older than the checkpoint."""
    path, source = os.path.join(folder, name + ".onnx"), os.path.join(folder, name + ".safetensors")
    if not os.path.exists(path) or os.path.getmtime(path) < os.path.getmtime(source):
        onnx.save(graph(*checkpoint.read(folder, name)), path + ".new")
        os.replace(path + ".new", path)
    return path


def graph(layers, activation):
    """rows float [n × D] → log_likelihood float [n]: Σ x z − log(1 + e^z) over the outputs z."""
    nodes, constants, values = [], [numpy_helper.from_array(np.array([1], dtype=np.int64), "axes")], "rows"
    for index, (weight, bias) in enumerate(layers):
        constants.append(numpy_helper.from_array(np.ascontiguousarray(weight.T), f"weight{index}"))
        constants.append(numpy_helper.from_array(bias, f"bias{index}"))
        nodes.append(helper.make_node("Gemm", [values, f"weight{index}", f"bias{index}"], [f"sum{index}"]))
        values = f"sum{index}"
        if index < len(layers) - 1:
            nodes.append(helper.make_node(ACTIVATIONS[activation], [values], [f"hidden{index}"]))
            values = f"hidden{index}"
    nodes += [
        helper.make_node("Mul", ["rows", values], ["product"]),
        helper.make_node("Softplus", [values], ["normaliser"]),
        helper.make_node("Sub", ["product", "normaliser"], ["terms"]),
        helper.make_node("ReduceSum", ["terms", "axes"], ["log_likelihood"], keepdims=0),
    ]
    shapes = [helper.make_tensor_value_info("rows", TensorProto.FLOAT, ["n", layers[0][0].shape[1]]),
              helper.make_tensor_value_info("log_likelihood", TensorProto.FLOAT, ["n"])]
    model = helper.make_model(
        helper.make_graph(nodes, "made", shapes[:1], shapes[1:], constants),
        opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    return model
