// The kernels under the convolution's three maps, beside the matrix products that are their limit:
// the same number of multiply-adds in OpenBLAS's sgemm on ready columns, cut like the kernels'
// tiles. Float32. Arguments: threads.

#include <string>
#include <vector>

#include <benchmark/benchmark.h>
#include <cblas.h>

#include "adjoint/core/parallel.h"
#include "adjoint/ops/kernels/conv.h"
#include "adjoint/tests/benchmarks/conv_shapes.h"

namespace {

using namespace adjoint;
using kernels::ConvGeometry;

ConvGeometry geometry_of(const ConvShape& s) {
  return {.batch = s.batch,
          .in_channels = s.in,
          .out_channels = s.out,
          .groups = s.groups,
          .input = {s.size, s.size},
          .kernel = {s.kernel, s.kernel},
          .stride = {s.stride, s.stride},
          .padding = {s.padding, s.padding},
          .output = {s.output(), s.output()}};
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

/// C = A B + beta C, where A is [m, k], B is [k, n] and C is [m, n].
void sgemm(CBLAS_TRANSPOSE ta, CBLAS_TRANSPOSE tb, int64_t m, int64_t n, int64_t k, const float* a,
           int64_t lda, const float* b, int64_t ldb, float beta, float* c) {
  cblas_sgemm(CblasRowMajor, ta, tb, static_cast<blasint>(m), static_cast<blasint>(n),
              static_cast<blasint>(k), 1, a, static_cast<blasint>(lda), b,
              static_cast<blasint>(ldb), beta, c, static_cast<blasint>(n));
}

/// The limit: the same number of multiply-adds as products on one ready tile of 512 columns.
void bare_product(benchmark::State& state, ConvGeometry g, Map map) {
  const int threads = static_cast<int>(state.range(0));
  set_num_threads(threads);
  openblas_set_num_threads(1);  // the threads are ours
  const int64_t out = g.out_channels / g.groups;
  const int64_t taps = g.in_channels / g.groups * g.kernel[0] * g.kernel[1];
  const int64_t positions = g.batch * g.output[0] * g.output[1];
  const int64_t columns = std::min<int64_t>(512, positions / threads);  // one for each at least
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
      float *xs = tiles_x[i].data(), *ys = tiles_y[i].data(), *ws = tiles_w[i].data();
      for (int64_t p = t; p < products; p += threads) {
        switch (map) {
          case Map::kForward:
            sgemm(CblasNoTrans, CblasNoTrans, out, columns, taps, ws, taps, xs, columns, 0, ys);
            break;
          case Map::kTransposed:
            sgemm(CblasTrans, CblasNoTrans, taps, columns, out, ws, taps, ys, columns, 0, xs);
            break;
          case Map::kWeight:
            sgemm(CblasNoTrans, CblasTrans, out, taps, columns, ys, columns, xs, columns, 1, ws);
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
  for (const ConvShape& s : conv_shapes()) {
    for (const auto& [name, map] : maps) {
      const std::string title = std::string(s.name) + "/" + name;
      benchmark::RegisterBenchmark((title + "/conv").c_str(), convolution, geometry_of(s), map)
          ->Arg(1)
          ->Arg(2)
          ->UseRealTime();
      benchmark::RegisterBenchmark((title + "/sgemm").c_str(), bare_product, geometry_of(s), map)
          ->Arg(1)
          ->Arg(2)
          ->UseRealTime();
    }
  }
  return 0;
}();

}  // namespace
