#include "adjoint/ops/matmul.h"

#include <fmt/ranges.h>

#include "adjoint/autograd/record.h"
#include "adjoint/core/parallel.h"
#include "adjoint/ops/arithmetic.h"
#include "adjoint/ops/elementwise.h"
#include "adjoint/ops/kernels/gemm.h"

namespace adjoint {
namespace {

using autograd::Grads;
using autograd::Needs;
using elementwise::save_if;

void check_dtypes(const char* name, const Tensor& a, const Tensor& b) {
  check(a.scalar_type() == b.scalar_type(),
        "{}: the operands are {} and {}; convert one of them, as with x.to(torch::kFloat32)", name,
        a.scalar_type(), b.scalar_type());
}

void check_rank(const char* name, const char* operand, const Tensor& t, int64_t rank) {
  if (t.dim() != rank) {
    fail("{}: {} has to have {} dimension{}, but is [{}]", name, operand, rank,
         rank == 1 ? "" : "s", fmt::join(t.sizes(), ", "));
  }
}

void check_inner(const char* name, const Tensor& a, const Tensor& b) {
  const IntArrayRef a_sizes = a.sizes(), b_sizes = b.sizes();
  const int64_t left = a_sizes.back();
  const int64_t right = b_sizes.size() == 1 ? b_sizes[0] : b_sizes[b_sizes.size() - 2];
  if (left != right) {
    fail("{}: [{}] x [{}]: the inner sizes {} and {} differ", name, fmt::join(a_sizes, ", "),
         fmt::join(b_sizes, ", "), left, right);
  }
}

/// A matrix, the last two dimensions of a tensor, as kernels::gemm reads it.
struct Layout2d {
  bool fits = false;  ///< neither its rows nor its columns are dense, if false
  bool transposed = false;
  int64_t stride = 0;
};

Layout2d layout_of(const Tensor& t) {
  const std::size_t last = t.sizes().size() - 1;
  const int64_t rows = t.sizes()[last - 1], cols = t.sizes()[last];
  const int64_t row_stride = t.strides()[last - 1], col_stride = t.strides()[last];
  if ((cols <= 1 || col_stride == 1) && (rows <= 1 || row_stride >= cols)) {
    return {true, false, rows <= 1 ? cols : row_stride};
  }
  if ((rows <= 1 || row_stride == 1) && (cols <= 1 || col_stride >= rows)) {
    return {true, true, cols <= 1 ? rows : col_stride};
  }
  return {};
}

/// A tensor's matrix or matrices: its own or, where kernels::gemm cannot read their layout, a
/// copy's.
template <class T>
class Matrices {
 public:
  explicit Matrices(const Tensor& t) : layout_(layout_of(t)) {
    if (!layout_.fits) {
      const NoGradGuard unrecorded;
      copy_ = t.contiguous();
      layout_ = layout_of(copy_);
    }
    const Tensor& read = copy_.defined() ? copy_ : t;
    data_ = static_cast<const T*>(read.data_ptr());
    batch_stride_ = read.dim() > 2 ? read.strides()[0] : 0;
  }
  /// The i-th of a batch, or the only one.
  kernels::Matrix<T> operator[](int64_t i) const {
    return {data_ + i * batch_stride_, layout_.stride, layout_.transposed};
  }

