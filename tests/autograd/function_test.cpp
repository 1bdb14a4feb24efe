// Custom Functions: libtorch's interface, and that wrong uses are errors.

#include "adjoint/autograd/function.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "adjoint/adjoint.h"
#include "adjoint/autograd/gradcheck_gtest.h"
#include "adjoint/tests/support/error_of.h"

namespace adjoint {
namespace {

namespace torch = adjoint;
using test::error_of;
using ::testing::HasSubstr;
using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::tensor_list;
using torch::autograd::variable_list;

Tensor leaf(const std::vector<double>& values) {
  return tensor(ArrayRef<double>(values), TensorOptions(kFloat64)).requires_grad_();
}
std::vector<double> values(const Tensor& t) {
  const Tensor dense = t.detach().contiguous();
  const double* p = dense.data_ptr<double>();
  return {p, p + dense.numel()};
}
using V = std::vector<double>;

/// libtorch's tutorial: x + factor * (w * y), with all kinds of arguments in between.
struct Mixed : Function<Mixed> {
  static variable_list forward(AutogradContext* ctx, Tensor x, double factor, Tensor w,
                               std::optional<Tensor> y, std::string note, bool twice) {
    ctx->save_for_backward({w, y.value_or(Tensor())});
    ctx->saved_data["factor"] = factor;
    ctx->saved_data["note"] = note;
    ctx->saved_data["twice"] = twice;
    ctx->saved_data["shape"] = x.sizes();
    return {x + factor * (y ? w * *y : w)};
  }
  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const auto saved = ctx->get_saved_variables();
    const double factor = ctx->saved_data["factor"].toDouble();
    EXPECT_EQ(ctx->saved_data["note"].toStringRef(), "note");
    EXPECT_TRUE(ctx->saved_data["twice"].toBool());
    EXPECT_EQ(ctx->saved_data["shape"].toIntVector(), (std::vector<int64_t>{2}));
    const Tensor g = grads[0] * factor;
    return {grads[0],
            Tensor(),
            saved[1].defined() ? g * saved[1] : g,
            saved[1].defined() ? g * saved[0] : Tensor(),
            Tensor(),
            Tensor()};
  }
};

TEST(Function, TakesAnyMixOfArguments) {
  const Tensor x = leaf({1, 2}), w = leaf({3, 4}), y = leaf({5, 6});
  const auto out = Mixed::apply(x, 2.0, w, y, std::string("note"), true);
  EXPECT_EQ(values(out[0]), (V{31, 50}));
  EXPECT_EQ(out[0].grad_fn()->next_edges().size(), 3u);
  EXPECT_THAT(out[0].grad_fn()->name(), HasSubstr("Mixed"));
  out[0].sum().backward();
  EXPECT_EQ(values(x.grad()), (V{1, 1}));
  EXPECT_EQ(values(w.grad()), (V{10, 12}));
  EXPECT_EQ(values(y.grad()), (V{6, 8}));
  // Without the optional tensor.
  w.mutable_grad().reset();
  Mixed::apply(x, 2.0, w, std::nullopt, std::string("note"), true)[0].sum().backward();
  EXPECT_EQ(values(w.grad()), (V{2, 2}));
  // Without anything to differentiate nothing is recorded, and so where recording is off.
  EXPECT_FALSE(Mixed::apply(x.detach(), 2.0, w.detach(), y.detach(), std::string("note"), true)[0]
                   .requires_grad());
  const NoGradGuard no_grad;
  EXPECT_FALSE(Mixed::apply(x, 2.0, w, y, std::string("note"), true)[0].requires_grad());
}

/// exp, which saves its output, with a differentiable backward.
struct Exp : Function<Exp> {
  static Tensor forward(AutogradContext* ctx, const Tensor& x) {
    EXPECT_FALSE(GradMode::is_enabled());
    const Tensor y = x.exp();
    ctx->save_for_backward({y});
    return y;
  }
  static tensor_list backward(AutogradContext* ctx, tensor_list grads) {
    return {grads[0] * ctx->get_saved_variables()[0]};
  }
};

TEST(Function, IsDifferentiableAnyNumberOfTimes) {
  const Tensor x = leaf({0.5, -1.0, 0.1});
  const auto f = [](const Tensor& t) { return Exp::apply(t); };
  EXPECT_GRADCHECK(f, {x});
  EXPECT_GRADGRADCHECK(f, {x});
  Tensor d = Exp::apply(x);
  for (int order = 0; order < 4; ++order) {
    d = autograd::grad({d.sum()}, {x}, {}, {}, /*create_graph=*/true)[0];
    EXPECT_TRUE(d.equal(x.exp()));
  }
}

TEST(Function, SavedOutputsMakeNoCycle) {
  std::weak_ptr<TensorImpl> watched;
  {
    const Tensor y = Exp::apply(leaf({1}));
    watched = y.impl_ptr();
    EXPECT_EQ(y.grad_fn()->saved().size(), 1u);
    EXPECT_TRUE(y.grad_fn()->saved()[0].is_output);
  }
  EXPECT_TRUE(watched.expired());
}

TEST(Function, SavedTensorsAreGuarded) {
  const Tensor x = leaf({1});
  const Tensor y = Exp::apply(x);
  y.backward();
  EXPECT_THAT(error_of([&] { y.backward(); }),
              AllOf(HasSubstr("Exp"), HasSubstr("second time"), HasSubstr("retain_graph=true")));
  const Tensor z = Exp::apply(x);
  z.detach().add_(1);
  EXPECT_THAT(error_of([&] { z.backward(); }),
              AllOf(HasSubstr("Exp"), HasSubstr("changed in place")));
}

/// Two outputs and an integer one; says which inputs need a gradient and which outputs got one.
struct Split : Function<Split> {
  static variable_list forward(AutogradContext* ctx, Tensor a, Tensor b, bool materialize) {
    ctx->set_materialize_grads(materialize);
    const Tensor whole = (a * b).to(kInt64), constant = a * 7;
    ctx->mark_non_differentiable({constant});
    ctx->save_for_backward({a, b});
    return {a * 2, whole, b * 3, constant};
  }
  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    defined = {grads[0].defined(), grads[1].defined(), grads[2].defined(), grads[3].defined()};
    needs = {ctx->needs_input_grad(0), ctx->needs_input_grad(1)};
    either = ctx->needs_input_grad({{0, 2}});
    return {grads[0].defined() ? grads[0] * 2 : Tensor(),
            grads[2].defined() ? grads[2] * 3 : Tensor(), Tensor()};
  }
  static inline std::vector<bool> defined, needs;
  static inline bool either;
};

