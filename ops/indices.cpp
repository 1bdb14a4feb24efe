#include "adjoint/ops/indices.h"

#include <fmt/format.h>

#include "adjoint/core/allocator.h"
#include "adjoint/core/parallel.h"
#include "adjoint/ops/kernels/ceil_div.h"

namespace adjoint::indices {

Around::Around(IntArrayRef sizes, int64_t dim) {
  const auto d = static_cast<std::size_t>(dim);
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    (i < d ? outer : i == d ? n : inner) *= sizes[i];
  }
}

namespace {

/// The least of the indices and 0, and the greatest of the indices and -1.
std::pair<int64_t, int64_t> range_of(const int64_t* values, int64_t count) {
  constexpr int64_t kPiece = 65536;
  const int64_t pieces = kernels::ceil_div(count, kPiece);
  const Scratch<std::pair<int64_t, int64_t>> ranges(static_cast<std::size_t>(pieces));
  parallel_for(0, count, kPiece, [&](int64_t begin, int64_t end) {
    int64_t least = 0, most = -1;
    for (int64_t i = begin; i < end; ++i) {
      least = std::min(least, values[i]);
      most = std::max(most, values[i]);
    }
    ranges[static_cast<std::size_t>(begin / kPiece)] = {least, most};
  });
  std::pair<int64_t, int64_t> range{0, -1};
  for (std::size_t i = 0; i < static_cast<std::size_t>(pieces); ++i) {
    range = {std::min(range.first, ranges[i].first), std::max(range.second, ranges[i].second)};
  }
  return range;
}

}  // namespace

Tensor as_int64(const char* name, const Tensor& index) {
  check(index.scalar_type() == kInt64 || index.scalar_type() == kInt32,
        "{}: indices are int64 or int32, got {}", name, index.scalar_type());
  return index.detach().to(kInt64).contiguous();
}

Tensor checked(const char* name, const Tensor& index, int64_t size, Negative negative) {
  Tensor indices = as_int64(name, index);
  const int64_t* const values = indices.data_ptr<int64_t>();
  const auto [least, most] = range_of(values, indices.numel());
  const bool low = least < (negative == Negative::kFromTheEnd ? -size : 0);
  if (low || most >= size) {
    throw IndexError(fmt::format("{}: index {} is out of range for a dimension of size {}", name,
                                 low ? least : most, size));
  }
  if (least < 0) {
    const Tensor wrapped = empty(indices.sizes(), kInt64);
    kernels::map<int64_t, int64_t>([size](int64_t i) { return i < 0 ? i + size : i; }, wrapped,
                                   indices);
    return wrapped;
  }
  return indices;
}

void check_same_dtype(const char* name, const Tensor& self, const Tensor& source) {
  check(self.scalar_type() == source.scalar_type(),
        "{}: self is {}, but the source is {}; convert it with source.to(self.dtype())", name,
        self.scalar_type(), source.scalar_type());
}

Tensor readable(const Tensor& t, const Tensor& written) {
  const Tensor plain = t.detach();
  if (!plain.is_contiguous()) return plain.contiguous();
  return plain.is_alias_of(written) ? plain.clone() : plain;
}

Tensor overwritten(const Tensor& places, int64_t count) {
  const Scratch<int64_t> last(static_cast<std::size_t>(count));  // which one is written there last
  const int64_t* const at = places.data_ptr<int64_t>();
  for (int64_t i = 0; i < places.numel(); ++i) last[static_cast<std::size_t>(at[i])] = i;
  const Tensor lost = empty(places.sizes(), kBool);
  bool any = false;
  for (int64_t i = 0; i < places.numel(); ++i) {
    const bool again = last[static_cast<std::size_t>(at[i])] != i;
    lost.data_ptr<bool>()[i] = again;
    any |= again;
  }
  return any ? lost : Tensor();
}

}  // namespace adjoint::indices