 private:
  Layout2d layout_;
  Tensor copy_;
  const T* data_;
  int64_t batch_stride_;
};

/// c = a b + beta c for integers, in wrap-around arithmetic.
template <class T>
void integer_product(const Tensor& a, const Tensor& b, T beta, const Tensor& c) {
  const int64_t m = a.size(0), k = a.size(1), n = b.size(1);
  const Tensor dense = b.contiguous();
  const T* const left = a.data_ptr<T>();
  const T* const right = dense.data_ptr<T>();
  T* const out = c.data_ptr<T>();
  parallel_for(0, m, std::max<int64_t>(1, 32768 / std::max<int64_t>(1, k * n)),
               [&](int64_t begin, int64_t end) {
                 for (int64_t i = begin; i < end; ++i) {
                   T* const row = out + i * n;
                   for (int64_t j = 0; j < n; ++j) row[j] = beta == T(0) ? T(0) : beta * row[j];
                   for (int64_t p = 0; p < k; ++p) {
                     const T factor = left[i * a.stride(0) + p * a.stride(1)];
                     const T* const from = right + p * n;
                     for (int64_t j = 0; j < n; ++j) row[j] += factor * from[j];
                   }
                 }
               });
}

/// c = a b + beta c for matrices [m, k], [k, n] and a contiguous c [m, n].
void product(const char* name, const Tensor& a, const Tensor& b, const Scalar& beta,
             const Tensor& c) {
  const int64_t m = a.sizes()[0], k = a.sizes()[1], n = b.sizes()[1];
  dispatch(a.scalar_type(), [&]<class T>(std::type_identity<T>) {
    if constexpr (std::is_floating_point_v<T>) {
      const Matrices<T> left(a), right(b);
      // A product that takes a few microseconds is not worth waking other threads for.
      constexpr double kSmall = 128.0 * 128 * 128;
      const bool small =
          static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k) < kSmall;
      const auto gemm = small ? kernels::gemm<T> : kernels::parallel_gemm<T>;
      gemm(m, n, k, left[0], right[0], beta.to<T>(), c.data_ptr<T>(), n);
    } else if constexpr (std::is_same_v<T, bool>) {
      fail("{}: there is no matrix product of bools; convert them to a number type first", name);
    } else {
      integer_product<T>(a, b, beta.to<T>(), c);
    }
  });
}

Tensor product(const char* name, const Tensor& a, const Tensor& b) {
  Tensor y = empty({a.sizes()[0], b.sizes()[1]}, a.options());
  product(name, a, b, 0, y);
  return y;
}

/// One product a batch entry; y [b, m, n] is contiguous.
template <class T>
void batch_product(const Tensor& a, const Tensor& b, const Tensor& y) {
  const int64_t batch = a.size(0), m = a.size(1), k = a.size(2), n = b.size(2);
  const Matrices<T> left(a), right(b);
  const auto one = [&](int64_t i, const auto& gemm) {
    gemm(m, n, k, left[i], right[i], T(0), y.data_ptr<T>() + i * m * n, n);
  };
  // A few large products: each over all threads. Otherwise: each thread takes its own.
  const double work = static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k);
  if (batch < 8 && work >= 256.0 * 256 * 256) {
    for (int64_t i = 0; i < batch; ++i) one(i, kernels::parallel_gemm<T>);
    return;
  }
  const auto grain = static_cast<int64_t>(std::max(1.0, 500000 / std::max(1.0, work)));
  parallel_for(0, batch, grain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) one(i, kernels::gemm<T>);
  });
}

}  // namespace

Tensor mm(const Tensor& self, const Tensor& mat2) {
  check_rank("mm", "self", self, 2);
  check_rank("mm", "mat2", mat2, 2);
  check_dtypes("mm", self, mat2);
  check_inner("mm", self, mat2);
  return autograd::record("mm", product("mm", self, mat2), {self, mat2},
                          [a = save_if(mat2.requires_grad(), self),
                           b = save_if(self.requires_grad(), mat2)](const Tensor& g, Needs needs) {
                            return Grads{needs[0] ? mm(g, b.get().t()) : Tensor(),
                                         needs[1] ? mm(a.get().t(), g) : Tensor()};
                          });
}

Tensor bmm(const Tensor& self, const Tensor& mat2) {
  check_rank("bmm", "self", self, 3);
  check_rank("bmm", "mat2", mat2, 3);
  check_dtypes("bmm", self, mat2);
  check(self.size(0) == mat2.size(0), "bmm: [{}] x [{}]: the batch sizes {} and {} differ",
        fmt::join(self.sizes(), ", "), fmt::join(mat2.sizes(), ", "), self.size(0), mat2.size(0));
  check_inner("bmm", self, mat2);
  Tensor y = empty({self.size(0), self.size(1), mat2.size(2)}, self.options());
  if (self.is_floating_point()) {
    dispatch_floating("bmm", self.scalar_type(),
                      [&]<class T>(std::type_identity<T>) { batch_product<T>(self, mat2, y); });
  } else {
    for (int64_t i = 0; i < self.size(0); ++i) {
      product("bmm", self.select(0, i), mat2.select(0, i), 0, y.select(0, i));
    }
  }
  return autograd::record("bmm", y, {self, mat2},
                          [a = save_if(mat2.requires_grad(), self),
                           b = save_if(self.requires_grad(), mat2)](const Tensor& g, Needs needs) {
                            return Grads{needs[0] ? bmm(g, b.get().transpose(1, 2)) : Tensor(),
                                         needs[1] ? bmm(a.get().transpose(1, 2), g) : Tensor()};
                          });
}

