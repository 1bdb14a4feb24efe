#pragma once

#include <cstdint>

namespace adjoint::kernels {

/// How many pieces of size b make a, the last one included that is not whole.
constexpr int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

}  // namespace adjoint::kernels
