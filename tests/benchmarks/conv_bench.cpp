// Conv2d and ConvTranspose2d through the public interface: the forward pass, and the backward pass
// with respect to the input alone and to the weight alone. Written for libtorch's API alone, so
// that the same source is compiled against both. Arguments: threads.

#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "adjoint/tests/benchmarks/conv_shapes.h"
#include "adjoint/tests/support/library.h"

namespace {

using torch::Tensor;

/// What a row measures: y = conv(x, w), or one of its two gradients for a given gradient of y.
enum class Direction { kForward, kInput, kWeight };

Tensor apply(const ConvShape& s, bool transposed, const Tensor& input, const Tensor& weight) {
  return transposed ? torch::conv_transpose2d(input, weight, {}, s.stride, s.padding,
                                              s.output_padding(), s.groups)
                    : torch::conv2d(input, weight, {}, s.stride, s.padding, 1, s.groups);
}

/// The transposed convolution is the adjoint of the convolution of the same row: it has the same
/// weight, takes the shape of its output and gives that of its input, in as many multiply-adds.
void convolution(benchmark::State& state, ConvShape s, bool transposed, Direction direction) {
  torch::set_num_threads(static_cast<int>(state.range(0)));
  const std::vector<int64_t> wide{s.batch, s.in, s.size, s.size};
  const std::vector<int64_t> narrow{s.batch, s.out, s.output(), s.output()};
  Tensor input = torch::rand(transposed ? narrow : wide);
  Tensor weight = torch::rand({s.out, s.in / s.groups, s.kernel, s.kernel});
  if (direction == Direction::kForward) {
    const torch::NoGradGuard no_grad;
    for (auto _ : state) benchmark::DoNotOptimize(apply(s, transposed, input, weight));
  } else {
    const Tensor& wanted = direction == Direction::kInput ? input : weight;
    wanted.requires_grad_();
    const Tensor output = apply(s, transposed, input, weight);
    const Tensor upstream = torch::rand_like(output);
    for (auto _ : state) {
      benchmark::DoNotOptimize(torch::autograd::grad({output}, {wanted}, {upstream}, true));
    }
  }
  state.counters["GFLOP/s"] = benchmark::Counter(2e-9 * static_cast<double>(s.multiply_adds()),
                                                 benchmark::Counter::kIsIterationInvariantRate);
}

const int registered = [] {
  for (const ConvShape& s : conv_shapes()) {
    for (const bool transposed : {false, true}) {
      const std::pair<const char*, Direction> directions[] = {{"forward", Direction::kForward},
                                                              {"input_grad", Direction::kInput},
                                                              {"weight_grad", Direction::kWeight}};
      for (const auto& [name, direction] : directions) {
        const std::string title =
            std::string(transposed ? "conv_transpose2d/" : "conv2d/") + s.name + "/" + name;
        benchmark::RegisterBenchmark(title.c_str(), convolution, s, transposed, direction)
            ->Arg(1)
            ->Arg(2)
            ->UseRealTime()
            ->Unit(benchmark::kMicrosecond);
      }
    }
  }
  return 0;
}();

}  // namespace
