#include "adjoint/ops/bitwise.h"

#include "adjoint/ops/elementwise.h"

namespace adjoint {

using elementwise::wrapped_number;

namespace {

constexpr auto kAnd = []<class T>(T a, T b) { return static_cast<T>(a & b); };
constexpr auto kOr = []<class T>(T a, T b) { return static_cast<T>(a | b); };
constexpr auto kXor = []<class T>(T a, T b) { return static_cast<T>(a ^ b); };

/// Whether some bits are still there when a T has been moved by so many places.
template <class T>
bool keeps_bits(T places) {
  return places >= T(0) && places < T(8 * sizeof(T));
}
constexpr auto kLeftShift = []<class T>(T a, T places) -> T {
  using Bits = uint64_t;  // bits that leave T are cut off
  return keeps_bits(places) ? static_cast<T>(static_cast<Bits>(a) << places) : T(0);
};
constexpr auto kRightShift = []<class T>(T a, T places) -> T {
  return keeps_bits(places) ? static_cast<T>(a >> places) : static_cast<T>(a < T(0) ? -1 : 0);
};
constexpr auto kNot = []<class T>(T x) {
  if constexpr (std::is_same_v<T, bool>) {
    return !x;
  } else {
    return static_cast<T>(~x);
  }
};

/// out = f(in...) bit by bit, in the dtype of `out`.
template <class F, class... Inputs>
void combine(const char* name, F f, const Tensor& out, const Inputs&... in) {
  const ScalarType dtype = out.scalar_type();
  check(!isFloatingType(dtype), "{}: expected integers or bools, got {}", name, dtype);
  dispatch(dtype, [&]<class T>(std::type_identity<T>) {
    if constexpr (std::is_integral_v<T>) {
      kernels::map<T, std::conditional_t<true, T, Inputs>...>(f, out,
                                                              kernels::converted(in, dtype)...);
    }
  });
}

template <class F>
Tensor combined(const char* name, F f, const Tensor& a, const Tensor& b) {
  Tensor y = elementwise::broadcast_result(name, a, b, result_type(a, b));
  combine(name, f, y, a, b);
  return y;
}

template <class F>
Tensor& combine_in_place(const char* name, F f, const Tensor& a, const Tensor& b) {
  return elementwise::in_place(
      name, a, b, result_type(a, b),
      [&](const Tensor& out, const Tensor& x, const Tensor& y) { combine(name, f, out, x, y); },
      [&] { return combined(name, f, a, b); });  // fails: only floating-point numbers get there
}

void check_shift(const char* name, const Tensor& a, const Tensor& b) {
  check(result_type(a, b) != kBool,
        "{}: bools have no bits to shift; convert them with x.to(torch::kInt64)", name);
}

template <class F>
Tensor shifted(const char* name, F f, const Tensor& a, const Tensor& places) {
  check_shift(name, a, places);
  return combined(name, f, a, places);
}

template <class F>
Tensor& shift_in_place(const char* name, F f, const Tensor& a, const Tensor& places) {
  check_shift(name, a, places);
  return combine_in_place(name, f, a, places);
}

}  // namespace

Tensor Tensor::bitwise_and(const Tensor& other) const {
  return combined("bitwise_and", kAnd, *this, other);
}
Tensor Tensor::bitwise_and(const Scalar& other) const { return bitwise_and(wrapped_number(other)); }
Tensor& Tensor::bitwise_and_(const Tensor& other) const {
  return combine_in_place("bitwise_and_", kAnd, *this, other);
}
Tensor& Tensor::bitwise_and_(const Scalar& other) const {
  return bitwise_and_(wrapped_number(other));
}

Tensor Tensor::bitwise_or(const Tensor& other) const {
  return combined("bitwise_or", kOr, *this, other);
}
Tensor Tensor::bitwise_or(const Scalar& other) const { return bitwise_or(wrapped_number(other)); }
Tensor& Tensor::bitwise_or_(const Tensor& other) const {
  return combine_in_place("bitwise_or_", kOr, *this, other);
}
Tensor& Tensor::bitwise_or_(const Scalar& other) const {
  return bitwise_or_(wrapped_number(other));
}

Tensor Tensor::bitwise_xor(const Tensor& other) const {
  return combined("bitwise_xor", kXor, *this, other);
}
Tensor Tensor::bitwise_xor(const Scalar& other) const { return bitwise_xor(wrapped_number(other)); }
Tensor& Tensor::bitwise_xor_(const Tensor& other) const {
  return combine_in_place("bitwise_xor_", kXor, *this, other);
}
Tensor& Tensor::bitwise_xor_(const Scalar& other) const {
  return bitwise_xor_(wrapped_number(other));
}

Tensor Tensor::bitwise_left_shift(const Tensor& other) const {
  return shifted("bitwise_left_shift", kLeftShift, *this, other);
}
Tensor Tensor::bitwise_left_shift(const Scalar& other) const {
  return bitwise_left_shift(wrapped_number(other));
}
Tensor& Tensor::bitwise_left_shift_(const Tensor& other) const {
  return shift_in_place("bitwise_left_shift_", kLeftShift, *this, other);
}
Tensor& Tensor::bitwise_left_shift_(const Scalar& other) const {
  return bitwise_left_shift_(wrapped_number(other));
}

Tensor Tensor::bitwise_right_shift(const Tensor& other) const {
  return shifted("bitwise_right_shift", kRightShift, *this, other);
}
Tensor Tensor::bitwise_right_shift(const Scalar& other) const {
  return bitwise_right_shift(wrapped_number(other));
}
Tensor& Tensor::bitwise_right_shift_(const Tensor& other) const {
  return shift_in_place("bitwise_right_shift_", kRightShift, *this, other);
}
Tensor& Tensor::bitwise_right_shift_(const Scalar& other) const {
  return bitwise_right_shift_(wrapped_number(other));
}

Tensor bitwise_left_shift(const Scalar& self, const Tensor& other) {
  return wrapped_number(self).bitwise_left_shift(other);
}
Tensor bitwise_right_shift(const Scalar& self, const Tensor& other) {
  return wrapped_number(self).bitwise_right_shift(other);
}

Tensor Tensor::bitwise_not() const {
  Tensor y = empty(sizes(), scalar_type());
  combine("bitwise_not", kNot, y, *this);
  return y;
}

Tensor& Tensor::bitwise_not_() const {
  return elementwise::in_place(
      "bitwise_not_", *this, scalar_type(),
      [](const Tensor& out, const Tensor& x) { combine("bitwise_not_", kNot, out, x); },
      [&] { return bitwise_not(); });
}

}  // namespace adjoint
