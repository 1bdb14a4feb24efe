// The convolution layers with every kind of padding, and the transposed ones with every output size
// they have, against PyTorch (conv_layers.py).

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "adjoint/adjoint.h"
#include "adjoint/nn/functional.h"
#include "adjoint/nn/modules/conv.h"
#include "adjoint/ops/conv.h"
#include "adjoint/ops/creation.h"
#include "adjoint/ops/join.h"
#include "adjoint/ops/pad.h"
#include "adjoint/ops/random.h"
#include "adjoint/tests/golden/golden.h"
#include "adjoint/tests/ops/pattern.h"

namespace adjoint::nn {
namespace {

using ::testing::HasSubstr;
using testing::pattern;
using ::testing::ThrowsMessage;
using Golden = OrderedDict<std::string, Tensor>;

/// Reads the numbers of a list, D at a time or one by one.
class Reader {
 public:
  explicit Reader(const Tensor& list) : at_(list.data_ptr<int64_t>()) {}
  int64_t one() { return *at_++; }
  template <std::size_t D>
  ExpandingArray<D> list() {
    at_ += D;
    return IntArrayRef(at_ - D, D);
  }

 private:
  const int64_t* at_;
};

void expect_close(const Tensor& got, const Tensor& expected) {
  ASSERT_EQ(got.sizes(), expected.sizes());
  EXPECT_TRUE(got.detach().allclose(expected, 1e-12, 1e-12));
}

/// Gives the layer the script's weights and input; forward(layer, input) is its value.
template <class Layer, class Forward>
void expect_as_pytorch(const Golden& golden, const std::string& name, Layer layer,
                       const Forward& forward) {
  layer->to(kFloat64);
  layer->weight.data().copy_(pattern(layer->weight.sizes(), 2));
  if (layer->bias.defined()) layer->bias.data().copy_(pattern(layer->bias.sizes(), 3));
  const Tensor shape = golden[name + ".input"];
  const Tensor x =
      pattern(IntArrayRef(shape.data_ptr<int64_t>(), static_cast<std::size_t>(shape.numel())), 1)
          .requires_grad_();
  const Tensor y = forward(layer, x);
  expect_close(y, golden[name + ".value"]);
  y.backward(pattern(y.sizes(), 4));
  expect_close(x.grad(), golden[name + ".d_input"]);
  expect_close(layer->weight.grad(), golden[name + ".d_weight"]);
  if (layer->bias.defined()) expect_close(layer->bias.grad(), golden[name + ".d_bias"]);
}

template <class Layer, std::size_t D>
void expect_conv_as_pytorch() {
  const Golden golden = golden::read("conv_layers.txt");
  for (int i = 0; i < 12; ++i) {
    const std::string name = fmt::format("conv{}d.{}", D, i);
    SCOPED_TRACE(name);
    Reader read(golden[name + ".options"]);
    ConvOptions<D> options(2, 4, read.list<D>());
    options.stride(read.list<D>());
    const ExpandingArray<D> numbers = read.list<D>();
    options.dilation(read.list<D>()).groups(read.one()).bias(read.one() != 0);
    const detail::conv_padding_mode_t modes[] = {kZeros, kReflect, kReplicate, kCircular};
    options.padding_mode(modes[read.one()]);
    const detail::conv_padding_t<D> paddings[] = {numbers, kSame, kValid};
    options.padding(paddings[read.one()]);
    expect_as_pytorch(golden, name, Layer(options),
                      [](Layer& layer, const Tensor& x) { return layer->forward(x); });
  }
}

TEST(ConvPadding, Conv1dEqualsPyTorch) { expect_conv_as_pytorch<Conv1d, 1>(); }
TEST(ConvPadding, Conv2dEqualsPyTorch) { expect_conv_as_pytorch<Conv2d, 2>(); }

template <class Layer, std::size_t D>
void expect_output_sizes_as_pytorch(int sizes) {
  const Golden golden = golden::read("conv_layers.txt");
  for (int i = 0; i < sizes; ++i) {
    const std::string name = fmt::format("conv_transpose{}d.{}", D, i);
    SCOPED_TRACE(name);
    Reader read(golden[name + ".options"]);
    ConvTransposeOptions<D> options(4, 2, read.list<D>());
    options.groups(2).stride(read.list<D>()).padding(read.list<D>()).dilation(read.list<D>());
    const ExpandingArray<D> wanted = read.list<D>();
    expect_as_pytorch(golden, name, Layer(options), [&](Layer& layer, const Tensor& x) {
      return layer->forward(x, IntArrayRef(wanted));
    });
  }
}

TEST(ConvPadding, ConvTranspose1dOutputSizes) {
  expect_output_sizes_as_pytorch<ConvTranspose1d, 1>(3);
  ConvTranspose1d layer(ConvTranspose1dOptions(4, 2, 3).stride(3).padding(1).dilation(2));
  // (4 - 1) 3 - 2 + 2 (3 - 1) + 1 = 12, and the stride's two more.
  EXPECT_THAT(
      [&] {
        layer->forward(ones({1, 4, 4}), IntArrayRef(15));
      },
      ThrowsMessage<Error>(HasSubstr("from [12] to [14], but output_size is [15]")));
}
TEST(ConvPadding, ConvTranspose2dOutputSizes) {
  expect_output_sizes_as_pytorch<ConvTranspose2d, 2>(2);
}

TEST(ConvPadding, IsThePaddedInputsConvolution) {
  manual_seed(0);
  const Tensor x = randn({2, 3, 5, 6});
  Conv2d same(Conv2dOptions(3, 2, {4, 3}).dilation({1, 2}).padding(kSame).padding_mode(kReflect));
  // 3 more rows, of which the odd one comes last, and 2 times 2 columns.
  EXPECT_TRUE(same(x).equal(
      conv2d(pad(x, {2, 2, 1, 2}, "reflect"), same->weight, same->bias, 1, 0, {1, 2})));
  EXPECT_EQ(same(x).sizes(), IntArrayRef({2, 2, 5, 6}));
  EXPECT_TRUE(same(x[0]).equal(same(x)[0]));  // unbatched
  Conv2d wide(Conv2dOptions(3, 2, 3).padding({5, 1}).padding_mode(kReflect));
  EXPECT_THAT([&] { wide->forward(x); }, ThrowsMessage<Error>(HasSubstr("less than the size")));
}

TEST(ConvPadding, PrintsAsLibtorch) {
  const auto printed = [](const auto& layer) {
    std::ostringstream out;
    out << layer;
    return out.str();
  };
  EXPECT_EQ(printed(Conv2d(Conv2dOptions(2, 4, 3).padding(1).padding_mode(kReflect))),
            "torch::nn::Conv2d(2, 4, kernel_size=[3, 3], stride=[1, 1], padding=[1, 1], "
            "padding_mode=kReflect)");
  EXPECT_EQ(printed(Conv2d(
                Conv2dOptions(2, 4, {3, 2}).padding(kSame).padding_mode(kCircular).bias(false))),
            "torch::nn::Conv2d(2, 4, kernel_size=[3, 2], stride=[1, 1], padding='same', "
            "bias=false, padding_mode=kCircular)");
  EXPECT_EQ(printed(Conv1d(
                Conv1dOptions(2, 4, 3).padding(2).padding_mode(kReplicate).groups(2).dilation(2))),
            "torch::nn::Conv1d(2, 4, kernel_size=3, stride=1, padding=2, dilation=2, groups=2, "
            "padding_mode=kReplicate)");
}

}  // namespace
}  // namespace adjoint::nn
