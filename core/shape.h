#pragma once

#include <cstdint>

#include "adjoint/core/dims.h"

namespace adjoint {

/// How a tensor's elements lie in its storage: the element [i, j, ...] is
/// offset + i*strides[0] + j*strides[1] + ... elements from the beginning.
struct Geometry {
  Dims sizes;
  Dims strides;
  int64_t offset = 0;
};

/// The number of elements of that shape; 1 for no dimensions. Throws Error on a negative size and
/// where the product does not fit 63 bits.
int64_t numel(IntArrayRef sizes);

/// How many elements the shape spans in memory, from its first to its last: 0 if it has none.
int64_t span_of(IntArrayRef sizes, IntArrayRef strides);

/// Row-major strides: the last dimension is the fastest.
Dims contiguous_strides(IntArrayRef sizes);
bool is_contiguous(IntArrayRef sizes, IntArrayRef strides);
/// Whether two different indices can be the same element in memory, as after expand().
bool may_overlap(IntArrayRef sizes, IntArrayRef strides);

// In the following, errors are in the name of `operation`.

/// `dim` as 0 <= dim < ndim, where -1 is the last one. A tensor without dimensions counts as having
/// one. Throws IndexError out of range.
int64_t wrap_dim(const char* operation, int64_t dim, int64_t ndim);
/// The dimensions named, wrapped, as a bit mask; all of them if the list is empty. Throws Error if
/// one is named twice.
uint32_t dim_mask(const char* operation, IntArrayRef dims, int64_t ndim);

/// The shape that both broadcast to (NumPy's rules). Throws Error, in the name of `operation` if
/// there is one, if they do not.
Dims broadcast_shapes(IntArrayRef a, IntArrayRef b, const char* operation = nullptr);
bool is_expandable_to(IntArrayRef from, IntArrayRef to);
/// Strides with which a tensor of `sizes` and `strides` reads as `target`: 0 where it is repeated.
Dims expanded_strides(IntArrayRef sizes, IntArrayRef strides, IntArrayRef target);

/// Replaces the one -1 in `shape` by what makes the product `count`. Throws Error, in the name of
/// `operation`, if none does.
Dims infer_size(const char* operation, IntArrayRef shape, int64_t count);
/// Strides with which the same memory reads as `shape`, or nothing where only a copy can.
std::optional<Dims> view_strides(IntArrayRef sizes, IntArrayRef strides, IntArrayRef shape);

}  // namespace adjoint
