#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include "adjoint/core/parallel.h"
#include "adjoint/ops/kernels/conv.h"

// The values are small integers, so that every sum is exact and equality has no tolerance.

namespace adjoint::kernels {
namespace {

std::string to_string(const ConvGeometry& g) {
  return fmt::format(
      "batch {} channels {} -> {} groups {} input {} kernel {} stride {} padding {} dilation {} "
      "output {}",
      g.batch, g.in_channels, g.out_channels, g.groups, g.input, g.kernel, g.stride, g.padding,
      g.dilation, g.output);
}

int64_t x_size(const ConvGeometry& g) { return g.batch * g.in_channels * g.input[0] * g.input[1]; }
int64_t y_size(const ConvGeometry& g) {
  return g.batch * g.out_channels * g.output[0] * g.output[1];
}
int64_t w_size(const ConvGeometry& g) {
  return g.out_channels * (g.in_channels / g.groups) * g.kernel[0] * g.kernel[1];
}

/// Calls visit(x index, w index, y index) for every product of the definition of the convolution.
template <class Visit>
void visit_products(const ConvGeometry& g, const Visit& visit) {
  const int64_t in = g.in_channels / g.groups, out = g.out_channels / g.groups;
  for (int64_t n = 0; n < g.batch; ++n)
    for (int64_t o = 0; o < g.out_channels; ++o)
      for (int64_t i = 0; i < in; ++i)
        for (int64_t kh = 0; kh < g.kernel[0]; ++kh)
          for (int64_t kw = 0; kw < g.kernel[1]; ++kw)
            for (int64_t oh = 0; oh < g.output[0]; ++oh)
              for (int64_t ow = 0; ow < g.output[1]; ++ow) {
                const int64_t h = oh * g.stride[0] + kh * g.dilation[0] - g.padding[0];
                const int64_t w = ow * g.stride[1] + kw * g.dilation[1] - g.padding[1];
                if (h < 0 || h >= g.input[0] || w < 0 || w >= g.input[1]) continue;
                const int64_t c = o / out * in + i;
                visit(((n * g.in_channels + c) * g.input[0] + h) * g.input[1] + w,
                      ((o * in + i) * g.kernel[0] + kh) * g.kernel[1] + kw,
                      ((n * g.out_channels + o) * g.output[0] + oh) * g.output[1] + ow);
              }
}

template <class T>
std::vector<T> integers(int64_t size, uint32_t seed) {
  std::mt19937 generator(seed);
  std::vector<T> values(size);
  for (T& value : values) value = static_cast<T>(static_cast<int>(generator() % 7) - 3);
  return values;
}

/// Arguments of the three maps, and their results.
template <class T>
struct Problem {
  explicit Problem(const ConvGeometry& g)
      : g(g),
        x(integers<T>(x_size(g), 1)),
        w(integers<T>(w_size(g), 2)),
        y(integers<T>(y_size(g), 3)),
        y_bias(integers<T>(g.out_channels, 4)),
        x_bias(integers<T>(g.in_channels, 5)) {}

  /// Runs one map on a result full of rubbish, with a margin after it that has to stay as it is.
  template <class Run>
  static std::vector<T> guarded(int64_t size, const Run& run) {
    constexpr int64_t kMargin = 64;
    const T rubbish = T(-12345);
    std::vector<T> result(size + 2 * kMargin, rubbish);
    run(result.data() + kMargin);
    EXPECT_EQ(std::count(result.begin(), result.begin() + kMargin, rubbish), kMargin);
    EXPECT_EQ(std::count(result.end() - kMargin, result.end(), rubbish), kMargin);
    return {result.begin() + kMargin, result.end() - kMargin};
  }

  std::vector<T> forward(bool bias) const {
    return guarded(y_size(g), [&](T* result) {
      conv2d(g, x.data(), w.data(), bias ? y_bias.data() : nullptr, result);
    });
  }
  std::vector<T> transposed(bool bias) const {
    return guarded(x_size(g), [&](T* result) {
      conv_transpose2d(g, y.data(), w.data(), bias ? x_bias.data() : nullptr, result);
    });
  }
  std::vector<T> weight() const {
    return guarded(w_size(g), [&](T* result) { conv2d_weight(g, x.data(), y.data(), result); });
  }

