#pragma once

namespace adjoint {

/// Whether operations are recorded for backward; one flag a thread, on at first.
struct GradMode {
  static bool is_enabled();
  static void set_enabled(bool enabled);
};

/// Sets GradMode for a scope.
class AutoGradMode {
 public:
  explicit AutoGradMode(bool enabled) : before_(GradMode::is_enabled()) {
    GradMode::set_enabled(enabled);
  }
  ~AutoGradMode() { GradMode::set_enabled(before_); }
  AutoGradMode(const AutoGradMode&) = delete;
  AutoGradMode& operator=(const AutoGradMode&) = delete;

 private:
  bool before_;
};

/// Nothing is recorded in its scope, on this thread.
class NoGradGuard : public AutoGradMode {
 public:
  NoGradGuard() : AutoGradMode(false) {}
};

/// Stronger than NoGradGuard: what is computed in its scope, on this thread, will never be part of
/// a graph. The tensors made there are inference tensors: they keep no count of in-place changes,
/// so that afterwards they can be read, but neither changed in place nor saved for backward; both
/// throw Error (a clone() is a normal tensor). A view of a normal tensor stays a normal one.
///
/// `InferenceMode(false)` is normal mode within the scope of another guard. In either case GradMode
/// is set to the opposite for the scope. (In inference mode GradMode cannot be turned on; in
/// libtorch the flag can, to no effect.)
class InferenceMode {
 public:
  InferenceMode(bool enabled = true);
  ~InferenceMode();
  InferenceMode(const InferenceMode&) = delete;
  InferenceMode& operator=(const InferenceMode&) = delete;
  static bool is_enabled();

 private:
  bool grad_before_;
  bool inference_before_;
};

namespace autograd {  // where libtorch has them too
using adjoint::AutoGradMode;
using adjoint::GradMode;
using adjoint::InferenceMode;
}  // namespace autograd

}  // namespace adjoint
