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
/// Read as what they are stored as: GCC 12 vectorises no choice by an array of bools (where and
/// masked_fill took seven times as long).
template <>
struct Array<bool> {
  const bool* data;
  bool operator[](int64_t i) const { return reinterpret_cast<const unsigned char*>(data)[i] != 0; }
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

/// Operations on so many elements are computed in blocks. Before each, the part of the rows that
/// comes a page later is asked for, also of the one that is written: the processor foresees nothing
/// beyond a page. That takes a quarter to a third off functions, sums and products of 4 million
/// elements; fewer, which caches and their tables of pages hold, would take longer.
inline constexpr int64_t kMany = 2 << 20, kBlock = 256;
/// Whether that part has to lie in the same row, or may be in the next ones, which follow in
/// memory.
enum class Fetched { kNothing, kOfRow, kOfNextRows };
inline constexpr std::size_t kPage = 4096;
template <class T>
inline constexpr int64_t kAhead = kPage / sizeof(T);

// Inline always: GCC 12 drops calls of functions that do nothing but this.
template <class T>
[[gnu::always_inline]] inline void fetch(Array<T> row, int64_t begin, int64_t reach) {
  if (begin + kAhead<T> + kBlock > reach) return;
  const auto later = reinterpret_cast<std::uintptr_t>(row.data + begin) + kPage;
  for (std::size_t i = 0; i < kBlock * sizeof(T); i += 64) {
    __builtin_prefetch(reinterpret_cast<const void*>(later + i));
  }
}
template <class T>
void fetch(Repeated<T>, int64_t, int64_t) {}
template <class T>
[[gnu::always_inline]] inline void fetch_to_write(T* row, int64_t begin, int64_t reach) {
  if (begin + kAhead<T> + kBlock > reach) return;
  const auto later = reinterpret_cast<std::uintptr_t>(row + begin) + kPage;
  for (std::size_t i = 0; i < kBlock * sizeof(T); i += 64) {
    __builtin_prefetch(reinterpret_cast<const void*>(later + i), 1);
  }
}

template <class Out, class F, class... In>
void fill_row(Fetched fetched, Out* out, int64_t n, F f, In... in) {
  const int64_t block = fetched != Fetched::kNothing && n > kBlock ? kBlock : n;
  const int64_t reach = fetched == Fetched::kOfNextRows ? std::numeric_limits<int64_t>::max() : n;
  for (int64_t begin = 0; begin < n; begin += block) {
    if (block != n) {
      (fetch(in, begin, reach), ...);
      fetch_to_write(out, begin, reach);
    }
    const int64_t end = std::min(begin + block, n);
    // An input is the output itself or does not overlap it, so no iteration feeds a later one.
#pragma GCC ivdep
    for (int64_t i = begin; i < end; ++i) out[i] = f(in[i]...);
  }
}

template <class Out, class F, class... In>
void fill_spaced_row(Out* out, int64_t stride, int64_t n, F f, In... in) {
#pragma GCC ivdep
  for (int64_t i = 0; i < n; ++i) out[i * stride] = f(in[i]...);
}

template <bool repeated, class T>
auto operand(const T* data) {
  if constexpr (repeated) {
    return Repeated<T>{*data};
  } else {
    return Array<T>{data};
  }
}

/// A dense row on which one operand, input number `which`, repeats a single element.
template <class Out, class F, class... In>
void fill_row_beside(Fetched fetched, int64_t which, Out* out, int64_t n, F f, const In*... in) {
  const auto beside = [&]<std::size_t r, std::size_t... k>(std::integral_constant<std::size_t, r>,
                                                           std::index_sequence<k...>) {
    if (which == r) fill_row(fetched, out, n, f, operand<k == r>(in)...);
  };
  [&]<std::size_t... r>(std::index_sequence<r...> all) {
    (beside(std::integral_constant<std::size_t, r>(), all), ...);
  }
  (std::index_sequence_for<In...>());
}

/// One row, on which steps[0] is the output's.
template <class Out, class F, class... In>
void map_row(Fetched fetched, const PerOperand& steps, int64_t n, F f, Out* out, const In*... in) {
  constexpr int64_t inputs = sizeof...(In);
  const auto last = steps.begin() + inputs + 1;
  const int64_t dense = std::count(steps.begin(), last, 1);
  if (dense == inputs + 1) return fill_row(fetched, out, n, f, Array<In>{in}...);
  if constexpr (inputs >= 2) {
    // A number beside tensors, or a row beside columns.
    const int64_t repeated = std::find(steps.begin(), last, 0) - steps.begin();
    if (dense == inputs && repeated >= 1 && repeated <= inputs) {
      return fill_row_beside(fetched, repeated - 1, out, n, f, in...);
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
    auto fetched = detail::Fetched::kNothing;
    if (out.numel() >= detail::kMany) {
      const bool dense = out.is_contiguous() && (inputs.is_contiguous() && ...);
      fetched = dense ? detail::Fetched::kOfNextRows : detail::Fetched::kOfRow;
    }
    const auto row = [=](const PerOperand& offsets, const PerOperand& steps, int64_t n) {
      [&]<std::size_t... k>(std::index_sequence<k...>) {
        detail::map_row(fetched, steps, n, f, to + offsets[0], (from + offsets[k + 1])...);
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
