#include "adjoint/tests/libtorch/show.h"

namespace {

template <class F>
std::string class_of_error(const F& wrong_use) {
  try {
    wrong_use();
  } catch (const c10::IndexError&) {
    return "c10::IndexError";
  } catch (const c10::Error& error) {
    return std::string(error.what()).empty() ? "no message" : "c10::Error";
  } catch (const std::exception& error) {
    return error.what();
  }
  return "nothing was thrown";
}

}  // namespace

// Wrong uses that have to throw; and of which classes the exceptions are.

void errors() {
  const torch::Tensor x = torch::ones({2, 3});
  SHOW(torch::Tensor() + x);
  SHOW(torch::zeros({-1}));
  SHOW(torch::ones({2, 3}).view({4, 2}));
  SHOW(x.view({-1, -1}));
  SHOW(x.size(2));
  SHOW(x.select(0, 2));
  SHOW(x.transpose(0, 2));
  SHOW(x.permute({0, 0}));
  SHOW(x.narrow(0, 1, 5).sizes());
  SHOW(x.slice(0, 0, 2, 0));
  SHOW(x.sum(5));
  SHOW(x + torch::ones({4}));
  SHOW(x.mm(x));
  SHOW(torch::cat(std::vector<torch::Tensor>{}));
  SHOW(torch::stack({x, torch::ones({3})}));
  SHOW(x.item<float>());
  SHOW(x.data_ptr<double>() == nullptr);
  SHOW(torch::ones({2}, torch::kLong).mean());
  SHOW(torch::arange(0, 1, 0));
  SHOW(torch::arange(1, 0));
  SHOW(torch::linspace(0, 1, -1));
  SHOW(x.clamp());
  SHOW(x.expand({3}));
  SHOW(x.repeat({2}));
  SHOW(x.flip({0, 0}));
  SHOW(x.unfold(1, 4, 1));
  SHOW(x.chunk(0));
  SHOW(x.split(-1));
  SHOW(torch::one_hot(torch::tensor({-1})));
  SHOW(torch::softmax(torch::ones({2}, torch::kLong), 0));
  SHOW(x.std(3));
  SHOW(torch::nn::Linear(3, 2)->forward(torch::ones({2, 4})));
  SHOW(torch::nn::Linear(nullptr)->forward(x));

  SHOW(class_of_error([&] { x.size(2); }));
  SHOW(class_of_error([&] { x.select(0, 2); }));
  SHOW(class_of_error([&] { x.sum(5); }));
  SHOW(class_of_error([&] { torch::cat({x, torch::ones({2})}, 3); }));
  SHOW(class_of_error([&] { x.item<float>(); }));
  SHOW(class_of_error([&] { x.mm(x); }));
  SHOW(class_of_error([&] { torch::zeros({-1}); }));
  SHOW(class_of_error([&] { x.data_ptr<int>(); }));
  SHOW(class_of_error([&] { x.requires_grad_().add_(1); }));
  SHOW(class_of_error([&] { x.mul(2).backward(); }));
  SHOW(class_of_error([&] { torch::nn::Linear(nullptr)->forward(x); }));
  SHOW(class_of_error([&] { throw std::runtime_error("a user's own"); }));
}
