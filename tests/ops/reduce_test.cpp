#include "adjoint/ops/reduce.h"

#include <fmt/ranges.h>
#include <gmock/gmock.h>

#include "adjoint/core/parallel.h"
#include "adjoint/ops/creation.h"
#include "adjoint/ops/softmax.h"
#include "adjoint/tests/ops/golden_case.h"
#include "adjoint/tests/ops/random_values.h"

namespace adjoint {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST(Reduce, ValuesAndGradientsAreThoseOfPyTorch) {
  golden::Cases cases("reduce.txt");
  using Inputs = const std::vector<Tensor>&;
  cases.compare("sum", [](Inputs x) { return x[0].sum(); });
  cases.compare("sum_last", [](Inputs x) { return x[0].sum(-1); });
  cases.compare("sum_middle_keepdim", [](Inputs x) { return x[0].sum(1, true); });
  cases.compare("sum_outer_two", [](Inputs x) { return x[0].sum({2, 0}); });
  cases.compare("sum_permuted", [](Inputs x) { return x[0].permute({2, 0, 1}).sum({0, 2}); });
  cases.compare("mean", [](Inputs x) { return x[0].mean(); });
  cases.compare("mean_first_last", [](Inputs x) { return x[0].mean({0, -1}, true); });
  cases.compare("sum_to_size", [](Inputs x) { return x[0].sum_to_size({4, 1}); });
  cases.compare("max", [](Inputs x) { return x[0].max(); });
  cases.compare("min", [](Inputs x) { return x[0].min(); });
  cases.compare("max_dim", [](Inputs x) { return std::get<0>(x[0].max(1)); });
  cases.compare("min_dim_keepdim", [](Inputs x) { return std::get<0>(x[0].min(-1, true)); });
  cases.compare("amax", [](Inputs x) { return x[0].amax({0, 2}); });
  cases.compare("amin_keepdim", [](Inputs x) { return x[0].amin(1, true); });
  cases.compare("norm", [](Inputs x) { return x[0].norm(); });
  cases.compare("norm_zero", [](Inputs x) { return x[0].norm(); });
  cases.compare("norm_p_half", [](Inputs x) { return x[0].norm(0.5, {0, 2}); });
  cases.compare("norm_p_1", [](Inputs x) { return x[0].norm(1, {0, 2}); });
  cases.compare("norm_p_1_5", [](Inputs x) { return x[0].norm(1.5, {0, 2}); });
  cases.compare("norm_p_3", [](Inputs x) { return x[0].norm(3, {0, 2}); });
  cases.compare("norm_p_inf", [](Inputs x) { return x[0].norm(kInfinity, {0, 2}); });
  cases.compare("norm_p_minus_inf", [](Inputs x) { return x[0].norm(-kInfinity, {0, 2}); });
  cases.compare("norm_p_inf_ties", [](Inputs x) { return x[0].norm(kInfinity, 1, true); });
  cases.compare("norm_p_3_zeros", [](Inputs x) { return x[0].norm(3, 1); });
  cases.compare("var", [](Inputs x) { return x[0].var(); });
  cases.compare("var_dims_biased", [](Inputs x) { return x[0].var({0, 2}, false, true); });
  cases.compare("std", [](Inputs x) { return x[0].std(); });
  cases.compare("std_dim", [](Inputs x) { return adjoint::std(x[0], 1); });
  cases.compare("std_zero", [](Inputs x) { return x[0].std({0}); });
  cases.compare("softmax", [](Inputs x) { return x[0].softmax(1); });
  cases.compare("log_softmax", [](Inputs x) { return x[0].log_softmax(-1); });
  EXPECT_EQ(cases.compared(), cases.count());
}

/// Folds f over the dimensions in `dims`, kept with size 1, by loops over single elements.
Tensor fold_by_loops(const Tensor& x, IntArrayRef dims, double start,
                     const std::function<double(double, double)>& f) {
  const uint32_t mask = dim_mask("sum", dims, x.dim());
  Dims shape(x.sizes());
  for (int64_t d = 0; d < x.dim(); ++d) {
    if ((mask >> d & 1) != 0) shape[static_cast<std::size_t>(d)] = 1;
  }
  Tensor y = full(shape, start, kFloat64);
  const Tensor dense = x.to(kFloat64).contiguous();
  const Dims steps = contiguous_strides(shape);
  for (int64_t i = 0; i < dense.numel(); ++i) {
    int64_t at = 0, rest = i;
    for (int64_t d = x.dim(); d-- > 0; rest /= x.size(d)) {
      const auto axis = static_cast<std::size_t>(d);
      if (shape[axis] != 1) at += rest % x.size(d) * steps[axis];
    }
    double& result = y.data_ptr<double>()[at];
    result = f(result, dense.data_ptr<double>()[i]);
  }
  return y;
}

TEST(Reduce, EveryLayoutAndSetOfDimensionsByTheDefinition) {
  const std::vector<Tensor> layouts = {
      integers({3, 20, 7}, kFloat32),
      integers({7, 3, 20}, kFloat32).permute({1, 2, 0}),
      integers({20, 7, 3}, kFloat32).permute({2, 0, 1}),
      integers({6, 20, 14}, kFloat32).slice(0, 1, 6, 2).slice(2, 0, 14, 2),
      integers({3, 1, 7}, kFloat32).expand({3, 20, 7}),
      integers({1, 20, 1}, kFloat32).expand({3, 20, 7}),
      integers({1}, kFloat32).expand({3, 20, 7}),
  };
  const std::vector<std::vector<int64_t>> all_dims = {{0},    {1},    {2},      {0, 1},
                                                      {0, 2}, {1, 2}, {0, 1, 2}};
  const auto add = [](double a, double b) { return a + b; };
  const auto larger = [](double a, double b) { return std::max(a, b); };
  const auto smaller = [](double a, double b) { return std::min(a, b); };
  for (std::size_t i = 0; i < layouts.size(); ++i) {
    for (const auto& dims : all_dims) {
      for (const ScalarType dtype : {kFloat32, kFloat64, kInt64, kInt32}) {
        SCOPED_TRACE(fmt::format("layout {}, dimensions {}, {}", i, fmt::join(dims, " "), dtype));
        const Tensor same = layouts[i];  // to() would make other layouts contiguous
        const Tensor x = dtype == kFloat32 ? same : same.to(dtype);
        EXPECT_TRUE(sum(x, dims, true).to(kFloat64).equal(fold_by_loops(x, dims, 0, add)));
        EXPECT_TRUE(amax(x, dims, true).to(kFloat64).equal(fold_by_loops(x, dims, -9, larger)));
        EXPECT_TRUE(amin(x, dims, true).to(kFloat64).equal(fold_by_loops(x, dims, 9, smaller)));
        EXPECT_EQ(sum(x, dims).dim(), 3 - static_cast<int64_t>(dims.size()));
      }
    }
  }
}

TEST(Reduce, LargeSumsAreExactOnIntegersInEveryDirection) {
  const Tensor inputs[] = {
      integers({3, 200, 190}, kFloat32),  // a result's elements are many segments
      integers({100, 350, 9}, kFloat32),  // so they are, nine results side by side
      integers({2, 5, 1100}, kFloat32),   // more results side by side than a tile has
      integers({70000, 1}, kFloat32).expand({70000, 2}).unsqueeze(0),
  };
  const auto add = [](double a, double b) { return a + b; };
  for (const Tensor& x : inputs) {
    for (const Tensor& t : {x, x.permute({2, 0, 1})}) {
      for (const std::vector<int64_t>& dims :
           std::vector<std::vector<int64_t>>{{0}, {1}, {2}, {0, 1}, {0, 2}, {1, 2}, {0, 1, 2}}) {
        EXPECT_TRUE(sum(t, dims, true).to(kFloat64).equal(fold_by_loops(t, dims, 0, add)))
            << fmt::format("sizes {}, strides {}, dimensions {}", fmt::join(t.sizes(), " "),
                           fmt::join(t.strides(), " "), fmt::join(dims, " "));
      }
    }
  }
}

TEST(Reduce, SumsLoseNoPrecision) {
  // 0.1 in float32 is 0.100000001490116...; a plain float32 sum of 4 million is off by percents.
  const Tensor x = full({4000000}, 0.1, kFloat32);
  EXPECT_FLOAT_EQ(x.sum().item<float>(), static_cast<float>(4e6 * static_cast<double>(0.1f)));
  EXPECT_EQ(x.mean().item<float>(), 0.1f);
  EXPECT_EQ(x.view({1000000, 4}).mean(0)[1].item<float>(), 0.1f);
  EXPECT_EQ(x.view({4000, 1000}).mean(0)[999].item<float>(), 0.1f);
}

TEST(Reduce, TheSameBitsAtEveryThreadCount) {
  const Tensor x = reals({61, 83, 127}, kFloat32), y = x.to(kFloat64);
  const auto results = [&] {
    return std::vector<Tensor>{x.sum(),  y.sum(),  x.sum({0, 2}), y.sum({0, 2}), x.sum(0),
                               y.sum(1), x.norm(), y.var(),       x.amax(1),     x.softmax(1)};
  };
  const int before = get_num_threads();
  set_num_threads(1);
  const std::vector<Tensor> expected = results();
  for (const int threads : {2, 3}) {
    set_num_threads(threads);
    const std::vector<Tensor> got = results();
    for (std::size_t i = 0; i < got.size(); ++i) EXPECT_TRUE(got[i].equal(expected[i])) << i;
  }
  set_num_threads(before);
}

/// Contiguous rows are handled one by one, others by operations on whole tensors.
TEST(Softmax, GradientsDoNotDependOnTheLayout) {
  for (const ScalarType dtype : {kFloat32, kFloat64}) {
    for (const int64_t n : {1, 5, 300, 40000}) {
      const Tensor g = reals({9, n}, dtype), y = softmax(reals({9, n}, dtype), 1);
      const Tensor spread = empty({9, 2 * n}, dtype).slice(1, 0, 2 * n, 2);
      spread.copy_(g);
      EXPECT_TRUE(softmax_backward(g, y, 1).equal(softmax_backward(spread, y, 1))) << n;
      EXPECT_TRUE(softmax_backward(g, y, 1).allclose(y * (g - (g * y).sum(1, true)), 1e-5, 1e-7));
    }
  }
}

TEST(Reduce, DtypesOfSumsAndMeans) {
  const Tensor x = tensor({3, 4}, kInt32);
  EXPECT_EQ(x.sum().scalar_type(), kInt64);
  EXPECT_EQ(x.sum(kInt32).scalar_type(), kInt32);
  EXPECT_EQ(x.sum(kFloat32).scalar_type(), kFloat32);
  EXPECT_EQ(tensor({true, true, false}).sum().item<int64_t>(), 2);
  EXPECT_EQ(full({300}, 200, kUInt8).sum().item<int64_t>(), 60000);
  EXPECT_EQ(full({2}, 200, kUInt8).sum(kUInt8).item<int64_t>(), 144);  // wraps around
  EXPECT_EQ(tensor({1.9, -1.9}).sum(kInt64).item<int64_t>(), 0);       // converted first
  EXPECT_EQ(x.mean(kFloat64).item<double>(), 3.5);
  EXPECT_THAT([&] { x.mean(); },
              ThrowsMessage<Error>(HasSubstr("mean: expected float32 or float64, got int32")));
  EXPECT_EQ(integers({2, 3}, kInt32).sum_to_size({1, 3}).scalar_type(), kInt64);
  const Tensor f = ones({2, 2}, TensorOptions(kFloat32).requires_grad(true));
  f.sum(kFloat64).backward();
  EXPECT_TRUE(f.grad().equal(ones({2, 2})));
}

TEST(Reduce, EmptyAndZeroDimensional) {
  EXPECT_EQ(zeros({0}).sum().item<float>(), 0);
  EXPECT_TRUE(zeros({2, 0}).sum(1).equal(zeros({2})));
  EXPECT_EQ(zeros({2, 0}).sum(0).sizes(), IntArrayRef({0}));
  EXPECT_TRUE(std::isnan(zeros({0}).mean().item<float>()));
  EXPECT_TRUE(zeros({3, 0}).mean(1).isnan().all().item<bool>());
  EXPECT_EQ(zeros({0}).norm().item<float>(), 0);
  EXPECT_EQ(zeros({0}).norm(kInfinity).item<float>(), 0);
  EXPECT_FALSE(zeros({0}).any().item<bool>());
  EXPECT_TRUE(zeros({0}).all().item<bool>());
  EXPECT_EQ(std::get<0>(zeros({0, 3}).max(1)).sizes(), IntArrayRef({0}));

  const Tensor scalar = full({}, 3.0, TensorOptions(kFloat64).requires_grad(true));
  EXPECT_EQ(scalar.sum(0).item<double>(), 3);
  EXPECT_EQ(scalar.amax(-1, true).dim(), 0);
  EXPECT_EQ(scalar.argmax().item<int64_t>(), 0);
  std::get<0>(scalar.max(0)).backward();
  EXPECT_EQ(scalar.grad().item<double>(), 1);

  const auto message = [](const char* text) { return ThrowsMessage<Error>(HasSubstr(text)); };
  EXPECT_THAT([] { zeros({0}).max(); }, message("max: there is no extreme element"));
  EXPECT_THAT([] { zeros({0, 3}).max(0); }, message("max: there is no extreme element"));
  EXPECT_THAT([] { zeros({0, 3}).amin(); }, message("amin: there is no extreme element"));
  EXPECT_THAT([] { zeros({0}).argmax(); }, message("argmax: there is no extreme element"));
  EXPECT_THAT([] { zeros({2, 3}).sum({0, -2}); }, message("dimension -2 appears more than once"));
  EXPECT_THROW(zeros({2, 3}).sum(2), IndexError);
  EXPECT_THAT(
      [] {
        zeros({2, 3}).sum_to_size({2, 2});
      },
      message("sum_to_size: [2, 2] is no shape that broadcasts to that of x, [2, 3]"));
}

TEST(Reduce, ExtremesFindTheFirstOfEqualsAndNaNs) {
  const double nan = std::nan("");
  for (const bool inner : {true, false}) {  // along rows, and across them
    const auto along = [&](const Tensor& v, bool largest) {
      const Tensor x =
          inner ? v.unsqueeze(0).expand({3, v.numel()}) : v.unsqueeze(1).expand({v.numel(), 20});
      const auto [value, index] = largest ? x.max(inner ? 1 : 0) : x.min(inner ? 1 : 0);
      EXPECT_TRUE(index.eq(index[0]).all().item<bool>());
      return std::pair(value[2].item<double>(), index[2].item<int64_t>());
    };
    EXPECT_EQ(along(tensor({1.0, 3.0, 2.0, 3.0}), true), std::pair(3.0, int64_t{1}));
    EXPECT_EQ(along(tensor({1.0, -3.0, 2.0, -3.0}), false), std::pair(-3.0, int64_t{1}));
    const auto [value, index] = along(tensor({1.0, nan, 3.0, nan, 5.0}), true);
    EXPECT_TRUE(std::isnan(value));
    EXPECT_EQ(index, 1);
    EXPECT_EQ(along(tensor({nan, nan, 3.0}), false).second, 0);
    EXPECT_EQ(along(tensor({-kInfinity, -kInfinity}), true).second, 0);
    EXPECT_EQ(along(tensor({kInfinity, kInfinity}), false).second, 0);
  }
  EXPECT_TRUE(std::isnan(tensor({1.0, nan, 3.0}).max().item<double>()));
  EXPECT_TRUE(std::isnan(tensor({nan, 3.0}).amin().item<double>()));
  EXPECT_EQ(full({40}, -kInfinity).max().item<double>(), -kInfinity);

  const Tensor x = integers({30, 50, 20}, kInt32, -1000, 1000);
  for (int64_t d = 0; d < 3; ++d) {
    const auto [value, index] = x.max(d, true);
    EXPECT_TRUE(value.equal(x.amax(d, true)));
    EXPECT_TRUE(x.gather(d, index).equal(value));
    EXPECT_TRUE(x.argmax(d).equal(index.squeeze(d)));
    EXPECT_TRUE(x.argmin(d, true).equal(std::get<1>(x.min(d, true))));
  }
  EXPECT_EQ(x.reshape(-1)[x.argmax().item<int64_t>()].item<int>(), x.max().item<int>());
  EXPECT_EQ(x.argmin(std::nullopt, true).sizes(), IntArrayRef({1, 1, 1}));
  EXPECT_TRUE(tensor({false, true}).max().item<bool>());
  EXPECT_EQ(tensor({false, true}).argmax().item<int64_t>(), 1);
}

TEST(Reduce, AnyAndAll) {
  const Tensor x = tensor({{0.0, 2.0}, {0.0, 0.0}});
  EXPECT_TRUE(x.any().item<bool>());
  EXPECT_FALSE(x.all().item<bool>());
  EXPECT_TRUE(x.any(1).equal(tensor({true, false})));
  EXPECT_TRUE(x.all(0, true).equal(tensor({{false, false}})));
  EXPECT_EQ(x.any().scalar_type(), kBool);
  EXPECT_EQ(x.to(kUInt8).any().scalar_type(), kUInt8);
  EXPECT_TRUE(full({1}, std::nan("")).all().item<bool>());
  EXPECT_TRUE(
      any(integers({100, 100}, kInt64, 0, 0).index_add(0, tensor({77}), ones({1, 100}, kInt64)), 1)
          .sum()
          .item<int64_t>() == 1);
}

TEST(Reduce, NormCountsTheNonZeroForPZero) {
  const Tensor x = tensor({{1.0, 0.0}, {-2.0, 3.0}}, TensorOptions(kFloat64).requires_grad(true));
  const Tensor y = x.norm(0, {1});
  EXPECT_TRUE(y.equal(tensor({1.0, 2.0}, kFloat64)));
  y.sum().backward();
  EXPECT_TRUE(x.grad().equal(zeros({2, 2}, kFloat64)));
  EXPECT_THROW(zeros({2}, kInt64).norm(), Error);
}

}  // namespace
}  // namespace adjoint
