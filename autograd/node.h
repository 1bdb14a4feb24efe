#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "adjoint/core/inline_vector.h"
#include "adjoint/core/small_blocks.h"
#include "adjoint/core/tensor.h"

namespace adjoint::autograd {

class Trace;  // autograd/anomaly.h: where an operation was recorded

namespace detail {
/// Deletes the node and, in a loop, all nodes that only it kept alive.
void destroy_node(Node* node) noexcept;
}  // namespace detail

/// Gradients, one an input of the operation; undefined where none was asked for.
using Grads = std::vector<Tensor>;
using variable_list = std::vector<Tensor>;

/// Where a gradient flows to: an operation, and which of its outputs was used.
struct Edge {
  std::shared_ptr<Node> function;  ///< null: nothing upstream of this input requires grad
  uint32_t input_nr = 0;  ///< libtorch's name: the output's gradient is an input of backward

  bool is_valid() const { return function != nullptr; }
};

/// One edge an input of the operation.
using EdgeList = InlineVector<Edge, 3>;

/// Called before a node's rule with the gradients of all its outputs, undefined where an output was
/// not used; returns what takes their place. Derive from it for Node::add_pre_hook.
struct FunctionPreHook {
  virtual ~FunctionPreHook() = default;
  virtual variable_list operator()(const variable_list& grads) = 0;
};

/// Called after a node's rule with `outputs`, the gradients that it returned, one an input of the
/// operation (a leaf's sink has none), and `inputs`, those that it got; returns what takes the
/// place of `outputs`. Derive from it for Node::add_post_hook.
struct FunctionPostHook {
  virtual ~FunctionPostHook() = default;
  virtual variable_list operator()(const variable_list& outputs, const variable_list& inputs) = 0;
};

/// Which of an operation's inputs need their gradient in this sweep.
class Needs {
 public:
  /// Nothing at first; the first 64 inputs are told apart, those beyond share one answer.
  void add(std::size_t input) { bits_ |= bit(input); }
  bool operator[](std::size_t input) const { return (bits_ & bit(input)) != 0; }

 private:
  static uint64_t bit(std::size_t input) { return uint64_t{1} << std::min<std::size_t>(input, 63); }
  uint64_t bits_ = 0;
};

/// What a tensor saved for backward shows of itself.
struct SavedInfo {
  Dims sizes;
  ScalarType dtype;
  std::size_t nbytes;
  bool is_output;
  const Storage* storage;  ///< the memory that is kept: others may keep the same
};

/// Shape and dtype of one output: what its gradient must look like.
struct OutputMeta {
  Dims sizes;
  ScalarType dtype = ScalarType::Undefined;
};

/// A recorded operation: the edges to where its inputs came from, and the rule that turns the
/// gradients of its outputs into the gradients of its inputs.
///
/// Nodes are numbered in the order of execution, so an operation has a higher number than all it
/// depends on: descending numbers are a topological order, and the reverse sweep needs no other.
class Node {
 public:
  explicit Node(const char* name);
  virtual ~Node() = default;
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  static void* operator new(std::size_t bytes) { return small_blocks::allocate(bytes); }
  static void operator delete(void* node, std::size_t bytes) {
    small_blocks::deallocate(node, bytes);
  }

  /// The operation's name: "conv2d".
  std::string name() const { return name_; }
  uint64_t sequence_nr() const { return sequence_nr_; }
  ArrayRef<Edge> next_edges() const { return edges_; }
  const Edge& next_edge(std::size_t i) const { return next_edges().at(i); }
  std::size_t num_inputs() const { return outputs_.size(); }  ///< gradients in: one an output
  std::size_t num_outputs() const { return edges_.size(); }   ///< gradients out: one an input
  ArrayRef<OutputMeta> outputs() const { return outputs_; }

  /// The gradients of the inputs from those of the outputs (undefined where an output was not
  /// used).
  virtual Grads apply(Grads&& upstream, Needs needs) = 0;
  /// Frees what was saved; apply throws Error afterwards.
  virtual void release_saved() {}
  /// What is saved, in no particular order.
  virtual std::vector<SavedInfo> saved() const { return {}; }

  void set_edges(EdgeList&& edges) { edges_ = std::move(edges); }
  /// Registers one more output; returns its number.
  uint32_t add_output(const Tensor& output) {
    outputs_.push_back({output.sizes(), output.scalar_type()});
    return static_cast<uint32_t>(outputs_.size() - 1);
  }

  using Hook = std::function<Tensor(const Tensor&)>;
  struct OutputHook {
    uint32_t output_nr;
    unsigned id;
    Hook hook;
  };
  struct Hooks {
    /// Each called with an output's complete gradient, before the others; may replace it.
    std::vector<OutputHook> of_outputs;
    std::vector<std::shared_ptr<FunctionPreHook>> before_rule;
    std::vector<std::shared_ptr<FunctionPostHook>> after_rule;
  };
  /// Null if there never were any.
  const Hooks* hooks() const { return hooks_.get(); }
  Hooks& mutable_hooks();
  /// Replaces this node's hooks by the other's, which has none afterwards.
  void take_hooks(Node& other) { hooks_ = std::move(other.hooks_); }

  // libtorch's names. They run in the order in which they were added.
  void add_pre_hook(std::unique_ptr<FunctionPreHook>&& hook);
  /// Returns a key for del_post_hook.
  std::uintptr_t add_post_hook(std::unique_ptr<FunctionPostHook>&& hook);
  /// Whether there was such a hook.
  bool del_post_hook(const std::uintptr_t& key);

  /// Makes the node one that is recorded now, with the next number: a leaf's sink, when it goes
  /// from one graph to another.
  void record_again();

  /// Where the operation was recorded; null unless anomaly mode was on then.
  const std::shared_ptr<const Trace>& trace() const { return trace_; }

 private:
  friend void detail::destroy_node(Node* node) noexcept;
  static uint64_t next_sequence_nr();

  const char* name_;
  uint64_t sequence_nr_;
  EdgeList edges_;
  InlineVector<OutputMeta, 1> outputs_;
  std::unique_ptr<Hooks> hooks_;  // few nodes have any
  std::shared_ptr<const Trace> trace_;
  Node* next_doomed_ = nullptr;
};

/// Makes a shared node whose destruction never recurses: a graph a million operations deep is
/// released in a loop.
template <class N, class... Args>
std::shared_ptr<N> make_node(Args&&... args) {
  return std::shared_ptr<N>(
      new N(std::forward<Args>(args)...), [](N* node) { detail::destroy_node(node); },
      SmallBlockAllocator<N>());
}

/// Where the gradient of `tensor` flows to; an invalid edge if it does not require grad.
Edge gradient_edge(const Tensor& tensor);

}  // namespace adjoint::autograd
