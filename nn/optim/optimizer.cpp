#include "adjoint/nn/optim/optimizer.h"

#include <algorithm>
#include <set>

#include <fmt/ranges.h>

#include "adjoint/autograd/record.h"
#include "adjoint/core/type_name.h"
#include "adjoint/nn/zero_grad.h"

namespace adjoint::optim {

double OptimizerOptions::get_lr() const {
  fail("get_lr: {} does not override it", demangle(typeid(*this)));
}

void OptimizerOptions::set_lr(double) {
  fail("set_lr: {} does not override it", demangle(typeid(*this)));
}

void detail::fail_no_fields(const std::type_info& type) {
  fail("{} cannot be saved or loaded: it has no static function fields(self, fields)",
       demangle(type));
}

OptimizerOptions& OptimizerParamGroup::options() {
  check(has_options(),
        "the parameter group has no options of its own yet: an optimizer gives it "
        "its defaults when the group is added");
  return *options_;
}

const OptimizerOptions& OptimizerParamGroup::options() const {
  return const_cast<OptimizerParamGroup*>(this)->options();
}

Optimizer::Optimizer(std::vector<OptimizerParamGroup> param_groups,
                     std::unique_ptr<OptimizerOptions> defaults)
    : defaults_(std::move(defaults)) {
  check(defaults_ != nullptr, "Optimizer: the default options are null");
  defaults_->validate();
  for (const OptimizerParamGroup& group : param_groups) add_param_group(group);
}

Optimizer::Optimizer(std::vector<Tensor> parameters, std::unique_ptr<OptimizerOptions> defaults)
    : Optimizer(std::vector{OptimizerParamGroup(std::move(parameters))}, std::move(defaults)) {}

void Optimizer::add_param_group(const OptimizerParamGroup& group) {
  check_new_parameters(group.params());
  OptimizerParamGroup added = group;
  if (!added.has_options()) added.set_options(defaults_->clone());
  check(typeid(added.options()) == typeid(*defaults_),
        "add_param_group: expected the group's options to be {}, got {}",
        demangle(typeid(*defaults_)), demangle(typeid(added.options())));
  added.options().validate();
  param_groups_.push_back(std::move(added));
}

void Optimizer::add_parameters(const std::vector<Tensor>& parameters) {
  if (param_groups_.empty()) return add_param_group(parameters);
  check_new_parameters(parameters);
  std::vector<Tensor>& first = this->parameters();
  first.insert(first.end(), parameters.begin(), parameters.end());
}

void Optimizer::check_new_parameters(const std::vector<Tensor>& parameters) const {
  check(!parameters.empty(),
        "Optimizer: a parameter group has no parameters; were the module's layers and parameters "
        "registered (register_module, register_parameter)?");
  std::set<const TensorImpl*> known;
  for (const OptimizerParamGroup& group : param_groups_) {
    for (const Tensor& p : group.params()) known.insert(p.impl());
  }
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const Tensor& p = parameters[i];
    check(p.defined(), "Optimizer: parameter {} of the group is undefined", i);
    check(p.is_floating_point(), "Optimizer: expected floating-point parameters, number {} is {}",
          i, p.describe());
    check(p.is_leaf(),
          "Optimizer: parameter {} of the group ({}) is no leaf but the result of an operation; "
          "optimize the tensor it was made from, or its detach()",
          i, p.describe());
    check(known.insert(p.impl()).second,
          "Optimizer: parameter {} of the group ({}) is given a second time", i, p.describe());
  }
}

std::vector<Tensor>& Optimizer::parameters() {
  check(!param_groups_.empty(), "Optimizer: it has no parameter group yet");
  return param_groups_.front().params();
}

const std::vector<Tensor>& Optimizer::parameters() const {
  return const_cast<Optimizer*>(this)->parameters();
}

std::size_t Optimizer::size() const noexcept {
  std::size_t count = 0;
  for (const OptimizerParamGroup& group : param_groups_) count += group.params().size();
  return count;
}

void Optimizer::zero_grad(bool set_to_none) {
  for (OptimizerParamGroup& group : param_groups_) {
    for (const Tensor& p : group.params()) zero_gradient(p, set_to_none);
  }
}

Tensor Optimizer::evaluate(const LossClosure& closure) {
  if (!closure) return {};
  const AutoGradMode recording(true);
  return closure();
}