Tensor mv(const Tensor& self, const Tensor& vec) {
  check_rank("mv", "self", self, 2);
  check_rank("mv", "vec", vec, 1);
  check_dtypes("mv", self, vec);
  check_inner("mv", self, vec);
  return mm(self, vec.unsqueeze(1)).squeeze(1);
}

Tensor dot(const Tensor& self, const Tensor& other) {
  check_rank("dot", "self", self, 1);
  check_rank("dot", "other", other, 1);
  check_dtypes("dot", self, other);
  check_inner("dot", self, other);
  return mm(self.unsqueeze(0), other.unsqueeze(1)).view({});
}

Tensor outer(const Tensor& self, const Tensor& vec2) {
  check_rank("outer", "self", self, 1);
  check_rank("outer", "vec2", vec2, 1);
  return self.unsqueeze(1) * vec2;
}

Tensor addmm(const Tensor& self, const Tensor& mat1, const Tensor& mat2, const Scalar& beta,
             const Scalar& alpha) {
  check_rank("addmm", "mat1", mat1, 2);
  check_rank("addmm", "mat2", mat2, 2);
  check_dtypes("addmm", mat1, mat2);
  check_dtypes("addmm", self, mat1);
  check_inner("addmm", mat1, mat2);
  const Dims shape{mat1.size(0), mat2.size(1)};
  check(is_expandable_to(self.sizes(), shape),
        "addmm: self [{}] does not broadcast to [{}], the shape of the product",
        fmt::join(self.sizes(), ", "), fmt::join(IntArrayRef(shape), ", "));
  check(self.is_floating_point() || !(alpha.isFloatingPoint() || beta.isFloatingPoint()),
        "addmm: alpha or beta is a fraction, but the tensors are integers ({})",
        self.scalar_type());
  if (!(alpha == 1)) {  // rare: not worth a kernel
    const Tensor scaled = mm(mat1, mat2) * alpha;
    return beta == 0 ? scaled : scaled + self * beta;
  }
  Tensor y = empty(shape, mat1.options());
  if (!(beta == 0)) kernels::copy(y, self);
  product("addmm", mat1, mat2, beta, y);
  return autograd::record("addmm", y, {self, mat1, mat2},
                          [beta, a = save_if(mat2.requires_grad(), mat1),
                           b = save_if(mat1.requires_grad(), mat2)](const Tensor& g, Needs needs) {
                            return Grads{needs[0] ? (beta == 1 ? g : g * beta) : Tensor(),
                                         needs[1] ? mm(g, b.get().t()) : Tensor(),
                                         needs[2] ? mm(a.get().t(), g) : Tensor()};
                          });
}

namespace {

/// A batch of matrices, broadcast to the batch shape and flattened to [b, rows, cols].
Tensor flat_batch(const Tensor& t, const Dims& batch) {
  Dims shape = batch;
  shape.push_back(t.size(-2));
  shape.push_back(t.size(-1));
  return t.expand(shape).reshape({numel(batch), t.size(-2), t.size(-1)});
}

}  // namespace

