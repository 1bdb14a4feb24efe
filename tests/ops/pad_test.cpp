// Padding by all four modes: PyTorch's values and gradients, derivatives of every order, limits.

#include "adjoint/ops/pad.h"

#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "adjoint/adjoint.h"
#include "adjoint/tests/golden/golden.h"
#include "adjoint/tests/ops/pattern.h"
#include "adjoint/tests/support/error_of.h"

namespace adjoint {
namespace {

using autograd::grad;
using test::error_of;
using ::testing::HasSubstr;
using testing::pattern;

const char* const kModes[] = {"constant", "reflect", "replicate", "circular"};

TEST(Pad, AgreesWithPyTorch) {
  const auto golden = golden::read("pad.txt");
  for (int i = 0; i < 7; ++i) {
    const Tensor shape = golden[fmt::format("{}.shape", i)];
    const Tensor padding = golden[fmt::format("{}.pad", i)];
    const IntArrayRef sizes(shape.data_ptr<int64_t>(), static_cast<std::size_t>(shape.numel()));
    const IntArrayRef by(padding.data_ptr<int64_t>(), static_cast<std::size_t>(padding.numel()));
    for (const std::string mode : kModes) {
      SCOPED_TRACE(fmt::format("[{}] padded by [{}], {}", fmt::join(sizes, ", "),
                               fmt::join(by, ", "), mode));
      const Tensor x = pattern(sizes, 1).requires_grad_();
      const std::optional<double> value =
          mode == "constant" ? std::optional<double>(0.25) : std::nullopt;
      const Tensor y = pad(x, by, mode, value);
      EXPECT_TRUE(y.detach().equal(golden[fmt::format("{}.{}", i, mode)]));
      EXPECT_TRUE(grad({y}, {x}, {pattern(y.sizes(), 2)})[0].allclose(
          golden[fmt::format("{}.{}.grad", i, mode)], 1e-14, 1e-14));
    }
  }
}

TEST(Pad, OneRow) {
  const Tensor abcd = arange(4, kFloat32).view({1, 4});
  EXPECT_TRUE(pad(abcd, {2, 3}).equal(tensor({{0., 0., 0., 1., 2., 3., 0., 0., 0.}})));
  EXPECT_TRUE(pad(abcd, {3, 2}, "reflect").equal(tensor({{3., 2., 1., 0., 1., 2., 3., 2., 1.}})));
  EXPECT_TRUE(pad(abcd, {2, 3}, "replicate").equal(tensor({{0., 0., 0., 1., 2., 3., 3., 3., 3.}})));
  EXPECT_TRUE(
      pad(abcd, {4, 2}, "circular").equal(tensor({{0., 1., 2., 3., 0., 1., 2., 3., 0., 1.}})));
}

TEST(Pad, DerivativesAreTheAdjointAndItself) {
  // Without a constant the maps are linear: <P x, g> = <x, P'g>, and the derivative of P'g in the
  // direction v is P v. On small integers, so exactly.
  manual_seed(0);
  for (const char* mode : kModes) {
    SCOPED_TRACE(mode);
    const auto padded = [&](const Tensor& t) { return pad(t, {2, 1, -1, 3}, mode); };
    const Tensor x = randint(-5, 6, {2, 5, 4}, kFloat64).requires_grad_();
    const Tensor y = padded(x);
    const Tensor g = randint(-5, 6, y.sizes(), kFloat64).requires_grad_();
    const Tensor dx = grad({y}, {x}, {g}, {}, /*create_graph=*/true)[0];
    EXPECT_TRUE((y * g).sum().equal((x * dx).sum()));
    const Tensor v = randint(-5, 6, x.sizes(), kFloat64).requires_grad_();
    const Tensor dg = grad({dx}, {g}, {v}, {}, true)[0];
    EXPECT_TRUE(dg.equal(padded(v)));
    EXPECT_TRUE(grad({dg}, {v}, {g})[0].equal(dx));
  }
}

TEST(Pad, EveryDtypeAndEmptyTensors) {
  for (const char* mode : kModes) {
    SCOPED_TRACE(mode);
    const Tensor x = arange(6).view({2, 3});
    const Tensor expected = pad(x.to(kFloat64), {1, 2}, mode);
    for (const ScalarType dtype : {kUInt8, kInt32, kInt64, kFloat32}) {
      EXPECT_TRUE(pad(x.to(dtype), {1, 2}, mode).equal(expected.to(dtype)));
    }
    EXPECT_EQ(pad(empty({0, 3}), {1, 2}, mode).sizes(), IntArrayRef({0, 6}));
    EXPECT_TRUE(pad(x, {}, mode).equal(x));
    EXPECT_FALSE(pad(x, {}, mode).is_alias_of(x));
    EXPECT_TRUE(pad(x.t(), {1, 1}, mode).equal(pad(x.t().contiguous(), {1, 1}, mode)));
  }
  EXPECT_TRUE(
      pad(tensor({true, false}), {1, 1}, "constant", 1.0).equal(tensor({true, true, false, true})));
  EXPECT_TRUE(pad(tensor({1, 2}), {1, 1}, "constant", 1.5).equal(tensor({1, 1, 2, 1})));
  EXPECT_EQ(pad(zeros({0, 2}), {0, 0, 1, 1}, "constant", 1.5).sum().item<float>(), 6);
  EXPECT_EQ(pad(zeros({2, 3}), {-2, -1}).sizes(), IntArrayRef({2, 0}));
}

TEST(Pad, LimitsAreErrors) {
  const Tensor x = zeros({2, 4});
  EXPECT_THAT(error_of([&] { pad(x, {1}); }), HasSubstr("two numbers"));
  EXPECT_THAT(error_of([&] { pad(x, {1, 1, 1, 1, 1, 1}); }), HasSubstr("at most 2"));
  EXPECT_THAT(error_of([&] { pad(x, {1, 1}, "mirror"); }), HasSubstr("\"mirror\""));
  EXPECT_THAT(error_of([&] { pad(x, {1, 1}, "reflect", 2.0); }), HasSubstr("takes no value"));
  EXPECT_THAT(error_of([&] { pad(x, {4, 0}, "reflect"); }), HasSubstr("less than the size"));
  EXPECT_NO_THROW(pad(x, {3, 3}, "reflect"));
  EXPECT_THAT(error_of([&] { pad(x, {0, 5}, "circular"); }), HasSubstr("at most once"));
  EXPECT_NO_THROW(pad(x, {4, 4}, "circular"));
  EXPECT_NO_THROW(pad(x, {9, 9}, "replicate"));
  EXPECT_THAT(error_of([&] { pad(zeros({2, 0}), {1, 1}, "replicate"); }), HasSubstr("no border"));
  for (const char* mode : {"reflect", "replicate"}) {
    EXPECT_THAT(error_of([&] { pad(x, {-2, -2}, mode); }), HasSubstr("nothing would be left"));
  }
  for (const char* mode : {"constant", "circular"}) {
    EXPECT_EQ(pad(x, {-2, -2}, mode).sizes(), IntArrayRef({2, 0}));
    EXPECT_THAT(error_of([&] { pad(x, {-3, -2}, mode); }), HasSubstr("less than nothing"));
  }
  EXPECT_THAT(error_of([&] { pad(x, {1, 4}, "reflect"); }), HasSubstr("dimension 1 of"));
}

}  // namespace
}  // namespace adjoint
