#include "adjoint/ops/choose.h"

#include <fmt/ranges.h>

#include "adjoint/ops/arithmetic.h"
#include "adjoint/ops/compare.h"
#include "adjoint/ops/elementwise.h"

namespace adjoint {

using autograd::Grads;
using autograd::Needs;
using autograd::needs_recording;
using autograd::record;
using autograd::save;
using elementwise::save_if;
using elementwise::wrapped_number;

// ---- maximum, minimum ---------------------------------------------------------------------------

namespace {

// Written so that a NaN on either side wins; in two choices each, because GCC 12 vectorises no loop
// that has two with an "or" (clamp took fourteen times as long).
constexpr auto kLarger = []<class T>(T a, T b) -> T {
  const T larger = a > b ? a : b;  // a NaN in b stays
  return a != a ? a : larger;
};
constexpr auto kSmaller = []<class T>(T a, T b) -> T {
  const T smaller = a < b ? a : b;
  return a != a ? a : smaller;
};

/// g where the value was taken, half of it where both were equal. `lost` marks the other side's.
Tensor share(const Tensor& g, const Tensor& equal, const Tensor& lost) {
  return where(equal, g / 2, g).masked_fill(lost, 0);
}

template <class F>
Tensor extreme(const char* name, F f, const Tensor& a, const Tensor& b, bool larger) {
  Tensor y = elementwise::binary_function(name, f, a, b);
  if (!needs_recording({a, b})) return y;
  return record(name, y, {a, b}, [a = save(a), b = save(b), larger](const Tensor& g, Needs needs) {
    const Tensor x = a.get(), z = b.get();
    const Tensor equal = x == z;
    return Grads{needs[0] ? share(g, equal, larger ? x < z : x > z) : Tensor(),
                 needs[1] ? share(g, equal, larger ? z < x : z > x) : Tensor()};
  });
}

}  // namespace

Tensor Tensor::maximum(const Tensor& other) const {
  return extreme("maximum", kLarger, *this, other, true);
}

Tensor Tensor::minimum(const Tensor& other) const {
  return extreme("minimum", kSmaller, *this, other, false);
}

// ---- fmax, fmin ---------------------------------------------------------------------------------

namespace {

// Written so that a NaN on either side loses, and self wins where both are equal.
constexpr auto kLargerNumber = []<class T>(T a, T b) -> T { return a >= b || b != b ? a : b; };
constexpr auto kSmallerNumber = []<class T>(T a, T b) -> T { return a <= b || b != b ? a : b; };

template <class F>
Tensor extreme_number(const char* name, F f, const Tensor& a, const Tensor& b, bool larger) {
  Tensor y = elementwise::binary_function(name, f, a, b);
  if (!needs_recording({a, b})) return y;
  return record(name, y, {a, b}, [a = save(a), b = save(b), larger](const Tensor& g, Needs needs) {
    const Tensor x = a.get(), z = b.get();
    const Tensor first = (larger ? x >= z : x <= z).logical_or(z.isnan());
    return Grads{needs[0] ? g.masked_fill(first.logical_not(), 0) : Tensor(),
                 needs[1] ? g.masked_fill(first, 0) : Tensor()};
  });
}

}  // namespace

Tensor Tensor::fmax(const Tensor& other) const {
  return extreme_number("fmax", kLargerNumber, *this, other, true);
}

Tensor Tensor::fmin(const Tensor& other) const {
  return extreme_number("fmin", kSmallerNumber, *this, other, false);
}

// ---- clamp --------------------------------------------------------------------------------------

namespace {

using Bound = std::optional<Scalar>;

ScalarType clamp_dtype(const char* name, const Tensor& x, const Bound& min, const Bound& max) {
  check(min.has_value() || max.has_value(), "{}: give a minimum, a maximum, or both", name);
  ScalarType dtype = x.scalar_type();
  if (min) dtype = result_type(x, *min);
  if (max) dtype = promoteTypes(dtype, result_type(x, *max));
  return dtype;
}

void clamp_into(const Tensor& out, const Tensor& x, const Bound& min, const Bound& max) {
  dispatch(out.scalar_type(), [&]<class T>(std::type_identity<T>) {
    const Tensor in = kernels::converted(x, out.scalar_type());
    const T low = min ? kernels::convert_scalar<T>(*min) : T();
    const T high = max ? kernels::convert_scalar<T>(*max) : T();
    if (!max) return kernels::map<T, T>([low](T a) { return kLarger(a, low); }, out, in);
    if (!min) return kernels::map<T, T>([high](T a) { return kSmaller(a, high); }, out, in);
    kernels::map<T, T>([low, high](T a) { return kSmaller(kLarger(a, low), high); }, out, in);
  });
}

}  // namespace

Tensor Tensor::clamp(const Bound& min, const Bound& max) const {
  Tensor y = empty(sizes(), clamp_dtype("clamp", *this, min, max));
  clamp_into(y, *this, min, max);
  if (!needs_recording({*this})) return y;
  return record("clamp", y, {*this}, [x = save(*this), min, max](const Tensor& g) {
    const Tensor in = x.get();
    const Tensor inside = !max   ? in >= *min
                          : !min ? in <= *max
                                 : (in >= *min).logical_and(in <= *max);
    return Grads{adjoint::where(inside, g, Scalar(0))};
  });
}

Tensor& Tensor::clamp_(const Bound& min, const Bound& max) const {
  return elementwise::in_place(
      "clamp_", *this, clamp_dtype("clamp_", *this, min, max),
      [&](const Tensor& out, const Tensor& x) { clamp_into(out, x, min, max); },
      [&] { return clone().clamp(min, max); });
}

namespace {

/// The operands that an undefined bound leaves: the tensor itself stands for it.
const Tensor& or_self(const Tensor& bound, const Tensor& self) {
  return bound.defined() ? bound : self;
}

ScalarType clamp_dtype(const char* name, const Tensor& x, const Tensor& min, const Tensor& max) {
  check(min.defined() || max.defined(), "{}: give a minimum, a maximum, or both", name);
  return promoteTypes(result_type(x, or_self(min, x)), result_type(x, or_self(max, x)));
}

void clamp_into(const Tensor& out, const Tensor& x, const Tensor& min, const Tensor& max) {
  if (!max.defined()) return elementwise::map(kLarger, out, x, min);
  if (!min.defined()) return elementwise::map(kSmaller, out, x, max);
  elementwise::map([](auto a, auto low, auto high) { return kSmaller(kLarger(a, low), high); }, out,
                   x, min, max);
}

}  // namespace

Tensor Tensor::clamp(const Tensor& min, const Tensor& max) const {
  const ScalarType dtype = clamp_dtype("clamp", *this, min, max);
  Tensor y = elementwise::broadcast_result("clamp", *this, or_self(min, *this), or_self(max, *this),
                                           dtype);
  clamp_into(y, *this, min, max);
  if (!needs_recording({*this, min, max})) return y;
  return record(
      "clamp_tensor", y, {*this, min, max},
      [x = save(*this), low = save_if(min.defined(), min), high = save_if(max.defined(), max),
       has_min = min.defined(), has_max = max.defined()](const Tensor& g, Needs needs) {
        const Tensor in = x.get(), min = has_min ? low.get() : in, max = has_max ? high.get() : in;
        // Where the bounds are the wrong way round, the maximum wins.
        const auto where_taken = [&](const Tensor& taken) {
          return adjoint::where(taken, g, Scalar(0));
        };
        return Grads{needs[0] ? where_taken((in >= min).logical_and(in <= max)) : Tensor(),
                     has_min && needs[1]
                         ? where_taken((in < min).logical_and(has_max ? min < max : in < min))
                         : Tensor(),
                     has_max && needs[2]
                         ? where_taken((in > max).logical_or(has_min ? max < min : in > max))
                         : Tensor()};
      });
}

Tensor& Tensor::clamp_(const Tensor& min, const Tensor& max) const {
  const ScalarType dtype = clamp_dtype("clamp_", *this, min, max);
  return elementwise::in_place(
      "clamp_", *this, or_self(min, *this), or_self(max, *this), dtype,
      [&](const Tensor& out, const Tensor& x, const Tensor& low, const Tensor& high) {
        clamp_into(out, x, min.defined() ? low : min, max.defined() ? high : max);
      },
      [&] { return clone().clamp(min, max); });
}

// ---- where, masked_fill -------------------------------------------------------------------------

namespace {

void check_mask(const char* name, const Tensor& mask) {
  check(mask.scalar_type() == kBool,
        "{}: expected a bool tensor as condition, got {}; compare it with something (x != 0)", name,
        mask.scalar_type());
}

}  // namespace

Tensor where(const Tensor& condition, const Tensor& self, const Tensor& other) {
  check_mask("where", condition);
  const ScalarType dtype = result_type(self, other);
  Tensor y = elementwise::broadcast_result("where", condition, self, other, dtype);
  dispatch(dtype, [&]<class T>(std::type_identity<T>) {
    kernels::map<T, bool, T, T>([](bool c, T a, T b) { return c ? a : b; }, y, condition,
                                kernels::converted(self, dtype), kernels::converted(other, dtype));
  });
  if (!needs_recording({self, other})) return y;
  return record("where", y, {self, other}, [c = save(condition)](const Tensor& g, Needs needs) {
    return Grads{needs[0] ? g.masked_fill(c.get().logical_not(), 0) : Tensor(),
                 needs[1] ? g.masked_fill(c.get(), 0) : Tensor()};
  });
}

Tensor where(const Tensor& condition, const Tensor& self, const Scalar& other) {
  return where(condition, self, wrapped_number(other));
}

Tensor where(const Tensor& condition, const Scalar& self, const Tensor& other) {
  return where(condition, wrapped_number(self), other);
}

Tensor where(const Tensor& condition, const Scalar& self, const Scalar& other) {
  const auto number = [](const Scalar& s) {
    return s.isFloatingPoint() ? wrapped_number(s).to(get_default_dtype()) : wrapped_number(s);
  };
  return where(condition, number(self), number(other));
}
std::vector<Tensor> where(const Tensor& condition) { return condition.nonzero().unbind(1); }

namespace {

void fill_masked(const Tensor& out, const Tensor& x, const Tensor& mask, const Scalar& value) {
  dispatch(out.scalar_type(), [&]<class T>(std::type_identity<T>) {
    kernels::map<T, T, bool>(
        [v = kernels::stored_scalar<T>(value)](T a, bool m) { return m ? v : a; }, out, x, mask);
  });
}

}  // namespace

Tensor Tensor::masked_fill(const Tensor& mask, const Scalar& value) const {
  check_mask("masked_fill", mask);
  Tensor y = elementwise::broadcast_result("masked_fill", *this, mask, scalar_type());
  fill_masked(y, *this, mask, value);
  if (!needs_recording({*this})) return y;
  return record("masked_fill", y, {*this},
                [m = save(mask)](const Tensor& g) { return Grads{g.masked_fill(m.get(), 0)}; });
}

Tensor& Tensor::masked_fill_(const Tensor& mask, const Scalar& value) const {
  check_mask("masked_fill_", mask);
  return elementwise::in_place(
      "masked_fill_", *this, mask, scalar_type(),
      [&](const Tensor& out, const Tensor& x, const Tensor& m) { fill_masked(out, x, m, value); },
      [&] { return masked_fill(mask, value); });
}

namespace {

void check_number(const char* name, const Tensor& value) {
  check(value.dim() == 0, "{}: expected a value without dimensions, got one of shape [{}]", name,
        fmt::join(value.sizes(), ", "));
}

}  // namespace

Tensor Tensor::masked_fill(const Tensor& mask, const Tensor& value) const {
  check_number("masked_fill", value);
  if (!needs_recording({value})) return masked_fill(mask, value.item());
  check_mask("masked_fill", mask);
  return adjoint::where(mask, value.to(scalar_type()), *this);
}

Tensor& Tensor::masked_fill_(const Tensor& mask, const Tensor& value) const {
  check_number("masked_fill_", value);
  if (!needs_recording({value})) return masked_fill_(mask, value.item());
  check_mask("masked_fill_", mask);
  elementwise::check_in_place("masked_fill_", *this, mask, scalar_type());
  autograd::assign_(*this, masked_fill(mask, value), "masked_fill_");
  return const_cast<Tensor&>(*this);
}

Tensor Tensor::where(const Tensor& condition, const Tensor& other) const {
  return adjoint::where(condition, *this, other);
}

// ---- nan_to_num ---------------------------------------------------------------------------------

namespace {

using Replacement = std::optional<double>;

void replace_into(const Tensor& out, const Tensor& x, Replacement nan, Replacement posinf,
                  Replacement neginf) {
  if (!x.is_floating_point()) return kernels::copy(out, x);
  dispatch_floating("nan_to_num", x.scalar_type(), [&]<class T>(std::type_identity<T>) {
    using Limits = std::numeric_limits<T>;
    kernels::map<T, T>(
        [for_nan = static_cast<T>(nan.value_or(0)),
         for_inf = posinf ? static_cast<T>(*posinf) : Limits::max(),
         for_minus_inf = neginf ? static_cast<T>(*neginf) : Limits::lowest()](T v) {
          const T finite = v > Limits::max() ? for_inf : v < Limits::lowest() ? for_minus_inf : v;
          return v != v ? for_nan : finite;
        },
        out, x);
  });
}

}  // namespace

Tensor Tensor::nan_to_num(Replacement nan, Replacement posinf, Replacement neginf) const {
  Tensor y = empty(sizes(), scalar_type());
  replace_into(y, *this, nan, posinf, neginf);
  if (!needs_recording({*this})) return y;
  return record("nan_to_num", y, {*this}, [x = save(*this)](const Tensor& g) {
    return Grads{g.masked_fill(x.get().isfinite().logical_not(), 0)};
  });
}

Tensor& Tensor::nan_to_num_(Replacement nan, Replacement posinf, Replacement neginf) const {
  return elementwise::in_place(
      "nan_to_num_", *this, scalar_type(),
      [&](const Tensor& out, const Tensor& x) { replace_into(out, x, nan, posinf, neginf); },
      [&] { return clone().nan_to_num(nan, posinf, neginf); });
}

Tensor& nan_to_num_(Tensor& self, Replacement nan, Replacement posinf, Replacement neginf) {
  return self.nan_to_num_(nan, posinf, neginf);
}

}  // namespace adjoint
