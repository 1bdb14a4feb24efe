// Comparisons beyond what pointwise_test checks against PyTorch's numbers.

#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "adjoint/adjoint.h"

namespace torch = adjoint;
using adjoint::Tensor;

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInf = std::numeric_limits<double>::infinity();

Tensor of(std::vector<double> values, adjoint::ScalarType dtype = torch::kFloat64) {
  return torch::tensor(values, torch::kFloat64).to(dtype);
}

std::vector<bool> answers(const Tensor& t) {
  EXPECT_EQ(t.dtype(), torch::kBool);
  return std::vector<bool>(t.data_ptr<bool>(), t.data_ptr<bool>() + t.numel());
}

TEST(Compare, NumbersStandOnEitherSide) {
  const Tensor x = of({1, 2, 3});
  EXPECT_EQ(answers(x < 2), (std::vector<bool>{true, false, false}));
  EXPECT_EQ(answers(2 < x), (std::vector<bool>{false, false, true}));
  EXPECT_EQ(answers(x <= 2), (std::vector<bool>{true, true, false}));
  EXPECT_EQ(answers(2 <= x), (std::vector<bool>{false, true, true}));
  EXPECT_EQ(answers(x > 2), (std::vector<bool>{false, false, true}));
  EXPECT_EQ(answers(2 > x), (std::vector<bool>{true, false, false}));
  EXPECT_EQ(answers(x >= 2), (std::vector<bool>{false, true, true}));
  EXPECT_EQ(answers(2 >= x), (std::vector<bool>{true, true, false}));
  EXPECT_EQ(answers(x == 2), (std::vector<bool>{false, true, false}));
  EXPECT_EQ(answers(2 != x), (std::vector<bool>{true, false, true}));
}

TEST(Compare, TakesTheDtypeThatBothPromoteTo) {
  EXPECT_EQ(answers(of({0, 1}, torch::kInt64) < 0.5), (std::vector<bool>{true, false}));
  // 2^53 and 2^53 + 1 differ as integers, and are one float64.
  const Tensor large = torch::tensor({int64_t{1} << 53, (int64_t{1} << 53) + 1}, torch::kInt64);
  EXPECT_EQ(answers(large == (int64_t{1} << 53)), (std::vector<bool>{true, false}));
  EXPECT_EQ(answers(large == large.select(0, 0).to(torch::kFloat64).unsqueeze(0)),
            (std::vector<bool>{true, true}));
}

TEST(Compare, EqualLooksAtShapeAndEveryElement) {
  const Tensor x = of({1, 2, 3, 4}).view({2, 2});
  EXPECT_TRUE(x.equal(x.clone()));
  EXPECT_TRUE(x.t().equal(x.t().contiguous()));
  EXPECT_FALSE(x.equal(x.t()));
  EXPECT_FALSE(x.equal(x.flatten()));
  EXPECT_FALSE(of({kNaN}).equal(of({kNaN})));
  EXPECT_TRUE(torch::empty({0, 3}).equal(torch::empty({0, 3})));
  EXPECT_FALSE(torch::empty({0, 3}).equal(torch::empty({3, 0})));
  EXPECT_THROW(x.equal(x.to(torch::kFloat32)), adjoint::Error);
}

TEST(Compare, CloseIsRelativeToTheSecond) {
  EXPECT_EQ(answers(of({100, 100, 100}).isclose(of({101, 110, 99}), 0.01, 0)),
            (std::vector<bool>{true, false, false}));  // 1 <= 1.01, 10 > 1.1, 1 > 0.99
  EXPECT_EQ(answers(of({0, 0}).isclose(of({1e-9, 1e-7}))), (std::vector<bool>{true, false}));
  EXPECT_EQ(answers(of({kInf, kInf, -kInf, 1}).isclose(of({kInf, 1, kInf, kInf}))),
            (std::vector<bool>{true, false, false, false}));
  EXPECT_EQ(answers(of({kNaN, kNaN}).isclose(of({kNaN, 1}))), (std::vector<bool>{false, false}));
  EXPECT_EQ(answers(of({kNaN, kNaN}).isclose(of({kNaN, 1}), 1e-5, 1e-8, true)),
            (std::vector<bool>{true, false}));
  EXPECT_TRUE(of({1, 2}, torch::kInt32).allclose(of({1, 2}, torch::kInt32)));
  EXPECT_FALSE(of({1, 2}).allclose(of({1, 2.1})));
  EXPECT_THROW(of({1}).isclose(of({1}), -1), adjoint::Error);
}

TEST(Compare, NothingIsRecorded) {
  const Tensor x = of({1, 2}).requires_grad_();
  EXPECT_FALSE((x < 2).requires_grad());
  EXPECT_FALSE(x.isfinite().requires_grad());
}

}  // namespace
