#pragma once

#include "adjoint/ops/kernels/conv.h"

// The three maps of conv.h for float on processors with AVX-512, without a matrix of columns.
//
// A sum of vectors over the result's channels stands for each position:
//   sums[p][channel] = sum over d of source[offset(p) + offset(d)] * weight[d][channel]
// where d counts the source's channels and the taps. Each element of the source is read where it
// lies, in a copy of the image with its padding, and multiplied with vectors of the weight, which
// was put into that order before. The weight's gradient is the same sum with the taps in the place
// of the positions, and the positions in that of the taps.
//
// The columns' elements, `taps` times those of the image, are never written. In GF/s, forward, of
// the 157 that a Sapphire Rapids core can do, beside products with columns and oneDNN 2.6 (libtorch
// 1.13):
//
//   | batch, channels, kernel, image    | this | columns | oneDNN |
//   | 16, 128 -> 128, 3x3, 28x28        |  119 |      93 |    113 |
//   | 8, 256 -> 256, 3x3, 14x14         |  121 |      92 |    117 |
//   | 32, 64 -> 64, 3x3, 32x32          |  112 |      92 |     86 |
//   | 128, 16 -> 32, 3x3 stride 2, 14x14|   81 |      56 |     76 |
//
// (Measured together, before blocks took several lines and asked for memory ahead: another 3%, 4%
// and 14% off the times of the first two rows and the last. At the busy times of a shared machine
// all are a quarter to a third slower.)

namespace adjoint::kernels {

/// What the three functions are good for. Where few channels of the result leave most of a vector
/// empty, or rows are very short, products with columns are faster.
bool direct_conv2d_pays(const ConvGeometry& geometry);
bool direct_conv_transpose2d_pays(const ConvGeometry& geometry);
bool direct_conv2d_weight_pays(const ConvGeometry& geometry);

/// As the functions of these names in conv.h compute them, for sizes that are 1 or more, where the
/// function above says true.
void direct_conv2d(const ConvGeometry& geometry, const float* x, const float* w, const float* bias,
                   float* y);
void direct_conv_transpose2d(const ConvGeometry& geometry, const float* y, const float* w,
                             const float* bias, float* x);
void direct_conv2d_weight(const ConvGeometry& geometry, const float* x, const float* y, float* w);

}  // namespace adjoint::kernels
