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

Node::Hooks& Node::mutable_hooks() {
  if (hooks_ == nullptr) hooks_ = std::make_unique<Hooks>();
  return *hooks_;
}

void Node::add_pre_hook(std::unique_ptr<FunctionPreHook>&& hook) {
  check(hook != nullptr, "add_pre_hook: the hook is null");
  mutable_hooks().before_rule.push_back(std::move(hook));
}

std::uintptr_t Node::add_post_hook(std::unique_ptr<FunctionPostHook>&& hook) {
  check(hook != nullptr, "add_post_hook: the hook is null");
  const auto& added = mutable_hooks().after_rule.emplace_back(std::move(hook));
  return reinterpret_cast<std::uintptr_t>(added.get());
}

bool Node::del_post_hook(const std::uintptr_t& key) {
  return hooks_ != nullptr && std::erase_if(hooks_->after_rule, [&](const auto& hook) {
                                return reinterpret_cast<std::uintptr_t>(hook.get()) == key;
                              }) != 0;
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
