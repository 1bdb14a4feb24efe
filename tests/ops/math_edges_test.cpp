// What the goldens cannot hold: errors with the operation's name, wrap-around, ties, in-place forms
// through views, agreement with the definition on larger tensors.

#include <numbers>

#include <gtest/gtest.h>

#include "adjoint/adjoint.h"
#include "adjoint/tests/support/error_of.h"

namespace torch = adjoint;
using adjoint::Tensor;
using adjoint::test::error_of;

namespace {

TEST(MathErrors, NameTheOperation) {
  const Tensor a = torch::ones({2, 3}), b = torch::ones({4}), i = torch::arange(3);
  const Tensor leaf = torch::ones({3}).requires_grad_();
  const std::vector<std::pair<std::function<void()>, std::string>> wrong = {
      {[&] { a + b; }, "add: shapes [2, 3] and [4] do not broadcast"},
      {[&] { a.fmod(b); }, "fmod: shapes [2, 3] and [4] do not broadcast"},
      {[&] { a < b; }, "lt: shapes [2, 3] and [4] do not broadcast"},
      {[&] { torch::where(a > 0, a, b); }, "where: shapes [2, 3] and [4] do not broadcast"},
      {[&] {
         torch::matmul(torch::ones({2, 1, 3}), torch::ones({3, 3, 1}));
       },
       "matmul: shapes [2] and [3] do not broadcast"},
      {[&] { leaf.exp2_(); }, "exp2_: a leaf tensor that requires grad"},
      {[&] { leaf.add_(1); }, "add_: a leaf tensor that requires grad"},
      {[&] { leaf.copy_(b.slice(0, 0, 3)); }, "copy_: a leaf tensor that requires grad"},
      {[&] { leaf.eq_(1); }, "eq_: a leaf tensor that requires grad"},
      {[&] { leaf.addmm_(a, a); }, "addmm: [2, 3] x [2, 3]: the inner sizes"},
      {[&] { i.floor_divide(0); }, "floor_divide: integers (int64) are divided by zero"},
      {[&] { i % i; }, "remainder: integers (int64) are divided by zero"},
      {[&] { i.div_(0, "trunc"); }, "div_: integers (int64) are divided by zero"},
      {[&] { a.div(a, "up"); }, "rounding_mode has to be \"trunc\", \"floor\" or none, got \"up\""},
      {[&] { (i > 1).fmod(i > 0); }, "fmod: bools cannot be divided"},
      {[&] { a& a; }, "bitwise_and: expected integers or bools, got float32"},
      {[&] { i.sin_(); }, "sin_: the result is float32 and cannot be stored in a tensor of int64"},
      {[&] { i.round(1); }, "round: expected a float32 or float64 tensor, got int64"},
      {[&] { (i > 1).floor(); }, "floor: bools cannot be rounded"},
      {[&] { a.clamp(Tensor(), Tensor()); }, "clamp: give a minimum, a maximum, or both"},
      {[&] { a.masked_fill(a > 0, b); }, "masked_fill: expected a value without dimensions"},
      {[&] { a.lerp(a, a.to(torch::kFloat64)); }, "lerp: expected one dtype"},
      {[&] { i.cumsum_(0, torch::kFloat32); }, "cumsum_: the result replaces a tensor of int64"},
      {[&] { i.logcumsumexp(0); }, "logcumsumexp: expected a float32 or float64 tensor"},
      {[&] { torch::tensor(1.0).diff(); }, "diff: expected a tensor of at least one dimension"},
      {[&] { a.topk(4); }, "topk: there are not 4 elements along dimension 1 of [2, 3]"},
      {[&] { a.kthvalue(0); }, "kthvalue: there is no element number 0"},
      {[&] {
         torch::empty({0, 3}).median(0);
       },
       "median: no element is in the middle of none"},
      {[&] {
         torch::bincount(torch::tensor({1, -1}));
       },
       "bincount: expected numbers from 0 on"},
      {[&] { a.trace().trace(); }, "trace: expected a matrix, got []"},
      {[&] { torch::inner(a, b); }, "inner: [2, 3] and [4] differ in their last sizes"},
      {[&] { i.addr(i, i, 0.5); }, "addr: alpha or beta is a fraction"},
      {[&] {
         torch::chain_matmul({a, a});
       },
       "chain_matmul: [2, 3] x [2, 3]"},
      {[&] { torch::tensordot(a, b, {0}, {0}); }, "tensordot: dimension 0 of [2, 3]"},
      {[&] {
         torch::tensordot(a, a, {0, 0}, {0, 0});
       },
       "tensordot: a dimension is summed twice"},
      {[&] {
         torch::einsum("ij", {a, a});
       },
       "has 1 operands, but 2 tensors were given"},
      {[&] { torch::einsum("i", {a}); }, "operand 0 has 1 letters, but the tensor is [2, 3]"},
      {[&] { torch::einsum("ii", {a}); }, "needs one size, got 2 and 3"},
      {[&] {
         torch::einsum("ij,ij", {a, a}, torch::IntArrayRef({0}));
       },
       "is of another length"},
      {[&] {
         torch::einsum("ij,ij", {a, a}, torch::IntArrayRef({0, 2}));
       },
       "is not there"},
      {[&] {
         torch::einsum("ij,ij", {a, a}, torch::IntArrayRef({1, 1}));
       },
       "one operand twice"},
      {[&] { (i > 1).bitwise_left_shift(i > 1); }, "bitwise_left_shift: bools have no bits"},
      {[&] { a.bitwise_right_shift(1); }, "bitwise_right_shift: expected integers or bools"},
      {[&] { torch::einsum("i1", {a}); }, "named by letters, not by '1'"},
      {[&] { torch::einsum("i..", {a}); }, "a term has at most one"},
      {[&] { torch::einsum("ij->ii", {a}); }, "the result has a letter twice"},
      {[&] { torch::einsum("ij->k", {a}); }, "the result has a letter that no operand has"},
      {[&] {
         torch::einsum("ij,jk", {a, a});
       },
       "the sizes 3 and 2 of one dimension"},
      {[&] {
         torch::einsum("i,i", {b, b.to(torch::kFloat64)});
       },
       "float32 and float64"},
  };
  for (const auto& [f, message] : wrong) {
    const std::string said = error_of(f);
    EXPECT_NE(said.find(message), std::string::npos) << said << "\nexpected: " << message;
  }
}

TEST(MathEdges, AnEinsumsPathDoesNotChangeItsValue) {
  const Tensor a = torch::arange(6, torch::kFloat64).view({2, 3}),
               b = torch::ones({3, 4}, torch::kFloat64);
  const Tensor c = torch::arange(8, torch::kFloat64).view({4, 2}),
               d = torch::arange(2, torch::kFloat64);
  const Tensor expected = a.mm(b).mm(c).mv(d);
  using Path = std::vector<int64_t>;
  for (const Path& path :
       {Path{0, 1, 0, 1, 0, 1}, Path{2, 3, 1, 2, 0, 1}, Path{0, 3, 0, 2, 1, 0}}) {
    EXPECT_TRUE(
        torch::einsum("ij,jk,kl,l->i", {a, b, c, d}, torch::IntArrayRef(path)).equal(expected));
  }
  EXPECT_TRUE(torch::einsum("ij->j", {a}, torch::IntArrayRef({0})).equal(a.sum(0)));
}

TEST(MathEdges, ShiftsByMorePlacesThanThereAre) {
  const Tensor x = torch::tensor({5, -5}), places = torch::tensor({{63}, {64}, {1000}, {-1}});
  EXPECT_TRUE(x.bitwise_left_shift(places).narrow(0, 1, 3).eq(0).all().item<bool>());
  EXPECT_TRUE(x.bitwise_right_shift(places).equal(torch::tensor({0, -1}).expand({4, 2})));
  const Tensor bytes = torch::tensor({255, 1}, torch::kUInt8);
  EXPECT_TRUE(bytes.bitwise_right_shift(8).eq(0).all().item<bool>());
  EXPECT_TRUE(bytes.bitwise_left_shift(7).equal(torch::tensor({128, 128}, torch::kUInt8)));
  EXPECT_TRUE(torch::bitwise_left_shift(1, torch::tensor({3, 62}))
                  .equal(torch::tensor({int64_t{8}, int64_t{1} << 62})));
}

TEST(MathEdges, LowestIntegersDoNotOverflow) {
  const int64_t lowest = std::numeric_limits<int64_t>::min();
  const Tensor x = torch::tensor({lowest, int64_t{7}});
  EXPECT_EQ(x.div(-1, "trunc")[0].item<int64_t>(), lowest);  // wraps around
  EXPECT_EQ(x.floor_divide(-1)[0].item<int64_t>(), lowest);
  EXPECT_EQ(x.fmod(-1)[0].item<int64_t>(), 0);
  EXPECT_EQ((x % -1)[0].item<int64_t>(), 0);
  EXPECT_EQ(x.cumsum(0)[1].item<int64_t>(), lowest + 7);
  EXPECT_EQ((x - 1).cumprod(0)[1].item<int64_t>(),
            static_cast<int64_t>((static_cast<uint64_t>(lowest) - 1) * 6));
}

// GCC 12 dropped elements of short rows of integers.
TEST(MathEdges, SumsAndProductsOfEveryLength) {
  for (const auto dtype : {torch::kUInt8, torch::kInt32, torch::kInt64, torch::kFloat32}) {
    for (int64_t n = 0; n < 40; ++n) {
      for (const int64_t step : {1, 2}) {
        const Tensor x = torch::arange(n * step, dtype).slice(0, 0, std::nullopt, step);
        EXPECT_EQ(x.sum().item<int64_t>(), step * n * (n - 1) / 2) << dtype << " " << n;
      }
      const Tensor twos = torch::full({n}, 2, dtype);
      EXPECT_EQ(twos.prod().item<int64_t>(), int64_t{1} << n) << dtype << " " << n;
      EXPECT_EQ(twos.slice(0, 0, 1).expand(n).prod().item<int64_t>(), n == 0 ? 1 : int64_t{1} << n);
    }
  }
}

TEST(MathEdges, SortIsStableAndAgreesWithTheDefinition) {
  torch::manual_seed(5);
  const Tensor x = torch::randint(0, 20, {30, 500, 2}, torch::kFloat32);
  for (const int64_t dim : {0, 1, 2}) {
    const auto [values, indices] = x.sort(dim, /*descending=*/true);
    const int64_t n = x.size(dim);
    const Tensor left = values.narrow(dim, 0, n - 1), right = values.narrow(dim, 1, n - 1);
    const Tensor ordered = indices.narrow(dim, 0, n - 1) < indices.narrow(dim, 1, n - 1);
    EXPECT_TRUE(((left > right) | ((left == right) & ordered)).all().item<bool>());
    EXPECT_TRUE(x.gather(dim, indices).equal(values));
    const auto [top, where] = x.topk(n / 2, dim);
    EXPECT_TRUE(top.equal(values.narrow(dim, 0, n / 2)));
    EXPECT_TRUE(where.equal(indices.narrow(dim, 0, n / 2)));
    const auto [middle, at] = x.median(dim);
    EXPECT_TRUE(middle.equal(std::get<0>(x.sort(dim)).select(dim, (n - 1) / 2)));
    EXPECT_TRUE(x.gather(dim, at.unsqueeze(dim)).squeeze(dim).equal(middle));
  }
}

TEST(MathEdges, RunningResultsDoNotDependOnTheLayout) {
  torch::manual_seed(6);
  const Tensor x = torch::randn({3, 700, 5}, torch::kFloat64);
  const auto along = [](const Tensor& t, int64_t d) {
    return std::vector<Tensor>{t.cumsum(d), t.cumprod(d), t.logcumsumexp(d),
                               std::get<0>(t.cummax(d)), std::get<1>(t.cummin(d))};
  };
  const auto straight = along(x, 1), turned = along(x.transpose(1, 2).contiguous(), 2),
             sliced = along(torch::cat({x, x}, 2).slice(2, 0, 5), 1);
  for (std::size_t i = 0; i < straight.size(); ++i) {
    EXPECT_TRUE(straight[i].equal(turned[i].transpose(1, 2))) << i;
    EXPECT_TRUE(straight[i].equal(sliced[i])) << i;
  }
  EXPECT_TRUE(x.cumsum(1).select(1, 699).allclose(x.sum(1), 1e-12, 1e-12));
  EXPECT_TRUE(x.logcumsumexp(1).select(1, 699).allclose(x.logsumexp(1), 1e-12, 1e-12));
}

TEST(MathEdges, ProductsBeyondFloat32InBetween) {
  const Tensor x = torch::tensor({1e30, 1e30, 1e-30, 1e-30}, torch::kFloat32);
  EXPECT_FLOAT_EQ(x.prod().item<float>(), 1.0F);
  EXPECT_FLOAT_EQ(x.cumprod(0)[3].item<float>(), 1.0F);
}

TEST(MathEdges, InPlaceFormsReachTheBase) {
  const Tensor base = torch::tensor({{4.0, 9.0}, {16.0, 25.0}}).requires_grad_();
  Tensor y = base * 1.0;
  y.select(0, 1).log2_();
  y.select(1, 0).masked_fill_(torch::tensor({true, false}), 3);
  y.sum().backward();
  const Tensor expected =
      torch::tensor({{0.0, 1.0}, {1 / (16 * std::numbers::ln2), 1 / (25 * std::numbers::ln2)}});
  EXPECT_TRUE(base.grad().allclose(expected, 1e-6));
  Tensor bits = torch::tensor({{1, 2}, {3, 4}});
  bits.select(1, 0) |= torch::tensor(8);
  bits &= torch::tensor({9, 6});
  EXPECT_TRUE(bits.equal(torch::tensor({{9, 2}, {9, 4}})));
  EXPECT_TRUE((~(bits > 4)).equal(bits <= 4));
}

TEST(MathEdges, ChainTakesTheCheapestOrder) {
  // ((a b) c) would make a 2000 x 2000 matrix; small integers, so that the result is exact.
  const Tensor a = torch::ones({2000, 1}), b = torch::ones({1, 2000}), c = torch::ones({2000, 1});
  EXPECT_TRUE(torch::chain_matmul({a, b, c}).equal(torch::full({2000, 1}, 2000.0)));
}

TEST(MathEdges, UniqueCountsEachNaN) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const auto [values, inverse, counts] =
      torch::_unique2(torch::tensor({nan, 1.0, nan, 1.0}), true, true, true);
  EXPECT_EQ(values.numel(), 3);
  EXPECT_TRUE(inverse.equal(torch::tensor({1, 0, 2, 0})));
  EXPECT_TRUE(counts.equal(torch::tensor({2, 1, 1})));
}

}  // namespace
