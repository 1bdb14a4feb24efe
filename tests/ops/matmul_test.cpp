#include "adjoint/ops/matmul.h"

#include <gmock/gmock.h>

#include "adjoint/core/parallel.h"
#include "adjoint/ops/creation.h"
#include "adjoint/tests/ops/golden_case.h"
#include "adjoint/tests/ops/random_values.h"

namespace adjoint {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

TEST(Matmul, ValuesAndGradientsAreThoseOfPyTorch) {
  golden::Cases cases("matmul.txt");
  using Inputs = const std::vector<Tensor>&;
  cases.compare("mm", [](Inputs x) { return x[0].mm(x[1]); });
  cases.compare("mm_transposed", [](Inputs x) { return mm(x[0].t(), x[1].t()); });
  cases.compare("bmm", [](Inputs x) { return x[0].bmm(x[1]); });
  cases.compare("bmm_transposed", [](Inputs x) {
    return bmm(x[0].transpose(1, 2), x[1].permute({1, 2, 0}));
  });
  cases.compare("mv", [](Inputs x) { return x[0].mv(x[1]); });
  cases.compare("dot", [](Inputs x) { return x[0].dot(x[1]); });
  cases.compare("outer", [](Inputs x) { return x[0].outer(x[1]); });
  cases.compare("addmm", [](Inputs x) { return x[0].addmm(x[1], x[2]); });
  cases.compare("addmm_beta", [](Inputs x) { return addmm(x[0], x[1], x[2], 0.5); });
  cases.compare("addmm_alpha", [](Inputs x) { return addmm(x[0], x[1], x[2], -2, 3); });
  for (const char* shapes : {"4_4", "3x4_4", "4_4x5", "3x4_4x5", "2x3x4_4", "4_2x4x5", "2x3x4_4x5",
                             "3x4_2x4x5", "2x3x4_2x4x5", "6x1x3x4_2x4x5", "1x3x4_6x2x4x1"}) {
    cases.compare(std::string("matmul_") + shapes, [](Inputs x) { return x[0].matmul(x[1]); });
  }
  cases.compare("linear", [](Inputs x) { return linear(x[0], x[1], x[2]); });
  cases.compare("linear_no_bias", [](Inputs x) { return linear(x[0], x[1]); });
  cases.compare("linear_rank_1", [](Inputs x) { return linear(x[0], x[1], x[2]); });
  cases.compare("linear_rank_4", [](Inputs x) { return linear(x[0], x[1], x[2]); });
  EXPECT_EQ(cases.compared(), cases.count());
}

/// The product's definition, by loops over single elements.
Tensor product_by_loops(const Tensor& a, const Tensor& b) {
  const Tensor left = a.to(kInt64), right = b.to(kInt64);
  Tensor y = zeros({a.size(0), b.size(1)}, kInt64);
  for (int64_t i = 0; i < a.size(0); ++i) {
    for (int64_t j = 0; j < b.size(1); ++j) {
      for (int64_t k = 0; k < a.size(1); ++k) {
        y.data_ptr<int64_t>()[i * b.size(1) + j] +=
            left[i][k].item<int64_t>() * right[k][j].item<int64_t>();
      }
    }
  }
  return y.to(a.scalar_type());
}

TEST(Matmul, EveryLayoutOfAnOperandIsReadRightly) {
  const std::vector<std::function<Tensor(int64_t, int64_t, ScalarType)>> layouts = {
      [](int64_t m, int64_t n, ScalarType t) {
        return integers({m, n}, t);
      },
      [](int64_t m, int64_t n, ScalarType t) {
        return integers({n, m}, t).t();
      },
      [](int64_t m, int64_t n, ScalarType t) {
        return integers({m, n + 3}, t).narrow(1, 2, n);
      },
      [](int64_t m, int64_t n, ScalarType t) {
        return integers({n, m + 3}, t).narrow(1, 1, m).t();
      },
      [](int64_t m, int64_t n, ScalarType t) {
        return integers({m, n, 2}, t).select(2, 1);
      },
      [](int64_t m, int64_t n, ScalarType t) {
        return integers({1, n}, t).expand({m, n});
      },
      [](int64_t m, int64_t n, ScalarType t) {
        return integers({m, 1}, t).expand({m, n});
      },
  };
  for (const ScalarType dtype : {kFloat32, kFloat64, kInt64, kInt32}) {
    for (const auto& [m, k, n] : std::vector<std::array<int64_t, 3>>{
             {3, 4, 5}, {1, 4, 5}, {3, 1, 5}, {3, 4, 1}, {1, 1, 1}, {1, 4, 1}, {1, 1, 5}}) {
      for (std::size_t i = 0; i < layouts.size(); ++i) {
        for (std::size_t j = 0; j < layouts.size(); ++j) {
          const Tensor a = layouts[i](m, k, dtype), b = layouts[j](k, n, dtype);
          EXPECT_TRUE(mm(a, b).equal(product_by_loops(a, b)))
              << dtype << ' ' << m << ' ' << k << ' ' << n << ", layouts " << i << " and " << j;
          EXPECT_TRUE(bmm(a.unsqueeze(0).expand({2, m, k}), b.unsqueeze(0).expand({2, k, n}))
                          .select(0, 1)
                          .equal(product_by_loops(a, b)));
        }
      }
    }
  }
}

TEST(Matmul, SizesOfZero) {
  for (const ScalarType dtype : {kFloat32, kFloat64, kInt64}) {
    const TensorOptions options(dtype);
    EXPECT_TRUE(mm(zeros({2, 0}, options), zeros({0, 3}, options)).equal(zeros({2, 3}, options)));
    EXPECT_EQ(mm(zeros({0, 2}, options), zeros({2, 3}, options)).sizes(), IntArrayRef({0, 3}));
    EXPECT_TRUE(addmm(full({3}, 4, options), zeros({2, 0}, options), zeros({0, 3}, options), 2)
                    .equal(full({2, 3}, 8, options)));
    EXPECT_TRUE(
        bmm(zeros({2, 2, 0}, options), zeros({2, 0, 3}, options)).equal(zeros({2, 2, 3}, options)));
    EXPECT_EQ(bmm(zeros({0, 2, 4}, options), zeros({0, 4, 3}, options)).sizes(),
              IntArrayRef({0, 2, 3}));
    EXPECT_EQ(dot(zeros({0}, options), zeros({0}, options)).item<double>(), 0);
    EXPECT_TRUE(linear(zeros({2, 0}, options), zeros({3, 0}, options), full({3}, 5, options))
                    .equal(full({2, 3}, 5, options)));
    EXPECT_EQ(matmul(zeros({2, 0, 3}, options), zeros({3, 4}, options)).sizes(),
              IntArrayRef({2, 0, 4}));
  }
}

TEST(Matmul, WithBetaZeroTheSummandIsNotRead) {
  const Tensor nan = full({2, 2}, NAN);
  EXPECT_TRUE(addmm(nan, ones({2, 3}), ones({3, 2}), 0).equal(full({2, 2}, 3.0)));
  EXPECT_TRUE(addmm(nan, ones({2, 3}), ones({3, 2}), 0, 2).equal(full({2, 2}, 6.0)));
}

TEST(Matmul, LargeProductsHaveTheSameBitsAtEveryThreadCount) {
  const Tensor a = reals({300, 170}, kFloat32), b = reals({170, 410}, kFloat32);
  const Tensor batch = reals({5, 70, 33}, kFloat32), other = reals({5, 33, 40}, kFloat32);
  const int before = get_num_threads();
  set_num_threads(1);
  const Tensor one = mm(a, b), transposed = mm(b.t(), a.t()), batched = bmm(batch, other);
  for (const int threads : {2, 3}) {
    set_num_threads(threads);
    EXPECT_TRUE(mm(a, b).equal(one));
    EXPECT_TRUE(mm(b.t(), a.t()).equal(transposed));
    EXPECT_TRUE(bmm(batch, other).equal(batched));
  }
  set_num_threads(before);
  EXPECT_TRUE(one.allclose(mm(a.to(kFloat64), b.to(kFloat64)).to(kFloat32), 1e-4, 1e-4));
  EXPECT_TRUE(one.allclose(transposed.t(), 1e-4, 1e-4));
}

TEST(Matmul, ErrorsSayWhatDoesNotFit) {
  const auto message = [](const char* text) { return ThrowsMessage<Error>(HasSubstr(text)); };
  EXPECT_THAT(
      [] {
        mm(zeros({2, 3}), zeros({4, 5}));
      },
      message("mm: [2, 3] x [4, 5]: the inner sizes 3 and 4 differ"));
  EXPECT_THAT(
      [] {
        mm(zeros({2, 3}), zeros({3}));
      },
      message("mm: mat2 has to have 2 dimensions, but is [3]"));
  EXPECT_THAT(
      [] {
        mm(zeros({2, 3}), zeros({3, 2}, kFloat64));
      },
      message("mm: the operands are float32 and float64"));
  EXPECT_THAT(
      [] {
        mm(zeros({2, 3}, kBool), zeros({3, 2}, kBool));
      },
      message("mm: there is no matrix product of bools"));
  EXPECT_THAT(
      [] {
        bmm(zeros({2, 2, 3}), zeros({4, 3, 2}));
      },
      message("bmm: [2, 2, 3] x [4, 3, 2]: the batch sizes 2 and 4 differ"));
  EXPECT_THAT([] { dot(zeros({2}), zeros({3})); },
              message("dot: [2] x [3]: the inner sizes 2 and 3 differ"));
  EXPECT_THAT(
      [] {
        addmm(zeros({4}), zeros({2, 3}), zeros({3, 2}));
      },
      message("addmm: self [4] does not broadcast to [2, 2]"));
  EXPECT_THAT([] { matmul(zeros({}), zeros({2})); },
              message("matmul: both operands need at least one dimension, got [] and [2]"));
  EXPECT_THAT(
      [] {
        matmul(zeros({2, 3, 4}), zeros({5, 4, 6}));
      },
      message("shapes [2] and [5] do not broadcast"));
  EXPECT_THAT(
      [] {
        linear(zeros({2, 3}), zeros({5, 4}));
      },
      message("linear: weight [5, 4] does not fit input [2, 3]"));
  EXPECT_THAT(
      [] {
        linear(zeros({2, 4}), zeros({5, 4}), zeros({3}));
      },
      message("linear: weight [5, 4] expects a bias of 5 elements, but it is [3]"));
}

}  // namespace
}  // namespace adjoint
