#include "adjoint/ops/fold.h"

#include <fmt/ranges.h>

#include "adjoint/autograd/record.h"
#include "adjoint/ops/conv_geometry.h"
#include "adjoint/ops/kernels/fold.h"

namespace adjoint {
namespace {

using autograd::Grads;
using autograd::record;

// On x [N, C, H, W] and columns [N, C kh kw, L] of one geometry.

Tensor unfold(const Tensor& x, const ConvGeometry& geometry);

Tensor fold(const Tensor& columns, const ConvGeometry& geometry) {
  Tensor x = empty({geometry.batch, geometry.in_channels, geometry.input[0], geometry.input[1]},
                   columns.options());
  dispatch_floating("col2im", x.scalar_type(), [&]<class T>(std::type_identity<T>) {
    kernels::col2im<T>(geometry, columns.detach().contiguous().data_ptr<T>(), x.data_ptr<T>());
  });
  return record("col2im", x, {columns},
                [geometry](const Tensor& g) { return Grads{unfold(g, geometry)}; });
}

Tensor unfold(const Tensor& x, const ConvGeometry& geometry) {
  Tensor columns =
      empty({geometry.batch, geometry.in_channels * geometry.kernel[0] * geometry.kernel[1],
             geometry.output[0] * geometry.output[1]},
            x.options());
  dispatch_floating("im2col", x.scalar_type(), [&]<class T>(std::type_identity<T>) {
    kernels::im2col<T>(geometry, x.detach().contiguous().data_ptr<T>(), columns.data_ptr<T>());
  });
  return record("im2col", columns, {x},
                [geometry](const Tensor& g) { return Grads{fold(g, geometry)}; });
}

/// The geometry of a convolution of images [N, C, H, W] with one kernel; nothing is computed.
ConvGeometry geometry_of(const char* op, const Dims& image, IntArrayRef kernel_size,
                         const ConvWalk& walk, const TensorOptions& options) {
  check(kernel_size.size() == 1 || kernel_size.size() == 2,
        "{}: kernel_size [{}] should be one number or two, {{height, width}}", op,
        fmt::join(kernel_size, ", "));
  check(kernel_size.front() >= 1 && kernel_size.back() >= 1,
        "{}: kernel_size [{}] should be at least 1", op, fmt::join(kernel_size, ", "));
  const Tensor any = empty({1}, options);  // expanded, it has a shape and next to no memory
  return conv_geometry(op, any.expand(image),
                       any.expand({1, image[1], kernel_size.front(), kernel_size.back()}), walk);
}

}  // namespace

Tensor im2col(const Tensor& self, IntArrayRef kernel_size, IntArrayRef dilation,
              IntArrayRef padding, IntArrayRef stride) {
  check(self.dim() == 3 || self.dim() == 4,
        "im2col: expected [N, C, H, W] or, unbatched, [C, H, W], got {}", self.describe());
  if (self.dim() == 3) {
    return im2col(self.unsqueeze(0), kernel_size, dilation, padding, stride).squeeze(0);
  }
  return unfold(self, geometry_of("im2col", self.sizes(), kernel_size, {stride, padding, dilation},
                                  self.options()));
}

Tensor col2im(const Tensor& self, IntArrayRef output_size, IntArrayRef kernel_size,
              IntArrayRef dilation, IntArrayRef padding, IntArrayRef stride) {
  check(self.dim() == 2 || self.dim() == 3,
        "col2im: expected columns [N, C kh kw, L] or, unbatched, [C kh kw, L], got {}",
        self.describe());
  if (self.dim() == 2) {
    return col2im(self.unsqueeze(0), output_size, kernel_size, dilation, padding, stride)
        .squeeze(0);
  }
  check(output_size.size() == 1 || output_size.size() == 2,
        "col2im: output_size [{}] should be one number or two, {{height, width}}",
        fmt::join(output_size, ", "));
  check(output_size.front() >= 1 && output_size.back() >= 1,
        "col2im: output_size [{}] should be at least 1", fmt::join(output_size, ", "));
  // The channels are known once the kernel is seen to be one.
  ConvGeometry geometry = geometry_of("col2im, which undoes im2col",
                                      {self.size(0), 1, output_size.front(), output_size.back()},
                                      kernel_size, {stride, padding, dilation}, self.options());
  const int64_t taps = geometry.kernel[0] * geometry.kernel[1];
  check(
      self.size(1) % taps == 0,
      "col2im: a {}x{} kernel has {} taps, of which the {} rows of the columns {} are no multiple",
      geometry.kernel[0], geometry.kernel[1], taps, self.size(1), self.describe());
  check(self.size(2) == geometry.output[0] * geometry.output[1],
        "col2im: the kernel has {}x{} = {} positions in an image of {}x{}, but {} has {} columns",
        geometry.output[0], geometry.output[1], geometry.output[0] * geometry.output[1],
        geometry.input[0], geometry.input[1], self.describe(), self.size(2));
  geometry.in_channels = self.size(1) / taps;
  return fold(self, geometry);
}

}  // namespace adjoint
