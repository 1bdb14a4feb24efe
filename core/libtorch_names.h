#pragma once

#include <sstream>

#include "adjoint/core/scalar_type.h"

/// Names of libtorch's that Adjoint itself has no use for, so that code written with them compiles.
namespace adjoint {

// libtorch has two types of dtypes, which these convert; here they are one.
inline ScalarType scalarTypeToTypeMeta(ScalarType type) { return type; }
inline ScalarType typeMetaToScalarType(ScalarType type) { return type; }

namespace detail {

template <class... Args>
[[noreturn]] void fail_torch_check(const char* condition, const Args&... args) {
  std::ostringstream message;
  if constexpr (sizeof...(Args) == 0) {
    message << "expected " << condition << " to be true";
  } else {
    (message << ... << args);
  }
  throw Error(message.str());
}

}  // namespace detail
}  // namespace adjoint

/// Throws c10::Error with the arguments printed one after the other unless the condition holds;
/// they are evaluated only then: `TORCH_CHECK(x.dim() == 4, "expected 4 dimensions, got ",
/// x.dim())`.
#define TORCH_CHECK(condition, ...)                                               \
  do {                                                                            \
    if (!(condition)) {                                                           \
      ::adjoint::detail::fail_torch_check(#condition __VA_OPT__(, ) __VA_ARGS__); \
    }                                                                             \
  } while (false)
#define TORCH_INTERNAL_ASSERT(condition, ...) TORCH_CHECK(condition __VA_OPT__(, ) __VA_ARGS__)
#define AT_ASSERT(condition, ...) TORCH_CHECK(condition __VA_OPT__(, ) __VA_ARGS__)
