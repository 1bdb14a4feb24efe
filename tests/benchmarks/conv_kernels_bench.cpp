// The convolution's three maps, float32, beside the matrix product that is their limit: one sgemm
// on ready columns of the same size, cut like the kernels' tiles. Each row counts GFLOP/s; run it
// with
//   build/release/tests/benchmarks/conv_kernels_bench --benchmark_repetitions=5
//       --benchmark_enable_random_interleaving=true --benchmark_report_aggregates_only=true
// to compare medians of runs in turn.

#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "adjoint/core/parallel.h"
#include "adjoint/ops/kernels/conv.h"
#include "adjoint/ops/kernels/gemm.h"

namespace {

using namespace adjoint;
using kernels::ConvGeometry;
using kernels::Matrix;

struct Shape {
  const char* name;
  ConvGeometry geometry;
};

/// A square convolution; the output follows.
Shape shape(const char* name, int64_t batch, int64_t in, int64_t out, int64_t kernel,
            int64_t stride, int64_t padding, int64_t size, int64_t groups = 1) {
  const int64_t output = (size + 2 * padding - kernel) / stride + 1;
  return {name,
          {.batch = batch,
           .in_channels = in,
           .out_channels = out,
           .groups = groups,
           .input = {size, size},
           .kernel = {kernel, kernel},
           .stride = {stride, stride},
           .padding = {padding, padding},
           .output = {output, output}}};
}

std::vector<Shape> shapes() {
  return {
      shape("N128_1to16_k3s2_at28", 128, 1, 16, 3, 2, 1, 28),
      shape("N128_16to32_k3s2_at14", 128, 16, 32, 3, 2, 1, 14),
      shape("N128_32to64_k7_at7", 128, 32, 64, 7, 1, 0, 7),
      shape("N32_64to64_k3_at32", 32, 64, 64, 3, 1, 1, 32),
      shape("N32_3to32_k5_at64", 32, 3, 32, 5, 1, 2, 64),
      shape("N16_128to128_k3_at28", 16, 128, 128, 3, 1, 1, 28),
      shape("N8_256to256_k3_at14", 8, 256, 256, 3, 1, 1, 14),
      shape("N64_32to32_k1_at28", 64, 32, 32, 1, 1, 0, 28),
      shape("N64_64to64_k4s2_at28", 64, 64, 64, 4, 2, 1, 28),
      shape("N64_depthwise64_k3_at28", 64, 64, 64, 3, 1, 1, 28, 64),
  };
}

int64_t multiply_adds(const ConvGeometry& g) {
  return g.batch * g.out_channels * g.in_channels / g.groups * g.kernel[0] * g.kernel[1] *
         g.output[0] * g.output[1];
}

enum class Map { kForward, kTransposed, kWeight };

void count(benchmark::State& state, const ConvGeometry& g) {
  state.counters["GFLOP/s"] = benchmark::Counter(2e-9 * static_cast<double>(multiply_adds(g)),
                                                 benchmark::Counter::kIsIterationInvariantRate);
}

void convolution(benchmark::State& state, ConvGeometry g, Map map) {
  set_num_threads(static_cast<int>(state.range(0)));
  const auto floats = [](int64_t n) {
    return std::vector<float>(static_cast<std::size_t>(n), 0.5f);
  };
  auto x = floats(g.batch * g.in_channels * g.input[0] * g.input[1]);
  auto w = floats(g.out_channels * g.in_channels / g.groups * g.kernel[0] * g.kernel[1]);
  auto y = floats(g.batch * g.out_channels * g.output[0] * g.output[1]);
  for (auto _ : state) {
    switch (map) {
      case Map::kForward:
        kernels::conv2d<float>(g, x.data(), w.data(), nullptr, y.data());
        break;
      case Map::kTransposed:
        kernels::conv_transpose2d<float>(g, y.data(), w.data(), nullptr, x.data());
        break;
      case Map::kWeight:
        kernels::conv2d_weight<float>(g, x.data(), y.data(), w.data());
        break;
    }
    benchmark::ClobberMemory();
  }
  count(state, g);
}

/// The limit: the same number of multiply-adds as products on one ready tile of 512 columns.
void bare_product(benchmark::State& state, ConvGeometry g, Map map) {
  const int threads = static_cast<int>(state.range(0));
  set_num_threads(threads);
  const int64_t out = g.out_channels / g.groups;
  const int64_t taps = g.in_channels / g.groups * g.kernel[0] * g.kernel[1];
  const int64_t columns = 512;
  const int64_t products = std::max<int64_t>(multiply_adds(g) / (out * taps * columns), 1);
  std::vector<float> w(static_cast<std::size_t>(out * taps), 0.5f);
  std::vector<std::vector<float>> tiles_x(static_cast<std::size_t>(threads)),
      tiles_y(tiles_x.size());
  for (auto& tile : tiles_x) tile.assign(static_cast<std::size_t>(taps * columns), 0.5f);
  for (auto& tile : tiles_y) tile.assign(static_cast<std::size_t>(out * columns), 0.5f);
  std::vector<std::vector<float>> tiles_w(tiles_x.size(), w);
  for (auto _ : state) {
    parallel_for(0, threads, 1, [&](int64_t t, int64_t) {
      const auto i = static_cast<std::size_t>(t);
      const Matrix<float> ws{w.data(), taps}, wt{w.data(), taps, true};
      const Matrix<float> xs{tiles_x[i].data(), columns}, xt{tiles_x[i].data(), columns, true};
      const Matrix<float> ys{tiles_y[i].data(), columns};
      for (int64_t p = t; p < products; p += threads) {
        switch (map) {
          case Map::kForward:
            kernels::gemm(out, columns, taps, ws, xs, 0.0f, tiles_y[i].data(), columns);
            break;
          case Map::kTransposed:
            kernels::gemm(taps, columns, out, wt, ys, 0.0f, tiles_x[i].data(), columns);
            break;
          case Map::kWeight:
            kernels::gemm(out, taps, columns, ys, xt, 1.0f, tiles_w[i].data(), taps);
            break;
        }
      }
    });
    benchmark::ClobberMemory();
  }
  state.counters["GFLOP/s"] =
      benchmark::Counter(2e-9 * static_cast<double>(products * out * taps * columns),
                         benchmark::Counter::kIsIterationInvariantRate);
}

const int registered = [] {
  const std::pair<const char*, Map> maps[] = {
      {"forward", Map::kForward}, {"transposed", Map::kTransposed}, {"weight", Map::kWeight}};
  for (const Shape& s : shapes()) {
    for (const auto& [name, map] : maps) {
      const std::string title = std::string(s.name) + "/" + name;
      benchmark::RegisterBenchmark((title + "/conv").c_str(), convolution, s.geometry, map)
          ->Arg(1)
          ->Arg(2)
          ->UseRealTime();
      benchmark::RegisterBenchmark((title + "/sgemm").c_str(), bare_product, s.geometry, map)
          ->Arg(1)
          ->Arg(2)
          ->UseRealTime();
    }
  }
  return 0;
}();

}  // namespace
