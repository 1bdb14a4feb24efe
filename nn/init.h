#pragma once

#include <cstdint>
#include <tuple>
#include <variant>

#include "adjoint/core/tensor.h"
#include "adjoint/nn/enum.h"

/// Fills tensors with the values that training starts from, in place and unrecorded; all return
/// the tensor. With equal seeds the values are PyTorch's.
namespace adjoint::nn::init {

using NonlinearityType =
    std::variant<enumtype::kLinear, enumtype::kConv1D, enumtype::kConv2D, enumtype::kConv3D,
                 enumtype::kConvTranspose1D, enumtype::kConvTranspose2D, enumtype::kConvTranspose3D,
                 enumtype::kSigmoid, enumtype::kTanh, enumtype::kReLU, enumtype::kLeakyReLU>;
using FanModeType = std::variant<enumtype::kFanIn, enumtype::kFanOut>;

/// The factor by which a layer's weights are to be larger for the nonlinearity behind it: 1 for
/// linear maps, convolutions and the sigmoid, 5/3 for tanh, sqrt(2) for relu, and
/// sqrt(2 / (1 + param²)) for a leaky relu of that negative slope.
double calculate_gain(NonlinearityType nonlinearity, double param = 0.01);

Tensor constant_(Tensor tensor, const Scalar& value);
Tensor ones_(Tensor tensor);
Tensor zeros_(Tensor tensor);
Tensor uniform_(Tensor tensor, double low = 0, double high = 1);
Tensor normal_(Tensor tensor, double mean = 0, double std = 1);

/// Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks"
/// (2010): variance gain² * 2 / (fan_in + fan_out). At least 2 dimensions.
Tensor xavier_uniform_(Tensor tensor, double gain = 1.0);
Tensor xavier_normal_(Tensor tensor, double gain = 1.0);

/// He et al., "Delving deep into rectifiers" (2015): variance gain² / fan, with the gain of the
/// nonlinearity (`a` is the leaky relu's slope). At least 2 dimensions.
Tensor kaiming_uniform_(Tensor tensor, double a = 0, FanModeType mode = kFanIn,
                        NonlinearityType nonlinearity = kLeakyReLU);
Tensor kaiming_normal_(Tensor tensor, double a = 0, FanModeType mode = kFanIn,
                       NonlinearityType nonlinearity = kLeakyReLU);

/// How many inputs each output has, and the other way round, for a weight [out, in, ...]:
/// in * prod(...) and out * prod(...). Throws Error below 2 dimensions. (A transposed convolution's
/// weight begins with its input channels; PyTorch takes its fans the wrong way round, and so do
/// we.)
std::tuple<int64_t, int64_t> _calculate_fan_in_and_fan_out(const Tensor& tensor);

/// The initial values of linear layers and convolutions: uniform in ±1/sqrt(fan_in), the weight
/// drawn before the bias, which may be undefined.
void default_weight_and_bias_(const Tensor& weight, const Tensor& bias);

}  // namespace adjoint::nn::init
