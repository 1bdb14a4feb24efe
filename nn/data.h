#pragma once

/// Everything about data sets: `torch::data` of libtorch.

#include "adjoint/nn/data/data_loader.h"
#include "adjoint/nn/data/dataset.h"
#include "adjoint/nn/data/example.h"
#include "adjoint/nn/data/idx.h"
#include "adjoint/nn/data/images.h"
#include "adjoint/nn/data/mnist.h"
#include "adjoint/nn/data/png.h"
#include "adjoint/nn/data/samplers.h"
#include "adjoint/nn/data/shapes.h"
#include "adjoint/nn/data/transforms.h"
