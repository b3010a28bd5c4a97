"""Makes the PyTorch state dicts of this folder, and what PyTorch says of them.

    python make_fixtures.py            (needs torch, numpy and safetensors; the results are committed)

Each NAME.safetensors is `module.state_dict()` as safetensors writes it: weights NOT multiplied by their masks.
Each NAME.json says what a reader must find:

    activation      relu, elu, tanh or sigmoid; a state dict does not say it
    ordering        position -> variable, as the masks were built
    unique          whether the masks admit no other ordering
    rows            0/1 rows in variable order
    log_likelihood  natural logarithms, by a float64 copy of the module

or, where the file must be refused, `refused` (the reason) and, for a planted violation, `violation`: the one
pair of output and input, both variables, without which the masks would be autoregressive again.
"""

import json
import pathlib

import numpy
import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional

FOLDER = pathlib.Path(__file__).resolve().parent
ACTIVATIONS = {"relu": nn.ReLU, "elu": nn.ELU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid}
ROWS = 12


class WrappedMaskedLinear(nn.Module):
    """Parameters `linear.weight`, `linear.bias`; buffer `mask` [out, in]."""

    def __init__(self, mask):
        super().__init__()
        self.linear = nn.Linear(mask.shape[1], mask.shape[0])
        self.register_buffer("mask", mask)

    def forward(self, x):
        return functional.linear(x, self.linear.weight * self.mask, self.linear.bias)


class InheritedMaskedLinear(nn.Linear):
    """Parameters `weight`, `bias`; buffer `mask` [out, in]."""

    def __init__(self, mask):
        super().__init__(mask.shape[1], mask.shape[0])
        self.register_buffer("mask", mask)

    def forward(self, x):
        return functional.linear(x, self.weight * self.mask, self.bias)


def alternate(masked_linear, masks, activation):
    """Masked layers at the even places, activations at the odd ones: the numbers in the names are 0, 2, 4 …"""
    modules = []
    for mask in masks:
        modules += [masked_linear(mask), ACTIVATIONS[activation]()]
    return nn.Sequential(*modules[:-1])


class LayersMADE(nn.Module):
    def __init__(self, masks, activation):
        super().__init__()
        self.layers = alternate(WrappedMaskedLinear, masks, activation)

    def forward(self, x):
        return self.layers(x)


class NetMADE(nn.Module):
    def __init__(self, masks, activation):
        super().__init__()
        self.net = alternate(InheritedMaskedLinear, masks, activation)

    def forward(self, x):
        return self.net(x)


LAYOUTS = {"layers": LayersMADE, "net": NetMADE}


def draw_degrees(rng, variables, widths, kind):
    """Degrees of the hidden units. random: uniform from the smallest degree below up to D-1 (Germain et al. 2015,
    section 3); cyclic: 1 … D-1 over and over."""
    lowest, degrees = 1, []
    for width in widths:
        if kind == "random":
            layer = rng.integers(lowest, variables, size=width)
        else:
            layer = numpy.arange(width) % (variables - 1) + 1
        lowest = int(layer.min())
        degrees.append(layer)
    return degrees


def build_masks(ordering, hidden):
    """Eq. 13 into the hidden layers, eq. 14 into the outputs. [out, in] each, bool."""
    positions = numpy.empty(len(ordering), dtype=int)
    positions[ordering] = numpy.arange(1, len(ordering) + 1)
    below, masks = positions, []
    for layer in hidden:
        masks.append(layer[:, None] >= below[None, :])
        below = layer
    masks.append(positions[:, None] > below[None, :])
    return masks


def sees(masks):
    """[output, input]: whether a path of open masks joins them."""
    product = numpy.eye(masks[0].shape[1], dtype=int)
    for mask in masks:
        product = (mask.astype(int) @ product > 0).astype(int)
    return product > 0


def is_autoregressive(seen):
    """Whether some ordering puts every input before the outputs that see it: remove, while there is one, a variable
    that sees none of the rest."""
    rest = list(range(len(seen)))
    while rest:
        free = [d for d in rest if not seen[d, rest].any()]
        if not free:
            return False
        rest = [d for d in rest if d not in free]
    return True


def is_unique(seen, ordering):
    """One ordering only: each variable sees the one before it."""
    return all(seen[ordering[p + 1], ordering[p]] for p in range(len(ordering) - 1))


def only_culprit(seen):
    """The pair without which the masks are autoregressive; there must be exactly one."""
    pairs = []
    for output, input in numpy.argwhere(seen):
        without = seen.copy()
        without[output, input] = False
        if is_autoregressive(without):
            pairs.append((int(output), int(input)))
    assert not is_autoregressive(seen) and len(pairs) == 1, pairs
    return pairs[0]


def make_module(layout, masks, activation, seed):
    """Weights larger than PyTorch's initial ones, so that the conditionals are far from even."""
    torch.manual_seed(seed)
    module = LAYOUTS[layout]([torch.from_numpy(m).to(torch.float32) for m in masks], activation)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.mul_(2.5)
    return module


def set_dtypes(module, weights, mask):
    """The module as `weights` (a torch dtype), its masks as `mask`."""
    module.to(weights)
    for part in module.modules():
        if "mask" in part._buffers:
            part._buffers["mask"] = part._buffers["mask"].to(mask)


