"""PyTorch's convolutions, float64, over random geometries with all options: makes conv.txt.

Needs PyTorch (1.13); the tests do not. For every case its geometry, and values and gradients for the
inputs of pattern.py: x, w, b and the upstream gradient have the seeds 1 to 4."""

import random

import torch
import torch.nn.functional as F

import golden
from pattern import pattern

CASES = 56
LARGEST = 60  # elements of x, w and y


def draw(rng):
    pair = lambda *choices: (rng.choice(choices), rng.choice(choices))
    groups = rng.choice([1, 1, 2, 3])
    return dict(batch=rng.choice([1, 2]), groups=groups, inp=rng.choice([1, 2]), out=rng.choice([1, 2, 3]),
                size=(rng.randint(1, 6), rng.randint(1, 6)), kernel=pair(1, 2, 3), stride=pair(1, 2, 3),
                padding=pair(0, 1, 2), dilation=pair(1, 1, 2, 3), bias=rng.choice([0, 1]))


def numel(shape):
    return int(torch.tensor(shape).prod())


def sizes(c):
    """Shapes of x, w and y, or nothing if the kernel does not fit or the case is too large to store."""
    out = []
    for n, k, s, p, d in zip(c["size"], c["kernel"], c["stride"], c["padding"], c["dilation"]):
        span = n + 2 * p - d * (k - 1) - 1
        if span < 0:
            return None
        out.append((span // s + 1, span % s))
    x = (c["batch"], c["groups"] * c["inp"], *c["size"])
    w = (c["groups"] * c["out"], c["inp"], *c["kernel"])
    y = (c["batch"], c["groups"] * c["out"], out[0][0], out[1][0])
    c["output_padding"] = (out[0][1], out[1][1])
    return (x, w, y) if max(map(numel, (x, w, y))) <= LARGEST else None


def run(c, shapes, transposed):
    """conv2d of x, or conv_transpose2d of y, whose output_padding leads back to x's size."""
    x, w, y = shapes
    source, result, channels = (y, x, x[1]) if transposed else (x, y, y[1])
    inputs = [pattern(source, 1), pattern(w, 2)] + ([pattern((channels,), 3)] if c["bias"] else [])
    for t in inputs:
        t.requires_grad_()
    bias = inputs[2] if c["bias"] else None
    if transposed:
        value = F.conv_transpose2d(inputs[0], inputs[1], bias, c["stride"], c["padding"], c["output_padding"],
                                   c["groups"], c["dilation"])
    else:
        value = F.conv2d(inputs[0], inputs[1], bias, c["stride"], c["padding"], c["dilation"], c["groups"])
    assert value.shape == torch.Size(result), (value.shape, result)
    grads = torch.autograd.grad(value, inputs, pattern(result, 4))
    return [value, *grads]


def main():
    rng = random.Random(0)
    found = {}
    case = remainders = 0
    while case < CASES:
        c = draw(rng)
        shapes = sizes(c)
        if shapes is None:
            continue
        if max(c["output_padding"]) == 0 and case - remainders > CASES // 2:
            continue  # at least half of the cases have a remainder
        remainders += max(c["output_padding"]) > 0
        found[f"{case}.geometry"] = torch.tensor(
            [c["batch"], c["groups"], c["inp"], c["out"], *c["size"], *c["kernel"], *c["stride"], *c["padding"],
             *c["dilation"], c["bias"]])
        for name, transposed in (("conv2d", False), ("conv_transpose2d", True)):
            for key, value in zip(("value", "d_input", "d_weight", "d_bias"), run(c, shapes, transposed)):
                found[f"{case}.{name}.{key}"] = value
        case += 1
    golden.write("conv.txt", found)


main()
