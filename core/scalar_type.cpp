#include "adjoint/core/scalar_type.h"

#include <atomic>

#include <fmt/format.h>

namespace adjoint {

const char* toString(ScalarType type) {
  switch (type) {
    case ScalarType::Byte:
      return "Byte";
    case ScalarType::Int:
      return "Int";
    case ScalarType::Long:
      return "Long";
    case ScalarType::Float:
      return "Float";
    case ScalarType::Double:
      return "Double";
    case ScalarType::Bool:
      return "Bool";
    case ScalarType::Undefined:
      break;
  }
  return "Undefined";
}

const char* dtype_name(ScalarType type) {
  switch (type) {
    case ScalarType::Byte:
      return "uint8";
    case ScalarType::Int:
      return "int32";
    case ScalarType::Long:
      return "int64";
    case ScalarType::Float:
      return "float32";
    case ScalarType::Double:
      return "float64";
    case ScalarType::Bool:
      return "bool";
    case ScalarType::Undefined:
      break;
  }
  return "undefined";
}

std::ostream& operator<<(std::ostream& out, ScalarType type) { return out << toString(type); }

ScalarType promoteTypes(ScalarType a, ScalarType b) {
  if (a == ScalarType::Undefined || b == ScalarType::Undefined) return ScalarType::Undefined;
  if (a == kBool) return b;
  if (b == kBool) return a;
  return std::max(a, b);  // the enumerators stand in promotion order
}

bool canCast(ScalarType from, ScalarType to) {
  if (isFloatingType(from) && !isFloatingType(to)) return false;
  return from == kBool || to != kBool;
}

static std::atomic<ScalarType> default_dtype{kFloat32};

ScalarType get_default_dtype() { return default_dtype.load(std::memory_order_relaxed); }

void set_default_dtype(ScalarType type) {
  check(isFloatingType(type), "set_default_dtype: expected float32 or float64, got {}", type);
  default_dtype.store(type, std::memory_order_relaxed);
}

}  // namespace adjoint

// Here, so that the header needs no more of fmt than its core.
fmt::format_context::iterator fmt::formatter<adjoint::ScalarType>::format(
    adjoint::ScalarType t, fmt::format_context& ctx) const {
  return fmt::formatter<const char*>::format(adjoint::dtype_name(t), ctx);
}
