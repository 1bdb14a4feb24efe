// Products that are made of those in matmul.cpp.

#include <fmt/ranges.h>

#include "adjoint/ops/arithmetic.h"
#include "adjoint/ops/einsum.h"
#include "adjoint/ops/elementwise.h"
#include "adjoint/ops/matmul.h"

namespace adjoint {
namespace {

/// beta * self + alpha * product; with beta = 0 self is not read.
Tensor combined(const char* name, const Tensor& self, const Tensor& product, const Scalar& beta,
                const Scalar& alpha) {
  check(self.scalar_type() == product.scalar_type(),
        "{}: self is {}, but the product {}; convert one of them", name, self.scalar_type(),
        product.scalar_type());
  check(is_expandable_to(self.sizes(), product.sizes()),
        "{}: self [{}] does not broadcast to [{}], the shape of the product", name,
        fmt::join(self.sizes(), ", "), fmt::join(product.sizes(), ", "));
  check(self.is_floating_point() || !(alpha.isFloatingPoint() || beta.isFloatingPoint()),
        "{}: alpha or beta is a fraction, but the tensors are integers ({})", name,
        self.scalar_type());
  const Tensor scaled = alpha == 1 ? product : product * alpha;
  if (beta == 0) return scaled;
  return (beta == 1 ? self : self * beta) + scaled;
}

/// Puts the value in self's place.
Tensor& replace(const char* name, const Tensor& self, const Tensor& value) {
  autograd::assign_(self, value, name);
  return const_cast<Tensor&>(self);
}

}  // namespace

Tensor baddbmm(const Tensor& self, const Tensor& batch1, const Tensor& batch2, const Scalar& beta,
               const Scalar& alpha) {
  return combined("baddbmm", self, bmm(batch1, batch2), beta, alpha);
}

Tensor addmv(const Tensor& self, const Tensor& mat, const Tensor& vec, const Scalar& beta,
             const Scalar& alpha) {
  return combined("addmv", self, mv(mat, vec), beta, alpha);
}

Tensor addr(const Tensor& self, const Tensor& vec1, const Tensor& vec2, const Scalar& beta,
            const Scalar& alpha) {
  return combined("addr", self, outer(vec1, vec2), beta, alpha);
}

Tensor inner(const Tensor& self, const Tensor& other) {
  check(self.scalar_type() == other.scalar_type(),
        "inner: the operands are {} and {}; convert one of them", self.scalar_type(),
        other.scalar_type());
  if (self.dim() == 0 || other.dim() == 0) return self * other;
  check(self.size(-1) == other.size(-1), "inner: [{}] and [{}] differ in their last sizes",
        fmt::join(self.sizes(), ", "), fmt::join(other.sizes(), ", "));
  return tensordot(self, other, -1, -1);
}

Tensor trace(const Tensor& self) {
  check(self.dim() == 2, "trace: expected a matrix, got [{}]", fmt::join(self.sizes(), ", "));
  return self.diagonal().sum();
}

namespace {

/// The product of matrices[first] to matrices[last]; cut[first][last] is the last factor of the
/// left half of the cheapest way to split it.
Tensor chain_product(TensorList matrices, const std::vector<std::vector<std::size_t>>& cut,
                     std::size_t first, std::size_t last) {
  if (first == last) return matrices[first];
  const std::size_t middle = cut[first][last];
  return mm(chain_product(matrices, cut, first, middle),
            chain_product(matrices, cut, middle + 1, last));
}

}  // namespace

Tensor chain_matmul(TensorList matrices) {
  check(!matrices.empty(), "chain_matmul: expected at least one matrix");
  const std::size_t n = matrices.size();
  for (std::size_t i = 0; i < n; ++i) {
    check(matrices[i].dim() == 2, "chain_matmul: expected matrices, got [{}]",
          fmt::join(matrices[i].sizes(), ", "));
    check(i == 0 || matrices[i - 1].size(1) == matrices[i].size(0),
          "chain_matmul: [{}] x [{}]: the inner sizes differ",
          fmt::join(matrices[i - (i > 0)].sizes(), ", "), fmt::join(matrices[i].sizes(), ", "));
  }
  // cost[i][j]: multiplications of the cheapest product of the factors i to j. In double, which
  // does not overflow.
  std::vector<std::vector<double>> cost(n, std::vector<double>(n, 0));
  std::vector<std::vector<std::size_t>> cut(n, std::vector<std::size_t>(n, 0));
  const auto rows = [&](std::size_t i) { return static_cast<double>(matrices[i].size(0)); };
  for (std::size_t length = 1; length < n; ++length) {
    for (std::size_t i = 0; i + length < n; ++i) {
      const std::size_t j = i + length;
      const auto columns = static_cast<double>(matrices[j].size(1));
      cost[i][j] = std::numeric_limits<double>::infinity();
      for (std::size_t k = i; k < j; ++k) {
        const double total = cost[i][k] + cost[k + 1][j] + rows(i) * rows(k + 1) * columns;
        if (total < cost[i][j]) {
          cost[i][j] = total;
          cut[i][j] = k;
        }
      }
    }
  }
  return chain_product(matrices, cut, 0, n - 1);
}

// ---- the methods --------------------------------------------------------------------------------

Tensor& Tensor::addmm_(const Tensor& mat1, const Tensor& mat2, const Scalar& beta,
                       const Scalar& alpha) const {
  return replace("addmm_", *this, adjoint::addmm(*this, mat1, mat2, beta, alpha));
}
Tensor Tensor::baddbmm(const Tensor& batch1, const Tensor& batch2, const Scalar& beta,
                       const Scalar& alpha) const {
  return adjoint::baddbmm(*this, batch1, batch2, beta, alpha);
}
Tensor& Tensor::baddbmm_(const Tensor& batch1, const Tensor& batch2, const Scalar& beta,
                         const Scalar& alpha) const {
  return replace("baddbmm_", *this, adjoint::baddbmm(*this, batch1, batch2, beta, alpha));
}
Tensor Tensor::addmv(const Tensor& mat, const Tensor& vec, const Scalar& beta,
                     const Scalar& alpha) const {
  return adjoint::addmv(*this, mat, vec, beta, alpha);
}
Tensor Tensor::addr(const Tensor& vec1, const Tensor& vec2, const Scalar& beta,
                    const Scalar& alpha) const {
  return adjoint::addr(*this, vec1, vec2, beta, alpha);
}
Tensor& Tensor::addmv_(const Tensor& mat, const Tensor& vec, const Scalar& beta,
                       const Scalar& alpha) const {
  return replace("addmv_", *this, adjoint::addmv(*this, mat, vec, beta, alpha));
}
Tensor& Tensor::addr_(const Tensor& vec1, const Tensor& vec2, const Scalar& beta,
                      const Scalar& alpha) const {
  return replace("addr_", *this, adjoint::addr(*this, vec1, vec2, beta, alpha));
}
Tensor Tensor::inner(const Tensor& other) const { return adjoint::inner(*this, other); }
Tensor Tensor::trace() const { return adjoint::trace(*this); }

}  // namespace adjoint
