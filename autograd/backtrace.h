#pragma once

// Internal: what anomaly mode's traces are made of.

#include <string>
#include <vector>

namespace adjoint::autograd {

/// The return addresses of the functions that are active on this thread, innermost first.
std::vector<void*> backtrace_addresses();

/// The names of the functions that these addresses are in, as C++ writes them; "?" where the
/// program holds no name (it was stripped). No debug information is needed.
std::vector<std::string> function_names(const std::vector<void*>& addresses);

}  // namespace adjoint::autograd
