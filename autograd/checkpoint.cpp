#include "adjoint/autograd/checkpoint.h"

#include <memory>
#include <mutex>

#include <fmt/ranges.h>

#include "adjoint/autograd/grad_mode.h"
#include "adjoint/autograd/saved_tensor.h"
#include "adjoint/core/generator.h"

namespace adjoint::autograd {
namespace {

using detail::SaveObserver;

/// Makes an observer the current one for a scope; null: none.
class Observing {
 public:
  explicit Observing(SaveObserver* observer) : before_(SaveObserver::current()) {
    SaveObserver::current() = observer;
  }
  ~Observing() { SaveObserver::current() = before_; }
  Observing(const Observing&) = delete;
  Observing& operator=(const Observing&) = delete;

 private:
  SaveObserver* before_;
};

/// While one exists, the default generator is where it was at another time.
class RngState {
 public:
  explicit RngState(const std::vector<uint8_t>& state) : now_(default_generator().state_bytes()) {
    Generator(default_generator()).set_state_bytes(state);
  }
  ~RngState() { Generator(default_generator()).set_state_bytes(now_); }
  RngState(const RngState&) = delete;
  RngState& operator=(const RngState&) = delete;

 private:
  std::vector<uint8_t> now_;
};

/// The run of a function whose saved tensors are not kept. Each gets a number instead, in the order
/// in which they are saved; when the function runs again, they come in the same order.
class Checkpoint final : public detail::Recomputation {
 public:
  Checkpoint(const TensorFunction& function, const variable_list& inputs,
             const CheckpointOptions& options)
      : function_(function) {
    if (options.preserve_rng_state()) rng_state_ = default_generator().state_bytes();
    // Kept like an operation's inputs: a change in place between here and backward is an Error.
    detail::CopyMode sealing;
    for (const Tensor& input : inputs) {
      const SavedTensor saved(input, /*is_output=*/false);
      inputs_.push_back(saved);
      requires_grad_.push_back(input.defined() && input.requires_grad());
    }
  }

  /// What is saved the first time: only the shape is noted.
  class Dropping final : public SaveObserver {
   public:
    explicit Dropping(std::shared_ptr<Checkpoint> owner) : owner_(std::move(owner)) {}
    std::shared_ptr<Recomputation> on_save(const Tensor& tensor, bool keeps,
                                           uint32_t& index) override {
      const std::lock_guard lock(owner_->mutex_);
      index = static_cast<uint32_t>(owner_->dropped_.size());
      owner_->dropped_.push_back({tensor.sizes(), tensor.scalar_type()});
      return keeps ? nullptr : std::static_pointer_cast<Recomputation>(owner_);
    }

   private:
    std::shared_ptr<Checkpoint> owner_;
  };

  Tensor value(uint32_t index) override {
    const std::lock_guard lock(mutex_);
    if (recomputed_.empty()) recompute();
    const OutputMeta& expected = dropped_[index];
    if (index >= recomputed_.size()) {
      fail(
          "checkpoint: when the function ran again, for backward, it saved {} tensors, and at "
          "least {} the first time; it has to do the same each time",
          recomputed_.size(), dropped_.size());
    }
    const auto& [tensor, version] = recomputed_[index];
    if (tensor.sizes() != IntArrayRef(expected.sizes) || tensor.scalar_type() != expected.dtype) {
      fail(
          "checkpoint: when the function ran again, for backward, tensor number {} that it saved "
          "was of {}, and of shape [{}], {} the first time; it has to do the same each time",
          index, tensor.describe(), fmt::join(expected.sizes, ", "), expected.dtype);
    }
    if (tensor._version() != version) {
      fail(
          "checkpoint: the function changes a tensor ({}) in place that backward needs; use the "
          "out-of-place operation, or change a clone()",
          tensor.describe());
    }
    return tensor;
  }

 private:
  /// What is saved the second time.
  class Collecting final : public SaveObserver {
   public:
    explicit Collecting(Checkpoint& owner) : owner_(owner) {}
    std::shared_ptr<Recomputation> on_save(const Tensor& tensor, bool, uint32_t&) override {
      owner_.recomputed_.emplace_back(tensor.detach(), tensor._version());
      return nullptr;
    }

   private:
    Checkpoint& owner_;
  };

  void recompute() {
    const AutoGradMode recording(true);
    variable_list arguments;
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      const Tensor input = inputs_[i].get();
      arguments.push_back(input.defined() ? input.detach() : input);
      if (requires_grad_[i]) arguments.back().requires_grad_();
    }
    std::optional<RngState> then;
    if (!rng_state_.empty()) then.emplace(rng_state_);
    Collecting collecting(*this);
    const Observing observing(&collecting);
    try {
      function_(arguments);
    } catch (...) {
      recomputed_.clear();
      throw;
    }
  }

  const TensorFunction function_;
  std::vector<SavedTensor> inputs_;
  std::vector<bool> requires_grad_;
  std::vector<uint8_t> rng_state_;
  std::vector<OutputMeta> dropped_;
  std::vector<std::pair<Tensor, int64_t>> recomputed_;
  std::recursive_mutex mutex_;  // threads may run backward on one graph
};

}  // namespace

variable_list detail::checkpoint(const TensorFunction& function, const variable_list& inputs,
                                 const CheckpointOptions& options) {
  if (!GradMode::is_enabled()) return function(inputs);
  Checkpoint::Dropping dropping(std::make_shared<Checkpoint>(function, inputs, options));
  const Observing observing(&dropping);
  return function(inputs);
}

}  // namespace adjoint::autograd
