#pragma once

#include "adjoint/adjoint.h"

namespace autoencoder {

/// An encoder, which makes 64 numbers of a picture of 28x28 pixels, and a decoder, which mirrors
/// it: every transposed convolution undoes the shape of the convolution opposite.
struct AutoencoderImpl : adjoint::nn::Module {
  AutoencoderImpl();

  /// [batch, 1, 28, 28] to the same shape, every value in (0, 1).
  adjoint::Tensor forward(const adjoint::Tensor& pictures);

  adjoint::nn::Sequential encoder, decoder;
};

TORCH_MODULE(Autoencoder);

}  // namespace autoencoder
