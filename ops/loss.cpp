#include "adjoint/ops/loss.h"

#include <cmath>

#include <fmt/ranges.h>

#include "adjoint/autograd/record.h"
#include "adjoint/core/allocator.h"
#include "adjoint/core/parallel.h"
#include "adjoint/ops/arithmetic.h"
#include "adjoint/ops/creation.h"
#include "adjoint/ops/elementwise.h"
#include "adjoint/ops/index.h"
#include "adjoint/ops/kernels/ceil_div.h"
#include "adjoint/ops/reduce.h"
#include "adjoint/ops/softmax.h"

namespace adjoint {
namespace {

using autograd::Grads;
using autograd::Needs;

void check_reduction(const char* name, int64_t reduction) {
  check(reduction >= Reduction::None && reduction < Reduction::END,
        "{}: reduction {} is none of Reduction::None, Mean and Sum", name, reduction);
}

/// Both in their common dtype and shape.
std::pair<Tensor, Tensor> alike(const char* name, const Tensor& input, const Tensor& target) {
  const ScalarType dtype = result_type(input, target);
  check(isFloatingType(dtype), "{}: expected float32 or float64 tensors, got {} and {}", name,
        input.scalar_type(), target.scalar_type());
  const Tensor a = input.to(dtype), b = target.to(dtype);
  if (a.sizes() == b.sizes()) return {a, b};
  const Dims shape = broadcast_shapes(a.sizes(), b.sizes(), name);
  return {a.expand(shape), b.expand(shape)};
}

Tensor reduced(const Tensor& losses, int64_t reduction) {
  switch (reduction) {
    case Reduction::Mean:
      return losses.mean();
    case Reduction::Sum:
      return losses.sum();
    default:
      return losses;
  }
}

}  // namespace

// ---- squared and absolute error ----------------------------------------------------------------

namespace {

/// Σ (a - b)² in double, in one pass; the pieces are summed in their order.
template <class T>
double squared_distance(const T* a, const T* b, int64_t n) {
  constexpr int64_t kPiece = 32768, kLanes = 16;
  const int64_t pieces = kernels::ceil_div(n, kPiece);
  const Scratch<double> sums(static_cast<std::size_t>(pieces));
  parallel_for(0, n, kPiece, [=, &sums](int64_t begin, int64_t end) {
    double lanes[kLanes] = {};
    int64_t i = begin;
    for (; i + kLanes <= end; i += kLanes) {
      for (int64_t l = 0; l < kLanes; ++l) {
        const auto d = static_cast<double>(a[i + l] - b[i + l]);
        lanes[l] += d * d;
      }
    }
    for (int64_t l = 0; i < end; ++i, ++l) {
      const auto d = static_cast<double>(a[i] - b[i]);
      lanes[l] += d * d;
    }
    double sum = 0;
    for (const double lane : lanes) sum += lane;
    sums[static_cast<std::size_t>(begin / kPiece)] = sum;
  });
  double total = 0;
  for (int64_t i = 0; i < pieces; ++i) total += sums[static_cast<std::size_t>(i)];
  return total;
}

Tensor mse_values(const Tensor& input, const Tensor& target, int64_t reduction) {
  return dispatch_floating("mse_loss", input.scalar_type(), [&]<class T>(std::type_identity<T>) {
    if (reduction == Reduction::None) {
      Tensor y = empty(input.sizes(), input.options());
      kernels::map<T, T, T>([](T a, T b) { return (a - b) * (a - b); }, y, input, target);
      return y;
    }
    const NoGradGuard unrecorded;
    const Tensor a = input.contiguous(), b = target.contiguous();
    const double sum = squared_distance(a.data_ptr<T>(), b.data_ptr<T>(), a.numel());
    Tensor y = empty({}, input.options());
    *y.data_ptr<T>() =
        static_cast<T>(reduction == Reduction::Mean ? sum / static_cast<double>(a.numel()) : sum);
    return y;
  });
}

}  // namespace

Tensor mse_loss(const Tensor& input, const Tensor& target, int64_t reduction) {
  check_reduction("mse_loss", reduction);
  const auto [a, b] = alike("mse_loss", input, target);
  return autograd::record(
      "mse_loss", mse_values(a, b, reduction), {a, b},
      [reduction, a = autograd::save(a), b = autograd::save(b)](const Tensor& g, Needs needs) {
        const Tensor ga = mse_loss_backward(g, a.get(), b.get(), reduction);
        return Grads{ga, needs[1] ? -ga : Tensor()};
      });
}

Tensor mse_loss_backward(const Tensor& grad_output, const Tensor& input, const Tensor& target,
                         int64_t reduction) {
  check_reduction("mse_loss_backward", reduction);
  check(input.sizes() == target.sizes() &&
            (grad_output.numel() == 1 || grad_output.sizes() == input.sizes()),
        "mse_loss_backward: input [{}], target [{}] and gradient [{}] do not fit",
        fmt::join(input.sizes(), ", "), fmt::join(target.sizes(), ", "),
        fmt::join(grad_output.sizes(), ", "));
  // result = factor g (a - b)
  const double factor =
      reduction == Reduction::Mean ? 2.0 / static_cast<double>(input.numel()) : 2.0;
  Tensor result = empty(input.sizes(), input.options());
  dispatch_floating("mse_loss_backward", input.scalar_type(), [&]<class T>(std::type_identity<T>) {
    if (grad_output.numel() == 1) {
      const T scale = static_cast<T>(factor * grad_output.item<double>());
      kernels::map<T, T, T>([scale](T a, T b) { return scale * (a - b); }, result, input, target);
    } else {
      kernels::map<T, T, T, T>(
          [scale = static_cast<T>(factor)](T g, T a, T b) { return scale * g * (a - b); }, result,
          grad_output, input, target);
    }
  });
  return autograd::record("mse_loss_backward", result, {grad_output, input, target},
                          [factor, g = autograd::save(grad_output), a = autograd::save(input),
                           b = autograd::save(target)](const Tensor& upstream, Needs needs) {
                            const Tensor h = upstream * factor;
                            Grads grads(3);
                            if (needs[0]) grads[0] = h * (a.get() - b.get());
                            if (needs[1] || needs[2]) grads[1] = h * g.get();
                            if (needs[2]) grads[2] = -grads[1];
                            return grads;
                          });
}

Tensor l1_loss(const Tensor& input, const Tensor& target, int64_t reduction) {
  check_reduction("l1_loss", reduction);
  const auto [a, b] = alike("l1_loss", input, target);
  return reduced((a - b).abs(), reduction);
}

// ---- cross-entropy of two classes --------------------------------------------------------------

namespace {

void check_alike(const char* name, const Tensor& input, const Tensor& target) {
  check(input.sizes() == target.sizes(),
        "{}: input [{}] and target [{}] differ in shape; expand the target if that is meant", name,
        fmt::join(input.sizes(), ", "), fmt::join(target.sizes(), ", "));
}

/// One loss a probability.
Tensor cross_entropies(const Tensor& input, const Tensor& target) {
  {  // of a NaN neither bound holds: it is the smallest and the largest of all
    const NoGradGuard unrecorded;
    check(
        input.numel() == 0 || (input.min().item<double>() >= 0 && input.max().item<double>() <= 1),
        "binary_cross_entropy: every input has to be a probability, between 0 and 1; "
        "binary_cross_entropy_with_logits takes scores of any size");
  }
  Tensor y = empty(input.sizes(), input.options());
  dispatch_floating(
      "binary_cross_entropy", input.scalar_type(), [&]<class T>(std::type_identity<T>) {
        kernels::map<T, T, T>(
            [](T x, T t) {
              const T yes = std::max(std::log(x), T(-100)), no = std::max(std::log1p(-x), T(-100));
              return (t - 1) * no - t * yes;
            },
            y, input, target);
      });
  return autograd::record(
      "binary_cross_entropy", y, {input, target},
      [x = autograd::save(input), t = autograd::save(target)](const Tensor& g, Needs needs) {
        const Tensor p = x.get(), q = 1 - p;
        Grads grads(2);
        if (needs[0])
          grads[0] = g * (p - t.get()) / (p * q).clamp(1e-12f);  // PyTorch's bound, a float32
        if (needs[1]) grads[1] = g * (q.log().clamp(-100) - p.log().clamp(-100));
        return grads;
      });
}

/// One loss a score x: (1 - t) x + (1 + (w - 1) t) log(1 + e⁻ˣ), where w is the positive weight.
Tensor score_losses(const Tensor& input, const Tensor& target, const Tensor& pos_weight) {
  Tensor y = empty(input.sizes(), input.options());
  dispatch_floating(
      "binary_cross_entropy_with_logits", input.scalar_type(), [&]<class T>(std::type_identity<T>) {
        kernels::map<T, T, T, T>(
            [](T x, T t, T w) {
              const T log_term = std::log1p(std::exp(-std::abs(x))) + std::max(-x, T(0));
              return (1 - t) * x + (1 + (w - 1) * t) * log_term;
            },
            y, input, target, pos_weight);
      });
  return autograd::record(
      "binary_cross_entropy_with_logits", y, {input, target, pos_weight},
      [x = autograd::save(input), t = autograd::save(target), w = autograd::save(pos_weight)](
          const Tensor& g, Needs needs) {
        const Tensor scores = x.get(), targets = t.get(), more = w.get() - 1;
        Grads grads(3);
        if (needs[0]) {
          grads[0] = g * ((1 + more * targets) * (scores.sigmoid() - 1) + (1 - targets));
        }
        if (needs[1] || needs[2]) {
          // log(1 + e⁻ˣ) is the loss of target 1 and weight 1.
          const Tensor one = scalar_tensor(1, scores.options());
          const Tensor log_term = score_losses(scores, one.expand(scores.sizes()), one);
          if (needs[1]) grads[1] = g * (more * log_term - scores);
          if (needs[2]) grads[2] = g * targets * log_term;
        }
        return grads;
      });
}

}  // namespace

Tensor binary_cross_entropy(const Tensor& input, const Tensor& target, const Tensor& weight,
                            int64_t reduction) {
  check_reduction("binary_cross_entropy", reduction);
  check_alike("binary_cross_entropy", input, target);
  const auto [x, t] = alike("binary_cross_entropy", input, target);
  const Tensor losses = cross_entropies(x, t);
  return reduced(weight.defined() ? losses * weight : losses, reduction);
}

Tensor binary_cross_entropy_with_logits(const Tensor& input, const Tensor& target,
                                        const Tensor& weight, const Tensor& pos_weight,
                                        int64_t reduction) {
  constexpr const char* name = "binary_cross_entropy_with_logits";
  check_reduction(name, reduction);
  check_alike(name, input, target);
  const auto [x, t] = alike(name, input, target);
  const Tensor positive =
      pos_weight.defined() ? pos_weight.to(x.scalar_type()) : scalar_tensor(1, x.options());
  check(is_expandable_to(positive.sizes(), x.sizes()),
        "{}: pos_weight [{}] does not broadcast to the input's shape [{}]", name,
        fmt::join(positive.sizes(), ", "), fmt::join(x.sizes(), ", "));
  const Tensor losses = score_losses(x, t, positive);
  return reduced(weight.defined() ? losses * weight : losses, reduction);
}

// ---- cross-entropy of many classes -------------------------------------------------------------

namespace {

/// Throws Error unless `target` holds one class, or ignore_index, for each row of scores.
void check_classes(const char* name, const Tensor& input, const Tensor& target,
                   const Tensor& weight, int64_t ignore_index) {
  check(input.dim() > 0, "{}: expected scores [n, classes, ...] or [classes], got no dimensions",
        name);
  const int64_t axis = input.dim() == 1 ? 0 : 1, classes = input.size(axis);
  check(target.scalar_type() == kInt64, "{}: the target has to be classes, as int64, not {}", name,
        target.scalar_type());
  Dims expected(input.sizes());
  expected.erase(static_cast<std::size_t>(axis));
  check(target.sizes() == IntArrayRef(expected), "{}: input [{}] expects a target [{}], got [{}]",
        name, fmt::join(input.sizes(), ", "), fmt::join(IntArrayRef(expected), ", "),
        fmt::join(target.sizes(), ", "));
  check(!weight.defined() || (weight.dim() == 1 && weight.numel() == classes),
        "{}: {} classes expect as many weights, got [{}]", name, classes,
        fmt::join(weight.defined() ? weight.sizes() : IntArrayRef(), ", "));
  const Tensor dense = target.contiguous();
  const int64_t* const values = dense.data_ptr<int64_t>();
  for (int64_t i = 0; i < dense.numel(); ++i) {
    if (values[i] != ignore_index && (values[i] < 0 || values[i] >= classes)) [[unlikely]] {
      throw IndexError(fmt::format("{}: class {} in the target is none of the {} classes", name,
                                   values[i], classes));
    }
  }
}

}  // namespace

Tensor nll_loss(const Tensor& input, const Tensor& target, const Tensor& weight, int64_t reduction,
                int64_t ignore_index) {
  check_reduction("nll_loss", reduction);
  check_classes("nll_loss", input, target, weight, ignore_index);
  const int64_t axis = input.dim() == 1 ? 0 : 1;
  const Tensor ignored = target.eq(ignore_index);
  const Tensor classes = target.masked_fill(ignored, 0);
  const Tensor picked = input.gather(axis, classes.unsqueeze(axis)).squeeze(axis);
  Tensor counts = weight.defined() ? weight.detach()
                                         .to(input.scalar_type())
                                         .index_select(0, classes.reshape(-1))
                                         .view(classes.sizes())
                                   : ones_like(picked);
  counts = counts.masked_fill(ignored, 0);
  // Masked after the product: an ignored element may be -inf, and 0 times that is NaN.
  const Tensor losses = (picked * counts).neg().masked_fill(ignored, 0);
  return reduction == Reduction::Mean ? losses.sum() / counts.sum() : reduced(losses, reduction);
}

Tensor cross_entropy_loss(const Tensor& input, const Tensor& target, const Tensor& weight,
                          int64_t reduction, int64_t ignore_index) {
  check_reduction("cross_entropy_loss", reduction);
  check_classes("cross_entropy_loss", input, target, weight, ignore_index);
  return nll_loss(log_softmax(input, input.dim() == 1 ? 0 : 1), target, weight, reduction,
                  ignore_index);
}

}  // namespace adjoint
