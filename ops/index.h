#pragma once

#include "adjoint/core/tensor.h"

/// Reading at indices and, the adjoint of that, adding at indices. Indices are int64 or int32;
/// negative ones are not wrapped. Throws IndexError for an index out of range.
namespace adjoint {

/// The slices of self along `dim` at the indices in `index`, a list (one dimension, or none).
Tensor index_select(const Tensor& self, int64_t dim, const Tensor& index);
/// A copy of self with alpha * source's slice i added to its slice index[i].
Tensor index_add(const Tensor& self, int64_t dim, const Tensor& index, const Tensor& source,
                 const Scalar& alpha = 1);

/// result[i, j, k] = self[i, index[i, j, k], k] for dim = 1. The result has index's shape, which in
/// the other dimensions must not be larger than self's.
Tensor gather(const Tensor& self, int64_t dim, const Tensor& index);
/// A copy of self with src[i, j, k] added to the element that gather would read for [i, j, k].
Tensor scatter_add(const Tensor& self, int64_t dim, const Tensor& index, const Tensor& src);

}  // namespace adjoint
