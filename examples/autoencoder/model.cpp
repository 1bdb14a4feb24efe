#include "adjoint/examples/autoencoder/model.h"

namespace autoencoder {

using namespace adjoint::nn;

AutoencoderImpl::AutoencoderImpl() {
  // In braces the layers are made from the first to the last, and so draw the initial values that
  // they would in PyTorch; between parentheses C++ leaves the order open. The comments give the
  // shape of one picture after the layer.
  encoder = register_module(
      "encoder", Sequential{
                     Conv2d(Conv2dOptions(1, 16, 3).stride(2).padding(1)),           // [16, 14, 14]
                     ReLU(), Conv2d(Conv2dOptions(16, 32, 3).stride(2).padding(1)),  // [32, 7, 7]
                     ReLU(), Conv2d(Conv2dOptions(32, 64, 7)),                       // [64, 1, 1]
                 });
  const auto doubling = [](int64_t in, int64_t out) {
    return ConvTranspose2dOptions(in, out, 3).stride(2).padding(1).output_padding(1);
  };
  decoder = register_module("decoder",
                            Sequential{
                                ReLU(),
                                ConvTranspose2d(ConvTranspose2dOptions(64, 32, 7)),  // [32, 7, 7]
                                ReLU(),
                                ConvTranspose2d(doubling(32, 16)),  // [16, 14, 14]
                                ReLU(),
                                ConvTranspose2d(doubling(16, 1)),  // [1, 28, 28]
                                Sigmoid(),
                            });
}

adjoint::Tensor AutoencoderImpl::forward(const adjoint::Tensor& pictures) {
  return decoder->forward(encoder->forward(pictures));
}

}  // namespace autoencoder
