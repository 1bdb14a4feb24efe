#include "adjoint/autograd/grad_mode.h"

#include "adjoint/core/inference.h"

namespace adjoint {

using detail::inference_mode;

static thread_local bool enabled = true;

bool GradMode::is_enabled() { return enabled; }
void GradMode::set_enabled(bool wanted) { enabled = wanted && !inference_mode; }

InferenceMode::InferenceMode(bool enabled)
    : grad_before_(GradMode::is_enabled()), inference_before_(inference_mode) {
  inference_mode = enabled;
  GradMode::set_enabled(!enabled);
}

InferenceMode::~InferenceMode() {
  inference_mode = inference_before_;
  GradMode::set_enabled(grad_before_);
}

bool InferenceMode::is_enabled() { return inference_mode; }

}  // namespace adjoint
