"""What PyTorch's layers start from and compute: makes nn.txt. Needs PyTorch; the tests do not."""

import torch
import torch.nn as nn

import golden

LAYERS = {
    "linear": lambda: nn.Linear(5, 3),
    "linear_no_bias": lambda: nn.Linear(5, 3, bias=False),
    "conv2d": lambda: nn.Conv2d(4, 6, (3, 2), stride=(2, 1), padding=(1, 2), dilation=(1, 2), groups=2),
    "conv2d_same": lambda: nn.Conv2d(2, 3, (4, 3), padding="same", dilation=(1, 2)),
    "conv2d_valid": lambda: nn.Conv2d(2, 3, (2, 3), padding="valid", bias=False),
    "conv1d": lambda: nn.Conv1d(2, 4, 3, stride=2, padding=1),
    "conv_transpose2d": lambda: nn.ConvTranspose2d(
        4, 6, (3, 2), stride=(3, 2), padding=(1, 0), output_padding=(2, 1), groups=2, dilation=(2, 1)),
    "conv_transpose1d": lambda: nn.ConvTranspose1d(3, 2, 4, stride=3, padding=1, output_padding=1),
}
INPUTS = {"linear": (2, 4, 5), "linear_no_bias": (5,), "conv2d": (2, 4, 7, 6), "conv2d_same": (1, 2, 6, 5),
          "conv2d_valid": (2, 4, 5), "conv1d": (2, 2, 8), "conv_transpose2d": (2, 4, 3, 4),
          "conv_transpose1d": (2, 3, 4)}


def layers():
    """Initial float32 values with the layer's number as seed; values and gradients in float64."""
    found = {}
    for seed, (name, make) in enumerate(LAYERS.items()):
        torch.manual_seed(seed)
        layer = make()
        for key, parameter in layer.named_parameters():
            found[f"{name}.{key}"] = parameter.detach().clone()
        layer.double()
        x = torch.randn(INPUTS[name], dtype=torch.double, requires_grad=True)
        y = layer(x)
        upstream = torch.randn_like(y)
        y.backward(upstream)
        found.update({f"{name}.x": x, f"{name}.y": y, f"{name}.upstream": upstream, f"{name}.x.grad": x.grad})
        for key, parameter in layer.named_parameters():
            found[f"{name}.{key}.grad"] = parameter.grad
    return {key: value.clone() for key, value in found.items()}


def network():
    """The initial values of layers one after the other, from one seed."""
    torch.manual_seed(7)
    net = nn.Sequential(nn.Conv2d(1, 3, 3), nn.ReLU(), nn.ConvTranspose2d(3, 1, 2), nn.Flatten(), nn.Linear(4, 5))
    return {f"network.{key}": value for key, value in net.named_parameters()}


def initialisers():
    init = nn.init
    fills = {
        "uniform": lambda t: init.uniform_(t, -2, 3),
        "normal": lambda t: init.normal_(t, 1, 2),
        "constant": lambda t: init.constant_(t, 0.3),
        "xavier_uniform": lambda t: init.xavier_uniform_(t, gain=init.calculate_gain("tanh")),
        "xavier_normal": lambda t: init.xavier_normal_(t, gain=0.5),
        "kaiming_uniform": lambda t: init.kaiming_uniform_(t, a=0.1),
        "kaiming_uniform_out": lambda t: init.kaiming_uniform_(t, mode="fan_out", nonlinearity="relu"),
        "kaiming_normal": lambda t: init.kaiming_normal_(t, nonlinearity="relu"),
        "kaiming_normal_out": lambda t: init.kaiming_normal_(t, a=0.2, mode="fan_out"),
    }
    found = {}
    for name, fill in fills.items():
        torch.manual_seed(11)
        found[f"init.{name}"] = fill(torch.empty(4, 3, 2, 3, dtype=torch.double))
    for name in ["linear", "conv2d", "conv_transpose2d", "sigmoid", "tanh", "relu", "leaky_relu"]:
        found[f"gain.{name}"] = torch.tensor(float(init.calculate_gain(name)), dtype=torch.double)
    return found


if __name__ == "__main__":
    golden.write("nn.txt", {**layers(), **network(), **initialisers()})
