#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <utility>

#include "adjoint/core/parallel.h"
#include "adjoint/core/tensor.h"

/// The loops under every operation that works element by element.
namespace adjoint::kernels {

/// Elements that one thread takes at a time; below it a loop runs on the calling thread.
inline constexpr int64_t kElementwiseGrain = 32768;

/// How to visit the elements of an output and of the inputs that broadcast to it: the common
/// shape with as few dimensions as describe it, and each operand's strides in it.
///
/// Dimensions are in the order of the output's strides, so that the innermost is the one that lies
/// closest together in memory, and neighbours that every operand steps through as if they were one
/// are merged: operands of equal layout are walked in a single loop, however many dimensions.
class Walk {
 public:
  static constexpr std::size_t kMaxOperands = 4;
  using Offsets = std::array<int64_t, kMaxOperands>;

  /// operands[0] is the output. Throws Error if an input does not broadcast to its shape.
  Walk(const Tensor* const* operands, std::size_t count);
  /// The same from each operand's strides, which may be negative.
  Walk(IntArrayRef shape, const Dims* strides, std::size_t count);

  /// The operand's step, in elements, in the loops that `run` asks for.
  int64_t inner_stride(std::size_t operand) const { return strides_[operand].back(); }

  /// Calls body(offsets, n) for rows of n elements, spread over the threads, until every element
  /// was in one: a row begins offsets[k] elements behind operand k's first and goes on in steps of
  /// inner_stride(k).
  template <class Body>
  void run(const Body& body) const {
    if (tiled_) {
      parallel_for(0, tiles_, kElementwiseGrain / (kTile * kTile), [&](int64_t from, int64_t to) {
        for (int64_t i = from; i < to; ++i) tile(i, body);
      });
    } else {
      parallel_for(0, numel_, kElementwiseGrain,
                   [&](int64_t from, int64_t to) { rows(from, to, body); });
    }
  }

 private:
  // Where one operand runs along the rows of another's columns (a transposed copy), whole rows
  // would fetch a cache line for every element. Square tiles of 32 x 32 use each line up while it
  // is in the first-level cache.
  static constexpr int64_t kTile = 32;

  void plan(IntArrayRef shape, const Dims* strides);
  void merge_dimensions();
  void choose_tiles();
  void swap_dimensions(std::size_t i, std::size_t j);

  template <class Body>
  void rows(int64_t from, int64_t to, const Body& body) const {
    const std::size_t last = sizes_.size() - 1;
    const int64_t n = sizes_[last];
    Dims index(sizes_.size(), 0);
    Offsets offsets{};
    int64_t rest = from;
    for (std::size_t d = sizes_.size(); d-- > 0;) {
      index[d] = rest % sizes_[d];
      rest /= sizes_[d];
      for (std::size_t k = 0; k < count_; ++k) offsets[k] += index[d] * strides_[k][d];
    }
    for (;;) {
      const int64_t length = std::min(n - index[last], to - from);
      body(offsets, length);
      from += length;
      if (from == to) return;
      // The row is at its end: back to its beginning, and one on in the dimensions outside.
      for (std::size_t k = 0; k < count_; ++k) offsets[k] -= index[last] * strides_[k][last];
      index[last] = 0;
      for (std::size_t d = last; d-- > 0;) {
        for (std::size_t k = 0; k < count_; ++k) offsets[k] += strides_[k][d];
        if (++index[d] < sizes_[d]) break;
        index[d] = 0;
        for (std::size_t k = 0; k < count_; ++k) offsets[k] -= sizes_[d] * strides_[k][d];
      }
    }
  }

  template <class Body>
  void tile(int64_t number, const Body& body) const {
    const std::size_t last = sizes_.size() - 1;
    Offsets offsets{};
    int64_t height = 0, width = 0;
    for (std::size_t d = sizes_.size(); d-- > 0;) {
      const int64_t step = d + 1 >= last ? kTile : 1;  // the last two dimensions
      const int64_t steps = (sizes_[d] + step - 1) / step;
      const int64_t begin = number % steps * step;
      number /= steps;
      if (d == last) width = std::min(step, sizes_[d] - begin);
      if (d + 1 == last) height = std::min(step, sizes_[d] - begin);
      for (std::size_t k = 0; k < count_; ++k) offsets[k] += begin * strides_[k][d];
    }
    for (int64_t row = 0; row < height; ++row) {
      body(offsets, width);
      for (std::size_t k = 0; k < count_; ++k) offsets[k] += strides_[k][last - 1];
    }
  }

  std::size_t count_;
  Dims sizes_;  // never empty
  std::array<Dims, kMaxOperands> strides_;
  int64_t numel_ = 0;
  bool tiled_ = false;
  int64_t tiles_ = 0;
};

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

/// One row; strides[0] is the output's.
template <class Out, class F, class... In>
void map_row(const std::array<int64_t, sizeof...(In) + 1>& strides, int64_t n, F f, Out* out,
             const In*... in) {
  const auto one = [&](std::size_t k) { return strides[k] == 1; };
  const auto zero = [&](std::size_t k) { return strides[k] == 0; };
  if (one(0)) {
    bool all = true;
    for (const int64_t stride : strides) all &= stride == 1;
    if (all) return fill_row(out, n, f, Array<In>{in}...);
    if constexpr (sizeof...(In) == 2) {
      const auto two = [&]<class A, class B>(const A* a, const B* b) {
        if (one(1) && zero(2)) fill_row(out, n, f, Array<A>{a}, Repeated<B>{*b});
        if (zero(1) && one(2)) fill_row(out, n, f, Repeated<A>{*a}, Array<B>{b});
        return (one(1) && zero(2)) || (zero(1) && one(2));
      };
      if (two(in...)) return;
    }
  }
  [&]<std::size_t... k>(std::index_sequence<k...>) {
    fill_spaced_row(out, strides[0], n, f, Spaced<In>{in, strides[k + 1]}...);
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
  Out* const to = static_cast<Out*>(out.data_ptr());
  const auto run = [&](const In*... from) {
    const bool plain = out.is_contiguous() &&
                       ((inputs.is_contiguous() && inputs.sizes() == out.sizes()) && ... && true);
    if (plain) {
      parallel_for(0, out.numel(), kElementwiseGrain, [=](int64_t begin, int64_t end) {
        detail::fill_row(to + begin, end - begin, f, detail::Array<In>{from + begin}...);
      });
      return;
    }
    const std::array<const Tensor*, sizeof...(In) + 1> operands{&out, &inputs...};
    const Walk walk(operands.data(), operands.size());
    std::array<int64_t, sizeof...(In) + 1> strides;
    for (std::size_t k = 0; k < strides.size(); ++k) strides[k] = walk.inner_stride(k);
    walk.run([=](const Walk::Offsets& offsets, int64_t n) {
      [&]<std::size_t... k>(std::index_sequence<k...>) {
        detail::map_row(strides, n, f, to + offsets[0], (from + offsets[k + 1])...);
      }
      (std::index_sequence_for<In...>());
    });
  };
  run(static_cast<const In*>(inputs.data_ptr())...);
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
