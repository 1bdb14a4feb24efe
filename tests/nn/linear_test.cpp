#include "adjoint/nn/modules/linear.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "adjoint/core/random.h"
#include "adjoint/nn/modules/activation.h"
#include "adjoint/nn/modules/loss.h"
#include "adjoint/ops/arithmetic.h"
#include "adjoint/ops/creation.h"
#include "adjoint/tests/golden/golden.h"

namespace adjoint::nn {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

TEST(Linear, EqualsPytorch) {
  const auto golden = golden::read("nn.txt");
  for (const bool bias : {true, false}) {
    const std::string name = bias ? "linear." : "linear_no_bias.";
    manual_seed(bias ? 0 : 1);
    Linear layer(LinearOptions(5, 3).bias(bias));
    for (const auto& p : layer->named_parameters()) {
      EXPECT_TRUE(p->equal(golden[name + p.key()])) << name << p.key();
    }
    layer->to(kFloat64);
    const Tensor x = golden[name + "x"].clone().requires_grad_();
    const Tensor y = layer->forward(x);
    EXPECT_TRUE(y.allclose(golden[name + "y"], 1e-12, 1e-14));
    y.backward(golden[name + "upstream"]);
    EXPECT_TRUE(x.grad().allclose(golden[name + "x.grad"], 1e-12, 1e-14));
    for (const auto& p : layer->named_parameters()) {
      EXPECT_TRUE(p->grad().allclose(golden[name + p.key() + ".grad"], 1e-12, 1e-14)) << p.key();
    }
  }
}

TEST(Linear, TakesEmptySizesAndRejectsWrongOnes) {
  Linear none(0, 2);
  EXPECT_TRUE(none->bias.equal(zeros({2})));
  EXPECT_TRUE(none->forward(ones({3, 0})).equal(zeros({3, 2})));
  EXPECT_THAT([] { Linear(-1, 2); }, ThrowsMessage<Error>(HasSubstr("got -1 and 2")));
  EXPECT_THAT(
      [] {
        Linear(3, 2)->forward(ones({4, 5}));
      },
      ThrowsMessage<Error>(HasSubstr("linear")));
}

TEST(Flatten, AndUnflattenAreInverse) {
  const Tensor x = ones({2, 3, 4, 5});
  EXPECT_THAT(Flatten()(x).sizes().vec(), ElementsAre(2, 60));
  EXPECT_THAT(Flatten(FlattenOptions().start_dim(0).end_dim(1))(x).sizes().vec(),
              ElementsAre(6, 4, 5));
  Unflatten unflatten(UnflattenOptions(1, {3, 4, -1}));
  EXPECT_THAT(unflatten(Flatten()(x)).sizes().vec(), ElementsAre(2, 3, 4, 5));
  EXPECT_THROW(unflatten(ones({2, 61})), Error);
  EXPECT_TRUE(Identity()(x).is_same(x));
}

TEST(Activations, AreTheOperations) {
  Tensor x = tensor({-2.0, 0.0, 3.0});
  EXPECT_TRUE(ReLU()(x).equal(tensor({0.0, 0.0, 3.0})));
  EXPECT_TRUE(Sigmoid()(x).equal(x.sigmoid()));
  EXPECT_TRUE(Tanh()(x).equal(x.tanh()));
  EXPECT_TRUE(ReLU(ReLUOptions(true))(x).is_same(x));
  EXPECT_EQ(x[0].item<float>(), 0);
}

TEST(Losses, ReduceAsAsked) {
  const Tensor x = tensor({0.5, 0.25}), target = tensor({1.0, 0.0});
  EXPECT_TRUE(MSELoss(kNone)(x, target).equal(tensor({0.25, 0.0625})));
  EXPECT_EQ(MSELoss(kSum)(x, target).item<float>(), 0.3125f);
  EXPECT_EQ(MSELoss()(x, target).item<float>(), 0.15625f);
  EXPECT_EQ(functional::mse_loss(x, target, kSum).item<float>(), 0.3125f);

  const double first = std::log(2), second = std::log(4.0 / 3.0);
  const auto bce = [&](const BCELossOptions& options) { return BCELoss(options)(x, target); };
  EXPECT_NEAR(BCELoss()(x, target).item<float>(), (first + second) / 2, 1e-7);
  EXPECT_NEAR(bce(BCELossOptions().reduction(kSum)).item<float>(), first + second, 1e-7);
  EXPECT_NEAR(bce(BCELossOptions().reduction(kSum).weight(tensor({2.0, 0.0}))).item<float>(),
              2 * first, 1e-7);
  EXPECT_THAT(bce(BCELossOptions().reduction(kNone)).sizes().vec(), ElementsAre(2));
}

TEST(BCELoss, OwnsItsWeight) {
  BCELoss loss(BCELossOptions().weight(ones({2})));
  const auto copy = std::dynamic_pointer_cast<BCELossImpl>(loss->clone());
  loss->to(kFloat64);
  EXPECT_EQ(loss->options.weight().scalar_type(), kFloat64);
  EXPECT_EQ(copy->options.weight().scalar_type(), kFloat32);
}

}  // namespace
}  // namespace adjoint::nn
