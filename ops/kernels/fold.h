#pragma once

#include "adjoint/ops/kernels/conv.h"

namespace adjoint::kernels {

// The columns of a convolution as an array of their own, [batch, in_channels * taps, positions]
// with taps = kernel[0] * kernel[1] and positions = output[0] * output[1]. `geometry` says where
// the taps lie; its out_channels and groups play no part. Dense row-major arrays, T = float and
// double.

/// columns[n, (c, k), p] = x[n, c, p * stride + k * dilation - padding], zero outside of x.
template <class T>
void im2col(const ConvGeometry& geometry, const T* x, T* columns);

/// The adjoint of im2col: x[n, c, i] is the sum of all columns[n, (c, k), p] that im2col would take
/// from there. Overwrites x.
template <class T>
void col2im(const ConvGeometry& geometry, const T* columns, T* x);

}  // namespace adjoint::kernels
