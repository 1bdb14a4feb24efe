#pragma once

#include <spdlog/fwd.h>

namespace adjoint {

/// The library's logger: to stderr, at the level that the environment variable ADJOINT_LOG_LEVEL
/// names (trace, debug, info, warn, error, critical or off; warn unless set). To use it include
/// <spdlog/logger.h> as well: that takes longer to compile than all of Adjoint's headers.
spdlog::logger& logger();

}  // namespace adjoint
