#include "adjoint/nn/optim/optim.h"

#include <functional>
#include <limits>
#include <map>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "adjoint/core/parallel.h"
#include "adjoint/core/random.h"
#include "adjoint/ops/arithmetic.h"
#include "adjoint/ops/creation.h"
#include "adjoint/tests/golden/golden.h"

namespace adjoint::optim {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

// The problem of tests/golden/optim.py.
std::vector<Tensor> start(ScalarType dtype) {
  const Tensor a = (arange(6, dtype).reshape({3, 2}) / 4 - 0.5);
  const Tensor b = tensor({2.0, -1.5, 0.0, 0.3, 1.0}, dtype);
  return {a.requires_grad_(), b.requires_grad_()};
}
void set_gradients(const std::vector<Tensor>& parameters, int step) {
  for (const Tensor& p : parameters) {
    p.mutable_grad() = (p.detach() - 0.3) * (1 + step % 3) + 0.25 * (step % 2);
  }
}

using Maker = std::function<std::unique_ptr<Optimizer>(std::vector<Tensor>)>;
template <class O, class Options>
Maker make(const Options& options) {
  return [=](std::vector<Tensor> p) { return std::make_unique<O>(std::move(p), options); };
}

const std::map<std::string, Maker>& optimizers() {
  static const std::map<std::string, Maker> all = {
      {"sgd", make<SGD>(SGDOptions(0.1))},
      {"sgd_decay", make<SGD>(SGDOptions(0.1).weight_decay(0.2))},
      {"sgd_momentum", make<SGD>(SGDOptions(0.05).momentum(0.9))},
      {"sgd_dampening", make<SGD>(SGDOptions(0.05).momentum(0.8).dampening(0.3).weight_decay(0.1))},
      {"sgd_nesterov", make<SGD>(SGDOptions(0.05).momentum(0.9).nesterov(true).weight_decay(0.1))},
      {"adam", make<Adam>(AdamOptions())},
      {"adam_options", make<Adam>(AdamOptions(0.02).betas({0.8, 0.95}).eps(1e-3))},
      {"adam_decay", make<Adam>(AdamOptions(0.02).weight_decay(0.3))},
      {"adam_amsgrad",
       make<Adam>(AdamOptions(0.02).betas({0.5, 0.6}).amsgrad(true).weight_decay(0.1))},
      {"adamw", make<AdamW>(AdamWOptions(0.02))},
      {"adamw_amsgrad",
       make<AdamW>(AdamWOptions(0.02).betas({0.5, 0.6}).eps(1e-4).amsgrad(true).weight_decay(0.4))},
      {"groups",
       [](std::vector<Tensor> p) {
         return std::make_unique<Adam>(std::vector<OptimizerParamGroup>{
             OptimizerParamGroup({p[0]},
                                 std::make_unique<AdamOptions>(AdamOptions(0.1).weight_decay(0.1))),
             OptimizerParamGroup({p[1]})});
       }},
  };
  return all;
}

class AllOptimizers : public testing::TestWithParam<std::string> {
 protected:
  std::unique_ptr<Optimizer> make(std::vector<Tensor> p) { return optimizers().at(GetParam())(p); }
};
INSTANTIATE_TEST_SUITE_P(Optim, AllOptimizers, testing::ValuesIn([] {
                           std::vector<std::string> names;
                           for (const auto& [name, maker] : optimizers()) names.push_back(name);
                           return names;
                         }()),
                         [](const auto& info) { return info.param; });

TEST_P(AllOptimizers, FollowPytorchOver300Steps) {
  static const auto golden = golden::read("optim.txt");
  for (const ScalarType dtype : {kFloat64, kFloat32}) {
    const std::vector<Tensor> p = start(dtype);
    const auto optimizer = make(p);
    for (int step = 1; step <= 300; ++step) {
      set_gradients(p, step);
      optimizer->step();
      if (step > 5 && step < 300) continue;
      for (const int i : {0, 1}) {
        const std::string key =
            fmt::format("{}.{}.{}.{}", GetParam(), dtype, step, i == 0 ? "a" : "b");
        // float32: a few roundings of numbers of size 1.
        const double tolerance = dtype == kFloat64 ? 1e-12 : 5e-7;
        EXPECT_TRUE(p[i].detach().allclose(golden[key], tolerance, tolerance)) << key;
      }
    }
  }
}

TEST_P(AllOptimizers, ResumeFromTheirStateToTheSameBits) {
  const std::vector<Tensor> p = start(kFloat32);
  const auto optimizer = make(p);
  for (int step = 1; step <= 3; ++step) {
    set_gradients(p, step);
    optimizer->step();
  }
  const std::vector<Tensor> q = {p[0].detach().clone().requires_grad_(),
                                 p[1].detach().clone().requires_grad_()};
  const auto resumed = make(q);
  for (OptimizerParamGroup& group : optimizer->param_groups()) {
    group.options().set_lr(group.options().get_lr() / 2);
  }
  resumed->load_state_dict(optimizer->state_dict());
  for (int step = 4; step <= 6; ++step) {
    set_gradients(p, step);
    set_gradients(q, step);
    optimizer->step();
    resumed->step();
  }
  EXPECT_TRUE(q[0].equal(p[0]) && q[1].equal(p[1]));
  const NamedTensors a = optimizer->state_dict(), b = resumed->state_dict();
  ASSERT_EQ(a.keys(), b.keys());
  for (const auto& item : a) EXPECT_TRUE(b[item.key()].equal(item.value())) << item.key();
}

TEST_P(AllOptimizers, TreatLargeAndStridedParametersAlike) {
  manual_seed(3);
  const Tensor values = empty({150, 301}).normal_(), gradient = empty({150, 301}).normal_();
  const auto after_two_steps = [&](const Tensor& p, const Tensor& g, int threads) {
    set_num_threads(threads);
    const Tensor other = zeros({1}, requires_grad());
    const auto optimizer = make({p.requires_grad_(), other});
    for (int step = 0; step < 2; ++step) {
      p.mutable_grad() = g;
      optimizer->step();
    }
    return p.detach();
  };
  const int threads = get_num_threads();
  const Tensor one = after_two_steps(values.clone(), gradient, 1);
  const Tensor three = after_two_steps(values.clone(), gradient, 3);
  const Tensor strided = after_two_steps(values.t().contiguous().t(), gradient, threads);
  const Tensor strided_gradient =
      after_two_steps(values.clone(), gradient.t().contiguous().t(), threads);
  set_num_threads(threads);
  EXPECT_FALSE(one.equal(values));
  EXPECT_TRUE(three.equal(one));
  EXPECT_FALSE(strided.is_contiguous());
  EXPECT_TRUE(strided.equal(one));
  EXPECT_TRUE(strided_gradient.equal(one));
}

TEST(Optimizer, SkipsParametersWithoutGradient) {
  const std::vector<Tensor> p = start(kFloat64);
  Adam adam(p, AdamOptions(0.1));
  p[1].mutable_grad() = ones({5}, kFloat64);
  const Tensor before = p[0].detach().clone();
  adam.step();
  EXPECT_TRUE(p[0].equal(before));
  EXPECT_EQ(adam.state().size(), 1u);
  EXPECT_EQ(static_cast<AdamParamState&>(*adam.state().at(p[1].impl())).step(), 1);
}

TEST(Optimizer, CountsItsChangeAsAVersion) {
  const Tensor p = ones({2}, requires_grad());
  SGD sgd({p}, SGDOptions(0.1));
  const Tensor loss = (p * p).sum();
  p.mutable_grad() = ones({2});
  const int64_t version = p._version();
  sgd.step();
  EXPECT_GT(p._version(), version);
  EXPECT_TRUE(p.is_leaf() && p.requires_grad());
  EXPECT_THROW(loss.backward(), Error);
}

TEST(Optimizer, StepCallsTheClosureWithRecordingOn) {
  const Tensor p = ones({1}, requires_grad());
  SGD sgd({p}, 0.5);
  const NoGradGuard no_grad;
  const Tensor loss = sgd.step([&] {
    sgd.zero_grad();
    const Tensor computed = (p * 3).sum();
    computed.backward();
    return computed;
  });
  EXPECT_EQ(loss.item<float>(), 3);
  EXPECT_EQ(p.item<float>(), -0.5f);
  EXPECT_FALSE(sgd.step().defined());
}

TEST(Optimizer, ZeroGradZeroesOrDrops) {
  const std::vector<Tensor> p = start(kFloat32);
  SGD sgd(p, 0.1);
  p[0].mutable_grad() = ones({3, 2});
  sgd.zero_grad();
  EXPECT_TRUE(p[0].grad().equal(zeros({3, 2})));
  EXPECT_FALSE(p[1].grad().defined());
  sgd.zero_grad(/*set_to_none=*/true);
  EXPECT_FALSE(p[0].grad().defined());
}

TEST(Optimizer, HasGroupsWithTheirOptions) {
  const std::vector<Tensor> p = start(kFloat32);
  SGD sgd({p[0]}, SGDOptions(0.1).momentum(0.5));
  sgd.add_param_group(OptimizerParamGroup({p[1]}, std::make_unique<SGDOptions>(0.2)));
  sgd.add_parameters({ones({4}, requires_grad())});
  EXPECT_EQ(sgd.size(), 3u);
  EXPECT_EQ(sgd.parameters().size(), 2u);
  EXPECT_EQ(sgd.param_groups()[0].options().get_lr(), 0.1);
  EXPECT_EQ(static_cast<SGDOptions&>(sgd.param_groups()[0].options()),
            SGDOptions(0.1).momentum(0.5));
  EXPECT_EQ(sgd.param_groups()[1].options().get_lr(), 0.2);
  EXPECT_EQ(sgd.defaults().get_lr(), 0.1);
}

TEST(Optimizer, RejectsWhatCannotBeOptimized) {
  const std::vector<Tensor> p = start(kFloat32);
  SGD sgd({p[0]}, 0.1);
  EXPECT_THAT([&] { sgd.add_parameters({p[0]}); },
              ThrowsMessage<Error>(HasSubstr("is given a second time")));
  EXPECT_THAT(
      [&] {
        SGD(std::vector<Tensor>{p[1], p[1]}, 0.1);
      },
      ThrowsMessage<Error>(HasSubstr("parameter 1 of the group (shape [5], float32)")));
  EXPECT_THAT([&] { sgd.add_parameters({p[1] * 2}); },
              ThrowsMessage<Error>(HasSubstr("is no leaf but the result of an operation")));
  EXPECT_THAT([&] { sgd.add_parameters({ones({1}, kInt64)}); },
              ThrowsMessage<Error>(HasSubstr("expected floating-point parameters")));
  EXPECT_THAT([&] { sgd.add_parameters({Tensor()}); },
              ThrowsMessage<Error>(HasSubstr("undefined")));
  EXPECT_THAT([&] { Adam(std::vector<Tensor>()); },
              ThrowsMessage<Error>(HasSubstr("register_module")));
  EXPECT_THAT(
      [&] { sgd.add_param_group(OptimizerParamGroup({p[1]}, std::make_unique<AdamOptions>())); },
      ThrowsMessage<Error>(
          HasSubstr("expected the group's options to be adjoint::optim::SGDOptions")));
  EXPECT_EQ(sgd.size(), 1u);
}

TEST(Optimizer, RejectsOptionsOutOfRange) {
  const std::vector<Tensor> p = start(kFloat32);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THAT([&] { SGD(p, -0.1); },
              ThrowsMessage<Error>("SGD: expected a learning rate >= 0, got -0.1"));
  EXPECT_THROW(SGD(p, nan), Error);
  EXPECT_THROW(SGD(p, SGDOptions(0.1).momentum(-1)), Error);
  EXPECT_THROW(SGD(p, SGDOptions(0.1).weight_decay(-1)), Error);
  EXPECT_THROW(SGD(p, SGDOptions(0.1).nesterov(true)), Error);
  EXPECT_THROW(SGD(p, SGDOptions(0.1).momentum(0.5).dampening(0.1).nesterov(true)), Error);
  EXPECT_THAT([&] { Adam(p, AdamOptions(-1)); }, ThrowsMessage<Error>(HasSubstr("Adam: ")));
  EXPECT_THROW(Adam(p, AdamOptions().eps(-1)), Error);
  EXPECT_THROW(Adam(p, AdamOptions().betas({1, 0.9})), Error);
  EXPECT_THROW(Adam(p, AdamOptions().betas({0.9, -0.1})), Error);
  EXPECT_THROW(Adam(p, AdamOptions().weight_decay(-1)), Error);
  EXPECT_THAT([&] { AdamW(p, AdamWOptions(-1)); }, ThrowsMessage<Error>(HasSubstr("AdamW: ")));
  Adam adam(p);
  adam.param_groups()[0].options().set_lr(-1);
  EXPECT_THROW(adam.step(), Error);
}

TEST(Optimizer, RejectsGradientsAndStateThatDoNotFit) {
  const std::vector<Tensor> p = start(kFloat32);
  Adam adam(p);
  p[0].mutable_grad() = ones({2, 3});
  EXPECT_THAT([&] { adam.step(); },
              ThrowsMessage<Error>(HasSubstr("has a gradient of shape [2, 3]")));
  p[0].mutable_grad() = ones({3, 2});
  adam.step();
  p[0].set_data(p[0].detach().to(kFloat64));
  p[0].mutable_grad() = ones({3, 2}, kFloat64);
  EXPECT_THAT([&] { adam.step(); },
              ThrowsMessage<Error>(HasSubstr("make the optimizer after converting the module")));
}

TEST(Optimizer, NamesItsStateAsPytorch) {
  const std::vector<Tensor> p = start(kFloat32);
  Adam adam(p, AdamOptions(0.1).amsgrad(true));
  p[1].mutable_grad() = ones({5});
  adam.step();
  const NamedTensors state = adam.state_dict();
  EXPECT_THAT(state.keys(),
              ElementsAre("param_groups.0.params", "param_groups.0.lr", "param_groups.0.betas",
                          "param_groups.0.eps", "param_groups.0.weight_decay",
                          "param_groups.0.amsgrad", "state.1.step", "state.1.exp_avg",
                          "state.1.exp_avg_sq", "state.1.max_exp_avg_sq"));
  EXPECT_EQ(state["state.1.step"].item<int64_t>(), 1);
  EXPECT_EQ(state["param_groups.0.lr"].item<double>(), 0.1);
  EXPECT_TRUE(state["param_groups.0.params"].equal(tensor({0, 1})));
}

TEST(Optimizer, ListsAllMismatchesOfAStateAndKeepsItsOwn) {
  const std::vector<Tensor> p = start(kFloat32);
  Adam adam(p, AdamOptions(0.1));
  set_gradients(p, 1);
  adam.step();
  NamedTensors state = adam.state_dict();
  state.erase("state.0.exp_avg");
  state.erase("param_groups.0.lr");
  state["state.1.exp_avg_sq"] = ones({4});
  state["state.1.step"] = ones({});
  state.insert("state.2.step", ones({}));
  state["param_groups.0.params"] = tensor({0, 1, 2});
  EXPECT_THAT(
      [&] { adam.load_state_dict(state); },
      ThrowsMessage<Error>(AllOf(
          HasSubstr("state.0.exp_avg is missing"), HasSubstr("param_groups.0.lr is missing"),
          HasSubstr("state.1.exp_avg_sq: expected shape [5], float32, got shape [4], float32"),
          HasSubstr("state.1.step: expected shape [], int64, got shape [], float32"),
          HasSubstr("state.2.step is not known here"),
          HasSubstr("param_groups.0.params: expected the numbers of 2 parameters"))));
  EXPECT_EQ(static_cast<AdamParamState&>(*adam.state().at(p[0].impl())).step(), 1);
  NamedTensors bad_options = adam.state_dict();
  bad_options["param_groups.0.lr"] = tensor(-1.0, kFloat64);
  EXPECT_THROW(adam.load_state_dict(bad_options), Error);
  EXPECT_EQ(adam.param_groups()[0].options().get_lr(), 0.1);
  EXPECT_THROW(SGD(p, 0.1).load_state_dict(adam.state_dict()), Error);
}

TEST(Optimizer, LoadedStateIsACopy) {
  const std::vector<Tensor> p = start(kFloat32);
  SGD sgd(p, SGDOptions(0.1).momentum(0.9)), other(p, SGDOptions(0.1).momentum(0.9));
  set_gradients(p, 1);
  sgd.step();
  other.load_state_dict(sgd.state_dict());
  EXPECT_FALSE(other.state_dict()["state.0.momentum_buffer"].is_alias_of(
      sgd.state_dict()["state.0.momentum_buffer"]));
}

/// An optimizer of one's own, without named fields.
struct SignOptions : OptimizerCloneableOptions<SignOptions> {};
struct SignState : OptimizerCloneableParamState<SignState> {
  int steps = 0;
};
struct SignDescent : Optimizer {
  explicit SignDescent(std::vector<Tensor> p)
      : Optimizer(std::move(p), std::make_unique<SignOptions>()) {}
  Tensor step(LossClosure closure = nullptr) override {
    Tensor loss = evaluate(closure);
    update<SignOptions, SignState>(
        [](const SignOptions&, SignState& state, Tensor p, const Tensor& grad) {
          ++state.steps;
          p.sub_(grad.sign());
        });
    return loss;
  }
};

TEST(Optimizer, CanBeOnesOwn) {
  const Tensor p = tensor({3.0, -3.0}).requires_grad_();
  SignDescent descent({p});
  p.mutable_grad() = p.detach().clone();
  descent.step();
  EXPECT_TRUE(p.equal(tensor({2.0, -2.0})));
  EXPECT_THAT([&] { descent.state_dict(); },
              ThrowsMessage<Error>(HasSubstr("SignOptions cannot be saved or loaded")));
  EXPECT_THROW(descent.defaults().get_lr(), Error);
}

}  // namespace
}  // namespace adjoint::optim
