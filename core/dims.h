#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "adjoint/core/array_ref.h"

namespace adjoint {

/// The most dimensions that a tensor can have. The limit lets a tensor hold its sizes and strides
/// without a memory block of their own: two fewer allocations for every tensor that is made.
inline constexpr std::size_t kMaxDims = 8;

/// A short list of integers, one a dimension: sizes, strides, or indices. Converts to IntArrayRef.
class Dims {
 public:
  Dims() = default;
  Dims(IntArrayRef values) { assign(values); }
  Dims(std::initializer_list<int64_t> values) {
    assign(IntArrayRef(values.begin(), values.size()));
  }
  Dims(std::size_t count, int64_t value) {
    resize(count);
    std::fill(begin(), end(), value);
  }
  Dims(const Dims& other) : size_(other.size_) {
    std::copy_n(other.values_.begin(), size_, begin());
  }
  Dims& operator=(const Dims& other) {
    size_ = other.size_;
    std::copy_n(other.values_.begin(), size_, begin());
    return *this;
  }

  operator IntArrayRef() const { return {values_.data(), size_}; }
  std::vector<int64_t> vec() const { return {begin(), end()}; }

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  int64_t* begin() { return values_.data(); }
  int64_t* end() { return values_.data() + size_; }
  const int64_t* begin() const { return values_.data(); }
  const int64_t* end() const { return values_.data() + size_; }
  int64_t& operator[](std::size_t i) { return values_[i]; }
  int64_t operator[](std::size_t i) const { return values_[i]; }
  int64_t& back() { return values_[size_ - 1]; }
  int64_t back() const { return values_[size_ - 1]; }

  /// Throws Error if that is more than kMaxDims. New entries are undefined.
  void resize(std::size_t count) {
    check(count <= kMaxDims, "a tensor has at most {} dimensions, got {}", kMaxDims, count);
    size_ = static_cast<uint32_t>(count);
  }
  void push_back(int64_t value) {
    resize(size_ + 1);
    values_[size_ - 1] = value;
  }
  void insert(std::size_t at, int64_t value) {
    push_back(value);
    std::rotate(begin() + at, end() - 1, end());
  }
  void erase(std::size_t at) {
    std::copy(begin() + at + 1, end(), begin() + at);
    --size_;
  }

  friend bool operator==(const Dims& a, const Dims& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end());
  }

 private:
  void assign(IntArrayRef values) {
    resize(values.size());
    std::copy(values.begin(), values.end(), begin());
  }

  uint32_t size_ = 0;
  std::array<int64_t, kMaxDims> values_;
};

}  // namespace adjoint
