"""Writes random_numbers.txt: what PyTorch's CPU generator yields, for tests/core/random_test.cpp.

    python3 tests/golden/random_numbers.py > tests/golden/random_numbers.txt       (made with PyTorch 1.13.1)

Each line is a call; the generator goes on from line to line. Integers are hexadecimal where they are
bits (values, checksums), decimal elsewhere:
    seed <s>
    <function> <dtype> <n> <parameters, or -> <checksum of all values> <first> <middle> <last value>
    state <checksum of torch.get_rng_state()>
"""

import random

import torch

DTYPES = {"f32": torch.float32, "f64": torch.float64, "i64": torch.int64, "i32": torch.int32,
          "u8": torch.uint8, "bool": torch.bool}
FLOATS = ["f32", "f64"]
SIZES = [0, 1, 15, 16, 17, 31, 100, 1000]


def fnv1a(data):
    h = 0xCBF29CE484222325
    for byte in data:
        h = (h ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return f"{h:016x}"


def probabilities(n, dtype):
    return ((torch.arange(n) * 7 % 11).double() / 10).to(DTYPES[dtype])


def call(function, dtype, n, *parameters):
    t = torch.empty(n, dtype=DTYPES[dtype])
    if function == "normal_elementwise":  # what normal_ does with a tensor that is not contiguous
        t = torch.empty(2 * n, dtype=DTYPES[dtype])[::2]
        assert n < 16 or not t.is_contiguous()
        t.normal_(*parameters)
    elif function == "random_from_to":
        t.random_(*parameters)
    elif function == "bernoulli_p":
        t.bernoulli_(probabilities(n, *parameters))
    elif function == "randperm":
        t = torch.randperm(n, dtype=DTYPES[dtype])
    else:
        getattr(t, function + "_")(*parameters)
    t = t.contiguous()
    data = t.numpy().tobytes()
    size = t.element_size()
    bits = [data[i * size:(i + 1) * size][::-1].hex() for i in sorted({0, n // 2, n - 1}) if 0 <= i < n]
    text = ",".join("none" if p is None else str(p) for p in parameters) or "-"
    print(function, dtype, n, text, fnv1a(data), *bits)


def seed(s):
    print("seed", s)
    torch.manual_seed(s)


def state():
    print("state", fnv1a(torch.get_rng_state().numpy().tobytes()))


CALLS = []  # (function, dtype, parameters)
for d in FLOATS:
    CALLS += [("uniform", d, p) for p in [(0.0, 1.0), (-0.25, 0.7), (0.0, 3.3), (2.5, 2.5), (1e30, 2e30)]]
    CALLS += [("normal", d, p) for p in [(0.0, 1.0), (1.5, 0.3), (0.0, 0.0)]]
    CALLS += [("normal_elementwise", d, p) for p in [(0.0, 1.0), (-2.1, 0.7)]]
    CALLS += [("exponential", d, p) for p in [(1.0,), (0.37,)]]
for d in DTYPES:
    CALLS += [("random", d, ()), ("random_from_to", d, (0, 2)), ("random_from_to", d, (0, None))]
    CALLS += [("bernoulli", d, (0.3,)), ("bernoulli_p", d, ("f32",)), ("bernoulli_p", d, ("f64",))]
for d in ["f32", "f64", "i64", "i32", "u8"]:
    CALLS += [("random_from_to", d, (3, 200)), ("randperm", d, ())]
for d in ["f32", "f64", "i64", "i32"]:
    CALLS += [("random_from_to", d, (-1000, 77777)), ("random_from_to", d, (-5, None))]
    CALLS += [("random_from_to", d, (-2**31, 2**31 - 1)), ("random_from_to", d, (-2**31, None))]
for d in ["f32", "f64", "i64"]:
    CALLS += [("random_from_to", d, p) for p in [
        (0, 2**32 - 1), (0, 2**32), (7, 2**32 + 8), (-2**40 - 3, 2**41 + 5), (-2**63, 2**63 - 1),
        (2**62 + 12345, 2**63 - 1), (-2**63, -2**60 - 1), (-2**63, None), (-2**53 - 1, None)]]

for s in [0, 42, 2**64 - 1]:
    for function, dtype, parameters in CALLS:
        seed(s)
        for n in SIZES:
            if (function, dtype) == ("randperm", "u8"):
                n = min(n, 255)
            call(function, dtype, n, *parameters)
        state()

choose = random.Random(2)
for s in [1, 5489, 2**32 - 1, 2**32 + 42, 67280421310721]:
    seed(s)
    state()
    for _ in range(60):
        function, dtype, parameters = choose.choice(CALLS)
        call(function, dtype, choose.choice([1, 2, 3, 15, 16, 17, 31, 100, 255, 623]) % 256, *parameters)
        if choose.random() < 0.2:
            state()
