#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "adjoint/core/mt19937.h"

namespace adjoint {

/// The seed of a generator that is given none.
inline constexpr uint64_t default_rng_seed_val = 67280421310721;

/// The state behind a Generator: the stream of random words, and the normal sample that is kept for
/// the next call. Not thread-safe: hold `mutex_` while drawing.
class CPUGeneratorImpl {
 public:
  explicit CPUGeneratorImpl(uint64_t seed = default_rng_seed_val)
      : seed_(seed), engine_(low(seed)) {}
  CPUGeneratorImpl(const CPUGeneratorImpl&) = delete;
  CPUGeneratorImpl& operator=(const CPUGeneratorImpl&) = delete;

  /// Starts the stream of this seed afresh. As in PyTorch, seeds that are equal in their low 32
  /// bits give the same stream.
  void set_current_seed(uint64_t seed);
  uint64_t current_seed() const { return seed_; }

  /// Seeds from the system's entropy with 53 random bits, and returns the new seed.
  uint64_t seed();

  /// The next word of the stream.
  uint32_t random() { return engine_(); }
  /// The next two words of the stream, the first one as the high half.
  uint64_t random64() {
    const uint64_t high = engine_();
    return high << 32 | engine_();
  }
  /// The next out.size() words of the stream: the same as so many calls of random(), and faster.
  void random(std::span<uint32_t> out) { engine_(out); }

  /// Box-Muller makes two normal samples at a time; the second one waits here for the next call.
  std::optional<double> next_double_normal_sample() const { return next_double_normal_sample_; }
  void set_next_double_normal_sample(std::optional<double> sample) {
    next_double_normal_sample_ = sample;
  }

  /// All that the future of the stream depends on, as the 5,056 bytes of PyTorch's
  /// torch.get_rng_state().
  std::vector<uint8_t> state_bytes() const;
  /// Goes on from what state_bytes(), or PyTorch, returned. Throws Error, and changes nothing, if
  /// the bytes are no such state.
  void set_state_bytes(std::span<const uint8_t> bytes);

  std::shared_ptr<CPUGeneratorImpl> clone() const;

  std::mutex mutex_;

 private:
  static uint32_t low(uint64_t seed) { return static_cast<uint32_t>(seed); }

  uint64_t seed_;
  Mt19937 engine_;
  std::optional<double> next_double_normal_sample_;
};

/// A handle to a stream of random numbers. Copies share the stream; clone() starts one of its own
/// from where this one stands. For the same seed it yields the numbers of PyTorch's CPU generator.
class Generator {
 public:
  /// An undefined generator, for which functions use the default one.
  Generator() = default;
  explicit Generator(std::shared_ptr<CPUGeneratorImpl> impl);

  bool defined() const { return impl_ != nullptr; }
  bool operator==(const Generator& other) const = default;

  /// See CPUGeneratorImpl. These lock the mutex; they throw Error on an undefined generator.
  void set_current_seed(uint64_t seed);
  uint64_t current_seed() const;
  uint64_t seed();
  std::vector<uint8_t> state_bytes() const;
  void set_state_bytes(std::span<const uint8_t> bytes);
  Generator clone() const;

  /// For those who draw by hand: lock, then draw from *get(). Throw Error if undefined.
  std::mutex& mutex() const { return impl().mutex_; }
  template <class Impl = CPUGeneratorImpl>
  Impl* get() const {
    return &impl();
  }

 private:
  CPUGeneratorImpl& impl() const;

  std::shared_ptr<CPUGeneratorImpl> impl_;
};

/// A new generator, seeded with default_rng_seed_val unless given a seed.
template <class Impl = CPUGeneratorImpl>
Generator make_generator(uint64_t seed = default_rng_seed_val) {
  return Generator(std::make_shared<Impl>(seed));
}

/// The generator that every function uses which is given none. Until manual_seed its seed differs
/// from run to run.
const Generator& default_generator();

/// `generator`, or the default one if it is absent or undefined.
const Generator& generator_or_default(const std::optional<Generator>& generator);

/// Seeds the default generator: what follows is the same on every run, and the same as in PyTorch.
void manual_seed(uint64_t seed);

/// The seed that the default generator was last given.
uint64_t initial_seed();

/// Seeds the default generator from the system's entropy, and returns the new seed.
uint64_t seed();

namespace detail {
/// libtorch's names for the above.
inline const Generator& getDefaultCPUGenerator() { return default_generator(); }
inline Generator createCPUGenerator(uint64_t seed = default_rng_seed_val) {
  return make_generator(seed);
}
}  // namespace detail

}  // namespace adjoint