Tensor matmul(const Tensor& self, const Tensor& other) {
  check(
      self.dim() > 0 && other.dim() > 0,
      "matmul: both operands need at least one dimension, got [{}] and [{}]; multiply by a number "
      "with *",
      fmt::join(self.sizes(), ", "), fmt::join(other.sizes(), ", "));
  check_dtypes("matmul", self, other);
  check_inner("matmul", self, other);
  if (self.dim() == 1 && other.dim() == 1) return dot(self, other);
  if (self.dim() == 2 && other.dim() == 2) return mm(self, other);
  if (self.dim() == 2 && other.dim() == 1) return mv(self, other);
  if (self.dim() == 1) return matmul(self.unsqueeze(0), other).squeeze(-2);
  if (other.dim() == 1) return matmul(self, other.unsqueeze(1)).squeeze(-1);

  const IntArrayRef left = self.sizes(), right = other.sizes();
  if (other.dim() == 2) {  // one matrix for the whole batch: all rows are one product
    Dims shape(left);
    shape.back() = right[1];
    return mm(self.reshape({numel(left.slice(0, left.size() - 1)), left.back()}), other)
        .view(shape);
  }
  const Dims batch =
      broadcast_shapes(left.slice(0, left.size() - 2), right.slice(0, right.size() - 2), "matmul");
  Dims shape = batch;
  shape.push_back(self.size(-2));
  shape.push_back(other.size(-1));
  return bmm(flat_batch(self, batch), flat_batch(other, batch)).view(shape);
}

namespace {

/// linear for input [n, in] and weight [out, in].
Tensor linear_rows(const Tensor& input, const Tensor& weight, const Tensor& bias) {
  const NoGradGuard unrecorded;
  return bias.defined() ? addmm(bias, input, weight.t()) : mm(input, weight.t());
}

}  // namespace

Tensor linear(const Tensor& input, const Tensor& weight, const Tensor& bias) {
  check(input.dim() > 0 && (weight.dim() == 1 || weight.dim() == 2) &&
            input.size(-1) == weight.size(-1),
        "linear: weight [{}] does not fit input [{}]: expected a weight [out, in] and an input "
        "[..., in]; flatten pictures first, as in x.flatten(1)",
        fmt::join(weight.sizes(), ", "), fmt::join(input.sizes(), ", "));
  check_dtypes("linear", input, weight);
  const int64_t in = weight.size(-1), out = weight.dim() == 2 ? weight.size(0) : 1;
  if (bias.defined()) {
    check(bias.dim() <= 1 && (bias.numel() == out || bias.numel() == 1),
          "linear: weight [{}] expects a bias of {} elements, but it is [{}]",
          fmt::join(weight.sizes(), ", "), out, fmt::join(bias.sizes(), ", "));
    check_dtypes("linear", weight, bias);
  }
  if (weight.dim() == 1) return linear(input, weight.unsqueeze(0), bias).squeeze(-1);
  if (input.dim() != 2) {
    Dims shape(input.sizes());
    shape.back() = out;
    const int64_t rows = numel(input.sizes().slice(0, input.sizes().size() - 1));
    return linear(input.reshape({rows, in}), weight, bias).view(shape);
  }
  // y = x wᵀ + b, so dx = g w, dw = gᵀ x, db = the sum of g's rows, which the engine takes.
  return autograd::record(
      "linear", linear_rows(input, weight, bias), {input, weight, bias},
      [x = save_if(weight.requires_grad(), input), w = save_if(input.requires_grad(), weight)](
          const Tensor& g, Needs needs) {
        return Grads{needs[0] ? mm(g, w.get()) : Tensor(), needs[1] ? mm(g.t(), x.get()) : Tensor(),
                     g};
      });
}

Tensor Tensor::matmul(const Tensor& other) const { return adjoint::matmul(*this, other); }
Tensor Tensor::mm(const Tensor& mat2) const { return adjoint::mm(*this, mat2); }
Tensor Tensor::bmm(const Tensor& mat2) const { return adjoint::bmm(*this, mat2); }
Tensor Tensor::mv(const Tensor& vec) const { return adjoint::mv(*this, vec); }
Tensor Tensor::dot(const Tensor& other) const { return adjoint::dot(*this, other); }
Tensor Tensor::outer(const Tensor& vec2) const { return adjoint::outer(*this, vec2); }
Tensor Tensor::addmm(const Tensor& mat1, const Tensor& mat2, const Scalar& beta,
                     const Scalar& alpha) const {
  return adjoint::addmm(*this, mat1, mat2, beta, alpha);
}

}  // namespace adjoint
