#pragma once

/// All of Adjoint: `#include <adjoint/adjoint.h>`, and for code written for libtorch
/// `namespace torch = adjoint;`.

#include "adjoint/autograd/grad_mode.h"
#include "adjoint/autograd/record.h"
#include "adjoint/core/generator.h"
#include "adjoint/core/logging.h"
#include "adjoint/core/parallel.h"
#include "adjoint/core/tensor.h"
#include "adjoint/nn/data.h"
#include "adjoint/nn/nn.h"
#include "adjoint/nn/optim/optim.h"
#include "adjoint/nn/serialize.h"
#include "adjoint/ops/creation.h"
#include "adjoint/ops/loss.h"
#include "adjoint/ops/random.h"
