// Seed document 001 ("Transpose Conv Operation Simple Explanation"): a convolution is the product
// with a matrix made from the kernel, the transposed convolution that with its transpose, which
// adds up kernels scaled by the input's pixels.

#include <gtest/gtest.h>

#include "adjoint/adjoint.h"

namespace adjoint {
namespace {

Tensor seed_input() {
  return tensor({{4., 5., 8., 7.}, {1., 8., 8., 8.}, {3., 6., 6., 4.}, {6., 5., 7., 8.}});
}
Tensor seed_kernel() { return tensor({{1., 4., 1.}, {1., 4., 3.}, {3., 3., 1.}}); }
Tensor seed_output() { return tensor({{122., 148.}, {126., 134.}}); }
Tensor seed_kernel_matrix() {
  return tensor({{1., 4., 1., 0., 1., 4., 3., 0., 3., 3., 1., 0., 0., 0., 0., 0.},
                 {0., 1., 4., 1., 0., 1., 4., 3., 0., 3., 3., 1., 0., 0., 0., 0.},
                 {0., 0., 0., 0., 1., 4., 1., 0., 1., 4., 3., 0., 3., 3., 1., 0.},
                 {0., 0., 0., 0., 0., 1., 4., 1., 0., 1., 4., 3., 0., 3., 3., 1.}});
}

TEST(Seed001, ConvolutionByWindows) {
  const Tensor input = seed_input(), kernel = seed_kernel(), output = zeros({2, 2});
  EXPECT_TRUE(output.equal(tensor({{0., 0.}, {0., 0.}})));
  for (int64_t i = 0; i < 2; ++i) {
    for (int64_t j = 0; j < 2; ++j) {
      output[i][j].copy_((input.slice(0, i, i + 3).slice(1, j, j + 3) * kernel).sum());
    }
  }
  EXPECT_TRUE(output.equal(seed_output()));
}

TEST(Seed001, ConvolutionByTheKernelMatrix) {
  const Tensor matrix = conv_matrix(seed_kernel().view({1, 1, 3, 3}), {4, 4});
  EXPECT_EQ(matrix.sizes(), IntArrayRef({4, 16}));
  EXPECT_TRUE(matrix.equal(seed_kernel_matrix()));
  const Tensor output2 = matmul(matrix, seed_input().reshape({16, 1})).reshape({2, 2});
  EXPECT_TRUE(output2.equal(seed_output()));
  EXPECT_TRUE(output2.eq(seed_output()).equal(tensor({{true, true}, {true, true}})));
}

TEST(Seed001, ConvolutionByTheLayer) {
  nn::Conv2d cnn(nn::Conv2dOptions(1, 1, 3).stride(1).padding(0).bias(false));
  cnn->apply([](nn::Module& m) {
    if (auto* conv = dynamic_cast<nn::Conv2dImpl*>(&m)) conv->weight.data().copy_(seed_kernel());
  });
  EXPECT_TRUE(cnn->weight.requires_grad());
  EXPECT_TRUE(cnn->weight.detach().equal(tensor({{{{1., 4., 1.}, {1., 4., 3.}, {3., 3., 1.}}}})));
  const Tensor output = cnn(seed_input().unsqueeze(0).unsqueeze(0));
  EXPECT_TRUE(output.detach().equal(tensor({{{{122., 148.}, {126., 134.}}}})));
  ASSERT_NE(output.grad_fn(), nullptr);
  EXPECT_EQ(output.grad_fn()->name(), "conv2d");
}

TEST(Seed001, TheTransposeMapsBack) {
  // "Thus, a (16, 4) matrix can also produce a 4x4 = 16x1 matrix from a 2x2 = 4x1 matrix".
  const Tensor transposed = conv_matrix(seed_kernel().view({1, 1, 3, 3}), {4, 4}).t();
  EXPECT_EQ(transposed.sizes(), IntArrayRef({16, 4}));
  const Tensor y = tensor({{1., 2.}, {3., 4.}});
  EXPECT_TRUE(transposed.matmul(y.reshape({4, 1}))
                  .reshape({1, 1, 4, 4})
                  .equal(conv_transpose2d(y.view({1, 1, 2, 2}), seed_kernel().view({1, 1, 3, 3}))));
}

TEST(Seed001, TransposedConvolutionBothWays) {
  const Tensor expected =
      tensor({{1., 4., 7., 6.}, {7., 23., 33., 24.}, {19., 53., 63., 42.}, {21., 52., 59., 36.}});
  const Tensor kernel = tensor({{1., 2., 3.}, {4., 5., 6.}, {7., 8., 9.}});
  const Tensor input = tensor({{1., 2.}, {3., 4.}});

  // PyTorch's way: the layer.
  nn::ConvTranspose2d tcnn(nn::ConvTranspose2dOptions(1, 1, 3).stride(1).padding(0).bias(false));
  tcnn->weight.data().copy_(kernel);
  EXPECT_TRUE(tcnn->weight.requires_grad());
  EXPECT_TRUE(tcnn->weight.detach().equal(tensor({{{{1., 2., 3.}, {4., 5., 6.}, {7., 8., 9.}}}})));
  const Tensor by_layer = tcnn(input.unsqueeze(0).unsqueeze(0));
  EXPECT_EQ(by_layer.sizes(), IntArrayRef({1, 1, 4, 4}));
  EXPECT_TRUE(by_layer[0][0].detach().equal(expected));
  ASSERT_NE(by_layer.grad_fn(), nullptr);
  EXPECT_EQ(by_layer.grad_fn()->name(), "conv_transpose2d");

  // The author's: each pixel of the input times the kernel, added up.
  const Tensor by_loops = zeros({4, 4});
  for (int64_t i = 0; i < 2; ++i) {
    for (int64_t j = 0; j < 2; ++j) {
      by_loops.slice(0, i, i + 3).slice(1, j, j + 3).add_(input[i][j] * kernel);
    }
  }
  EXPECT_TRUE(by_loops.equal(expected));
}

}  // namespace
}  // namespace adjoint
