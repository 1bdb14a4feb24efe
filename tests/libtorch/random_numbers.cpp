#include "adjoint/tests/libtorch/show.h"

void random_numbers() {
  torch::manual_seed(0);
  SHOW(torch::rand({3}));
  SHOW(torch::rand({2}, torch::kDouble));
  SHOW(torch::randn({3}));
  SHOW(torch::randn({20}));
  SHOW(torch::randn({2}, torch::kDouble));
  SHOW(torch::randint(10, {5}));
  SHOW(torch::randint(-5, 5, {5}));
  SHOW(torch::randint(3, {2}, torch::kFloat));
  SHOW(torch::randperm(6));
  SHOW(torch::normal(1.0, 2.0, torch::IntArrayRef{3}));
  SHOW(torch::bernoulli(torch::full({6}, 0.5)));
  SHOW(torch::zeros({4}).uniform_(-1, 1));
  SHOW(torch::zeros({4}).normal_(0, 3));
  SHOW(torch::zeros({4}, torch::kLong).random_(0, 100));
  SHOW(torch::zeros({6}).bernoulli_(0.3));
  SHOW(torch::full({6}, 0.5).bernoulli());
  SHOW(torch::zeros({6}).bernoulli(0.7));
  SHOW(torch::rand_like(torch::zeros({2}, torch::kDouble)));
  SHOW(torch::randn_like(torch::zeros({2})));
  torch::manual_seed(7);
  const torch::Tensor first = torch::randn({4});
  torch::manual_seed(7);
  SHOW(torch::equal(first, torch::randn({4})));
  SHOW(torch::bernoulli(torch::tensor({1.5})));
  SHOW(torch::randint(5, 5, {2}));
  SHOW(torch::zeros({2}).uniform_(1, 0));
}