TEST(Function, SeveralOutputs) {
  const Tensor a = leaf({1, 2}), b = leaf({3, 4});
  auto out = Split::apply(a, b, true);
  EXPECT_TRUE(out[0].requires_grad());
  EXPECT_FALSE(out[1].requires_grad());
  EXPECT_TRUE(out[2].requires_grad());
  EXPECT_FALSE(out[3].requires_grad());
  EXPECT_EQ(out[2].output_nr(), 2u);
  (out[0] + out[2] * 10).sum().backward();
  EXPECT_EQ(values(a.grad()), (V{2, 2}));
  EXPECT_EQ(values(b.grad()), (V{30, 30}));
  EXPECT_EQ(Split::needs, (std::vector<bool>{true, true}));
}

TEST(Function, UnusedOutputsGetZerosOrNothing) {
  const Tensor a = leaf({1, 2}), b = leaf({3, 4});
  Split::apply(a, b, true)[0].sum().backward();
  EXPECT_EQ(Split::defined, (std::vector<bool>{true, true, true, true}));
  EXPECT_EQ(values(b.grad()), (V{0, 0}));
  b.mutable_grad().reset();
  Split::apply(a, b, false)[0].sum().backward();
  EXPECT_EQ(Split::defined, (std::vector<bool>{true, false, false, false}));
  EXPECT_FALSE(b.grad().defined());
}

TEST(Function, NeedsInputGrad) {
  const Tensor a = leaf({1, 2}), b = leaf({3, 4});
  Split::apply(a, b.detach(), true)[0].sum().backward();
  EXPECT_EQ(Split::needs, (std::vector<bool>{true, false}));
  const Tensor y = Split::apply(a, b, true)[2].sum();
  autograd::grad({y}, {b});
  EXPECT_EQ(Split::needs, (std::vector<bool>{false, true}));
  EXPECT_TRUE(Split::either);
}

