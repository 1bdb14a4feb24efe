#pragma once

// The library that a benchmark measures, under libtorch's name: Adjoint, or libtorch itself where
// ADJOINT_BENCHMARK_LIBTORCH is defined.
#ifdef ADJOINT_BENCHMARK_LIBTORCH
#include <torch/torch.h>
#else
#include "adjoint/adjoint.h"
namespace torch = adjoint;
#endif
