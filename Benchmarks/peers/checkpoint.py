"""Our checkpoints as the peers need them; masked weights are stored as zeros."""

import json
import os

import numpy as np
from safetensors import safe_open


def read(folder, name):
    """(weights [out × in] and biases [out] of each layer, activation)."""
    with safe_open(os.path.join(folder, name + ".safetensors"), framework="np") as file:
        count = sum(key.endswith(".bias") for key in file.keys())
        prefixes = [f"networks.0.layers.{layer}" for layer in range(count)]
        layers = [(file.get_tensor(p + ".weight"), file.get_tensor(p + ".bias")) for p in prefixes]
        return layers, json.loads(file.metadata()["model"])["activation"]


def degrees(folder, name):
    """The degrees of the first member's units, layer by layer: of the inputs, each hidden layer, the outputs."""
    with safe_open(os.path.join(folder, name + ".safetensors"), framework="np") as file:
        ordering = file.get_tensor("members.ordering")[0]
        count = sum(key.startswith("members.degrees.") for key in file.keys())
        hidden = [file.get_tensor(f"members.degrees.{layer}")[0] for layer in range(count)]
    values = np.empty_like(ordering)
    values[ordering] = 1 + np.arange(len(ordering))
    return [values, *hidden, values]


def rows(folder, name, variable_count):
    """The rows [n × D] that lie beside the checkpoint."""
    return np.fromfile(os.path.join(folder, name + ".rows"), dtype=np.float32).reshape(-1, variable_count)
