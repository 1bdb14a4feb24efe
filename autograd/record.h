#pragma once

#include <functional>
#include <initializer_list>
#include <utility>

#include "adjoint/autograd/grad_mode.h"
#include "adjoint/autograd/saved_tensor.h"

namespace adjoint::autograd {

/// The inputs of an operation, as `{x, w}`.
using Inputs = std::initializer_list<std::reference_wrapper<const Tensor>>;

namespace detail {

/// The rule of one operation as a node of the graph.
///
/// A rule is called as rule(g), rule(g, needs), or, for an operation of several outputs,
/// rule(gs, needs) with all their gradients; it returns one gradient an input.
template <class Rule>
class RuleNode final : public Node {
 public:
  RuleNode(const char* name, const Rule& rule) : Node(name) {
    CopyMode sealing;
    rule_.emplace(rule);
    saves_tensors_ = sealing.sealed > 0;
  }

  Grads apply(Grads&& upstream, Needs needs) override {
    check(rule_.has_value(),
          "backward through {} a second time, but what it had saved was freed by the first; pass "
          "retain_graph=true to the first backward or grad call",
          name());
    if constexpr (std::is_invocable_v<Rule&, const Tensor&, Needs>) {
      return (*rule_)(upstream[0], needs);
    } else if constexpr (std::is_invocable_v<Rule&, const Tensor&>) {
      return (*rule_)(upstream[0]);
    } else {
      return (*rule_)(std::move(upstream), needs);
    }
  }
  void release_saved() override {
    if (saves_tensors_) rule_.reset();
  }
  std::vector<SavedInfo> saved() const override {
    std::vector<SavedInfo> found;
    CopyMode listing(&found);
    [[maybe_unused]] const std::optional<Rule> copy = rule_;
    return found;
  }

 private:
  std::optional<Rule> rule_;
  bool saves_tensors_;  // a rule that saves none, like that of a sum, can run any number of times
};

bool any_requires_grad(Inputs inputs);
bool any_requires_grad(TensorList inputs);
EdgeList edges_of(Inputs inputs);
EdgeList edges_of(TensorList inputs);
/// Makes `node` the origin of `output`.
void set_history(const Tensor& output, std::shared_ptr<Node> node);
/// Gives `self`, whose elements have been changed to value's, the place of `value` in the graph.
void take_place(const Tensor& self, const Tensor& value);

template <class InputList, class Rule>
std::shared_ptr<Node> make_rule_node(const char* name, InputList inputs, const Rule& rule) {
  // The edges first: a leaf's sink that gets its number for this operation has to get a lower one.
  EdgeList edges = edges_of(inputs);
  auto node = make_node<RuleNode<Rule>>(name, rule);
  node->set_edges(std::move(edges));
  return node;
}

}  // namespace detail

/// Whether an operation on these inputs has to be recorded: recording is on and one requires grad.
inline bool needs_recording(Inputs inputs) {
  return GradMode::is_enabled() && detail::any_requires_grad(inputs);
}
inline bool needs_recording(TensorList inputs) {
  return GradMode::is_enabled() && detail::any_requires_grad(inputs);
}

/// Whether a rule, or the engine, may write over a gradient that it was given: it becomes no part
/// of a graph, its elements are dense, and nobody but its holder sees them.
bool may_overwrite(const Tensor& gradient);

/// Records that `output` was computed from `inputs` by the operation `name`, and how gradients
/// flow back; returns the output. It costs nothing but a look at the inputs where none of them
/// requires grad. `rule(g)` or `rule(g, needs)` gets the output's gradient and returns one
/// gradient an input (undefined is zero), written with differentiable operations.
///
/// Rules need not undo broadcasting or type promotion: the engine sums a gradient to its input's
/// shape and converts it to its dtype.
template <class Rule>
Tensor record(const char* name, Tensor output, Inputs inputs, const Rule& rule) {
  if (needs_recording(inputs) && output.is_floating_point()) {
    detail::set_history(output, detail::make_rule_node(name, inputs, rule));
  }
  return output;
}

/// The same for a list of inputs of any length.
template <class Rule>
Tensor record(const char* name, Tensor output, TensorList inputs, const Rule& rule) {
  if (needs_recording(inputs) && output.is_floating_point()) {
    detail::set_history(output, detail::make_rule_node(name, inputs, rule));
  }
  return output;
}

/// The same for an operation of several outputs. Rule: Grads(Grads&& gs, Needs needs), where gs[i]
/// is undefined if output i was not used.
template <class Rule>
std::vector<Tensor> record(const char* name, std::vector<Tensor> outputs, Inputs inputs,
                           const Rule& rule) {
  if (needs_recording(inputs)) {
    const auto node = detail::make_rule_node(name, inputs, rule);
    for (const Tensor& output : outputs) detail::set_history(output, node);
  }
  return outputs;
}

/// Records a view: `view` shares the memory of `base`, so that an in-place change of either is seen
/// by the other, in values and in gradients.
template <class Rule>
Tensor record_view(const char* name, const Tensor& base, Tensor view, const Rule& rule);

/// Gives `self` the elements, and the place in the graph, of `value` (same shape; converted to
/// self's dtype): every in-place operation is this after its out-of-place twin, so it is
/// differentiable like that one: `assign_(x, x + y)`. A twin whose rule saves x is called on
/// x.clone(), since what it saves is about to change: `assign_(x, x.clone() * y)`. Works through
/// views. Throws Error, in the name of `name`, for a leaf that requires grad.
void assign_(const Tensor& self, const Tensor& value, const char* name = "in-place operation");

/// Throws Error unless `self` may be changed in place now; call it before touching the elements.
void check_inplace(const char* name, const Tensor& self);
/// Counts a change of self's elements that was made by hand.
void bump_version(const Tensor& self);

namespace detail {
/// Notes that `view` is a view of `base` (or of what that is a view of).
void set_view(const Tensor& view, const Tensor& base);
}  // namespace detail

template <class Rule>
Tensor record_view(const char* name, const Tensor& base, Tensor view, const Rule& rule) {
  detail::set_view(view, base);
  return record(name, std::move(view), Inputs{base}, rule);
}

}  // namespace adjoint::autograd
