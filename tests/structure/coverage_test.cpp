// docs/coverage.md: the names in its tables are those that the headers declare.

#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace adjoint::structure {
namespace {

namespace fs = std::filesystem;
using ::testing::IsEmpty;
using Names = std::set<std::string>;

const fs::path kRoot = fs::path(ADJOINT_TESTS_DIR) / "..";

std::string text_of(const fs::path& path) {
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

/// What stands between two pieces of a text.
std::string between(const std::string& text, const std::string& begin, const std::string& end) {
  const std::size_t from = text.find(begin), to = text.find(end, from);
  EXPECT_NE(from, std::string::npos) << begin;
  EXPECT_NE(to, std::string::npos) << end;
  return text.substr(from, to - from);
}

Names matches(const std::string& text, const std::string& pattern) {
  const std::regex regex(pattern);
  Names found;
  for (std::sregex_iterator m(text.begin(), text.end(), regex), end; m != end; ++m) {
    found.insert((*m)[1]);
  }
  return found;
}

Names without(Names names, const Names& others) {
  for (const std::string& name : others) names.erase(name);
  return names;
}

/// The names in the rows `| group | count | names |`, whose counts are compared.
Names table(const std::string& text) {
  const std::regex row("\\| [^|]+ \\| (\\d+) \\| ([^|]+) \\|");
  Names all;
  for (std::sregex_iterator m(text.begin(), text.end(), row), end; m != end; ++m) {
    const Names names = matches((*m)[2], "`(\\w+)`");
    EXPECT_EQ(names.size(), std::stoul((*m)[1])) << (*m)[0];
    all.insert(names.begin(), names.end());
  }
  return all;
}

TEST(Coverage, ListsTheMethodsOfTensor) {
  const Names listed = table(between(text_of(kRoot / "docs/coverage.md"), "## Tensor's", "\n## "));
  const std::string tensor = between(text_of(kRoot / "core/tensor.h"), "// ---- core", " private:");
  // A declaration begins in the third column, with its type.
  const Names declared = matches(tensor, "\n  (?:[\\w:]+(?:<[^(]*>)?[&*]? )+(\\w+)\\(");
  const Names internal = {"impl", "impl_ptr", "alias", "describe", "scatter_strided"};
  EXPECT_GT(listed.size(), 300u);
  EXPECT_THAT(without(listed, declared), IsEmpty()) << "listed, but not declared";
  EXPECT_THAT(without(without(declared, listed), internal), IsEmpty()) << "not listed";
}

TEST(Coverage, ListsFunctionsThatAreDeclared) {
  const Names listed = table(between(text_of(kRoot / "docs/coverage.md"), "## Functions", "\n## "));
  std::string headers = text_of(kRoot / "core/tensor.h") + text_of(kRoot / "core/scalar_type.h");
  for (const auto& entry : fs::directory_iterator(kRoot / "ops")) {
    if (entry.path().extension() == ".h") headers += text_of(entry.path());
  }
  const Names declared = matches(headers, "\n(?:inline )?[\\w:]+(?:<[^(]*>)?&? (\\w+)\\(");
  EXPECT_GT(listed.size(), 50u);
  EXPECT_THAT(without(listed, declared), IsEmpty()) << "listed, but not declared";
}

}  // namespace
}  // namespace adjoint::structure