/// Doubles its first argument in place.
struct Double_ : Function<Double_> {
  static Tensor forward(AutogradContext* ctx, Tensor x, bool mark, bool give_back) {
    x.mul_(2);
    if (mark) ctx->mark_dirty({x});
    return give_back ? x : x * 1;
  }
  static variable_list backward(AutogradContext*, variable_list grads) {
    return {grads[0] * 2, Tensor(), Tensor()};
  }
};

TEST(Function, InPlace) {
  const Tensor x = leaf({1, 2, 3});
  const Tensor y = x * x;
  const Tensor before = y;
  const Tensor z = Double_::apply(y, true, true);
  EXPECT_TRUE(z.is_same(before));
  EXPECT_EQ(values(y), (V{2, 8, 18}));
  EXPECT_EQ(y._version(), 2);  // counted by mul_, and once more by mark_dirty
  (y * z).sum().backward();    // 4 x^4
  EXPECT_EQ(values(x.grad()), (V{16, 16 * 8, 16 * 27}));
}

TEST(Function, InPlaceOnAView) {
  const Tensor x = leaf({1, 2, 3, 4});
  const Tensor base = x * 1;
  const Tensor part = base.slice(0, 1, 3);
  Double_::apply(part, true, true);
  EXPECT_EQ(values(base), (V{1, 4, 6, 4}));
  (base * base).sum().backward();
  EXPECT_EQ(values(x.grad()), (V{2, 2 * 4 * 2, 2 * 6 * 2, 8}));
  // The view has followed.
  const Tensor x2 = leaf({1, 2});
  const Tensor base2 = x2 * 1, view = base2.view({2, 1});
  Double_::apply(view, true, true);
  (view * view).sum().backward();
  EXPECT_EQ(values(x2.grad()), (V{8, 16}));
}

/// exp in place, which saves what it returns.
struct Exp_ : Function<Exp_> {
  static Tensor forward(AutogradContext* ctx, Tensor x) {
    x.copy_(x.exp());
    ctx->mark_dirty({x});
    ctx->save_for_backward({x});
    return x;
  }
  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    return {grads[0] * ctx->get_saved_variables()[0]};
  }
};

TEST(Function, InPlaceSavesItsOutputWithoutACycle) {
  std::weak_ptr<autograd::Node> node;
  for (const bool through_view : {false, true}) {
    const Tensor x = leaf({1, 2});
    {
      const Tensor y = x * 1;
      Exp_::apply(through_view ? y.view({2, 1}) : y);
      node = y.grad_fn();
      const Tensor d = autograd::grad({y.sum()}, {x}, {}, {}, /*create_graph=*/true)[0];
      EXPECT_TRUE(d.allclose(x.exp()));
      EXPECT_TRUE(autograd::grad({d.sum()}, {x}, {}, true)[0].allclose(x.exp()));
    }
    EXPECT_TRUE(node.expired());
  }
}

TEST(Function, InPlaceWrongUses) {
  const Tensor x = leaf({1, 2});
  EXPECT_THAT(error_of([&] { Double_::apply(x, true, true); }), HasSubstr("leaf"));
  EXPECT_THAT(error_of([&] { Double_::apply(x * 1, true, false); }),
              AllOf(HasSubstr("Double_"), HasSubstr("marked dirty, but is not returned")));
  struct Stranger : Function<Stranger> {
    static Tensor forward(AutogradContext* ctx, Tensor x) {
      const Tensor other = x * 2;
      ctx->mark_dirty({other});
      return other;
    }
    static variable_list backward(AutogradContext*, variable_list grads) { return grads; }
  };
  EXPECT_THAT(error_of([&] { Stranger::apply(x); }), HasSubstr("no input was marked dirty"));
  // What was saved by others before notices the change.
  const Tensor y = x * 1;
  const Tensor z = y * y;
  Double_::apply(y, true, true);
  EXPECT_THAT(error_of([&] { z.sum().backward(); }), HasSubstr("changed in place"));
}

