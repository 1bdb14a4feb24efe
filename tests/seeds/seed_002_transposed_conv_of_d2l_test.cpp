// Seed document 002: d2l.ai's transposed convolutions: by hand, with stride 2, with two channels,
// as the transpose of a matrix; and what as_strided sees.

#include <gtest/gtest.h>

#include "adjoint/adjoint.h"

namespace adjoint {
namespace {

/// The seed's transpose_conv: K, scaled by each pixel of X, added up.
Tensor transpose_conv(const Tensor& X, const Tensor& K) {
  const int64_t kh = K.size(0), kw = K.size(1), xh = X.size(0), xw = X.size(1);
  const Tensor Y = zeros({xh + kh - 1, xw + kw - 1});
  for (int64_t i = 0; i < xh; ++i) {
    for (int64_t j = 0; j < xw; ++j) {
      Y.slice(0, i, i + kh).slice(1, j, j + kw).add_(X[i][j] * K);
    }
  }
  return Y;
}

TEST(Seed002, TransposedConvolutionByHand) {
  const Tensor X = tensor({{0., 1.}, {2., 3.}}), K = tensor({{0., 1.}, {2., 3.}});
  // The four summands of the formula.
  EXPECT_TRUE((X[0][0] * K).equal(tensor({{0., 0.}, {0., 0.}})));
  EXPECT_TRUE((X[0][1] * K).equal(tensor({{0., 1.}, {2., 3.}})));
  EXPECT_TRUE((X[1][0] * K).equal(tensor({{0., 2.}, {4., 6.}})));
  EXPECT_TRUE((X[1][1] * K).equal(tensor({{0., 3.}, {6., 9.}})));
  const Tensor expected = tensor({{0., 0., 1.}, {0., 4., 6.}, {4., 12., 9.}});
  EXPECT_TRUE(transpose_conv(X, K).equal(expected));
  EXPECT_TRUE(
      conv_transpose2d(X.reshape({1, 1, 2, 2}), K.reshape({1, 1, 2, 2}))[0][0].equal(expected));
}

TEST(Seed002, StrideTwo) {
  const Tensor X = tensor({{0., 1.}, {2., 3.}}).reshape({1, 1, 2, 2});
  const Tensor K = tensor({{0., 1.}, {2., 3.}}).reshape({1, 1, 2, 2});
  nn::ConvTranspose2d tconv(nn::ConvTranspose2dOptions(1, 1, 2).stride(2).bias(false));
  tconv->weight.set_data(K);
  EXPECT_TRUE(tconv(X).detach().equal(
      tensor({{{{0., 0., 0., 1.}, {0., 0., 2., 3.}, {0., 2., 0., 3.}, {4., 6., 6., 9.}}}})));
}

TEST(Seed002, TwoChannels) {
  const Tensor X1 = tensor({{0., 1.}, {2., 3.}}), X2 = tensor({{0., 2.}, {4., 6.}});
  const Tensor K1 = tensor({{1., 1.}, {1., 1.}}), K2 = tensor({{0.5, 0.5}, {0.5, 0.5}});
  // What each pixel adds: 0, 2, 4 and 6 everywhere.
  const double blocks[] = {0, 2, 4, 6};
  for (int64_t i = 0; i < 4; ++i) {
    const Tensor block = X1.flatten()[i] * K1 + X2.flatten()[i] * K2;
    EXPECT_TRUE(block.equal(full({2, 2}, blocks[i])));
  }
  const Tensor X = stack({X1, X2}).reshape({1, 2, 2, 2});
  const Tensor K = stack({K1, K2}).reshape({2, 1, 2, 2});
  nn::ConvTranspose2d tconv(nn::ConvTranspose2dOptions(2, 1, 2).stride(2).bias(false));
  EXPECT_EQ(tconv->weight.data().sizes(), IntArrayRef({2, 1, 2, 2}));
  tconv->weight.set_data(K);
  EXPECT_TRUE(tconv(X).detach().equal(
      tensor({{{{0., 0., 2., 2.}, {0., 0., 2., 2.}, {4., 4., 6., 6.}, {4., 4., 6., 6.}}}})));
}

TEST(Seed002, MatrixTransposition) {
  const Tensor X = arange(9.0).reshape({3, 3}), K = tensor({{1., 2.}, {3., 4.}});
  EXPECT_TRUE(X.equal(tensor({{0., 1., 2.}, {3., 4., 5.}, {6., 7., 8.}})));

  // The seed's kernel2matrix, and the library's.
  const Tensor k = zeros({5}), W = zeros({4, 9});
  k.slice(0, 0, 2).copy_(K[0]);
  k.slice(0, 3, 5).copy_(K[1]);
  W[0].slice(0, 0, 5).copy_(k);
  W[1].slice(0, 1, 6).copy_(k);
  W[2].slice(0, 3, 8).copy_(k);
  W[3].slice(0, 4).copy_(k);
  EXPECT_TRUE(W.equal(tensor({{1., 2., 0., 3., 4., 0., 0., 0., 0.},
                              {0., 1., 2., 0., 3., 4., 0., 0., 0.},
                              {0., 0., 0., 1., 2., 0., 3., 4., 0.},
                              {0., 0., 0., 0., 1., 2., 0., 3., 4.}})));
  EXPECT_TRUE(W.equal(conv_matrix(K.view({1, 1, 2, 2}), {3, 3})));

  const Tensor Y = W.matmul(X.reshape({-1})).reshape({2, 2});
  EXPECT_TRUE(Y.equal(tensor({{27., 37.}, {57., 67.}})));
  EXPECT_TRUE(Y.equal(conv2d(X.view({1, 3, 3}), K.view({1, 1, 2, 2}))[0]));

  const Tensor back = W.t().matmul(Y.reshape({-1})).reshape({3, 3});
  EXPECT_TRUE(back.equal(tensor({{27., 91., 74.}, {138., 400., 282.}, {171., 429., 268.}})));
  EXPECT_TRUE(back.equal(conv_transpose2d(Y.view({1, 2, 2}), K.view({1, 1, 2, 2}))[0]));
  EXPECT_TRUE(back.equal(transpose_conv(Y, K)));
}

TEST(Seed002, AsStrided) {
  const Tensor x = tensor({{1., 2., 3.}, {4., 5., 6.}, {7., 8., 9.}});
  const int64_t N = x.size(0);
  EXPECT_EQ(x.strides(), IntArrayRef({3, 1}));
  EXPECT_TRUE(as_strided(x, {2, 2}, {N, 1}).equal(tensor({{1., 2.}, {4., 5.}})));
  EXPECT_TRUE(as_strided(x, {2, 2}, {N, 1}, 1).equal(tensor({{2., 3.}, {5., 6.}})));
  EXPECT_TRUE(x.as_strided({2, 2}, {N, 1}, 3).equal(tensor({{4., 5.}, {7., 8.}})));
  EXPECT_TRUE(as_strided(x, {2, 2}, {N, 1}, 4).equal(tensor({{5., 6.}, {8., 9.}})));
}

}  // namespace
}  // namespace adjoint
