#include "adjoint/ops/creation.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

#include <fmt/ranges.h>

#include "adjoint/ops/kernels/elementwise.h"

namespace adjoint {
namespace detail {

TensorData::TensorData() : values_(empty({0}, get_default_dtype())) {}

TensorData::TensorData(std::initializer_list<TensorData> list) {
  // libtorch reads `{}` as a list without elements, which is the default constructor's case.
  if (list.size() == 0) {
    *this = TensorData();
    return;
  }
  const Tensor& first = list.begin()->values_;
  Dims sizes = first.sizes();
  sizes.insert(0, static_cast<int64_t>(list.size()));
  values_ = empty(sizes, first.scalar_type());
  const std::size_t bytes = first.nbytes();
  auto* to = static_cast<std::byte*>(values_.data_ptr());
  for (const TensorData& element : list) {
    const Tensor& values = element.values_;
    check(values.sizes() == first.sizes(),
          "tensor: expected all sub-lists to have sizes [{}] as the first one has, but number {} "
          "has sizes [{}]",
          fmt::join(first.sizes(), ", "), &element - list.begin(), fmt::join(values.sizes(), ", "));
    check(values.scalar_type() == first.scalar_type(),
          "tensor: expected all elements to be {} as the first one is, but number {} is {}; write "
          "{{1.0, 2.0}} rather than {{1.0, 2}}",
          first.scalar_type(), &element - list.begin(), values.scalar_type());
    if (bytes > 0) std::memcpy(to, values.data_ptr(), bytes);
    to += bytes;
  }
}

}  // namespace detail

namespace {

/// What a number of that type becomes if nobody names a dtype.
ScalarType deduced(ScalarType type) { return isFloatingType(type) ? get_default_dtype() : type; }

/// Sets all elements of a dense tensor, in whatever order they lie.
Tensor filled(Tensor dense, const Scalar& value) {
  dispatch(dense.scalar_type(), [&]<class T>(std::type_identity<T>) {
    std::fill_n(dense.data_ptr<T>(), dense.numel(), value.to<T>());
  });
  return dense;
}

TensorOptions with_dtype(const TensorOptions& options, ScalarType otherwise) {
  return options.dtype(options.dtype_opt().value_or(otherwise));
}

/// The strides of a dense tensor whose dimensions lie in memory in the order of these strides. An
/// expanded dimension (stride 0) tells nothing about the order: it stays where it is.
Dims dense_strides(IntArrayRef sizes, IntArrayRef strides) {
  std::vector<std::size_t> order(sizes.size());  // from the fastest dimension to the slowest
  std::iota(order.rbegin(), order.rend(), 0);
  const auto swapped = [&](std::size_t fast, std::size_t slow) {
    if (strides[fast] == 0 || strides[slow] == 0) return 0;
    if (strides[fast] != strides[slow]) return strides[fast] > strides[slow] ? 1 : -1;
    return sizes[fast] > sizes[slow] ? 1 : 0;
  };
  // An insertion sort, since 'no opinion' is not transitive.
  for (std::size_t i = 1; i < order.size(); ++i) {
    std::size_t slow = i;
    for (std::size_t fast = i; fast-- > 0;) {
      const int comparison = swapped(order[fast], order[slow]);
      if (comparison > 0) {
        std::swap(order[fast], order[slow]);
        slow = fast;
      } else if (comparison < 0) {
        break;
      }
    }
  }
  Dims dense(sizes.size(), 0);
  int64_t next = 1;
  for (const std::size_t d : order) {
    dense[d] = next;
    next *= std::max<int64_t>(sizes[d], 1);
  }
  return dense;
}

/// The number of elements of arange in floating point.
int64_t steps_between(double start, double end, double step) {
  const double count = std::ceil((end - start) / step);
  check(count >= 0 && count < 0x1p53, "arange({}, {}, {}): expected a finite number of elements",
        start, end, step);
  return static_cast<int64_t>(count);
}

/// The same in integers, which double does not always hold.
int64_t steps_between(int64_t start, int64_t end, int64_t step) {
  int64_t distance = 0;
  check(!__builtin_sub_overflow(end, start, &distance),
        "arange({}, {}, {}): the distance does not fit 63 bits", start, end, step);
  return distance / step + (distance % step != 0);
}

template <class N>
Tensor make_arange(N start, N end, N step, const TensorOptions& options) {
  check(step != 0, "arange: the step must not be zero");
  check((step > 0) == (end > start) || start == end,
        "arange({}, {}, {}): the step leads away from the end", start, end, step);
  Tensor made = empty({steps_between(start, end, step)}, options);
  dispatch(made.scalar_type(), [&]<class T>(std::type_identity<T>) {
    T* values = made.data_ptr<T>();
    for (int64_t i = 0; i < made.numel(); ++i) {
      values[i] = static_cast<T>(start + static_cast<N>(i) * step);
    }
  });
  return made;
}

/// `steps` values at equal distances. Each half counts from its own end, so that both are exact.
template <class T, class Real>
void fill_evenly(T* values, Real start, Real end, int64_t steps) {
  const Real step = steps > 1 ? (end - start) / static_cast<Real>(steps - 1) : 0;
  for (int64_t i = 0; i < steps; ++i) {
    values[i] =
        static_cast<T>(i < steps / 2 || steps == 1 ? start + step * static_cast<Real>(i)
                                                   : end - step * static_cast<Real>(steps - 1 - i));
  }
}

/// The indices of a matrix's elements of columns [begin(row), end(row)), row by row.
template <class Begin, class End>
Tensor matrix_indices(const char* name, int64_t rows, int64_t columns, const TensorOptions& options,
                      const Begin& begin, const End& end) {
  check(rows >= 0 && columns >= 0, "{}: expected sizes of a matrix, got {} and {}", name, rows,
        columns);
  check(options.dtype() == kInt64 || options.dtype() == kInt32,
        "{}: expected int64 or int32, got {}", name, options.dtype());
  int64_t count = 0;
  for (int64_t row = 0; row < rows; ++row) count += std::max<int64_t>(0, end(row) - begin(row));
  Tensor made = empty({2, count}, options);
  const auto fill = [&]<class T>(std::type_identity<T>) {
    T* next = made.data_ptr<T>();
    for (int64_t row = 0; row < rows; ++row) {
      for (int64_t column = begin(row); column < end(row); ++column, ++next) {
        next[0] = static_cast<T>(row);
        next[count] = static_cast<T>(column);
      }
    }
  };
  options.dtype() == kInt64 ? fill(std::type_identity<int64_t>())
                            : fill(std::type_identity<int32_t>());
  return made;
}

}  // namespace

Tensor tensor(const detail::TensorData& data, const TensorOptions& options) {
  const Tensor& values = data.values();
  Tensor made = empty(values.sizes(), with_dtype(options, deduced(values.scalar_type())));
  dispatch(made.scalar_type(), [&]<class T>(std::type_identity<T>) {
    dispatch(values.scalar_type(), [&]<class S>(std::type_identity<S>) {
      std::transform(values.data_ptr<S>(), values.data_ptr<S>() + values.numel(),
                     made.data_ptr<T>(), [](S value) { return Scalar(value).to<T>(); });
    });
  });
  return made;
}

Tensor scalar_tensor(const Scalar& value, const TensorOptions& options) {
  return filled(empty({}, options), value);
}

Tensor zeros(IntArrayRef size, const TensorOptions& options) {
  return filled(empty(size, options), 0);
}

Tensor ones(IntArrayRef size, const TensorOptions& options) {
  return filled(empty(size, options), 1);
}

Tensor full(IntArrayRef size, const Scalar& fill_value, const TensorOptions& options) {
  return filled(empty(size, with_dtype(options, deduced(fill_value.type()))), fill_value);
}

Tensor arange(const Scalar& end, const TensorOptions& options) { return arange(0, end, options); }

Tensor arange(const Scalar& start, const Scalar& end, const TensorOptions& options) {
  return arange(start, end, 1, options);
}

Tensor arange(const Scalar& start, const Scalar& end, const Scalar& step,
              const TensorOptions& options) {
  const bool integers = start.isIntegral(true) && end.isIntegral(true) && step.isIntegral(true);
  const TensorOptions made = with_dtype(options, integers ? kInt64 : get_default_dtype());
  check(made.dtype() != kBool, "arange: a bool tensor cannot count");
  if (!isFloatingType(made.dtype()) || integers) {
    return make_arange(start.toLong(), end.toLong(), step.toLong(), made);
  }
  return make_arange(start.toDouble(), end.toDouble(), step.toDouble(), made);
}

Tensor linspace(const Scalar& start, const Scalar& end, int64_t steps,
                const TensorOptions& options) {
  check(steps >= 0, "linspace: the number of steps must not be negative, got {}", steps);
  Tensor made = empty({steps}, options);
  dispatch(made.scalar_type(), [&]<class T>(std::type_identity<T>) {
    using Real = std::conditional_t<std::is_floating_point_v<T>, T, double>;
    fill_evenly(made.data_ptr<T>(), start.to<Real>(), end.to<Real>(), steps);
  });
  return made;
}

Tensor logspace(const Scalar& start, const Scalar& end, int64_t steps, double base,
                const TensorOptions& options) {
  check(steps >= 0, "logspace: the number of steps must not be negative, got {}", steps);
  Tensor made = empty({steps}, options);
  dispatch(made.scalar_type(), [&]<class T>(std::type_identity<T>) {
    using Real = std::conditional_t<std::is_floating_point_v<T>, T, double>;
    std::vector<Real> exponents(static_cast<std::size_t>(steps));
    fill_evenly(exponents.data(), start.to<Real>(), end.to<Real>(), steps);
    std::transform(exponents.begin(), exponents.end(), made.data_ptr<T>(), [base](Real e) {
      return kernels::convert<T>(std::pow(static_cast<Real>(base), e));
    });
  });
  return made;
}

Tensor eye(int64_t n, const TensorOptions& options) { return eye(n, n, options); }

Tensor eye(int64_t n, int64_t m, const TensorOptions& options) {
  Tensor made = zeros({n, m}, options);
  dispatch(made.scalar_type(), [&]<class T>(std::type_identity<T>) {
    for (int64_t i = 0; i < std::min(n, m); ++i) made.data_ptr<T>()[i * (m + 1)] = T{1};
  });
  return made;
}

Tensor tril_indices(int64_t row, int64_t col, int64_t offset, const TensorOptions& options) {
  offset = std::clamp(offset, -std::max<int64_t>(row, 0), std::max<int64_t>(col, 0));
  return matrix_indices(
      "tril_indices", row, col, options, [](int64_t) { return int64_t{0}; },
      [=](int64_t r) { return std::clamp<int64_t>(r + offset + 1, 0, col); });
}

Tensor triu_indices(int64_t row, int64_t col, int64_t offset, const TensorOptions& options) {
  offset = std::clamp(offset, -std::max<int64_t>(row, 0), std::max<int64_t>(col, 0));
  return matrix_indices(
      "triu_indices", row, col, options,
      [=](int64_t r) { return std::clamp<int64_t>(r + offset, 0, col); },
      [=](int64_t) { return col; });
}

Tensor one_hot(const Tensor& self, int64_t num_classes) {
  check(self.scalar_type() == kInt64, "one_hot: classes are int64, got {}; convert them with {}",
        self.scalar_type(), "x.to(torch::kInt64)");
  check(num_classes > 0 || num_classes == -1,
        "one_hot: expected a positive number of classes, or -1, got {}", num_classes);
  const Tensor classes = self.contiguous();
  const int64_t* const values = classes.data_ptr<int64_t>();
  const auto [least, largest] = std::minmax_element(values, values + classes.numel());
  check(classes.numel() > 0 || num_classes > 0,
        "one_hot: without any class their number is unknown; give num_classes");
  if (classes.numel() > 0) {
    check(*least >= 0, "one_hot: a class must not be negative, got {}", *least);
    check(num_classes == -1 || *largest < num_classes, "one_hot: class {} is not one of {}",
          *largest, num_classes);
    if (num_classes == -1) num_classes = *largest + 1;
  }
  Dims shape(self.sizes());
  shape.push_back(num_classes);
  Tensor made = zeros(shape, kInt64);
  for (int64_t i = 0; i < classes.numel(); ++i) {
    made.data_ptr<int64_t>()[i * num_classes + values[i]] = 1;
  }
  return made;
}

std::vector<Tensor> meshgrid(TensorList tensors, std::string_view indexing) {
  check(!tensors.empty(), "meshgrid: expected at least one tensor");
  check(indexing == "ij" || indexing == "xy",
        "meshgrid: expected \"ij\" or \"xy\" as indexing, got \"{}\"", indexing);
  Dims shape;
  for (const Tensor& t : tensors) {
    check(t.dim() <= 1, "meshgrid: expected tensors of at most 1 dimension, got one of shape [{}]",
          fmt::join(t.sizes(), ", "));
    check(t.scalar_type() == tensors.front().scalar_type(),
          "meshgrid: expected tensors of one dtype, got {} and {}", tensors.front().scalar_type(),
          t.scalar_type());
    shape.push_back(t.numel());
  }
  const bool swap = indexing == "xy" && tensors.size() >= 2;
  std::vector<Tensor> grids;
  for (std::size_t d = 0; d < tensors.size(); ++d) {
    Dims along(tensors.size(), 1);
    along[d] = -1;
    const Tensor grid = tensors[d].reshape(along).expand(shape);
    grids.push_back(swap ? grid.transpose(0, 1) : grid);
  }
  return grids;
}

Tensor empty_like(const Tensor& self, const TensorOptions& options) {
  return empty_strided(self.sizes(), dense_strides(self.sizes(), self.strides()),
                       with_dtype(options, self.scalar_type()));
}

Tensor zeros_like(const Tensor& self, const TensorOptions& options) {
  return filled(empty_like(self, options), 0);
}

Tensor ones_like(const Tensor& self, const TensorOptions& options) {
  return filled(empty_like(self, options), 1);
}

Tensor full_like(const Tensor& self, const Scalar& fill_value, const TensorOptions& options) {
  return filled(empty_like(self, options), fill_value);
}

Tensor Tensor::new_empty(IntArrayRef size, const TensorOptions& options) const {
  return empty(size, with_dtype(options, scalar_type()));
}

Tensor Tensor::new_empty_strided(IntArrayRef size, IntArrayRef stride,
                                 const TensorOptions& options) const {
  return empty_strided(size, stride, with_dtype(options, scalar_type()));
}

Tensor Tensor::new_zeros(IntArrayRef size, const TensorOptions& options) const {
  return zeros(size, with_dtype(options, scalar_type()));
}

Tensor Tensor::new_ones(IntArrayRef size, const TensorOptions& options) const {
  return ones(size, with_dtype(options, scalar_type()));
}

Tensor Tensor::new_full(IntArrayRef size, const Scalar& fill_value,
                        const TensorOptions& options) const {
  return full(size, fill_value, with_dtype(options, scalar_type()));
}

}  // namespace adjoint
