// The elements that a mask picks out, and where they are.

#include "adjoint/ops/index.h"
#include "adjoint/ops/kernels/elementwise.h"

namespace adjoint {
namespace {

/// The places in the flattened mask where it is true.
Tensor places(const char* name, const Tensor& mask, IntArrayRef shape) {
  check(mask.scalar_type() == kBool,
        "{}: expected a bool tensor as mask, got {}; compare it with something (x != 0)", name,
        mask.scalar_type());
  return nonzero(mask.expand(shape).reshape(-1)).view(-1);
}

}  // namespace

Tensor nonzero(const Tensor& self) {
  const Tensor x = self.detach().contiguous();
  return dispatch(x.scalar_type(), [&]<class T>(std::type_identity<T>) {
    const T* const values = x.data_ptr<T>();
    int64_t count = 0;
    for (int64_t i = 0; i < x.numel(); ++i) count += values[i] != T(0) ? 1 : 0;
    const auto ndim = static_cast<std::size_t>(x.dim());
    const Tensor found = empty({count, x.dim()}, kInt64);
    if (count == 0 || ndim == 0) return found;
    int64_t* next = found.data_ptr<int64_t>();
    const int64_t length = x.sizes().back();
    Dims position(ndim, 0);
    for (int64_t i = 0; i < x.numel(); i += length) {
      for (int64_t j = 0; j < length; ++j) {
        if (!(values[i + j] != T(0))) continue;
        next = std::copy_n(position.begin(), ndim - 1, next);
        *next++ = j;
      }
      for (std::size_t d = ndim - 1; d-- > 0;) {
        if (++position[d] < x.sizes()[d]) break;
        position[d] = 0;
      }
    }
    return found;
  });
}

std::vector<Tensor> nonzero_numpy(const Tensor& self) {
  return nonzero(self.dim() == 0 ? self.reshape(1) : self).unbind(1);
}

Tensor argwhere(const Tensor& self) { return nonzero(self); }

Tensor masked_select(const Tensor& self, const Tensor& mask) {
  const Dims shape = broadcast_shapes(self.sizes(), mask.sizes(), "masked_select");
  const Tensor at = places("masked_select", mask, shape);
  return index_select(self.expand(shape).reshape(-1), 0, at);
}

Tensor masked_scatter(const Tensor& self, const Tensor& mask, const Tensor& source) {
  const Dims shape = broadcast_shapes(self.sizes(), mask.sizes(), "masked_scatter");
  return self.expand(shape).clone().masked_scatter_(mask, source);
}

Tensor& Tensor::masked_scatter_(const Tensor& mask, const Tensor& source) const {
  if (!is_expandable_to(mask.sizes(), sizes())) {
    fail("masked_scatter_: the mask, {}, does not broadcast to self, {}", mask.describe(),
         describe());
  }
  const Tensor at = places("masked_scatter_", mask, sizes());
  check(at.numel() <= source.numel(),
        "masked_scatter_: the mask is true {} times, but the source has {} elements", at.numel(),
        source.numel());
  return put_(at, source.reshape(-1).narrow(0, 0, at.numel()));
}

Tensor Tensor::masked_select(const Tensor& mask) const {
  return adjoint::masked_select(*this, mask);
}
Tensor Tensor::masked_scatter(const Tensor& mask, const Tensor& source) const {
  return adjoint::masked_scatter(*this, mask, source);
}
Tensor Tensor::nonzero() const { return adjoint::nonzero(*this); }
std::vector<Tensor> Tensor::nonzero_numpy() const { return adjoint::nonzero_numpy(*this); }

}  // namespace adjoint
