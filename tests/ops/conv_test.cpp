// conv2d and its relatives as a user calls them: shapes, options, borders, errors, PyTorch's
// values. The sweep over all geometries is conv_exact_test.cpp.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "adjoint/adjoint.h"
#include "adjoint/tests/ops/conv_reference.h"
#include "adjoint/tests/support/error_of.h"

namespace adjoint {
namespace {

using test::error_of;
using ::testing::HasSubstr;

Tensor counting(IntArrayRef sizes, ScalarType dtype = kFloat64) {
  return arange(numel(sizes), dtype).view(sizes);
}

TEST(Conv, UnbatchedInputIsABatchOfOne) {
  const Tensor x = counting({2, 5, 4}), w = counting({3, 2, 2, 3}), b = counting({3});
  EXPECT_TRUE(conv2d(x, w, b, 2, 1).equal(conv2d(x.unsqueeze(0), w, b, 2, 1)[0]));
  const Tensor y = counting({3, 4, 2});
  EXPECT_TRUE(conv_transpose2d(y, w, {}, 2).equal(conv_transpose2d(y.unsqueeze(0), w, {}, 2)[0]));
}

TEST(Conv, EmptyBatch) {
  const Tensor x = empty({0, 2, 5, 4}, kFloat64).requires_grad_();
  const Tensor w = counting({3, 2, 2, 3}).requires_grad_();
  const Tensor y = conv2d(x, w, {}, 2);
  EXPECT_EQ(y.sizes(), IntArrayRef({0, 3, 2, 1}));
  y.sum().backward();
  EXPECT_EQ(x.grad().sizes(), x.sizes());
  EXPECT_TRUE(w.grad().equal(zeros_like(w)));
}

TEST(Conv, NonContiguousOperands) {
  const Tensor x = counting({4, 5, 2, 1}).permute({3, 2, 1, 0});
  const Tensor w = counting({3, 2, 2, 3}).transpose(0, 1).contiguous().transpose(0, 1);
  ASSERT_FALSE(x.is_contiguous());
  ASSERT_FALSE(w.is_contiguous());
  EXPECT_TRUE(conv2d(x, w).equal(conv2d(x.contiguous(), w.contiguous())));
  const Tensor y = counting({1, 3, 2, 2}).transpose(2, 3);
  EXPECT_TRUE(conv_transpose2d(y, w).equal(conv_transpose2d(y.contiguous(), w.contiguous())));
}

TEST(Conv, PaddingByName) {
  const Tensor x = counting({1, 2, 5, 6}), w = counting({3, 2, 3, 4});
  EXPECT_TRUE(conv2d(x, w, {}, 1, "valid").equal(conv2d(x, w)));
  const Tensor same = conv2d(x, w, {}, 1, "same");
  EXPECT_EQ(same.sizes(), IntArrayRef({1, 3, 5, 6}));
  // An even kernel needs one more zero behind than before: pad by hand and compare.
  const Tensor padded = zeros({1, 2, 7, 9}, kFloat64);
  padded.slice(2, 1, 6).slice(3, 1, 7).copy_(x);
  EXPECT_TRUE(same.equal(conv2d(padded, w)));
  EXPECT_THAT(error_of([&] { conv2d(x, w, {}, 2, "same"); }), HasSubstr("stride should be 1"));
  EXPECT_THAT(error_of([&] { conv2d(x, w, {}, 1, "full"); }), HasSubstr("\"full\""));
}

TEST(Conv, OneDimension) {
  const Tensor x = counting({2, 3, 7}), w = counting({4, 3, 3}), b = counting({4});
  EXPECT_TRUE(
      conv1d(x, w, b, 2, 1, 2)
          .equal(conv2d(x.unsqueeze(2), w.unsqueeze(2), b, {1, 2}, {0, 1}, {1, 2}).squeeze(2)));
  const Tensor y = counting({2, 4, 5});
  EXPECT_TRUE(
      conv_transpose1d(y, w, {}, 2, 1, 1)
          .equal(conv_transpose2d(y.unsqueeze(2), w.unsqueeze(2), {}, {1, 2}, {0, 1}, {0, 1})
                     .squeeze(2)));
  EXPECT_TRUE(conv1d(x[0], w, b).equal(conv1d(x, w, b)[0]));
  EXPECT_TRUE(conv1d(x, w, {}, 1, "same").sizes() == IntArrayRef({2, 4, 7}));
}

TEST(Conv, MatrixIsTheJacobian) {
  const Tensor w = counting({4, 1, 2, 3}).requires_grad_();
  const Tensor x = counting({2, 4, 5}).requires_grad_();
  const Tensor y = conv2d(x, w, {}, {2, 1}, {1, 0}, {1, 2}, 2).flatten();
  const Tensor matrix = conv_matrix(w, {4, 5}, {2, 1}, {1, 0}, {1, 2}, 2);
  ASSERT_EQ(matrix.sizes(), IntArrayRef({y.numel(), x.numel()}));
  for (int64_t i = 0; i < y.numel(); ++i) {
    EXPECT_TRUE(autograd::grad({y[i]}, {x}, {}, true)[0].flatten().equal(matrix[i]));
  }
  // And it is differentiable in the weight, like the convolution.
  const Tensor g = counting({y.numel()});
  const Tensor by_conv = autograd::grad({y}, {w}, {g}, true)[0];
  const Tensor by_matrix = autograd::grad({matrix.mv(x.flatten())}, {w}, {g}, true)[0];
  EXPECT_TRUE(by_conv.equal(by_matrix));
}

TEST(Conv, JacobiansAreTheMatrixAndItsTranspose) {
  // Over geometries of the grid: row i of the jacobian is the gradient of output i.
  const auto jacobian = [](const Tensor& y, const Tensor& x) {
    std::vector<Tensor> rows;
    for (int64_t i = 0; i < y.numel(); ++i) {
      rows.push_back(autograd::grad({y.flatten()[i]}, {x}, {}, true)[0].flatten());
    }
    return stack(rows);
  };
  manual_seed(0);
  const std::vector<testing::ConvCase> grid = testing::conv_grid();
  for (std::size_t i = 0; i < grid.size(); i += 197) {  // prime: every option's values occur
    testing::ConvCase c = grid[i];
    c.batch = 1;
    if (!c.fits()) continue;
    SCOPED_TRACE(c.describe());
    const Tensor x = randn(c.x_sizes(), kFloat64).requires_grad_();
    const Tensor y = randn(c.y_sizes(), kFloat64).requires_grad_();
    const Tensor w = randn(c.w_sizes(), kFloat64);
    const Tensor matrix = conv_matrix(w, c.size, c.stride, c.padding, c.dilation, c.groups);
    // A derivative in one pixel is one weight or nothing, so this is exact on reals too.
    ASSERT_TRUE(jacobian(c.conv(x, w), x).equal(matrix));
    ASSERT_TRUE(jacobian(c.transpose(y, w), y).equal(matrix.t()));
  }
}

TEST(Conv, ErrorsSayWhatIsWrong) {
  const Tensor x = zeros({8, 3, 28, 28}), w = zeros({32, 16, 3, 3});
  EXPECT_EQ(
      error_of([&] { conv2d(x, w); }),
      "conv2d: weight [32, 16, 3, 3] expects 16 input channels, but input [8, 3, 28, 28] has 3");
  const Tensor v = zeros({6, 3, 3, 3});
  EXPECT_THAT(error_of([&] { conv2d(zeros({3, 3}), v); }), HasSubstr("[N, C, H, W]"));
  EXPECT_THAT(error_of([&] { conv2d(x, zeros({3, 3})); }), HasSubstr("weight of 4 dimensions"));
  EXPECT_THAT(error_of([&] { conv2d(x, v.to(kFloat64)); }), HasSubstr("float64"));
  EXPECT_THAT(error_of([&] { conv2d(x.to(kInt64), v.to(kInt64)); }), HasSubstr("int64"));
  EXPECT_THAT(error_of([&] { conv2d(x, v, zeros({3})); }), HasSubstr("bias of shape [6]"));
  EXPECT_THAT(error_of([&] { conv2d(x, v, {}, 0); }), HasSubstr("stride [0]"));
  EXPECT_THAT(error_of([&] { conv2d(x, v, {}, 1, -1); }), HasSubstr("padding [-1]"));
  EXPECT_THAT(error_of([&] { conv2d(x, v, {}, 1, 0, 0); }), HasSubstr("dilation [0]"));
  EXPECT_THAT(error_of([&] { conv2d(x, v, {}, {1, 2, 3}); }), HasSubstr("stride [1, 2, 3]"));
  EXPECT_THAT(error_of([&] { conv2d(x, v, {}, 1, 0, 1, 4); }), HasSubstr("groups=4"));
  EXPECT_THAT(error_of([&] { conv2d(x, v, {}, 1, 0, 1, 0); }), HasSubstr("groups"));
  const std::string too_large = error_of([&] { conv2d(zeros({1, 3, 28, 4}), v, {}, 1, 0, 2); });
  EXPECT_THAT(too_large, HasSubstr("width"));
  EXPECT_THAT(too_large, HasSubstr("cover 5 pixels"));
  EXPECT_THAT(too_large, HasSubstr("padding of at least 1"));
  const Tensor y = zeros({8, 6, 5, 5});
  EXPECT_THAT(error_of([&] { conv_transpose2d(x, v); }), HasSubstr("expects 6 input channels"));
  EXPECT_THAT(error_of([&] { conv_transpose2d(y, v, {}, 2, 0, 2); }),
              HasSubstr("output_padding 2"));
  EXPECT_THAT(error_of([&] { conv_transpose2d(y, v, {}, 1, 4); }),
              HasSubstr("padding of at most 3"));
  EXPECT_THAT(error_of([&] { conv2d_weight(x, y, 3); }), HasSubstr("[8, 6, 26, 26]"));
  const Tensor line = zeros({2, 5, 9}), taps = zeros({4, 3, 3});
  EXPECT_EQ(
      error_of([&] { conv1d(line, taps); }),
      "conv1d, as conv2d of images of height 1: weight [4, 3, 1, 3] expects 3 input channels, "
      "but input [2, 5, 1, 9] has 5");
  EXPECT_THAT(error_of([&] { conv_transpose1d(line, taps); }),
              HasSubstr("conv_transpose1d, as conv_transpose2d of images of height 1: weight"));
  EXPECT_THAT(error_of([&] {
                conv1d(line, taps, {}, {1, 2});
              }),
              HasSubstr("conv1d: stride [1, 2] should be one number"));
  EXPECT_THAT(error_of([&] { conv1d(zeros({9}), taps); }), HasSubstr("[C, L], got"));
}

}  // namespace
}  // namespace adjoint
