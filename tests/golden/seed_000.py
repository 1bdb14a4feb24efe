"""What the program of seed document 000 yields in PyTorch 1.13 and scipy: makes seed_000.txt.

The tests need neither. `deviation` is what the seed printed as 6.25848770142e-07, with an older PyTorch
that drew other initial values."""

import numpy as np
import torch
from scipy.signal import convolve

import golden

torch.manual_seed(0)
code = torch.FloatTensor(1, 4, 17, 17).normal_(0, 1)
layer = torch.nn.ConvTranspose2d(4, 1, 9, bias=False)
output = layer(code)[0, 0].detach()
reference = np.zeros((25, 25))
for weight, channel in zip(layer.weight[:, 0].detach().numpy(), code[0].numpy()):
    reference += convolve(weight, channel)
golden.write("seed_000.txt", {
    "input": code, "weight": layer.weight, "output": output,
    "deviation": torch.tensor(abs(output.numpy() - reference).max(), dtype=torch.double)})
