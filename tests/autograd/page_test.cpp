// The pages docs/autograd.md and docs/gradient-checking.md: their code is code that is compiled,
// and their outputs are what it prints.

#include <fstream>
#include <regex>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "adjoint/adjoint.h"
#include "adjoint/tests/support/error_of.h"

namespace torch = adjoint;

namespace adjoint {
namespace {

using test::error_of;
using ::testing::HasSubstr;
using torch::Tensor;

std::string text_of(const std::string& path) {
  std::ifstream file(std::string(ADJOINT_TESTS_DIR) + "/../" + path);
  EXPECT_TRUE(file) << path;
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

/// Without indentation and empty lines: code on a page stands further to the left.
std::string flush_left(const std::string& text) {
  std::istringstream lines(text);
  std::string result;
  for (std::string line; std::getline(lines, line);) {
    line.erase(0, line.find_first_not_of(' '));
    if (!line.empty()) result += line + "\n";
  }
  return result;
}

TEST(Page, CodeIsCompiledCode) {
  std::string sources = flush_left(text_of("tests/autograd/page_test.cpp"));
  for (const char* name : {"CMakeLists.txt", "gradients_test.cpp"}) {
    sources += flush_left(text_of(std::string("examples/consumer/") + name));
  }
  int blocks = 0;
  for (const char* page : {"docs/autograd.md", "docs/gradient-checking.md"}) {
    const std::string text = text_of(page);
    const std::regex block("```(?:cpp|cmake)\n([^`]*)```");
    for (std::sregex_iterator m(text.begin(), text.end(), block), end; m != end; ++m, ++blocks) {
      EXPECT_THAT(sources, HasSubstr(flush_left((*m)[1]))) << page;
    }
  }
  EXPECT_GE(blocks, 10);
}

struct NetImpl : torch::nn::Module {
  NetImpl()
      : conv(register_module("conv", torch::nn::Conv2d(1, 2, 3))),
        fc(register_module("fc", torch::nn::Linear(8, 1))) {}
  Tensor forward(const Tensor& x) {
    const Tensor h = conv(x).tanh();
    return fc(h.flatten(1));
  }
  torch::nn::Conv2d conv;
  torch::nn::Linear fc;
};
TORCH_MODULE(Net);

TEST(Page, TheTape) {
  const std::string page = text_of("docs/autograd.md");
  std::ostringstream out;
  torch::manual_seed(0);
  Net net;
  const Tensor images = torch::rand({3, 1, 4, 4}), targets = torch::rand({3, 1});

  const Tensor loss = torch::mse_loss(net(images), targets);
  auto tape = torch::autograd::Tape::of(loss, net->named_parameters());
  out << tape;
  EXPECT_THAT(page, HasSubstr(out.str()));
  out.str("");

  while (const auto* entry = tape.step()) out << *entry << "\n";
  EXPECT_THAT(page, HasSubstr(out.str()));
  std::ofstream("/dev/null") << tape.to_dot();
}

// sign(x) forward, and the identity backward within [-1, 1]: a straight-through estimator.
struct Sign : torch::autograd::Function<Sign> {
  static Tensor forward(torch::autograd::AutogradContext* ctx, const Tensor& x, double width) {
    ctx->save_for_backward({x});
    ctx->saved_data["width"] = width;
    return x.sign();
  }
  static torch::autograd::tensor_list backward(torch::autograd::AutogradContext* ctx,
                                               torch::autograd::tensor_list grads) {
    const Tensor x = ctx->get_saved_variables()[0];
    const double width = ctx->saved_data["width"].toDouble();
    return {grads[0] * x.abs().le(width), Tensor()};
  }
};

TEST(Page, TheOtherTools) {
  const Tensor x = torch::tensor({-2.0, 0.5}, torch::kFloat64).requires_grad_();
  Sign::apply(x, 1.0).sum().backward();
  EXPECT_TRUE(x.grad().equal(torch::tensor({0.0, 1.0}, torch::kFloat64)));

  namespace functional = torch::autograd::functional;
  const auto f = [](const Tensor& t) { return (t * t * t).sum(); };
  const Tensor H = functional::hessian(f, x);  // [2, 2]
  const auto [y, Hv] = functional::hvp(f, x, torch::ones({2}, torch::kFloat64));
  EXPECT_TRUE(H.sum(1).equal(Hv));

  const auto block = [](const Tensor& t) { return (t.exp() * t).tanh(); };
  const Tensor z = torch::autograd::checkpoint(block, x);
  EXPECT_TRUE(z.equal(block(x)));

  Net net;
  auto handle = net->conv->register_forward_hook(
      [](torch::nn::Module& module, const auto&, const auto& outputs) {
        std::cout << module.name() << ": " << outputs[0].sizes() << "\n";
      });
  testing::internal::CaptureStdout();
  net(torch::rand({3, 1, 4, 4}));
  handle.remove();
  EXPECT_THAT(testing::internal::GetCapturedStdout(), HasSubstr("Conv2d"));
}

[[gnu::noinline]] Tensor normalised(const Tensor& x) { return x.div((x * x).sum().sqrt()); }

TEST(Page, AnomalyMode) {
  const std::string page = text_of("docs/autograd.md");
  const std::string message = error_of([] {
    const torch::autograd::DetectAnomalyGuard guard;
    const Tensor x = torch::zeros({2}).requires_grad_();
    normalised(x).sum().backward();
  });
  // The lines below are the functions around: here those of a test, on the page those of a program.
  const std::string first_lines = message.substr(0, message.find("normalised"));
  EXPECT_THAT(page, HasSubstr(first_lines.substr(0, first_lines.rfind('\n') + 1)));
}

TEST(Page, AFailureReport) {
  const std::string page = text_of("docs/gradient-checking.md");
  struct Wrong : torch::autograd::Function<Wrong> {
    static Tensor forward(torch::autograd::AutogradContext* ctx, const Tensor& x, const Tensor& w) {
      ctx->save_for_backward({x, w});
      return x.matmul(w);
    }
    static torch::autograd::tensor_list backward(torch::autograd::AutogradContext* ctx,
                                                 torch::autograd::tensor_list grads) {
      const auto saved = ctx->get_saved_variables();
      return {grads[0].matmul(saved[1]),
              saved[0].t().matmul(grads[0])};  // w, and not its transpose
    }
  };
  torch::manual_seed(0);
  const Tensor x = torch::randn({2, 2}, torch::kFloat64).requires_grad_();
  const Tensor w = torch::randn({2, 2}, torch::kFloat64).requires_grad_();
  std::string report = error_of([&] {
    torch::autograd::gradcheck([](const Tensor& a, const Tensor& b) { return Wrong::apply(a, b); },
                               {x, w});
  });
  report = std::regex_replace(report, std::regex("computed by [^)]*::Wrong"), "computed by Wrong");
  report = std::regex_replace(report, std::regex("computed by .*Wrong\\)"), "computed by Wrong)");
  EXPECT_THAT(page, HasSubstr(report));
}

}  // namespace
}  // namespace adjoint
