#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <utility>

#include "adjoint/ops/kernels/walk.h"

/// The loops under every operation that works element by element.
namespace adjoint::kernels {

namespace detail {

// How an operand is read in the innermost loop. The loop is compiled for each kind, so that the
// compiler sees plain arrays and constants and vectorises.
template <class T>
struct Array {
  const T* data;
  T operator[](int64_t i) const { return data[i]; }
};
template <class T>
struct Repeated {
  T value;
  T operator[](int64_t) const { return value; }
};
template <class T>
struct Spaced {
  const T* data;
  int64_t stride;
  T operator[](int64_t i) const { return data[i * stride]; }
};

template <class Out, class F, class... In>
void fill_row(Out* out, int64_t n, F f, In... in) {
  // An input is the output itself or does not overlap it, so no iteration feeds a later one.
#pragma GCC ivdep
  for (int64_t i = 0; i < n; ++i) out[i] = f(in[i]...);
}

template <class Out, class F, class... In>
void fill_spaced_row(Out* out, int64_t stride, int64_t n, F f, In... in) {
#pragma GCC ivdep
  for (int64_t i = 0; i < n; ++i) out[i * stride] = f(in[i]...);
}

/// One row, on which steps[0] is the output's.
template <class Out, class F, class... In>
void map_row(const PerOperand& steps, int64_t n, F f, Out* out, const In*... in) {
  constexpr std::size_t count = sizeof...(In) + 1;
  const bool dense =
      std::all_of(steps.begin(), steps.begin() + count, [](int64_t s) { return s == 1; });
  if (dense) return fill_row(out, n, f, Array<In>{in}...);
  if constexpr (sizeof...(In) == 2) {
    // A number beside a tensor, or a row beside a column.
    const auto repeated = [&]<class A, class B>(const A* a, const B* b) {
      if (steps[1] == 1) return fill_row(out, n, f, Array<A>{a}, Repeated<B>{*b});
      return fill_row(out, n, f, Repeated<A>{*a}, Array<B>{b});
    };
    if (steps[0] == 1 && steps[1] + steps[2] == 1 && steps[1] * steps[2] == 0) {
      return repeated(in...);
    }
  }
  [&]<std::size_t... k>(std::index_sequence<k...>) {
    fill_spaced_row(out, steps[0], n, f, Spaced<In>{in, steps[k + 1]}...);
  }
  (std::index_sequence_for<In...>());
}

}  // namespace detail

/// out[i] = f(in[i]...) for every index i of `out`, to whose shape the inputs broadcast.
///
/// Out and In are the element types. An input may be the output itself (in-place) but must not
/// overlap it in any other way: see `unaliased`. Give numbers to f by value (`[s](T x) { ... }`);
/// a captured reference keeps the compiler from vectorising.
template <class Out, class... In, class F, class... Inputs>
void map(F f, const Tensor& out, const Inputs&... inputs) {
  static_assert(sizeof...(In) == sizeof...(Inputs));
  if (out.numel() == 0) return;
  const auto run = [&](Out* to, const In*... from) {
    const std::array<const Tensor*, sizeof...(In) + 1> operands{&out, &inputs...};
    const auto row = [=](const PerOperand& offsets, const PerOperand& steps, int64_t n) {
      [&]<std::size_t... k>(std::index_sequence<k...>) {
        detail::map_row(steps, n, f, to + offsets[0], (from + offsets[k + 1])...);
      }
      (std::index_sequence_for<In...>());
    };
    for_each_row(operands.data(), operands.size(), row);
  };
  run(static_cast<Out*>(out.data_ptr()), static_cast<const In*>(inputs.data_ptr())...);
}

/// `value` in another type, as PyTorch converts: integers wrap around, a float is cut to its
/// integer part; a NaN or what is out of range becomes the lowest int32 or int64.
template <class To, class From>
To convert(From value) {
  if constexpr (std::is_same_v<To, bool>) {
    return value != From(0);
  } else if constexpr (std::is_floating_point_v<From> && std::is_same_v<To, uint8_t>) {
    return static_cast<uint8_t>(convert<int32_t>(value));
  } else if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>) {
    // ±2^31 or ±2^63 are exact in both floating-point types.
    constexpr From low = static_cast<From>(std::numeric_limits<To>::min());
    return static_cast<To>(value >= low && value < -low ? value : low);
  } else {
    return static_cast<To>(value);
  }
}

/// `value` as a T with `convert`'s rules: what a plain number means beside a tensor of T.
template <class T>
T convert_scalar(const Scalar& value) {
  return value.isFloatingPoint() ? convert<T>(value.toDouble()) : convert<T>(value.to<int64_t>());
}

namespace detail {
template <class T, class F>
T wrapping(T a, T b, F f) {
  if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>) {
    using U = std::make_unsigned_t<T>;
    return static_cast<T>(f(static_cast<U>(a), static_cast<U>(b)));
  } else {
    return static_cast<T>(f(a, b));
  }
}
}  // namespace detail

// Arithmetic in which integers wrap around (it is done in an unsigned type, where that is defined);
// for bools + is "or" and * is "and".
template <class T>
T wrapping_sum(T a, T b) {
  return detail::wrapping(a, b, [](auto x, auto y) { return x + y; });
}
template <class T>
T wrapping_difference(T a, T b) {
  return detail::wrapping(a, b, [](auto x, auto y) { return x - y; });
}
template <class T>
T wrapping_product(T a, T b) {
  return detail::wrapping(a, b, [](auto x, auto y) { return x * y; });
}

/// `value` as a T to be stored: throws Error if it does not fit, but a negative number that fits
/// wraps around in uint8, as in PyTorch.
template <class T>
T stored_scalar(const Scalar& value) {
  if constexpr (std::is_same_v<T, uint8_t>) {
    const auto wide = value.to<int64_t>();
    if (wide < 0 && wide >= -255) return static_cast<T>(wide);
  }
  return value.to<T>();
}

/// to[i] = from[i], converted; `from` broadcasts. They may be one tensor or disjoint.
void copy(const Tensor& to, const Tensor& from);
/// A contiguous copy in another dtype, or `t` itself if it has that dtype. Unknown to autograd.
Tensor converted(const Tensor& t, ScalarType dtype);
/// `input`, or a copy of it where writing to `output` would change elements of `input` that are
/// yet to be read: where they overlap and are not the same view.
Tensor unaliased(const Tensor& input, const Tensor& output);

}  // namespace adjoint::kernels
