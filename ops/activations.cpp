#include "adjoint/ops/activations.h"

#include "adjoint/ops/arithmetic.h"
#include "adjoint/ops/elementwise.h"
#include "adjoint/ops/kernels/vector_math.h"

namespace adjoint {

using autograd::Grads;
using autograd::Needs;
using autograd::needs_recording;
using autograd::record;
using autograd::save;
using autograd::save_output;
using elementwise::in_place;
using elementwise::real_dtype;

namespace {

constexpr auto kRelu = [](auto x) {
  using T = decltype(x);
  return x < T(0) ? T(0) : x;
};
constexpr auto kSigmoid = [](auto x) { return kernels::sigmoid(x); };
constexpr auto kTanh = [](auto x) { return kernels::tanh(x); };

void check_relu(const char* name, const Tensor& x) {
  check(x.scalar_type() != kBool, "{}: bools have no sign; convert them first", name);
}

/// The gradient of an activation by its output y, product(g, y) elementwise. It takes g's place in
/// memory if it may, which saves 5% of an autoencoder's training step; otherwise it is
/// backward(g, y), which is recorded.
template <class Product, class Backward>
Grads through_output(const Tensor& g, const Tensor& y, Product product, Backward backward) {
  if (!autograd::may_overwrite(g)) return {backward(g, y)};
  elementwise::map_floating("backward", product, g, g, y);
  return {g};
}

constexpr auto kSigmoidProduct = [](auto g, auto s) { return g * (1 - s) * s; };
constexpr auto kTanhProduct = [](auto g, auto t) { return g * (1 - t * t); };
/// g where x is above the limit, 0 elsewhere.
template <class T>
auto threshold_product(T limit) {
  return [limit](auto g, auto x) { return x <= limit ? decltype(g)(0) : g; };
}

}  // namespace

Tensor Tensor::relu() const {
  check_relu("relu", *this);
  Tensor y = empty(sizes(), scalar_type());
  elementwise::map(kRelu, y, *this);
  if (!needs_recording({*this})) return y;
  return record("relu", y, {*this}, [y = save_output(y)](const Tensor& g) {
    const auto backward = [](const Tensor& g, const Tensor& y) {
      return threshold_backward(g, y, 0);
    };
    return through_output(g, y.get(), threshold_product(0), backward);
  });
}

Tensor& Tensor::relu_() const {
  check_relu("relu_", *this);
  return in_place(
      "relu_", *this, scalar_type(),
      [](const Tensor& out, const Tensor& x) { elementwise::map(kRelu, out, x); },
      [&] { return relu(); });
}

Tensor threshold_backward(const Tensor& grad_output, const Tensor& self, const Scalar& threshold) {
  const ScalarType dtype = result_type(grad_output, self);
  Tensor y = elementwise::broadcast_result("threshold_backward", grad_output, self, dtype);
  dispatch(dtype, [&]<class T>(std::type_identity<T>) {
    kernels::map<T, T, T>(threshold_product(kernels::convert_scalar<T>(threshold)), y,
                          kernels::converted(grad_output, dtype), kernels::converted(self, dtype));
  });
  // Piecewise constant in `self`, whose gradient is therefore 0.
  return record("threshold_backward", y, {grad_output, self},
                [x = save(self), threshold](const Tensor& g) {
                  return Grads{threshold_backward(g, x.get(), threshold), Tensor()};
                });
}

Tensor Tensor::sigmoid() const {
  Tensor y = empty(sizes(), real_dtype(scalar_type()));
  elementwise::map_floating("sigmoid", kSigmoid, y, *this);
  if (!needs_recording({*this})) return y;
  return record("sigmoid", y, {*this}, [y = save_output(y)](const Tensor& g) {
    return through_output(g, y.get(), kSigmoidProduct, sigmoid_backward);
  });
}

Tensor& Tensor::sigmoid_() const {
  return in_place(
      "sigmoid_", *this, real_dtype(scalar_type()),
      [](const Tensor& out, const Tensor& x) {
        elementwise::map_floating("sigmoid_", kSigmoid, out, x);
      },
      [&] { return sigmoid(); });
}

Tensor sigmoid_backward(const Tensor& grad_output, const Tensor& output) {
  Tensor y = elementwise::broadcast_result("sigmoid_backward", grad_output, output,
                                           result_type(grad_output, output));
  elementwise::map_floating("sigmoid_backward", kSigmoidProduct, y, grad_output, output);
  if (!needs_recording({grad_output, output})) return y;
  return record("sigmoid_backward", y, {grad_output, output},
                [g = save(grad_output), s = save(output)](const Tensor& gg, Needs needs) {
                  return Grads{needs[0] ? sigmoid_backward(gg, s.get()) : Tensor(),
                               needs[1] ? gg * g.get() * (1 - s.get() * 2) : Tensor()};
                });
}

Tensor Tensor::tanh() const {
  Tensor y = empty(sizes(), real_dtype(scalar_type()));
  elementwise::map_floating("tanh", kTanh, y, *this);
  if (!needs_recording({*this})) return y;
  return record("tanh", y, {*this}, [y = save_output(y)](const Tensor& g) {
    return through_output(g, y.get(), kTanhProduct, tanh_backward);
  });
}

Tensor& Tensor::tanh_() const {
  return in_place(
      "tanh_", *this, real_dtype(scalar_type()),
      [](const Tensor& out, const Tensor& x) { elementwise::map_floating("tanh_", kTanh, out, x); },
      [&] { return tanh(); });
}

Tensor tanh_backward(const Tensor& grad_output, const Tensor& output) {
  Tensor y = elementwise::broadcast_result("tanh_backward", grad_output, output,
                                           result_type(grad_output, output));
  elementwise::map_floating("tanh_backward", kTanhProduct, y, grad_output, output);
  if (!needs_recording({grad_output, output})) return y;
  return record("tanh_backward", y, {grad_output, output},
                [g = save(grad_output), t = save(output)](const Tensor& gg, Needs needs) {
                  return Grads{needs[0] ? tanh_backward(gg, t.get()) : Tensor(),
                               needs[1] ? gg * g.get() * t.get() * -2 : Tensor()};
                });
}

}  // namespace adjoint
