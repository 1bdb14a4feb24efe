#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "adjoint/core/tensor.h"
#include "adjoint/ops/creation.h"

namespace torch = adjoint;
#include "adjoint/tests/golden/print_cases.h"

namespace adjoint {
namespace {

/// The texts between the lines `----`.
std::vector<std::string> cases(std::istream& text) {
  std::vector<std::string> found(1);
  for (std::string line; std::getline(text, line);) {
    if (line == "----") {
      found.emplace_back();
    } else {
      found.back() += line + "\n";
    }
  }
  found.pop_back();
  return found;
}

TEST(Print, IsWhatLibtorchPrints) {
  std::ifstream golden(ADJOINT_TESTS_DIR "/golden/print.txt");
  const std::vector<std::string> expected = cases(golden);
  std::stringstream printed;
  print_cases(printed);
  const std::vector<std::string> got = cases(printed);
  ASSERT_GT(expected.size(), 100u);
  ASSERT_EQ(got.size(), expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) EXPECT_EQ(got[i], expected[i]) << "case " << i;
}

}  // namespace
}  // namespace adjoint
