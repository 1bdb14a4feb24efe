#pragma once

#include <cstdint>
#include <ostream>
#include <type_traits>

#include "adjoint/core/error.h"

namespace adjoint {

/// The type of a tensor's elements. The order is that of type promotion within a category.
enum class ScalarType : int8_t { Byte, Int, Long, Float, Double, Bool, Undefined };
using Dtype = ScalarType;

inline constexpr ScalarType kByte = ScalarType::Byte, kUInt8 = ScalarType::Byte;
inline constexpr ScalarType kInt = ScalarType::Int, kInt32 = ScalarType::Int;
inline constexpr ScalarType kLong = ScalarType::Long, kInt64 = ScalarType::Long;
inline constexpr ScalarType kFloat = ScalarType::Float, kFloat32 = ScalarType::Float;
inline constexpr ScalarType kDouble = ScalarType::Double, kFloat64 = ScalarType::Double;
inline constexpr ScalarType kBool = ScalarType::Bool;

/// The ScalarType of a C++ type: scalar_type_of<float> == kFloat32.
template <class T>
inline constexpr ScalarType scalar_type_of = ScalarType::Undefined;
template <>
inline constexpr ScalarType scalar_type_of<uint8_t> = kUInt8;
template <>
inline constexpr ScalarType scalar_type_of<int32_t> = kInt32;
template <>
inline constexpr ScalarType scalar_type_of<int64_t> = kInt64;
template <>
inline constexpr ScalarType scalar_type_of<float> = kFloat32;
template <>
inline constexpr ScalarType scalar_type_of<double> = kFloat64;
template <>
inline constexpr ScalarType scalar_type_of<bool> = kBool;

/// libtorch's name of the type: "Float", "Long", ...
const char* toString(ScalarType type);
/// The name in Python, NumPy and our messages: "float32", "int64", ...
const char* dtype_name(ScalarType type);
std::ostream& operator<<(std::ostream& out, ScalarType type);

constexpr bool isFloatingType(ScalarType type) { return type == kFloat32 || type == kFloat64; }
constexpr bool isIntegralType(ScalarType type, bool includeBool = false) {
  return type == kUInt8 || type == kInt32 || type == kInt64 || (includeBool && type == kBool);
}

/// The smallest type that holds both, by the rules of NumPy and PyTorch: bool < integers < floats;
/// two integers or two floats give the wider one.
ScalarType promoteTypes(ScalarType a, ScalarType b);
/// Whether a result of type `from` may be stored into `to` by an in-place operation: floats do not
/// fit integers, and numbers do not fit bool.
bool canCast(ScalarType from, ScalarType to);
inline ScalarType promote_types(ScalarType a, ScalarType b) { return promoteTypes(a, b); }
inline bool can_cast(ScalarType from, ScalarType to) { return canCast(from, to); }

/// The type that floating-point factory functions use; float32 unless set.
ScalarType get_default_dtype();
/// Throws Error unless the type is float32 or float64. Process-wide.
void set_default_dtype(ScalarType type);

/// Calls f(std::type_identity<T>()) with the C++ type of `type`. Use it as
/// `dispatch(x.scalar_type(), [&]<class T>(std::type_identity<T>) { ... });`
template <class F>
decltype(auto) dispatch(ScalarType type, F&& f) {
  switch (type) {
    case ScalarType::Byte:
      return f(std::type_identity<uint8_t>());
    case ScalarType::Int:
      return f(std::type_identity<int32_t>());
    case ScalarType::Long:
      return f(std::type_identity<int64_t>());
    case ScalarType::Float:
      return f(std::type_identity<float>());
    case ScalarType::Double:
      return f(std::type_identity<double>());
    case ScalarType::Bool:
      return f(std::type_identity<bool>());
    case ScalarType::Undefined:
      break;
  }
  fail("the tensor has no dtype: it is undefined (default-constructed?)");
}

/// Bytes an element.
inline int64_t elementSize(ScalarType type) {
  return dispatch(type,
                  []<class T>(std::type_identity<T>) { return static_cast<int64_t>(sizeof(T)); });
}

/// Like dispatch, for functions of floating-point numbers only; throws Error naming `what`
/// otherwise.
template <class F>
decltype(auto) dispatch_floating(const char* what, ScalarType type, F&& f) {
  check(isFloatingType(type),
        "{}: expected a float32 or float64 tensor, got {}; convert it with x.to(torch::kFloat32)",
        what, dtype_name(type));
  return type == kFloat32 ? f(std::type_identity<float>()) : f(std::type_identity<double>());
}

}  // namespace adjoint

template <>
struct fmt::formatter<adjoint::ScalarType> : fmt::formatter<const char*> {
  fmt::format_context::iterator format(adjoint::ScalarType t, fmt::format_context& ctx) const;
};
