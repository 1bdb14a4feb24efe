#include "adjoint/tests/libtorch/show.h"

using namespace torch::indexing;

namespace {

void reading() {
  const torch::Tensor x = torch::arange(24).view({2, 3, 4});
  SHOW(x.index({0}));
  SHOW(x.index({-1, 2, 3}));
  SHOW(x.index({"...", 0}));
  SHOW(x.index({Ellipsis, 0}));
  SHOW(x.index({Slice(), 1}));
  SHOW(x.index({Slice(1), Slice(None, 2), Slice(None, None, 2)}));
  SHOW(x.index({Slice(0, 100), Slice(-2, None), -1}));
  SHOW(x.index({None, 0, None, 1}).sizes());
  SHOW(x.index({0, Slice(), Slice(2, 1)}).sizes());
  SHOW(x.index({true}).sizes());
  SHOW(x.index({false}).sizes());
  SHOW(x.index({torch::tensor({1, 0, 1}), 0}));
  SHOW(x.index({Slice(), torch::tensor({2, 0})}));
  SHOW(x.index({torch::tensor({0, 1}), torch::tensor({-1, 0}), torch::tensor({1, 3})}));
  SHOW(x.index({torch::tensor({{0}, {1}}), torch::tensor({0, 2})}).sizes());
  SHOW(x.index({torch::tensor({0, 1}), Slice(), torch::tensor({1, 3})}));
  SHOW(x.index({Slice(), torch::tensor({true, false, true}), 0}));
  SHOW(x.index({x > 20}));
  SHOW(x.index({x[0][0] > 1, "..."}).sizes());
  SHOW(x.index({torch::tensor({0, 1}), None, Slice(), 2}));
  SHOW(x.index({0, 0, 0, 0}));
  SHOW(x.index({5}));
  SHOW(x.index({torch::tensor({2})}));
  SHOW(x[1][2][3]);
  SHOW(x[1][-1].sizes());
  SHOW(x[torch::tensor(1)][0]);
  SHOW(x[2]);
  SHOW(x[torch::Scalar(1)][0]);
  SHOW(x[torch::Scalar(1.5)]);
  SHOW(x.index({}));
  SHOW(x.index(std::vector<TensorIndex>{}));
  SHOW(x.index({torch::tensor({1, 0}, torch::kByte), 0, 0}));
  SHOW(x.index({torch::tensor(1), Slice(), 0}));
  SHOW(x.index({torch::tensor(true), 0}).sizes());
  SHOW(x.index({torch::empty({0}, torch::kLong)}).sizes());
  SHOW(x.index({torch::tensor({0, 1}), torch::tensor({{0}, {2}}), 0}));
  SHOW(x.index({torch::tensor({0.5})}));
  SHOW(x.index({Slice(None, None, -1)}));
  SHOW(x.index({torch::tensor({0, 1}), torch::tensor({0, 1, 2})}));
  SHOW(x.select(1, -1));
  SHOW(x.narrow(2, 1, 2)[0]);
  SHOW(x.slice(/*dim=*/2, /*start=*/0, /*end=*/4, /*step=*/3)[1]);
}

void writing() {
  torch::Tensor x = torch::zeros({3, 4});
  x.index_put_({0}, 1);
  x.index_put_({Slice(), 3}, torch::tensor({5.0, 6.0, 7.0}));
  SHOW(x);
  x.index_put_({Slice(1, None), Slice(None, 2)}, torch::tensor({{8.0}, {9.0}}));
  SHOW(x);
  x.index_put_({torch::tensor({0, 2}), torch::tensor({1, 1})}, -1);
  SHOW(x);
  x.index_put_({x == 0}, 0.5);
  SHOW(x);
  x.index_put_({"...", 0}, 3);
  SHOW(x);
  x[1] = 4;
  x[2][3] = torch::tensor(2.5);
  SHOW(x);
  SHOW(x.index_put_({torch::tensor({0, 0, 2})}, torch::tensor({1.0, 2.0, 4.0, 8.0}), true));
  SHOW(x.index_put_({torch::tensor({0, 0}), torch::tensor({1, 1})}, torch::tensor(0.5), true));
  SHOW(torch::index_put(x, {torch::tensor({1})}, torch::tensor({9.0})));
  SHOW(x.index_put({torch::tensor({1, 1})}, torch::ones({4}), true));
  SHOW(x);
  SHOW(x.put(torch::tensor({0, 5}), torch::tensor({-1.0, -2.0})));
  ATTEMPT(x.index_put_({torch::tensor({0})}, torch::ones({3}), true));
  ATTEMPT(x.index_put_({0}, torch::ones({3})));
  ATTEMPT(x.index_put_({}, 1));
  ATTEMPT(x.index_put_({}, x));
  SHOW(x.index_put_({None, 0, Slice(1, 2)}, -7));
  ATTEMPT(x.index_put_({3}, 1));
  x.masked_fill_(x > 4, 0);
  SHOW(x);
}

void by_index_tensors() {
  const torch::Tensor x = torch::arange(12.0).view({3, 4});
  const torch::Tensor index = torch::tensor({{3, 0}, {1, 1}, {0, 2}});
  SHOW(torch::index_select(x, 1, torch::tensor({3, 3, 0})));
  SHOW(torch::gather(x, 1, index));
  SHOW(torch::zeros({3, 4}).scatter_(1, index, x));
  SHOW(torch::zeros({3, 4}).scatter_(1, index, 2.5));
  SHOW(torch::zeros({3, 4}).scatter_add_(1, index, torch::ones({3, 2})));
  SHOW(torch::zeros({3, 4}).index_add_(0, torch::tensor({0, 0, 2}), x));
  SHOW(torch::zeros({3, 4}).index_add_(0, torch::tensor({1}), x.slice(0, 0, 1), 2));
  SHOW(x.index_fill(1, torch::tensor({0, 2}), -1));
  SHOW(x.index_copy(0, torch::tensor({2, 0}), torch::ones({2, 4})));
  SHOW(torch::take(x, torch::tensor({{0, 11}, {5, -1}})));
  SHOW(torch::take_along_dim(x, index, 1));
  SHOW(torch::masked_select(x, x > 8));
  SHOW(x.masked_fill(x < 6, -1)[1]);
  SHOW(torch::where(x > 5, x, -x)[1]);
  SHOW(torch::where(x > 9));
  SHOW(torch::nonzero(x > 9));
  SHOW(torch::zeros({2, 2}).put_(torch::tensor({0, 3}), torch::tensor({1.0, 2.0})));
  SHOW(torch::zeros({2, 2}).masked_scatter_(torch::eye(2) > 0, torch::tensor({5.0, 6.0})));
  SHOW(torch::gather(x, 1, torch::tensor({{4}})));
  SHOW(torch::index_select(x, 2, torch::tensor({0})));
  SHOW(torch::gather(x, 1, torch::tensor({{0.5}})));
}

}  // namespace

void indexing() {
  reading();
  writing();
  by_index_tensors();
}