/// Returns its input as it is.
struct Same : Function<Same> {
  static Tensor forward(AutogradContext*, Tensor x) { return x; }
  static variable_list backward(AutogradContext*, variable_list grads) { return {grads[0] * 5}; }
};
struct Row : Function<Row> {
  static Tensor forward(AutogradContext*, Tensor x, Tensor) { return x[0]; }
  static variable_list backward(AutogradContext*, variable_list grads) {
    return {Tensor(), grads[0]};
  }
};

TEST(Function, InputReturnedAsOutput) {
  const Tensor x = leaf({1, 2});
  const Tensor y = Same::apply(x);
  EXPECT_FALSE(y.is_same(x));
  EXPECT_EQ(y.data_ptr(), x.data_ptr());
  EXPECT_TRUE(x.is_leaf());
  y.sum().backward();
  EXPECT_EQ(values(x.grad()), (V{5, 5}));
  EXPECT_THROW(Same::apply(x).mul_(2), Error);
  EXPECT_THROW(Same::apply(x * 1).mul_(2), Error);
  {
    const NoGradGuard no_grad;
    EXPECT_FALSE(Same::apply(x).requires_grad());
  }
  // A view of an input that needs no gradient, with one of another input.
  const Tensor plain = ones({2, 2}, kFloat64);
  const Tensor row = Row::apply(plain, x);
  EXPECT_TRUE(row.requires_grad());
  EXPECT_THROW(row.mul_(2), Error);
  EXPECT_THROW(row.mul_(x), Error);
}

template <int kReturned, bool kForTheNumber = false>
struct Wrong : Function<Wrong<kReturned, kForTheNumber>> {
  static Tensor forward(AutogradContext*, Tensor x, Tensor y, int) { return x + y; }
  static variable_list backward(AutogradContext*, variable_list grads) {
    variable_list result(kReturned);
    result[0] = grads[0];
    if (kForTheNumber) result[2] = grads[0];
    return result;
  }
};

TEST(Function, WrongNumberOfGradients) {
  const Tensor x = leaf({1}), y = leaf({2});
  EXPECT_THAT(error_of([&] { Wrong<2>::apply(x, y, 1).backward(); }),
              AllOf(HasSubstr("Wrong<2"), HasSubstr("2 gradients for 3 arguments")));
  EXPECT_THAT(error_of([&] { Wrong<3, true>::apply(x, y, 1).backward(); }),
              HasSubstr("gradient for argument 2 of forward, which is no tensor"));
  Wrong<5>::apply(x, y, 1).backward();  // what is too much is undefined
  EXPECT_EQ(values(x.grad()), (V{1}));
  EXPECT_FALSE(y.grad().defined());
}

struct BadShape : Function<BadShape> {
  static Tensor forward(AutogradContext*, Tensor x) { return x * 1; }
  static variable_list backward(AutogradContext*, variable_list) { return {zeros({5}, kFloat64)}; }
};
TEST(Function, GradientOfAWrongShapeIsNamed) {
  EXPECT_THAT(error_of([&] {
                BadShape::apply(leaf({1, 2})).sum().backward();
              }),
              AllOf(HasSubstr("BadShape"), HasSubstr("[5]"), HasSubstr("[2]")));
}

/// A list of tensors; a plain vector is not looked into, as in libtorch.
struct Sum : Function<Sum> {
  static Tensor forward(AutogradContext* ctx, TensorList list, std::vector<Tensor> constants) {
    ctx->saved_data["count"] = static_cast<int64_t>(list.size());
    Tensor sum = constants[0];
    for (const Tensor& t : list) sum = sum + t;
    return sum;
  }
  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    variable_list result(static_cast<std::size_t>(ctx->saved_data["count"].toInt()), grads[0]);
    result.emplace_back();
    return result;
  }
};
TEST(Function, ListsOfTensors) {
  const Tensor a = leaf({1}), b = leaf({2});
  const variable_list list = {a, b, a};
  const Tensor y = Sum::apply(TensorList(list), variable_list{ones({1}, kFloat64)});
  EXPECT_EQ(values(y), (V{5}));
  y.backward();
  EXPECT_EQ(values(a.grad()), (V{2}));
  EXPECT_EQ(values(b.grad()), (V{1}));
}

