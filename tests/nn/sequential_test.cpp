#include "adjoint/nn/modules/sequential.h"

#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "adjoint/nn/nn.h"
#include "adjoint/ops/arithmetic.h"
#include "adjoint/ops/creation.h"

namespace adjoint::nn {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

struct PlusImpl : Module {
  explicit PlusImpl(double by) : by(by) {}
  Tensor forward(const Tensor& x, double times = 1, int64_t more = 0) const {
    return x + by * times + static_cast<double>(more);
  }
  double by;
};
ADJOINT_MODULE(Plus);

/// Two results, of which Sequential passes on a tuple.
struct SplitImpl : Module {
  std::tuple<Tensor, Tensor> forward(const Tensor& x) { return {x, x + 1}; }
};
struct JoinImpl : Module {
  double forward(std::tuple<Tensor, Tensor> parts) {
    return (std::get<0>(parts) * std::get<1>(parts)).item<double>();
  }
};

TEST(Sequential, PassesEachResultOn) {
  Sequential net(Plus(1), Functional([](Tensor x) { return x * 10; }), Plus(0.5));
  EXPECT_EQ(net->forward(tensor(2.0)).item<double>(), 30.5);
  EXPECT_EQ(net(tensor(0.0)).item<double>(), 10.5);
  EXPECT_EQ(net->size(), 3u);
  EXPECT_EQ(net->at<PlusImpl>(2).by, 0.5);
  EXPECT_EQ(net->ptr<PlusImpl>(0)->by, 1);
  EXPECT_EQ(net[0], net->ptr(0));
  double sum = 0;
  for (AnyModule& module : *net) sum += module.forward(tensor(0.0)).item<double>();
  EXPECT_EQ(sum, 1.5);
}

TEST(Sequential, TakesModulesOfAllKinds) {
  Sequential net;
  net->push_back(Plus(1));
  net->push_back(PlusImpl(2));
  net->push_back(std::make_shared<PlusImpl>(3));
  net->push_back("four", Plus(4));
  net->push_back("five", AnyModule(Plus(5)));
  Plus shared(6);
  net->push_back(shared);
  ModuleList more(Linear(1, 1));
  net->extend(std::vector<Plus>{Plus(7)});
  EXPECT_THAT(net->named_children().keys(), ElementsAre("0", "1", "2", "four", "five", "5", "6"));
  EXPECT_EQ(net->forward(tensor(0.0)).item<double>(), 28);
  EXPECT_EQ(net->ptr(5), shared.ptr());
}

TEST(Sequential, NamesModules) {
  Sequential braces({{"plus", Plus(1)}, {"relu", ReLU()}});
  EXPECT_THAT(braces->named_children().keys(), ElementsAre("plus", "relu"));
  OrderedDict<std::string, AnyModule> dict;
  dict.insert("a", AnyModule(Linear(2, 3)));
  dict.insert("b", AnyModule(Sigmoid()));
  Sequential from_dict(dict);
  EXPECT_THAT(from_dict->named_parameters().keys(), ElementsAre("a.weight", "a.bias"));
}

TEST(Sequential, Nests) {
  Sequential encoder(Plus(1), Plus(2)), decoder(Plus(3));
  Sequential net(encoder, Plus(10), decoder);
  EXPECT_EQ(net->forward(tensor(0.0)).item<double>(), 16);
  EXPECT_EQ(net->ptr<SequentialImpl>(0), encoder.ptr());
}

TEST(Sequential, UsesDefaultArgumentsAndOtherTypes) {
  Sequential net(Plus(2), Plus(3));
  EXPECT_EQ(net->forward(tensor(0.0), 10.0).item<double>(), 23);
  EXPECT_EQ(net->forward(tensor(0.0), 10.0, int64_t{1}).item<double>(), 24);
  Sequential tuples(std::make_shared<SplitImpl>(), std::make_shared<JoinImpl>());
  EXPECT_EQ(tuples->forward<double>(tensor(3.0)), 12);
}

TEST(Sequential, SaysWhatDoesNotFit) {
  Sequential net(Plus(1));
  EXPECT_THAT(
      [&] { net->forward(1.0); },
      ThrowsMessage<Error>(HasSubstr("takes a adjoint::Tensor as argument 0, got a double")));
  EXPECT_THAT([&] { net->forward(tensor(0.0), 1.0, int64_t{1}, 2); },
              ThrowsMessage<Error>(HasSubstr("forward() takes 3 arguments (fewer where it has "
                                             "defaults), got 4")));
  EXPECT_THAT([&] { net->forward(); }, ThrowsMessage<Error>(HasSubstr("got 0")));
  EXPECT_THAT(
      [&] { net->forward<double>(tensor(0.0)); },
      ThrowsMessage<Error>("the value is of type adjoint::Tensor, but was asked for as double"));
  EXPECT_THAT([] { Sequential()->forward(tensor(0.0)); },
              ThrowsMessage<Error>(HasSubstr("it has no modules")));
  EXPECT_THAT([&] { net->at<LinearImpl>(0); }, ThrowsMessage<Error>(HasSubstr("PlusImpl")));
  EXPECT_THAT([&] { net->ptr(1); }, ThrowsMessage<Error>("Sequential: index 1 of 1 modules"));
  EXPECT_THROW(net->push_back(Linear(nullptr)), Error);
  EXPECT_THROW(net->push_back("0", Plus(1)), Error);
  EXPECT_EQ(net->size(), 1u);
}

TEST(Sequential, ClonesWithNames) {
  Sequential net({{"fc", Linear(2, 3)}, {"act", ReLU()}});
  net->eval();
  const auto copy = std::dynamic_pointer_cast<SequentialImpl>(net->clone());
  ASSERT_NE(copy, nullptr);
  EXPECT_THAT(copy->named_parameters().keys(), ElementsAre("fc.weight", "fc.bias"));
  EXPECT_TRUE(copy->at<LinearImpl>(0).weight.equal(net->at<LinearImpl>(0).weight));
  EXPECT_FALSE(copy->at<LinearImpl>(0).weight.is_alias_of(net->at<LinearImpl>(0).weight));
  EXPECT_FALSE(copy->is_training());
}

TEST(AnyModule, KnowsItsModule) {
  AnyModule any(Plus(4));
  EXPECT_EQ(any.get<PlusImpl>().by, 4);
  EXPECT_EQ(any.get<Plus>()->by, 4);
  EXPECT_TRUE(any.type_info() == typeid(PlusImpl));
  AnyModule shared = any;
  EXPECT_EQ(shared.ptr(), any.ptr());
  AnyModule none;
  EXPECT_TRUE(none.is_empty() && none.clone().is_empty());
  EXPECT_THROW(none.forward(tensor(0.0)), Error);
  any = std::make_shared<LinearImpl>(2, 2);
  EXPECT_FALSE(any.clone().get<LinearImpl>().weight.is_alias_of(any.get<LinearImpl>().weight));
}

TEST(Functional, PassesArgumentsOn) {
  Functional plus([](const Tensor& x, double by) { return x + by; }, 2.0);
  EXPECT_EQ(plus(tensor(1.0)).item<double>(), 3);
  EXPECT_FALSE(plus->is_serializable());
  EXPECT_THROW(Functional(FunctionalImpl::Function()), Error);
}

}  // namespace
}  // namespace adjoint::nn
