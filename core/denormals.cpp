#include "adjoint/core/denormals.h"

#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

namespace adjoint {

#if defined(__SSE2__)

namespace {
constexpr unsigned kFlush = 0x8040;  // of the register MXCSR: flush-to-zero, denormals-are-zeros
}

bool set_flush_denormal(bool on) {
  const unsigned others = _mm_getcsr() & ~kFlush;
  _mm_setcsr(on ? others | kFlush : others);
  return true;
}

bool detail::flushes_denormal() { return (_mm_getcsr() & kFlush) == kFlush; }

#else

bool set_flush_denormal(bool) { return false; }
bool detail::flushes_denormal() { return false; }

#endif

}  // namespace adjoint
