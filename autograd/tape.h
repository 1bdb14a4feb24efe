#pragma once

#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "adjoint/autograd/node.h"

namespace adjoint::autograd {

class Sweep;

/// Names for the tensors of a graph: `{{"x", x}, {"w", w}}`, or a module's named_parameters().
class TensorNames {
 public:
  TensorNames() = default;
  TensorNames(std::initializer_list<std::pair<std::string, Tensor>> names)
      : list(names.begin(), names.end()) {}
  /// Of anything whose elements have a key() and a value(), or are pairs.
  template <class Named>
  requires requires(const Named& named) { named.begin(); }
  TensorNames(const Named& named) {
    for (const auto& item : named) {
      if constexpr (requires { item.key(); }) {
        list.emplace_back(item.key(), item.value());
      } else {
        list.emplace_back(item.first, item.second);
      }
    }
  }

  std::vector<std::pair<std::string, Tensor>> list;
};

/// The recording that leads to a tensor, made visible: what was computed from what, what is kept
/// for backward, and, while the sweep passes, the gradients.
///
///     autograd::Tape tape = autograd::Tape::of(loss, model->named_parameters());
///     std::cout << tape;                                    // a table
///     while (const auto* entry = tape.step()) std::cout << *entry << "\n";   // loss.backward()
///     std::ofstream("graph.dot") << tape.to_dot();          // dot -Tsvg graph.dot
class Tape {
 public:
  /// Where an input of an operation comes from.
  struct Source {
    std::optional<std::size_t> number;  ///< of the entry; none: the input does not require grad
    uint32_t output_nr = 0;
  };

  /// A recorded operation, or a leaf.
  struct Entry {
    std::size_t number;  ///< its place on the tape, in the order of execution
    bool is_leaf;
    std::string name;  ///< the operation's name, or the leaf's
    std::vector<Source> inputs;
    std::vector<std::string> input_names;  ///< "x" for a leaf, "#3" for an operation, "-" for none
    std::vector<OutputMeta> outputs;
    std::vector<std::string> output_names;  ///< as given to Tape::of; empty where there is none
    std::vector<SavedInfo> saved;           ///< what it keeps for backward
    /// Of each output, once the sweep has passed; undefined before, or if there is none. Of a leaf:
    /// what the sweep has added to its grad().
    std::vector<Tensor> gradients;
    bool is_done = false;  ///< the sweep has passed
  };

  /// The recording that leads to these tensors, which have to require grad. `names` are shown for
  /// the tensors that it holds; other leaves are called "leaf 1" and so on.
  static Tape of(const Tensor& root, const TensorNames& names = {});
  static Tape of(const variable_list& roots, const TensorNames& names = {});
  Tape(Tape&&) noexcept;
  Tape& operator=(Tape&&) noexcept;
  ~Tape();

  /// In the order of execution.
  const std::vector<Entry>& entries() const { return entries_; }
  const Entry& operator[](std::size_t number) const { return entries_.at(number); }
  std::size_t size() const { return entries_.size(); }
  /// What all operations together keep for backward, each memory counted once.
  std::size_t saved_bytes() const;

  /// Prepares the sweep, as backward(roots, gradients, retain_graph, create_graph) does. The first
  /// step() does it where nobody has: with upstream gradient 1.
  void start(const variable_list& gradients = {}, bool retain_graph = false,
             bool create_graph = false);
  /// Passes the highest entry that has received a gradient and returns it; null at the end. All
  /// steps together are roots.backward(), to the bit.
  const Entry* step();
  /// All steps that are left.
  void backward() {
    while (step() != nullptr) {
    }
  }

  /// The graph in Graphviz's language: operations as boxes, leaves as ellipses, shapes at the edges
  /// and, where the sweep has passed, the gradients' norms.
  std::string to_dot() const;

 private:
  Tape() = default;

  variable_list roots_;
  std::vector<std::shared_ptr<Node>> nodes_;  // of the entries
  std::map<uint64_t, std::size_t> numbers_;   // entry by the node's sequence number
  std::vector<Entry> entries_;
  std::unique_ptr<Sweep> sweep_;
};

/// The tape as a table, one line an entry, with totals.
std::ostream& operator<<(std::ostream& out, const Tape& tape);
/// The entry in one line: which gradient came in, and where it goes.
std::ostream& operator<<(std::ostream& out, const Tape::Entry& entry);

}  // namespace adjoint::autograd
