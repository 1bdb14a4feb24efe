#pragma once

// The library that a program is compiled against, under libtorch's name: Adjoint, or libtorch
// itself where ADJOINT_USE_LIBTORCH is defined (see libtorch.cmake).
#ifdef ADJOINT_USE_LIBTORCH
#include <torch/torch.h>
#else
#include "adjoint/adjoint.h"
namespace torch = adjoint;
namespace at = adjoint;
namespace c10 = adjoint;
#endif
