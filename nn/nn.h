#pragma once

/// All of adjoint::nn: modules, functions, initialisation. The optimizers are in nn/optim/optim.h.

#include "adjoint/nn/any.h"
#include "adjoint/nn/cloneable.h"
#include "adjoint/nn/functional.h"
#include "adjoint/nn/init.h"
#include "adjoint/nn/module.h"
#include "adjoint/nn/modules/activation.h"
#include "adjoint/nn/modules/conv.h"
#include "adjoint/nn/modules/fold.h"
#include "adjoint/nn/modules/functional.h"
#include "adjoint/nn/modules/linear.h"
#include "adjoint/nn/modules/loss.h"
#include "adjoint/nn/modules/module_list.h"
#include "adjoint/nn/modules/sequential.h"
