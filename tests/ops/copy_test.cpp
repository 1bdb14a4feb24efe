// Copies between layouts and dtypes, and filling.

#include <array>
#include <limits>
#include <numeric>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "adjoint/adjoint.h"

namespace torch = adjoint;
using adjoint::Tensor;
using testing::HasSubstr;
using testing::ThrowsMessage;

namespace {

template <class T>
std::vector<T> values(const Tensor& t) {
  const Tensor c = t.contiguous();
  return std::vector<T>(c.data_ptr<T>(), c.data_ptr<T>() + c.numel());
}

/// The element at `index` of any view.
int64_t at(const Tensor& t, std::array<int64_t, 3> index) {
  int64_t offset = 0;
  for (std::size_t d = 0; d < index.size(); ++d) offset += index[d] * t.strides()[d];
  return t.data_ptr<int64_t>()[offset];
}

// Sizes around the tiles of the transposing loop, in two dimensions and with others around them.
TEST(Copy, AnyOrderOfDimensions) {
  for (const auto& [a, b, c] : {std::array{70, 3, 100}, {33, 65, 2}, {1, 40, 31}, {100, 32, 64}}) {
    const Tensor x = torch::arange(a * b * c, torch::kInt64).view({a, b, c});
    for (const auto& order : {std::vector<int64_t>{0, 2, 1}, {2, 0, 1}, {2, 1, 0}, {1, 0, 2}}) {
      const Tensor view = x.permute(order), copy = view.contiguous();
      ASSERT_TRUE(copy.is_contiguous());
      ASSERT_EQ(copy.sizes(), view.sizes());
      bool same = true;
      for (int64_t i = 0; i < view.size(0); ++i) {
        for (int64_t j = 0; j < view.size(1); ++j) {
          for (int64_t k = 0; k < view.size(2); ++k)
            same &= at(copy, {i, j, k}) == at(view, {i, j, k});
        }
      }
      EXPECT_TRUE(same);
      // And the other way: from contiguous into the permuted view.
      const Tensor into = torch::zeros({a, b, c}, torch::kInt64);
      into.permute(order).copy_(copy);
      EXPECT_TRUE(into.equal(x));
    }
  }
}

TEST(Copy, ContiguousIsTheSameTensorWhereItCanBe) {
  const Tensor x = torch::zeros({2, 3});
  EXPECT_TRUE(x.contiguous().is_same(x));
  EXPECT_TRUE(x.to(torch::kFloat32).is_same(x));
  EXPECT_FALSE(x.to(torch::kFloat32, false, /*copy=*/true).is_alias_of(x));
  EXPECT_FALSE(x.clone().is_alias_of(x));
}

TEST(Copy, BroadcastsAndConverts) {
  const Tensor x = torch::zeros({2, 3}, torch::kInt32);
  x.copy_(torch::tensor({1.9, -1.9, 3.0}, torch::kFloat64));
  EXPECT_EQ(values<int32_t>(x), (std::vector<int32_t>{1, -1, 3, 1, -1, 3}));
  EXPECT_THAT([&] { x.copy_(torch::zeros({4})); }, ThrowsMessage<adjoint::Error>(HasSubstr("[4]")));
  EXPECT_THAT([&] { torch::zeros({1}).expand({3}).copy_(torch::ones({3})); },
              ThrowsMessage<adjoint::Error>(HasSubstr("clone()")));
}

TEST(Copy, ATransposeOfItself) {
  const Tensor x = torch::arange(6400, torch::kInt64).view({80, 80}), expected = x.t().clone();
  x.copy_(x.t());
  EXPECT_TRUE(x.equal(expected));
}

TEST(Copy, WhatDoesNotFitAnIntegerIsDefined) {
  const double inf = std::numeric_limits<double>::infinity(),
               nan = std::numeric_limits<double>::quiet_NaN();
  const Tensor x = torch::tensor({-1.5, 300.0, nan, 1e20, -inf, 2147483648.0}, torch::kFloat64);
  constexpr int32_t low = std::numeric_limits<int32_t>::min();
  constexpr int64_t lowest = std::numeric_limits<int64_t>::min();
  EXPECT_EQ(values<int32_t>(x.to(torch::kInt32)),
            (std::vector<int32_t>{-1, 300, low, low, low, low}));
  EXPECT_EQ(values<int64_t>(x.to(torch::kInt64)),
            (std::vector<int64_t>{-1, 300, lowest, lowest, lowest, 2147483648}));
  EXPECT_EQ(values<uint8_t>(x.to(torch::kUInt8)), (std::vector<uint8_t>{255, 44, 0, 0, 0, 0}));
  EXPECT_EQ(values<bool>(x.to(torch::kBool)), std::vector<bool>(6, true));
  EXPECT_EQ(values<int32_t>(x.to(torch::kFloat32).to(torch::kInt32)),
            (std::vector<int32_t>{-1, 300, low, low, low, low}));
}

TEST(Copy, GradientsFlowToTheSourceAlone) {
  const Tensor old = torch::ones({2, 2}).requires_grad_(),
               src = torch::ones({2}, torch::kFloat64).requires_grad_();
  Tensor x = old * 3;
  x.copy_(src);
  x.backward(torch::tensor({1.0f, 2.0f, 3.0f, 4.0f}).view({2, 2}));
  EXPECT_EQ(values<double>(src.grad()), (std::vector<double>{4, 6}));
  EXPECT_EQ(values<float>(old.grad()), std::vector<float>(4, 0));
}

TEST(Fill, NumbersHaveToFit) {
  Tensor x = torch::empty({2}, torch::kUInt8);
  EXPECT_EQ(values<uint8_t>(x.fill_(2.7)), (std::vector<uint8_t>{2, 2}));
  EXPECT_EQ(values<uint8_t>(x.fill_(-1)), (std::vector<uint8_t>{255, 255}));
  EXPECT_THROW(x.fill_(300), adjoint::Error);
  EXPECT_THROW(torch::empty({1}, torch::kInt64).fill_(std::numeric_limits<double>::quiet_NaN()),
               adjoint::Error);
  EXPECT_THROW(x.fill_(torch::ones({2})), adjoint::Error);
  EXPECT_EQ(values<uint8_t>(x.fill_(torch::tensor(7.0))), (std::vector<uint8_t>{7, 7}));
}

TEST(Fill, CutsTheGradient) {
  const Tensor x = torch::ones({3}).requires_grad_();
  const Tensor y = x * 2;
  y.narrow(0, 0, 1).fill_(5);
  y.backward(torch::tensor({1.0f, 10.0f, 100.0f}));
  EXPECT_EQ(values<float>(y.detach()), (std::vector<float>{5, 2, 2}));
  EXPECT_EQ(values<float>(x.grad()), (std::vector<float>{0, 20, 200}));
}

TEST(Flip, ReversesTheDimensionsNamed) {
  const Tensor x = torch::arange(12, torch::kInt64).view({2, 3, 2});
  EXPECT_EQ(values<int64_t>(x.flip({0})),
            (std::vector<int64_t>{6, 7, 8, 9, 10, 11, 0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(values<int64_t>(x.flip({1})),
            (std::vector<int64_t>{4, 5, 2, 3, 0, 1, 10, 11, 8, 9, 6, 7}));
  std::vector<int64_t> backwards(12);
  std::iota(backwards.rbegin(), backwards.rend(), 0);
  EXPECT_EQ(values<int64_t>(x.flip({0, 1, -1})), backwards);
  EXPECT_TRUE(x.transpose(0, 1).flip({1}).equal(x.flip({0}).transpose(0, 1)));
  EXPECT_TRUE(x.flip({}).equal(x));
  EXPECT_TRUE(torch::empty({0, 2}).flip({0, 1}).equal(torch::empty({0, 2})));
  EXPECT_THROW(x.flip({1, 1}), adjoint::Error);
  EXPECT_THROW(x.flip({3}), adjoint::IndexError);
}

}  // namespace
