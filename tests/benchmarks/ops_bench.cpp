// Everything but convolutions: the cost of an operation as such (on 4x4 tensors), elementwise
// operations and reductions on 4 million elements, matrix products, and optimizer steps on a
// million parameters. Written for libtorch's API alone, so that the same source is compiled against
// both.

#include <tuple>
#include <vector>

#include <benchmark/benchmark.h>

#include "adjoint/tests/support/library.h"

namespace {

using torch::Tensor;

void set_threads(const benchmark::State& state) {
  torch::set_num_threads(static_cast<int>(state.range(0)));
}

// ---- 4x4: what an operation costs beside its arithmetic -----------------------------------------

void small_add(benchmark::State& state) {
  set_threads(state);
  const torch::NoGradGuard no_grad;
  const Tensor a = torch::rand({4, 4}), b = torch::rand({4, 4});
  for (auto _ : state) benchmark::DoNotOptimize(a + b);
}

void small_add_recorded(benchmark::State& state) {
  set_threads(state);
  const Tensor a = torch::rand({4, 4}).requires_grad_(), b = torch::rand({4, 4});
  for (auto _ : state) benchmark::DoNotOptimize(a + b);
}

void small_mul_recorded(benchmark::State& state) {
  set_threads(state);
  const Tensor a = torch::rand({4, 4}).requires_grad_(), b = torch::rand({4, 4}).requires_grad_();
  for (auto _ : state) benchmark::DoNotOptimize(a * b);
}

void small_tanh_recorded(benchmark::State& state) {
  set_threads(state);
  const Tensor a = torch::rand({4, 4}).requires_grad_();
  for (auto _ : state) benchmark::DoNotOptimize(a.tanh());
}

void small_matmul_recorded(benchmark::State& state) {
  set_threads(state);
  const Tensor a = torch::rand({4, 4}).requires_grad_(), b = torch::rand({4, 4});
  for (auto _ : state) benchmark::DoNotOptimize(torch::mm(a, b));
}

/// Ten operations on 4x4 tensors, forward and backward; the time is that of all ten.
void small_chain_forward_backward(benchmark::State& state) {
  set_threads(state);
  const Tensor a = torch::rand({4, 4}).requires_grad_(), b = torch::rand({4, 4});
  const Tensor upstream = torch::rand({4, 4});
  for (auto _ : state) {
    Tensor x = a;
    for (int i = 0; i < 5; ++i) x = (x * b).tanh();
    x.backward(upstream);
  }
}

/// A graph of state.range(1) additions: recorded, differentiated and released.
void graph(benchmark::State& state) {
  set_threads(state);
  const Tensor a = torch::rand({4}).requires_grad_(), upstream = torch::ones({4});
  for (auto _ : state) {
    Tensor x = a;
    for (int64_t i = 0; i < state.range(1); ++i) x = x + a;
    x.backward(upstream);
  }
  state.counters["ns an op"] = benchmark::Counter(
      static_cast<double>(state.range(1)) * 1e-9,
      benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

// ---- 4 million elements -------------------------------------------------------------------------

template <class F>
void on_large(benchmark::State& state, F f) {
  set_threads(state);
  const torch::NoGradGuard no_grad;
  const Tensor a = torch::rand({2048, 2048}) + 0.5, b = torch::rand({2048, 2048}) + 0.5;
  for (auto _ : state) benchmark::DoNotOptimize(f(a, b));
}

/// The same with 4 million indices, along dimension `dim` of the matrices.
template <class F>
void at_large(benchmark::State& state, int64_t dim, F f) {
  set_threads(state);
  const torch::NoGradGuard no_grad;
  const Tensor a = torch::rand({2048, 2048}), b = torch::rand({2048, 2048});
  const Tensor index = torch::randint(2048, {2048, 2048}, torch::kInt64);
  for (auto _ : state) benchmark::DoNotOptimize(f(a, b, dim, index));
}

/// The backward alone of f on 4 million elements.
template <class F>
void backward_of_large(benchmark::State& state, F f) {
  set_threads(state);
  const Tensor a = torch::rand({2048, 2048}).requires_grad_(), g = torch::rand({2048, 2048});
  const Tensor y = f(a);
  for (auto _ : state) {
    benchmark::DoNotOptimize(torch::autograd::grad({y}, {a}, {g}, /*retain_graph=*/true));
  }
}

// ---- Matrix products and optimizers -------------------------------------------------------------

void matmul(benchmark::State& state) {
  set_threads(state);
  const torch::NoGradGuard no_grad;
  const int64_t n = state.range(1);
  const Tensor a = torch::rand({n, n}), b = torch::rand({n, n});
  for (auto _ : state) benchmark::DoNotOptimize(torch::mm(a, b));
  state.counters["GFLOP/s"] = benchmark::Counter(2e-9 * static_cast<double>(n * n * n),
                                                 benchmark::Counter::kIsIterationInvariantRate);
}

template <class Optimizer, class Options>
void optimizer_step(benchmark::State& state, Options options) {
  set_threads(state);
  std::vector<Tensor> parameters;
  for (int i = 0; i < 4; ++i) {
    parameters.push_back(torch::rand({256, 1024}).requires_grad_());
    parameters.back().mutable_grad() = torch::rand({256, 1024});
  }
  Optimizer optimizer(parameters, options);
  for (auto _ : state) optimizer.step();
}

const int registered = [] {
  const auto small = [](const char* name, void (*run)(benchmark::State&)) {
    benchmark::RegisterBenchmark(name, run)->Arg(1)->Unit(benchmark::kNanosecond);
  };
  small("small_add", small_add);
  small("small_add_recorded", small_add_recorded);
  small("small_mul_recorded", small_mul_recorded);
  small("small_tanh_recorded", small_tanh_recorded);
  small("small_matmul_recorded", small_matmul_recorded);
  small("small_chain_forward_backward", small_chain_forward_backward);
  for (int64_t ops = 10; ops <= 1'000'000; ops *= 10) {
    benchmark::RegisterBenchmark("graph", graph)->Args({1, ops})->Unit(benchmark::kMicrosecond);
  }

  const auto large = [](const char* name, auto f) {
    benchmark::RegisterBenchmark(name, [f](benchmark::State& state) { on_large(state, f); })
        ->Arg(1)
        ->Arg(2)
        ->UseRealTime()
        ->Unit(benchmark::kMicrosecond);
  };
  const auto at = [](const char* name, int64_t dim, auto f) {
    benchmark::RegisterBenchmark(name,
                                 [dim, f](benchmark::State& state) { at_large(state, dim, f); })
        ->Arg(1)
        ->Arg(2)
        ->UseRealTime()
        ->Unit(benchmark::kMicrosecond);
  };
  const auto backward = [](const char* name, auto f) {
    benchmark::RegisterBenchmark(name,
                                 [f](benchmark::State& state) { backward_of_large(state, f); })
        ->Arg(1)
        ->Arg(2)
        ->UseRealTime()
        ->Unit(benchmark::kMicrosecond);
  };
  using T = const Tensor&;
  large("large_add", [](T a, T b) { return a + b; });
  large("large_mul", [](T a, T b) { return a * b; });
  large("large_div", [](T a, T b) { return a / b; });
  large("large_mul_number", [](T a, T) { return a * 3; });
  large("large_add_in_place", [](T a, T b) { return Tensor(a).add_(b); });
  large("large_addcmul", [](T a, T b) { return a.addcmul(a, b); });
  large("large_lerp", [](T a, T b) { return a.lerp(b, 0.3); });
  large("large_maximum", [](T a, T b) { return torch::maximum(a, b); });
  large("large_clamp", [](T a, T) { return a.clamp(0.7, 1.2); });
  large("large_neg", [](T a, T) { return -a; });
  large("large_abs", [](T a, T) { return a.abs(); });
  large("large_sign", [](T a, T) { return a.sign(); });
  large("large_floor", [](T a, T) { return a.floor(); });
  large("large_round", [](T a, T) { return a.round(); });
  large("large_reciprocal", [](T a, T) { return a.reciprocal(); });
  large("large_rsqrt", [](T a, T) { return a.rsqrt(); });
  large("large_square", [](T a, T) { return a.square(); });
  large("large_less", [](T a, T b) { return a < b; });
  large("large_isnan", [](T a, T) { return a.isnan(); });
  large("large_where_number", [](T a, T b) { return torch::where(b < 1, a, 0.); });
  large("large_masked_fill", [](T a, T b) { return a.masked_fill(b < 1, 0); });
  large("large_to_int64", [](T a, T) { return a.to(torch::kInt64); });
  large("large_relu", [](T a, T) { return torch::relu(a); });
  large("large_exp", [](T a, T) { return a.exp(); });
  large("large_log", [](T a, T) { return a.log(); });
  large("large_tanh", [](T a, T) { return a.tanh(); });
  large("large_sigmoid", [](T a, T) { return a.sigmoid(); });
  large("large_exp2", [](T a, T) { return a.exp2(); });
  large("large_expm1", [](T a, T) { return a.expm1(); });
  large("large_log1p", [](T a, T) { return a.log1p(); });
  large("large_log2", [](T a, T) { return a.log2(); });
  large("large_log10", [](T a, T) { return a.log10(); });
  large("large_sin", [](T a, T) { return a.sin(); });
  large("large_cos", [](T a, T) { return a.cos(); });
  large("large_tan", [](T a, T) { return a.tan(); });
  large("large_atan", [](T a, T) { return a.atan(); });
  large("large_atan2", [](T a, T b) { return a.atan2(b); });
  large("large_sinh", [](T a, T) { return a.sinh(); });
  large("large_cosh", [](T a, T) { return a.cosh(); });
  large("large_asinh", [](T a, T) { return a.asinh(); });
  large("large_acosh", [](T a, T) { return (a + 0.5).acosh(); });
  large("large_atanh", [](T a, T) { return (a - 0.5).atanh(); });
  large("large_erf", [](T a, T) { return a.erf(); });
  large("large_erfc", [](T a, T) { return a.erfc(); });
  large("large_asin", [](T a, T) { return (a - 0.5).asin(); });
  large("large_acos", [](T a, T) { return (a - 0.5).acos(); });
  large("large_pow", [](T a, T b) { return a.pow(b); });
  large("large_pow_2.5", [](T a, T) { return a.pow(2.5); });
  large("large_fmod", [](T a, T b) { return a.fmod(b); });
  large("large_remainder", [](T a, T b) { return a.remainder(b); });
  large("large_floor_divide", [](T a, T b) { return a.floor_divide(b); });
  large("large_where", [](T a, T b) { return torch::where(a < b, a, b); });
  large("large_sqrt", [](T a, T) { return a.sqrt(); });
  large("large_add_row", [](T a, T b) { return a + b[0]; });
  large("large_add_transposed", [](T a, T b) { return a + b.t(); });
  large("large_copy_transposed", [](T a, T) { return a.t().contiguous(); });
  large("large_sum", [](T a, T) { return a.sum(); });
  large("large_mean", [](T a, T) { return a.mean(); });
  large("large_sum_rows", [](T a, T) { return a.sum({1}); });
  large("large_mean_rows", [](T a, T) { return a.mean({1}); });
  large("large_sum_columns", [](T a, T) { return a.sum({0}); });
  large("large_max", [](T a, T) { return a.max(); });
  large("large_prod", [](T a, T) { return a.prod(); });
  large("large_all", [](T a, T) { return a.all(); });
  large("large_count_nonzero", [](T a, T) { return a.count_nonzero(); });
  large("large_amax_rows", [](T a, T) { return a.amax({1}); });
  large("large_amax_columns", [](T a, T) { return a.amax({0}); });
  large("large_max_rows", [](T a, T) { return std::get<0>(a.max(1)); });
  large("large_max_columns", [](T a, T) { return std::get<0>(a.max(0)); });
  large("large_argmax", [](T a, T) { return a.argmax(); });
  large("large_argmax_rows", [](T a, T) { return a.argmax(1); });
  large("large_var_rows", [](T a, T) { return a.var({1}); });
  large("large_var", [](T a, T) { return a.var(); });
  large("large_var_columns", [](T a, T) { return a.var({0}); });
  large("large_norm", [](T a, T) { return a.norm(); });
  large("large_norm_rows", [](T a, T) { return a.norm(2, {1}); });
  large("large_norm_1", [](T a, T) { return a.norm(1); });
  large("large_logsumexp_rows", [](T a, T) { return a.logsumexp({1}); });
  large("large_cumsum_rows", [](T a, T) { return a.cumsum(1); });
  large("large_cumsum_columns", [](T a, T) { return a.cumsum(0); });
  large("large_cumprod_rows", [](T a, T) { return a.cumprod(1); });
  large("large_sort_rows", [](T a, T) { return std::get<0>(a.sort(1)); });
  large("large_softmax", [](T a, T) { return torch::softmax(a, 1); });
  large("large_log_softmax", [](T a, T) { return torch::log_softmax(a, 1); });
  backward("large_softmax_backward", [](T a) { return torch::softmax(a, 1); });
  backward("large_log_softmax_backward", [](T a) { return torch::log_softmax(a, 1); });
  large("large_repeat", [](T a, T) { return a.narrow(0, 0, 1024).repeat({2, 1}); });
  large("large_repeat_interleave",
        [](T a, T) { return a.narrow(0, 0, 1024).repeat_interleave(2, 0); });
  large("large_diag_embed", [](T a, T) { return a[0].diag_embed(); });
  large("large_flip", [](T a, T) { return a.flip(1); });
  large("large_cat", [](T a, T b) {
    return torch::cat({a.narrow(1, 0, 1024), b.narrow(1, 0, 1024)}, 1);
  });
  at("large_gather_rows", 1, [](T a, T, int64_t dim, T index) { return a.gather(dim, index); });
  at("large_gather_columns", 0, [](T a, T, int64_t dim, T index) { return a.gather(dim, index); });
  at("large_scatter_add_rows", 1,
     [](T a, T b, int64_t dim, T index) { return a.scatter_add(dim, index, b); });
  at("large_scatter_add_columns", 0,
     [](T a, T b, int64_t dim, T index) { return a.scatter_add(dim, index, b); });
  at("large_scatter_rows", 1,
     [](T a, T b, int64_t dim, T index) { return a.scatter(dim, index, b); });
  at("large_index_select_rows", 0,
     [](T a, T, int64_t dim, T index) { return a.index_select(dim, index[0]); });
  at("large_index_select_columns", 1,
     [](T a, T, int64_t dim, T index) { return a.index_select(dim, index[0]); });
  at("large_index_add_rows", 0,
     [](T a, T b, int64_t dim, T index) { return a.index_add(dim, index[0], b); });

  for (int64_t n = 32; n <= 1024; n *= 2) {
    benchmark::RegisterBenchmark("matmul", matmul)
        ->Args({1, n})
        ->Args({2, n})
        ->UseRealTime()
        ->Unit(benchmark::kMicrosecond);
  }
  const auto optimizer = [](const char* name, auto run) {
    benchmark::RegisterBenchmark(name, run)->Arg(1)->Arg(2)->UseRealTime()->Unit(
        benchmark::kMicrosecond);
  };
  optimizer("sgd_momentum_step", [](benchmark::State& state) {
    optimizer_step<torch::optim::SGD>(state, torch::optim::SGDOptions(1e-6).momentum(0.9));
  });
  optimizer("adam_step", [](benchmark::State& state) {
    optimizer_step<torch::optim::Adam>(state, torch::optim::AdamOptions(1e-6));
  });
  return 0;
}();

}  // namespace
