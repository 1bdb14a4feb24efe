#include "adjoint/ops/conv.h"

#include <fmt/ranges.h>

#include "adjoint/autograd/record.h"
#include "adjoint/ops/conv_geometry.h"

namespace adjoint {
namespace {

using autograd::Grads;
using autograd::Needs;
using autograd::record;
using autograd::save;

// ---- The three bilinear maps and their derivatives ----------------------------------------------
//
// On x [N, C, H, W], w [O, C/groups, kh, kw] and y [N, O, H', W'] of one geometry. Read the calls
// in the rules as the table:            d/d first argument         d/d second argument
//   forward(x, w), upstream g         transposed(g, w)           weight(x, g)
//   transposed(y, w), upstream g      forward(g, w)              weight(g, y)
//   weight(x, y), upstream g          transposed(y, g)           forward(x, g)

Tensor transposed(const Tensor& y, const Tensor& w, const Tensor& bias,
                  const ConvGeometry& geometry);
Tensor weight(const Tensor& x, const Tensor& y, const ConvGeometry& geometry);

template <class T>
const T* data_or_null(const Tensor& t) {
  return t.defined() ? t.data_ptr<T>() : nullptr;
}

/// Calls run(type_identity<T>, a, b, bias) with dense operands.
template <class Run>
void on_dense(const Tensor& a, const Tensor& b, const Tensor& bias, const Run& run) {
  const NoGradGuard no_grad;
  dispatch_floating("conv2d", a.scalar_type(), [&](auto type) {
    run(type, a.contiguous(), b.contiguous(), bias.defined() ? bias.contiguous() : bias);
  });
}

Tensor forward(const Tensor& x, const Tensor& w, const Tensor& bias, const ConvGeometry& geometry) {
  Tensor y = empty({geometry.batch, geometry.out_channels, geometry.output[0], geometry.output[1]},
                   x.options());
  on_dense(x, w, bias, [&]<class T>(std::type_identity<T>, Tensor x, Tensor w, Tensor bias) {
    kernels::conv2d<T>(geometry, x.data_ptr<T>(), w.data_ptr<T>(), data_or_null<T>(bias),
                       y.data_ptr<T>());
  });
  return record("conv2d", y, {x, w, bias},
                [geometry, x = save(x, w.requires_grad()), w = save(w, x.requires_grad())](
                    const Tensor& g, Needs needs) {
                  Grads grads(3);
                  if (needs[0]) grads[0] = transposed(g, w, {}, geometry);
                  if (needs[1]) grads[1] = weight(x, g, geometry);
                  if (needs[2]) grads[2] = g.sum({0, 2, 3});
                  return grads;
                });
}

Tensor transposed(const Tensor& y, const Tensor& w, const Tensor& bias,
                  const ConvGeometry& geometry) {
  Tensor x = empty({geometry.batch, geometry.in_channels, geometry.input[0], geometry.input[1]},
                   y.options());
  on_dense(y, w, bias, [&]<class T>(std::type_identity<T>, Tensor y, Tensor w, Tensor bias) {
    kernels::conv_transpose2d<T>(geometry, y.data_ptr<T>(), w.data_ptr<T>(), data_or_null<T>(bias),
                                 x.data_ptr<T>());
  });
  return record("conv_transpose2d", x, {y, w, bias},
                [geometry, y = save(y, w.requires_grad()), w = save(w, y.requires_grad())](
                    const Tensor& g, Needs needs) {
                  Grads grads(3);
                  if (needs[0]) grads[0] = forward(g, w, {}, geometry);
                  if (needs[1]) grads[1] = weight(g, y, geometry);
                  if (needs[2]) grads[2] = g.sum({0, 2, 3});
                  return grads;
                });
}

Tensor weight(const Tensor& x, const Tensor& y, const ConvGeometry& geometry) {
  Tensor w = empty({geometry.out_channels, geometry.in_channels / geometry.groups,
                    geometry.kernel[0], geometry.kernel[1]},
                   x.options());
  on_dense(x, y, {}, [&]<class T>(std::type_identity<T>, Tensor x, Tensor y, Tensor) {
    kernels::conv2d_weight<T>(geometry, x.data_ptr<T>(), y.data_ptr<T>(), w.data_ptr<T>());
  });
  return record("conv2d_weight", w, {x, y},
                [geometry, x = save(x, y.requires_grad()), y = save(y, x.requires_grad())](
                    const Tensor& g, Needs needs) {
                  Grads grads(2);
                  if (needs[0]) grads[0] = transposed(y, g, {}, geometry);
                  if (needs[1]) grads[1] = forward(x, g, {}, geometry);
                  return grads;
                });
}

// ---- What the caller writes, as one of the three ------------------------------------------------

/// Calls f with a batch: an unbatched input becomes a batch of one, and the result one image again.
template <class F>
Tensor batched(const Tensor& input, int64_t batched_dims, const F& f) {
  return input.dim() == batched_dims - 1 ? f(input.unsqueeze(0)).squeeze(0) : f(input);
}

/// A list for one dimension, {n}, as one for the height, which is 1, and the width.
Dims with_height(const char* op, const char* what, IntArrayRef width, int64_t height) {
  check(width.size() == 1, "{}: {} [{}] should be one number", op, what, fmt::join(width, ", "));
  return {height, width[0]};
}

void check_1d(const char* op, const Tensor& input, const Tensor& weight) {
  check(input.dim() == 2 || input.dim() == 3,
        "{}: expected input [N, C, L] or, unbatched, [C, L], got {}", op, input.describe());
  check(weight.dim() == 3, "{}: expected a weight of 3 dimensions, got {}", op, weight.describe());
}

/// conv2d for either kind of padding, numbers or a name; errors name `op`.
template <class Padding>
Tensor convolve(const char* op, const Tensor& input, const Tensor& w, const Tensor& bias,
                IntArrayRef stride, const Padding& padding, IntArrayRef dilation, int64_t groups) {
  return batched(input, 4, [&](const Tensor& x) {
    ConvGeometry geometry;
    if constexpr (std::is_same_v<Padding, PaddingName>) {
      geometry = conv_geometry(op, x, w, padding.value, {stride, {}, dilation, groups});
    } else {
      geometry = conv_geometry(op, x, w, {stride, padding, dilation, groups});
    }
    check_conv_bias(op, bias, w, geometry.out_channels);
    return forward(x, w, bias, geometry);
  });
}

Tensor convolve_transposed(const char* op, const Tensor& input, const Tensor& w, const Tensor& bias,
                           const ConvWalk& walk, IntArrayRef output_padding) {
  return batched(input, 4, [&](const Tensor& y) {
    const ConvGeometry geometry = conv_transpose_geometry(op, y, w, walk, output_padding);
    check_conv_bias(op, bias, w, geometry.in_channels);
    return transposed(y, w, bias, geometry);
  });
}

/// conv1d for either kind of padding.
template <class Padding>
Tensor convolve_1d(const Tensor& input, const Tensor& w, const Tensor& bias, IntArrayRef stride,
                   const Padding& padding, IntArrayRef dilation, int64_t groups) {
  check_1d("conv1d", input, w);
  const Dims strides = with_height("conv1d", "stride", stride, 1);
  const Dims dilations = with_height("conv1d", "dilation", dilation, 1);
  const auto run = [&](const auto& paddings) {
    return convolve("conv1d, as conv2d of images of height 1", input.unsqueeze(-2), w.unsqueeze(-2),
                    bias, strides, paddings, dilations, groups)
        .squeeze(-2);
  };
  if constexpr (std::is_same_v<Padding, PaddingName>) {
    return run(padding);
  } else {
    const Dims paddings = with_height("conv1d", "padding", padding, 0);
    return run(IntArrayRef(paddings));
  }
}

}  // namespace

Tensor conv2d(const Tensor& input, const Tensor& weight, const Tensor& bias, IntArrayRef stride,
              IntArrayRef padding, IntArrayRef dilation, int64_t groups) {
  return convolve("conv2d", input, weight, bias, stride, padding, dilation, groups);
}

Tensor conv2d(const Tensor& input, const Tensor& weight, const Tensor& bias, IntArrayRef stride,
              PaddingName padding, IntArrayRef dilation, int64_t groups) {
  return convolve("conv2d", input, weight, bias, stride, padding, dilation, groups);
}

Tensor conv_transpose2d(const Tensor& input, const Tensor& weight, const Tensor& bias,
                        IntArrayRef stride, IntArrayRef padding, IntArrayRef output_padding,
                        int64_t groups, IntArrayRef dilation) {
  return convolve_transposed("conv_transpose2d", input, weight, bias,
                             {stride, padding, dilation, groups}, output_padding);
}

Tensor conv2d_weight(const Tensor& input, const Tensor& output, IntArrayRef kernel_size,
                     IntArrayRef stride, IntArrayRef padding, IntArrayRef dilation,
                     int64_t groups) {
  check(kernel_size.size() == 1 || kernel_size.size() == 2,
        "conv2d_weight: kernel_size [{}] should be one number or two",
        fmt::join(kernel_size, ", "));
  check(input.dim() == 4 && output.dim() == 4,
        "conv2d_weight: expected input [N, C, H, W] and output [N, O, H', W'], got {} and {}",
        input.describe(), output.describe());
  check(groups >= 1 && input.size(1) % groups == 0,
        "conv2d_weight: groups={} does not divide the {} channels of input", groups, input.size(1));
  // A weight of that shape, in geometry only: it shows no memory of its own.
  const Tensor shape_of_w = empty({1}, input.options())
                                .expand({output.size(1), input.size(1) / groups,
                                         kernel_size.front(), kernel_size.back()});
  const ConvGeometry geometry =
      conv_geometry("conv2d_weight", input, shape_of_w, {stride, padding, dilation, groups});
  check(output.size(0) == geometry.batch && output.size(2) == geometry.output[0] &&
            output.size(3) == geometry.output[1] && output.scalar_type() == input.scalar_type(),
        "conv2d_weight: expected an output of shape [{}, {}, {}, {}], {}, got {}", geometry.batch,
        geometry.out_channels, geometry.output[0], geometry.output[1], input.scalar_type(),
        output.describe());
  return weight(input, output, geometry);
}

Tensor conv1d(const Tensor& input, const Tensor& weight, const Tensor& bias, IntArrayRef stride,
              IntArrayRef padding, IntArrayRef dilation, int64_t groups) {
  return convolve_1d(input, weight, bias, stride, padding, dilation, groups);
}

Tensor conv1d(const Tensor& input, const Tensor& weight, const Tensor& bias, IntArrayRef stride,
              PaddingName padding, IntArrayRef dilation, int64_t groups) {
  return convolve_1d(input, weight, bias, stride, padding, dilation, groups);
}

Tensor conv_transpose1d(const Tensor& input, const Tensor& weight, const Tensor& bias,
                        IntArrayRef stride, IntArrayRef padding, IntArrayRef output_padding,
                        int64_t groups, IntArrayRef dilation) {
  const char* const op = "conv_transpose1d";
  check_1d(op, input, weight);
  const Dims strides = with_height(op, "stride", stride, 1);
  const Dims paddings = with_height(op, "padding", padding, 0);
  const Dims dilations = with_height(op, "dilation", dilation, 1);
  return convolve_transposed("conv_transpose1d, as conv_transpose2d of images of height 1",
                             input.unsqueeze(-2), weight.unsqueeze(-2), bias,
                             {strides, paddings, dilations, groups},
                             with_height(op, "output_padding", output_padding, 0))
      .squeeze(-2);
}

}  // namespace adjoint
