#include <sstream>

#include "adjoint/tests/libtorch/show.h"

namespace nn = torch::nn;
namespace F = torch::nn::functional;

namespace {

struct NetImpl : nn::Module {
  NetImpl(int64_t hidden, int64_t classes)
      : conv(nn::Conv2dOptions(1, 2, 3).stride(2).padding(1)),
        hidden(register_module("hidden", nn::Linear(18, hidden))),
        out(nn::LinearOptions(hidden, classes).bias(false)) {
    register_module("conv", conv);
    register_module("out", out);
    scale = register_parameter("scale", torch::ones({1}));
    steps = register_buffer("steps", torch::zeros({}, torch::kLong));
  }

  torch::Tensor forward(torch::Tensor x) {
    steps += 1;
    x = torch::relu(conv->forward(x));
    x = x.view({x.size(0), -1});
    x = torch::tanh(hidden(x)) * scale;
    return torch::log_softmax(out(x), /*dim=*/1);
  }

  nn::Conv2d conv;
  nn::Linear hidden{nullptr}, out;
  torch::Tensor scale, steps;
};
TORCH_MODULE(Net);

// A block that is trained in part, and prints itself.
class ResidualImpl : public nn::Cloneable<ResidualImpl> {
 public:
  explicit ResidualImpl(int64_t size) : size_(size) { reset(); }
  void reset() override { fc = register_module("fc", nn::Linear(size_, size_)); }
  torch::Tensor forward(const torch::Tensor& x) { return x + fc(x); }
  void pretty_print(std::ostream& out) const override { out << "Residual(" << size_ << ")"; }

  nn::Linear fc{nullptr};

