#pragma once

#include <array>
#include <string>
#include <vector>

#include "adjoint/adjoint.h"

namespace adjoint::testing {

/// One convolution of the grid, and everything that conv2d and its adjoints are called with.
struct ConvCase {
  int64_t batch, groups, in_per_group, out_per_group;
  std::array<int64_t, 2> size, kernel, stride, padding, dilation;

  int64_t in_channels() const { return groups * in_per_group; }
  int64_t out_channels() const { return groups * out_per_group; }
  /// Pixels that the kernel covers, minus the padded input's: at most 0 where the kernel fits.
  int64_t excess(int d) const {
    return dilation[d] * (kernel[d] - 1) + 1 - size[d] - 2 * padding[d];
  }
  bool fits() const { return excess(0) <= 0 && excess(1) <= 0; }
  int64_t out_size(int d) const { return -excess(d) / stride[d] + 1; }
  /// What conv_transpose2d needs to come back to `size`.
  std::array<int64_t, 2> output_padding() const {
    return {-excess(0) % stride[0], -excess(1) % stride[1]};
  }

  Dims x_sizes() const { return {batch, in_channels(), size[0], size[1]}; }
  Dims w_sizes() const { return {out_channels(), in_per_group, kernel[0], kernel[1]}; }
  Dims y_sizes() const { return {batch, out_channels(), out_size(0), out_size(1)}; }

  Tensor conv(const Tensor& x, const Tensor& w, const Tensor& bias = {}) const {
    return conv2d(x, w, bias, stride, padding, dilation, groups);
  }
  Tensor transpose(const Tensor& y, const Tensor& w, const Tensor& bias = {}) const {
    return conv_transpose2d(y, w, bias, stride, padding, output_padding(), groups, dilation);
  }
  Tensor weight(const Tensor& x, const Tensor& y) const {
    return conv2d_weight(x, y, kernel, stride, padding, dilation, groups);
  }
  std::string describe() const;
};

/// Calls visit(x_index, w_index, y_index) for every product x[.] * w[.] that is added to y[.]: the
/// definition of the convolution by loops, on flat row-major arrays. All three maps are sums of
/// these terms.
template <class Visit>
void for_each_term(const ConvCase& c, const Visit& visit) {
  const int64_t out_h = c.out_size(0), out_w = c.out_size(1);
  for (int64_t n = 0; n < c.batch; ++n)
    for (int64_t o = 0; o < c.out_channels(); ++o)
      for (int64_t i = 0; i < out_h; ++i)
        for (int64_t j = 0; j < out_w; ++j)
          for (int64_t k = 0; k < c.in_per_group; ++k)
            for (int64_t p = 0; p < c.kernel[0]; ++p)
              for (int64_t q = 0; q < c.kernel[1]; ++q) {
                const int64_t row = i * c.stride[0] + p * c.dilation[0] - c.padding[0];
                const int64_t column = j * c.stride[1] + q * c.dilation[1] - c.padding[1];
                if (row < 0 || row >= c.size[0] || column < 0 || column >= c.size[1]) continue;
                const int64_t channel = o / c.out_per_group * c.in_per_group + k;
                visit(((n * c.in_channels() + channel) * c.size[0] + row) * c.size[1] + column,
                      ((o * c.in_per_group + k) * c.kernel[0] + p) * c.kernel[1] + q,
                      ((n * c.out_channels() + o) * out_h + i) * out_w + j);
              }
}

/// All combinations of the options, non-square throughout; some do not fit (see fits()).
std::vector<ConvCase> conv_grid();

}  // namespace adjoint::testing
