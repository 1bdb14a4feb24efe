// im2col and col2im as operations: against PyTorch, against the definition by loops over a grid of
// geometries, as each other's adjoint, and as what turns a convolution into a matrix product.

#include "adjoint/ops/fold.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "adjoint/adjoint.h"
#include "adjoint/tests/golden/golden.h"
#include "adjoint/tests/ops/conv_reference.h"
#include "adjoint/tests/ops/pattern.h"
#include "adjoint/tests/support/error_of.h"

namespace adjoint {
namespace {

using autograd::grad;
using test::error_of;
using testing::ConvCase;
using ::testing::HasSubstr;
using testing::pattern;

Tensor small_integers(IntArrayRef sizes, ScalarType dtype) {
  return randint(-3, 4, sizes, kInt64).to(dtype);
}

Tensor columns_of(const ConvCase& c, const Tensor& x) {
  return im2col(x, c.kernel, c.dilation, c.padding, c.stride);
}
Tensor image_of(const ConvCase& c, const Tensor& columns) {
  return col2im(columns, c.size, c.kernel, c.dilation, c.padding, c.stride);
}

/// columns[n, (c, p, q), (i, j)] = x[n, c, i stride - padding + p dilation, ...], by loops.
Tensor columns_by_loops(const ConvCase& c, const Tensor& x) {
  const int64_t out_h = c.out_size(0), out_w = c.out_size(1), channels = x.size(1);
  const Tensor dense = x.detach().to(kFloat64).contiguous();
  const Tensor columns =
      zeros({c.batch, channels * c.kernel[0] * c.kernel[1], out_h * out_w}, kFloat64);
  const double* const from = dense.data_ptr<double>();
  double* to = columns.data_ptr<double>();
  for (int64_t plane = 0; plane < c.batch * channels; ++plane)
    for (int64_t p = 0; p < c.kernel[0]; ++p)
      for (int64_t q = 0; q < c.kernel[1]; ++q)
        for (int64_t i = 0; i < out_h; ++i)
          for (int64_t j = 0; j < out_w; ++j, ++to) {
            const int64_t row = i * c.stride[0] - c.padding[0] + p * c.dilation[0];
            const int64_t col = j * c.stride[1] - c.padding[1] + q * c.dilation[1];
            if (row < 0 || row >= c.size[0] || col < 0 || col >= c.size[1]) continue;
            *to = from[(plane * c.size[0] + row) * c.size[1] + col];
          }
  return columns.to(x.scalar_type());
}

/// The geometries of the convolution's grid, thinned out, and some that fill several tiles.
std::vector<ConvCase> cases() {
  std::vector<ConvCase> found;
  const std::vector<ConvCase> grid = testing::conv_grid();
  for (std::size_t i = 0; i < grid.size(); i += 101) {  // prime: every option's values occur
    if (grid[i].fits()) found.push_back(grid[i]);
  }
  found.push_back({2, 1, 3, 2, {40, 37}, {3, 5}, {1, 1}, {1, 2}, {1, 1}});    // bands of rows
  found.push_back({2, 1, 2, 1, {3, 1203}, {2, 3}, {1, 2}, {0, 1}, {1, 1}});   // pieces of rows
  found.push_back({37, 1, 3, 1, {5, 7}, {3, 2}, {2, 1}, {1, 1}, {1, 2}});     // images in one tile
  found.push_back({2, 1, 5, 1, {20, 31}, {1, 1}, {1, 1}, {0, 0}, {1, 1}});    // x is its columns
  found.push_back({1, 1, 150, 1, {24, 25}, {3, 3}, {1, 1}, {1, 1}, {1, 1}});  // channels in blocks
  return found;
}

TEST(Fold, OverAGridOfGeometries) {
  manual_seed(0);
  int number = 0;
  for (const ConvCase& c : cases()) {
    SCOPED_TRACE(c.describe());
    const ScalarType dtype = number++ % 2 == 0 ? kFloat32 : kFloat64;
    const Tensor x = small_integers(c.x_sizes(), dtype).requires_grad_();
    const Tensor columns = columns_of(c, x);
    ASSERT_TRUE(columns.equal(columns_by_loops(c, x)));

    // The adjoint: <im2col(x), y> = <x, col2im(y)>, exactly, and each one's rule is the other.
    const Tensor y = small_integers(columns.sizes(), dtype).requires_grad_();
    const Tensor image = image_of(c, y);
    ASSERT_EQ(image.sizes(), x.sizes());
    ASSERT_TRUE((columns * y).sum().equal((x * image).sum()));
    const Tensor dx = grad({columns}, {x}, {y}, {}, /*create_graph=*/true)[0];
    ASSERT_TRUE(dx.equal(image));
    ASSERT_TRUE(grad({image}, {y}, {x}, {}, true)[0].equal(columns));
    const Tensor v = small_integers(x.sizes(), dtype);
    ASSERT_TRUE(grad({dx}, {y}, {v})[0].equal(columns_of(c, v)));  // second order

    // The convolution of each group is the product of its weights and its columns.
    const Tensor w = small_integers(c.w_sizes(), dtype);
    const Tensor out = c.conv(x.detach(), w), upstream = small_integers(out.sizes(), dtype);
    const Tensor back = c.transpose(upstream, w);
    const int64_t rows = c.in_per_group * c.kernel[0] * c.kernel[1];
    for (int64_t n = 0; n < c.batch; ++n) {
      std::vector<Tensor> product, transposed;
      for (int64_t g = 0; g < c.groups; ++g) {
        const Tensor matrix = w.narrow(0, g * c.out_per_group, c.out_per_group).flatten(1);
        product.push_back(matrix.mm(columns.detach()[n].narrow(0, g * rows, rows)));
        const Tensor g_out = upstream[n].narrow(0, g * c.out_per_group, c.out_per_group);
        transposed.push_back(matrix.t().mm(g_out.flatten(1)));
      }
      ASSERT_TRUE(cat(product).view(out[n].sizes()).equal(out[n]));
      ASSERT_TRUE(image_of(c, cat(transposed)).equal(back[n]));
    }
  }
}

TEST(Fold, AgreesWithPyTorch) {
  const auto golden = golden::read("fold.txt");
  for (int i = 0; i < 4; ++i) {
    SCOPED_TRACE(i);
    const auto expected = [&](const char* name) { return golden[fmt::format("{}.{}", i, name)]; };
    const int64_t* const shape = expected("shape").data_ptr<int64_t>();
    const Dims sizes(IntArrayRef(shape, 4));
    const int64_t* const o = expected("options").data_ptr<int64_t>();
    const Tensor x = pattern(sizes, 1).requires_grad_();
    const Tensor columns = im2col(x, {o[0], o[1]}, {o[2], o[3]}, {o[4], o[5]}, {o[6], o[7]});
    ASSERT_TRUE(columns.detach().equal(expected("columns")));
    EXPECT_TRUE(grad({columns}, {x}, {pattern(columns.sizes(), 3)})[0].allclose(
        expected("columns.grad"), 1e-12, 1e-14));
    const Tensor y = pattern(columns.sizes(), 2).requires_grad_();
    const Tensor image =
        col2im(y, {sizes[2], sizes[3]}, {o[0], o[1]}, {o[2], o[3]}, {o[4], o[5]}, {o[6], o[7]});
    EXPECT_TRUE(image.detach().allclose(expected("image"), 1e-12, 1e-14));
    EXPECT_TRUE(grad({image}, {y}, {pattern(sizes, 3)})[0].equal(expected("image.grad")));
  }
}

TEST(Fold, UnbatchedEmptyAndNonContiguous) {
  const Tensor x = arange(2 * 3 * 4 * 5, kFloat64).view({2, 3, 4, 5});
  const Tensor columns = im2col(x, {2, 3}, 1, 0, 1);
  EXPECT_EQ(columns.sizes(), IntArrayRef({2, 18, 9}));
  EXPECT_TRUE(im2col(x[1], {2, 3}, 1, 0, 1).equal(columns[1]));
  const Tensor image = col2im(columns, {4, 5}, {2, 3}, 1, 0, 1);
  EXPECT_TRUE(col2im(columns[1], {4, 5}, {2, 3}, 1, 0, 1).equal(image[1]));
  // Folding what was unfolded multiplies each pixel by the number of windows that it lies in.
  const Tensor windows = col2im(im2col(ones_like(x), {2, 3}, 1, 0, 1), {4, 5}, {2, 3}, 1, 0, 1);
  EXPECT_TRUE(image.equal(x * windows));
  EXPECT_EQ(windows[0][0][1][2].item<double>(), 6);

  const Tensor strided = x.transpose(2, 3).contiguous().transpose(2, 3);
  ASSERT_FALSE(strided.is_contiguous());
  EXPECT_TRUE(im2col(strided, {2, 3}, 1, 0, 1).equal(columns));
  const Tensor turned = columns.transpose(1, 2).contiguous().transpose(1, 2);
  EXPECT_TRUE(col2im(turned, {4, 5}, {2, 3}, 1, 0, 1).equal(image));

  const Tensor none = empty({0, 3, 4, 5}, kFloat64).requires_grad_();
  const Tensor no_columns = im2col(none, {2, 3}, 1, 0, 1);
  EXPECT_EQ(no_columns.sizes(), IntArrayRef({0, 18, 9}));
  EXPECT_EQ(grad({no_columns}, {none}, {zeros({0, 18, 9}, kFloat64)})[0].sizes(), none.sizes());
}

TEST(Fold, SameBitsAtEveryThreadCount) {
  const int before = get_num_threads();
  const Tensor x = pattern({3, 20, 33, 29}, 1);
  const Tensor y = pattern({3, 180, 31 * 27}, 2);
  set_num_threads(1);
  const Tensor columns = im2col(x, 3, 1, 0, 1), image = col2im(y, {33, 29}, 3, 1, 0, 1);
  set_num_threads(3);
  EXPECT_TRUE(im2col(x, 3, 1, 0, 1).equal(columns));
  EXPECT_TRUE(col2im(y, {33, 29}, 3, 1, 0, 1).equal(image));
  set_num_threads(before);
}

TEST(Fold, ErrorsSayWhatIsWrong) {
  const Tensor x = zeros({2, 3, 4, 5});
  EXPECT_THAT(error_of([&] { im2col(zeros({4, 5}), 2, 1, 0, 1); }), HasSubstr("[C, H, W]"));
  EXPECT_THAT(error_of([&] { im2col(x, {1, 2, 3}, 1, 0, 1); }), HasSubstr("kernel_size [1, 2, 3]"));
  EXPECT_THAT(error_of([&] { im2col(x, 0, 1, 0, 1); }), HasSubstr("kernel_size [0]"));
  EXPECT_THAT(error_of([&] { im2col(x, 2, 1, 0, 0); }), HasSubstr("im2col: stride [0]"));
  EXPECT_THAT(error_of([&] { im2col(x, 5, 1, 0, 1); }), HasSubstr("cover 5 pixels"));
  EXPECT_THAT(error_of([&] { im2col(x.to(kInt64), 2, 1, 0, 1); }), HasSubstr("int64"));
  EXPECT_THAT(error_of([&] { col2im(x, 4, 2, 1, 0, 1); }), HasSubstr("[C kh kw, L]"));
  const Tensor y = zeros({2, 12, 12});
  EXPECT_EQ(col2im(y, {4, 5}, 2, 1, 0, 1).sizes(), IntArrayRef({2, 3, 4, 5}));
  EXPECT_THAT(error_of([&] { col2im(y, {4, 6}, 2, 1, 0, 1); }), HasSubstr("3x5 = 15 positions"));
  EXPECT_THAT(error_of([&] { col2im(y, {4, 5}, {1, 5}, 1, 0, 1); }), HasSubstr("has 5 taps"));
  EXPECT_THAT(error_of([&] { col2im(y, {4, 0}, 2, 1, 0, 1); }), HasSubstr("output_size [4, 0]"));
  EXPECT_THAT(error_of([&] { col2im(y, {1, 5}, 2, 1, 0, 1); }), HasSubstr("does not fit"));
}

}  // namespace
}  // namespace adjoint
