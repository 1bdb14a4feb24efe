#pragma once

// Internal: the flag behind InferenceMode.

namespace adjoint::detail {

/// Whether the tensors that this thread makes are inference tensors; see autograd/grad_mode.h,
/// whose guard sets it. It stands here because core makes the tensors.
inline constinit thread_local bool inference_mode = false;

}  // namespace adjoint::detail
