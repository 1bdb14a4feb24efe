#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace adjoint::structure {

/// Reads every source file below `root` and returns one line for each place that breaks a rule,
/// sorted. The rules:
/// - Includes point one way: core <- autograd <- ops <- nn <- examples, tests.
/// - Every include of the project's own is spelled "adjoint/core/tensor.h", and the file exists.
/// - A header has `#pragma once`, and is the first include of the source file of the same name: so
///   its compilation shows that the header needs nothing before it.
/// - Every header of the library is reached from adjoint.h, unless it is for tests (*_gtest.h) or
///   internal: in a folder `kernels`, or with a line that begins with `// Internal`. Internal
///   headers are not installed, so no header that adjoint.h reaches includes one.
/// - At the top there are no folders but those of the design.
std::vector<std::string> broken_rules(const std::filesystem::path& root);

}  // namespace adjoint::structure
