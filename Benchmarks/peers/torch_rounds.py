"""PyTorch's side of the comparisons, one thread. torch_rounds.py FOLDER, the folder of the models."""

import sys
import time

import torch
from torch.nn import functional

import checkpoint
import rounds

FOLDER = sys.argv[1]
ROWS, EPOCHS = 1000, 3
torch.set_num_threads(1)
torch.manual_seed(1)
pace, loaded = rounds.Pace(), {}


def sample(model, count, known, seconds):
    """Draws `count` rows a variable at a time, each by a dense pass; some passes are a part of the draws."""
    if model not in loaded:
        layers, activation = checkpoint.read(FOLDER, model)
        loaded[model] = [tuple(map(torch.from_numpy, layer)) for layer in layers], getattr(functional, activation)
    layers, activation = loaded[model]
    width = layers[0][0].shape[1]
    rows = torch.zeros(count, width)

    def passes(number):
        with torch.inference_mode():
            for index in range(number):
                values, place = rows, known + index % (width - known)
                for weight, bias in layers[:-1]:
                    values = activation(functional.linear(values, weight, bias))
                logits = functional.linear(values, *layers[-1])
                rows[:, place] = torch.bernoulli(torch.sigmoid(logits[:, place]))

    return pace.run((model, count), seconds, count / (width - known), passes)


class MaskedLinear(torch.nn.Linear):
    """A linear layer between units of the given degrees, as implementations of MADE have it."""

    def __init__(self, inputs, outputs, is_output):
        super().__init__(len(inputs), len(outputs))
        passes = outputs[:, None] > inputs if is_output else outputs[:, None] >= inputs
        self.register_buffer("mask", passes.float())

    def forward(self, values):
        return functional.linear(values, self.weight * self.mask, self.bias)


class Training:
    def __init__(self, variables, hidden):
        degrees = [torch.arange(1, variables + 1)]
        degrees += [1 + torch.arange(width) * (variables - 1) // width for width in hidden]
        degrees.append(degrees[0])
        layers = []
        for index, (inputs, outputs) in enumerate(zip(degrees, degrees[1:])):
            layers += [MaskedLinear(inputs, outputs, index == len(hidden)), torch.nn.ReLU()]
        self.network = torch.nn.Sequential(*layers[:-1])
        self.adam = torch.optim.Adam(self.network.parameters(), lr=1e-3, fused=True)
        self.rows = torch.randint(0, 2, (ROWS, variables)).float()

    def step(self, rows):
        self.adam.zero_grad()
        logits = self.network(2 * rows - 1)
        loss = functional.binary_cross_entropy_with_logits(logits, rows, reduction="sum") / len(rows)
        loss.backward()
        self.adam.step()
        loss.item()


def train(variables, hidden, batch, threads):
    """Some epochs of forward, backward and Adam."""
    key = (variables, *hidden)
    if key not in loaded:
        loaded[key] = Training(variables, hidden)
    training = loaded[key]
    training.step(training.rows[:batch])
    count = 0
    wall, cpu = time.perf_counter(), time.process_time()
    for _ in range(EPOCHS):
        order = torch.randperm(ROWS)
        for start in range(0, ROWS - batch + 1, batch):
            training.step(training.rows[order[start:start + batch]])
            count += batch
    return rounds.answer(count, wall, cpu)


def differ(model, count):
    """How far the gradient beside the model is from the one found here, as a share of the layer's largest derivative."""
    layers, activation = checkpoint.read(FOLDER, model)
    degrees = [torch.from_numpy(layer) for layer in checkpoint.degrees(FOLDER, model)]
    rows = torch.from_numpy(checkpoint.rows(FOLDER, model, len(degrees[0]))[:count])
    linear = []
    for index, ((weight, bias), inputs, outputs) in enumerate(zip(layers, degrees, degrees[1:])):
        linear.append(MaskedLinear(inputs, outputs, index == len(layers) - 1))
        linear[-1].weight.data, linear[-1].bias.data = torch.from_numpy(weight), torch.from_numpy(bias)
    values = rows
    for layer in linear[:-1]:
        values = getattr(functional, activation)(layer(values))
    (functional.binary_cross_entropy_with_logits(linear[-1](values), rows, reduction="sum") / count).backward()
    ours, _ = checkpoint.read(FOLDER, model + ".gradient")
    pairs = [(parameters.grad, torch.from_numpy(own)) for layer, owns in zip(linear, ours)
             for parameters, own in zip((layer.weight, layer.bias), owns)]
    return {"difference": max(((a - b).abs().max() / a.abs().max()).item() for a, b in pairs)}


rounds.take_orders({"sample": sample, "train": train, "differ": differ})
