// The convolution, its adjoints and their derivatives over a grid of geometries, on small integers:
// arithmetic is exact then, so that every comparison is for equal bits.
//
// All of them take some ten seconds; under a sanitizer every 23rd is taken (23 divides none of the
// grid's dimensions, so every value of every option occurs), unless ADJOINT_FULL_TESTS is set.

#include <cstdlib>

#include <gtest/gtest.h>

#include "adjoint/tests/ops/conv_reference.h"

namespace adjoint {
namespace {

using autograd::grad;
using testing::ConvCase;
using testing::for_each_term;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

Tensor small_integers(const Dims& sizes, ScalarType dtype) {
  return randint(-3, 4, sizes, kInt64).to(dtype);
}

std::vector<double> values(const Tensor& t) {
  const Tensor dense = t.detach().to(kFloat64).contiguous();
  return {dense.data_ptr<double>(), dense.data_ptr<double>() + dense.numel()};
}

Tensor from_values(const std::vector<double>& v, const Dims& sizes, ScalarType dtype) {
  const Tensor t = empty(sizes, kFloat64);
  std::copy(v.begin(), v.end(), t.data_ptr<double>());
  return t.to(dtype);
}

Tensor inner_product(const Tensor& a, const Tensor& b) { return (a * b).sum(); }

/// The three maps by loops.
struct ByLoops {
  Tensor y, x, w;

  ByLoops(const ConvCase& c, const Tensor& in_x, const Tensor& in_w, const Tensor& in_y) {
    const auto vx = values(in_x), vw = values(in_w), vy = values(in_y);
    std::vector<double> ry(vy.size()), rx(vx.size()), rw(vw.size());
    for_each_term(c, [&](int64_t ix, int64_t iw, int64_t iy) {
      ry[iy] += vx[ix] * vw[iw];
      rx[ix] += vy[iy] * vw[iw];
      rw[iw] += vx[ix] * vy[iy];
    });
    y = from_values(ry, c.y_sizes(), in_x.scalar_type());
    x = from_values(rx, c.x_sizes(), in_x.scalar_type());
    w = from_values(rw, c.w_sizes(), in_x.scalar_type());
  }
};

void check_case(const ConvCase& c, ScalarType dtype) {
  SCOPED_TRACE(c.describe());
  const Tensor x = small_integers(c.x_sizes(), dtype).requires_grad_();
  const Tensor w = small_integers(c.w_sizes(), dtype).requires_grad_();
  const Tensor y = small_integers(c.y_sizes(), dtype).requires_grad_();
  const ByLoops expected(c, x, w, y);

  // The definitions.
  const Tensor cx = c.conv(x, w), cty = c.transpose(y, w), dty = c.weight(x, y);
  ASSERT_TRUE(cx.equal(expected.y));
  ASSERT_TRUE(cty.equal(expected.x));
  ASSERT_TRUE(dty.equal(expected.w));

  // Each one's backward is the others' forward.
  const auto d_conv = grad({cx}, {x, w}, {y}, {}, /*create_graph=*/true);
  ASSERT_TRUE(d_conv[0].equal(cty));
  ASSERT_TRUE(d_conv[1].equal(dty));
  const auto d_transpose = grad({cty}, {y, w}, {x}, {}, true);
  ASSERT_TRUE(d_transpose[0].equal(cx));
  ASSERT_TRUE(d_transpose[1].equal(dty));
  const auto d_weight = grad({dty}, {x, y}, {w}, {}, true);
  ASSERT_TRUE(d_weight[0].equal(cty));
  ASSERT_TRUE(d_weight[1].equal(cx));

  // Adjointness: <Cx, y> = <x, C'y> = <w, D'y>.
  const Tensor product = inner_product(cx, y);
  ASSERT_TRUE(product.equal(inner_product(x, cty)));
  ASSERT_TRUE(product.equal(inner_product(w, dty)));

  // Second derivatives, in the directions v (of x), u (of w) and z (of y).
  const Tensor v = small_integers(c.x_sizes(), dtype), u = small_integers(c.w_sizes(), dtype),
               z = small_integers(c.y_sizes(), dtype);
  const auto of_x = grad({d_conv[0]}, {y, w}, {v}, {}, true);  // d/d(y, w) of <C(w)'y, v>
  ASSERT_TRUE(of_x[0].equal(c.conv(v, w)));
  ASSERT_TRUE(of_x[1].equal(c.weight(v, y)));
  const auto of_w = grad({d_conv[1]}, {x, y}, {u}, {}, true);  // d/d(x, y) of <D(x)'y, u>
  ASSERT_TRUE(of_w[0].equal(c.transpose(y, u)));
  ASSERT_TRUE(of_w[1].equal(c.conv(x, u)));
  const auto of_y = grad({d_transpose[0]}, {x, w}, {z}, {}, true);  // d/d(x, w) of <C(w)x, z>
  ASSERT_TRUE(of_y[0].equal(c.transpose(z, w)));
  ASSERT_TRUE(of_y[1].equal(c.weight(x, z)));

  // The explicit matrix and its transpose.
  const Tensor matrix = conv_matrix(w.detach(), c.size, c.stride, c.padding, c.dilation, c.groups);
  const Tensor xs = x.detach().flatten(1).t(), ys = y.detach().flatten(1).t();
  ASSERT_TRUE(matrix.matmul(xs).t().reshape(c.y_sizes()).equal(cx));
  ASSERT_TRUE(matrix.t().matmul(ys).t().reshape(c.x_sizes()).equal(cty));

  // The bias is added to each channel of the result.
  const Tensor b = small_integers({c.out_channels()}, dtype);
  const Tensor bt = small_integers({c.in_channels()}, dtype);
  ASSERT_TRUE(c.conv(x, w, b).equal(cx + b.view({-1, 1, 1})));
  ASSERT_TRUE(c.transpose(y, w, bt).equal(cty + bt.view({-1, 1, 1})));
}

TEST(ConvExact, Grid) {
  const std::vector<ConvCase> grid = testing::conv_grid();
  const bool all = !kSanitized || std::getenv("ADJOINT_FULL_TESTS") != nullptr;
  const std::size_t step = all ? 1 : 23;
  manual_seed(0);
  std::size_t checked = 0, refused = 0;
  for (std::size_t i = 0; i < grid.size() && !HasFatalFailure(); i += step) {
    const ConvCase& c = grid[i];
    const ScalarType dtype = i % 2 == 0 ? kFloat32 : kFloat64;
    if (c.fits()) {
      check_case(c, dtype);
      ++checked;
    } else {
      EXPECT_THROW(conv2d(zeros(c.x_sizes(), dtype), zeros(c.w_sizes(), dtype), {}, c.stride,
                          c.padding, c.dilation, c.groups),
                   Error)
          << c.describe();
      ++refused;
    }
  }
  std::cout << checked << " geometries checked, " << refused
            << " with too large a kernel refused, of " << grid.size() << "\n";
  EXPECT_GT(checked, 20000 / step);
}

}  // namespace
}  // namespace adjoint
