// The limit of convolutions and matrix products: the same number of multiply-adds as calls of
// OpenBLAS's sgemm. Arguments as those of the benchmarks that they are the limit of: threads for
// a convolution, threads and size for a product of square matrices.

#include <algorithm>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>
#include <cblas.h>

#include "adjoint/core/parallel.h"
#include "adjoint/tests/benchmarks/conv_shapes.h"

namespace {

using Floats = std::vector<float>;

Floats floats(int64_t n) { return Floats(static_cast<std::size_t>(n), 0.5f); }

void count(benchmark::State& state, int64_t multiply_adds) {
  state.counters["GFLOP/s"] = benchmark::Counter(2e-9 * static_cast<double>(multiply_adds),
                                                 benchmark::Counter::kIsIterationInvariantRate);
}

/// C = A B + beta C, where A is [m, k], B is [k, n] and C is [m, n].
void sgemm(CBLAS_TRANSPOSE ta, CBLAS_TRANSPOSE tb, int64_t m, int64_t n, int64_t k, const Floats& a,
           int64_t lda, const Floats& b, int64_t ldb, float beta, Floats& c) {
  cblas_sgemm(CblasRowMajor, ta, tb, static_cast<blasint>(m), static_cast<blasint>(n),
              static_cast<blasint>(k), 1, a.data(), static_cast<blasint>(lda), b.data(),
              static_cast<blasint>(ldb), beta, c.data(), static_cast<blasint>(n));
}

/// The three maps of a convolution as products with columns.
enum class Map { kForward, kTransposed, kWeight };

/// The products on one tile of 512 columns that is ready in the cache, on each thread.
void convolution(benchmark::State& state, const ConvShape& s, Map map) {
  const int64_t threads = state.range(0);
  adjoint::set_num_threads(static_cast<int>(threads));
  openblas_set_num_threads(1);  // the threads are ours
  const int64_t out = s.out / s.groups, taps = s.in / s.groups * s.kernel * s.kernel;
  const int64_t positions = s.batch * s.output() * s.output();
  const int64_t columns = std::min<int64_t>(512, positions / threads);  // one for each at least
  const int64_t products = std::max<int64_t>(s.multiply_adds() / (out * taps * columns), 1);
  struct Tile {
    Floats x, y, w;
  };
  std::vector<Tile> tiles(static_cast<std::size_t>(threads),
                          {floats(taps * columns), floats(out * columns), floats(out * taps)});
  for (auto _ : state) {
    adjoint::parallel_for(0, threads, 1, [&](int64_t thread, int64_t) {
      auto& [x, y, w] = tiles[static_cast<std::size_t>(thread)];
      for (int64_t p = thread; p < products; p += threads) {
        switch (map) {
          case Map::kForward:
            sgemm(CblasNoTrans, CblasNoTrans, out, columns, taps, w, taps, x, columns, 0, y);
            break;
          case Map::kTransposed:
            sgemm(CblasTrans, CblasNoTrans, taps, columns, out, w, taps, y, columns, 0, x);
            break;
          case Map::kWeight:
            sgemm(CblasNoTrans, CblasTrans, out, taps, columns, y, columns, x, columns, 1, w);
            break;
        }
      }
    });
    benchmark::ClobberMemory();
  }
  count(state, products * out * taps * columns);
}

void matmul(benchmark::State& state) {
  openblas_set_num_threads(static_cast<int>(state.range(0)));
  const int64_t n = state.range(1);
  const Floats a = floats(n * n), b = a;
  Floats c = a;
  for (auto _ : state) {
    sgemm(CblasNoTrans, CblasNoTrans, n, n, n, a, n, b, n, 0, c);
    benchmark::ClobberMemory();
  }
  count(state, n * n * n);
}

const int registered = [] {
  const std::pair<const char*, Map> maps[] = {
      {"forward", Map::kForward}, {"transposed", Map::kTransposed}, {"weight", Map::kWeight}};
  for (const ConvShape& s : conv_shapes()) {
    for (const auto& [name, map] : maps) {
      const std::string title = "sgemm/" + std::string(s.name) + "/" + name;
      benchmark::RegisterBenchmark(title.c_str(), convolution, s, map)
          ->Arg(1)
          ->Arg(2)
          ->UseRealTime();
    }
  }
  benchmark::RegisterBenchmark("sgemm/matmul", matmul)
      ->ArgsProduct({{1, 2}, benchmark::CreateRange(32, 1024, 2)})
      ->UseRealTime();
  return 0;
}();

}  // namespace
