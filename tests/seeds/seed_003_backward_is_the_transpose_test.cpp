// Seed document 003, a question on Stack Exchange about two statements of Dumoulin and Visin's
// guide to convolution arithmetic, answered in code:
//  1. "The error is backpropagated by multiplying the loss with C^T". What is multiplied is the
//     upstream gradient. The asker passed ones to backward, so the gradient is C^T ones; it is
//     C^T y only if y is passed.
//  2. conv_transpose2d(y, w) is C^T y: what the asker had computed by hand.
//  3. A convolution of the zero-padded y gives the same, but with the kernel flipped: conv2d does
//     not flip it (it is a correlation), and the transpose of a correlation is a convolution.

#include <limits>

#include <gtest/gtest.h>

#include "adjoint/adjoint.h"

namespace adjoint {
namespace {

/// The asker's matrix.
Tensor matrix_of(const Tensor& w) {
  const Tensor C = zeros({4, 16});
  const int64_t first[] = {0, 1, 4, 5};  // where each window begins
  for (int64_t row = 0; row < 4; ++row) {
    for (int64_t p = 0; p < 3; ++p) {
      const int64_t at = first[row] + 4 * p;
      C[row].slice(0, at, at + 3).copy_(w[p]);
    }
  }
  return C;
}

class Seed003 : public ::testing::Test {
 protected:
  /// The seed's program up to the backward pass, for a kernel w, with an upstream gradient.
  void run(const Tensor& kernel) {
    w = kernel;
    x1 = arange(1, 17, kFloat32).view({1, 1, 4, 4});
    x1.requires_grad_();
    w1 = w.view({1, 1, 3, 3});
    y1 = conv2d(x1, w1);
    C = matrix_of(w);
  }
  Tensor gradient(const Tensor& upstream) const {
    return autograd::grad({y1}, {x1}, {upstream}, /*retain_graph=*/true)[0].view({4, 4});
  }
  Tensor transposed_times(const Tensor& y) const {
    return mm(C.transpose(0, 1), y.detach().reshape({-1, 1})).view({4, 4});
  }

  Tensor w, x1, w1, y1, C;
};

/// Equal within the rounding of sums of 9 terms of one sign.
void expect_rounding(const Tensor& a, const Tensor& b) {
  const float eps = std::numeric_limits<float>::epsilon();
  EXPECT_LE((a.detach() - b.detach()).abs().max().item<float>(),
            9 * eps * b.detach().abs().max().item<float>());
}

TEST_F(Seed003, TheAskersKernel) {
  manual_seed(0);
  run(rand({3, 3}));
  EXPECT_TRUE(C.equal(conv_matrix(w1, {4, 4})));
  expect_rounding(C.matmul(x1.detach().reshape({16})).view({2, 2}), y1[0][0]);

  // What the asker did: not equal, since ones are not y.
  y1.backward(ones_like(y1), /*retain_graph=*/true);
  const Tensor x1_grad = x1.grad().view({4, 4});
  EXPECT_FALSE(x1_grad.allclose(transposed_times(y1)));
  // 1. It is C^T ones, and C^T g for any other upstream gradient g, such as y.
  expect_rounding(x1_grad, transposed_times(ones_like(y1)));
  expect_rounding(gradient(y1.detach()), transposed_times(y1));
  const Tensor g = randn_like(y1).abs();
  expect_rounding(gradient(g), transposed_times(g));
  // To the bit, backward is the transposed convolution.
  EXPECT_TRUE(gradient(g).equal(conv_transpose2d(g, w1).view({4, 4})));
  // 2.
  expect_rounding(conv_transpose2d(y1, w1).view({4, 4}), transposed_times(y1));
  // 3. Only the shapes agree, as the asker says, until the kernel is flipped.
  const Tensor zero_padded = conv2d(y1, w1, {}, 1, 2);
  EXPECT_EQ(zero_padded.sizes(), conv_transpose2d(y1, w1).sizes());
  EXPECT_FALSE(zero_padded.detach().allclose(conv_transpose2d(y1, w1).detach()));
  expect_rounding(conv2d(y1, w1.flip({2, 3}), {}, 1, 2), conv_transpose2d(y1, w1));
}

TEST_F(Seed003, IntegersAgreeToTheBit) {
  manual_seed(0);
  run(randint(-4, 5, {3, 3}, kFloat32));
  const Tensor y = y1.detach(), g = randint(-4, 5, {1, 1, 2, 2}, kFloat32);
  EXPECT_TRUE(C.matmul(x1.detach().reshape({16})).equal(y.reshape({4})));
  EXPECT_TRUE(gradient(ones_like(y)).equal(transposed_times(ones_like(y))));
  EXPECT_TRUE(gradient(y).equal(transposed_times(y)));
  EXPECT_TRUE(gradient(g).equal(transposed_times(g)));
  EXPECT_FALSE(gradient(ones_like(y)).equal(transposed_times(y)));
  EXPECT_TRUE(conv_transpose2d(y, w1).view({4, 4}).equal(transposed_times(y)));
  EXPECT_TRUE(conv2d(y, w1.flip({2, 3}), {}, 1, 2).equal(conv_transpose2d(y, w1)));
  EXPECT_FALSE(conv2d(y, w1, {}, 1, 2).equal(conv_transpose2d(y, w1)));
}

}  // namespace
}  // namespace adjoint
