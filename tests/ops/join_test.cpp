#include "adjoint/ops/join.h"

#include <gmock/gmock.h>

#include "adjoint/ops/arithmetic.h"
#include "adjoint/ops/creation.h"
#include "adjoint/tests/ops/random_values.h"

namespace adjoint {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

TEST(Join, EveryPartIsWhereItBelongsAndGetsItsGradient) {
  for (int64_t d = 0; d < 3; ++d) {
    Dims other{3, 4, 5};
    other[static_cast<std::size_t>(d)] = 2;
    const Tensor a = integers({5, 3, 4}, kFloat32).permute({1, 2, 0}).requires_grad_();
    const Tensor b = integers(other, kFloat32).requires_grad_();
    const Tensor y = cat({a, b, a}, d);
    const int64_t n = a.size(d);
    EXPECT_TRUE(y.narrow(d, 0, n).equal(a));
    EXPECT_TRUE(y.narrow(d, n, 2).equal(b));
    EXPECT_TRUE(y.narrow(d, n + 2, n).equal(a));
    const Tensor g = integers(y.sizes(), kFloat32);
    y.backward(g);
    EXPECT_TRUE(a.grad().equal(g.narrow(d, 0, n) + g.narrow(d, n + 2, n)));
    EXPECT_TRUE(b.grad().equal(g.narrow(d, n, 2)));
  }
}

TEST(Join, DtypesPromote) {
  const Tensor y = cat({tensor({1, 2}), tensor({0.5}, kFloat64), tensor({true})});
  EXPECT_TRUE(y.equal(tensor({1.0, 2.0, 0.5, 1.0}, kFloat64)));
}

TEST(Join, EmptyTensors) {
  EXPECT_TRUE(cat({zeros({0}), ones({2, 2}), zeros({0})}, 1).equal(ones({2, 2})));
  EXPECT_EQ(cat({zeros({2, 0}), zeros({2, 3})}, 1).sizes(), IntArrayRef({2, 3}));
  EXPECT_EQ(cat({zeros({0}), zeros({0})}).sizes(), IntArrayRef({0}));
  EXPECT_EQ(stack({zeros({0}), zeros({0})}).sizes(), IntArrayRef({2, 0}));
  EXPECT_TRUE(stack({full({}, 1.0), full({}, 2.0)}).equal(tensor({1.0, 2.0})));
}

TEST(Join, StacksInEachDirection) {
  const Tensor v = tensor({1, 2}), m = tensor({{3, 4}, {5, 6}}), n = tensor(7);
  EXPECT_TRUE(hstack({v, v, n}).equal(tensor({1, 2, 1, 2, 7})));
  EXPECT_TRUE(hstack({m, m}).equal(tensor({{3, 4, 3, 4}, {5, 6, 5, 6}})));
  EXPECT_TRUE(vstack({v, m}).equal(tensor({{1, 2}, {3, 4}, {5, 6}})));
  EXPECT_TRUE(row_stack({n, n}).equal(tensor({{7}, {7}})));
  EXPECT_TRUE(dstack({m, m}).equal(stack({m, m}, 2)));
  EXPECT_TRUE(dstack({v, v}).equal(tensor({{{1, 1}, {2, 2}}})));
  EXPECT_TRUE(column_stack({v, m}).equal(tensor({{1, 3, 4}, {2, 5, 6}})));
  EXPECT_TRUE(column_stack({n, n}).equal(tensor({{7, 7}})));
  EXPECT_EQ(column_stack({zeros({2, 3, 4}), zeros({2, 1, 4})}).sizes(), IntArrayRef({2, 4, 4}));
  EXPECT_TRUE(concat({v, v}, -1).equal(concatenate({v, v})));
  EXPECT_TRUE(hstack({zeros({0}, kInt64), m}).equal(m));
}

TEST(Join, Errors) {
  const auto message = [](const char* text) { return ThrowsMessage<Error>(HasSubstr(text)); };
  EXPECT_THAT(
      [] {
        cat({zeros({2, 3}), zeros({3, 2})});
      },
      message("cat: [2, 3] and [3, 2] differ in more than dimension 0"));
  EXPECT_THAT(
      [] {
        cat({zeros({2, 3}), zeros({2})});
      },
      message("cat: [2, 3] and [2] differ in more than dimension 0"));
  EXPECT_THAT([] { cat({zeros({}), zeros({})}); }, message("cat: a tensor without dimensions"));
  EXPECT_THAT([] { cat(TensorList()); }, message("cat: expected at least one tensor"));
  EXPECT_THAT(
      [] {
        stack({zeros({2}), zeros({3})});
      },
      message("stack: the tensors must have one shape, got [2] and [3]"));
  EXPECT_THROW(cat({zeros({2}), zeros({2})}, 1), IndexError);
  EXPECT_THAT([] { hstack(TensorList()); }, message("hstack: expected at least one tensor"));
  EXPECT_THAT([] { hstack({zeros({2}), zeros({2, 2})}); }, message("cat: [2] and [2, 2] differ"));
}

}  // namespace
}  // namespace adjoint