/// Computes its gradient by running backward on a graph of its own.
struct Reentrant : Function<Reentrant> {
  static Tensor forward(AutogradContext* ctx, Tensor x, int depth) {
    ctx->save_for_backward({x});
    ctx->saved_data["depth"] = depth;
    return x * x;
  }
  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const int64_t depth = ctx->saved_data["depth"].toInt();
    const AutoGradMode recording(true);
    const Tensor x = ctx->get_saved_variables()[0].detach().requires_grad_();
    const Tensor y = depth > 0 ? Reentrant::apply(x, static_cast<int>(depth) - 1) : x * x;
    y.sum().backward();
    return {grads[0] * x.grad(), Tensor()};
  }
};
TEST(Function, BackwardWithinBackward) {
  const Tensor x = leaf({3, 4});
  (Reentrant::apply(x, 40) * 2).sum().backward();
  EXPECT_EQ(values(x.grad()), (V{12, 16}));
  EXPECT_TRUE(GradMode::is_enabled());
}
TEST(Function, BackwardWithinBackwardToAnyDepth) {  // further than one stack would hold
  const Tensor x = leaf({3, 4});
  (Reentrant::apply(x, 8000) * 2).sum().backward();
  EXPECT_EQ(values(x.grad()), (V{12, 16}));
}

struct ThrowsAtTheBottom : Function<ThrowsAtTheBottom> {
  static Tensor forward(AutogradContext* ctx, Tensor x, int depth) {
    ctx->saved_data["depth"] = depth;
    return x * 1;
  }
  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const int64_t depth = ctx->saved_data["depth"].toInt();
    if (depth == 0) throw std::runtime_error("at the bottom");
    const AutoGradMode recording(true);
    ThrowsAtTheBottom::apply(leaf({1}), static_cast<int>(depth) - 1).backward();
    return {grads[0], Tensor()};
  }
};
TEST(Function, AnErrorComesBackFromAnyDepth) {
  const Tensor x = leaf({1});
  EXPECT_THROW(ThrowsAtTheBottom::apply(x, 300).backward(), std::runtime_error);
  (x * 2).backward();
  EXPECT_EQ(values(x.grad()), (V{2}));
}

struct Throws : Function<Throws> {
  static Tensor forward(AutogradContext*, Tensor x, bool now) {
    if (now) throw std::runtime_error("in forward");
    return x * 1;
  }
  static variable_list backward(AutogradContext*, variable_list) {
    throw std::runtime_error("in backward");
  }
};
TEST(Function, ExceptionsLeaveEverythingUsable) {
  const Tensor x = leaf({1});
  EXPECT_THROW(Throws::apply(x, true), std::runtime_error);
  EXPECT_TRUE(GradMode::is_enabled());
  const Tensor y = Throws::apply(x, false);
  EXPECT_THROW(y.backward(), std::runtime_error);
  EXPECT_TRUE(GradMode::is_enabled());
  (x * 3).backward();
  EXPECT_EQ(values(x.grad()), (V{3}));
}

TEST(IValue, HoldsOneOfAFewTypes) {
  EXPECT_TRUE(IValue().isNone());
  EXPECT_EQ(IValue(3).toInt(), 3);
  EXPECT_EQ(IValue(2.5).toDouble(), 2.5);
  EXPECT_TRUE(IValue(true).isBool());
  EXPECT_EQ(IValue("text").toStringRef(), "text");
  EXPECT_EQ(IValue(IntArrayRef({1, 2})).toIntVector(), (std::vector<int64_t>{1, 2}));
  EXPECT_EQ(IValue(std::vector<double>{1.5}).toDoubleVector()[0], 1.5);
  EXPECT_EQ(IValue(variable_list{Tensor()}).toTensorVector().size(), 1u);
  EXPECT_FALSE(IValue(Tensor()).toTensor().defined());
  EXPECT_EQ(IValue(Scalar(2)).toScalar().to<double>(), 2);
  EXPECT_EQ(IValue(std::optional<int>()).toOptional<int64_t>(), std::nullopt);
  EXPECT_EQ(IValue(std::optional<int>(4)).toOptional<int64_t>(), 4);
  EXPECT_EQ(error_of([] { IValue(2.5).toInt(); }),
            "IValue: it holds a double, but was asked for an integer");
}

}  // namespace
}  // namespace adjoint
