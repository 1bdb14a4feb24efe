// Seed document 000 (github.com/leelabcnbc/unsup-pytorch/issues/2): a ConvTranspose2d that makes an
// image from a code of four channels computes the sum over the channels of the full convolution of
// code and kernel, kernel flipped and all, which is what scipy.signal.convolve computes.

#include <gtest/gtest.h>

#include "adjoint/adjoint.h"
#include "adjoint/tests/golden/golden.h"

namespace adjoint {
namespace {

/// scipy.signal.convolve(a, b) of two images, mode "full": result[i, j] is the sum of
/// a[p, q] b[i - p, j - q]. By loops, in float64.
Tensor convolve(const Tensor& a, const Tensor& b) {
  const Tensor da = a.detach().to(kFloat64).contiguous(), db = b.detach().to(kFloat64).contiguous();
  const int64_t height = a.size(0) + b.size(0) - 1, width = a.size(1) + b.size(1) - 1;
  const Tensor result = zeros({height, width}, kFloat64);
  const double *pa = da.data_ptr<double>(), *pb = db.data_ptr<double>();
  double* const out = result.data_ptr<double>();
  for (int64_t p = 0; p < a.size(0); ++p)
    for (int64_t q = 0; q < a.size(1); ++q)
      for (int64_t i = 0; i < b.size(0); ++i)
        for (int64_t j = 0; j < b.size(1); ++j)
          out[(p + i) * width + q + j] += pa[p * a.size(1) + q] * pb[i * b.size(1) + j];
  return result;
}

double max_difference(const Tensor& a, const Tensor& b) {
  return (a.detach().to(kFloat64) - b.detach().to(kFloat64)).abs().max().item<double>();
}

TEST(Seed000, ConvolveIsScipys) {
  // The seed's forward_debug: these numbers are scipy's.
  const Tensor ones_code = ones({2, 2}), kernel = arange(1, 10, kFloat32).view({3, 3});
  EXPECT_TRUE(
      convolve(kernel, ones_code)
          .equal(tensor(
              {{1., 3., 5., 3.}, {5., 12., 16., 9.}, {11., 24., 28., 15.}, {7., 15., 17., 9.}},
              kFloat64)));
}

TEST(Seed000, FourChannelLayerIsASumOfConvolutions) {
  manual_seed(0);
  const int64_t num_channel_code = 4, kernel_size = 9;
  const Tensor input = empty({1, num_channel_code, 17, 17}).normal_(0, 1);
  nn::ConvTranspose2d code_to_image(
      nn::ConvTranspose2dOptions(num_channel_code, 1, kernel_size).bias(false));

  const Tensor output = code_to_image(input)[0][0];
  const Tensor weight = code_to_image->weight.select(1, 0), code = input[0];
  EXPECT_EQ(output.sizes(), IntArrayRef({25, 25}));
  EXPECT_EQ(weight.sizes(), IntArrayRef({4, 9, 9}));
  EXPECT_EQ(code.sizes(), IntArrayRef({4, 17, 17}));

  Tensor reference = zeros({25, 25}, kFloat64), swapped = zeros({25, 25}, kFloat64);
  for (int64_t c = 0; c < num_channel_code; ++c) {
    reference = reference + convolve(weight[c], code[c]);
    swapped = swapped + convolve(code[c], weight[c]);
  }
  EXPECT_LT(max_difference(reference, swapped), 1e-13);  // "these two are the same"
  // The seed printed 6.25848770142e-07 and asserted less than 1e-6. That number is the rounding of
  // another BLAS on another PyTorch's initial values, so only its order can come back: it is that
  // of float32 sums of 324 terms, more than nothing and less than the seed's bound.
  const double deviation = max_difference(output, reference);
  EXPECT_GT(deviation, 1e-8);
  EXPECT_LT(deviation, 1e-6);
}

TEST(Seed000, FourChannelLayerHasPyTorchsNumbers) {
  // The same program in PyTorch 1.13, whose normal_ is vectorised and equals ours within rounding.
  const auto golden = golden::read("seed_000.txt");
  manual_seed(0);
  const Tensor input = empty({1, 4, 17, 17}).normal_(0, 1);
  nn::ConvTranspose2d layer(nn::ConvTranspose2dOptions(4, 1, 9).bias(false));
  EXPECT_LT(max_difference(input, golden["input"]), 1e-6);
  EXPECT_TRUE(layer->weight.detach().equal(golden["weight"]));
  EXPECT_LT(max_difference(layer(input), golden["output"]), 2e-6);
  EXPECT_LT(golden["deviation"].item<double>(), 1e-6);  // PyTorch's own, from scipy
}

TEST(Seed000, IntegersAgreeToTheBit) {
  manual_seed(0);
  const Tensor input = randint(-5, 6, {1, 4, 17, 17}, kFloat32);
  nn::ConvTranspose2d layer(nn::ConvTranspose2dOptions(4, 1, 9).bias(false));
  layer->weight.data().copy_(randint(-5, 6, {4, 1, 9, 9}, kFloat32));
  Tensor reference = zeros({25, 25}, kFloat64);
  for (int64_t c = 0; c < 4; ++c)
    reference = reference + convolve(layer->weight[c][0], input[0][c]);
  EXPECT_TRUE(layer(input)[0][0].to(kFloat64).equal(reference));
}

TEST(Seed000, EachPixelOfTheCodeAddsAShiftedKernel) {
  const Tensor code = ones({2, 2}), kernel = arange(1, 10, kFloat32).view({3, 3});
  nn::ConvTranspose2d layer(nn::ConvTranspose2dOptions(1, 1, 3).bias(false));
  ASSERT_EQ(layer->weight.sizes(), IntArrayRef({1, 1, 3, 3}));
  layer->weight.data().copy_(kernel);

  const Tensor output = layer(code.view({1, 1, 2, 2}))[0][0];
  EXPECT_TRUE(output.equal(
      tensor({{1., 3., 5., 3.}, {5., 12., 16., 9.}, {11., 24., 28., 15.}, {7., 15., 17., 9.}})));
  EXPECT_TRUE(layer->weight[0][0].equal(tensor({{1., 2., 3.}, {4., 5., 6.}, {7., 8., 9.}})));
  EXPECT_EQ(max_difference(output, convolve(kernel, code)), 0.0);

  const Tensor codes[] = {tensor({{1., 0.}, {0., 0.}}), tensor({{0., 1.}, {0., 0.}}),
                          tensor({{0., 0.}, {1., 0.}}), tensor({{0., 0.}, {0., 1.}})};
  const Tensor images[] = {
      tensor({{1., 2., 3., 0.}, {4., 5., 6., 0.}, {7., 8., 9., 0.}, {0., 0., 0., 0.}}),
      tensor({{0., 1., 2., 3.}, {0., 4., 5., 6.}, {0., 7., 8., 9.}, {0., 0., 0., 0.}}),
      tensor({{0., 0., 0., 0.}, {1., 2., 3., 0.}, {4., 5., 6., 0.}, {7., 8., 9., 0.}}),
      tensor({{0., 0., 0., 0.}, {0., 1., 2., 3.}, {0., 4., 5., 6.}, {0., 7., 8., 9.}})};
  Tensor sum = zeros({4, 4});
  for (int64_t idx = 0; idx < 4; ++idx) {
    const Tensor hole = zeros({4});
    hole[idx].fill_(1);
    EXPECT_TRUE(hole.view({2, 2}).equal(codes[idx]));
    const Tensor section = layer(hole.view({1, 1, 2, 2}))[0][0];
    EXPECT_TRUE(section.equal(images[idx]));
    EXPECT_EQ(max_difference(section, convolve(kernel, hole.view({2, 2}))), 0.0);
    sum = sum + section;
  }
  EXPECT_EQ(max_difference(output, sum), 0.0);
}

}  // namespace
}  // namespace adjoint
