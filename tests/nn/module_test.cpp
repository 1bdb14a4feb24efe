#include "adjoint/nn/module.h"

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
using ::testing::IsEmpty;
using ::testing::ThrowsMessage;

struct NetImpl : Cloneable<NetImpl> {
  NetImpl() { reset(); }
  void reset() override {
    conv = register_module("conv", Conv2d(Conv2dOptions(1, 16, {3, 5}).stride(2).padding({1, 0})));
    seq = register_module("seq", Sequential(ReLU(), Flatten(), Linear(4, 2)));
    scale = register_parameter("scale", ones({3}));
    mean = register_buffer("mean", zeros({2}));
    count = register_buffer("count", zeros({}, kInt64));
  }
  Tensor forward(const Tensor& x) { return seq->forward(conv(x)); }

  Conv2d conv{nullptr};
  Sequential seq{nullptr};
  Tensor scale, mean, count;
};
ADJOINT_MODULE(Net);

template <class T>
std::string printed(const T& value) {
  std::ostringstream out;
  out << value;
  return out.str();
}

TEST(Module, ListsParametersAndBuffersByPath) {
  Net net;
  EXPECT_THAT(net->named_parameters().keys(),
              ElementsAre("scale", "conv.weight", "conv.bias", "seq.2.weight", "seq.2.bias"));
  EXPECT_THAT(net->named_parameters(/*recurse=*/false).keys(), ElementsAre("scale"));
  EXPECT_THAT(net->named_buffers().keys(), ElementsAre("mean", "count"));
  EXPECT_EQ(net->parameters().size(), 5u);
  EXPECT_EQ(net->buffers(false).size(), 2u);
  EXPECT_TRUE(net->named_parameters()["seq.2.bias"].is_same(net->seq->at<LinearImpl>(2).bias));
  EXPECT_TRUE(net->scale.requires_grad());
  EXPECT_FALSE(net->mean.requires_grad());
}

TEST(Module, ListsModulesByPath) {
  Net net;
  EXPECT_THAT(net->named_modules().keys(),
              ElementsAre("", "conv", "seq", "seq.0", "seq.1", "seq.2"));
  EXPECT_THAT(net->named_modules("net", /*include_self=*/false).keys(),
              ElementsAre("net.conv", "net.seq", "net.seq.0", "net.seq.1", "net.seq.2"));
  EXPECT_THAT(net->named_children().keys(), ElementsAre("conv", "seq"));
  EXPECT_EQ(net->children().at(0), net->conv.ptr());
  EXPECT_EQ(net->modules().at(0), net.ptr());
  EXPECT_EQ(net->modules(false).size(), 5u);
}

TEST(Module, TiedParametersComeOnce) {
  struct Tied : Module {
    Tied() {
      a = register_module("a", Linear(LinearOptions(2, 2).bias(false)));
      register_module("b", a);
      register_parameter("c", a->weight);
    }
    Linear a{nullptr};
  } tied;
  EXPECT_THAT(tied.named_parameters().keys(), ElementsAre("c"));
  EXPECT_EQ(tied.named_modules("", false).size(), 2u);
}

TEST(Module, AppliesFunctionsParentsFirst) {
  Net net;
  std::vector<std::string> seen;
  net->apply([&](Module& m) { seen.push_back(m.name()); });
  const std::string scope = "adjoint::nn::";
  EXPECT_THAT(seen,
              ElementsAre(HasSubstr("NetImpl"), scope + "Conv2dImpl", scope + "SequentialImpl",
                          scope + "ReLUImpl", scope + "FlattenImpl", scope + "LinearImpl"));
  seen.clear();
  std::as_const(*net).apply([&](const std::string& name, const Module&) { seen.push_back(name); },
                            "net");
  EXPECT_THAT(seen,
              ElementsAre("net", "net.conv", "net.seq", "net.seq.0", "net.seq.1", "net.seq.2"));
  std::vector<std::shared_ptr<Module>> pointers;
  net->apply([&](const std::shared_ptr<Module>& m) { pointers.push_back(m); });
  EXPECT_EQ(pointers, net->modules());
}

TEST(Module, TrainAndEvalReachAllBelow) {
  Net net;
  EXPECT_TRUE(net->is_training());
  net->eval();
  for (const auto& module : net->modules()) EXPECT_FALSE(module->is_training());
  net->seq->train();
  EXPECT_TRUE(net->seq->at<LinearImpl>(2).is_training());
  EXPECT_FALSE(net->is_training());
}

