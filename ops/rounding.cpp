#include "adjoint/ops/rounding.h"

#include <cmath>

#include "adjoint/ops/arithmetic.h"
#include "adjoint/ops/creation.h"
#include "adjoint/ops/elementwise.h"

namespace adjoint {

using autograd::Grads;
using autograd::record;

namespace {

// nearbyint rounds halves to the even number; std::round would round them away from zero.
constexpr auto kFloor = [](auto x) { return std::floor(x); };
constexpr auto kCeil = [](auto x) { return std::ceil(x); };
constexpr auto kRound = [](auto x) { return std::nearbyint(x); };
constexpr auto kTrunc = [](auto x) { return std::trunc(x); };
constexpr auto kFrac = [](auto x) { return x - std::trunc(x); };

/// out = f(x), where integers stay what they are.
template <class F>
void round_into(const char* name, F f, const Tensor& out, const Tensor& x) {
  check(x.scalar_type() != kBool, "{}: bools cannot be rounded; convert them first", name);
  const auto to_whole = [f]<class T>(T v) -> T {
    if constexpr (std::is_floating_point_v<T>) {
      return f(v);
    } else {
      return v;
    }
  };
  elementwise::map(to_whole, out, x);
}

template <class F>
Tensor rounded(const char* name, F f, const Tensor& x) {
  Tensor y = empty(x.sizes(), x.scalar_type());
  round_into(name, f, y, x);
  return record(name, y, {x}, [](const Tensor& g) { return Grads{zeros_like(g)}; });
}

template <class F, class Recorded>
Tensor& round_in_place(const char* name, F f, const Tensor& x, const Recorded& recorded) {
  return elementwise::in_place(
      name, x, x.scalar_type(),
      [&](const Tensor& out, const Tensor& in) { round_into(name, f, out, in); }, recorded);
}

/// out = x rounded to that many decimal places.
void round_to_places(const char* name, const Tensor& out, const Tensor& x, int64_t decimals) {
  dispatch_floating(name, x.scalar_type(), [&]<class T>(std::type_identity<T>) {
    // 10^|decimals|, by which it is multiplied or divided: 10^-n itself is no exact number.
    const T scale = std::pow(T(10), std::abs(static_cast<T>(decimals)));
    if (decimals >= 0) {
      kernels::map<T, T>([scale](T v) { return std::nearbyint(v * scale) / scale; }, out, x);
    } else {
      kernels::map<T, T>([scale](T v) { return std::nearbyint(v / scale) * scale; }, out, x);
    }
  });
}

}  // namespace

Tensor Tensor::floor() const { return rounded("floor", kFloor, *this); }
Tensor& Tensor::floor_() const {
  return round_in_place("floor_", kFloor, *this, [&] { return floor(); });
}

Tensor Tensor::ceil() const { return rounded("ceil", kCeil, *this); }
Tensor& Tensor::ceil_() const {
  return round_in_place("ceil_", kCeil, *this, [&] { return ceil(); });
}

Tensor Tensor::round() const { return rounded("round", kRound, *this); }
Tensor& Tensor::round_() const {
  return round_in_place("round_", kRound, *this, [&] { return round(); });
}

Tensor Tensor::trunc() const { return rounded("trunc", kTrunc, *this); }
Tensor& Tensor::trunc_() const {
  return round_in_place("trunc_", kTrunc, *this, [&] { return trunc(); });
}

Tensor Tensor::round(int64_t decimals) const {
  Tensor y = empty(sizes(), scalar_type());
  round_to_places("round", y, *this, decimals);
  return record("round", y, {*this}, [](const Tensor& g) { return Grads{zeros_like(g)}; });
}

Tensor& Tensor::round_(int64_t decimals) const {
  return elementwise::in_place(
      "round_", *this, scalar_type(),
      [&](const Tensor& out, const Tensor& x) { round_to_places("round_", out, x, decimals); },
      [&] { return round(decimals); });
}

Tensor Tensor::frac() const {
  Tensor y = empty(sizes(), scalar_type());
  elementwise::map_floating("frac", kFrac, y, *this);
  return record("frac", y, {*this}, [](const Tensor& g) { return Grads{g}; });
}

Tensor& Tensor::frac_() const {
  return elementwise::in_place(
      "frac_", *this, scalar_type(),
      [](const Tensor& out, const Tensor& x) { elementwise::map_floating("frac_", kFrac, out, x); },
      [&] { return frac(); });
}

}  // namespace adjoint
