#pragma once

#include <limits>
#include <ostream>
#include <variant>
#include <vector>

#include "adjoint/core/tensor.h"

/// Indexing as in Python, with libtorch's names:
///
///     x[0, ..., 1:3]          x.index({0, "...", Slice(1, 3)})
///     x[:, None, ::2]         x.index({Slice(), None, Slice(None, None, 2)})
///     x[x > 0] = 0            x.index_put_({x > 0}, 0)
///     x[rows, columns]        x.index({rows, columns})
///
/// With integers, slices, None and Ellipsis alone the result is a view. Tensors (and bools, which
/// count as masks without dimensions) make it a copy: integer tensors broadcast to one shape, which
/// takes the place of the dimensions that they index, or comes first if these are not side by side;
/// a mask of k dimensions stands for the k lists of indices where it is true. An integer, also one
/// in a tensor without dimensions, is applied before the lists are: as in PyTorch, unlike NumPy,
/// x.index({0, Slice(), list}) is x[0].index({Slice(), list}).
namespace adjoint::indexing {

inline constexpr int64_t INDEX_MAX = std::numeric_limits<int64_t>::max();
inline constexpr int64_t INDEX_MIN = std::numeric_limits<int64_t>::min();

/// A new dimension of size 1; in a Slice: from the beginning, to the end, every one.
inline constexpr std::nullopt_t None = std::nullopt;

/// As many whole dimensions as are left over.
struct EllipsisIndexType {};
inline constexpr EllipsisIndexType Ellipsis;

/// Python's start:stop:step. Negative bounds count from the end, and bounds beyond it are cut. A
/// negative step can be said but not applied: tensors have no negative strides (use flip).
class Slice {
 public:
  /// Throws Error if the step is 0.
  Slice(std::optional<int64_t> start_index = std::nullopt,
        std::optional<int64_t> stop_index = std::nullopt,
        std::optional<int64_t> step_index = std::nullopt);

  int64_t start() const { return start_; }
  int64_t stop() const { return stop_; }
  int64_t step() const { return step_; }

 private:
  int64_t start_, stop_, step_;
};

/// One entry of an index list.
class TensorIndex {
 public:
  TensorIndex(std::nullopt_t);
  TensorIndex(EllipsisIndexType);
  /// Throws Error for anything but "...".
  TensorIndex(const char* ellipsis);
  TensorIndex(int64_t integer);
  TensorIndex(int integer) : TensorIndex(int64_t{integer}) {}
  template <class T>
  requires std::is_same_v<T, bool> TensorIndex(T boolean) : TensorIndex(Boolean{boolean}) {}
  TensorIndex(Slice slice);
  TensorIndex(Tensor tensor);

  // Not inline, for the time that users' programs take to compile.
  TensorIndex(const TensorIndex&);
  TensorIndex(TensorIndex&&) noexcept;
  TensorIndex& operator=(const TensorIndex&);
  TensorIndex& operator=(TensorIndex&&) noexcept;
  ~TensorIndex();

  bool is_none() const { return std::holds_alternative<std::nullopt_t>(value_); }
  bool is_ellipsis() const { return std::holds_alternative<EllipsisIndexType>(value_); }
  bool is_integer() const { return std::holds_alternative<int64_t>(value_); }
  bool is_boolean() const { return std::holds_alternative<bool>(value_); }
  bool is_slice() const { return std::holds_alternative<Slice>(value_); }
  bool is_tensor() const { return std::holds_alternative<Tensor>(value_); }
  // Each of these only where is_...() says so.
  int64_t integer() const { return std::get<int64_t>(value_); }
  bool boolean() const { return std::get<bool>(value_); }
  const Slice& slice() const { return std::get<Slice>(value_); }
  const Tensor& tensor() const { return std::get<Tensor>(value_); }

 private:
  struct Boolean {
    bool value;
  };
  explicit TensorIndex(Boolean boolean);

  std::variant<std::nullopt_t, EllipsisIndexType, int64_t, bool, Slice, Tensor> value_;
};

/// As libtorch prints them: `1:3:1`, `...`, `(1, None, true)`.
std::ostream& operator<<(std::ostream& stream, const Slice& slice);
std::ostream& operator<<(std::ostream& stream, const TensorIndex& tensor_index);
std::ostream& operator<<(std::ostream& stream, const std::vector<TensorIndex>& tensor_indices);

}  // namespace adjoint::indexing

namespace adjoint {

/// The indexed elements.
inline Tensor index(const Tensor& self, ArrayRef<indexing::TensorIndex> indices) {
  return self.index(indices);
}
/// self with `value` written to the indexed elements, or added to them.
inline Tensor index_put(const Tensor& self, ArrayRef<indexing::TensorIndex> indices,
                        const Tensor& value, bool accumulate = false) {
  return self.index_put(indices, value, accumulate);
}
inline Tensor& index_put_(Tensor& self, ArrayRef<indexing::TensorIndex> indices,
                          const Tensor& value, bool accumulate = false) {
  return self.index_put_(indices, value, accumulate);
}

}  // namespace adjoint
