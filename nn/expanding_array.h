#pragma once

#include <algorithm>
#include <array>
#include <initializer_list>
#include <ostream>
#include <sstream>
#include <vector>

#include "adjoint/core/array_ref.h"

namespace adjoint {

/// One number for each of D dimensions, made from D numbers or from one that holds for all of them:
/// the kernel sizes 3 and {3, 5}. Throws Error for another count.
template <std::size_t D, class T = int64_t>
class ExpandingArray {
 public:
  ExpandingArray(std::initializer_list<T> values)
      : ExpandingArray(ArrayRef<T>(values.begin(), values.size())) {}
  ExpandingArray(const std::vector<T>& values) : ExpandingArray(ArrayRef<T>(values)) {}
  ExpandingArray(ArrayRef<T> values) {
    if (values.size() != D) {
      std::ostringstream given;
      given << values;
      fail("expected {} numbers, or one for all dimensions, got {}", D, given.str());
    }
    std::copy(values.begin(), values.end(), values_.begin());
  }
  ExpandingArray(T value) { values_.fill(value); }
  ExpandingArray(const std::array<T, D>& values) : values_(values) {}

  std::array<T, D>& operator*() { return values_; }
  const std::array<T, D>& operator*() const { return values_; }
  std::array<T, D>* operator->() { return &values_; }
  const std::array<T, D>* operator->() const { return &values_; }
  operator ArrayRef<T>() const { return values_; }
  std::size_t size() const noexcept { return D; }

 private:
  std::array<T, D> values_;
};

/// Prints as `[3, 5]`, or as `3` in one dimension.
template <std::size_t D, class T>
std::ostream& operator<<(std::ostream& out, const ExpandingArray<D, T>& array) {
  if constexpr (D == 1) return out << array->front();
  return out << ArrayRef<T>(array);
}

}  // namespace adjoint
