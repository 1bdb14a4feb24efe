#pragma once

#include "adjoint/core/tensor.h"

namespace adjoint {

/// The tensors one after the other along `dim`; all their other sizes must be equal. The result's
/// dtype is what all promote to. Tensors of shape [0] are left out, whatever the others' shape.
Tensor cat(TensorList tensors, int64_t dim = 0);
inline Tensor concat(TensorList tensors, int64_t dim = 0) { return cat(tensors, dim); }
inline Tensor concatenate(TensorList tensors, int64_t dim = 0) { return cat(tensors, dim); }
/// Tensors of one shape along a new dimension `dim`.
Tensor stack(TensorList tensors, int64_t dim = 0);

/// Side by side: along the columns, or the one dimension that there is.
Tensor hstack(TensorList tensors);
/// One below the other: along the rows; one without rows counts as a row.
Tensor vstack(TensorList tensors);
inline Tensor row_stack(TensorList tensors) { return vstack(tensors); }
/// One behind the other: along the third dimension.
Tensor dstack(TensorList tensors);
/// Side by side, where a tensor of one dimension counts as a column.
Tensor column_stack(TensorList tensors);

}  // namespace adjoint
