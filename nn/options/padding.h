#pragma once

#include <cstdint>
#include <utility>
#include <variant>
#include <vector>

#include "adjoint/nn/arg.h"
#include "adjoint/nn/enum.h"

namespace adjoint::nn::functional {

/// PadFuncOptions({1, 2}).mode(kReflect)
struct PadFuncOptions {
  using mode_t = std::variant<enumtype::kConstant, enumtype::kReflect, enumtype::kReplicate,
                              enumtype::kCircular>;
  PadFuncOptions(std::vector<int64_t> pad) : pad_(std::move(pad)) {}

  /// Before and after the last dimension, then the one before it, and so on.
  ADJOINT_ARG(std::vector<int64_t>, pad);
  ADJOINT_ARG(mode_t, mode) = kConstant;
  /// What kConstant pads with.
  ADJOINT_ARG(double, value) = 0;
};

}  // namespace adjoint::nn::functional
