// transpose_, squeeze_ and the like: a tensor becomes its view, and keeps memory, versions and
// gradients in step with all that share them.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "adjoint/adjoint.h"
#include "adjoint/autograd/gradcheck_gtest.h"
#include "adjoint/tests/ops/random_values.h"
#include "adjoint/tests/support/error_of.h"

namespace torch = adjoint;
using adjoint::reals;
using adjoint::Tensor;
using adjoint::autograd::variable_list;
using adjoint::test::error_of;
using ::testing::StartsWith;

namespace {

struct Pair {
  const char* name;
  Tensor& (*in_place)(const Tensor&);
  Tensor (*view)(const Tensor&);
};

const std::vector<Pair>& pairs() {
  static const std::vector<Pair> all{
      {"transpose_", [](const Tensor& x) -> Tensor& { return x.transpose_(0, -1); },
       [](const Tensor& x) { return x.transpose(0, -1); }},
      {"swapaxes_", [](const Tensor& x) -> Tensor& { return x.swapaxes_(0, 1); },
       [](const Tensor& x) { return x.swapaxes(0, 1); }},
      {"swapdims_", [](const Tensor& x) -> Tensor& { return x.swapdims_(1, 0); },
       [](const Tensor& x) { return x.swapdims(1, 0); }},
      {"squeeze_", [](const Tensor& x) -> Tensor& { return x.squeeze_(); },
       [](const Tensor& x) { return x.squeeze(); }},
      {"squeeze_ 1", [](const Tensor& x) -> Tensor& { return x.squeeze_(1); },
       [](const Tensor& x) { return x.squeeze(1); }},
      {"unsqueeze_", [](const Tensor& x) -> Tensor& { return x.unsqueeze_(-2); },
       [](const Tensor& x) { return x.unsqueeze(-2); }},
      {"as_strided_",
       [](const Tensor& x) -> Tensor& {
         return x.as_strided_({2, 3}, {1, 4});
       },
       [](const Tensor& x) {
         return x.as_strided({2, 3}, {1, 4});
       }},
  };
  return all;
}

TEST(ViewInPlace, IsTheViewInTheSameMemory) {
  for (const Pair& pair : pairs()) {
    const Tensor x = reals({3, 1, 4}, torch::kFloat32), expected = pair.view(x.clone());
    void* const memory = x.data_ptr();
    EXPECT_TRUE(pair.in_place(x).is_same(x)) << pair.name;
    EXPECT_EQ(x.data_ptr(), memory) << pair.name;
    EXPECT_TRUE(x.equal(expected)) << pair.name;
    EXPECT_EQ(x.strides(), expected.strides()) << pair.name;
    EXPECT_EQ(x.is_contiguous(), expected.is_contiguous()) << pair.name;
    EXPECT_EQ(x._version(), 1) << pair.name;
  }
  EXPECT_EQ(torch::ones({2, 3}).t_().sizes(), torch::IntArrayRef({3, 2}));
  EXPECT_EQ(torch::ones({2}).t_().sizes(), torch::IntArrayRef({2}));
  EXPECT_EQ(torch::arange(6).view({2, 3}).t_().sum(1).numel(), 3);  // integers too
}

TEST(ViewInPlace, IsDifferentiable) {
  for (const Pair& pair : pairs()) {
    const auto f = [&pair](const variable_list& in) -> variable_list {
      const Tensor x = in[0] * 2;
      pair.in_place(x);
      return {x * x};
    };
    const variable_list inputs{reals({3, 1, 4}, torch::kFloat64).requires_grad_()};
    EXPECT_GRADCHECK(f, inputs) << pair.name;
    EXPECT_GRADGRADCHECK(f, inputs) << pair.name;
  }
}

/// With views of the tensor that changes, made before and after, and changes through all of them.
TEST(ViewInPlace, OfABaseWithViews) {
  const auto f = [](const variable_list& in) -> variable_list {
    const Tensor base = in[0] * 3;
    const Tensor before = base[0];
    base.t_();
    const Tensor after = base.select(0, 1);
    before.mul_(in[0][1]);
    after.add_(in[0].select(1, 2));
    base[2].mul_(base[1].clone());
    return {base * 2, before * before, after.exp()};
  };
  const auto out_of_place = [](const variable_list& in) -> variable_list {
    Tensor base = in[0] * 3;
    base = torch::stack({base[0] * in[0][1], base[1]});
    base = base + torch::stack({torch::zeros({2}, torch::kFloat64), in[0].select(1, 2),
                                torch::zeros({2}, torch::kFloat64)},
                               1);
    base = base.t();
    base = torch::stack({base[0], base[1], base[2] * base[1]});
    return {base * 2, base.select(1, 0) * base.select(1, 0), base[1].exp()};
  };
  const variable_list inputs{reals({2, 3}, torch::kFloat64).requires_grad_()};
  const variable_list got = f(inputs), expected = out_of_place(inputs);
  for (std::size_t i = 0; i < got.size(); ++i) {
    EXPECT_TRUE(got[i].allclose(expected[i], 1e-14, 1e-14)) << i;
  }
  EXPECT_GRADCHECK(f, inputs);
  EXPECT_GRADGRADCHECK(f, inputs);
}

TEST(ViewInPlace, OfAView) {
  const auto f = [](const variable_list& in) -> variable_list {
    const Tensor base = in[0] * 3;
    const Tensor view = base.narrow(1, 1, 2);
    view.transpose_(0, 1).unsqueeze_(0);
    view.mul_(in[0].narrow(1, 0, 2).t());
    return {base * 2, view.exp()};
  };
  const variable_list inputs{reals({2, 3}, torch::kFloat64).requires_grad_()};
  const Tensor x = inputs[0];
  const Tensor expected =
      torch::cat({x.narrow(1, 0, 1) * 3, x.narrow(1, 1, 2) * 3 * x.narrow(1, 0, 2)}, 1);
  EXPECT_TRUE(f(inputs)[0].allclose(expected * 2, 1e-14, 1e-14));
  EXPECT_TRUE(f(inputs)[1].allclose(expected.narrow(1, 1, 2).t().unsqueeze(0).exp(), 1e-14));
  EXPECT_GRADCHECK(f, inputs);
  EXPECT_GRADGRADCHECK(f, inputs);

  const Tensor plain = torch::zeros({2, 3}), part = plain[0];  // whose base does not require grad
  part.unsqueeze_(0);
  part.add_(x.detach().to(torch::kFloat32)[0].requires_grad_());
  EXPECT_TRUE(plain.requires_grad());
  EXPECT_TRUE(plain[0].equal(x[0].to(torch::kFloat32)));
}

TEST(ViewInPlace, AsStridedShowsOtherElements) {
  const Tensor x = torch::arange(6).view({2, 3}), row = x[1];
  x.as_strided_({2, 2}, {1, 2}, 1);
  EXPECT_TRUE(x.equal(torch::tensor({{1, 3}, {2, 4}})));
  EXPECT_EQ(x.numel(), 4);
  x.fill_(9);
  EXPECT_TRUE(row.equal(torch::tensor({9, 9, 5})));
  EXPECT_THROW(x.as_strided_({7}, {1}, 0), adjoint::Error);
  EXPECT_THROW(x.as_strided_({2}, {1, 1}), adjoint::Error);
}

TEST(Resize, KeepsWhatIsInMemory) {
  const Tensor x = torch::arange(6.0);
  void* const memory = x.data_ptr();
  EXPECT_TRUE(x.resize_({2, 2}).is_same(x));
  EXPECT_TRUE(x.equal(torch::tensor({{0.0, 1.0}, {2.0, 3.0}})));
  EXPECT_EQ(x.data_ptr(), memory);
  EXPECT_TRUE(x.resize_({6}).equal(torch::arange(6.0)));
  x.resize_({400, 3}).select(0, 399).fill_(1);  // new memory
  EXPECT_EQ(x.sizes(), torch::IntArrayRef({400, 3}));
  EXPECT_TRUE(x.slice(0, 0, 2).flatten().equal(torch::arange(6.0)));
  EXPECT_EQ(x.resize_({0, 4}).numel(), 0);
  EXPECT_EQ(x.resize_as_(torch::ones({3, 1})).sizes(), torch::IntArrayRef({3, 1}));

  const Tensor transposed = torch::arange(6).view({2, 3}).t().resize_({3, 2});
  EXPECT_EQ(transposed.strides(), torch::IntArrayRef({1, 3}));  // the same size: nothing happens
  EXPECT_TRUE(transposed.resize_({2, 2}).equal(torch::tensor({{0, 1}, {2, 3}})));
  EXPECT_TRUE(transposed.is_contiguous());

  const Tensor base = torch::arange(6), part = base.slice(0, 2, 4);
  EXPECT_TRUE(part.resize_({3}).equal(torch::tensor({2, 3, 4})));
  part.zero_();
  EXPECT_EQ(base.sum().item<int>(), 6);
}

TEST(Resize, WithinAnOffset) {  // and nobody else holds the memory
  const Tensor part = torch::arange(6).slice(0, 4, 6).detach();
  part.resize_({2, 2});
  EXPECT_EQ(part.storage_offset(), 4);
  EXPECT_TRUE(part[0].equal(torch::tensor({4, 5})));
  part[1].fill_(7);
  EXPECT_EQ(part.sum().item<int>(), 23);
}

TEST(Resize, Errors) {
  const Tensor x = torch::zeros({2}), shared = x.view({2, 1});
  EXPECT_EQ(error_of([&] { x.resize_({3}); }),
            "resize_: [3] has 3 elements, the memory 2 from this tensor's first one on, and it is "
            "shared with other tensors or not Adjoint's own; resize a clone()");
  EXPECT_EQ(x.sizes(), torch::IntArrayRef({2}));
  float memory[] = {1, 2};
  const Tensor foreign = torch::from_blob(memory, {2});
  EXPECT_THAT(error_of([&] { foreign.resize_({3}); }), StartsWith("resize_: [3] has 3 elements"));
  EXPECT_EQ(foreign.resize_({1}).item<float>(), 1);
  EXPECT_THAT(error_of([&] { torch::zeros({2}).requires_grad_().resize_({1}); }),
              StartsWith("resize_: the tensor (shape [2], float32) requires grad"));
  EXPECT_THROW(torch::zeros({2}).resize_({-1}), adjoint::Error);
  EXPECT_THROW(torch::zeros({2}).resize_({int64_t{1} << 62, 2}), adjoint::Error);
  EXPECT_THROW(torch::zeros({2}).slice(0, 1).resize_({std::numeric_limits<int64_t>::max()}),
               adjoint::Error);
  // What was saved for backward keeps the memory.
  const Tensor w = torch::ones({2}).requires_grad_();
  const Tensor y = w * x;
  EXPECT_THAT(error_of([&] { x.resize_({9}); }), StartsWith("resize_: [9]"));
}

TEST(ViewInPlace, RetainedGradientsAndHooks) {
  const Tensor leaf = torch::ones({2, 3}).requires_grad_(), x = leaf * 2;
  x.retain_grad();
  x.t_();
  const Tensor upstream = torch::arange(6, torch::kFloat32).view({3, 2});
  x.backward(upstream);
  EXPECT_TRUE(x.grad().equal(upstream));
  EXPECT_TRUE(leaf.grad().equal(upstream.t() * 2));
}

TEST(ViewInPlace, Errors) {
  const Tensor leaf = torch::ones({2, 3}).requires_grad_();
  EXPECT_THAT(error_of([&] { leaf.t_(); }), StartsWith("t_: a leaf tensor that requires grad"));
  EXPECT_THAT(error_of([&] { leaf[0].unsqueeze_(0); }), StartsWith("unsqueeze_: a view"));
  {
    const adjoint::NoGradGuard no_grad;
    EXPECT_THAT(error_of([&] { leaf.t_(); }), StartsWith("t_: a leaf tensor that requires grad"));
  }
  EXPECT_EQ(leaf.sizes(), torch::IntArrayRef({2, 3}));
  EXPECT_EQ(error_of([] {
              torch::ones({2, 2, 2}).t_();
            }),
            "t_: expected a tensor of at most 2 dimensions, got shape [2, 2, 2], float32; use "
            "transpose_(d0, d1)");
  const Tensor x = leaf * 1, y = x.exp();  // exp's output is saved
  y.unsqueeze_(0);
  EXPECT_THAT(error_of([&] { y.sum().backward(); }), ::testing::HasSubstr("in place"));
}

}  // namespace
