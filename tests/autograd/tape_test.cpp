// The tape as it is shown, and that stepping through it is backward.

#include "adjoint/autograd/tape.h"

#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "adjoint/adjoint.h"
#include "adjoint/tests/support/error_of.h"

namespace adjoint {
namespace {

using autograd::Tape;
using autograd::variable_list;
using test::error_of;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

template <class T>
std::string printed(const T& value) {
  std::ostringstream out;
  out << value;
  return out.str();
}

struct Example {
  Tensor x = tensor({{1.0, 2.0, 3.0}, {4.0, 5.0, 6.0}}, kFloat64);
  Tensor w = tensor({{1.0, 0.0}, {0.0, 1.0}, {1.0, -1.0}}, kFloat64).requires_grad_();
  Tensor b = tensor({0.5, -0.5}, kFloat64).requires_grad_();
  Tensor h = x.matmul(w) + b;
  Tensor loss = h.tanh().sum();
};

TEST(Tape, ListsOperationsInOrder) {
  const Example e;
  const Tape tape = Tape::of(e.loss, {{"w", e.w}, {"b", e.b}, {"h", e.h}});
  ASSERT_EQ(tape.size(), 6u);
  EXPECT_EQ(tape[0].name, "w");
  EXPECT_TRUE(tape[0].is_leaf);
  EXPECT_EQ(tape[2].name, "b");
  EXPECT_EQ(tape[3].name, "add");
  EXPECT_EQ(tape[3].output_names[0], "h");
  EXPECT_THAT(tape[1].input_names, ElementsAre("-", "w"));
  EXPECT_THAT(tape[3].input_names, ElementsAre("#1", "b"));
  EXPECT_EQ(tape[3].inputs[0].number, 1u);
  EXPECT_FALSE(tape[1].inputs[0].number.has_value());
  ASSERT_EQ(tape[4].saved.size(), 1u);
  EXPECT_TRUE(tape[4].saved[0].is_output);
  EXPECT_EQ(tape[4].saved[0].nbytes, 4u * 8);
  EXPECT_EQ(tape.saved_bytes(), (6u + 4u) * 8);
  EXPECT_EQ(Tape::of(e.loss)[0].name, "leaf 1");
}

TEST(Tape, PrintsATable) {
  const Example e;
  Tape tape = Tape::of(e.loss, {{"w", e.w}, {"b", e.b}, {"h", e.h}});
  EXPECT_EQ(printed(tape),
            "#  operation  inputs  output            keeps for backward  bytes\n"
            "0  w          (leaf)  [3, 2] float64\n"
            "1  mm         -, w    [2, 2] float64    input [2, 3]           48\n"
            "2  b          (leaf)  [2] float64\n"
            "3  add        #1, b   h [2, 2] float64\n"
            "4  tanh       #3      [2, 2] float64    output [2, 2]          32\n"
            "5  sum        #4      [] float64\n"
            "4 operations, 2 leaves; 2 tensors kept for backward in 80 bytes\n");
  tape.backward();
  EXPECT_THAT(printed(tape), HasSubstr("|gradient|\n"));
  EXPECT_THAT(printed(tape),
              HasSubstr("4  tanh       #3      [2, 2] float64    output [2, 2]          "
                        "32  2\n"));
}

TEST(Tape, StepsAreBackwardToTheBit) {
  manual_seed(1);
  nn::Sequential model(nn::Conv2d(nn::Conv2dOptions(2, 3, 3).padding(1)), nn::ReLU(),
                       nn::Conv2d(3, 2, 3), nn::Sigmoid());
  const Tensor x = randn({2, 2, 6, 5});
  const auto loss = [&] { return (model->forward(x) * x.slice(2, 1, 5).slice(3, 1, 4)).sum(); };
  loss().backward();
  variable_list expected;
  for (const Tensor& p : model->parameters()) expected.push_back(p.grad().clone());
  model->zero_grad(/*set_to_none=*/true);

  const Tensor again = loss();
  Tape tape = Tape::of(again, model->named_parameters());
  std::size_t last = tape.size(), steps = 0;
  while (const Tape::Entry* entry = tape.step()) {
    EXPECT_LT(entry->number, last);
    last = entry->number;
    ++steps;
    EXPECT_TRUE(entry->is_done);
    ASSERT_TRUE(entry->gradients[0].defined());
    EXPECT_EQ(entry->gradients[0].sizes(), IntArrayRef(entry->outputs[0].sizes));
    EXPECT_TRUE(GradMode::is_enabled());  // between the steps
  }
  EXPECT_EQ(steps, tape.size());
  const auto parameters = model->named_parameters();
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    EXPECT_TRUE(parameters[i].value().grad().equal(expected[i]));
  }
  for (const Tape::Entry& entry : tape.entries()) {
    if (const Tensor* p = parameters.find(entry.name)) {
      EXPECT_TRUE(entry.gradients[0].equal(p->grad()));
    }
  }
  EXPECT_EQ(tape.step(), nullptr);
  EXPECT_THROW(again.backward(), Error);  // freed as by backward
}

TEST(Tape, GradientsAreThoseAtEachNode) {
  const Example e;
  Tape tape = Tape::of(e.loss, {{"w", e.w}, {"b", e.b}});
  EXPECT_EQ(printed(*tape.step()), "#5 sum: gradient [], norm 1, from 1 to 1; on to #4");
  EXPECT_EQ(tape.step()->number, 4u);
  EXPECT_FALSE(tape[3].is_done);
  const Tape::Entry* add = tape.step();
  EXPECT_TRUE(add->gradients[0].equal(1 - e.h.tanh().detach().square()));
  tape.backward();
  EXPECT_TRUE(tape[2].gradients[0].equal(e.b.grad()));
  EXPECT_THAT(printed(tape[2]), HasSubstr("#2 b: gradient [2], norm"));
  EXPECT_THAT(printed(tape[2]), HasSubstr("; added to its grad()"));
}

TEST(Tape, SeveralRootsUpstreamGradientsAndHigherOrders) {
  const Tensor x = tensor({1.0, 2.0}, kFloat64).requires_grad_();
  const Tensor y = x * x, z = x.exp();
  Tape tape = Tape::of(variable_list{y, z}, {{"x", x}});
  const Tensor gy = tensor({3.0, 4.0}, kFloat64), gz = tensor({5.0, 6.0}, kFloat64);
  tape.start({gy, gz}, /*retain_graph=*/true);
  tape.backward();
  const Tensor stepped = x.grad().clone();
  x.mutable_grad().reset();
  autograd::backward({y, z}, {gy, gz}, /*retain_graph=*/true);
  EXPECT_TRUE(stepped.equal(x.grad()));
  x.mutable_grad().reset();
  Tape twice = Tape::of((x * x * x).sum());
  twice.start({}, true, /*create_graph=*/true);
  twice.backward();
  EXPECT_TRUE(x.grad().requires_grad());
  EXPECT_TRUE(autograd::grad({x.grad().sum()}, {x})[0].equal(6 * x.detach()));
  EXPECT_THAT(error_of([&] { twice.start(); }), HasSubstr("started already"));
  x.mutable_grad().reset();  // it leads to x, and would keep itself alive
}

TEST(Tape, HooksRunAndSeveralOutputsAreTold) {
  const Tensor x = tensor({1.0, 2.0, 3.0}, kFloat64).requires_grad_();
  const Tensor y = x * 2;
  y.register_hook([](const Tensor& g) { return g * 10; });
  Tape tape = Tape::of(y.sum());
  tape.backward();
  EXPECT_EQ(x.grad()[0].item<double>(), 20);
  const auto parts =
      autograd::record("parts", variable_list{x.detach() * 2, x.detach() * 3}, {x},
                       [](autograd::Grads&& g, autograd::Needs) {
                         return autograd::Grads{g[1].defined() ? g[1] * 3 : g[0] * 2};
                       });
  Tape of_parts = Tape::of(parts[1].sum(), {{"x", x}});
  EXPECT_EQ(of_parts[2].input_names[0], "#1.1");
  of_parts.backward();
  EXPECT_FALSE(of_parts[1].gradients[0].defined());
  EXPECT_THAT(printed(of_parts[1]), HasSubstr("#1 parts: no gradient: gradient [3]"));
}

TEST(Tape, DrawsAGraph) {
  const Example e;
  Tape tape = Tape::of(e.loss, {{"the \"weight\"", e.w}, {"b", e.b}});
  const std::string dot = tape.to_dot();
  EXPECT_THAT(dot, HasSubstr("digraph tape {"));
  EXPECT_THAT(dot, HasSubstr("n0 [label=\"the \\\"weight\\\"\\n[3, 2] float64\", shape=ellipse"));
  EXPECT_THAT(dot, HasSubstr("n4 [label=\"#4 tanh\\nkeeps 32 bytes\", shape=box"));
  EXPECT_THAT(dot, HasSubstr("n3 -> n4 [label=\" [2, 2] float64\"];"));
  tape.backward();
  EXPECT_THAT(tape.to_dot(), HasSubstr("#5 sum\\n|gradient| = 1\""));
}

TEST(Tape, WrongUses) {
  EXPECT_THAT(error_of([] { Tape::of(ones({2})); }),
              HasSubstr("Tape::of: output 0 (shape [2], float32) does not require grad"));
  const Tensor y = ones({2}).requires_grad_() * 2;
  Tape tape = Tape::of(y);
  EXPECT_THAT(error_of([&] { tape.step(); }), HasSubstr("needs an upstream gradient"));
  tape.start({ones({2})});  // a start that failed can be made up for
  tape.backward();
}

}  // namespace
}  // namespace adjoint
