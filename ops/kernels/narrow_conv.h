#pragma once

#include "adjoint/ops/kernels/conv.h"

// conv2d and its weight's gradient for float on processors with AVX-512, where a group has few
// channels: a depthwise convolution, the first layer of an image classifier. Products with columns
// have hardly any work for each element that they move then, and vectors over the channels
// (direct_conv.h) would be mostly empty. Here a vector is 16 neighbouring positions of a row:
//   y[o, p]   = sum over c and taps k of w[o, c, k] x[c, p * stride + k]
//   w[o, c, k] = sum over p of y[o, p] x[c, p * stride + k], in 16 parts
// read from a copy of the image with its padding. A depthwise 3x3 convolution takes a third of the
// time of products with columns, the weight's gradient of 1 to 16 channels two thirds.

namespace adjoint::kernels {

/// Where the two are faster than the other ways.
bool narrow_conv2d_pays(const ConvGeometry& geometry);
bool narrow_conv2d_weight_pays(const ConvGeometry& geometry);

/// As the functions of these names in conv.h compute them, for sizes that are 1 or more, where the
/// function above says true.
void narrow_conv2d(const ConvGeometry& geometry, const float* x, const float* w, const float* bias,
                   float* y);
void narrow_conv2d_weight(const ConvGeometry& geometry, const float* x, const float* y, float* w);

}  // namespace adjoint::kernels
