#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <span>
#include <type_traits>

#include "adjoint/core/allocator.h"
#include "adjoint/core/parallel.h"
#include "adjoint/core/shape.h"
#include "adjoint/ops/kernels/ceil_div.h"

/// Reductions of strided arrays: what is folded (Sum, Max, ...), and the loops that fold it.
///
/// The loops cut the elements of each result into segments of about kSegment elements, fold each
/// segment on some thread, and merge the segments' results in their order. The cut depends on the
/// sizes alone, so the result has the same bits at every thread count.
namespace adjoint::kernels {

// ---- what is folded ----------------------------------------------------------------------------
//
// A fold has an Accumulator, its identity(), add(accumulator, element), merge(accumulator,
// accumulator), and repeat(accumulator, n): what merging n equal ones gives. add4 adds four
// elements. A run over one result uses kLanes accumulators side by side, which hides the latency of
// an addition; their number is one at which GCC uses vector registers.

/// What folds have unless they say otherwise.
template <class Fold, class T, class A>
struct FoldBase {
  using Accumulator = A;
  static constexpr int64_t kLanes = 32;
  static A add4(A sum, T a, T b, T c, T d) {
    return Fold::add(Fold::add(Fold::add(Fold::add(sum, a), b), c), d);
  }
};

/// Integers add up in int64, floats in double. Four float32 are added up before they are converted,
/// for the conversions would take most of the time; the error is still below that of pairwise
/// summation in float32.
template <class T, class A = std::conditional_t<std::is_floating_point_v<T>, double, int64_t>>
struct Sum : FoldBase<Sum<T>, T, A> {
  static constexpr int64_t kLanes = 16;
  static A identity() { return 0; }
  static A add(A sum, T x) { return merge(sum, static_cast<A>(x)); }
  static A add4(A sum, T a, T b, T c, T d) {
    if constexpr (std::is_floating_point_v<T>) {
      return sum + static_cast<A>((a + b) + (c + d));
    } else {
      return FoldBase<Sum<T>, T, A>::add4(sum, a, b, c, d);
    }
  }
  static A merge(A a, A b) {
    if constexpr (std::is_floating_point_v<T>) {
      return a + b;
    } else {  // wraps around, as everywhere in integer arithmetic on tensors
      return static_cast<int64_t>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
    }
  }
  static A repeat(A sum, int64_t n) {
    if constexpr (std::is_floating_point_v<T>) {
      return sum * static_cast<double>(n);
    } else {
      return static_cast<int64_t>(static_cast<uint64_t>(sum) * static_cast<uint64_t>(n));
    }
  }
};

/// The sum of the squares, in double.
template <class T>
struct SumOfSquares : FoldBase<SumOfSquares<T>, T, double> {
  static constexpr int64_t kLanes = 16;
  static double identity() { return 0; }
  static double add(double sum, T x) {
    const auto wide = static_cast<double>(x);
#ifdef __FMA__
    // The same bits in one operation less, for the square of a float is exact in double.
    if constexpr (std::is_same_v<T, float>) return std::fma(wide, wide, sum);
#endif
    return sum + wide * wide;
  }
  static double merge(double a, double b) { return a + b; }
  static double repeat(double sum, int64_t n) { return sum * static_cast<double>(n); }
};

/// The product, in double or, wrapping around, in int64.
template <class T, class A = std::conditional_t<std::is_floating_point_v<T>, double, int64_t>>
struct Product : FoldBase<Product<T>, T, A> {
  static constexpr int64_t kLanes = 16;
  static A identity() { return 1; }
  static A add(A product, T x) { return merge(product, static_cast<A>(x)); }
  static A merge(A a, A b) {
    if constexpr (std::is_floating_point_v<T>) {
      return a * b;
    } else {
      return static_cast<int64_t>(static_cast<uint64_t>(a) * static_cast<uint64_t>(b));
    }
  }
  static A repeat(A product, int64_t n) {  // by squaring
    A result = 1;
    for (; n > 0; n /= 2) {
      if (n % 2 == 1) result = merge(result, product);
      product = merge(product, product);
    }
    return result;
  }
};

/// The largest element; a NaN wins over all, as in PyTorch.
template <class T>
struct Max : FoldBase<Max<T>, T, T> {
  static T identity() {
    if constexpr (std::is_floating_point_v<T>) return -std::numeric_limits<T>::infinity();
    return std::numeric_limits<T>::lowest();
  }
  static T add(T best, T x) {
    const T larger = best < x ? x : best;  // a NaN in `best` stays
    return x != x ? x : larger;
  }
  static T merge(T a, T b) { return add(a, b); }
  static T repeat(T best, int64_t) { return best; }
};

/// The smallest element; a NaN wins over all.
template <class T>
struct Min : FoldBase<Min<T>, T, T> {
  static T identity() {
    if constexpr (std::is_floating_point_v<T>) return std::numeric_limits<T>::infinity();
    return std::numeric_limits<T>::max();
  }
  static T add(T best, T x) {
    const T smaller = x < best ? x : best;
    return x != x ? x : smaller;
  }
  static T merge(T a, T b) { return add(a, b); }
  static T repeat(T best, int64_t) { return best; }
};

// ---- which elements ----------------------------------------------------------------------------

/// One loop over the input: `size` steps of `in` elements there, and of `out` in the result.
struct ReduceDim {
  int64_t size;
  int64_t in;
  int64_t out;
};

/// A loop nest for a reduction: outermost loop first, loops of size 1 dropped, loops that continue
/// each other joined, the order chosen so that memory is read in increasing order.
struct ReducePlan {
  class Loops {
   public:
    void push_back(ReduceDim dim) { dims_[count_++] = dim; }
    std::span<const ReduceDim> span() const { return {dims_.data(), count_}; }
    ReduceDim* begin() { return dims_.data(); }
    ReduceDim* end() { return dims_.data() + count_; }
    ReduceDim& back() { return dims_[count_ - 1]; }
    const ReduceDim& back() const { return dims_[count_ - 1]; }
    bool empty() const { return count_ == 0; }
    int64_t steps() const;  ///< the product of the sizes

