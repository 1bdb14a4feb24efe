#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

namespace adjoint::autograd {

class Node;

/// Anomaly mode, one switch for all threads, off at first. While it is on,
///  - each recorded operation notes where in the program that happened (a backtrace), and
///  - backward throws Error at the first operation whose rule makes a NaN out of upstream gradients
///    that have none, and says which operation, which of its inputs, and where it was recorded. The
///    same is added to any other Error that comes from a rule.
/// It costs time; while it is off, it costs nothing.
class AnomalyMode {
 public:
  static bool is_enabled() { return enabled_.load(std::memory_order_relaxed); }
  static bool should_check_nan() { return check_nan_.load(std::memory_order_relaxed); }
  /// With check_nan false only places are noted.
  static void set_enabled(bool enabled, bool check_nan = true) {
    enabled_ = enabled;
    check_nan_ = check_nan;
  }

 private:
  inline static std::atomic<bool> enabled_{false};
  inline static std::atomic<bool> check_nan_{true};
};

/// Turns anomaly mode on for a scope. It has to be on both when the operations are recorded and in
/// backward.
class DetectAnomalyGuard {
 public:
  explicit DetectAnomalyGuard(bool check_nan = true)
      : enabled_before_(AnomalyMode::is_enabled()),
        check_nan_before_(AnomalyMode::should_check_nan()) {
    AnomalyMode::set_enabled(true, check_nan);
  }
  ~DetectAnomalyGuard() { AnomalyMode::set_enabled(enabled_before_, check_nan_before_); }
  DetectAnomalyGuard(const DetectAnomalyGuard&) = delete;
  DetectAnomalyGuard& operator=(const DetectAnomalyGuard&) = delete;

 private:
  bool enabled_before_;
  bool check_nan_before_;
};

/// Where an operation was recorded: the functions that were active then, and, if that was within
/// the backward of another operation (create_graph), that one.
class Trace {
 public:
  /// This place.
  static std::shared_ptr<const Trace> here();

  /// One line a function, innermost first; Adjoint's own inner workings are left out.
  std::string text() const;

 private:
  std::vector<void*> addresses_;
  std::string backward_of_;  // empty: it was a forward pass
  std::shared_ptr<const Trace> parent_;
};

}  // namespace adjoint::autograd
