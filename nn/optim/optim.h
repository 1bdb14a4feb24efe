#pragma once

/// All optimizers.

#include "adjoint/nn/optim/adam.h"
#include "adjoint/nn/optim/optimizer.h"
#include "adjoint/nn/optim/sgd.h"
