#include "adjoint/ops/rearrange.h"

#include <algorithm>
#include <numeric>

#include <fmt/ranges.h>

#include "adjoint/ops/creation.h"
#include "adjoint/ops/elementwise.h"
#include "adjoint/ops/index.h"
#include "adjoint/ops/view.h"

namespace adjoint {

using autograd::Grads;
using autograd::record;

// ---- flip, roll, rot90 --------------------------------------------------------------------------

Tensor flip(const Tensor& self, IntArrayRef dims) {
  const uint32_t flipped = dims.empty() ? 0 : dim_mask("flip", dims, self.dim());
  Tensor y = empty(self.sizes(), self.scalar_type());
  std::array<Dims, 2> strides{y.strides(), self.strides()};
  int64_t begin = 0;  // of the input: the element that comes first in the output
  for (std::size_t d = 0; d < self.sizes().size(); ++d) {
    if ((flipped >> d & 1) == 0) continue;
    begin += (self.sizes()[d] - 1) * strides[1][d];
    strides[1][d] = -strides[1][d];
  }
  if (y.numel() > 0) {
    dispatch(self.scalar_type(), [&]<class T>(std::type_identity<T>) {
      T* const to = y.data_ptr<T>();
      const T* const from = self.data_ptr<T>() + begin;
      kernels::for_each_row(
          self.sizes(), strides.data(), 2,
          [=](const kernels::PerOperand& at, const kernels::PerOperand& steps, int64_t n) {
            if (steps[0] == 1 && steps[1] == -1) {
              std::reverse_copy(from + at[1] - (n - 1), from + at[1] + 1, to + at[0]);
              return;
            }
            for (int64_t i = 0; i < n; ++i) to[at[0] + i * steps[0]] = from[at[1] + i * steps[1]];
          });
    });
  }
  return autograd::record("flip", y, {self}, [dims = Dims(dims)](const Tensor& g) {
    return Grads{adjoint::flip(g, dims)};
  });
}

Tensor Tensor::flip(IntArrayRef dims) const { return adjoint::flip(*this, dims); }

namespace {

/// to = from, with every dimension d from `dim` on rolled by shifts[d] (0 <= shift < size): what
/// stays in order is copied as a block.
void copy_rolled(const Tensor& to, const Tensor& from, const Dims& shifts, std::size_t dim) {
  while (dim < shifts.size() && shifts[dim] == 0) ++dim;
  if (dim == shifts.size()) return kernels::copy(to, from);
  const auto d = static_cast<int64_t>(dim);
  const int64_t shift = shifts[dim], rest = from.size(d) - shift;
  copy_rolled(to.narrow(d, shift, rest), from.narrow(d, 0, rest), shifts, dim + 1);
  copy_rolled(to.narrow(d, 0, shift), from.narrow(d, rest, shift), shifts, dim + 1);
}

}  // namespace

Tensor Tensor::roll(IntArrayRef shifts, IntArrayRef dims) const {
  if (dims.empty() && shifts.size() == 1) return reshape(-1).roll(shifts, 0).view(sizes());
  check(shifts.size() == dims.size() && !dims.empty(),
        "roll: expected one shift a dimension, got shifts [{}] for dimensions [{}]",
        fmt::join(shifts, ", "), fmt::join(dims, ", "));
  check(dim() > 0, "roll: a tensor without dimensions has none to be rolled along");
  Dims total(static_cast<std::size_t>(dim()), 0);  // a dimension may be named several times
  Dims back(total);
  for (std::size_t i = 0; i < dims.size(); ++i) {
    const auto d = static_cast<std::size_t>(wrap_dim("roll", dims[i], dim()));
    const int64_t size = std::max<int64_t>(sizes()[d], 1);
    total[d] = (total[d] + (shifts[i] % size + size) % size) % size;
    back[d] = (size - total[d]) % size;
  }
  Tensor y = empty(sizes(), scalar_type());
  {
    const NoGradGuard no_grad;
    if (numel() > 0) copy_rolled(y, detach(), total, 0);
  }
  Dims all(total);
  std::iota(all.begin(), all.end(), 0);
  return record("roll", y, {*this},
                [back, all](const Tensor& g) { return Grads{g.roll(back, all)}; });
}

Tensor Tensor::rot90(int64_t k, IntArrayRef dims) const {
  check(dims.size() == 2, "rot90: expected two dimensions, got [{}]", fmt::join(dims, ", "));
  check(dim() >= 2, "rot90: expected a tensor of at least 2 dimensions, got {}", dim());
  dim_mask("rot90", dims, dim());  // throws where one is out of range, or both are the same
  switch ((k % 4 + 4) % 4) {
    case 1:
      return flip(dims[1]).transpose(dims[0], dims[1]);
    case 2:
      return flip(dims);
    case 3:
      return flip(dims[0]).transpose(dims[0], dims[1]);
    default:
      return clone();
  }
}

// ---- repeat, tile, repeat_interleave ------------------------------------------------------------

namespace {

/// The whole of dimension `dim` so many times.
Tensor repeated(const Tensor& x, std::size_t dim, int64_t times) {
  Dims shape(x.sizes());
  check(!__builtin_mul_overflow(shape[dim], times, &shape[dim]),
        "repeat: a dimension of size {} cannot be repeated {} times", x.sizes()[dim], times);
  const int64_t outer = numel(x.sizes().slice(0, dim)), inner = numel(x.sizes().slice(dim));
  return x.reshape({outer, 1, inner}).expand({outer, times, inner}).reshape(shape);
}

}  // namespace

Tensor Tensor::repeat(IntArrayRef repeats) const {
  check(repeats.size() >= sizes().size(),
        "repeat: expected a number for each dimension of [{}], got [{}]; use tile",
        fmt::join(sizes(), ", "), fmt::join(repeats, ", "));
  Dims shape(repeats.size(), 1);
  std::copy(sizes().begin(), sizes().end(), shape.end() - sizes().size());
  Tensor y = reshape(shape);
  // The innermost first: what is repeated is then as small as can be.
  for (std::size_t d = repeats.size(); d-- > 0;) {
    check(repeats[d] >= 0, "repeat: a number of times cannot be negative, got [{}]",
          fmt::join(repeats, ", "));
    if (repeats[d] != 1) y = repeated(y, d, repeats[d]);
  }
  return y.is_alias_of(*this) ? y.clone() : y;
}

Tensor Tensor::tile(IntArrayRef dims) const {
  Dims repeats(dims);
  while (repeats.size() < sizes().size()) repeats.insert(0, 1);
  return repeat(repeats);
}

Tensor Tensor::repeat_interleave(int64_t repeats, std::optional<int64_t> dim) const {
  check(repeats >= 0, "repeat_interleave: a number of times cannot be negative, got {}", repeats);
  if (!dim.has_value()) return reshape(-1).repeat_interleave(repeats, 0);
  return repeat_interleave(full({}, repeats), dim);
}

Tensor repeat_interleave(const Tensor& repeats) {
  check(repeats.dim() == 1 && (repeats.scalar_type() == kInt64 || repeats.scalar_type() == kInt32),
        "repeat_interleave: expected a list of int64 or int32 as repeats, got shape [{}] of {}",
        fmt::join(repeats.sizes(), ", "), repeats.scalar_type());
  const Tensor counts = repeats.to(kInt64).contiguous();
  const int64_t* const times = counts.data_ptr<int64_t>();
  int64_t total = 0;
  for (int64_t i = 0; i < counts.numel(); ++i) {
    check(times[i] >= 0, "repeat_interleave: a number of times cannot be negative, got {}",
          times[i]);
    check(!__builtin_add_overflow(total, times[i], &total),
          "repeat_interleave: the repeats add up to more than 63 bits can count");
  }
  const Tensor made = empty({total}, kInt64);
  int64_t* next = made.data_ptr<int64_t>();
  for (int64_t i = 0; i < counts.numel(); ++i) next = std::fill_n(next, times[i], i);
  return made.to(repeats.scalar_type());
}

Tensor Tensor::repeat_interleave(const Tensor& repeats, std::optional<int64_t> dim) const {
  if (!dim.has_value()) return reshape(-1).repeat_interleave(repeats, 0);
  wrap_dim("repeat_interleave", *dim, this->dim());
  const int64_t length = size(*dim);  // throws where there are no dimensions
  check(repeats.dim() <= 1 && (repeats.numel() == length || repeats.numel() == 1),
        "repeat_interleave: expected one number, or one for each of the {} slices, got shape [{}]",
        length, fmt::join(repeats.sizes(), ", "));
  return index_select(*dim, adjoint::repeat_interleave(repeats.reshape(-1).expand(length)));
}

// ---- triangles and diagonals of matrices --------------------------------------------------------

namespace {

/// Marks, in a matrix of x's last two sizes, what lies above (or below) the diagonal.
Tensor beyond_diagonal(const char* name, const Tensor& x, int64_t diagonal, bool above) {
  check(x.dim() >= 2, "{}: expected a matrix or a batch of matrices, got {} dimension{}", name,
        x.dim(), x.dim() == 1 ? "" : "s");
  const int64_t rows = x.size(-2), columns = x.size(-1);
  diagonal = std::clamp(diagonal, -rows, columns);  // beyond these nothing changes
  const Tensor mask = empty({rows, columns}, kBool);
  bool* next = mask.data_ptr<bool>();
  for (int64_t row = 0; row < rows; ++row) {
    const int64_t from = std::clamp<int64_t>(row + diagonal + (above ? 1 : 0), 0, columns);
    next = std::fill_n(std::fill_n(next, from, !above), columns - from, above);
  }
  return mask;
}

}  // namespace

Tensor Tensor::tril(int64_t diagonal) const {
  return masked_fill(beyond_diagonal("tril", *this, diagonal, /*above=*/true), 0);
}
Tensor& Tensor::tril_(int64_t diagonal) const {
  return masked_fill_(beyond_diagonal("tril_", *this, diagonal, /*above=*/true), 0);
}
Tensor Tensor::triu(int64_t diagonal) const {
  return masked_fill(beyond_diagonal("triu", *this, diagonal, /*above=*/false), 0);
}
Tensor& Tensor::triu_(int64_t diagonal) const {
  return masked_fill_(beyond_diagonal("triu_", *this, diagonal, /*above=*/false), 0);
}

Tensor Tensor::diag(int64_t diagonal) const {
  check(dim() == 1 || dim() == 2, "diag: expected a vector or a matrix, got {} dimensions", dim());
  return dim() == 1 ? diag_embed(diagonal) : this->diagonal(diagonal).clone();
}

Tensor Tensor::diag_embed(int64_t offset, int64_t dim1, int64_t dim2) const {
  check(dim() > 0, "diag_embed: a tensor without dimensions cannot become a diagonal");
  dim1 = wrap_dim("diag_embed", dim1, dim() + 1);
  dim2 = wrap_dim("diag_embed", dim2, dim() + 1);
  check(dim1 != dim2, "diag_embed: dim1 and dim2 are both {}", dim1);
  int64_t side = size(-1);
  const bool fits = offset != std::numeric_limits<int64_t>::min() &&
                    !__builtin_add_overflow(side, std::abs(offset), &side);
  check(fits, "diag_embed: a matrix cannot have a diagonal number {}", offset);
  Dims shape(sizes().slice(0, sizes().size() - 1));
  shape.insert(static_cast<std::size_t>(std::min(dim1, dim2)), side);
  shape.insert(static_cast<std::size_t>(std::max(dim1, dim2)), side);
  return diagonal_backward(*this, shape, offset, dim1, dim2);
}

Tensor& Tensor::fill_diagonal_(const Scalar& fill_value, bool wrap) const {
  check(dim() >= 2, "fill_diagonal_: expected a tensor of at least 2 dimensions, got {}", dim());
  autograd::check_inplace("fill_diagonal_", *this);
  int64_t length = size(0), step = 0;
  for (int64_t d = 0; d < dim(); ++d) {
    check(dim() == 2 || size(d) == size(0),
          "fill_diagonal_: the sizes [{}] must be equal for more than 2 dimensions",
          fmt::join(sizes(), ", "));
    length = std::min(length, size(d));
    step += stride(d);
  }
  as_strided(length, step).fill_(fill_value);
  if (wrap && dim() == 2) {
    // In a tall matrix it begins anew after a row without, as often as there are rows.
    for (int64_t row = size(1) + 1; size(1) > 0 && row < size(0); row += size(1) + 1) {
      slice(0, row).fill_diagonal_(fill_value);
    }
  }
  return const_cast<Tensor&>(*this);
}

}  // namespace adjoint
