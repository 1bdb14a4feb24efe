// Index lists: what they give, what they share, and what they refuse. Mixtures of everything are in
// indexing_random_test.cpp.

#include "adjoint/ops/indexing.h"

#include <sstream>

#include <gmock/gmock.h>

#include "adjoint/adjoint.h"
#include "adjoint/autograd/gradcheck_gtest.h"
#include "adjoint/tests/support/error_of.h"

namespace torch = adjoint;

namespace adjoint {
namespace {

using indexing::Ellipsis;
using indexing::None;
using indexing::Slice;
using indexing::TensorIndex;
using test::error_of;
using ::testing::HasSubstr;

TEST(Indexing, LibtorchCodeCompiles) {
  using namespace torch::indexing;
  const torch::Tensor x = torch::arange(24).view({2, 3, 4});
  EXPECT_TRUE(x.index({0}).equal(x[0]));
  EXPECT_TRUE(x.index({"...", 0}).equal(x.select(2, 0)));
  EXPECT_TRUE(x.index({Ellipsis, Slice(1, None, 2)}).equal(x.slice(2, 1, std::nullopt, 2)));
  EXPECT_TRUE(x.index({None, Slice(), Slice(None, 2)}).equal(x.slice(1, 0, 2).unsqueeze(0)));
  EXPECT_TRUE(x.index({true}).equal(x.unsqueeze(0)));
  EXPECT_TRUE(x.index({x > 20}).equal(torch::tensor({21, 22, 23})));
  EXPECT_TRUE(x[torch::tensor({1, 1})].equal(torch::stack({x[1], x[1]})));
  EXPECT_TRUE(x[torch::tensor(-1)].equal(x[1]));
  const std::vector<TensorIndex> list = {1, Slice(-1)};
  EXPECT_TRUE(x.index(list).equal(x[1].slice(0, 2)));
  x.index_put_({0, Slice(), torch::tensor({0, 3})}, 7);
  EXPECT_EQ(x.index({0, 2, 3}).item<int64_t>(), 7);
  x.index_put_({Slice(), 0}, torch::tensor({5, 6, 7, 8}));
  EXPECT_EQ(x[1][0][3].item<int64_t>(), 8);
  std::ostringstream printed;
  printed << list << Slice(None, None, -1) << TensorIndex(None) << TensorIndex(false);
  EXPECT_EQ(printed.str(),
            "(1, -1:9223372036854775807:1)9223372036854775807:-9223372036854775808:-1Nonefalse");
}

TEST(Indexing, AMaskOfSeveralDimensionsTakesAsMany) {
  // Here PyTorch 1.13 counts one dimension; NumPy does not.
  const Tensor x = arange(24).view({2, 3, 4});
  const Tensor mask = tensor({{true, false, true}, {false, true, false}});
  const Tensor rows = tensor({0, 2, 4});  // of [6, 4]
  EXPECT_TRUE(x.index({mask, Slice(1, 3)}).equal(x.view({6, 4}).index({rows, Slice(1, 3)})));
  EXPECT_TRUE(x.index({mask, -1}).equal(x.view({6, 4}).index({rows, -1})));
  EXPECT_TRUE(x.index({mask, None}).equal(x.view({6, 4}).index({rows}).unsqueeze(1)));
  EXPECT_TRUE(x.index({mask.to(kUInt8)}).equal(x.index({mask})));
}

TEST(Indexing, NeedsAnIndex) {
  const Tensor x = zeros({2, 3});
  const std::string message = "index: the list of indices is empty; \"...\" means all elements";
  EXPECT_EQ(error_of([&] { x.index({}); }), message);
  EXPECT_EQ(error_of([&] { x.index(std::vector<TensorIndex>()); }), message);
  EXPECT_EQ(error_of([&] { x.index_put_({}, 1); }), message);
  EXPECT_EQ(error_of([&] { x.index_put_({}, x); }), message);
  EXPECT_TRUE(x[Scalar(1)].is_same_size(x[1]));
  EXPECT_EQ(error_of([&] { x[Scalar(1.5)]; }),
            "operator[]: expected an integer, got the float64 1.5");
}

TEST(Indexing, BasicIndicesGiveViewsAndOthersCopies) {
  const Tensor x = zeros({2, 3, 4});
  for (const Tensor& view :
       {x.index({1}), x.index({"..."}), x.index({None}), x.index({Slice(1)}), x.index({tensor(1)}),
        x.index({0, "...", Slice(0, 3, 2), None}), x[tensor(1)]}) {
    EXPECT_TRUE(view.is_view() && view.is_alias_of(x) && !view.is_same(x));
    EXPECT_TRUE(view._base().is_same(x));
  }
  x.index({1, "...", Slice(0, 3, 2)}).fill_(5);
  EXPECT_EQ(x.sum().item<double>(), 30);
  for (const Tensor& copy : {x.index({tensor({0})}), x.index({true}), x.index({x > 0}),
                             x.index({"...", tensor({0, 1})}), x.index({tensor(true)})}) {
    EXPECT_FALSE(copy.is_alias_of(x) || copy.is_view());
    EXPECT_TRUE(copy.is_contiguous());
  }
}

TEST(Indexing, ZeroDimensionalTensors) {
  const Tensor x = tensor(3.0);
  EXPECT_EQ(x.index({None}).sizes(), IntArrayRef({1}));
  EXPECT_EQ(x.index({true}).sizes(), IntArrayRef({1}));
  EXPECT_EQ(x.index({tensor(false)}).sizes(), IntArrayRef({0}));
  EXPECT_EQ(x.index({"..."}).dim(), 0);
  x.index_put_({x > 2}, 4);
  EXPECT_EQ(x.item<float>(), 4);
  x.index_put_({false}, 9);
  x.index_put_({"..."}, x + 1);
  EXPECT_EQ(x.item<float>(), 5);
}

TEST(Indexing, AValueIsConvertedBroadcastAndReadBeforeItIsOverwritten) {
  const Tensor x = arange(4).to(kFloat32);
  x.index_put_({tensor({0, 1, 2})}, x.slice(0, 1));  // from itself
  EXPECT_TRUE(x.equal(tensor({1.0, 2.0, 3.0, 3.0})));
  x.index_put_({tensor({3})}, tensor({{7}}));  // int64, a leading 1 more
  EXPECT_EQ(x[3].item<float>(), 7);
  const Tensor places = tensor({1, 2, 3, 0});
  places.index_put_({places}, tensor({0, 1, 2, 3}));  // indices that are being overwritten
  EXPECT_TRUE(places.equal(tensor({3, 0, 1, 2})));
  const Tensor y = zeros({2, 2}, kInt64);
  y.index_put_({tensor({1, 1, 1}), tensor({0, 1, 0})}, tensor({1, 2, 3}));
  EXPECT_TRUE(y.equal(tensor({{0, 0}, {3, 2}})));
}

TEST(Indexing, AccumulatingAddsAsOftenAsAnElementIsIndexed) {
  const Tensor rows = torch::tensor({0, 2, 0}), columns = torch::tensor({{1}, {-1}});
  const Tensor value = torch::arange(15, torch::kFloat64).view({3, 5});
  const Tensor grid = torch::arange(6, torch::kFloat64).view({2, 3});
  const Tensor expected = torch::ones({4, 5}, torch::kFloat64);
  for (const int64_t i : {0, 1, 2}) expected[rows[i].item<int64_t>()] += value[i];
  for (const int64_t i : {0, 1}) {
    for (const int64_t j : {0, 1, 2})
      expected[rows[j].item<int64_t>()][i == 0 ? 1 : 4] += grid[i][j];
  }
  expected.masked_fill_(expected > 20, 7);
  expected.add_(expected.eq(7));
  expected.select(1, 3).add_(torch::arange(4));

  const auto add = [&](const Tensor& x) {
    x.index_put_({rows}, value, true);
    x.index_put_({rows, columns}, grid, /*accumulate=*/true);
    x.masked_fill_(x > 20, 7);
    x.index_put_({x.eq(7)}, torch::ones({1}, torch::kFloat64), true);
    return x.index_put_({Slice(), 3}, torch::arange(4, torch::kFloat64), true);  // a view
  };
  EXPECT_TRUE(add(torch::ones({4, 5}, torch::kFloat64)).equal(expected));
  EXPECT_TRUE(add(torch::ones({5, 4}, torch::kFloat64).t()).equal(expected));
  const Tensor x = torch::zeros({3});
  EXPECT_TRUE(x.index_put({torch::tensor({1, 1})}, torch::ones({2}), true)
                  .equal(torch::tensor({0.F, 2.F, 0.F})));
  EXPECT_TRUE(index_put(x, {torch::tensor({1, 1})}, torch::ones({2}))
                  .equal(torch::tensor({0.F, 1.F, 0.F})));
  EXPECT_TRUE(x.equal(torch::zeros({3})));
}

TEST(Indexing, AccumulatingIsDifferentiable) {
  const Tensor rows = torch::tensor({0, 2, 0}), columns = torch::tensor({{1}, {3}});
  const auto leaf = [](IntArrayRef size) {
    return torch::arange(numel(size), torch::kFloat64).sin().view(size).requires_grad_();
  };
  const auto f = [&](const autograd::variable_list& in) -> autograd::variable_list {
    const Tensor x = in[0] * 2;
    x.index_put_({rows}, in[1], true);
    x.index_put_({rows, columns}, in[2] * in[2], true);
    x.index_put_({Slice(), 3}, in[1].select(1, 0)[0], true);
    return {x * x};
  };
  const autograd::variable_list inputs{leaf({3, 4}), leaf({3, 4}), leaf({2, 3})};
  EXPECT_GRADCHECK(f, inputs);
  EXPECT_GRADGRADCHECK(f, inputs);
}

TEST(Indexing, ABufferGetsAPlaceInTheGraph) {
  const Tensor w = tensor({1.0, 2.0}, kFloat64).requires_grad_();
  const Tensor buffer = zeros({3, 2}, kFloat64), row = buffer[2];
  for (int64_t i = 0; i < 2; ++i) buffer.index_put_({tensor({i, i + 1})}, w * (i + 1.0));
  EXPECT_TRUE(buffer.equal(tensor({{1.0, 2.0}, {2.0, 4.0}, {2.0, 4.0}}, kFloat64)));
  EXPECT_TRUE(row.requires_grad());
  (buffer * buffer).sum().backward(Tensor(), /*retain_graph=*/true);
  EXPECT_TRUE(w.grad().equal(tensor({18.0, 36.0}, kFloat64)));
  row.sum().backward();
  EXPECT_TRUE(w.grad().equal(tensor({20.0, 38.0}, kFloat64)));
}

TEST(Indexing, ChangesOfAnIndexBeforeBackwardAreNoticed) {
  const Tensor x = ones({3}).requires_grad_(), list = tensor({0, 1});
  const Tensor y = x.index({list}).sum();
  list.fill_(2);
  EXPECT_THAT(error_of([&] { y.backward(); }), HasSubstr("in place"));
}

TEST(Indexing, Errors) {
  const Tensor x = zeros({2, 3});
  const auto message = [&](std::vector<TensorIndex> indices) {
    return error_of([&] { x.index(indices); });
  };
  EXPECT_THAT(message({0, 0, 0}), HasSubstr("index: 3 indices for a tensor of 2 dimensions"));
  EXPECT_THAT(message({"...", "..."}), HasSubstr("index: more than one ellipsis"));
  EXPECT_THAT(message({0, 3}),
              HasSubstr("index: index 3 is out of range for dimension 1 of size 3"));
  EXPECT_THAT(message({tensor({0, 2})}),
              HasSubstr("index: index 2 is out of range for a dimension of size 2"));
  EXPECT_THAT(message({tensor({-3})}), HasSubstr("index: index -3 is out of range"));
  EXPECT_THAT(message({tensor({0.5})}), HasSubstr("are int64, int32 or bool, got float32"));
  EXPECT_THAT(message({tensor(0.5)}), HasSubstr("are int64, int32 or bool, got float32"));
  EXPECT_THAT(message({Slice(), tensor({true, false})}),
              HasSubstr("a mask of shape [2] does not fit: its dimension 0 is of size 2, the "
                        "tensor's dimension 1 of size 3"));
  EXPECT_THAT(message({tensor({0, 1}), tensor({0, 1, 2})}), HasSubstr("do not broadcast"));
  EXPECT_THAT(message({Slice(None, None, -1)}), HasSubstr("must be positive, got -1; use flip"));
  EXPECT_THAT(message({Tensor()}), HasSubstr("undefined"));
  EXPECT_THAT(error_of([] { Slice(0, 1, 0); }), HasSubstr("the step cannot be 0"));
  EXPECT_THAT(error_of([] { TensorIndex(".."); }), HasSubstr("got \"..\""));
  EXPECT_THROW(x.index({5}), IndexError);
  EXPECT_THROW(tensor(1).index({0}), IndexError);
  EXPECT_THAT(error_of([&] {
                x.index_put_({tensor({0, 1}), Slice(1)}, zeros({3}));
              }),
              HasSubstr("a value of shape [3] does not broadcast to the indexed shape [2, 2]"));
  EXPECT_THAT(error_of([&] { x.index_put_({0}, zeros({2})); }), HasSubstr("does not broadcast"));
  EXPECT_THAT(error_of([&] {
                x.expand({4, 2, 3}).index_put_({tensor({0})}, 1);
              }),
              HasSubstr("expanded"));
  const Tensor leaf = zeros({2}).requires_grad_();
  EXPECT_THAT(error_of([&] { leaf.index_put_({tensor({0})}, 1); }), HasSubstr("leaf"));
  EXPECT_EQ(leaf[0].item<float>(), 0);
}

}  // namespace
}  // namespace adjoint
