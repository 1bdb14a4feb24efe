#pragma once

#include <cmath>
#include <concepts>
#include <cstdint>
#include <limits>
#include <utility>

#include "adjoint/core/scalar_type.h"

namespace adjoint {

/// A number of any dtype: float64, int64 or bool inside. What functions take where a tensor meets
/// a plain number: `x + 1`, `x.fill_(0.5)`.
class Scalar {
 public:
  Scalar() : Scalar(int64_t{0}) {}
  template <class T>
  requires std::is_arithmetic_v<T> Scalar(T value) {
    if constexpr (std::same_as<T, bool>) {
      kind_ = kBool;
      integer_ = value;
    } else if constexpr (std::integral<T>) {
      kind_ = kInt64;
      integer_ = static_cast<int64_t>(value);
    } else {
      kind_ = kFloat64;
      real_ = static_cast<double>(value);
    }
  }

  bool isFloatingPoint() const { return kind_ == kFloat64; }
  bool isIntegral(bool includeBool) const {
    return kind_ == kInt64 || (includeBool && isBoolean());
  }
  bool isBoolean() const { return kind_ == kBool; }
  /// float64, int64 or bool.
  ScalarType type() const { return kind_; }

  /// The value as a T. Throws Error if an integer type cannot hold it.
  template <class T>
  T to() const {
    if constexpr (std::same_as<T, bool>) {
      return kind_ == kFloat64 ? real_ != 0 : integer_ != 0;
    } else if constexpr (std::integral<T>) {
      if (kind_ == kFloat64) {
        // The limits as powers of 2: they are exact in double, the largest T need not be.
        constexpr double limit =
            2.0 * static_cast<double>(T{1} << (std::numeric_limits<T>::digits - 1));
        const double whole = std::trunc(real_);
        if (!(whole < limit && whole >= (std::is_signed_v<T> ? -limit : 0.0))) {
          fail_to_fit(scalar_type_of<T>);
        }
        return static_cast<T>(real_);
      }
      if (!std::in_range<T>(integer_)) fail_to_fit(scalar_type_of<T>);
      return static_cast<T>(integer_);
    } else {
      return kind_ == kFloat64 ? static_cast<T>(real_) : static_cast<T>(integer_);
    }
  }
  double toDouble() const { return to<double>(); }
  float toFloat() const { return to<float>(); }
  int64_t toLong() const { return to<int64_t>(); }
  int32_t toInt() const { return to<int32_t>(); }
  bool toBool() const { return to<bool>(); }

  /// Whether it is this number: a bool equals no number that is none.
  template <class T>
  requires std::is_arithmetic_v<T>
  bool equal(T number) const {
    return isBoolean() == std::same_as<T, bool> && *this == Scalar(number);
  }

  Scalar operator-() const {
    check(!isBoolean(), "a bool has no negative");
    return isFloatingPoint() ? Scalar(-real_)
                             : Scalar(static_cast<int64_t>(-static_cast<uint64_t>(integer_)));
  }
  friend bool operator==(const Scalar& a, const Scalar& b) {
    return a.isFloatingPoint() || b.isFloatingPoint() ? a.toDouble() == b.toDouble()
                                                      : a.integer_ == b.integer_;
  }

 private:
  [[noreturn]] void fail_to_fit(ScalarType type) const;

  ScalarType kind_;
  union {
    double real_;
    int64_t integer_;
  };
};
std::ostream& operator<<(std::ostream& out, const Scalar& value);

}  // namespace adjoint
