#include "adjoint/autograd/function.h"

#include <algorithm>

#include "adjoint/autograd/record.h"

namespace adjoint::autograd {
namespace {

bool contains(const variable_list& tensors, const Tensor& tensor) {
  return std::any_of(tensors.begin(), tensors.end(),
                     [&](const Tensor& each) { return each.is_same(tensor); });
}

}  // namespace

variable_list AutogradContext::get_saved_variables() const {
  check(!freed_,
        "backward through {} a second time, but what it had saved was freed by the first; pass "
        "retain_graph=true to the first backward or grad call",
        name_);
  variable_list tensors;
  for (const SavedTensor& saved : saved_) tensors.push_back(saved.get());
  return tensors;
}

void AutogradContext::mark_dirty(const variable_list& inputs) {
  for (const Tensor& input : inputs) dirty_.insert(input.impl());
}

void AutogradContext::mark_non_differentiable(const variable_list& outputs) {
  for (const Tensor& output : outputs) non_differentiable_.insert(output.impl());
}

bool AutogradContext::needs_input_grad(std::size_t index) const { return needs_[index]; }

bool AutogradContext::needs_input_grad(std::initializer_list<IndexRange> ranges) const {
  for (const auto& [begin, end] : ranges) {
    for (std::size_t i = begin; i < end; ++i) {
      if (needs_[i]) return true;
    }
  }
  return false;
}

namespace detail {

std::optional<EdgeList> CustomNode::edges_to(const variable_list& tensors) {
  if (!needs_recording(TensorList(tensors))) return std::nullopt;
  return edges_of(TensorList(tensors));
}

CustomNode::CustomNode(const char* name, std::optional<EdgeList> edges, std::vector<bool> is_tensor)
    : Node(name), is_tensor_(std::move(is_tensor)), recorded_(edges.has_value()) {
  context_.name_ = name;
  if (!recorded_) return;
  set_edges(*std::move(edges));
  for (std::size_t i = 0; i < next_edges().size(); ++i) {
    if (next_edge(i).is_valid()) context_.needs_.add(i);
  }
}

/// Counts the in-place changes that forward has marked, however it made them. Those of what must
/// not be changed are found out only now; the elements have changed, but nothing is computed from
/// them.
void CustomNode::count_changes(const variable_list& inputs, const variable_list& outputs) const {
  std::size_t found = 0;
  for (const Tensor& input : inputs) {
    if (!input.defined() || !context_.dirty_.contains(input.impl())) continue;
    ++found;
    check(contains(outputs, input),
          "{}: an input ({}) was marked dirty, but is not returned; forward has to return what it "
          "changes in place",
          name(), input.describe());
    check_inplace(context_.name_.c_str(), input);
    bump_version(input);
  }
  check(found >= context_.dirty_.size(),
        "{}: a tensor that is no input was marked dirty; only inputs can be", name());
}

/// One output as apply() returns it: with this node as its origin.
Tensor CustomNode::placed(const std::shared_ptr<CustomNode>& self, const variable_list& inputs,
                          const Tensor& output) {
  is_defined_output_.push_back(output.defined());
  if (!output.defined()) {
    add_output(empty({0}));  // holds the number
    return output;
  }
  const bool differentiable = recorded_ && output.is_floating_point() &&
                              !context_.non_differentiable_.contains(output.impl());
  const bool is_input = contains(inputs, output);
  if (is_input && context_.dirty_.contains(output.impl())) {
    if (!recorded_) return output;
    const Tensor changed = output.detach();
    set_history(changed, self);
    take_place(output, changed);
    // Saved as this node's output: a view that was changed has its origin further on, in its base,
    // and this node would own what comes after it.
    for (Tensor& saved : context_.to_save_) {
      if (saved.is_same(output)) saved = changed;
    }
    return output;
  }
  Tensor result = output;
  if (is_input) {
    const NoGradGuard no_grad;  // a view of this kind cannot be changed in place
    result = output.detach();
    set_view(result, output);
  }
  if (differentiable) {
    set_history(result, self);
  } else {
    add_output(result);
  }
  return result;
}

variable_list CustomNode::finish(const std::shared_ptr<CustomNode>& self,
                                 const variable_list& inputs, variable_list outputs) {
  count_changes(inputs, outputs);
  for (Tensor& output : outputs) output = placed(self, inputs, output);
  if (recorded_) {
    // Saved only now, when the outputs among them have their place; copying them seals them.
    std::vector<SavedTensor> saved;
    for (const Tensor& tensor : context_.to_save_) {
      const bool is_output = tensor.defined() && tensor.grad_fn() == self;
      saved.emplace_back(tensor, is_output);
    }
    CopyMode sealing;
    context_.saved_ = std::vector<SavedTensor>(saved.begin(), saved.end());
  }
  context_.to_save_.clear();
  context_.dirty_.clear();
  context_.non_differentiable_.clear();
  return outputs;
}

Grads CustomNode::apply(Grads&& upstream, Needs needs) {
  for (std::size_t i = 0; context_.materialize_grads_ && i < upstream.size(); ++i) {
    if (upstream[i].defined() || !is_defined_output_[i]) continue;
    upstream[i] = empty(outputs()[i].sizes, outputs()[i].dtype).fill_(0);
  }
  context_.needs_ = needs;
  variable_list returned = call_backward(&context_, std::move(upstream));

  const std::size_t expected = is_tensor_.size();
  const auto is_undefined = [](const Tensor& tensor) { return !tensor.defined(); };
  const bool surplus_is_undefined =
      returned.size() > expected &&
      std::all_of(returned.begin() + static_cast<std::ptrdiff_t>(expected), returned.end(),
                  is_undefined);
  if (surplus_is_undefined) returned.resize(expected);
  check(returned.size() == expected,
        "{}: its backward returned {} gradients for {} arguments of forward; return one for each, "
        "undefined (Tensor()) for those that are no tensors",
        name(), returned.size(), expected);
  Grads gradients;
  for (std::size_t i = 0; i < expected; ++i) {
    check(is_tensor_[i] || !returned[i].defined(),
          "{}: its backward returned a gradient for argument {} of forward, which is no tensor; "
          "return an undefined Tensor() there",
          name(), i);
    if (is_tensor_[i]) gradients.push_back(std::move(returned[i]));
  }
  return gradients;
}

void CustomNode::release_saved() {
  if (context_.saved_.empty()) return;  // it can run any number of times
  context_.saved_.clear();
  context_.freed_ = true;
}

std::vector<SavedInfo> CustomNode::saved() const {
  std::vector<SavedInfo> found;
  const CopyMode listing(&found);
  [[maybe_unused]] const std::vector<SavedTensor> copies = context_.saved_;
  return found;
}

}  // namespace detail
}  // namespace adjoint::autograd