 private:
  int64_t size_;
};
TORCH_MODULE(Residual);

template <class T>
std::string printed(const T& value) {
  std::ostringstream out;
  out << value;
  return out.str();
}

void a_model() {
  torch::manual_seed(1);
  Net net(4, 3);
  for (const auto& p : net->named_parameters()) {
    SHOW(p.key());
    SHOW(p.value());
  }
  SHOW(net->named_buffers().keys());
  SHOW(net->parameters().size());
  SHOW(net->children().size());
  SHOW(net->modules().size());
  SHOW(net->named_modules().keys());
  const torch::Tensor x = torch::arange(50.0).view({2, 1, 5, 5}) / 50;
  const torch::Tensor y = net->forward(x);
  SHOW(y);
  y.index({torch::indexing::Slice(), 0}).sum().backward();
  SHOW(net->conv->weight.grad());
  SHOW(net->scale.grad());
  SHOW(net->steps);
  net->zero_grad();
  SHOW(net->scale.grad().sum());
  SHOW(net->is_training());
  net->eval();
  SHOW(net->hidden->is_training());
  net->to(torch::kDouble);
  SHOW(net->out->weight.scalar_type());
  SHOW(net->conv->options.stride().size());
  ATTEMPT(net(x.to(torch::kDouble)));
  ATTEMPT(net(x));
  ATTEMPT(net(torch::ones({2, 3, 5, 5}, torch::kDouble)));
  for (auto& p : net->parameters()) p.set_requires_grad(false);
  SHOW(net(x.to(torch::kDouble)).requires_grad());

  std::stringstream file;
  torch::save(net, file);
  Net other(4, 3);
  other->to(torch::kDouble);
  torch::load(other, file);
  SHOW(torch::equal(other->hidden->weight, net->hidden->weight));
}

void containers() {
  torch::manual_seed(2);
  nn::Sequential net(nn::Linear(3, 4), nn::ReLU(), nn::Linear(4, 2), nn::Sigmoid());
  const torch::Tensor x = torch::tensor({{0.5, -1.0, 2.0}});
  SHOW(net->forward(x));
  SHOW(net->size());
  SHOW(net->is_empty());
  SHOW(net[0]->as<nn::Linear>()->weight.sizes());
  SHOW(net->at<nn::LinearImpl>(2).bias.sizes());
  SHOW(net->named_parameters().keys());
  SHOW(printed(net));
  nn::Sequential named({{"first", nn::Linear(3, 2)}, {"act", nn::Tanh()}});
  named->push_back("last", nn::Linear(2, 1));
  named->push_back(nn::Functional(torch::relu));
  SHOW(named->named_parameters().keys());
  SHOW(named->forward(x).sizes());
  nn::ModuleList list(nn::Linear(3, 3), nn::Linear(3, 3));
  list->push_back(nn::Tanh());
  SHOW(list->size());
  torch::Tensor y = x;
  for (std::size_t i = 0; i < 2; ++i) y = list[i]->as<nn::Linear>()->forward(y);
  SHOW(y);
  int seen = 0;
  for (const auto& module : *list) seen += module->parameters().size();
  SHOW(seen);

  Residual block(3);
  SHOW(printed(block));
  SHOW(block(x));
  const auto copy = std::dynamic_pointer_cast<ResidualImpl>(block->clone());
  SHOW(torch::equal(copy->fc->weight, block->fc->weight));
  SHOW(copy->fc->weight.is_same(block->fc->weight));
  block->apply([](nn::Module& module) {
    if (auto* linear = module.as<nn::Linear>()) {
      torch::NoGradGuard no_grad;
      linear->weight.fill_(0.5);
      linear->bias.zero_();
    }
  });
  SHOW(block(x));
  ATTEMPT(block->register_module("fc", nn::Linear(1, 1)));
  ATTEMPT(block->register_parameter("a.b", torch::ones({1})));
  ATTEMPT(nn::Sequential(nn::ReLU(), nn::ReLU())->at<nn::LinearImpl>(0));
}

void layers() {
  torch::manual_seed(3);
  const torch::Tensor x = torch::arange(32.0).view({1, 2, 4, 4}) / 16 - 1;
  nn::Conv2d conv(nn::Conv2dOptions(2, 4, {3, 2}).stride({2, 1}).padding({1, 0}).groups(2));
  SHOW(conv->weight.sizes());
  SHOW(conv(x).sizes());
  SHOW(conv(x).sum());
  SHOW(printed(conv));
  nn::ConvTranspose2d up(
      nn::ConvTranspose2dOptions(2, 1, 3).stride(2).padding(1).output_padding(1));
  SHOW(up(x).sizes());
  SHOW(up(x).mean());
  SHOW(printed(up));
  nn::Conv1d line(nn::Conv1dOptions(2, 1, 3).dilation(2).bias(false));
  SHOW(line(x[0].view({1, 2, 16})).sizes());
  nn::Conv2d reflecting(nn::Conv2dOptions(2, 1, 3).padding(1).padding_mode(torch::kReflect));
  SHOW(reflecting(x).sum());
  SHOW(printed(nn::Linear(nn::LinearOptions(3, 4).bias(false))));
  SHOW(nn::Identity()->forward(x).is_same(x));
  SHOW(nn::Flatten(nn::FlattenOptions().start_dim(2))(x).sizes());
  SHOW(nn::Unflatten(nn::UnflattenOptions(1, {1, 2}))(x).sizes());
  SHOW(nn::Unfold(nn::UnfoldOptions({2, 2}).stride(2))(x).sizes());
  SHOW(nn::Fold(nn::FoldOptions({4, 4}, {2, 2}).stride(2))(torch::ones({1, 8, 4})).sizes());
  SHOW(nn::ReLU(nn::ReLUOptions().inplace(true))(x.clone()).min());

  const torch::Tensor target = torch::zeros({1, 2, 4, 4});
  SHOW(nn::MSELoss()(x, target));
  SHOW(nn::MSELoss(nn::MSELossOptions(torch::kSum))(x, target));
  SHOW(F::mse_loss(x, target, F::MSELossFuncOptions().reduction(torch::kNone)).sizes());
  SHOW(nn::BCELoss()(torch::sigmoid(x), target));
  SHOW(F::binary_cross_entropy(torch::tensor({0.25f}), torch::tensor({1.0f})));
  SHOW(torch::mse_loss(x, target, torch::Reduction::Sum));
  SHOW(F::conv2d(x, torch::ones({1, 2, 2, 2}), F::Conv2dFuncOptions().stride(2)));
  SHOW(F::pad(x[0][0], F::PadFuncOptions({1, 1, 0, 0}).mode(torch::kConstant).value(2)).sizes());
  SHOW(F::linear(torch::ones({1, 2}), torch::ones({3, 2}), torch::ones({3})));
  SHOW(F::relu(torch::tensor({-1.0, 1.0})));
}

void initial_values() {
  torch::manual_seed(4);
  SHOW(nn::init::xavier_uniform_(torch::empty({2, 3})));
  SHOW(nn::init::xavier_normal_(torch::empty({2, 3}), 2));
  SHOW(nn::init::kaiming_uniform_(torch::empty({2, 3}), 0.1));
  SHOW(nn::init::kaiming_normal_(torch::empty({2, 3}), 0, torch::kFanOut, torch::kReLU));
  SHOW(nn::init::uniform_(torch::empty({3}), -1, 1));
  SHOW(nn::init::normal_(torch::empty({3}), 1, 2));
  SHOW(nn::init::constant_(torch::empty({2}), 3));
  SHOW(nn::init::calculate_gain(torch::kTanh));
  ATTEMPT(nn::init::xavier_uniform_(torch::empty({3})));
}

}  // namespace

void modules() {
  a_model();
  containers();
  layers();
  initial_values();
}
