#include "adjoint/ops/index.h"

#include <gmock/gmock.h>

#include "adjoint/core/parallel.h"
#include "adjoint/ops/creation.h"
#include "adjoint/ops/join.h"
#include "adjoint/tests/ops/golden_case.h"
#include "adjoint/tests/ops/random_values.h"

namespace adjoint {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

TEST(Index, ValuesAndGradientsAreThoseOfPyTorch) {
  golden::Cases cases("index.txt");
  using Inputs = const std::vector<Tensor>&;
  cases.compare("index_select", [](Inputs x) { return x[0].index_select(1, x[1]); });
  cases.compare("index_add", [](Inputs x) { return x[0].index_add(1, x[1], x[2]); });
  cases.compare("index_add_alpha", [](Inputs x) { return x[0].index_add(-1, x[1], x[2], -0.5); });
  cases.compare("gather", [](Inputs x) { return x[0].gather(1, x[1]); });
  cases.compare("gather_first", [](Inputs x) { return x[0].gather(0, x[1]); });
  cases.compare("scatter_add", [](Inputs x) { return x[0].scatter_add(1, x[1], x[2]); });
  cases.compare("cat", [](Inputs x) { return cat({x[0], x[1], x[2]}, 1); });
  cases.compare("cat_last", [](Inputs x) { return cat({x[0].t(), x[1]}, -1); });
  cases.compare("stack", [](Inputs x) { return stack({x[0], x[1]}, 1); });
  cases.compare("stack_last", [](Inputs x) { return stack({x[0], x[1]}, -1); });
  EXPECT_EQ(cases.compared(), cases.count());
}

TEST(Index, SelectAndAddWorkAlongEveryDimensionAndLayout) {
  const Tensor x = integers({4, 6, 5}, kInt64).permute({2, 0, 1});
  for (int64_t d = 0; d < 3; ++d) {
    const Tensor index = tensor({3, 0, 3, 2});
    const Tensor y = x.index_select(d, index);
    for (int64_t i = 0; i < 4; ++i) {
      EXPECT_TRUE(y.select(d, i).equal(x.select(d, index[i].item<int64_t>())));
    }
    const Tensor back = zeros(x.sizes(), kInt64).index_add(d, index, y);
    EXPECT_TRUE(back.select(d, 3).equal(x.select(d, 3) * 2));
    EXPECT_TRUE(back.select(d, 1).equal(x.select(d, 1) * 0));
  }
}

TEST(Index, AddingAtAnIndexIsTheAdjointOfReadingThere) {
  // ⟨read(x), y⟩ = ⟨x, add(y)⟩, exactly on integers.
  const Tensor x = integers({5, 7, 3}, kInt64);
  const Tensor list = integers({11}, kInt64, 0, 6), y = integers({5, 11, 3}, kInt64);
  EXPECT_TRUE((x.index_select(1, list) * y)
                  .sum()
                  .equal((x * zeros({5, 7, 3}, kInt64).index_add(1, list, y)).sum()));
  const Tensor grid = integers({4, 9, 2}, kInt64, 0, 6), z = integers({4, 9, 2}, kInt64);
  EXPECT_TRUE((x.gather(1, grid) * z)
                  .sum()
                  .equal((x * zeros({5, 7, 3}, kInt64).scatter_add(1, grid, z)).sum()));
}

TEST(Index, EmptyAndZeroDimensional) {
  const Tensor none = zeros({0}, kInt64);
  EXPECT_EQ(ones({2, 3}).index_select(1, none).sizes(), IntArrayRef({2, 0}));
  EXPECT_EQ(ones({2, 0}).index_select(0, tensor({1, 1, 0})).sizes(), IntArrayRef({3, 0}));
  EXPECT_TRUE(ones({2, 3}).index_add(0, none, zeros({0, 3})).equal(ones({2, 3})));
  EXPECT_EQ(ones({2, 3}).gather(1, zeros({2, 0}, kInt64)).sizes(), IntArrayRef({2, 0}));
  EXPECT_EQ(full({}, 3.0).index_select(0, tensor({0})).item<float>(), 3);
  EXPECT_EQ(full({}, 3.0).gather(0, tensor(0)).item<float>(), 3);
  EXPECT_EQ(full({}, 3.0).scatter_add(0, tensor(0), full({}, 2.0)).item<float>(), 5);
  EXPECT_TRUE(tensor({5.0, 6.0}).index_select(0, tensor({1}, kInt32)).equal(tensor({6.0})));
}

TEST(Index, ErrorsNameTheIndexAndTheSize) {
  EXPECT_THAT(
      [] {
        zeros({2, 3}).index_select(1, tensor({0, 3}));
      },
      ThrowsMessage<IndexError>(
          HasSubstr("index_select: index 3 is out of range for a dimension of size 3")));
  EXPECT_THAT(
      [] {
        zeros({2, 3}).gather(0, tensor({{-1}}));
      },
      ThrowsMessage<IndexError>(HasSubstr("gather: index -1 is out of range")));
  const auto message = [](const char* text) { return ThrowsMessage<Error>(HasSubstr(text)); };
  EXPECT_THAT([] { zeros({2}).index_select(0, zeros({1})); },
              message("index_select: indices are int64 or int32, got float32"));
  EXPECT_THAT([] { zeros({2}).index_select(0, tensor({{0}})); },
              message("index_select: expected a list of indices, got shape [1, 1]"));
  EXPECT_THAT(
      [] {
        zeros({2, 3}).gather(1, tensor({0}));
      },
      message("gather: index [1] does not fit self [2, 3]"));
  EXPECT_THAT(
      [] {
        zeros({2, 3}).gather(1, zeros({3, 1}, kInt64));
      },
      message("gather: index [3, 1] does not fit self [2, 3]"));
  EXPECT_THAT(
      [] {
        zeros({2, 3}).index_add(1, tensor({0}), zeros({2, 2}));
      },
      message("expect a source of shape [2, 1], got [2, 2]"));
  EXPECT_THAT([] { zeros({2}).scatter_add(0, tensor({0}), zeros({1}, kFloat64)); },
              message("scatter_add: self is float32, but what is added is float64"));
}

}  // namespace
}  // namespace adjoint
