// How a project checks gradients of its own: of a layer, of a custom Function, and of a kernel that
// is written by hand. docs/gradient-checking.md explains it.
#include <adjoint/adjoint.h>
#include <adjoint/autograd/gradcheck_gtest.h>

namespace torch = adjoint;
using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::GradcheckOptions;
using torch::autograd::tensor_list;

namespace {

Tensor random_input(torch::IntArrayRef shape) {
  return torch::randn(shape, torch::kFloat64).requires_grad_();
}

// ---- a layer -----------------------------------------------------------------------------------

// Divides each row by its root mean square, and scales it.
struct RootMeanSquareNormImpl : torch::nn::Module {
  explicit RootMeanSquareNormImpl(int64_t size)
      : weight(register_parameter("weight", torch::ones({size}))) {}
  Tensor forward(const Tensor& x) {
    return x / ((x * x).mean(-1, /*keepdim=*/true) + 1e-6).sqrt() * weight;
  }
  Tensor weight;
};
TORCH_MODULE(RootMeanSquareNorm);

TEST(Layer, Gradients) {
  torch::manual_seed(0);
  RootMeanSquareNorm norm(4);
  norm->to(torch::kFloat64);
  const Tensor x = random_input({3, 4});
  // By the input and by the parameter, which the layer uses through its own handle.
  EXPECT_GRADCHECK([&](const Tensor& t, const Tensor&) { return norm(t); }, {x, norm->weight});
  EXPECT_GRADGRADCHECK([&](const Tensor& t, const Tensor&) { return norm(t); }, {x, norm->weight});
}

// ---- a custom Function -------------------------------------------------------------------------

struct Swish : torch::autograd::Function<Swish> {
  static Tensor forward(AutogradContext* ctx, const Tensor& x) {
    ctx->save_for_backward({x});
    return x * x.sigmoid();
  }
  static tensor_list backward(AutogradContext* ctx, tensor_list grads) {
    const Tensor x = ctx->get_saved_variables()[0];
    const Tensor s = x.sigmoid();
    return {grads[0] * s * (1 + x * (1 - s))};
  }
};

TEST(CustomFunction, Gradients) {
  const Tensor x = random_input({5});
  EXPECT_GRADCHECK([](const Tensor& t) { return Swish::apply(t); }, {x});
  EXPECT_GRADGRADCHECK([](const Tensor& t) { return Swish::apply(t); }, {x});
}

// ---- a kernel that is written by hand ----------------------------------------------------------

// y[i] = x[i-1] + 2 x[i] + 4 x[i+1], with zeros beyond the ends.
template <class T>
void blur(const T* x, T* y, int64_t n) {
  for (int64_t i = 0; i < n; ++i) {
    y[i] = (i > 0 ? x[i - 1] : 0) + 2 * x[i] + (i + 1 < n ? 4 * x[i + 1] : 0);
  }
}

// Its transpose: what x[i] adds to y goes back to x[i].
template <class T>
void blur_backward(const T* gy, T* gx, int64_t n) {
  for (int64_t i = 0; i < n; ++i) {
    gx[i] = (i > 0 ? 4 * gy[i - 1] : 0) + 2 * gy[i] + (i + 1 < n ? gy[i + 1] : 0);
  }
}

struct Blur : torch::autograd::Function<Blur> {
  static Tensor forward(AutogradContext*, const Tensor& x) {
    const Tensor in = x.contiguous(), out = torch::empty_like(in);
    blur(in.data_ptr<double>(), out.data_ptr<double>(), in.numel());
    return out;
  }
  static tensor_list backward(AutogradContext*, tensor_list grads) {
    const Tensor in = grads[0].contiguous(), out = torch::empty_like(in);
    blur_backward(in.data_ptr<double>(), out.data_ptr<double>(), in.numel());
    return {out};
  }
};

TEST(Kernel, Gradients) {
  // A linear function has no error from the differences: much tighter bounds hold.
  EXPECT_GRADCHECK([](const Tensor& t) { return Blur::apply(t); }, {random_input({6})},
                   GradcheckOptions().order(4).atol(1e-9).rtol(1e-9));
}

}  // namespace
