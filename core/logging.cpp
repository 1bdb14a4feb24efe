#include "adjoint/core/logging.h"

#include <cstdlib>
#include <memory>
#include <string>

#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_color_sinks.h>

namespace adjoint {

spdlog::logger& logger() {
  static spdlog::logger& instance = []() -> spdlog::logger& {
    // Never destroyed, so that destructors of statics may log.
    auto& made =
        *new spdlog::logger("adjoint", std::make_shared<spdlog::sinks::stderr_color_sink_mt>());
    made.set_pattern("[adjoint %l] %v");
    made.set_level(spdlog::level::warn);
    if (const char* wanted = std::getenv("ADJOINT_LOG_LEVEL")) {
      const auto level = spdlog::level::from_str(wanted);
      if (level == spdlog::level::off && std::string(wanted) != "off") {
        made.warn(
            "ADJOINT_LOG_LEVEL={} is no level: expected trace, debug, info, warn, error, "
            "critical or off; using warn",
            wanted);
      } else {
        made.set_level(level);
      }
    }
    return made;
  }();
  return instance;
}

}  // namespace adjoint
