#include "adjoint/nn/init.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "adjoint/core/random.h"
#include "adjoint/nn/nn.h"
#include "adjoint/ops/creation.h"
#include "adjoint/tests/golden/golden.h"

namespace adjoint::nn {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

TEST(Init, FillsAsPytorchFromEqualSeeds) {
  const auto golden = golden::read("nn.txt");
  const auto expect_equal = [&](const std::string& name, const auto& fill, bool exact) {
    manual_seed(11);
    const Tensor filled = fill(empty({4, 3, 2, 3}, requires_grad().dtype(kFloat64)));
    const Tensor& expected = golden["init." + name];
    EXPECT_TRUE(exact ? filled.equal(expected) : filled.allclose(expected, 1e-14, 1e-15)) << name;
    EXPECT_TRUE(filled.is_leaf()) << name;
  };
  expect_equal(
      "uniform", [](Tensor t) { return init::uniform_(t, -2, 3); }, true);
  expect_equal(
      "normal", [](Tensor t) { return init::normal_(t, 1, 2); }, false);
  expect_equal(
      "constant", [](Tensor t) { return init::constant_(t, 0.3); }, true);
  expect_equal(
      "xavier_uniform",
      [](Tensor t) { return init::xavier_uniform_(t, init::calculate_gain(kTanh)); }, true);
  expect_equal(
      "xavier_normal", [](Tensor t) { return init::xavier_normal_(t, 0.5); }, false);
  expect_equal(
      "kaiming_uniform", [](Tensor t) { return init::kaiming_uniform_(t, 0.1); }, true);
  expect_equal(
      "kaiming_uniform_out", [](Tensor t) { return init::kaiming_uniform_(t, 0, kFanOut, kReLU); },
      true);
  expect_equal(
      "kaiming_normal", [](Tensor t) { return init::kaiming_normal_(t, 0, kFanIn, kReLU); }, false);
  expect_equal(
      "kaiming_normal_out", [](Tensor t) { return init::kaiming_normal_(t, 0.2, kFanOut); }, false);
}

TEST(Init, GainsArePytorchs) {
  const auto golden = golden::read("nn.txt");
  const auto gain = [&](const char* name) {
    return golden[std::string("gain.") + name].item<double>();
  };
  EXPECT_EQ(init::calculate_gain(kLinear), gain("linear"));
  EXPECT_EQ(init::calculate_gain(kConv2D), gain("conv2d"));
  EXPECT_EQ(init::calculate_gain(kConvTranspose2D), gain("conv_transpose2d"));
  EXPECT_EQ(init::calculate_gain(kSigmoid), gain("sigmoid"));
  EXPECT_EQ(init::calculate_gain(kTanh), gain("tanh"));
  EXPECT_EQ(init::calculate_gain(kReLU), gain("relu"));
  EXPECT_EQ(init::calculate_gain(kLeakyReLU), gain("leaky_relu"));
}

TEST(Init, LayersDrawInPytorchsOrder) {
  const auto golden = golden::read("nn.txt");
  manual_seed(7);
  const Sequential net({{"0", Conv2d(1, 3, 3)},
                        {"1", ReLU()},
                        {"2", ConvTranspose2d(3, 1, 2)},
                        {"3", Flatten()},
                        {"4", Linear(4, 5)}});
  const auto parameters = net->named_parameters();
  EXPECT_EQ(parameters.size(), 6u);
  for (const auto& p : parameters) EXPECT_TRUE(p->equal(golden["network." + p.key()])) << p.key();
}

TEST(Init, NeedsTwoDimensionsAndTakesEmptyTensors) {
  EXPECT_THAT([] { init::kaiming_uniform_(ones({3})); },
              ThrowsMessage<Error>(HasSubstr("at least 2 dimensions")));
  EXPECT_EQ(init::_calculate_fan_in_and_fan_out(ones({4, 3, 2, 5})), std::tuple(30, 40));
  EXPECT_NO_THROW(init::xavier_uniform_(empty({0, 0})));
  EXPECT_TRUE(init::ones_(empty({2})).equal(ones({2})));
  EXPECT_TRUE(init::zeros_(empty({2})).equal(zeros({2})));
}

}  // namespace
}  // namespace adjoint::nn
