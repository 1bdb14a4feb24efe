#pragma once

#include <array>
#include <cstddef>
#include <iterator>
#include <utility>
#include <vector>

#include "adjoint/core/array_ref.h"

namespace adjoint {

/// A list that rarely has more than N elements: up to there they are in the object itself, without
/// a memory block of their own. Converts to ArrayRef.
template <class T, std::size_t N>
class InlineVector {
 public:
  InlineVector() = default;

  void push_back(T value) {
    if (size_ < N) {
      few_[size_] = std::move(value);
    } else {
      if (size_ == N) {
        many_.assign(std::make_move_iterator(few_.begin()), std::make_move_iterator(few_.end()));
      }
      many_.push_back(std::move(value));
    }
    ++size_;
  }

  operator ArrayRef<T>() const { return {begin(), size_}; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  const T* begin() const { return size_ <= N ? few_.data() : many_.data(); }
  const T* end() const { return begin() + size_; }
  const T& operator[](std::size_t i) const { return begin()[i]; }

 private:
  std::size_t size_ = 0;
  std::array<T, N> few_;
  std::vector<T> many_;  // all of them, once they are more than N
};

}  // namespace adjoint
