#include "adjoint/core/logging.h"

#include <cstdlib>

#include <gtest/gtest.h>
#include <spdlog/logger.h>

namespace adjoint {
namespace {

/// Logs a line a level in a process of its own, whose ADJOINT_LOG_LEVEL is `level`, and expects
/// these on stderr.
void expect_lines(const char* level, const char* expected) {
  testing::GTEST_FLAG(death_test_style) = "threadsafe";
  EXPECT_EXIT(
      {
        level == nullptr ? unsetenv("ADJOINT_LOG_LEVEL") : setenv("ADJOINT_LOG_LEVEL", level, 1);
        logger().info("one");
        logger().warn("two");
        logger().error("three");
        std::exit(0);
      },
      testing::ExitedWithCode(0), expected);
}

TEST(Logging, WarnsUnlessToldOtherwise) {
  expect_lines(nullptr, "^\\[adjoint warning\\] two\n\\[adjoint error\\] three\n$");
}

TEST(Logging, TakesItsLevelFromTheEnvironment) {
  expect_lines("info", "^\\[adjoint info\\] one\n\\[adjoint warning\\] two\n");
  expect_lines("error", "^\\[adjoint error\\] three\n$");
  expect_lines("off", "^$");
}

TEST(Logging, SaysSoWhereTheLevelIsNone) {
  expect_lines("loud", "ADJOINT_LOG_LEVEL=loud is no level: expected trace, .*\n.*two");
}

}  // namespace
}  // namespace adjoint
