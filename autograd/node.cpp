#include "adjoint/autograd/node.h"

#include <atomic>

#include "adjoint/autograd/anomaly.h"

namespace adjoint::autograd {

Node::Node(const char* name) : name_(name), sequence_nr_(next_sequence_nr()) {
  if (AnomalyMode::is_enabled()) [[unlikely]] {
    trace_ = Trace::here();
  }
}

void Node::record_again() {
  sequence_nr_ = next_sequence_nr();
  trace_ = AnomalyMode::is_enabled() ? Trace::here() : nullptr;
}

uint64_t Node::next_sequence_nr() {
  static std::atomic<uint64_t> next{0};
  return next.fetch_add(1, std::memory_order_relaxed);
}

void detail::destroy_node(Node* node) noexcept {
  // Deleting a node drops the last reference to the nodes before it, also those that its saved
  // tensors held. They line up here instead of being deleted in a recursion as deep as the graph.
  // The list is a plain pointer: it is still there when a static's destructor frees a graph.
  thread_local Node* doomed = nullptr;
  thread_local bool draining = false;
  node->next_doomed_ = doomed;
  doomed = node;
  if (draining) return;
  draining = true;
  while (doomed != nullptr) {
    Node* next = doomed;
    doomed = next->next_doomed_;
    delete next;
  }
  draining = false;
}

}  // namespace adjoint::autograd
