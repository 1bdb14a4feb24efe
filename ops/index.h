#pragma once

#include "adjoint/core/tensor.h"

/// Reading and writing at indices. Indices are int64 or int32; negative ones are refused, but where
/// it says otherwise. Throws IndexError for an index out of range.
///
/// Where an operation overwrites one place several times the last one stays, and it alone gets the
/// gradient (PyTorch leaves both undefined). Values and sources are of self's dtype.
namespace adjoint {

/// The slices of self along `dim` at the indices in `index`, a list (one dimension, or none).
Tensor index_select(const Tensor& self, int64_t dim, const Tensor& index);
/// A copy of self with alpha * source's slice i added to its slice index[i].
Tensor index_add(const Tensor& self, int64_t dim, const Tensor& index, const Tensor& source,
                 const Scalar& alpha = 1);
/// A copy of self with source's slice i as its slice index[i].
Tensor index_copy(const Tensor& self, int64_t dim, const Tensor& index, const Tensor& source);
/// A copy of self with `value` in the slices at the indices; -1 is the last one.
Tensor index_fill(const Tensor& self, int64_t dim, const Tensor& index, const Scalar& value);

/// result[i, j, k] = self[i, index[i, j, k], k] for dim = 1. The result has index's shape, which in
/// the other dimensions must not be larger than self's.
Tensor gather(const Tensor& self, int64_t dim, const Tensor& index);
/// gather, for which self and indices first broadcast in the dimensions other than `dim`; without
/// `dim` both are flattened. Undoes what argsort and argmax find.
Tensor take_along_dim(const Tensor& self, const Tensor& indices,
                      std::optional<int64_t> dim = std::nullopt);
/// A copy of self with src[i, j, k] as the element that gather would read for [i, j, k]. What src
/// has beyond index's shape is left out.
Tensor scatter(const Tensor& self, int64_t dim, const Tensor& index, const Tensor& src);
Tensor scatter(const Tensor& self, int64_t dim, const Tensor& index, const Scalar& value);
/// The same, added.
Tensor scatter_add(const Tensor& self, int64_t dim, const Tensor& index, const Tensor& src);

/// The elements of the flattened self at these indices, in index's shape; -1 is the last one.
Tensor take(const Tensor& self, const Tensor& index);
/// A copy of self with source's elements where take would read, or added there.
Tensor put(const Tensor& self, const Tensor& index, const Tensor& source, bool accumulate = false);

/// The elements where the bool mask is true, as one dimension. Both broadcast.
Tensor masked_select(const Tensor& self, const Tensor& mask);
/// A copy of self in which the elements where the mask is true are source's first ones, in order.
/// self and mask broadcast.
Tensor masked_scatter(const Tensor& self, const Tensor& mask, const Tensor& source);
/// The indices of all elements that are not zero, [count, dim()], in order.
Tensor nonzero(const Tensor& self);
/// The same as a list of indices for each dimension: x.index(nonzero_numpy(x)) are the elements.
std::vector<Tensor> nonzero_numpy(const Tensor& self);
Tensor argwhere(const Tensor& self);

}  // namespace adjoint
