#include "adjoint/ops/kernels/reduce.h"

namespace adjoint::kernels {
namespace {

/// Sorts the loops so that memory is read in increasing order, and joins neighbours where one step
/// of the outer loop is all steps of the inner.
void order(ReducePlan::Loops& loops) {
  std::stable_sort(loops.begin(), loops.end(),
                   [](const ReduceDim& a, const ReduceDim& b) { return a.in > b.in; });
  ReducePlan::Loops joined;
  for (const ReduceDim& dim : loops) {
    if (!joined.empty() && joined.back().in == dim.size * dim.in &&
        joined.back().out == dim.size * dim.out) {
      joined.back() = {joined.back().size * dim.size, dim.in, dim.out};
    } else {
      joined.push_back(dim);
    }
  }
  loops = joined;
}

}  // namespace

int64_t ReducePlan::Loops::steps() const {
  int64_t product = 1;
  for (const ReduceDim& dim : span()) product *= dim.size;
  return product;
}

bool ReducePlan::is_rows() const {
  if (count == 0 || repeats != 1 || reduced.span().size() != 1 || reduced.back().in != 1) {
    return false;
  }
  return kept.empty() || (kept.span().size() == 1 && kept.back().in == count);
}

ReducePlan plan_reduction(IntArrayRef sizes, IntArrayRef strides, uint32_t mask) {
  ReducePlan plan;
  int64_t out = 1;
  for (std::size_t i = sizes.size(); i-- > 0;) {
    const bool reduced = (mask >> i & 1) != 0;
    const int64_t size = sizes[i];
    (reduced ? plan.count : plan.outputs) *= size;
    if (size != 1 && reduced && strides[i] != 0) plan.reduced.push_back({size, strides[i], 0});
    if (size != 1 && reduced && strides[i] == 0) plan.repeats *= size;
    if (size != 1 && !reduced) plan.kept.push_back({size, strides[i], out});
    if (!reduced) out *= size;
  }
  if (plan.count == 0 || plan.outputs == 0) return plan;
  plan.count = plan.reduced.steps();
  order(plan.kept);
  order(plan.reduced);

  // Rows of fewer results than that leave vector registers empty: then it is better to go through
  // the elements of one result after the other.
  constexpr int64_t kShortestRow = 8;
  plan.inner_kept = !plan.kept.empty() && plan.kept.back().size >= kShortestRow &&
                    (plan.reduced.empty() || plan.kept.back().in < plan.reduced.back().in);
  return plan;
}

}  // namespace adjoint::kernels
