"""PyTorch's convolution layers with every kind of padding: makes conv_layers.txt, float64.

Needs PyTorch (1.13); the tests do not. Input, weight, bias and upstream gradient are pattern.py's of seeds 1 to 4;
the file has each layer's options, its value and the gradients."""

import itertools
import random

import torch
import torch.nn as nn

import golden
from pattern import pattern

MODES = ["zeros", "reflect", "replicate", "circular"]
PADDINGS = ["numbers", "same", "valid"]


def record(found, name, layer, x, options, *forward):
    layer = layer.double()
    layer.weight.data = pattern(layer.weight.shape, 2)
    if layer.bias is not None:
        layer.bias.data = pattern(layer.bias.shape, 3)
    x = pattern(x, 1).requires_grad_()
    y = layer(x, *forward)
    y.backward(pattern(y.shape, 4))
    found[f"{name}.options"] = torch.tensor(options)
    found[f"{name}.input"] = torch.tensor(x.shape)
    found[f"{name}.value"], found[f"{name}.d_input"] = y, x.grad
    found[f"{name}.d_weight"] = layer.weight.grad
    if layer.bias is not None:
        found[f"{name}.d_bias"] = layer.bias.grad


def main():
    rng = random.Random(1)
    found = {}
    for dims, mode, padding in itertools.product([1, 2], range(4), range(3)):
        some = lambda *choices: [rng.choice(choices) for _ in range(dims)]
        groups, bias = rng.choice([1, 2]), rng.choice([0, 1])
        kernel, dilation, numbers = some(2, 3), some(1, 2), some(1, 2)
        stride = [1] * dims if padding == 1 else some(1, 2)
        layer = (nn.Conv1d, nn.Conv2d)[dims - 1](
            2, 4, kernel, stride, numbers if padding == 0 else PADDINGS[padding], dilation, groups, bool(bias),
            MODES[mode])
        record(found, f"conv{dims}d.{3 * mode + padding}", layer, [1, 2, 5, 6][:2] + [5, 6][:dims],
               [*kernel, *stride, *numbers, *dilation, groups, bias, mode, padding])
    # Each transposed layer with all the output sizes it has.
    for dims, k, s, p, d, size in [(1, [3], [3], [1], [2], [4]), (2, [3, 2], [2, 1], [1, 0], [1, 2], [2, 3])]:
        least = [(n - 1) * b + e * (a - 1) + 1 - 2 * c for a, b, c, e, n in zip(k, s, p, d, size)]
        for i, extra in enumerate(itertools.product(*map(range, s))):
            layer = (nn.ConvTranspose1d, nn.ConvTranspose2d)[dims - 1](4, 2, k, s, p, 0, 2, True, d)
            wanted = [a + b for a, b in zip(least, extra)]
            record(found, f"conv_transpose{dims}d.{i}", layer, [1, 4, *size], [*k, *s, *p, *d, *wanted], wanted)
    golden.write("conv_layers.txt", found)


main()
