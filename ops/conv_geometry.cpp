#include "adjoint/ops/conv_geometry.h"

#include <limits>

#include <fmt/ranges.h>

namespace adjoint {
namespace {

using Pair = std::array<int64_t, 2>;

/// Large enough for every real geometry, small enough that products of two stay below 2^62.
constexpr int64_t kLargest = std::numeric_limits<int32_t>::max();

std::string list(IntArrayRef values) { return fmt::format("[{}]", fmt::join(values, ", ")); }

Pair pair_of(const char* op, const char* what, IntArrayRef values, int64_t least) {
  check(values.size() == 1 || values.size() == 2,
        "{}: {} {} should be one number or two, {{height, width}}", op, what, list(values));
  const Pair pair{values.front(), values.back()};
  for (const int64_t v : pair) {
    check(v >= least && v <= kLargest, "{}: {} {} should be at least {} and less than 2^31", op,
          what, list(values), least);
  }
  return pair;
}

void check_operands(const char* op, const char* name, const Tensor& x, const Tensor& w) {
  check(x.dim() == 4, "{}: expected {} [N, C, H, W] or, unbatched, [C, H, W], got {}", op, name,
        x.describe());
  check(w.dim() == 4, "{}: expected a weight of 4 dimensions, got {}", op, w.describe());
  check(x.is_floating_point() && x.scalar_type() == w.scalar_type(),
        "{}: {} is {} and weight is {}; both should be float32, or both float64: convert one with "
        "to()",
        op, name, x.scalar_type(), w.scalar_type());
}

/// What both directions share: `w` [out_channels, in_channels/groups, kh, kw].
ConvGeometry geometry_of_weight(const char* op, const Tensor& w, const ConvWalk& walk) {
  check(walk.groups >= 1, "{}: groups should be at least 1, got {}", op, walk.groups);
  check(w.size(0) % walk.groups == 0,
        "{}: weight {} has {} channels in its first dimension, which groups={} does not divide", op,
        list(w.sizes()), w.size(0), walk.groups);
  ConvGeometry g;
  g.groups = walk.groups;
  g.out_channels = w.size(0);
  g.in_channels = w.size(1) * walk.groups;
  g.kernel = {w.size(2), w.size(3)};
  for (const int64_t k : g.kernel) {
    check(k >= 1 && k <= kLargest, "{}: weight {} has an empty kernel", op, list(w.sizes()));
  }
  g.stride = pair_of(op, "stride", walk.stride, 1);
  g.dilation = pair_of(op, "dilation", walk.dilation, 1);
  return g;
}

/// Pixels from the kernel's first tap to its last.
int64_t extent(const ConvGeometry& g, int i) { return g.dilation[i] * (g.kernel[i] - 1) + 1; }

/// The batch and the channels of conv2d's input.
void set_input(const char* op, ConvGeometry& g, const Tensor& x, const Tensor& w) {
  check(x.size(1) == g.in_channels,
        "{}: weight {}{} expects {} input channels, but input {} has {}", op, list(w.sizes()),
        g.groups == 1 ? "" : fmt::format(" with groups={}", g.groups), g.in_channels,
        list(x.sizes()), x.size(1));
  g.batch = x.size(0);
  g.input = {x.size(2), x.size(3)};
  for (const int64_t size : g.input) {
    check(size <= kLargest,
          "{}: input {} is too large: an image has less than 2^31 rows and columns", op,
          list(x.sizes()));
  }
}

}  // namespace

ConvGeometry conv_geometry(const char* op, const Tensor& x, const Tensor& w, const ConvWalk& walk) {
  check_operands(op, "input", x, w);
  ConvGeometry g = geometry_of_weight(op, w, walk);
  set_input(op, g, x, w);
  g.padding = pair_of(op, "padding", walk.padding, 0);
  for (int i = 0; i < 2; ++i) {
    const int64_t padded = g.input[i] + 2 * g.padding[i];
    check(padded >= extent(g, i),
          "{}: the kernel does not fit: {} taps with dilation {} cover {} pixels, but the {} of "
          "input {} "
          "with padding {} is {}; use a smaller kernel or dilation, or a padding of at least {}",
          op, g.kernel[i], g.dilation[i], extent(g, i), i == 0 ? "height" : "width",
          list(x.sizes()), g.padding[i], padded, (extent(g, i) - g.input[i] + 1) / 2);
    g.output[i] = (padded - extent(g, i)) / g.stride[i] + 1;
  }
  return g;
}

ConvGeometry conv_geometry(const char* op, const Tensor& x, const Tensor& w,
                           std::string_view padding, const ConvWalk& walk) {
  const bool same = padding == "same";
  check(same || padding == "valid", "{}: padding \"{}\" should be \"same\", \"valid\" or numbers",
        op, padding);
  if (!same) return conv_geometry(op, x, w, {walk.stride, {0}, walk.dilation, walk.groups});
  check_operands(op, "input", x, w);
  ConvGeometry g = geometry_of_weight(op, w, walk);
  set_input(op, g, x, w);
  check(
      g.stride == Pair({1, 1}),
      "{}: padding \"same\" keeps the size, so the stride should be 1, not {}; give the padding in "
      "numbers instead",
      op, list(walk.stride));
  for (int i = 0; i < 2; ++i) {
    g.padding[i] = (extent(g, i) - 1) / 2;
    g.output[i] = g.input[i];
  }
  return g;
}

ConvGeometry conv_transpose_geometry(const char* op, const Tensor& y, const Tensor& w,
                                     const ConvWalk& walk, IntArrayRef output_padding) {
  check_operands(op, "input", y, w);
  ConvGeometry g = geometry_of_weight(op, w, walk);
  check(y.size(1) == g.out_channels, "{}: weight {} expects {} input channels, but input {} has {}",
        op, list(w.sizes()), g.out_channels, list(y.sizes()), y.size(1));
  g.batch = y.size(0);
  g.output = {y.size(2), y.size(3)};
  g.padding = pair_of(op, "padding", walk.padding, 0);
  const Pair extra = pair_of(op, "output_padding", output_padding, 0);
  for (int i = 0; i < 2; ++i) {
    check(extra[i] < std::max(g.stride[i], g.dilation[i]),
          "{}: output_padding {} should be smaller than the stride ({}) or the dilation ({})", op,
          extra[i], g.stride[i], g.dilation[i]);
    check(g.output[i] <= kLargest,
          "{}: input {} is too large: an image has less than 2^31 rows and columns", op,
          list(y.sizes()));
    const int64_t full = (g.output[i] - 1) * g.stride[i] + extent(g, i) + extra[i];
    g.input[i] = full - 2 * g.padding[i];
    check(g.input[i] >= 1,
          "{}: nothing is left of the result's {}: it would be {} before padding {} is cut off on "
          "either side; use a padding of at most {}",
          op, i == 0 ? "height" : "width", full, g.padding[i], (full - 1) / 2);
  }
  return g;
}

void check_conv_bias(const char* op, const Tensor& bias, const Tensor& w, int64_t channels) {
  if (!bias.defined()) return;
  check(bias.dim() == 1 && bias.size(0) == channels && bias.scalar_type() == w.scalar_type(),
        "{}: expected a bias of shape [{}], {}, one for each channel of the result, got {}", op,
        channels, w.scalar_type(), bias.describe());
}

}  // namespace adjoint
