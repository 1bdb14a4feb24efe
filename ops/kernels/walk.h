#pragma once

#include <array>
#include <cstdint>

#include "adjoint/core/tensor.h"

/// The order in which the loops over tensors of any layout visit their elements.
namespace adjoint::kernels {

inline constexpr std::size_t kMaxOperands = 4;
/// One number an operand; in elements, not bytes.
using PerOperand = std::array<int64_t, kMaxOperands>;

/// A reference to the loop over one row: called as row(offsets, steps, n), it is to handle n
/// elements of each operand, which begin offsets[k] elements behind operand k's first and go on in
/// steps of steps[k]. Called through a pointer, so that all operations share the walk's code.
class RowLoop {
 public:
  template <class F>
  RowLoop(const F& f)
      : loop_(&f),
        call_([](const void* loop, const PerOperand& offsets, const PerOperand& steps, int64_t n) {
          (*static_cast<const F*>(loop))(offsets, steps, n);
        }) {}
  void operator()(const PerOperand& offsets, const PerOperand& steps, int64_t n) const {
    call_(loop_, offsets, steps, n);
  }

 private:
  const void* loop_;
  void (*call_)(const void*, const PerOperand&, const PerOperand&, int64_t);
};

/// Calls `row` until every element of operands[0], the output, was in one row; the others broadcast
/// to its shape. Rows are as long as the layouts allow, and spread over the threads. Throws Error
/// if an operand does not broadcast.
void for_each_row(const Tensor* const* operands, std::size_t count, RowLoop row);
/// The same from a shape and each operand's strides, which may be negative.
void for_each_row(IntArrayRef shape, const Dims* strides, std::size_t count, RowLoop row);

}  // namespace adjoint::kernels
