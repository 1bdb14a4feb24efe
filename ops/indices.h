#pragma once

// Internal: for the files that define operations on indices.

#include "adjoint/autograd/record.h"
#include "adjoint/ops/kernels/elementwise.h"

namespace adjoint::indices {

/// A shape as [outer, n, inner] around dimension `dim`; no dimensions count as [1].
struct Around {
  Around(IntArrayRef sizes, int64_t dim);
  int64_t outer = 1, n = 1, inner = 1;
};

enum class Negative { kRefused, kFromTheEnd };

/// The indices as contiguous int64; not recorded, may be `index` itself. Throws Error unless they
/// are int64 or int32.
Tensor as_int64(const char* name, const Tensor& index);

/// The same, each in [0, size). Throws IndexError for one that is out of range.
Tensor checked(const char* name, const Tensor& index, int64_t size,
               Negative negative = Negative::kRefused);

/// Whether `count` indices are in [0, size).
inline bool in_range(const int64_t* indices, int64_t count, int64_t size) {
  // One that is negative, or beyond the last one, leaves the highest bit.
  const auto last = static_cast<uint64_t>(size - 1);
  uint64_t outside = 0;
  constexpr int64_t kBlock = 64, kLine = 8, kPage = 512;
  for (int64_t begin = 0; begin < count; begin += kBlock) {
    for (int64_t i = 0; i < kBlock; i += kLine) __builtin_prefetch(indices + begin + kPage + i);
    const int64_t end = std::min(begin + kBlock, count);
    for (int64_t i = begin; i < end; ++i) {
      const auto index = static_cast<uint64_t>(indices[i]);
      outside |= index | (last - index);
    }
  }
  return outside >> 63 == 0;
}

/// Throws Error unless both have one dtype.
void check_same_dtype(const char* name, const Tensor& self, const Tensor& source);

/// `t` as it can be read while `written` is being changed: contiguous, unknown to the graph, and of
/// another storage.
Tensor readable(const Tensor& t, const Tensor& written);

/// Marks, in the shape of `places`, which of them come again later in it, so that what is written
/// there is overwritten. Places are contiguous, in [0, count). Undefined if there are none.
Tensor overwritten(const Tensor& places, int64_t count);

/// A contiguous copy of self that write(copy) has changed. Not recorded.
template <class Write>
Tensor changed(const Tensor& self, const Write& write) {
  Tensor made = empty(self.sizes(), self.scalar_type());
  kernels::copy(made, self);
  write(made);
  return made;
}

/// The in-place form: self's elements as write(self) leaves them, or recorded(), the operation out
/// of place, if it has to be recorded. Returns self's handle, non-const as libtorch does.
template <class Write, class Recorded>
Tensor& change(const char* name, const Tensor& self, const Tensor& other, const Write& write,
               const Recorded& recorded) {
  if (autograd::needs_recording({self, other})) {
    autograd::assign_(self, recorded(), name);
    return const_cast<Tensor&>(self);
  }
  autograd::check_inplace(name, self);
  if (self.is_contiguous()) {
    write(self);
  } else {
    kernels::copy(self, changed(self, write));
  }
  autograd::bump_version(self);
  return const_cast<Tensor&>(self);
}

}  // namespace adjoint::indices
