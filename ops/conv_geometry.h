#pragma once

// Internal: for the files that define operations.

#include "adjoint/core/tensor.h"
#include "adjoint/ops/kernels/conv.h"

namespace adjoint {

using kernels::ConvGeometry;

/// How a convolution walks over its input, as the caller wrote it: each list has one number for
/// both dimensions or two, {height, width}.
struct ConvWalk {
  IntArrayRef stride;
  IntArrayRef padding;
  IntArrayRef dilation;
  int64_t groups = 1;
};

/// The geometry of y = conv2d(x, w) for x [N, C, H, W] and w [O, C/groups, kh, kw]. `op` names the
/// function in errors; throws Error for every combination of sizes that is no convolution.
ConvGeometry conv_geometry(const char* op, const Tensor& x, const Tensor& w, const ConvWalk& walk);

/// The same with padding "same", which keeps the size (for stride 1; where the zeros are odd in
/// number, the extra one comes last), or "valid", which is none.
ConvGeometry conv_geometry(const char* op, const Tensor& x, const Tensor& w,
                           std::string_view padding, const ConvWalk& walk);

/// The geometry of the convolution whose adjoint is x = conv_transpose2d(y, w), for y [N, O, h, w]
/// and w [O, C/groups, kh, kw]. A strided convolution maps several input sizes to one output size;
/// `output_padding` says which of them to return to: the smallest plus that many.
ConvGeometry conv_transpose_geometry(const char* op, const Tensor& y, const Tensor& w,
                                     const ConvWalk& walk, IntArrayRef output_padding);

/// Throws Error unless bias is undefined or [channels] of the weight's dtype.
void check_conv_bias(const char* op, const Tensor& bias, const Tensor& w, int64_t channels);

}  // namespace adjoint