def log_likelihood(module, rows):
    """By a float64 copy of the module as the file holds it."""
    copy = module.to(torch.float64)
    x = torch.tensor(rows, dtype=torch.float64)
    with torch.no_grad():
        return -functional.binary_cross_entropy_with_logits(copy(x), x, reduction="none").sum(dim=1)


def write_json(name, content):
    (FOLDER / f"{name}.json").write_text(json.dumps(content) + "\n")


def good(name, layout, variables, widths, activation, seed, random_ordering=False, degrees="cyclic",
         weights=torch.float32, mask=torch.float32, change=lambda masks: None):
    rng = numpy.random.default_rng(seed)
    ordering = rng.permutation(variables) if random_ordering else numpy.arange(variables)
    masks = build_masks(ordering, draw_degrees(rng, variables, widths, degrees))
    change(masks)
    seen = sees(masks)
    assert is_autoregressive(seen)
    module = make_module(layout, masks, activation, seed)
    set_dtypes(module, weights, mask)
    save_file(module.state_dict(), FOLDER / f"{name}.safetensors")
    rows = rng.integers(0, 2, size=(ROWS, variables)).tolist()
    if variables <= 12:
        every = [[(i >> d) & 1 for d in range(variables)] for i in range(2**variables)]
        assert abs(log_likelihood(module, every).exp().sum().item() - 1) < 1e-9
    write_json(name, {
        "activation": activation, "ordering": ordering.tolist(), "unique": is_unique(seen, ordering.tolist()),
        "rows": rows, "log_likelihood": log_likelihood(module, rows).tolist()})


def bad(name, layout, variables, widths, activation, seed, flip, random_ordering=False, change=lambda masks: None):
    """`flip(masks, ordering)` gives layer, unit and input of the mask bit to plant."""
    rng = numpy.random.default_rng(seed)
    ordering = rng.permutation(variables) if random_ordering else numpy.arange(variables)
    masks = build_masks(ordering, draw_degrees(rng, variables, widths, "cyclic"))
    change(masks)
    assert is_autoregressive(sees(masks))
    layer, unit, input = flip(masks, ordering)
    assert not masks[layer][unit, input]
    masks[layer][unit, input] = True
    output, input = only_culprit(sees(masks))
    save_file(make_module(layout, masks, activation, seed).state_dict(), FOLDER / f"{name}.safetensors")
    write_json(name, {
        "activation": activation, "refused": "not autoregressive", "violation": {"output": output, "input": input}})


def thin(masks):
    """Closes paths that the degrees would allow, as pruning does; the ordering stays the only one."""
    unit = int(numpy.flatnonzero(masks[0].sum(axis=1) == 5)[0])
    masks[0][unit, 2:4] = False


def open_own_output(masks, ordering):
    """The output at position 4 comes to see the hidden units of its own degree, hence itself, through one of them."""
    variable = ordering[3]
    unit = int(numpy.flatnonzero(masks[0][:, variable] & (masks[0].sum(axis=1) == 4))[0])
    return 1, variable, unit


def open_own_input(masks, ordering):
    """A first hidden unit of degree 2 comes to see position 3: the output there then sees itself."""
    return 0, int(numpy.flatnonzero(masks[0].sum(axis=1) == 2)[0]), ordering[2]


def close_cycle(masks, ordering):
    """Output 2 comes to see the thinned unit, which sees inputs 0, 1 and 4: 2 needs 4, which needs 3, which needs 2."""
    unit = int(numpy.flatnonzero((masks[0].sum(axis=1) == 3) & masks[0][:, 4])[0])
    return 1, 2, unit


def without_masks(name, seed):
    module = make_module("net", build_masks(numpy.arange(6), draw_degrees(None, 6, [12], "cyclic")), "relu", seed)
    state = {key: value for key, value in module.state_dict().items() if not key.endswith("mask")}
    save_file(state, FOLDER / f"{name}.safetensors")
    write_json(name, {"activation": "relu", "refused": "no masks"})


if __name__ == "__main__":
    good("layers_natural_relu", "layers", 8, [24], "relu", 1)
    good("layers_random_elu_deep", "layers", 12, [24, 24], "elu", 2, random_ordering=True)
    good("layers_random_tanh_paper", "layers", 7, [32], "tanh", 3, random_ordering=True, degrees="random")
    good("layers_natural_relu_f16", "layers", 6, [16], "relu", 4, weights=torch.float16, mask=torch.float16)
    good("layers_narrow_sigmoid", "layers", 10, [4, 4], "sigmoid", 5, random_ordering=True, degrees="random")
    good("net_natural_sigmoid", "net", 5, [16], "sigmoid", 6)
    good("net_random_relu_deep", "net", 20, [32, 24], "relu", 7, random_ordering=True)
    good("net_random_elu_paper", "net", 9, [40], "elu", 8, random_ordering=True, degrees="random")
    good("net_natural_tanh_deep_bool", "net", 6, [16, 12], "tanh", 9, degrees="random", mask=torch.bool)
    good("net_random_relu_f64", "net", 7, [14], "relu", 10, random_ordering=True, weights=torch.float64,
         mask=torch.float64)
    good("net_thinned_relu", "net", 8, [21], "relu", 11, change=thin)
    bad("violation_output_layer", "layers", 8, [14], "relu", 20, open_own_output, random_ordering=True)
    bad("violation_first_layer", "net", 6, [15, 15], "elu", 21, open_own_input, random_ordering=True)
    bad("violation_cycle", "net", 8, [21], "relu", 22, close_cycle, change=thin)
    without_masks("masks_missing", 23)
