#include <filesystem>
#include <fstream>
#include <iostream>
#include <regex>
#include <set>
#include <sstream>

#include <gtest/gtest.h>

#include "adjoint/autograd/gradcheck_gtest.h"
#include "adjoint/tests/ops/op_samples.h"

namespace adjoint::testing {
namespace {

using autograd::GradcheckOptions;
using autograd::Node;

/// All operations in the graph behind these tensors.
std::set<std::string> recorded_operations(const variable_list& outputs) {
  std::set<std::string> names;
  std::set<const Node*> seen;
  std::vector<std::shared_ptr<Node>> to_visit;
  for (const Tensor& output : outputs) to_visit.push_back(output.grad_fn());
  while (!to_visit.empty()) {
    const std::shared_ptr<Node> node = to_visit.back();
    to_visit.pop_back();
    if (node == nullptr || !seen.insert(node.get()).second) continue;
    names.insert(node->name());
    for (const autograd::Edge& edge : node->next_edges()) to_visit.push_back(edge.function);
  }
  return names;
}

class OpGradcheck : public ::testing::TestWithParam<std::string> {};

TEST_P(OpGradcheck, FirstAndSecondDerivatives) {
  for (const OpSample& sample : op_samples().at(GetParam())) {
    SCOPED_TRACE(sample.name);
    // The sample does check the operation under whose name it stands.
    EXPECT_TRUE(recorded_operations(sample.function(sample.inputs)).contains(GetParam()));
    EXPECT_GRADCHECK(sample.function, sample.inputs);
    EXPECT_GRADGRADCHECK(sample.function, sample.inputs);
    EXPECT_GRADGRADCHECK(sample.function, sample.inputs,
                         GradcheckOptions().fast_mode(true).gen_non_contig_grad_outputs(true));
  }
}

std::vector<std::string> sampled_operations() {
  std::vector<std::string> names;
  for (const auto& [name, samples] : op_samples()) names.push_back(name);
  return names;
}

INSTANTIATE_TEST_SUITE_P(Ops, OpGradcheck, ::testing::ValuesIn(sampled_operations()),
                         [](const auto& op) { return op.param; });

/// The operations that the library's sources record: the names in `record("name", ...` and
/// `record_view("name", ...`. Where a name is passed on in a variable, the file has to be listed
/// with the names that it passes.
std::set<std::string> operations_in_the_sources() {
  const std::map<std::string, std::set<std::string>> names_in_variables = {
      {"choose.cpp", {"maximum", "minimum", "fmax", "fmin"}},
      {"compare.cpp",
       {"eq_", "ne_", "lt_", "le_", "gt_", "ge_", "logical_and_", "logical_or_", "logical_xor_",
        "logical_not_"}},
      {"cumulative.cpp", {"cummax", "cummin"}},
      {"extreme.cpp", {"amax", "amin", "max", "min"}},
      {"log_domain.cpp", {"logaddexp", "logaddexp2"}},
      {"rounding.cpp", {"floor", "ceil", "round", "trunc"}},
      {"sort.cpp", {"sort", "topk", "kthvalue", "median"}},
  };
  std::set<std::string> names;
  const std::regex call(R"(\brecord(?:_view)?\(\s*(?:"(\w+)\"|(\w+)\s*,))");
  for (const char* folder : {"autograd", "ops", "nn"}) {
    const auto root = std::filesystem::path(ADJOINT_TESTS_DIR) / ".." / folder;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
      // The headers in autograd/ define record itself.
      if (entry.path().extension() != ".cpp") continue;
      std::stringstream text;
      text << std::ifstream(entry.path()).rdbuf();
      const std::string source = text.str();
      for (std::sregex_iterator m(source.begin(), source.end(), call), end; m != end; ++m) {
        if ((*m)[1].matched) {
          names.insert((*m)[1]);
          continue;
        }
        const auto listed = names_in_variables.find(entry.path().filename());
        if (listed == names_in_variables.end()) {
          ADD_FAILURE() << entry.path() << " records an operation whose name is in the variable '"
                        << (*m)[2] << "': list the file and its names in this test";
        } else {
          names.insert(listed->second.begin(), listed->second.end());
        }
      }
    }
  }
  return names;
}

TEST(OpSampleTable, HasEveryOperationThatTheSourcesRecord) {
  const std::set<std::string> recorded = operations_in_the_sources();
  EXPECT_GT(recorded.size(), 50u) << "the sources were not found or not understood";
  for (const std::string& name : recorded) {
    EXPECT_TRUE(op_samples().contains(name))
        << "operation \"" << name << "\" has no samples: add some to tests/ops/op_samples*.cpp";
  }
  std::size_t count = 0;
  for (const auto& [name, samples] : op_samples()) {
    count += samples.size();
    EXPECT_TRUE(recorded.contains(name)) << "no operation is recorded as \"" << name << '"';
  }
  std::cout << count << " samples of " << op_samples().size() << " operations\n";
}

}  // namespace
}  // namespace adjoint::testing
