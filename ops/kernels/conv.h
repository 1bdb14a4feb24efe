#pragma once

#include <array>
#include <cstdint>

namespace adjoint::kernels {

/// The sizes of one 2-D convolution y = C(w) x, a map that is linear in x and linear in w:
///   x: [batch, in_channels, input[0], input[1]]
///   w: [out_channels, in_channels / groups, kernel[0], kernel[1]]
///   y: [batch, out_channels, output[0], output[1]]
///   y[n, o, p] = sum over c and the taps k of w[o, c, k] * x[n, c, p * stride + k * dilation -
///   padding]
/// where x counts as zero outside the input, and channel c is the c-th of o's group. Arrays are
/// {height, width}; a 1-D convolution has height 1.
///
/// `padding` is the number of zeros before the first row and column. How many follow the last ones
/// is implied by `output`, which may be anything >= 0: its last taps may lie beyond the input, or
/// a remainder of the input may lie beyond the last tap. All sizes may be 0, but stride, dilation
/// and groups, which are at least 1.
struct ConvGeometry {
  int64_t batch = 0;
  int64_t in_channels = 0;
  int64_t out_channels = 0;
  int64_t groups = 1;
  std::array<int64_t, 2> input{};
  std::array<int64_t, 2> kernel{};
  std::array<int64_t, 2> stride{1, 1};
  std::array<int64_t, 2> padding{};
  std::array<int64_t, 2> dilation{1, 1};
  std::array<int64_t, 2> output{};
};

// The three maps, for T = float and double, on dense row-major arrays of the shapes above. Each
// overwrites its result. Results have the same bits at every thread count.

/// y = C(w) x + bias, with bias [out_channels] or null.
template <class T>
void conv2d(const ConvGeometry& geometry, const T* x, const T* w, const T* bias, T* y);

/// x = C(w)^T y + bias, with bias [in_channels] or null: the adjoint of conv2d in its first
/// argument. `geometry` is that of the convolution it is the adjoint of. Positions of x that no
/// tap reaches get the bias alone.
template <class T>
void conv_transpose2d(const ConvGeometry& geometry, const T* y, const T* w, const T* bias, T* x);

/// w = D(x)^T y where D(x) w = C(w) x: the adjoint of conv2d in its second argument.
template <class T>
void conv2d_weight(const ConvGeometry& geometry, const T* x, const T* y, T* w);

}  // namespace adjoint::kernels
