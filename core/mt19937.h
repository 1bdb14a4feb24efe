#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace adjoint {

/// The Mersenne Twister MT19937 (Matsumoto and Nishimura, ACM TOMACS 8(1), 1998; seeded as in their
/// version of 2002): the stream of std::mt19937 and of PyTorch's CPU generator.
///
/// Not std::mt19937, since that yields one word a call, which no compiler vectorises, and hides its
/// state. Drawn in bulk, 4M uniform floats take 6 ms here and 47 ms there (2 and 10 ms with
/// -march=native; PyTorch takes 17), and the state can be exchanged with PyTorch.
class Mt19937 {
 public:
  static constexpr int kWords = 624;

  /// What the stream goes on from: the words of the running block, and how many of them are used.
  struct State {
    std::array<uint32_t, kWords> words;
    int used;  ///< in [0, kWords]; 0 only for a seeded engine that has yielded nothing yet
  };

  explicit Mt19937(uint32_t seed);
  explicit Mt19937(const State& state) : state_(state) {}

  const State& state() const { return state_; }

  /// The next word of the stream.
  uint32_t operator()() {
    if (exhausted()) next_block();
    return temper(state_.words[state_.used++]);
  }

  /// The next out.size() words of the stream.
  void operator()(std::span<uint32_t> out);

 private:
  bool exhausted() const { return state_.used == 0 || state_.used == kWords; }

  void next_block();

  static uint32_t temper(uint32_t y) {
    y ^= y >> 11;
    y ^= (y << 7) & 0x9d2c5680u;
    y ^= (y << 15) & 0xefc60000u;
    return y ^ (y >> 18);
  }

  State state_;
};

}  // namespace adjoint
