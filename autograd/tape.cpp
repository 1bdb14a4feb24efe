#include "adjoint/autograd/tape.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include <fmt/ranges.h>

#include "adjoint/autograd/grad_mode.h"
#include "adjoint/autograd/sweep.h"

namespace adjoint::autograd {
namespace {

std::string shape_text(const OutputMeta& meta) {
  return fmt::format("[{}] {}", fmt::join(meta.sizes, ", "), meta.dtype);
}

template <class Items, class Text>
std::string joined(const Items& items, const Text& text) {
  std::vector<std::string> parts;
  for (const auto& item : items) parts.push_back(text(item));
  return fmt::format("{}", fmt::join(parts, ", "));
}

std::string outputs_text(const Tape::Entry& entry) {
  std::string text;
  for (std::size_t i = 0; i < entry.outputs.size(); ++i) {
    if (!text.empty()) text += ", ";
    if (!entry.is_leaf && !entry.output_names[i].empty()) text += entry.output_names[i] + " ";
    text += shape_text(entry.outputs[i]);
  }
  return text;
}

std::string saved_text(const Tape::Entry& entry) {
  return joined(entry.saved, [](const SavedInfo& saved) {
    return fmt::format("{} [{}]", saved.is_output ? "output" : "input",
                       fmt::join(saved.sizes, ", "));
  });
}

/// What a gradient looks like in a few numbers.
struct Summary {
  explicit Summary(const Tensor& gradient) {
    const NoGradGuard no_grad;
    const Tensor dense = gradient.contiguous();
    double squares = 0;
    dispatch_floating("Tape", dense.scalar_type(), [&]<class T>(std::type_identity<T>) {
      const T* const values = dense.data_ptr<T>();
      for (int64_t i = 0; i < dense.numel(); ++i) {
        const auto value = static_cast<double>(values[i]);
        if (i == 0 || value < least) least = value;
        if (i == 0 || value > greatest) greatest = value;
        squares += value * value;
      }
    });
    norm = std::sqrt(squares);
  }

