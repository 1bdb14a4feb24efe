#pragma once

#include <concepts>
#include <string_view>

#include "adjoint/core/tensor.h"

namespace adjoint {

// The convolution and its two adjoints. With everything but the two arguments fixed, each is linear
// in either argument, and each one's derivatives are the other two:
//
//   y = conv2d(x, w)            y = C(w) x
//   x = conv_transpose2d(y, w)  x = C(w)^T y, the adjoint of conv2d in x
//   w = conv2d_weight(x, y)     w = D(x)^T y, the adjoint of conv2d in w, where D(x) w = C(w) x
//
// So the backward pass of one is a call of the others, and derivatives of every order exist.
// A list argument has one number for both dimensions, or two: {height, width}. float32 and float64.
// All throw Error where the sizes are those of no convolution.

/// A padding by its name: "same" (the result has the input's size; stride 1 only) or "valid"
/// (none). A type of its own, because a plain 0 also converts to std::string_view, as a null
/// pointer.
struct PaddingName {
  template <std::convertible_to<std::string_view> Name>
  PaddingName(const Name& name) : value(name) {}

  std::string_view value;
};

/// 2-D cross-correlation, what deep learning calls convolution (and libtorch conv2d).
///   input  [N, C, H, W], or [C, H, W] for one image
///   weight [O, C/groups, kh, kw]
///   bias   [O] or undefined
/// Returns [N, O, H', W'] with H' = (H + 2 padding - dilation (kh - 1) - 1) / stride + 1, rounded
/// down. (Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", 2016.)
Tensor conv2d(const Tensor& input, const Tensor& weight, const Tensor& bias = {},
              IntArrayRef stride = 1, IntArrayRef padding = 0, IntArrayRef dilation = 1,
              int64_t groups = 1);
Tensor conv2d(const Tensor& input, const Tensor& weight, const Tensor& bias, IntArrayRef stride,
              PaddingName padding, IntArrayRef dilation = 1, int64_t groups = 1);

/// The adjoint of conv2d with the same weight, stride, padding, dilation and groups.
///   input  [N, O, H', W'], or [O, H', W']
///   weight [O, C/groups, kh, kw]: conv2d's, whose output channels are the input channels here
///   bias   [C] or undefined
/// Returns [N, C, H, W] with H = (H' - 1) stride - 2 padding + dilation (kh - 1) + 1 +
/// output_padding: of all the sizes that conv2d maps to H', the smallest plus output_padding.
Tensor conv_transpose2d(const Tensor& input, const Tensor& weight, const Tensor& bias = {},
                        IntArrayRef stride = 1, IntArrayRef padding = 0,
                        IntArrayRef output_padding = 0, int64_t groups = 1,
                        IntArrayRef dilation = 1);

/// The adjoint of conv2d in its weight: the weight gradient, for an upstream gradient `output`.
///   input  [N, C, H, W] and output [N, O, H', W'] of a conv2d with a kernel of `kernel_size`
/// Returns [O, C/groups, kh, kw].
Tensor conv2d_weight(const Tensor& input, const Tensor& output, IntArrayRef kernel_size,
                     IntArrayRef stride = 1, IntArrayRef padding = 0, IntArrayRef dilation = 1,
                     int64_t groups = 1);

/// conv2d over one dimension: input [N, C, L] or [C, L], weight [O, C/groups, k].
Tensor conv1d(const Tensor& input, const Tensor& weight, const Tensor& bias = {},
              IntArrayRef stride = 1, IntArrayRef padding = 0, IntArrayRef dilation = 1,
              int64_t groups = 1);
Tensor conv1d(const Tensor& input, const Tensor& weight, const Tensor& bias, IntArrayRef stride,
              PaddingName padding, IntArrayRef dilation = 1, int64_t groups = 1);
/// conv_transpose2d over one dimension: input [N, O, L'] or [O, L'], weight [O, C/groups, k].
Tensor conv_transpose1d(const Tensor& input, const Tensor& weight, const Tensor& bias = {},
                        IntArrayRef stride = 1, IntArrayRef padding = 0,
                        IntArrayRef output_padding = 0, int64_t groups = 1,
                        IntArrayRef dilation = 1);

}  // namespace adjoint
