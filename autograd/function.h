#pragma once

#include <optional>
#include <string>
#include <type_traits>
#include <typeinfo>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "adjoint/autograd/grad_mode.h"
#include "adjoint/autograd/ivalue.h"
#include "adjoint/autograd/saved_tensor.h"
#include "adjoint/core/type_name.h"

namespace adjoint::autograd {

using Variable = Tensor;
using tensor_list = std::vector<Tensor>;
/// Inputs from .first up to, not including, .second.
using IndexRange = std::pair<std::size_t, std::size_t>;

namespace detail {
class CustomNode;
}  // namespace detail

/// What a custom Function's forward keeps for its backward.
class AutogradContext {
 public:
  AutogradContext() = default;
  AutogradContext(const AutogradContext&) = delete;
  AutogradContext& operator=(const AutogradContext&) = delete;

  /// Values that are no tensors: `ctx->saved_data["stride"] = 2`. Tensors that are inputs or
  /// outputs belong into save_for_backward: kept here, an output is never freed.
  std::unordered_map<std::string, IValue> saved_data;

  /// Keeps inputs, outputs or other tensors. Backward throws Error if one of them was changed in
  /// place after forward, or runs a second time without retain_graph.
  void save_for_backward(variable_list to_save) { to_save_ = std::move(to_save); }
  variable_list get_saved_variables() const;

  /// Says that forward has changed these inputs in place; they have to be returned too.
  void mark_dirty(const variable_list& inputs);
  /// Says that no gradient flows through these outputs.
  void mark_non_differentiable(const variable_list& outputs);
  /// Whether backward gets zeros for an output that was not used (the default), or an undefined
  /// tensor.
  void set_materialize_grads(bool value) { materialize_grads_ = value; }

  /// Whether the i-th of forward's tensor arguments needs its gradient; arguments of other types
  /// are not counted. In a range, whether any does.
  bool needs_input_grad(std::size_t index) const;
  bool needs_input_grad(std::initializer_list<IndexRange> ranges) const;

 private:
  friend class detail::CustomNode;

  std::unordered_set<const TensorImpl*> dirty_;
  std::unordered_set<const TensorImpl*> non_differentiable_;
  variable_list to_save_;
  std::vector<SavedTensor> saved_;
  std::string name_;
  Needs needs_;
  bool materialize_grads_ = true;
  bool freed_ = false;
};

namespace detail {

/// A custom Function in the graph: everything but the two functions that the user writes.
class CustomNode : public Node {
 public:
  /// The edges to the arguments that are tensors, if the call is to be recorded. Taken before
  /// forward changes any in place, and before the node is made: a leaf's sink has a lower number.
  static std::optional<EdgeList> edges_to(const variable_list& tensors);
  CustomNode(const char* name, std::optional<EdgeList> edges, std::vector<bool> is_tensor);

  AutogradContext* context() { return &context_; }
  /// What apply() returns for what forward returned; records it if it is to be recorded.
  variable_list finish(const std::shared_ptr<CustomNode>& self, const variable_list& inputs,
                       variable_list outputs);

  Grads apply(Grads&& upstream, Needs needs) override;
  void release_saved() override;
  std::vector<SavedInfo> saved() const override;

 protected:
  virtual variable_list call_backward(AutogradContext* context, variable_list upstream) = 0;

 private:
  void count_changes(const variable_list& inputs, const variable_list& outputs) const;
  Tensor placed(const std::shared_ptr<CustomNode>& self, const variable_list& inputs,
                const Tensor& output);

  AutogradContext context_;
  std::vector<bool> is_tensor_;  // one an argument of forward
  std::vector<bool> is_defined_output_;
  bool recorded_;
};

template <class T>
class FunctionNode final : public CustomNode {
 public:
  using CustomNode::CustomNode;

 private:
  variable_list call_backward(AutogradContext* context, variable_list upstream) override {
    return T::backward(context, std::move(upstream));
  }
};

/// Sorts the arguments of a Function.
class ArgumentCollector {
 public:
  void add(const Tensor& tensor) {
    is_tensor.push_back(true);
    tensors.push_back(tensor);
  }
  void add(const std::optional<Tensor>& tensor) {
    if (tensor.has_value() && tensor->defined()) {
      add(*tensor);
    } else {
      is_tensor.push_back(false);
    }
  }
  void add(const TensorList& list) {
    for (const Tensor& tensor : list) add(tensor);
  }
  template <class T>
  void add(const T&) {
    is_tensor.push_back(false);
  }

  std::vector<bool> is_tensor;
  variable_list tensors;
};

}  // namespace detail

/// An operation of one's own with a gradient of one's own, as libtorch's. Derive, and write
///
///     struct Scale : autograd::Function<Scale> {
///       static Tensor forward(autograd::AutogradContext* ctx, const Tensor& x, double factor) {
///         ctx->saved_data["factor"] = factor;
///         return x * factor;
///       }
///       static autograd::tensor_list backward(autograd::AutogradContext* ctx,
///                                             autograd::tensor_list grads) {
///         return {grads[0] * ctx->saved_data["factor"].toDouble(), Tensor()};
///       }
///     };
///     Tensor y = Scale::apply(x, 3.0);
///
/// forward returns a Tensor or a list; it runs without recording. Its arguments may be of any
/// types; gradients flow to those that are a Tensor, an optional<Tensor> or a TensorList. backward
/// gets one gradient an output and returns one an argument of forward (and one for each tensor of a
/// TensorList): undefined for what is no tensor, or has no gradient. Written with differentiable
/// operations, it can itself be differentiated. It may call backward and grad.
///
/// An input that is returned as an output, without having been marked dirty, is returned as a view
/// of it that cannot be changed in place.
template <class T>
struct Function {
  template <class X = T, class... Args>
  static auto apply(Args&&... args)
      -> std::enable_if_t<std::is_same_v<X, T>,
                          decltype(X::forward(nullptr, std::declval<Args>()...))> {
    using Result = decltype(X::forward(nullptr, std::declval<Args>()...));
    static_assert(std::is_same_v<Result, Tensor> || std::is_same_v<Result, variable_list>,
                  "a Function's forward returns a Tensor or a variable_list");
    static const std::string name = demangle(typeid(T));
    detail::ArgumentCollector arguments;
    (arguments.add(args), ...);
    const auto node = make_node<detail::FunctionNode<T>>(
        name.c_str(), detail::CustomNode::edges_to(arguments.tensors),
        std::move(arguments.is_tensor));
    Result result = [&] {
      const NoGradGuard no_grad;
      return X::forward(node->context(), std::forward<Args>(args)...);
    }();
    if constexpr (std::is_same_v<Result, Tensor>) {
      return node->finish(node, arguments.tensors, {std::move(result)})[0];
    } else {
      return node->finish(node, arguments.tensors, std::move(result));
    }
  }
};

}  // namespace adjoint::autograd
