#include "adjoint/autograd/grad_mode.h"

namespace adjoint {

static thread_local bool enabled = true;

bool GradMode::is_enabled() { return enabled; }
void GradMode::set_enabled(bool wanted) { enabled = wanted; }

}  // namespace adjoint
