#pragma once

#include "adjoint/core/tensor.h"

namespace adjoint {

// The same elements at other places, or several times: new tensors all.

/// The elements in reverse order along each of `dims`. Throws Error if a dimension is named twice.
Tensor flip(const Tensor& self, IntArrayRef dims);
inline Tensor fliplr(const Tensor& self) { return self.fliplr(); }
inline Tensor flipud(const Tensor& self) { return self.flipud(); }

/// Each element moved on by shifts[i] along dims[i]; what leaves at one end comes in at the other.
/// Without `dims` there is one shift, of the flattened tensor.
inline Tensor roll(const Tensor& self, IntArrayRef shifts, IntArrayRef dims = {}) {
  return self.roll(shifts, dims);
}
/// Turned by k quarters in the plane of two dimensions, from the first towards the second.
inline Tensor rot90(const Tensor& self, int64_t k = 1, IntArrayRef dims = {0, 1}) {
  return self.rot90(k, dims);
}

/// The whole tensor dims[i] times along dimension i. The shorter of shape and `dims` counts as if
/// it began with ones. (Tensor::repeat wants at least one number a dimension.)
inline Tensor tile(const Tensor& self, IntArrayRef dims) { return self.tile(dims); }
/// Each slice along `dim` so many times in a row: as often as `repeats` says for it, if that is a
/// list. Without `dim`, of the flattened tensor.
inline Tensor repeat_interleave(const Tensor& self, int64_t repeats,
                                std::optional<int64_t> dim = std::nullopt) {
  return self.repeat_interleave(repeats, dim);
}
inline Tensor repeat_interleave(const Tensor& self, const Tensor& repeats,
                                std::optional<int64_t> dim = std::nullopt) {
  return self.repeat_interleave(repeats, dim);
}
/// Each i repeats[i] times: {2, 0, 1} gives {0, 0, 2}.
Tensor repeat_interleave(const Tensor& repeats);

/// The matrices (the last two dimensions) with zeros above, or below, their diagonal number
/// `diagonal`: 1 is the first one above the main diagonal.
inline Tensor tril(const Tensor& self, int64_t diagonal = 0) { return self.tril(diagonal); }
inline Tensor triu(const Tensor& self, int64_t diagonal = 0) { return self.triu(diagonal); }
/// Of a matrix its diagonal, of a vector the matrix with that diagonal.
inline Tensor diag(const Tensor& self, int64_t diagonal = 0) { return self.diag(diagonal); }
/// Zeros with the last dimension of self as a diagonal in the plane of the new dim1 and dim2.
inline Tensor diag_embed(const Tensor& self, int64_t offset = 0, int64_t dim1 = -2,
                         int64_t dim2 = -1) {
  return self.diag_embed(offset, dim1, dim2);
}

}  // namespace adjoint
