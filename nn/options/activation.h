#pragma once

#include "adjoint/nn/arg.h"

namespace adjoint::nn {

struct ReLUOptions {
  ReLUOptions(bool inplace = false) : inplace_(inplace) {}

  /// Overwrite the input.
  ADJOINT_ARG(bool, inplace);
};

namespace functional {
using ReLUFuncOptions = ReLUOptions;
}  // namespace functional

}  // namespace adjoint::nn
