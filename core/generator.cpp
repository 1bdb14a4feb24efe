#include "adjoint/core/generator.h"

#include <cstring>
#include <random>
#include <utility>

#include "adjoint/core/error.h"

namespace adjoint {
namespace {

/// The layout of PyTorch's torch.get_rng_state(), whose byte array this is on x86-64.
struct StateLayout {
  uint64_t seed;
  int32_t left;    ///< words of the block that are left, plus one
  int32_t seeded;  ///< 1
  uint64_t next;   ///< words of the block that are used
  uint64_t words[Mt19937::kWords];
  double unused_x;
  double next_double_normal_sample;
  double unused_rho;
  int32_t next_double_normal_sample_valid;
  int32_t padding;
  float next_float_normal_sample;  ///< none of the CPU's functions leaves one
  uint32_t next_float_normal_sample_valid;
};
static_assert(sizeof(StateLayout) == 5056);

/// `left` follows from `next`: a block without a used word is a fresh seed's, not yet a block.
int32_t left_after(uint64_t next) {
  return next == 0 ? 1 : static_cast<int32_t>(Mt19937::kWords + 1 - next);
}

uint64_t nondeterministic_seed() {
  std::random_device device;
  const uint64_t high = device();
  return (high << 32 | device()) & ((uint64_t{1} << 53) - 1);  // exact as a double, as PyTorch's
}

}  // namespace

void CPUGeneratorImpl::set_current_seed(uint64_t seed) {
  seed_ = seed;
  engine_ = Mt19937(low(seed));
  next_double_normal_sample_.reset();
}

uint64_t CPUGeneratorImpl::seed() {
  set_current_seed(nondeterministic_seed());
  return seed_;
}

std::vector<uint8_t> CPUGeneratorImpl::state_bytes() const {
  const Mt19937::State& engine = engine_.state();
  StateLayout layout{};
  layout.seed = seed_;
  layout.next = static_cast<uint64_t>(engine.used);
  layout.left = left_after(layout.next);
  layout.seeded = 1;
  for (int i = 0; i < Mt19937::kWords; ++i) layout.words[i] = engine.words[i];
  layout.next_double_normal_sample_valid = next_double_normal_sample_.has_value();
  layout.next_double_normal_sample = next_double_normal_sample_.value_or(0);
  std::vector<uint8_t> bytes(sizeof layout);
  std::memcpy(bytes.data(), &layout, sizeof layout);
  return bytes;
}

void CPUGeneratorImpl::set_state_bytes(std::span<const uint8_t> bytes) {
  check(bytes.size() == sizeof(StateLayout),
        "Generator::set_state_bytes: a state has {} bytes, but {} were given", sizeof(StateLayout),
        bytes.size());
  StateLayout layout;
  std::memcpy(&layout, bytes.data(), sizeof layout);
  bool valid = layout.seeded == 1 && layout.next <= Mt19937::kWords &&
               layout.left == left_after(layout.next);
  Mt19937::State engine;
  engine.used = static_cast<int>(layout.next);
  for (int i = 0; i < Mt19937::kWords; ++i) {
    valid = valid && layout.words[i] <= 0xffffffffu;
    engine.words[i] = static_cast<uint32_t>(layout.words[i]);
  }
  check(valid,
        "Generator::set_state_bytes: these {} bytes are no generator's state; expected what "
        "state_bytes() or torch.get_rng_state() returned",
        bytes.size());
  seed_ = layout.seed;
  engine_ = Mt19937(engine);
  next_double_normal_sample_.reset();
  if (layout.next_double_normal_sample_valid != 0) {
    next_double_normal_sample_ = layout.next_double_normal_sample;
  }
}

std::shared_ptr<CPUGeneratorImpl> CPUGeneratorImpl::clone() const {
  auto copy = std::make_shared<CPUGeneratorImpl>(seed_);
  copy->engine_ = engine_;
  copy->next_double_normal_sample_ = next_double_normal_sample_;
  return copy;
}

Generator::Generator(std::shared_ptr<CPUGeneratorImpl> impl) : impl_(std::move(impl)) {
  check(impl_ != nullptr, "Generator: expected an implementation, but the pointer is null");
}

CPUGeneratorImpl& Generator::impl() const {
  check(impl_ != nullptr,
        "Generator: this generator is undefined; make one with make_generator(seed)");
  return *impl_;
}

void Generator::set_current_seed(uint64_t seed) {
  const std::lock_guard lock(mutex());
  impl_->set_current_seed(seed);
}

uint64_t Generator::current_seed() const {
  const std::lock_guard lock(mutex());
  return impl_->current_seed();
}

uint64_t Generator::seed() {
  const std::lock_guard lock(mutex());
  return impl_->seed();
}

std::vector<uint8_t> Generator::state_bytes() const {
  const std::lock_guard lock(mutex());
  return impl_->state_bytes();
}

void Generator::set_state_bytes(std::span<const uint8_t> bytes) {
  const std::lock_guard lock(mutex());
  impl_->set_state_bytes(bytes);
}

Generator Generator::clone() const {
  const std::lock_guard lock(mutex());
  return Generator(impl_->clone());
}

const Generator& default_generator() {
  static const Generator generator = make_generator(nondeterministic_seed());
  return generator;
}

const Generator& generator_or_default(const std::optional<Generator>& generator) {
  return generator.has_value() && generator->defined() ? *generator : default_generator();
}

void manual_seed(uint64_t seed) { Generator(default_generator()).set_current_seed(seed); }

uint64_t initial_seed() { return default_generator().current_seed(); }

uint64_t seed() { return Generator(default_generator()).seed(); }

}  // namespace adjoint
