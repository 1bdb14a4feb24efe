#pragma once

#include <gtest/gtest.h>

#include "adjoint/autograd/gradcheck.h"

/// Gradient checks as GoogleTest assertions, whose failure message is the report:
///   EXPECT_GRADCHECK([](const Tensor& x) { return x.tanh(); }, {x});
///   EXPECT_GRADGRADCHECK(f, {x, w}, GradcheckOptions().order(4));
/// The arguments are those of gradcheck and gradgradcheck. Include this in tests only: it needs
/// GoogleTest.

namespace adjoint::autograd::testing {

inline ::testing::AssertionResult reported(const std::function<bool()>& check) {
  try {
    return check() ? ::testing::AssertionSuccess() : ::testing::AssertionFailure();
  } catch (const std::exception& e) {
    return ::testing::AssertionFailure() << e.what();
  }
}

// Braces have no type of their own, so that a list of inputs needs a parameter that has one.
inline ::testing::AssertionResult gradchecks(const GradcheckFunction& function,
                                             const variable_list& inputs,
                                             const GradcheckOptions& options = {}) {
  return reported([&] { return gradcheck(function, inputs, options); });
}
inline ::testing::AssertionResult gradgradchecks(const GradcheckFunction& function,
                                                 const variable_list& inputs,
                                                 const GradcheckOptions& options = {}) {
  return reported([&] { return gradgradcheck(function, inputs, options); });
}

}  // namespace adjoint::autograd::testing

#define EXPECT_GRADCHECK(...) EXPECT_TRUE(::adjoint::autograd::testing::gradchecks(__VA_ARGS__))
#define ASSERT_GRADCHECK(...) ASSERT_TRUE(::adjoint::autograd::testing::gradchecks(__VA_ARGS__))
#define EXPECT_GRADGRADCHECK(...) \
  EXPECT_TRUE(::adjoint::autograd::testing::gradgradchecks(__VA_ARGS__))
#define ASSERT_GRADGRADCHECK(...) \
  ASSERT_TRUE(::adjoint::autograd::testing::gradgradchecks(__VA_ARGS__))
