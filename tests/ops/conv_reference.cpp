#include "adjoint/tests/ops/conv_reference.h"

#include <fmt/format.h>

namespace adjoint::testing {

std::string ConvCase::describe() const {
  return fmt::format(
      "batch {}, groups {}, channels {} -> {}, input {}x{}, kernel {}x{}, stride {}x{}, "
      "padding {}x{}, dilation {}x{}",
      batch, groups, in_channels(), out_channels(), size[0], size[1], kernel[0], kernel[1],
      stride[0], stride[1], padding[0], padding[1], dilation[0], dilation[1]);
}

std::vector<ConvCase> conv_grid() {
  using Pair = std::array<int64_t, 2>;
  struct Channels {
    int64_t groups, in_per_group, out_per_group;
  };
  const Channels channels[] = {{1, 1, 1}, {1, 2, 3}, {1, 3, 2}, {2, 1, 2}, {3, 2, 1}, {4, 1, 1}};
  const Pair sizes[] = {{1, 1}, {1, 6}, {4, 5}, {5, 3}, {7, 6}, {6, 9}, {8, 4}, {11, 10}};
  const Pair kernels[] = {{1, 1}, {1, 2}, {2, 1}, {3, 2}, {2, 3}, {3, 3}, {5, 1}, {4, 4}};
  const Pair strides[] = {{1, 1}, {2, 1}, {1, 2}, {2, 3}, {3, 3}};
  const Pair paddings[] = {{0, 0}, {1, 0}, {0, 2}, {2, 1}};
  const Pair dilations[] = {{1, 1}, {2, 1}, {1, 3}, {2, 2}};
  std::vector<ConvCase> grid;
  for (const Channels& c : channels)
    for (const Pair& size : sizes)
      for (const Pair& kernel : kernels)
        for (const Pair& stride : strides)
          for (const Pair& padding : paddings)
            for (const Pair& dilation : dilations) {
              const int64_t batch = 1 + static_cast<int64_t>(grid.size() % 3 == 0);
              grid.push_back({batch, c.groups, c.in_per_group, c.out_per_group, size, kernel,
                              stride, padding, dilation});
            }
  return grid;
}

}  // namespace adjoint::testing
