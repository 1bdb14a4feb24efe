#pragma once

#include "adjoint/core/tensor.h"

namespace adjoint {

/// The tensors one after the other along `dim`; all their other sizes must be equal. The result's
/// dtype is what all promote to. Tensors of shape [0] are left out, whatever the others' shape.
Tensor cat(TensorList tensors, int64_t dim = 0);
/// Tensors of one shape along a new dimension `dim`.
Tensor stack(TensorList tensors, int64_t dim = 0);

}  // namespace adjoint
