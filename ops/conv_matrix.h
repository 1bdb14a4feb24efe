#pragma once

#include "adjoint/core/tensor.h"

namespace adjoint {

/// The matrix C of the linear map x -> conv2d(x, weight), for study and tests: C vec(x) =
/// vec(conv2d(x, weight)) and C^T vec(y) = vec(conv_transpose2d(y, weight)), with vec = flatten.
///   weight     [O, C/groups, kh, kw]
///   input_size {H, W} of one image [C, H, W]
/// Returns [O H' W', C H W], dense although most of it is zero; each row holds the taps of one
/// output pixel. Differentiable in the weight. Throws Error where conv2d would.
Tensor conv_matrix(const Tensor& weight, IntArrayRef input_size, IntArrayRef stride = 1,
                   IntArrayRef padding = 0, IntArrayRef dilation = 1, int64_t groups = 1);

}  // namespace adjoint
