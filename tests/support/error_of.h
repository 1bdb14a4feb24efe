#pragma once

#include <string>

#include <gtest/gtest.h>

#include "adjoint/core/error.h"

namespace adjoint::test {

/// The message of the Error that f() throws; fails the test if there is none.
template <class F>
std::string error_of(const F& f) {
  try {
    f();
  } catch (const Error& error) {
    return error.what();
  }
  ADD_FAILURE() << "no Error was thrown";
  return "";
}

}  // namespace adjoint::test