  double norm = 0, least = 0, greatest = 0;
};

std::string norms_text(const Tape::Entry& entry) {
  return joined(entry.gradients, [](const Tensor& gradient) {
    return gradient.defined() ? fmt::format("{:.4g}", Summary(gradient).norm) : std::string("-");
  });
}

std::size_t bytes_of(const Tape::Entry& entry) {
  std::size_t bytes = 0;
  for (const SavedInfo& saved : entry.saved) bytes += saved.nbytes;
  return bytes;
}

/// The nodes that these lead to, by their numbers.
std::map<uint64_t, std::shared_ptr<Node>> reachable_from(const std::vector<Edge>& roots) {
  std::map<uint64_t, std::shared_ptr<Node>> found;
  std::vector<Node*> to_visit;
  const auto visit = [&](const Edge& edge) {
    if (edge.is_valid() && found.emplace(edge.function->sequence_nr(), edge.function).second) {
      to_visit.push_back(edge.function.get());
    }
  };
  for (const Edge& root : roots) visit(root);
  while (!to_visit.empty()) {
    const Node* const node = to_visit.back();
    to_visit.pop_back();
    for (const Edge& edge : node->next_edges()) visit(edge);
  }
  return found;
}

}  // namespace

Tape::Tape(Tape&&) noexcept = default;
Tape& Tape::operator=(Tape&&) noexcept = default;
Tape::~Tape() = default;

Tape Tape::of(const Tensor& root, const TensorNames& names) {
  return of(variable_list{root}, names);
}

Tape Tape::of(const variable_list& roots, const TensorNames& names) {
  Tape tape;
  tape.roots_ = roots;
  std::map<std::pair<const Node*, uint32_t>, std::string> known;
  for (const auto& [name, tensor] : names.list) {
    if (!tensor.defined()) continue;
    const Edge edge = gradient_edge(tensor);
    known.emplace(std::pair(edge.function.get(), edge.input_nr), name);
  }
  std::size_t unnamed_leaves = 0;
  for (auto& [sequence_nr, node] : reachable_from(root_edges("Tape::of", roots))) {
    Entry entry;
    entry.number = tape.entries_.size();
    entry.is_leaf = node->next_edges().empty();
    entry.name = node->name();
    entry.outputs = node->outputs().vec();
    entry.gradients.resize(entry.outputs.size());
    for (uint32_t i = 0; i < entry.outputs.size(); ++i) {
      const auto name = known.find({node.get(), i});
      entry.output_names.push_back(name == known.end() ? "" : name->second);
    }
    if (entry.is_leaf) {
      entry.name = entry.output_names[0].empty() ? fmt::format("leaf {}", ++unnamed_leaves)
                                                 : entry.output_names[0];
    }
    for (const Edge& edge : node->next_edges()) {
      if (!edge.is_valid()) {
        entry.inputs.emplace_back();
        entry.input_names.emplace_back("-");
        continue;
      }
      const Entry& source = tape.entries_[tape.numbers_.at(edge.function->sequence_nr())];
      entry.inputs.push_back({source.number, edge.input_nr});
      std::string name = source.is_leaf ? source.name : fmt::format("#{}", source.number);
      if (source.outputs.size() > 1) name += fmt::format(".{}", edge.input_nr);
      entry.input_names.push_back(std::move(name));
    }
    entry.saved = node->saved();
    tape.numbers_.emplace(sequence_nr, entry.number);
    tape.entries_.push_back(std::move(entry));
    tape.nodes_.push_back(std::move(node));
  }
  return tape;
}

std::size_t Tape::saved_bytes() const {
  std::unordered_map<const Storage*, std::size_t> bytes;
  for (const Entry& entry : entries_) {
    for (const SavedInfo& saved : entry.saved) {
      std::size_t& counted = bytes[saved.storage];
      counted = std::max(counted, saved.nbytes);
    }
  }
  std::size_t total = 0;
  for (const auto& [storage, count] : bytes) total += count;
  return total;
}

void Tape::start(const variable_list& gradients, bool retain_graph, bool create_graph) {
  check(sweep_ == nullptr, "Tape: the sweep has been started already");
  auto sweep = std::make_unique<Sweep>(retain_graph || create_graph, create_graph);
  autograd::start(*sweep, "Tape", roots_, root_edges("Tape", roots_), gradients);
  sweep_ = std::move(sweep);
}

const Tape::Entry* Tape::step() {
  if (sweep_ == nullptr) start();
  const AutoGradMode recording(sweep_->create_graph());
  auto waiting = sweep_->next();
  if (!waiting) return nullptr;
  sweep_->call_hooks(waiting->node, waiting->gradients);
  const auto number = numbers_.find(waiting->node->sequence_nr());
  check(number != numbers_.end(),
        "Tape: the graph has changed since the tape was made: {} is new; was a tensor changed in "
        "place?",
        waiting->node->name());
  Entry& entry = entries_[number->second];
  entry.gradients = waiting->gradients;
  entry.is_done = true;
  sweep_->propagate(waiting->node, std::move(waiting->gradients));
  return &entry;
}

std::string Tape::to_dot() const {
  // Graphviz's own characters are escaped by a backslash.
  const auto quoted = [](const std::string& text) {
    std::string result = "\"";
    for (const char c : text) {
      if (c == '"' || (c == '\\')) result += '\\';
      result += c;
    }
    return result + '"';
  };
  std::string dot =
      "digraph tape {\n"
      "  rankdir=TB;\n"
      "  node [fontname=\"Helvetica\", fontsize=11];\n"
      "  edge [fontname=\"Helvetica\", fontsize=9];\n";
  for (const Entry& entry : entries_) {
    std::string label =
        entry.is_leaf ? entry.name : fmt::format("#{} {}", entry.number, entry.name);
    if (entry.is_leaf) label += fmt::format("\n{}", outputs_text(entry));
    if (!entry.saved.empty()) label += fmt::format("\nkeeps {} bytes", bytes_of(entry));
    if (entry.is_done) label += fmt::format("\n|gradient| = {}", norms_text(entry));
    std::string escaped;
    for (const char c : quoted(label))
      escaped += c == '\n' ? std::string("\\n") : std::string(1, c);
    dot += fmt::format("  n{} [label={}, shape={}, style=filled, fillcolor=\"{}\"];\n",
                       entry.number, escaped, entry.is_leaf ? "ellipse" : "box",
                       entry.is_done   ? "#f6d9b8"
                       : entry.is_leaf ? "#dcebd5"
                                       : "#dfe8f5");
  }
  for (const Entry& entry : entries_) {
    for (const Source& source : entry.inputs) {
      if (!source.number) continue;
      const Entry& from = entries_[*source.number];
      dot += fmt::format(
          "  n{} -> n{} [label={}];\n", from.number, entry.number,
          quoted(from.is_leaf ? std::string()
                              : fmt::format(" {}", shape_text(from.outputs[source.output_nr]))));
    }
  }
  return dot + "}\n";
}

std::ostream& operator<<(std::ostream& out, const Tape& tape) {
  const bool swept = std::any_of(tape.entries().begin(), tape.entries().end(),
                                 [](const Tape::Entry& entry) { return entry.is_done; });
  std::vector<std::vector<std::string>> rows = {
      {"#", "operation", "inputs", "output", "keeps for backward", "bytes"}};
  if (swept) rows[0].emplace_back("|gradient|");
  std::size_t leaves = 0, kept = 0;
  for (const Tape::Entry& entry : tape.entries()) {
    const std::size_t bytes = bytes_of(entry);
    rows.push_back(
        {std::to_string(entry.number), entry.name,
         entry.is_leaf ? "(leaf)" : fmt::format("{}", fmt::join(entry.input_names, ", ")),
         outputs_text(entry), saved_text(entry),
         bytes > 0 ? std::to_string(bytes) : std::string()});
    if (swept) rows.back().push_back(norms_text(entry));
    leaves += entry.is_leaf ? 1 : 0;
    kept += entry.saved.size();
  }
  std::vector<std::size_t> widths(rows[0].size());
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  const auto is_number = [](std::size_t column) { return column == 0 || column == 5; };
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += is_number(i) ? fmt::format("{:>{}}", row[i], widths[i])
                           : fmt::format("{:<{}}", row[i], widths[i]);
      line += "  ";
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out << line << '\n';
  }
  return out << fmt::format("{} operations, {} leaves; {} tensors kept for backward in {} bytes\n",
                            tape.size() - leaves, leaves, kept, tape.saved_bytes());
}

std::ostream& operator<<(std::ostream& out, const Tape::Entry& entry) {
  out << fmt::format("#{} {}", entry.number, entry.name);
  for (const Tensor& gradient : entry.gradients) {
    if (!gradient.defined()) {
      out << ": no gradient";
      continue;
    }
    const Summary summary(gradient);
    out << fmt::format(": gradient [{}], norm {:.4g}, from {:.4g} to {:.4g}",
                       fmt::join(gradient.sizes(), ", "), summary.norm, summary.least,
                       summary.greatest);
  }
  if (entry.is_leaf) return out << "; added to its grad()";
  std::vector<std::string> receivers;
  for (std::size_t i = 0; i < entry.inputs.size(); ++i) {
    if (entry.inputs[i].number) receivers.push_back(entry.input_names[i]);
  }
  return out << fmt::format("; on to {}", fmt::join(receivers, ", "));
}

}  // namespace adjoint::autograd