bool Optimizer::has_gradient(const Tensor& p) {
  const Tensor& grad = p.grad();
  if (!grad.defined()) return false;
  check(grad.sizes() == p.sizes() && grad.scalar_type() == p.scalar_type(),
        "step: a parameter of {} has a gradient of {}", p.describe(), grad.describe());
  return true;
}

Tensor Optimizer::contiguous_values(const Tensor& p) {
  return p.is_contiguous() ? p : p.contiguous();
}

void Optimizer::commit(Tensor& p, const Tensor& values) {
  if (values.is_same(p)) {
    autograd::bump_version(p);
  } else {
    p.copy_(values);
  }
}

std::unique_ptr<OptimizerParamState> Optimizer::make_state() const {
  fail("load_state_dict: {} does not override make_state", demangle(typeid(*this)));
}

namespace {

std::string group_prefix(std::size_t group) { return fmt::format("param_groups.{}.", group); }
std::string state_prefix(std::size_t parameter) { return fmt::format("state.{}.", parameter); }

/// The numbers [first, first + count) as a tensor: what a group records of its parameters.
Tensor numbered(std::size_t first, std::size_t count) {
  const Tensor made = empty({static_cast<int64_t>(count)}, kInt64);
  for (std::size_t i = 0; i < count; ++i) {
    made.data_ptr<int64_t>()[i] = static_cast<int64_t>(first + i);
  }
  return made;
}

bool any_starts_with(const NamedTensors& tensors, const std::string& prefix) {
  return std::any_of(tensors.begin(), tensors.end(),
                     [&](const auto& item) { return item.key().starts_with(prefix); });
}

}  // namespace

NamedTensors Optimizer::state_dict() const {
  NamedTensors found("Optimizer state");
  std::size_t number = 0;
  for (std::size_t g = 0; g < param_groups_.size(); ++g) {
    const OptimizerParamGroup& group = param_groups_[g];
    found.insert(group_prefix(g) + "params", numbered(number, group.params().size()));
    FieldWriter options(found, group_prefix(g));
    group.options().write(options);
    for (const Tensor& p : group.params()) {
      FieldWriter fields(found, state_prefix(number++));
      if (const auto kept = state_.find(p.impl()); kept != state_.end())
        kept->second->write(fields);
    }
  }
  return found;
}

void Optimizer::load_state_dict(const NamedTensors& from) {
  std::vector<std::string> problems;
  std::set<std::string> used;
  std::vector<std::unique_ptr<OptimizerOptions>> options;
  StateMap state;
  std::size_t number = 0;
  for (std::size_t g = 0; g < param_groups_.size(); ++g) {
    const OptimizerParamGroup& group = param_groups_[g];
    const std::string key = group_prefix(g) + "params";
    const Tensor expected = numbered(number, group.params().size());
    const Tensor* given = from.find(key);
    used.insert(key);
    if (given == nullptr) {
      problems.push_back(fmt::format("{} is missing", key));
    } else if (given->scalar_type() != kInt64 || !given->equal(expected)) {
      problems.push_back(fmt::format("{}: expected the numbers of {} parameters from {}, got {}",
                                     key, group.params().size(), number, given->describe()));
    }
    options.push_back(group.options().clone());
    FieldReader fields(from, group_prefix(g), Tensor(), used, problems);
    options.back()->read(fields);
    for (const Tensor& p : group.params()) {
      const std::string prefix = state_prefix(number++);
      if (!any_starts_with(from, prefix)) continue;
      std::unique_ptr<OptimizerParamState> read = make_state();
      FieldReader reader(from, prefix, p, used, problems);
      read->read(reader);
      state[p.impl()] = std::move(read);
    }
  }
  for (const auto& item : from) {
    if (!used.contains(item.key())) problems.push_back(item.key() + " is not known here");
  }
  check(problems.empty(), "load_state_dict: the state does not fit this optimizer:\n  {}",
        fmt::join(problems, "\n  "));
  for (const auto& loaded : options) loaded->validate();

  for (std::size_t g = 0; g < options.size(); ++g) {
    param_groups_[g].set_options(std::move(options[g]));
  }
  state_ = std::move(state);
}

}  // namespace adjoint::optim