   private:
    std::array<ReduceDim, kMaxDims + 1> dims_;
    std::size_t count_ = 0;
  };

  Loops kept;           ///< over the results
  Loops reduced;        ///< over the elements of one result
  int64_t repeats = 1;  ///< how often each element counts: what the reduced broadcasts repeat
  int64_t outputs = 1;  ///< number of results
  int64_t count = 1;    ///< elements a result, repeats aside; may be 0
  /// True: the inner loop runs over neighbouring results, one row of elements added to a row of
  /// accumulators. False: it runs over the elements of one result.
  bool inner_kept = false;

  /// Whether the input is a contiguous [outputs, count] of which each row has one result.
  bool is_rows() const;
};

/// The plan for reducing the dimensions in `mask` of an array of that geometry to a contiguous
/// result.
ReducePlan plan_reduction(IntArrayRef sizes, IntArrayRef strides, uint32_t mask);

// ---- the loops ---------------------------------------------------------------------------------

namespace reduce_detail {

/// Elements a piece of work: a microsecond or two, and small enough that a chain of additions
/// cannot lose many bits.
inline constexpr int64_t kSegment = 32768;
/// Results whose accumulators are kept side by side: 4 kB of doubles.
inline constexpr int64_t kTile = 512;

/// Where the steps of a loop nest are, one after the other.
class Steps {
 public:
  Steps(std::span<const ReduceDim> dims, int64_t step) : dims_(dims) {
    for (std::size_t i = dims.size(); i-- > 0;) {
      index_[i] = step % dims[i].size;
      step /= dims[i].size;
      in_ += index_[i] * dims[i].in;
      out_ += index_[i] * dims[i].out;
    }
  }
  int64_t in() const { return in_; }
  int64_t out() const { return out_; }
  /// Where the inputs of a later step are, if it is one of the same inner loop.
  int64_t in_after(int64_t steps) const {
    return dims_.empty() ? in_ : in_ + steps * dims_.back().in;
  }
  void next() {
    for (std::size_t i = dims_.size(); i-- > 0;) {
      in_ += dims_[i].in;
      out_ += dims_[i].out;
      if (++index_[i] < dims_[i].size) return;
      in_ -= dims_[i].size * dims_[i].in;
      out_ -= dims_[i].size * dims_[i].out;
      index_[i] = 0;
    }
  }