TEST(Module, ZeroGradZeroesOrDrops) {
  Linear linear(2, 3);
  EXPECT_NO_THROW(linear->zero_grad());
  linear->weight.mutable_grad() = ones({3, 2});
  linear->zero_grad();
  EXPECT_TRUE(linear->weight.grad().equal(zeros({3, 2})));
  EXPECT_FALSE(linear->bias.grad().defined());
  linear->zero_grad(/*set_to_none=*/true);
  EXPECT_FALSE(linear->weight.grad().defined());
}

TEST(Module, ToConvertsFloatingTensorsAndGradientsInPlace) {
  Net net;
  const Tensor weight = net->conv->weight;
  weight.mutable_grad() = ones(weight.sizes());
  const Tensor before = weight.detach().clone();
  net->to(kFloat64);
  for (const Tensor& p : net->parameters()) {
    EXPECT_EQ(p.scalar_type(), kFloat64);
    EXPECT_TRUE(p.requires_grad() && p.is_leaf());
  }
  EXPECT_TRUE(net->conv->weight.is_same(weight));
  EXPECT_TRUE(weight.detach().equal(before.to(kFloat64)));
  EXPECT_EQ(weight.grad().scalar_type(), kFloat64);
  EXPECT_EQ(net->mean.scalar_type(), kFloat64);
  EXPECT_EQ(net->count.scalar_type(), kInt64);
  net->to(kCPU, kFloat32);
  EXPECT_TRUE(weight.detach().equal(before));
  EXPECT_THAT([&] { net->to(kInt64); },
              ThrowsMessage<Error>("Module::to: expected float32 or float64, got int64"));
}

TEST(Module, CloneIsDeep) {
  Net net;
  net->eval();
  net->conv->weight.requires_grad_(false);
  const auto copy = std::dynamic_pointer_cast<NetImpl>(net->clone());
  ASSERT_NE(copy, nullptr);
  EXPECT_EQ(printed(*copy), printed(*net));
  const auto originals = net->named_parameters();
  ASSERT_EQ(copy->named_parameters().keys(), originals.keys());
  for (const auto& p : copy->named_parameters()) {
    EXPECT_TRUE(p->equal(originals[p.key()])) << p.key();
    EXPECT_FALSE(p->is_alias_of(originals[p.key()])) << p.key();
    EXPECT_EQ(p->requires_grad(), originals[p.key()].requires_grad()) << p.key();
  }
  EXPECT_TRUE(copy->scale.is_same(copy->named_parameters()["scale"]));
  EXPECT_TRUE(
      copy->seq->at<LinearImpl>(2).weight.is_same(copy->named_parameters()["seq.2.weight"]));
  for (const auto& module : copy->modules()) EXPECT_FALSE(module->is_training());
}

TEST(Module, CloneNeedsCloneableAllTheWay) {
  struct Plain : Module {};
  EXPECT_THAT([] { std::make_shared<Plain>()->clone(); },
              ThrowsMessage<Error>(HasSubstr("derive it from adjoint::nn::Cloneable")));
  struct Outer : Cloneable<Outer> {
    Outer() { reset(); }
    void reset() override { register_module("inner", std::make_shared<Plain>()); }
  };
  EXPECT_THROW(std::make_shared<Outer>()->clone(), Error);
  struct Late : Cloneable<Late> {
    Late() { register_parameter("w", ones({1})); }
    void reset() override {}
  };
  EXPECT_THAT([] { std::make_shared<Late>()->clone(); },
              ThrowsMessage<Error>(HasSubstr("has the Parameters [w], but its reset() made []")));
}

