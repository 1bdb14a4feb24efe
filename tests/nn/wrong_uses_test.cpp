// The page docs/wrong-uses.md: each of its uses is run here, and the message on the page is, word
// for word, the one that it gives.

#include <fstream>
#include <functional>
#include <map>
#include <sstream>

#include <gtest/gtest.h>

#include "adjoint/adjoint.h"
#include "adjoint/tests/support/error_of.h"

namespace torch = adjoint;

namespace adjoint {
namespace {

using test::error_of;
using torch::indexing::Slice;

struct Use {
  const char* title;
  std::function<void()> run;
};
using Uses = std::vector<Use>;

Uses of_creation() {
  return {
      {"A size below zero",
       [] {
         torch::zeros({2, -1});
       }},
      {"A size that no memory holds",
       [] {
         torch::zeros({1 << 30, 1 << 30, 1 << 30});
       }},
      {"Rows of unequal length",
       [] {
         torch::tensor({{1, 2, 3}, {4, 5}});
       }},
      {"Integers and fractions in one list",
       [] {
         torch::tensor({1, 2.5});
       }},
      {"A range that leads nowhere", [] { torch::arange(0, 10, -1); }},
      {"Gradients of integers",
       [] {
         torch::tensor({1, 2, 3}).requires_grad_();
       }},
      {"A tensor that is none yet",
       [] {
         torch::Tensor x;
         x.sizes();
       }},
  };
}

Uses of_shapes() {
  return {
      {"Another number of elements",
       [] {
         torch::zeros({2, 3}).view({4, 2});
       }},
      {"A view of a transposed tensor",
       [] {
         torch::zeros({2, 3}).t().view({6});
       }},
      {"Shapes that do not broadcast",
       [] {
         torch::ones({2, 3}) + torch::ones({2});
       }},
      {"Matrices that do not fit",
       [] {
         torch::mm(torch::ones({2, 3}), torch::ones({2, 3}));
       }},
      {"Pieces that do not fit",
       [] {
         torch::cat({torch::ones({2, 3}), torch::ones({2, 4})});
       }},
      {"A stack of unequal tensors",
       [] {
         torch::stack({torch::ones({3}), torch::ones({4})});
       }},
      {"A dimension that is not there",
       [] {
         torch::ones({2, 3}).sum(2);
       }},
      {"Expanding what is not 1",
       [] {
         torch::ones({2, 3}).expand({2, 6});
       }},
      {"The value of many", [] { torch::ones({2}).item<float>(); }},
  };
}

Uses of_dtypes() {
  return {
      {"The mean of integers",
       [] {
         torch::tensor({1, 2}).mean();
       }},
      {"A fraction into integers",
       [] {
         torch::tensor({1, 2}).add_(0.5);
       }},
      {"A pointer of another type", [] { torch::ones({2}).data_ptr<double>(); }},
      {"A product of two dtypes",
       [] {
         torch::mm(torch::ones({2, 2}), torch::ones({2, 2}, torch::kFloat64));
       }},
      {"A mask of numbers",
       [] {
         torch::ones({2}).masked_fill(torch::tensor({0, 1}), 5);
       }},
  };
}

Uses of_indexing() {
  return {
      {"An index out of range",
       [] {
         torch::ones({2, 3})[2];
       }},
      {"Too many indices",
       [] {
         torch::ones({2, 3}).index({0, Slice(), 1});
       }},
      {"Fractions as indices",
       [] {
         torch::ones({3}).index({torch::tensor({0.0, 1.0})});
       }},
      {"A mask of another shape",
       [] {
         torch::ones({2, 3}).index({torch::tensor({true, false, true})});
       }},
      {"Gathering beyond the end",
       [] {
         torch::ones({2, 3}).gather(1, torch::tensor({{0, 3}, {1, 1}}));
       }},
      {"A value of another shape",
       [] {
         torch::zeros({2, 3}).index_put_({0}, torch::ones({2}));
       }},
  };
}

Uses of_changes_in_place() {
  return {
      {"Changing a leaf",
       [] {
         torch::Tensor w = torch::ones({3}).requires_grad_();
         w -= 0.1;
       }},
      {"Changing a part of a leaf",
       [] {
         torch::Tensor w = torch::ones({3}).requires_grad_();
         w[0].fill_(0);
       }},
      {"Changing what backward needs",
       [] {
         torch::Tensor x = torch::ones({3}).requires_grad_();
         torch::Tensor y = x.exp();
         y.add_(1);
         y.sum().backward();
       }},
      {"Changing an expanded tensor", [] { torch::zeros({1}).expand({3}).add_(1); }},
      {"A result that does not fit",
       [] {
         torch::zeros({3}).add_(torch::ones({2, 3}));
       }},
      {"Changing a view made without recording",
       [] {
         torch::Tensor w = torch::ones({3}).requires_grad_();
         torch::Tensor first;
         {
           torch::NoGradGuard no_grad;
           first = w[0];
         }
         first.mul_(2);
       }},
  };
}

Uses of_autograd() {
  return {
      {"Backward from more than a number",
       [] {
         torch::Tensor x = torch::ones({3}).requires_grad_();
         (x * x).backward();
       }},
      {"Backward twice",
       [] {
         torch::Tensor x = torch::ones({3}).requires_grad_();
         torch::Tensor loss = (x * x).sum();
         loss.backward();
         loss.backward();
       }},
      {"Backward from what requires no grad", [] { torch::ones({3}).sum().backward(); }},
      {"An upstream gradient of another shape",
       [] {
         torch::Tensor x = torch::ones({3}).requires_grad_();
         (x * x).backward(torch::ones({2}));
       }},
      {"The gradient of what was not used",
       [] {
         torch::Tensor x = torch::ones({3}).requires_grad_();
         torch::Tensor y = torch::ones({3}).requires_grad_();
         torch::autograd::grad({x.sum()}, {y});
       }},
      {"A hook on what requires no grad",
       [] { torch::ones({3}).register_hook([](const torch::Tensor&) {}); }},
      {"Making a result a constant",
       [] {
         torch::Tensor x = torch::ones({3}).requires_grad_();
         (x * x).requires_grad_(false);
       }},
      {"A tensor from inference mode",
       [] {
         torch::Tensor x = torch::ones({3}).requires_grad_(), y;
         {
           torch::InferenceMode inference;
           y = torch::ones({3});
         }
         (x * y).sum().backward();
       }},
  };
}

struct OneTooMany : torch::autograd::Function<OneTooMany> {
  static torch::Tensor forward(torch::autograd::AutogradContext*, const torch::Tensor& x) {
    return x * 2;
  }
  static torch::autograd::tensor_list backward(torch::autograd::AutogradContext*,
                                               torch::autograd::tensor_list grads) {
    return {grads[0] * 2, grads[0]};
  }
};

Uses of_functions() {
  return {
      {"A Function with a gradient too many",
       [] {
         torch::Tensor x = torch::ones({3}).requires_grad_();
         OneTooMany::apply(x).sum().backward();
       }},
      {"The Hessian of more than a number",
       [] {
         torch::autograd::functional::hessian([](const torch::Tensor& x) { return x * x; },
                                              torch::ones({3}));
       }},
      {"A strict Jacobian of a constant",
       [] {
         torch::autograd::functional::jacobian(
             [](const torch::Tensor&) { return torch::ones({2}); }, torch::ones({3}),
             /*create_graph=*/false, /*strict=*/true);
       }},
      {"Gradcheck of a constant input",
       [] {
         torch::autograd::gradcheck([](const torch::Tensor& x) { return x * x; },
                                    {torch::ones({3}, torch::kFloat64)});
       }},
      {"Gradcheck of overlapping elements",
       [] {
         torch::Tensor x = torch::ones({1}, torch::kFloat64).expand({3}).requires_grad_();
         torch::autograd::gradcheck([](const torch::Tensor& t) { return t * t; }, {x});
       }},
  };
}

Uses of_convolutions() {
  return {
      {"Another number of channels",
       [] {
         torch::nn::Conv2d(3, 16, 5)(torch::ones({8, 1, 28, 28}));
       }},
      {"A picture without its batch",
       [] {
         torch::nn::Conv2d(1, 16, 5)(torch::ones({28, 28}));
       }},
      {"A kernel larger than the picture",
       [] {
         torch::conv2d(torch::ones({1, 1, 4, 4}), torch::ones({1, 1, 5, 5}));
       }},
      {"A stride of zero",
       [] {
         torch::conv2d(torch::ones({1, 1, 4, 4}), torch::ones({1, 1, 3, 3}), {}, 0);
       }},
      {"Groups that do not divide the channels",
       [] { torch::nn::Conv2d(torch::nn::Conv2dOptions(3, 4, 3).groups(2)); }},
      {"An output padding as large as the stride",
       [] {
         torch::nn::ConvTranspose2d up(
             torch::nn::ConvTranspose2dOptions(8, 1, 3).stride(2).output_padding(2));
         up(torch::ones({1, 8, 4, 4}));
       }},
  };
}

struct NetImpl : torch::nn::Module {
  NetImpl() : fc(register_module("fc", torch::nn::Linear(3, 4))) {}
  torch::nn::Linear fc;
};
TORCH_MODULE(Net);

Uses of_modules() {
  return {
      {"Another number of features",
       [] {
         torch::nn::Linear(784, 10)(torch::ones({8, 28}));
       }},
      {"A name that is taken",
       [] {
         Net net;
         net->register_module("fc", torch::nn::Linear(3, 4));
       }},
      {"A name with a dot",
       [] {
         Net net;
         net->register_parameter("fc.scale", torch::ones({1}));
       }},
      {"A holder without a module",
       [] {
         torch::nn::Linear fc{nullptr};
         fc(torch::ones({1, 3}));
       }},
      {"A result as a parameter",
       [] {
         Net net;
         net->register_parameter("scale", net->fc->weight * 2);
       }},
      {"A layer as another one",
       [] {
         torch::nn::Sequential net(torch::nn::Linear(3, 4), torch::nn::ReLU());
         net->at<torch::nn::LinearImpl>(1);
       }},
      {"Loading into another model",
       [] {
         std::stringstream file;
         torch::save(torch::nn::Linear(3, 4), file);
         Net net;
         torch::load(net, file);
       }},
      {"A mean of no known reduction",
       [] { torch::mse_loss(torch::ones({3}), torch::ones({3}), 7); }},
  };
}

Uses of_optimizers() {
  return {
      {"No parameters",
       [] { torch::optim::SGD(std::vector<torch::Tensor>{}, torch::optim::SGDOptions(0.1)); }},
      {"A parameter that is a result",
       [] {
         torch::Tensor w = torch::ones({3}).requires_grad_() * 0.1;
         torch::optim::Adam optimizer({w});
       }},
      {"A parameter given twice",
       [] {
         torch::Tensor w = torch::ones({3}).requires_grad_();
         torch::optim::Adam optimizer({w, w});
       }},
      {"A rate below zero",
       [] {
         torch::Tensor w = torch::ones({3}).requires_grad_();
         torch::optim::SGD optimizer({w}, torch::optim::SGDOptions(-0.1));
       }},
  };
}

Uses of_data() {
  return {
      {"A folder without the data set", [] { torch::data::datasets::MNIST("nonesuch"); }},
      {"A file that is none of ours",
       [] {
         std::stringstream file("PK, or any other file");
         torch::Tensor x;
         torch::load(x, file);
       }},
      {"Examples of unequal shapes",
       [] {
         torch::data::transforms::Stack<>().apply_batch(
             {{torch::ones({2}), torch::tensor(0)}, {torch::ones({3}), torch::tensor(1)}});
       }},
      {"Batches of nothing",
       [] {
         torch::data::make_data_loader(torch::data::datasets::TensorDataset(torch::ones({4, 2})),
                                       torch::data::DataLoaderOptions().batch_size(0));
       }},
      {"A device that is not there", [] { torch::ones({3}).to(torch::kCUDA); }},
  };
}

/// What the page says of a use.
struct Entry {
  std::string code, message;
};

/// One blank in place of any white space: the page breaks lines where it likes.
std::string words(const std::string& text) {
  std::istringstream stream(text);
  std::string all;
  for (std::string word; stream >> word;) all += (all.empty() ? "" : " ") + word;
  return all;
}

std::string text_of(const std::string& path) {
  std::ifstream file(std::string(ADJOINT_TESTS_DIR) + "/../" + path);
  EXPECT_TRUE(file) << path;
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

/// Each `###` heading of the page is followed by a block of code and one of text: the message.
std::map<std::string, Entry> read_page() {
  std::map<std::string, Entry> entries;
  std::istringstream page(text_of("docs/wrong-uses.md"));
  std::string title;
  std::string* block = nullptr;
  for (std::string line; std::getline(page, line);) {
    if (line.starts_with("### ")) {
      title = line.substr(4);
    } else if (line == "```cpp") {
      block = &entries[title].code;
    } else if (line == "```text") {
      block = &entries[title].message;
    } else if (line == "```") {
      block = nullptr;
    } else if (block != nullptr) {
      *block += line + "\n";
    }
  }
  return entries;
}

TEST(WrongUses, GiveTheMessagesOnThePage) {
  std::map<std::string, Entry> page = read_page();
  const std::string source = words(text_of("tests/nn/wrong_uses_test.cpp"));
  std::size_t count = 0;
  for (const Uses& group : {of_creation(), of_shapes(), of_dtypes(), of_indexing(),
                            of_changes_in_place(), of_autograd(), of_functions(), of_convolutions(),
                            of_modules(), of_optimizers(), of_data()}) {
    for (const Use& use : group) {
      SCOPED_TRACE(use.title);
      EXPECT_EQ(words(page[use.title].message), words(error_of(use.run)));
      ASSERT_FALSE(page[use.title].code.empty());
      EXPECT_TRUE(source.find(words(page[use.title].code)) != std::string::npos)
          << "the code on the page is not the code that is run";
      ++count;
    }
  }
  EXPECT_EQ(count, page.size()) << "the page has a use that is not run";
  EXPECT_GE(count, 30u);
}

}  // namespace
}  // namespace adjoint
