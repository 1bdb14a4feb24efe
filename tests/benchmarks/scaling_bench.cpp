// How cost grows with the work: a convolution's forward and backward pass over batches, channels
// and image sizes. Each counts ns a multiply-add, which should fall to a constant. (Graphs of 10 to
// a million operations are in ops_bench.cpp.) Written for libtorch's API alone, so that the same
// source is compiled against both. Arguments: threads, size.

#include <benchmark/benchmark.h>

#include "adjoint/tests/support/library.h"

namespace {

using torch::Tensor;

void forward_and_backward(benchmark::State& state, int64_t batch, int64_t channels, int64_t width) {
  torch::set_num_threads(static_cast<int>(state.range(0)));
  const Tensor x = torch::rand({batch, channels, width, width}).requires_grad_();
  const Tensor w = torch::rand({channels, channels, 3, 3}).requires_grad_();
  const Tensor upstream = torch::rand({batch, channels, width, width});
  for (auto _ : state) {
    const Tensor y = torch::conv2d(x, w, {}, 1, 1);
    benchmark::DoNotOptimize(torch::autograd::grad({y}, {x, w}, {upstream}));
  }
  const auto multiply_adds =
      3.0 * static_cast<double>(batch * channels * channels * 9 * width * width);
  state.counters["ns a multiply-add"] =
      benchmark::Counter(multiply_adds * 1e-9, benchmark::Counter::kIsIterationInvariantRate |
                                                   benchmark::Counter::kInvert);
}

void batch(benchmark::State& state) { forward_and_backward(state, state.range(1), 16, 14); }
void channels(benchmark::State& state) { forward_and_backward(state, 4, state.range(1), 14); }
void width(benchmark::State& state) { forward_and_backward(state, 1, 8, state.range(1)); }

void from(benchmark::internal::Benchmark* benchmark, int64_t first, int64_t last) {
  for (int64_t size = first; size <= last; size *= 2) benchmark->Args({1, size});
  benchmark->UseRealTime()->Unit(benchmark::kMicrosecond);
}
BENCHMARK(batch)->Name("scaling_batch")->Apply([](auto* b) { from(b, 1, 1024); });
BENCHMARK(channels)->Name("scaling_channels")->Apply([](auto* b) { from(b, 1, 512); });
BENCHMARK(width)->Name("scaling_width")->Apply([](auto* b) { from(b, 8, 512); });

}  // namespace