TEST(Module, RejectsBadNamesAndTensors) {
  Module module("m");
  module.register_parameter("w", ones({1}));
  module.register_module("sub", Linear(1, 1));
  EXPECT_THAT([&] { module.register_parameter("w", ones({1})); },
              ThrowsMessage<Error>(HasSubstr("Parameter 'w' already defined")));
  EXPECT_THAT([&] { module.register_parameter("a.b", ones({1})); },
              ThrowsMessage<Error>(HasSubstr("the name 'a.b' has a dot")));
  EXPECT_THAT([&] { module.register_buffer("", ones({1})); },
              ThrowsMessage<Error>("register_buffer: the name is empty"));
  EXPECT_THAT([&] { module.register_module("sub", Linear(1, 1)); },
              ThrowsMessage<Error>(HasSubstr("Submodule 'sub' already defined")));
  EXPECT_THAT([&] { module.register_module("x", std::shared_ptr<LinearImpl>()); },
              ThrowsMessage<Error>("register_module: the module 'x' is null"));
  EXPECT_THAT([&] { module.register_parameter("n", ones({2}, kInt64)); },
              ThrowsMessage<Error>(HasSubstr("only floating-point tensors can")));
  const Tensor made = ones({2}, requires_grad()) * 2;
  EXPECT_THAT([&] { module.register_parameter("made", made); },
              ThrowsMessage<Error>(HasSubstr("is the result of an operation, not a leaf")));
  EXPECT_THAT([&] { module.replace_module("none", Linear(1, 1)); },
              ThrowsMessage<Error>("Submodule 'none' is not defined"));
  EXPECT_THAT([&] { module.unregister_module("none"); },
              ThrowsMessage<Error>("Submodule 'none' is not defined"));
  EXPECT_THAT([&] { module.modules(); }, ThrowsMessage<Error>(HasSubstr("no shared_ptr owns it")));
  EXPECT_THAT(module.named_parameters().keys(), ElementsAre("w", "sub.weight", "sub.bias"));

  auto outer = std::make_shared<Module>("outer");
  auto inner = outer->register_module("inner", std::make_shared<Module>("inner"));
  EXPECT_THAT([&] { inner->register_module("loop", outer); },
              ThrowsMessage<Error>(HasSubstr("contains the one it is to be registered in")));
}

TEST(Module, ReplacesAndUnregisters) {
  Net net;
  net->conv = net->replace_module("conv", Conv2d(1, 2, 1));
  EXPECT_EQ(net->named_parameters()["conv.bias"].numel(), 2);
  net->unregister_module("seq");
  EXPECT_THAT(net->named_parameters().keys(), ElementsAre("scale", "conv.weight", "conv.bias"));
}

TEST(Module, AsCasts) {
  Linear linear(1, 2);
  Module& module = *linear;
  EXPECT_EQ(module.as<Linear>(), linear.get());
  EXPECT_EQ(module.as<LinearImpl>(), linear.get());
  EXPECT_EQ(module.as<Conv2d>(), nullptr);
  EXPECT_EQ(std::as_const(module).as<Linear>(), linear.get());
}

TEST(Module, PrintsAsLibtorch) {
  EXPECT_EQ(printed(Conv2d(2, 4, 3)), "torch::nn::Conv2d(2, 4, kernel_size=[3, 3], stride=[1, 1])");
  EXPECT_EQ(printed(Conv2d(Conv2dOptions(2, 4, {3, 1})
                               .stride({2, 1})
                               .padding({1, 0})
                               .dilation({2, 1})
                               .groups(2)
                               .bias(false))),
            "torch::nn::Conv2d(2, 4, kernel_size=[3, 1], stride=[2, 1], padding=[1, 0], "
            "dilation=[2, 1], groups=2, bias=false)");
  EXPECT_EQ(printed(Conv2d(Conv2dOptions(2, 4, 3).padding(kSame))),
            "torch::nn::Conv2d(2, 4, kernel_size=[3, 3], stride=[1, 1], padding='same')");
  EXPECT_EQ(printed(Conv2d(Conv2dOptions(2, 4, 3).padding(kValid))),
            "torch::nn::Conv2d(2, 4, kernel_size=[3, 3], stride=[1, 1], padding='valid')");
  EXPECT_EQ(printed(ConvTranspose2d(ConvTranspose2dOptions(2, 4, {3, 1})
                                        .stride({2, 1})
                                        .padding({1, 0})
                                        .output_padding({1, 0})
                                        .dilation({2, 1})
                                        .groups(2)
                                        .bias(false))),
            "torch::nn::ConvTranspose2d(2, 4, kernel_size=[3, 1], stride=[2, 1], padding=[1, 0], "
            "dilation=[2, 1], output_padding=[1, 0], groups=2, bias=false)");
  EXPECT_EQ(printed(Conv1d(2, 4, 3)), "torch::nn::Conv1d(2, 4, kernel_size=3, stride=1)");
  EXPECT_EQ(printed(Linear(3, 4)), "torch::nn::Linear(in_features=3, out_features=4, bias=true)");
  EXPECT_EQ(printed(Linear(LinearOptions(3, 4).bias(false))),
            "torch::nn::Linear(in_features=3, out_features=4, bias=false)");
  EXPECT_EQ(printed(Flatten()), "torch::nn::Flatten(start_dim=1, end_dim=-1)");
  EXPECT_EQ(printed(Unflatten(UnflattenOptions(1, {2, 3}))),
            "torch::nn::Unflatten(dim=1, unflattened_size={2, 3})");
  EXPECT_EQ(printed(ReLU()) + printed(ReLU(true)),
            "torch::nn::ReLU()torch::nn::ReLU(inplace=true)");
  EXPECT_EQ(printed(Sigmoid()) + printed(Tanh()) + printed(Identity()),
            "torch::nn::Sigmoid()torch::nn::Tanh()torch::nn::Identity()");
  EXPECT_EQ(printed(Functional([](Tensor x) { return x; })), "torch::nn::Functional()");
  EXPECT_EQ(printed(MSELoss()) + printed(BCELoss()), "torch::nn::MSELoss()torch::nn::BCELoss()");
  EXPECT_EQ(printed(Sequential()), "torch::nn::Sequential");
  EXPECT_EQ(printed(ModuleList(Linear(1, 2), ReLU())),
            "torch::nn::ModuleList(\n"
            "  (0): torch::nn::Linear(in_features=1, out_features=2, bias=true)\n"
            "  (1): torch::nn::ReLU()\n)");
  EXPECT_THAT(printed(Net()),
              HasSubstr("NetImpl(\n"
                        "  (conv): torch::nn::Conv2d(1, 16, kernel_size=[3, 5], stride=[2, 2], "
                        "padding=[1, 0])\n"
                        "  (seq): torch::nn::Sequential(\n"
                        "    (0): torch::nn::ReLU()\n"
                        "    (1): torch::nn::Flatten(start_dim=1, end_dim=-1)\n"
                        "    (2): torch::nn::Linear(in_features=4, out_features=2, bias=true)\n"
                        "  )\n)"));
  EXPECT_EQ(Module("given").name(), "given");
}

