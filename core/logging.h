#pragma once

#include <spdlog/logger.h>

namespace adjoint {

/// The library's logger: to stderr, at the level that the environment variable ADJOINT_LOG_LEVEL
/// names (trace, debug, info, warn, error, critical or off; warn unless set).
spdlog::logger& logger();

}  // namespace adjoint
