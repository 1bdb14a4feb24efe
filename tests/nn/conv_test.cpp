#include "adjoint/nn/modules/conv.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "adjoint/core/random.h"
#include "adjoint/nn/functional.h"
#include "adjoint/nn/modules/sequential.h"
#include "adjoint/ops/arithmetic.h"
#include "adjoint/ops/conv.h"
#include "adjoint/ops/creation.h"
#include "adjoint/tests/golden/golden.h"

namespace adjoint::nn {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

/// Whether two float64 tensors agree to 1e-12, relative to the largest element.
testing::AssertionResult agree(const Tensor& got, const Tensor& expected) {
  if (got.sizes() != expected.sizes()) {
    return testing::AssertionFailure() << got.sizes() << " is not " << expected.sizes();
  }
  const double error = (got - expected).abs().max().item<double>();
  const double scale = expected.abs().max().item<double>();
  if (error <= 1e-12 * scale) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "differs by " << error << " of " << scale;
}

/// Initial values bit by bit, then value and gradients, against PyTorch's layer made from `seed`.
template <class Layer, class... Options>
void expect_as_pytorch(const std::string& name, uint64_t seed, Options&&... options) {
  SCOPED_TRACE(name);
  static const auto golden = golden::read("nn.txt");
  manual_seed(seed);
  Layer layer(std::forward<Options>(options)...);
  for (const auto& parameter : layer->named_parameters()) {
    EXPECT_TRUE(parameter->equal(golden[name + "." + parameter.key()])) << parameter.key();
  }
  layer->to(kFloat64);
  const Tensor x = golden[name + ".x"].clone().requires_grad_();
  const Tensor y = layer->forward(x);
  EXPECT_TRUE(agree(y.detach(), golden[name + ".y"]));
  y.backward(golden[name + ".upstream"]);
  EXPECT_TRUE(agree(x.grad(), golden[name + ".x.grad"]));
  for (const auto& parameter : layer->named_parameters()) {
    EXPECT_TRUE(agree(parameter->grad(), golden[name + "." + parameter.key() + ".grad"]))
        << parameter.key();
  }
}

TEST(ConvLayers, EqualPytorch) {
  expect_as_pytorch<Conv2d>(
      "conv2d", 2,
      Conv2dOptions(4, 6, {3, 2}).stride({2, 1}).padding({1, 2}).dilation({1, 2}).groups(2));
  expect_as_pytorch<Conv2d>("conv2d_same", 3,
                            Conv2dOptions(2, 3, {4, 3}).padding(kSame).dilation({1, 2}));
  expect_as_pytorch<Conv2d>("conv2d_valid", 4,
                            Conv2dOptions(2, 3, {2, 3}).padding(kValid).bias(false));
  expect_as_pytorch<Conv1d>("conv1d", 5, Conv1dOptions(2, 4, 3).stride(2).padding(1));
  expect_as_pytorch<ConvTranspose2d>("conv_transpose2d", 6,
                                     ConvTranspose2dOptions(4, 6, {3, 2})
                                         .stride({3, 2})
                                         .padding({1, 0})
                                         .output_padding({2, 1})
                                         .groups(2)
                                         .dilation({2, 1}));
  expect_as_pytorch<ConvTranspose1d>(
      "conv_transpose1d", 7,
      ConvTranspose1dOptions(3, 2, 4).stride(3).padding(1).output_padding(1));
}

TEST(ConvLayers, WithoutBiasHaveNone) {
  Conv2d conv(Conv2dOptions(1, 2, 3).bias(false));
  EXPECT_FALSE(conv->bias.defined());
  EXPECT_THAT(conv->named_parameters().keys(), ElementsAre("weight"));
}

TEST(ConvLayers, TakeImagesWithoutBatch) {
  Conv2d conv(2, 3, 2);
  const Tensor image = ones({2, 4, 5});
  EXPECT_TRUE(conv->forward(image).equal(conv->forward(image.unsqueeze(0)).squeeze(0)));
}

TEST(ConvTranspose2d, OutputSizeChoosesAmongPossibleSizes) {
  ConvTranspose2d deconv(
      ConvTranspose2dOptions(2, 3, {3, 2}).stride({3, 2}).padding({1, 0}).dilation({2, 1}));
  const Tensor x = ones({1, 2, 4, 5});
  // (4 - 1) 3 - 2 + 2 (3 - 1) + 1 = 12 to 14, and (5 - 1) 2 + (2 - 1) + 1 = 10 to 11.
  EXPECT_THAT(deconv->forward(x).sizes().vec(), ElementsAre(1, 3, 12, 10));
  const std::vector<int64_t> hw = {14, 11}, whole = {1, 3, 13, 10};
  EXPECT_THAT(deconv->forward(x, hw).sizes().vec(), ElementsAre(1, 3, 14, 11));
  EXPECT_THAT(deconv->forward(x, whole).sizes().vec(), ElementsAre(1, 3, 13, 10));
  EXPECT_THAT(deconv->forward(x[0], hw).sizes().vec(), ElementsAre(3, 14, 11));
  for (const std::vector<int64_t>& wrong :
       {std::vector<int64_t>{15, 10}, {11, 10}, {12, 9}, {12, 12}}) {
    EXPECT_THAT([&] { deconv->forward(x, wrong); },
                ThrowsMessage<Error>(HasSubstr("can become sizes from [12, 10] to [14, 11], but "
                                               "output_size is [")))
        << wrong[0];
  }
  const std::vector<int64_t> three = {3, 12, 10};
  EXPECT_THAT([&] { deconv->forward(x, three); },
              ThrowsMessage<Error>(HasSubstr("expected output_size to have 2 or 4 numbers")));
  Sequential net(deconv);
  EXPECT_TRUE(net->forward(x).equal(deconv->forward(x)));
}

TEST(ConvLayers, RejectImpossibleOptions) {
  const auto expect_error = [](const auto& options, const std::string& message) {
    using Layer = std::conditional_t<std::is_same_v<std::decay_t<decltype(options)>, Conv2dOptions>,
                                     Conv2d, ConvTranspose2d>;
    EXPECT_THAT([&] { Layer layer(options); }, ThrowsMessage<Error>(HasSubstr(message)));
  };
  expect_error(Conv2dOptions(0, 2, 3),
               "Conv2d: expected in_channels and out_channels > 0, got 0 and 2");
  expect_error(Conv2dOptions(2, -1, 3), "got 2 and -1");
  expect_error(Conv2dOptions(4, 6, 3).groups(3), "groups is 3, in_channels 4, out_channels 6");
  expect_error(Conv2dOptions(4, 6, 3).groups(0), "groups is 0");
  expect_error(Conv2dOptions(1, 1, {3, 0}), "Conv2d: expected kernel_size >= 1, got [3, 0]");
  expect_error(Conv2dOptions(1, 1, 3).stride({1, 0}), "expected stride >= 1, got [1, 0]");
  expect_error(Conv2dOptions(1, 1, 3).dilation(0), "expected dilation >= 1");
  expect_error(Conv2dOptions(1, 1, 3).padding({0, -1}), "expected padding >= 0, got [0, -1]");
  expect_error(Conv2dOptions(1, 1, 3).padding(kSame).stride({1, 2}), "kSame needs stride 1");
  expect_error(ConvTranspose2dOptions(1, 1, 3).padding_mode(kReflect), "got kReflect");
  expect_error(ConvTranspose2dOptions(1, 1, 3).padding(-1),
               "ConvTranspose2d: expected padding >= 0");
  expect_error(ConvTranspose2dOptions(1, 1, 3).output_padding({0, -1}),
               "expected output_padding >= 0");
  expect_error(ConvTranspose2dOptions(1, 1, 3).stride({2, 1}).output_padding(1),
               "output_padding is [1, 1], stride [2, 1], dilation [1, 1]");
  EXPECT_NO_THROW(ConvTranspose2d(ConvTranspose2dOptions(1, 1, 3).dilation(2).output_padding(1)));
  EXPECT_THAT(
      [] {
        Conv2dOptions(1, 1, {1, 2, 3});
      },
      ThrowsMessage<Error>(HasSubstr("expected 2 numbers, or one for all dimensions")));
}

TEST(ConvLayers, RejectWrongInputs) {
  Conv2d conv(16, 32, 3);
  EXPECT_THAT(
      [&] {
        conv->forward(ones({8, 3, 28, 28}));
      },
      ThrowsMessage<Error>(AllOf(HasSubstr("conv2d"), HasSubstr("16"), HasSubstr("3"))));
  EXPECT_THROW(conv->forward(ones({16, 28})), Error);
  EXPECT_THROW(conv->forward(ones({1, 16, 2, 28})), Error);
  EXPECT_THROW(conv->forward(ones({1, 16, 28, 28}, kFloat64)), Error);
  EXPECT_THROW(conv->forward(Tensor()), Error);
  ConvTranspose2d deconv(16, 32, 3);
  EXPECT_THROW(deconv->forward(ones({8, 3, 28, 28})), Error);
  const std::vector<int64_t> size = {3, 3};
  EXPECT_THROW(deconv->forward(ones({28}), size), Error);
}

TEST(ConvFunctional, PassesOptionsOn) {
  namespace F = functional;
  manual_seed(1);
  Conv2d conv(Conv2dOptions(2, 4, {3, 2}).stride(2).padding({1, 0}).groups(2));
  ConvTranspose2d deconv(
      ConvTranspose2dOptions(2, 4, {3, 2}).stride({2, 3}).padding({1, 0}).output_padding(1));
  const Tensor x = empty({2, 2, 6, 5}).normal_();
  EXPECT_TRUE(conv(x).equal(conv2d(x, conv->weight, conv->bias, 2, {1, 0}, 1, 2)));
  EXPECT_TRUE(conv(x).equal(
      F::conv2d(x, conv->weight,
                F::Conv2dFuncOptions().bias(conv->bias).stride(2).padding({1, 0}).groups(2))));
  EXPECT_TRUE(F::conv2d(x, conv->weight, F::Conv2dFuncOptions().padding(kSame).groups(2))
                  .equal(conv2d(x, conv->weight, {}, 1, "same", 1, 2)));
  EXPECT_TRUE(
      deconv(x).equal(conv_transpose2d(x, deconv->weight, deconv->bias, {2, 3}, {1, 0}, 1)));
  EXPECT_TRUE(deconv(x).equal(F::conv_transpose2d(x, deconv->weight,
                                                  F::ConvTranspose2dFuncOptions()
                                                      .bias(deconv->bias)
                                                      .stride({2, 3})
                                                      .padding({1, 0})
                                                      .output_padding(1))));
}

}  // namespace
}  // namespace adjoint::nn
