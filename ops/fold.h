#pragma once

#include "adjoint/core/tensor.h"

namespace adjoint {

// The two maps by which a convolution is a matrix product: im2col lays out, for every position of
// the kernel, the pixels that it covers, and col2im, its adjoint, adds them back to where they came
// from. Each one's derivative is the other. A list argument has one number for both dimensions, or
// {height, width}. float32 and float64.

/// What libtorch calls im2col, nn::functional::unfold and nn::Unfold.
///   self [N, C, H, W], or [C, H, W] for one image
/// Returns [N, C kh kw, H' W'], with H' and W' those of conv2d:
///   result[n, (c, p, q), (i, j)] = self[n, c, i stride - padding + p dilation, j ...]
/// and zeros where that lies outside. So conv2d(x, w) is w.flatten(1) times the columns of x.
Tensor im2col(const Tensor& self, IntArrayRef kernel_size, IntArrayRef dilation,
              IntArrayRef padding, IntArrayRef stride);

/// What libtorch calls col2im, nn::functional::fold and nn::Fold: the adjoint of im2col.
///   self        [N, C kh kw, L], or [C kh kw, L] for one image
///   output_size {H, W}, of an image that im2col with the same options makes L columns of
/// Returns [N, C, H, W], where every pixel is the sum of its occurrences in the columns. So
/// conv_transpose2d(y, w) is the fold of w.flatten(1)^T times y.
Tensor col2im(const Tensor& self, IntArrayRef output_size, IntArrayRef kernel_size,
              IntArrayRef dilation, IntArrayRef padding, IntArrayRef stride);

}  // namespace adjoint
