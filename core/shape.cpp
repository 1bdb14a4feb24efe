#include "adjoint/core/shape.h"

#include <array>

#include <fmt/ranges.h>

namespace adjoint {

int64_t numel(IntArrayRef sizes) {
  int64_t product = 1;
  bool overflow = false, zero = false;
  for (const int64_t size : sizes) {
    check(size >= 0, "a tensor cannot have shape [{}]: no size is negative",
          fmt::join(sizes, ", "));
    zero |= size == 0;
    // Also with a 0 among them: strides are products of the others.
    overflow |= __builtin_mul_overflow(product, std::max<int64_t>(size, 1), &product);
  }
  check(!overflow, "a tensor of shape [{}] has more elements than 63 bits can count",
        fmt::join(sizes, ", "));
  return zero ? 0 : product;
}

int64_t span_of(IntArrayRef sizes, IntArrayRef strides) {
  int64_t last = 0;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    if (sizes[i] == 0) return 0;
    last += (sizes[i] - 1) * strides[i];
  }
  return last + 1;
}

Dims contiguous_strides(IntArrayRef sizes) {
  Dims strides(sizes.size(), 1);
  bool overflow = false;
  for (std::size_t i = sizes.size(); i-- > 1;) {
    overflow |= __builtin_mul_overflow(strides[i], std::max<int64_t>(sizes[i], 1), &strides[i - 1]);
  }
  if (overflow) numel(sizes);  // throws
  return strides;
}

bool is_contiguous(IntArrayRef sizes, IntArrayRef strides) {
  int64_t expected = 1;
  bool contiguous = true;
  for (std::size_t i = sizes.size(); i-- > 0;) {
    if (sizes[i] == 0) return true;  // no element, no constraint
    contiguous &= sizes[i] == 1 || strides[i] == expected;
    expected *= sizes[i];
  }
  return contiguous;
}

bool may_overlap(IntArrayRef sizes, IntArrayRef strides) {
  // In order of their strides, each dimension has to step over all that is inside it.
  std::array<std::size_t, kMaxDims> order;
  std::size_t count = 0;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    if (sizes[i] == 0) return false;
    if (sizes[i] == 1) continue;
    std::size_t at = count++;
    for (; at > 0 && strides[order[at - 1]] > strides[i]; --at) order[at] = order[at - 1];
    order[at] = i;
  }
  int64_t extent = 0;  // the largest offset that the dimensions so far can reach
  for (std::size_t k = 0; k < count; ++k) {
    const std::size_t i = order[k];
    if (strides[i] <= extent) return true;
    extent += strides[i] * (sizes[i] - 1);
  }
  return false;
}

int64_t wrap_dim(const char* operation, int64_t dim, int64_t ndim) {
  const int64_t range = std::max<int64_t>(ndim, 1);
  if (dim < -range || dim >= range) {
    throw IndexError(fmt::format(
        "{}: dimension {} is out of range: expected {} to {} for a tensor of {} dimension{}",
        operation, dim, -range, range - 1, ndim, ndim == 1 ? "" : "s"));
  }
  return dim < 0 ? dim + range : dim;
}

uint32_t dim_mask(const char* operation, IntArrayRef dims, int64_t ndim) {
  if (dims.empty()) return (1u << std::max<int64_t>(ndim, 1)) - 1;
  uint32_t mask = 0;
  for (const int64_t dim : dims) {
    const uint32_t bit = 1u << wrap_dim(operation, dim, ndim);
    check((mask & bit) == 0, "{}: dimension {} appears more than once in [{}]", operation, dim,
          fmt::join(dims, ", "));
    mask |= bit;
  }
  return mask;
}

