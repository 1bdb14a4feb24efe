#include "adjoint/ops/conv_matrix.h"

#include <fmt/ranges.h>

#include "adjoint/ops/conv_geometry.h"
#include "adjoint/ops/join.h"

namespace adjoint {
namespace {

/// Where in the flat weight each entry of the matrix comes from; weight.numel() for the zeros.
Tensor source_of_entries(const ConvGeometry& g, int64_t zero) {
  const int64_t rows = g.out_channels * g.output[0] * g.output[1];
  const int64_t columns = g.in_channels * g.input[0] * g.input[1];
  const Tensor source = empty({rows, columns}, kInt64).fill_(zero);
  int64_t* const entry = source.data_ptr<int64_t>();
  const int64_t in_per_group = g.in_channels / g.groups, out_per_group = g.out_channels / g.groups;

  int64_t row = 0;
  for (int64_t o = 0; o < g.out_channels; ++o) {
    for (int64_t i = 0; i < g.output[0]; ++i) {
      for (int64_t j = 0; j < g.output[1]; ++j, ++row) {
        int64_t tap = o * in_per_group * g.kernel[0] * g.kernel[1];
        for (int64_t c = 0; c < in_per_group; ++c) {
          const int64_t channel = o / out_per_group * in_per_group + c;
          for (int64_t p = 0; p < g.kernel[0]; ++p) {
            for (int64_t q = 0; q < g.kernel[1]; ++q, ++tap) {
              const int64_t y = i * g.stride[0] + p * g.dilation[0] - g.padding[0];
              const int64_t x = j * g.stride[1] + q * g.dilation[1] - g.padding[1];
              if (y < 0 || y >= g.input[0] || x < 0 || x >= g.input[1]) continue;
              entry[row * columns + (channel * g.input[0] + y) * g.input[1] + x] = tap;
            }
          }
        }
      }
    }
  }
  return source;
}

}  // namespace

Tensor conv_matrix(const Tensor& weight, IntArrayRef input_size, IntArrayRef stride,
                   IntArrayRef padding, IntArrayRef dilation, int64_t groups) {
  check(weight.dim() == 4, "conv_matrix: expected a weight [O, C/groups, kh, kw], got {}",
        weight.describe());
  check(input_size.size() == 1 || input_size.size() == 2,
        "conv_matrix: input_size [{}] should be one number or two, {{height, width}}",
        fmt::join(input_size, ", "));
  check(input_size.front() >= 0 && input_size.back() >= 0 && groups >= 1,
        "conv_matrix: sizes cannot be negative and groups should be at least 1");
  // An image of that shape, in geometry only.
  const Tensor image =
      empty({1}, weight.options())
          .expand({1, weight.size(1) * groups, input_size.front(), input_size.back()});
  const ConvGeometry geometry =
      conv_geometry("conv_matrix", image, weight, {stride, padding, dilation, groups});
  const Tensor source = source_of_entries(geometry, weight.numel());
  const Tensor entries = cat({weight.flatten(), empty({1}, weight.options()).fill_(0)});
  return entries.index_select(0, source.flatten()).view(source.sizes());
}

}  // namespace adjoint
