#pragma once

// Internal: the reverse sweep, which the engine runs and a Tape runs step by step.

#include <map>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "adjoint/autograd/node.h"

namespace adjoint::autograd {

/// One reverse sweep.
///
/// The nodes that have received a gradient wait in a map by their number, the highest first.
/// Numbers are the order of execution, so when a node comes up all that use its outputs have run,
/// and its gradients are complete: no counting of dependencies, no recursion.
class Sweep {
 public:
  Sweep(bool retain_graph, bool create_graph)
      : retain_graph_(retain_graph), create_graph_(create_graph) {}

  bool create_graph() const { return create_graph_; }

  /// Restricts the sweep to what leads to these edges, and keeps what arrives there.
  void capture(const std::vector<Edge>& roots, const std::vector<Edge>& inputs);
  void receive(const Edge& edge, Tensor gradient);
  /// In a rule or a hook that a sweep is calling, too, to any depth.
  void run();
  /// What arrived at the i-th captured edge; undefined if nothing did.
  std::vector<Tensor> captured;

  /// A node and the gradients of its outputs.
  struct Waiting {
    std::shared_ptr<Node> node;
    Grads gradients;
  };
  /// The parts of run: while (next()) { call_hooks(); propagate(); }, with recording set to
  /// create_graph.
  std::optional<Waiting> next();
  void call_hooks(const std::shared_ptr<Node>& node, Grads& gradients);
  void propagate(const std::shared_ptr<Node>& node, Grads gradients);

 private:
  void run_on_another_stack();
  bool leads_somewhere(const Node* node) const { return !capturing_ || wanted_.contains(node); }

  bool retain_graph_;
  bool create_graph_;
  bool capturing_ = false;
  std::map<uint64_t, Waiting, std::greater<>,
           SmallBlockAllocator<std::pair<const uint64_t, Waiting>>>
      waiting_;
  std::unordered_multimap<const Node*, std::pair<uint32_t, std::size_t>> captures_;
  std::unordered_set<const Node*> wanted_;  // the nodes to run when capturing
};

/// node.apply() in anomaly mode (autograd/anomaly.cpp).
Grads apply_checked(Node& node, Grads&& upstream, Needs needs);

/// Where the roots' gradients go to; throws Error if one does not require grad. `what` names the
/// function in errors.
std::vector<Edge> root_edges(const char* what, const variable_list& roots);
/// Puts the roots' upstream gradients, what was given or 1, into a sweep.
void start(Sweep& sweep, const char* what, const variable_list& roots,
           const std::vector<Edge>& edges, const variable_list& gradients);

}  // namespace adjoint::autograd