Dims broadcast_shapes(IntArrayRef a, IntArrayRef b, const char* operation) {
  const IntArrayRef longer = a.size() >= b.size() ? a : b, shorter = a.size() >= b.size() ? b : a;
  Dims result(longer);
  const std::size_t lead = longer.size() - shorter.size();
  for (std::size_t i = 0; i < shorter.size(); ++i) {
    int64_t& size = result[lead + i];
    if (size == 1) {
      size = shorter[i];
    } else if (shorter[i] != 1 && shorter[i] != size) {
      fail(
          "{}{}shapes [{}] and [{}] do not broadcast: sizes {} and {} at dimension {} differ and "
          "neither is 1",
          operation == nullptr ? "" : operation, operation == nullptr ? "" : ": ",
          fmt::join(a, ", "), fmt::join(b, ", "), a[i + (a.size() - shorter.size())],
          b[i + (b.size() - shorter.size())], lead + i);
    }
  }
  return result;
}

bool is_expandable_to(IntArrayRef from, IntArrayRef to) {
  if (from.size() > to.size()) return false;
  const std::size_t lead = to.size() - from.size();
  for (std::size_t i = 0; i < from.size(); ++i) {
    if (from[i] != to[lead + i] && from[i] != 1) return false;
  }
  return true;
}

Dims expanded_strides(IntArrayRef sizes, IntArrayRef strides, IntArrayRef target) {
  Dims result(target.size(), 0);
  const std::size_t lead = target.size() - sizes.size();
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    result[lead + i] = sizes[i] == 1 && target[lead + i] != 1 ? 0 : strides[i];
  }
  return result;
}

Dims infer_size(const char* operation, IntArrayRef shape, int64_t count) {
  Dims result(shape);
  int64_t* unknown = nullptr;
  int64_t known = 1;
  for (int64_t& size : result) {
    if (size == -1) {
      check(unknown == nullptr, "{}: only one size can be -1 (inferred), got [{}]", operation,
            fmt::join(shape, ", "));
      unknown = &size;
    } else {
      check(size >= 0, "{}: invalid size {} in shape [{}]", operation, size,
            fmt::join(shape, ", "));
      check(!__builtin_mul_overflow(known, size, &known), "{}: shape [{}] is too large", operation,
            fmt::join(shape, ", "));
    }
  }
  if (unknown != nullptr) {
    check(known != 0, "{}: the -1 in shape [{}] could be anything: the other sizes multiply to 0",
          operation, fmt::join(shape, ", "));
    check(count % known == 0, "{}: shape [{}] does not fit {} elements: they are no multiple of {}",
          operation, fmt::join(shape, ", "), count, known);
    *unknown = count / known;
  } else {
    check(known == count, "{}: shape [{}] does not fit {} elements: it has {}", operation,
          fmt::join(shape, ", "), count, known);
  }
  return result;
}

std::optional<Dims> view_strides(IntArrayRef sizes, IntArrayRef strides, IntArrayRef shape) {
  if (numel(sizes) == 0) {
    // No element, no constraint; the same shape keeps its strides.
    return sizes == shape ? Dims(strides) : contiguous_strides(shape);
  }
  // Walk both shapes from the last dimension; the old dimensions fall into runs that are
  // contiguous among themselves, and each run must be split exactly by new dimensions.
  Dims result(shape.size(), 0);
  int64_t view_dim = static_cast<int64_t>(shape.size()) - 1;
  int64_t run_stride = sizes.empty() ? 1 : strides.back();
  int64_t run_numel = 1, view_numel = 1;
  for (int64_t dim = static_cast<int64_t>(sizes.size()) - 1; dim >= 0; --dim) {
    run_numel *= sizes[dim];
    const bool run_ends =
        dim == 0 || (sizes[dim - 1] != 1 && strides[dim - 1] != run_numel * run_stride);
    if (!run_ends) continue;
    while (view_dim >= 0 && (view_numel < run_numel || shape[view_dim] == 1)) {
      result[view_dim] = view_numel * run_stride;
      view_numel *= shape[view_dim];
      --view_dim;
    }
    if (view_numel != run_numel) return std::nullopt;
    if (dim > 0) {
      run_stride = strides[dim - 1];
      run_numel = view_numel = 1;
    }
  }
  while (view_dim >= 0) result[view_dim--] = view_numel * run_stride;  // what is left is of size 1
  return result;
}

}  // namespace adjoint
