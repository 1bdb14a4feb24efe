#include "adjoint/core/mt19937.h"

#include <algorithm>

namespace adjoint {
namespace {

constexpr int kN = Mt19937::kWords;
constexpr int kM = 397;

/// The recurrence: x[k+n] = x[k+m] ^ A·(upper bit of x[k], lower 31 bits of x[k+1]). Without a
/// branch, so that the loops over it vectorise.
uint32_t twist(uint32_t current, uint32_t next, uint32_t ahead) {
  const uint32_t y = (current & 0x80000000u) | (next & 0x7fffffffu);
  return ahead ^ (y >> 1) ^ (-(next & 1u) & 0x9908b0dfu);
}

}  // namespace

Mt19937::Mt19937(uint32_t seed) {
  auto& x = state_.words;
  x[0] = seed;
  for (uint32_t i = 1; i < kN; ++i) x[i] = 1812433253u * (x[i - 1] ^ (x[i - 1] >> 30)) + i;
  state_.used = 0;
}

void Mt19937::next_block() {
  uint32_t* x = state_.words.data();
  for (int i = 0; i < kN - kM; ++i) x[i] = twist(x[i], x[i + 1], x[i + kM]);
  for (int i = kN - kM; i < kN - 1; ++i) x[i] = twist(x[i], x[i + 1], x[i + kM - kN]);
  x[kN - 1] = twist(x[kN - 1], x[0], x[kM - 1]);
  state_.used = 0;
}

void Mt19937::operator()(std::span<uint32_t> out) {
  while (!out.empty()) {
    if (exhausted()) next_block();
    const uint32_t* words = state_.words.data() + state_.used;
    const std::size_t count = std::min<std::size_t>(kN - state_.used, out.size());
    for (std::size_t i = 0; i < count; ++i) out[i] = temper(words[i]);
    state_.used += static_cast<int>(count);
    out = out.subspan(count);
  }
}

}  // namespace adjoint
