#include "adjoint/tests/structure/include_rules.h"

#include <cstdlib>
#include <fstream>

#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace adjoint::structure {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(IncludeRules, HoldInThisProject) {
  const auto broken = broken_rules(fs::path(ADJOINT_TESTS_DIR).parent_path());
  EXPECT_EQ(fmt::format("{}", fmt::join(broken, "\n")), "");
}

// A made-up project that keeps the rules; each test breaks one of them.
class IncludeRulesOnMadeUpProject : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "adjoint_rules_XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
    write("adjoint.h", "#pragma once\n#include \"adjoint/ops/conv.h\"\n");
    write("core/tensor.h", "#pragma once\n#include <vector>\n");
    write("core/tensor.cpp", "#include \"adjoint/core/tensor.h\"\n#include <vector>\n");
    write("ops/conv.h", "#pragma once\n#include \"adjoint/core/tensor.h\"\n");
    write("ops/conv.cpp",
          "#include \"adjoint/ops/conv.h\"\n#include \"adjoint/ops/kernels/gemm.h\"\n");
    write("ops/kernels/gemm.h", "#pragma once\n");
    write("examples/lessons/one.cpp", "#include \"adjoint/adjoint.h\"\n");
    write("tests/ops/conv_test.cpp", "#include \"adjoint/ops/kernels/gemm.h\"\n");
  }
  void TearDown() override { fs::remove_all(root_); }

  void write(const std::string& path, const std::string& text) {
    fs::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << text;
  }

  fs::path root_;
};

TEST_F(IncludeRulesOnMadeUpProject, HoldAtFirst) { EXPECT_THAT(broken_rules(root_), IsEmpty()); }

TEST_F(IncludeRulesOnMadeUpProject, AnIncludePointsUp) {
  write("core/tensor.cpp", "#include \"adjoint/core/tensor.h\"\n#include \"adjoint/ops/conv.h\"\n");
  EXPECT_THAT(broken_rules(root_), ElementsAre(HasSubstr("core/tensor.cpp: include of "
                                                         "adjoint/ops/conv.h points up")));
}

TEST_F(IncludeRulesOnMadeUpProject, TheLibraryIncludesTheUmbrella) {
  write("ops/conv.cpp", "#include \"adjoint/ops/conv.h\"\n#include \"adjoint/adjoint.h\"\n");
  EXPECT_THAT(broken_rules(root_), ElementsAre(HasSubstr("adjoint/adjoint.h points up")));
}

TEST_F(IncludeRulesOnMadeUpProject, AnIncludeIsRelative) {
  write("ops/conv.cpp", "#include \"adjoint/ops/conv.h\"\n  # include \"../core/tensor.h\"\n");
  EXPECT_THAT(broken_rules(root_), ElementsAre(HasSubstr("include of ../core/tensor.h")));
}

TEST_F(IncludeRulesOnMadeUpProject, TheProjectsHeaderStandsInAngleBrackets) {
  write("ops/conv.cpp", "#include \"adjoint/ops/conv.h\"\n#include <adjoint/core/tensor.h>\n");
  EXPECT_THAT(broken_rules(root_), ElementsAre(HasSubstr("include of adjoint/core/tensor.h")));
}

TEST_F(IncludeRulesOnMadeUpProject, AnIncludedFileDoesNotExist) {
  write("examples/autoencoder/one.cpp", "#include \"adjoint/core/tensors.h\"\n");
  EXPECT_THAT(broken_rules(root_), ElementsAre(HasSubstr("which does not exist")));
}

TEST_F(IncludeRulesOnMadeUpProject, TheOwnHeaderIsNotFirst) {
  write("core/tensor.cpp", "#include <vector>\n#include \"adjoint/core/tensor.h\"\n");
  EXPECT_THAT(broken_rules(root_), ElementsAre(HasSubstr("core/tensor.cpp: its first include")));
}

TEST_F(IncludeRulesOnMadeUpProject, AHeaderHasNoPragmaOnce) {
  write("ops/kernels/gemm.h", "");
  EXPECT_THAT(broken_rules(root_), ElementsAre(HasSubstr("ops/kernels/gemm.h: has no #pragma")));
}

TEST_F(IncludeRulesOnMadeUpProject, APublicHeaderIsNotReachedFromTheUmbrella) {
  write("core/dtype.h", "#pragma once\n");
  EXPECT_THAT(broken_rules(root_), ElementsAre(HasSubstr("core/dtype.h: is not reached")));
}

TEST_F(IncludeRulesOnMadeUpProject, AnInternalHeaderNeedNotBeReached) {
  write("core/dtype.h", "#pragma once\n// Internal: for the tests\n");
  EXPECT_THAT(broken_rules(root_), IsEmpty());
}

TEST_F(IncludeRulesOnMadeUpProject, APublicHeaderIncludesAnInternalOne) {
  write("core/tensor.h", "#pragma once\n#include \"adjoint/core/dtype.h\"\n");
  write("core/dtype.h", "#pragma once\n// Internal: for the tests\n");
  EXPECT_THAT(broken_rules(root_),
              ElementsAre(HasSubstr("core/tensor.h: a public header includes")));
}

TEST_F(IncludeRulesOnMadeUpProject, APublicHeaderIncludesAKernel) {
  write("ops/conv.h",
        "#pragma once\n#include \"adjoint/core/tensor.h\"\n#include "
        "\"adjoint/ops/kernels/gemm.h\"\n");
  EXPECT_THAT(broken_rules(root_), ElementsAre(HasSubstr("ops/conv.h: a public header includes")));
}

TEST_F(IncludeRulesOnMadeUpProject, ATopFolderIsNotOfTheDesign) {
  write("utils/misc.h", "#pragma once\n");
  EXPECT_THAT(broken_rules(root_), ElementsAre("utils: is no folder of the design"));
}

}  // namespace
}  // namespace adjoint::structure
