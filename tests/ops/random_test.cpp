#include "adjoint/ops/random.h"

#include <fstream>
#include <map>
#include <sstream>

#include <gtest/gtest.h>

#include "adjoint/autograd/grad_mode.h"
#include "adjoint/ops/arithmetic.h"
#include "adjoint/ops/creation.h"

namespace adjoint {
namespace {

std::map<std::string, std::vector<double>> golden() {
  std::ifstream file(ADJOINT_TESTS_DIR "/golden/random_ops.txt");
  std::map<std::string, std::vector<double>> found;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string name, word;
    words >> name;
    while (words >> word) found[name].push_back(std::stod(word));
  }
  return found;
}

std::vector<double> elements(const Tensor& t) {
  const Tensor dense = t.to(kFloat64).contiguous();
  return {dense.data_ptr<double>(), dense.data_ptr<double>() + dense.numel()};
}

TEST(RandomOps, EqualPyTorchsForTheSameSeed) {
  const auto expected = golden();
  ASSERT_EQ(expected.size(), 30u);
  const auto expect = [&](const std::string& name, const Tensor& t) {
    EXPECT_EQ(elements(t), expected.at(name)) << name;
  };
  manual_seed(11);
  expect("rand", rand({2, 3}));
  expect("rand_f64", rand({5}, kFloat64));
  expect("randn", randn({3, 7}));
  expect("randn_few", randn({3}, kFloat64));
  expect("randint", randint(10, {4}));
  expect("randint_low_f32", randint(-5, 5, {2, 3}, kFloat32));
  expect("randperm", randperm(9));
  expect("normal", normal(1.5, 0.25, {4, 5}));

  const Tensor means = arange(6, kFloat64).view({2, 3}), stds = tensor({0.5, 1.0, 2.0}, kFloat64);
  expect("normal_mean", normal(means, 0.5));
  expect("normal_std", normal(2.0, stds));
  expect("normal_both", normal(means, stds));
  expect("bernoulli", bernoulli(means / 5));
  expect("bernoulli_p", bernoulli(means, 0.25));
  expect("bernoulli_transposed_p", empty({3, 2}).bernoulli_((means / 5).t()));
  expect("bernoulli_broadcast", empty({3, 2}).t().bernoulli_(stds / 2));

  const Tensor transposed = zeros({3, 4}, kFloat64).t();
  expect("rand_like_transposed", rand_like(transposed));
  expect("randn_like_transposed", randn_like(transposed));
  expect("randn_like_transposed_many", randn_like(zeros({5, 4}).t()));
  expect("randint_like_transposed", randint_like(transposed, 100));
  expect("rand_like_expanded", rand_like(zeros({3, 1}, kFloat64).expand({3, 4})));
  expect("uniform_sliced", zeros({4, 6}).slice(1, 0, std::nullopt, 2).uniform_(-1, 3));
  expect("normal_permuted", zeros({2, 3, 4}).permute({1, 2, 0}).normal_(1, 2));
  expect("random_sliced", zeros({5, 4}, kInt64).slice(0, 1, std::nullopt, 2).t().random_(1000));
  expect("random_all", zeros({2, 2}, kUInt8).random_());
  expect("bernoulli_permuted", zeros({2, 3, 4}).permute({2, 0, 1}).bernoulli_(0.5));
  expect("dropout", dropout(arange(1.0, 13.0).view({3, 4}), 0.25, true));
  expect("dropout_transposed", dropout(arange(1.0, 13.0).view({3, 4}).t(), 0.5, true));
  expect("bernoulli_transposed", bernoulli((means / 5).t()));
  expect("normal_transposed", normal(means.t(), 0.5));
  expect("rand_last", rand({2}));
}

TEST(RandomOps, AGeneratorOfOnesOwnLeavesTheDefaultOneAlone) {
  manual_seed(3);
  const Tensor expected = rand({4});
  Generator own = make_generator(3);
  manual_seed(3);
  EXPECT_TRUE(rand({4}, own).equal(expected));
  EXPECT_TRUE(rand({4}).equal(expected));
  EXPECT_FALSE(empty({4}).uniform_(0, 1, own).equal(expected));
}

TEST(RandomOps, OptionsGiveDtypeAndRequiresGrad) {
  const Tensor x = randn({2, 3}, dtype(kFloat64).requires_grad(true));
  EXPECT_TRUE(x.requires_grad());
  EXPECT_TRUE(x.is_leaf());
  EXPECT_EQ(x.dtype(), kFloat64);
  EXPECT_EQ(rand_like(x, kFloat32).dtype(), kFloat32);
  EXPECT_FALSE(rand_like(x).requires_grad());
  EXPECT_EQ(randint(5, {2}, kInt32).dtype(), kInt32);
}

TEST(RandomOps, WhatIsOverwrittenGetsNoGradient) {
  const Tensor x = ones({3}, requires_grad());
  Tensor y = x * 2;
  y.slice(0, 0, 2).uniform_();
  y.backward(tensor({1.0, 1.0, 5.0}));
  EXPECT_TRUE(x.grad().equal(tensor({0.0, 0.0, 10.0}))) << x.grad();
  EXPECT_THROW(x.normal_(), Error);
  {
    const NoGradGuard no_grad;
    const int64_t version = x._version();
    x.normal_();
    EXPECT_EQ(x._version(), version + 1);
  }
}

TEST(RandomOps, DropoutScalesTheSurvivorsAndTheirGradient) {
  const Tensor x = ones({1000}, requires_grad());
  const Tensor y = dropout(x, 0.75, true);
  y.sum().backward();
  EXPECT_TRUE(x.grad().equal(y));
  EXPECT_TRUE((y * (y - 4)).equal(zeros({1000})));
  EXPECT_TRUE(dropout(x, 0.75, false).is_same(x));
  EXPECT_TRUE(dropout(x, 1, true).equal(zeros({1000})));
  EXPECT_THROW(dropout(x, 1.5, false), Error);
}

TEST(RandomOps, RefuseExpandedTensorsAndWrongArguments) {
  EXPECT_THROW(zeros({1}).expand({3}).uniform_(), Error);
  EXPECT_THROW(zeros({3}, kInt64).uniform_(), Error);
  EXPECT_THROW(zeros({3}).bernoulli_(ones({2})), Error);
  EXPECT_THROW(zeros({3}).bernoulli_(ones({3}, kInt64)), Error);
  EXPECT_THROW(randint(5, 5, {2}), Error);
  EXPECT_THROW(randperm(-1), Error);
  EXPECT_THROW(randperm(3, kBool), Error);
}

}  // namespace
}  // namespace adjoint