TEST(ModuleHolder, EmptyOnesSaySo) {
  Linear none{nullptr};
  EXPECT_TRUE(none.is_empty());
  EXPECT_FALSE(none);
  EXPECT_THAT([&] { none->reset(); },
              ThrowsMessage<Error>(HasSubstr("the module holder is empty")));
  EXPECT_THROW(none(ones({1})), Error);
  Linear other(2, 1);
  none = other;
  EXPECT_EQ(none.ptr(), other.ptr());
}

TEST(OrderedDict, KeepsOrderThroughErasure) {
  OrderedDict<std::string, int> dict{{"one", 1}, {"two", 2}, {"three", 3}};
  dict.erase("two");
  dict.insert("four", 4);
  EXPECT_THAT(dict.keys(), ElementsAre("one", "three", "four"));
  EXPECT_THAT(dict.values(), ElementsAre(1, 3, 4));
  EXPECT_EQ(dict["three"], 3);
  EXPECT_EQ(dict[2].key(), "four");
  EXPECT_EQ(*dict.front() + *dict.back(), 5);
  EXPECT_EQ(dict.find("two"), nullptr);
  EXPECT_THROW(dict[3], Error);
  EXPECT_THROW(dict["two"], Error);
  EXPECT_THROW(dict.erase("two"), Error);
  EXPECT_THROW(dict.update({{"one", 5}}), Error);
  dict.clear();
  EXPECT_TRUE(dict.is_empty());
  EXPECT_THROW(dict.front(), Error);
  EXPECT_THROW((OrderedDict<std::string, int>{{"a", 1}, {"a", 2}}), Error);
}

TEST(ModuleList, InsertsAndNumbersAnew) {
  ModuleList list(Linear(1, 2), ReLU());
  list->insert(1, Linear(2, 3));
  EXPECT_EQ(list->size(), 3u);
  EXPECT_THAT(list->named_parameters().keys(),
              ElementsAre("0.weight", "0.bias", "1.weight", "1.bias"));
  EXPECT_EQ(list->at<LinearImpl>(1).options.out_features(), 3);
  EXPECT_NE(list->ptr<ReLUImpl>(2), nullptr);
  EXPECT_THAT([&] { list->at<ReLUImpl>(0); }, ThrowsMessage<Error>(HasSubstr("LinearImpl")));
  EXPECT_THROW(list->ptr(3), Error);
  EXPECT_EQ(std::dynamic_pointer_cast<ModuleListImpl>(list->clone())->size(), 3u);
}

}  // namespace
}  // namespace adjoint::nn
