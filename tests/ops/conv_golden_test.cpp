// conv2d, conv_transpose2d and their gradients on reals, against PyTorch's float64 (conv.py), over
// geometries with all options: float64 to 1e-12, float32 within the rounding of its sums.

#include <limits>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "adjoint/adjoint.h"
#include "adjoint/tests/golden/golden.h"
#include "adjoint/tests/ops/conv_reference.h"
#include "adjoint/tests/ops/pattern.h"

namespace adjoint {
namespace {

using testing::ConvCase;
using testing::pattern;

constexpr int kCases = 56;
const char* const kResults[] = {"value", "d_input", "d_weight", "d_bias"};

/// One of the two maps on a geometry of the golden file.
struct GoldenCase {
  ConvCase conv;
  bool has_bias, transposed;

  GoldenCase(const Tensor& geometry, bool transposed) : transposed(transposed) {
    const int64_t* const v = geometry.data_ptr<int64_t>();
    conv = {v[0],         v[1],         v[2],           v[3],          {v[4], v[5]},
            {v[6], v[7]}, {v[8], v[9]}, {v[10], v[11]}, {v[12], v[13]}};
    has_bias = v[14] != 0;
  }
  const char* name() const { return transposed ? "conv_transpose2d" : "conv2d"; }

  /// The value and the gradients of input, weight and bias; of the operands' magnitudes if
  /// `absolute`, which sums the magnitudes of the terms of each result.
  std::vector<Tensor> run(ScalarType dtype, bool absolute = false) const {
    const auto operand = [&](const Dims& sizes, int64_t seed) {
      const Tensor t = pattern(sizes, seed);
      return (absolute ? t.abs() : t).to(dtype);
    };
    const Dims from = transposed ? conv.y_sizes() : conv.x_sizes();
    const Dims to = transposed ? conv.x_sizes() : conv.y_sizes();
    std::vector<Tensor> inputs{operand(from, 1), operand(conv.w_sizes(), 2)};
    if (has_bias) inputs.push_back(operand({to[1]}, 3));
    for (const Tensor& input : inputs) input.requires_grad_();
    const Tensor bias = has_bias ? inputs[2] : Tensor();
    std::vector<Tensor> results{transposed ? conv.transpose(inputs[0], inputs[1], bias)
                                           : conv.conv(inputs[0], inputs[1], bias)};
    for (const Tensor& g : autograd::grad({results[0]}, inputs, {operand(to, 4)})) {
      results.push_back(g);
    }
    results[0] = results[0].detach();
    return results;
  }

  /// How many terms are added up in an element of each result, at most.
  std::vector<int64_t> reduction_lengths() const {
    const int64_t taps = conv.kernel[0] * conv.kernel[1];
    const int64_t forward = conv.in_per_group * taps, backward = conv.out_per_group * taps;
    const int64_t positions = conv.batch * conv.out_size(0) * conv.out_size(1);
    const int64_t pixels = conv.batch * conv.size[0] * conv.size[1];
    return {(transposed ? backward : forward) + has_bias, transposed ? forward : backward,
            positions, transposed ? pixels : positions};
  }
};

template <class Visit>
void for_each_golden(const Visit& visit) {
  const auto golden = golden::read("conv.txt");
  for (int i = 0; i < kCases; ++i) {
    for (const bool transposed : {false, true}) {
      const GoldenCase c(golden[fmt::format("{}.geometry", i)], transposed);
      SCOPED_TRACE(fmt::format("{}: {}", c.name(), c.conv.describe()));
      visit(c, [&](int result) {
        return golden[fmt::format("{}.{}.{}", i, c.name(), kResults[result])];
      });
    }
  }
}

TEST(ConvGolden, Float64) {
  for_each_golden([](const GoldenCase& c, const auto& expected) {
    const std::vector<Tensor> results = c.run(kFloat64);
    for (std::size_t r = 0; r < results.size(); ++r) {
      SCOPED_TRACE(kResults[r]);
      const Tensor wanted = expected(static_cast<int>(r));
      ASSERT_EQ(results[r].sizes(), wanted.sizes());
      EXPECT_TRUE(results[r].allclose(wanted, 1e-12, 1e-12));
    }
  });
}

TEST(ConvGolden, Float32WithinTheRoundingOfItsSums) {
  // A sum of n products of rounded operands is off by at most (n + 3) u times the sum of their
  // magnitudes, u = epsilon / 2: two roundings of operands, one of the product, n - 1 of the sum,
  // and one for terms in u^2. (Higham, Accuracy and Stability of Numerical Algorithms, 3.1.)
  constexpr double u = std::numeric_limits<float>::epsilon() / 2;
  for_each_golden([](const GoldenCase& c, const auto& expected) {
    const std::vector<Tensor> results = c.run(kFloat32), magnitudes = c.run(kFloat64, true);
    const std::vector<int64_t> lengths = c.reduction_lengths();
    for (std::size_t r = 0; r < results.size(); ++r) {
      SCOPED_TRACE(kResults[r]);
      ASSERT_EQ(results[r].scalar_type(), kFloat32);
      const Tensor error = (results[r].to(kFloat64) - expected(static_cast<int>(r))).abs();
      const Tensor bound = magnitudes[r] * (static_cast<double>(lengths[r] + 3) * u);
      EXPECT_TRUE(error.le(bound).all().item<bool>());
    }
  });
}

}  // namespace
}  // namespace adjoint
