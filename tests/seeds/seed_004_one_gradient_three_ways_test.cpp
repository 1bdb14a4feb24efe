// Seed document 004, a gist of metamath1: the gradient of a convolution with stride 2 and padding
// 1, computed by autograd, as a convolution of rearranged operands (in two ways), and as a
// transposed convolution with output_padding 1. "All of them must be the same."
//
// To the bit on integers. On reals, autograd and the transposed convolution still agree to the bit,
// since they are the same code. The rearranged convolutions add the same products in another order
// (and fused multiply-adds round fewer of them), so they agree to the bit where a pixel has one
// product and within the rounding of the sum where it has two or four.

#include <limits>

#include <gtest/gtest.h>

#include "adjoint/adjoint.h"

namespace adjoint {
namespace {

struct ThreeWays {
  ThreeWays(const Tensor& x, const Tensor& w) : w(w) {
    const Tensor leaf = x.detach().requires_grad_();
    const Tensor recorded = conv2d(leaf, w, {}, /*stride=*/2, /*padding=*/1);
    o = recorded.detach();
    by_autograd = autograd::grad({recorded}, {leaf}, {o})[0];

    // Zeros between the elements of o; flipped, and convolved over w.
    const Tensor o_stride = zeros({1, 1, 4, 4}, x.options());
    o_stride.slice(2, 0, 4, 2).slice(3, 0, 4, 2).copy_(o);
    backward_conv = conv2d(w, flip(o_stride, {2, 3}), {}, 1, /*padding=*/2);
    // The other way round: w is what is flipped.
    backward_conv2 = conv2d(o_stride, flip(w, {2, 3}), {}, 1, /*padding=*/1);

    trans_conv = conv_transpose2d(o, w, {}, /*stride=*/2, /*padding=*/1, /*output_padding=*/1);
  }

  Tensor w, o, by_autograd, backward_conv, backward_conv2, trans_conv;
};

TEST(Seed004, IntegersAgreeToTheBit) {
  manual_seed(0);
  for (int trial = 0; trial < 20; ++trial) {
    const ThreeWays t(randint(-9, 10, {1, 1, 4, 4}, kFloat32),
                      randint(-9, 10, {1, 1, 3, 3}, kFloat32));
    ASSERT_EQ(t.by_autograd.sizes(), IntArrayRef({1, 1, 4, 4}));
    EXPECT_TRUE(t.backward_conv.equal(t.by_autograd));
    EXPECT_TRUE(t.backward_conv2.equal(t.by_autograd));
    EXPECT_TRUE(t.trans_conv.equal(t.by_autograd));
  }
}

TEST(Seed004, RealsAgreeToTheBitOrWithinRounding) {
  manual_seed(0);
  // How many products each pixel of the gradient is the sum of: 1, 2 or 4.
  const Tensor terms = conv_transpose2d(ones({1, 1, 2, 2}), ones({1, 1, 3, 3}), {}, 2, 1, 1);
  EXPECT_TRUE(terms[0][0].equal(
      tensor({{1., 2., 1., 1.}, {2., 4., 2., 2.}, {1., 2., 1., 1.}, {1., 2., 1., 1.}})));
  const Tensor one_term = terms.eq(1);

  for (int trial = 0; trial < 20; ++trial) {
    const ThreeWays t(randn({1, 1, 4, 4}), randn({1, 1, 3, 3}));
    EXPECT_TRUE(t.trans_conv.equal(t.by_autograd));
    // |rounding of a sum| <= terms * epsilon * the sum of the magnitudes.
    const Tensor bound = conv_transpose2d(t.o.abs(), t.w.abs(), {}, 2, 1, 1) * terms *
                         std::numeric_limits<float>::epsilon();
    for (const Tensor& other : {t.backward_conv, t.backward_conv2}) {
      const Tensor difference = (other - t.by_autograd).abs();
      EXPECT_TRUE(difference.le(bound).all().item<bool>());
      EXPECT_TRUE(difference.masked_fill(one_term.logical_not(), 0).equal(zeros_like(difference)));
    }
  }
}

}  // namespace
}  // namespace adjoint
