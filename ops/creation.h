#pragma once

#include <concepts>
#include <initializer_list>
#include <string_view>
#include <vector>

#include "adjoint/core/tensor.h"

namespace adjoint {
namespace detail {

/// What tensor() is made from: a number, a list of numbers, or braces in braces; always held as a
/// tensor of the numbers' own type. A brace without elements is a float tensor of shape [0].
class TensorData {
 public:
  TensorData();
  template <class T>
  requires std::is_arithmetic_v<T> TensorData(T value) : values_(empty({}, held<T>)) {
    *values_.data_ptr<Held<T>>() = value;
  }
  template <class T>
  requires std::is_arithmetic_v<T> TensorData(ArrayRef<T> values)
      : TensorData(values.begin(), values.end(), std::type_identity<T>()) {}
  template <class T>
  requires std::is_arithmetic_v<T> TensorData(const std::vector<T>& values)
      : TensorData(values.begin(), values.end(), std::type_identity<T>()) {}
  /// Throws Error unless all elements have one shape and one type.
  TensorData(std::initializer_list<TensorData> list);

  const Tensor& values() const { return values_; }

 private:
  /// The dtype that holds a T: its own, or int64 for integers of other widths.
  template <class T>
  using Held =
      std::conditional_t<std::integral<T> && !std::same_as<T, bool> && !std::same_as<T, uint8_t>,
                         int64_t, T>;
  template <class T>
  static constexpr ScalarType held = scalar_type_of<Held<T>>;

  template <class It, class T>
  TensorData(It begin, It end, std::type_identity<T>)
      : values_(empty({static_cast<int64_t>(end - begin)}, held<T>)) {
    std::copy(begin, end, values_.data_ptr<Held<T>>());
  }

  Tensor values_;
};

}  // namespace detail

/// The tensor with these elements: tensor({{1, 2}, {3, 4}}), tensor(0.5), tensor(some_vector).
/// Unless `options` name a dtype, floating-point numbers become the default dtype (doubles too, as
/// in libtorch), integers int64, bools bool. Throws Error for a ragged list, for a list of mixed
/// types, and for a number that the dtype cannot hold.
Tensor tensor(const detail::TensorData& data, const TensorOptions& options = {});
/// A tensor without dimensions, of the default dtype unless options say otherwise.
Tensor scalar_tensor(const Scalar& value, const TensorOptions& options = {});

Tensor zeros(IntArrayRef size, const TensorOptions& options = {});
Tensor ones(IntArrayRef size, const TensorOptions& options = {});
/// All elements are `fill_value`, whose type decides the dtype: int64, bool or the default one.
Tensor full(IntArrayRef size, const Scalar& fill_value, const TensorOptions& options = {});
/// start, start + step, ... up to but without `end`. int64 if all three are integers. Throws Error
/// if the step is zero or leads away from `end`.
Tensor arange(const Scalar& end, const TensorOptions& options = {});
Tensor arange(const Scalar& start, const Scalar& end, const TensorOptions& options = {});
Tensor arange(const Scalar& start, const Scalar& end, const Scalar& step,
              const TensorOptions& options = {});
/// `steps` values at equal distances; the first one is `start`, the last one `end`.
Tensor linspace(const Scalar& start, const Scalar& end, int64_t steps,
                const TensorOptions& options = {});
/// `base` to the power of each of linspace(start, end, steps).
Tensor logspace(const Scalar& start, const Scalar& end, int64_t steps, double base = 10,
                const TensorOptions& options = {});
/// The n×m matrix with ones on its diagonal.
Tensor eye(int64_t n, const TensorOptions& options = {});
Tensor eye(int64_t n, int64_t m, const TensorOptions& options = {});
/// The indices, [2, count], of a row×col matrix on and below (or above) its diagonal number
/// `offset`, row by row. int64 or int32.
Tensor tril_indices(int64_t row, int64_t col, int64_t offset = 0,
                    const TensorOptions& options = kInt64);
Tensor triu_indices(int64_t row, int64_t col, int64_t offset = 0,
                    const TensorOptions& options = kInt64);
/// For integers, each a class, rows of num_classes zeros with a one at the class: one dimension
/// more. Without num_classes they are as many as the largest class needs.
Tensor one_hot(const Tensor& self, int64_t num_classes = -1);
/// For tensors of n, m, ... elements: as many tensors [n, m, ...], the i-th of which varies along
/// dimension i only, with the values of the i-th given. With indexing "xy" (for plots: columns
/// first) the first two dimensions are swapped; "ij" is the other. Views of the tensors given.
std::vector<Tensor> meshgrid(TensorList tensors, std::string_view indexing = "ij");

/// Of self's shape and, unless options say otherwise, its dtype. A permuted tensor's order in
/// memory is kept: the result is dense with the dimensions in the same order.
Tensor empty_like(const Tensor& self, const TensorOptions& options = {});
Tensor zeros_like(const Tensor& self, const TensorOptions& options = {});
Tensor ones_like(const Tensor& self, const TensorOptions& options = {});
Tensor full_like(const Tensor& self, const Scalar& fill_value, const TensorOptions& options = {});

}  // namespace adjoint
