"""Writes random_ops.txt: random tensors of PyTorch, for tests/ops/random_test.cpp.

    python3 tests/golden/random_ops.py > tests/golden/random_ops.txt       (made with PyTorch 1.13.1)

Each line is a name, then all elements in row-major order as hexadecimal floating-point numbers. The
generator goes on from line to line.
"""

import torch


def case(name, t):
    print(name, *(float(v).hex() for v in t.contiguous().flatten().tolist()))


f64 = torch.float64
torch.manual_seed(11)
case("rand", torch.rand(2, 3))
case("rand_f64", torch.rand(5, dtype=f64))
case("randn", torch.randn(3, 7))
case("randn_few", torch.randn(3, dtype=f64))
case("randint", torch.randint(10, (4,)))
case("randint_low_f32", torch.randint(-5, 5, (2, 3), dtype=torch.float32))
case("randperm", torch.randperm(9))
case("normal", torch.normal(1.5, 0.25, (4, 5)))

means, stds = torch.arange(6.0, dtype=f64).reshape(2, 3), torch.tensor([0.5, 1.0, 2.0], dtype=f64)
case("normal_mean", torch.normal(means, 0.5))
case("normal_std", torch.normal(2.0, stds))
case("normal_both", torch.normal(means, stds))
case("bernoulli", torch.bernoulli(means / 5))
case("bernoulli_p", torch.bernoulli(means, 0.25))
case("bernoulli_transposed_p", torch.empty(3, 2).bernoulli_((means / 5).t()))
case("bernoulli_broadcast", torch.empty(3, 2).t().bernoulli_(stds / 2))

# Not contiguous: what `*_like` keeps of the order in memory, and slices.
transposed = torch.zeros(3, 4, dtype=f64).t()
case("rand_like_transposed", torch.rand_like(transposed))
case("randn_like_transposed", torch.randn_like(transposed))
case("randn_like_transposed_many", torch.randn_like(torch.zeros(5, 4).t()))
case("randint_like_transposed", torch.randint_like(transposed, 100))
case("rand_like_expanded", torch.rand_like(torch.zeros(3, 1, dtype=f64).expand(3, 4)))
case("uniform_sliced", torch.zeros(4, 6)[:, ::2].uniform_(-1, 3))
case("normal_permuted", torch.zeros(2, 3, 4).permute(1, 2, 0).normal_(1, 2))
case("random_sliced", torch.zeros(5, 4, dtype=torch.int64)[1::2].t().random_(1000))
case("random_all", torch.zeros(2, 2, dtype=torch.uint8).random_())
case("bernoulli_permuted", torch.zeros(2, 3, 4).permute(2, 0, 1).bernoulli_(0.5))
case("dropout", torch.nn.functional.dropout(torch.arange(1.0, 13.0).reshape(3, 4), 0.25, True))
case("dropout_transposed", torch.nn.functional.dropout(torch.arange(1.0, 13.0).reshape(3, 4).t(), 0.5, True))
case("bernoulli_transposed", torch.bernoulli((means / 5).t()))
case("normal_transposed", torch.normal(means.t(), 0.5))
case("rand_last", torch.rand(2))