  ConvGeometry g;
  std::vector<T> x, w, y, y_bias, x_bias;
};

template <class T>
void add_bias(const std::vector<T>& bias, int64_t batch, int64_t plane, std::vector<T>& data) {
  T* value = data.data();
  for (int64_t n = 0; n < batch; ++n) {
    for (const T b : bias) {
      for (int64_t i = 0; i < plane; ++i) *value++ += b;
    }
  }
}

template <class T>
void expect_definition(const ConvGeometry& g) {
  SCOPED_TRACE(to_string(g));
  const Problem<T> p(g);
  std::vector<T> y(y_size(g), T(0)), x(x_size(g), T(0)), w(w_size(g), T(0));
  visit_products(g, [&](int64_t ix, int64_t iw, int64_t iy) {
    y[iy] += p.w[iw] * p.x[ix];
    x[ix] += p.w[iw] * p.y[iy];
    w[iw] += p.x[ix] * p.y[iy];
  });
  EXPECT_TRUE(p.forward(false) == y) << "conv2d";
  EXPECT_TRUE(p.transposed(false) == x) << "conv_transpose2d";
  EXPECT_TRUE(p.weight() == w) << "conv2d_weight";
  add_bias(p.y_bias, g.batch, g.output[0] * g.output[1], y);
  add_bias(p.x_bias, g.batch, g.input[0] * g.input[1], x);
  EXPECT_TRUE(p.forward(true) == y) << "conv2d with bias";
  EXPECT_TRUE(p.transposed(true) == x) << "conv_transpose2d with bias";
}

/// output = what a convolution with the same padding on both sides gives, plus `extra`.
ConvGeometry geometry(int64_t batch, int64_t in, int64_t out, int64_t groups,
                      std::array<int64_t, 2> input, std::array<int64_t, 2> kernel,
                      std::array<int64_t, 2> stride = {1, 1}, std::array<int64_t, 2> padding = {},
                      std::array<int64_t, 2> dilation = {1, 1}, std::array<int64_t, 2> extra = {}) {
  ConvGeometry g{batch, in, out, groups, input, kernel, stride, padding, dilation, {}};
  for (int i = 0; i < 2; ++i) {
    const int64_t span = input[i] + 2 * padding[i] - dilation[i] * (kernel[i] - 1) - 1;
    g.output[i] = std::max<int64_t>(0, (span < 0 ? 0 : span / stride[i] + 1) + extra[i]);
  }
  return g;
}

/// Cases beyond the reach of the small grid: borders of tiles, of channel blocks and of chunks.
std::vector<ConvGeometry> large_geometries() {
  return {
      geometry(2, 3, 5, 1, {40, 37}, {3, 5}, {1, 1}, {1, 2}),            // bands of rows
      geometry(2, 4, 6, 2, {61, 53}, {5, 3}, {2, 3}, {2, 0}, {1, 2}),    // bands, stride, groups
      geometry(2, 2, 3, 1, {5, 1103}, {3, 4}, {1, 1}, {1, 3}),           // rows in pieces
      geometry(3, 3, 2, 1, {1, 2500}, {1, 9}, {1, 2}, {0, 4}, {1, 3}),   // one dimension, in pieces
      geometry(37, 3, 5, 1, {5, 7}, {3, 2}, {1, 1}, {1, 1}),             // images that share a tile
      geometry(131, 6, 9, 3, {4, 3}, {3, 3}, {2, 1}, {1, 0}),            // the same in groups
      geometry(600, 2, 3, 1, {3, 3}, {3, 3}),                            // kernel covers the input
      geometry(70, 6, 4, 2, {3, 4}, {3, 4}, {2, 2}),                     // the same in groups
      geometry(2, 5, 7, 1, {31, 43}, {1, 1}),                            // x is its own columns
      geometry(3, 6, 4, 2, {16, 12}, {1, 1}),                            // the same in groups
      geometry(1, 130, 3, 1, {24, 25}, {3, 3}, {1, 1}, {1, 1}),          // blocks of channels
      geometry(4, 67, 150, 1, {6, 5}, {3, 3}, {1, 1}, {1, 1}),           // blocks of outputs
      geometry(1, 72, 260, 1, {7, 6}, {3, 3}, {1, 1}, {1, 0}),           // a large weight gradient
      geometry(2, 24, 24, 24, {33, 29}, {3, 3}, {1, 1}, {1, 1}),         // depthwise
      geometry(40, 12, 24, 12, {7, 6}, {3, 3}, {2, 2}, {1, 1}),          // depthwise, twice as wide
      geometry(2, 2, 3, 1, {20, 20}, {3, 2}, {1, 2}, {8, 12}, {8, 12}),  // far apart taps
      geometry(1, 1, 2, 1, {16, 18}, {30, 25}, {1, 1}, {22, 20}),        // far more taps than input
      geometry(2, 2, 2, 1, {90, 100}, {2, 2}, {7, 9}, {0, 3}),           // strides leave gaps
      geometry(1, 16, 17, 1, {41, 35}, {3, 2}, {1, 1}, {1, 1}),          // 16 channels: bands
      geometry(1, 12, 16, 1, {2, 1103}, {2, 4}, {1, 1}, {1, 3}),         // rows in pieces
      geometry(1, 16, 12, 1, {1, 2600}, {1, 5}, {1, 3}, {0, 2}),         // the same with stride 3
      geometry(61, 16, 16, 1, {4, 5}, {2, 3}, {1, 1}, {1, 1}),           // images that share a tile
      geometry(3, 12, 12, 1, {40, 50}, {2, 2}, {7, 9}, {0, 3}),          // strides leave gaps
      geometry(1, 24, 150, 1, {9, 9}, {2, 2}, {1, 1}, {1, 1}),           // shares of the channels
      geometry(1, 16, 16, 1, {9, 20}, {3, 2}, {1, 1}, {5, 12}, {9, 12}),  // far apart taps
  };
}

template <class T>
class ConvKernels : public testing::Test {};
using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(ConvKernels, Types);

TYPED_TEST(ConvKernels, EqualTheDefinitionOnAGridOfGeometries) {
  std::mt19937 generator(0);
  const auto pick = [&](std::initializer_list<int64_t> values) {
    return values.begin()[generator() % values.size()];
  };
  for (int i = 0; i < 1500; ++i) {
    const int64_t groups = pick({1, 1, 1, 2, 3});
    const int64_t in = groups * pick({1, 2, 3}), out = groups * pick({1, 2, 4});
    expect_definition<TypeParam>(
        geometry(pick({1, 2, 5}), in, out, groups, {pick({1, 4, 7, 9}), pick({1, 5, 8, 13, 18})},
                 {pick({1, 2, 3}), pick({1, 3, 4})}, {pick({1, 1, 2, 3}), pick({1, 1, 2, 3})},
                 {pick({0, 0, 1, 2}), pick({0, 0, 1, 3})}, {pick({1, 1, 2}), pick({1, 1, 2, 3})},
                 {pick({-1, 0, 0, 1, 2}), pick({-2, 0, 0, 1, 3})}));
    if (this->HasFailure()) return;
  }
}

TYPED_TEST(ConvKernels, EqualTheDefinitionAcrossTilesAndBlocks) {
  for (const ConvGeometry& g : large_geometries()) expect_definition<TypeParam>(g);
}

/// Images that share a tile leave a part of the last one empty, or the last ones.
TYPED_TEST(ConvKernels, EqualTheDefinitionForAnyBatch) {
  for (int64_t batch = 1; batch <= 400; ++batch) {
    expect_definition<TypeParam>(geometry(batch, 1, 2, 1, {3, 20}, {1, 1}));
    if (this->HasFailure()) return;
  }
}

/// On processors with AVX-512, float convolutions of so many channels go without columns
/// (ops/kernels/direct_conv.h).
TEST(DirectConv, EqualsTheDefinition) {
  std::mt19937 generator(1);
  const auto pick = [&](std::initializer_list<int64_t> values) {
    return values.begin()[generator() % values.size()];
  };
  // Steps of 1, 2, 4 and of any other number have blocks of their own, 1 to 4 channels of x are
  // read in place, panels of 17 channels leave a lane empty, and up to 4 channels of y are summed
  // by narrow_conv.h.
  for (int i = 0; i < 250; ++i) {
    const int64_t groups = pick({1, 1, 2});
    const int64_t in = groups * pick({1, 3, 5, 8, 16, 17, 33});
    const int64_t out = groups * pick({1, 3, 4, 12, 16, 33, 50});
    expect_definition<float>(
        geometry(pick({1, 2, 9}), in, out, groups, {pick({1, 4, 7, 9}), pick({5, 8, 15, 21})},
                 {pick({1, 2, 3}), pick({2, 3, 5})}, {pick({1, 1, 2, 3}), pick({1, 2, 3, 4, 5})},
                 {pick({-1, 0, 1, 2}), pick({-1, 0, 1, 3})}, {pick({1, 1, 2}), pick({1, 1, 2, 3})},
                 {pick({-1, 0, 0, 1, 2}), pick({-2, 0, 0, 1, 3})}));
    if (HasFailure()) return;
  }
}

TYPED_TEST(ConvKernels, EqualTheDefinitionOnEmptySizes) {
  const ConvGeometry g = geometry(2, 4, 6, 2, {5, 6}, {3, 2});
  std::vector<ConvGeometry> empty(8, g);
  empty[0].batch = 0;
  empty[1].in_channels = 0;
  empty[2].out_channels = 0;
  empty[3].output[0] = 0;
  empty[4].output[1] = 0;
  empty[5].input[0] = 0;
  empty[6].input = {0, 0};
  empty[7].kernel[1] = 0;
  for (const ConvGeometry& each : empty) expect_definition<TypeParam>(each);
}

TYPED_TEST(ConvKernels, TransposedIsTheAdjoint) {
  const auto dot = [](const std::vector<TypeParam>& a, const std::vector<TypeParam>& b) {
    double sum = 0;
    for (size_t i = 0; i < a.size(); ++i) sum += double(a[i]) * double(b[i]);
    return sum;
  };
  for (const ConvGeometry& g : large_geometries()) {
    SCOPED_TRACE(to_string(g));
    const Problem<TypeParam> p(g);
    const double product = dot(p.forward(false), p.y);
    EXPECT_EQ(product, dot(p.x, p.transposed(false)));
    EXPECT_EQ(product, dot(p.w, p.weight()));
  }
}

TYPED_TEST(ConvKernels, HaveTheSameBitsAtEveryThreadCount) {
  const int threads_before = get_num_threads();
  for (const ConvGeometry& g : large_geometries()) {
    SCOPED_TRACE(to_string(g));
    Problem<TypeParam> p(g);
    // Fractions, whose sums depend on their order.
    for (auto* values : {&p.x, &p.w, &p.y, &p.y_bias, &p.x_bias}) {
      for (TypeParam& value : *values) value = TypeParam(1) / (value + TypeParam(3.7));
    }
    set_num_threads(1);
    const auto y = p.forward(true), x = p.transposed(true), w = p.weight();
    for (const int threads : {2, 3}) {
      set_num_threads(threads);
      EXPECT_TRUE(p.forward(true) == y) << threads << " threads";
      EXPECT_TRUE(p.transposed(true) == x) << threads << " threads";
      EXPECT_TRUE(p.weight() == w) << threads << " threads";
    }
  }
  set_num_threads(threads_before);
}

// A NaN or infinity spoils what depends on it and nothing else, though copies run over the ends of
// rows.
TYPED_TEST(ConvKernels, KeepNaNsWhereTheyBelong) {
  for (const ConvGeometry& g : {geometry(2, 2, 3, 1, {13, 14}, {3, 3}, {2, 2}, {1, 1}),
                                geometry(5, 2, 3, 1, {5, 7}, {3, 2}, {1, 1}, {1, 0}),
                                geometry(2, 16, 16, 1, {9, 11}, {3, 3}, {2, 2}, {1, 1})}) {
    SCOPED_TRACE(to_string(g));
    Problem<TypeParam> p(g);
    const auto y = p.forward(true), x = p.transposed(true);
    const int64_t bad_x = x_size(g) / 2 + 3, bad_y = y_size(g) / 2 + 3;
    p.x[bad_x] = p.y[bad_y] = std::numeric_limits<TypeParam>::quiet_NaN();
    std::vector<bool> y_spoilt(y.size()), x_spoilt(x.size());
    visit_products(g, [&](int64_t ix, int64_t, int64_t iy) {
      if (ix == bad_x) y_spoilt[iy] = true;
      if (iy == bad_y) x_spoilt[ix] = true;
    });
    const auto spoilt_y = p.forward(true), spoilt_x = p.transposed(true);
    for (size_t i = 0; i < y.size(); ++i) {
      EXPECT_TRUE(y_spoilt[i] ? std::isnan(spoilt_y[i]) : spoilt_y[i] == y[i]) << "y, " << i;
    }
    for (size_t i = 0; i < x.size(); ++i) {
      EXPECT_TRUE(x_spoilt[i] ? std::isnan(spoilt_x[i]) : spoilt_x[i] == x[i]) << "x, " << i;
    }
  }
}

}  // namespace
}  // namespace adjoint::kernels
