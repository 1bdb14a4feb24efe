#pragma once

namespace adjoint {

/// Whether the calling thread, and the threads that share its work, take denormal numbers (float32
/// below 1.2e-38, float64 below 2.2e-308, in absolute value) for zeros, as arguments and as
/// results. Off at first. A processor takes a hundred cycles more for an operation on them, and a
/// network that has learned an image's background makes many. Returns false, and changes nothing,
/// on a processor that cannot. The same as Python's torch.set_flush_denormal.
bool set_flush_denormal(bool on);

namespace detail {
bool flushes_denormal();
}  // namespace detail

}  // namespace adjoint