 private:
  std::span<const ReduceDim> dims_;
  std::array<int64_t, kMaxDims + 1> index_;
  int64_t in_ = 0, out_ = 0;
};

/// The fold of `runs` runs of n elements, `stride` apart; the runs are where `at` says.
template <class Fold, class T>
typename Fold::Accumulator fold_elements(const T* in, int64_t n, int64_t stride, int64_t runs,
                                         Steps&& at, Fold fold = {}) {
  using Accumulator = typename Fold::Accumulator;
  constexpr int64_t kLanes = Fold::kLanes;
  constexpr int64_t kLine = 64 / sizeof(T), kAhead = 64 * kLine;
  const Accumulator none = fold.identity();
  Accumulator rest[4] = {none, none, none, none};  // for elements that fill no vector
  if (stride != 1 || n < kLanes) {
    for (int64_t r = 0; r < runs; ++r, at.next()) {
      const T* x = in + at.in();
      int64_t i = 0;
      if constexpr (std::is_floating_point_v<T>) {  // of integers GCC 12 drops some elements here
        for (; i + 4 <= n; i += 4) {
          for (int64_t l = 0; l < 4; ++l) rest[l] = fold.add(rest[l], x[(i + l) * stride]);
        }
      }
      for (; i < n; ++i) rest[0] = fold.add(rest[0], x[i * stride]);
    }
    return fold.merge(fold.merge(rest[0], rest[1]), fold.merge(rest[2], rest[3]));
  }
  Accumulator lanes[kLanes];
  std::fill_n(lanes, kLanes, none);
  for (int64_t r = 0; r < runs; ++r, at.next()) {
    const T* x = in + at.in();
    // Short ones lie apart, as those of a channel of a batch: a bias's gradient of 7x7 images takes
    // 60% of the time with this.
    if (n < kAhead && runs > 1) {
      const T* later = in + at.in_after(4);
      for (int64_t l = 0; l < n; l += kLine) __builtin_prefetch(later + l);
    }
    int64_t i = 0;
    for (; i + 4 * kLanes <= n; i += 4 * kLanes) {
      // 10 to 20% of a reduction of 4 million elements: the processor foresees nothing beyond a
      // page.
      for (int64_t l = 0; l < 4 * kLanes; l += kLine) __builtin_prefetch(x + i + kAhead + l);
      for (int64_t l = 0; l < kLanes; ++l) {
        lanes[l] = fold.add4(lanes[l], x[i + l], x[i + kLanes + l], x[i + 2 * kLanes + l],
                             x[i + 3 * kLanes + l]);
      }
    }
    for (; i + kLanes <= n; i += kLanes) {
      for (int64_t l = 0; l < kLanes; ++l) lanes[l] = fold.add(lanes[l], x[i + l]);
    }
    for (; i < n; ++i) rest[0] = fold.add(rest[0], x[i]);
  }
  for (int64_t half = kLanes / 2; half > 0; half /= 2) {
    for (int64_t l = 0; l < half; ++l) lanes[l] = fold.merge(lanes[l], lanes[l + half]);
  }
  return fold.merge(lanes[0], rest[0]);
}

/// How one result's elements are cut: into blocks of whole runs of the inner loop, or, where one
/// run is long, into parts of runs.
struct Segments {
  Segments(int64_t runs, int64_t run_length)
      : length(std::min(run_length, kSegment)),
        parts(ceil_div(run_length, length)),
        runs_each(parts > 1 ? 1 : std::max<int64_t>(1, kSegment / run_length)),
        count(ceil_div(runs, runs_each) * parts) {}
  int64_t length;     ///< elements of a part
  int64_t parts;      ///< parts a run
  int64_t runs_each;  ///< runs a segment
  int64_t count;      ///< segments
};

/// The inner loop runs over the elements of one result. Segment s of result i goes to
/// sums[s * plan.outputs + i].
template <class Fold, class T>
void fold_runs(const ReducePlan& plan, const T* in, const Segments& cut,
               typename Fold::Accumulator* sums) {
  const ReduceDim inner = plan.reduced.empty() ? ReduceDim{1, 0, 0} : plan.reduced.back();
  const auto all = plan.reduced.span();
  const auto outer = all.first(all.empty() ? 0 : all.size() - 1);
  const int64_t runs = plan.count / inner.size;

  const int64_t tasks_each = std::max<int64_t>(1, cut.count > 1 ? 1 : kSegment / plan.count);
  parallel_for(0, plan.outputs * cut.count, tasks_each, [&](int64_t begin, int64_t end) {
    Steps result(plan.kept.span(), begin / cut.count);
    int64_t segment = begin % cut.count;
    for (int64_t task = begin; task < end; ++task) {
      const int64_t first_run = segment / cut.parts * cut.runs_each;
      const int64_t last_run = std::min(first_run + cut.runs_each, runs);
      const int64_t from = segment % cut.parts * cut.length;
      const int64_t length = std::min(cut.length, inner.size - from);
      sums[segment * plan.outputs + result.out()] =
          fold_elements<Fold>(in + result.in() + from * inner.in, length, inner.in,
                              last_run - first_run, Steps(outer, first_run));
      if (++segment == cut.count) {
        segment = 0;
        result.next();
      }
    }
  });
}

/// Adds rows of n elements, `stride` apart, to n accumulators; the rows are where `at` says.
template <class Fold, class T>
void add_rows(typename Fold::Accumulator* sums, int64_t n, const T* in, int64_t stride,
              int64_t rows, Steps at) {
  int64_t r = 0;
  if (stride == 1) {
    for (; r + 4 <= rows; r += 4) {  // a quarter of the traffic to the accumulators
      const T* row[4];
      for (const T*& start : row) {
        start = in + at.in();
        at.next();
      }
      for (int64_t j = 0; j < n; ++j) {
        sums[j] = Fold::add4(sums[j], row[0][j], row[1][j], row[2][j], row[3][j]);
      }
    }
  }
  for (; r < rows; ++r, at.next()) {
    const T* row = in + at.in();
    for (int64_t j = 0; j < n; ++j) sums[j] = Fold::add(sums[j], row[j * stride]);
  }
}

/// The inner loop runs over neighbouring results. Segment s, which has rows_each rows, of result i
/// goes to sums[s * plan.outputs + i].
template <class Fold, class T>
void fold_rows(const ReducePlan& plan, const T* in, int64_t rows_each, int64_t segments,
               typename Fold::Accumulator* sums) {
  const ReduceDim inner = plan.kept.back();
  const auto all = plan.kept.span();
  const auto outer = all.first(all.size() - 1);
  const int64_t tiles = ceil_div(inner.size, kTile);

  const int64_t work = std::min(inner.size, kTile) * std::min(rows_each, plan.count);
  const int64_t tasks = plan.outputs / inner.size * tiles * segments;
  parallel_for(0, tasks, kSegment / work, [&](int64_t begin, int64_t end) {
    typename Fold::Accumulator tile[kTile];
    for (int64_t task = begin; task < end; ++task) {
      const int64_t column = task % tiles * kTile;
      const int64_t segment = task / tiles % segments;
      const Steps result(outer, task / tiles / segments);
      const int64_t n = std::min(kTile, inner.size - column);
      const int64_t first = segment * rows_each;
      const int64_t rows = std::min(rows_each, plan.count - first);

      std::fill_n(tile, n, Fold::identity());
      add_rows<Fold>(tile, n, in + result.in() + column * inner.in, inner.in, rows,
                     Steps(plan.reduced.span(), first));
      auto* to = sums + segment * plan.outputs + result.out() + column * inner.out;
      for (int64_t j = 0; j < n; ++j) to[j * inner.out] = tile[j];
    }
  });
}

}  // namespace reduce_detail

/// out[i] = the fold of the elements of result i, its identity if there are none.
template <class Fold, class T>
void reduce(const ReducePlan& plan, const T* in, typename Fold::Accumulator* out) {
  using namespace reduce_detail;
  using Accumulator = typename Fold::Accumulator;
  if (plan.outputs == 0) return;
  if (plan.count == 0 || plan.repeats == 0) {
    std::fill_n(out, plan.outputs, Fold::identity());
    return;
  }
  const int64_t run_length = plan.reduced.empty() ? 1 : plan.reduced.back().size;
  const int64_t row_length = plan.inner_kept ? std::min(plan.kept.back().size, kTile) : 1;
  const int64_t rows_each = kSegment / row_length;
  const Segments cut(plan.count / run_length, run_length);
  const int64_t segments = plan.inner_kept ? (plan.count + rows_each - 1) / rows_each : cut.count;

  const bool direct = segments == 1;
  const Scratch<Accumulator> partial(direct ? 0
                                            : static_cast<std::size_t>(segments * plan.outputs));
  Accumulator* const sums = direct ? out : partial.get();
  if (plan.inner_kept) {
    fold_rows<Fold>(plan, in, rows_each, segments, sums);
  } else {
    fold_runs<Fold>(plan, in, cut, sums);
  }
  if (!direct) {
    std::copy_n(sums, plan.outputs, out);
    for (int64_t s = 1; s < segments; ++s) {
      for (int64_t i = 0; i < plan.outputs; ++i) {
        out[i] = Fold::merge(out[i], sums[s * plan.outputs + i]);
      }
    }
  }
  if (plan.repeats != 1) {
    for (int64_t i = 0; i < plan.outputs; ++i) out[i] = Fold::repeat(out[i], plan.repeats);
  }
}

}  // namespace adjoint::kernels
