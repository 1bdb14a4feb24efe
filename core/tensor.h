#pragma once

#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "adjoint/core/generator.h"
#include "adjoint/core/scalar.h"
#include "adjoint/core/tensor_accessor.h"
#include "adjoint/core/tensor_impl.h"
#include "adjoint/core/tensor_options.h"

namespace adjoint {

class Tensor;
/// What Tensor::describe gives: text when it is formatted or converted, nothing before. It refers
/// to the tensor.
struct TensorDescription {
  const Tensor& tensor;
  operator std::string() const;
};
using TensorList = ArrayRef<Tensor>;
namespace indexing {
class TensorIndex;  // ops/indexing.h: an integer, Slice(), None, "...", a bool or a tensor
}

/// A multi-dimensional array, or nothing yet (`defined()` tells).
///
/// A Tensor is a handle: copying one copies no elements, both are the same tensor. The elements
/// are a strided view of a storage, which other tensors (views) may share. Names, signatures and
/// meaning are libtorch's. As there, methods that change the elements are const: the handle stays.
///
/// Methods are grouped by the file that defines them; each free function of the same name is
/// declared in that file's header.
class Tensor {
 public:
  Tensor() = default;
  explicit Tensor(std::shared_ptr<TensorImpl> impl) : impl_(std::move(impl)) {}
  Tensor(const Tensor&) = default;
  Tensor(Tensor&&) = default;
  Tensor& operator=(const Tensor&) & = default;
  Tensor& operator=(Tensor&&) & = default;
  /// What is assigned to a temporary goes into the elements, which others share: `x[1] = y`.
  Tensor& operator=(const Tensor& other) && { return copy_(other); }
  Tensor& operator=(Tensor&& other) && { return copy_(other); }
  Tensor& operator=(const Scalar& value) && { return fill_(value); }

  // ---- core/tensor.cpp: what the tensor is -----------------------------------------------------

  bool defined() const { return impl_ != nullptr; }
  /// Makes this handle undefined; the tensor lives on in other handles.
  void reset() { impl_.reset(); }
  /// How many handles and others hold the tensor.
  std::size_t use_count() const { return static_cast<std::size_t>(impl_.use_count()); }
  /// Whether both handles are of one tensor (not: whether the elements are equal).
  bool is_same(const Tensor& other) const { return impl_ == other.impl_; }

  int64_t dim() const { return static_cast<int64_t>(impl()->geometry.sizes.size()); }
  int64_t ndimension() const { return dim(); }
  IntArrayRef sizes() const { return impl()->geometry.sizes; }
  IntArrayRef strides() const { return impl()->geometry.strides; }
  /// Size of one dimension; -1 is the last one. Throws IndexError out of range.
  int64_t size(int64_t d) const;
  int64_t stride(int64_t d) const;
  /// In elements, not bytes.
  int64_t storage_offset() const { return impl()->geometry.offset; }
  int64_t numel() const { return impl()->numel; }
  bool is_contiguous() const { return impl()->contiguous; }

  ScalarType scalar_type() const { return impl()->dtype; }
  ScalarType dtype() const { return impl()->dtype; }
  bool is_floating_point() const { return isFloatingType(scalar_type()); }
  /// Whether the dtype has negative numbers.
  bool is_signed() const { return scalar_type() != kUInt8 && scalar_type() != kBool; }
  bool is_same_size(const Tensor& other) const { return sizes() == other.sizes(); }
  Device device() const { return kCPU; }
  int64_t get_device() const { return device().index(); }
  bool is_cpu() const { return true; }
  bool is_cuda() const { return false; }
  Layout layout() const { return kStrided; }
  TensorOptions options() const { return TensorOptions(scalar_type()); }
  int64_t element_size() const { return elementSize(scalar_type()); }
  int64_t itemsize() const { return element_size(); }
  std::size_t nbytes() const { return static_cast<std::size_t>(numel() * element_size()); }

  void* data_ptr() const { return impl()->data(); }
  /// The first element. Throws Error unless T is the tensor's type.
  template <class T>
  T* data_ptr() const {
    check(scalar_type() == scalar_type_of<T>,
          "data_ptr<{}>: the tensor's dtype is {}; ask for that, or convert the tensor first",
          scalar_type_of<T>, scalar_type());
    return static_cast<T*>(data_ptr());
  }
  /// The one element of a tensor that has one. Throws Error otherwise.
  Scalar item() const;
  template <class T>
  T item() const {
    return item().to<T>();
  }
  /// Whether the one element of a tensor that has one is not 0. Throws Error otherwise.
  bool is_nonzero() const;
  /// The elements as an array of N dimensions, `a[i][j]`, without checks of the indices. Throws
  /// Error unless T is the tensor's type and N its number of dimensions.
  template <class T, std::size_t N>
  TensorAccessor<T, N> accessor() const {
    check(dim() == static_cast<int64_t>(N), "accessor<{}, {}>: the tensor has {} dimensions",
          scalar_type_of<T>, N, dim());
    return TensorAccessor<T, N>(data_ptr<T>(), sizes().data(), strides().data());
  }
  /// How often the storage has been changed in place: what saved tensors compare with.
  int64_t _version() const { return impl()->storage->version(); }

  /// The same memory in another geometry, unknown to autograd: what every view is made of. Throws
  /// Error if it would reach outside the storage.
  Tensor alias(IntArrayRef sizes, IntArrayRef strides, int64_t offset) const;
  /// Whether both are views of one storage.
  bool is_alias_of(const Tensor& other) const { return impl()->storage == other.impl()->storage; }
  /// `shape [2, 3], float32`: how messages describe a tensor. It becomes text when a message is
  /// written: operations check their arguments far more often than a check fails.
  TensorDescription describe() const;
  /// Prints as operator<<.
  void print() const;

  /// For the layers above; throws Error if the tensor is undefined.
  TensorImpl* impl() const {
    check(impl_ != nullptr,
          "the tensor is undefined: it was default-constructed or reset, or is a gradient that was "
          "never computed");
    return impl_.get();
  }
  const std::shared_ptr<TensorImpl>& impl_ptr() const { return impl_; }

  // ---- autograd/ --------------------------------------------------------------------------------

  bool requires_grad() const;
  /// Makes a leaf ask for its gradient. Throws Error for integers and for non-leaves set to false.
  const Tensor& requires_grad_(bool requires_grad = true) const;
  const Tensor& set_requires_grad(bool requires_grad) const {
    return requires_grad_(requires_grad);
  }
  bool is_leaf() const;
  std::shared_ptr<autograd::Node> grad_fn() const;
  uint32_t output_nr() const { return impl()->output_nr; }
  /// The accumulated gradient; undefined before the first backward.
  const Tensor& grad() const;
  Tensor& mutable_grad() const;
  /// Keeps the gradient of a non-leaf in its grad() too.
  void retain_grad() const;
  bool retains_grad() const;
  /// Calls hook(gradient) when this tensor's gradient has been computed; what it returns, if it is
  /// defined, replaces the gradient. Returns the hook's number, for remove_hook.
  template <class Hook>
  unsigned register_hook(Hook&& hook) const {
    if constexpr (std::is_void_v<std::invoke_result_t<Hook&, const Tensor&>>) {
      return add_hook([hook = std::forward<Hook>(hook)](const Tensor& gradient) mutable {
        hook(gradient);
        return Tensor();
      });
    } else {
      return add_hook(std::forward<Hook>(hook));
    }
  }
  void remove_hook(unsigned pos) const;
  /// Differentiates this tensor with respect to all leaves it was made from (or to `inputs` alone)
  /// and adds the results to their grad(). `gradient` is the upstream gradient, of this tensor's
  /// shape; it may be left out for a tensor of one element. Saved tensors are freed unless
  /// retain_graph (its default is create_graph). With create_graph the gradients are recorded too.
  void backward(const Tensor& gradient = {}, std::optional<bool> retain_graph = std::nullopt,
                bool create_graph = false, std::optional<TensorList> inputs = std::nullopt) const;
  /// The same elements, unknown to the graph; versions are shared.
  Tensor detach() const;
  Tensor& detach_() const;
  /// Like detach, but in-place changes do not count as new versions.
  Tensor data() const;
  Tensor variable_data() const { return data(); }
  Tensor tensor_data() const { return data(); }
  /// Makes this handle's tensor another one: its memory, shape and dtype are `new_data`'s.
  void set_data(const Tensor& new_data) const;
  bool is_view() const;
  /// The tensor that this one is a view of. Throws Error if it is none.
  Tensor _base() const;
  /// Whether the tensor was made in InferenceMode: it has no place in any graph, ever.
  bool is_inference() const { return impl()->inference; }

  // ---- ops/view.cpp, ops/reshape_in_place.cpp, ops/split.cpp: other geometries of the same memory

  Tensor view(IntArrayRef size) const;
  Tensor view_as(const Tensor& other) const { return view(other.sizes()); }
  Tensor reshape(IntArrayRef shape) const;
  Tensor reshape_as(const Tensor& other) const { return reshape(other.sizes()); }
  Tensor transpose(int64_t dim0, int64_t dim1) const;
  /// The transpose of a tensor of at most 2 dimensions.
  Tensor t() const;
  Tensor permute(IntArrayRef dims) const;
  Tensor select(int64_t dim, int64_t index) const;
  Tensor operator[](int64_t index) const { return select(0, index); }
  /// Throws Error unless the number is an integer.
  Tensor operator[](const Scalar& index) const;
  Tensor slice(int64_t dim = 0, std::optional<int64_t> start = std::nullopt,
               std::optional<int64_t> end = std::nullopt, int64_t step = 1) const;
  Tensor narrow(int64_t dim, int64_t start, int64_t length) const;
  Tensor expand(IntArrayRef size, bool implicit = false) const;
  Tensor expand_as(const Tensor& other) const { return expand(other.sizes()); }
  Tensor squeeze() const;
  Tensor squeeze(int64_t dim) const;
  Tensor unsqueeze(int64_t dim) const;
  // In place: this tensor becomes what the view is, with the same memory.
  Tensor& transpose_(int64_t dim0, int64_t dim1) const;
  Tensor& t_() const;
  Tensor& squeeze_() const;
  Tensor& squeeze_(int64_t dim) const;
  Tensor& unsqueeze_(int64_t dim) const;
  Tensor& swapaxes_(int64_t axis0, int64_t axis1) const { return transpose_(axis0, axis1); }
  Tensor& swapdims_(int64_t dim0, int64_t dim1) const { return transpose_(dim0, dim1); }
  Tensor& as_strided_(IntArrayRef size, IntArrayRef stride,
                      std::optional<int64_t> storage_offset = std::nullopt) const;
  /// Another shape for the same memory, contiguous; elements that it did not have are undefined.
  /// Where the memory is too small, new one takes its place, with the old one's content. Throws
  /// Error for a tensor that requires grad, and where other tensors share the memory that is too
  /// small, or it is someone else's.
  Tensor& resize_(IntArrayRef size) const;
  Tensor& resize_as_(const Tensor& the_template) const { return resize_(the_template.sizes()); }
  Tensor flatten(int64_t start_dim = 0, int64_t end_dim = -1) const;
  Tensor unflatten(int64_t dim, IntArrayRef sizes) const;
  Tensor as_strided(IntArrayRef size, IntArrayRef stride,
                    std::optional<int64_t> storage_offset = std::nullopt) const;
  /// as_strided's adjoint: a flat tensor of `numel` zeros, to which each element of this one is
  /// added at offset + i*stride[0] + j*stride[1] + ...
  Tensor scatter_strided(IntArrayRef stride, int64_t offset, int64_t numel) const;
  std::vector<Tensor> split(int64_t split_size, int64_t dim = 0) const;
  /// Pieces of these sizes, which add up to the dimension's.
  std::vector<Tensor> split(IntArrayRef split_sizes, int64_t dim = 0) const;
  std::vector<Tensor> split_with_sizes(IntArrayRef split_sizes, int64_t dim = 0) const {
    return split(split_sizes, dim);
  }
  /// Exactly that many pieces, whose sizes differ by at most one; or pieces that end at the
  /// indices.
  std::vector<Tensor> tensor_split(int64_t sections, int64_t dim = 0) const;
  std::vector<Tensor> tensor_split(IntArrayRef indices, int64_t dim = 0) const;
  std::vector<Tensor> chunk(int64_t chunks, int64_t dim = 0) const;
  std::vector<Tensor> unbind(int64_t dim = 0) const;
  Tensor movedim(int64_t source, int64_t destination) const;
  Tensor movedim(IntArrayRef source, IntArrayRef destination) const;
  Tensor moveaxis(int64_t source, int64_t destination) const {
    return movedim(source, destination);
  }
  Tensor moveaxis(IntArrayRef source, IntArrayRef destination) const {
    return movedim(source, destination);
  }
  Tensor swapaxes(int64_t axis0, int64_t axis1) const { return transpose(axis0, axis1); }
  Tensor swapdims(int64_t dim0, int64_t dim1) const { return transpose(dim0, dim1); }
  /// The dimensions in reverse order.
  Tensor numpy_T() const;
  /// The last two dimensions swapped.
  Tensor mT() const;
  Tensor ravel() const { return flatten(); }
  Tensor broadcast_to(IntArrayRef size) const { return expand(size); }
  /// The elements whose index in dim2 is that in dim1 plus `offset`, as the last dimension.
  Tensor diagonal(int64_t offset = 0, int64_t dim1 = 0, int64_t dim2 = 1) const;
  /// All windows of `size` elements along `dimension`, `step` apart, as a new last dimension.
  Tensor unfold(int64_t dimension, int64_t size, int64_t step) const;

  // ---- ops/copy.cpp: elements from here to there ------------------------------------------------

  Tensor contiguous() const;
  Tensor clone() const;
  /// Overwrites the elements with src's, broadcast and converted. Recorded like any other
  /// operation.
  Tensor& copy_(const Tensor& src, bool non_blocking = false) const;
  Tensor to(ScalarType dtype, bool non_blocking = false, bool copy = false) const;
  /// A device alone is options, too: x.to(torch::kCPU).
  Tensor to(const TensorOptions& options, bool non_blocking = false, bool copy = false) const;
  Tensor to(Device device, ScalarType dtype, bool non_blocking = false, bool copy = false) const;
  Tensor to(const Tensor& other, bool non_blocking = false, bool copy = false) const;
  Tensor type_as(const Tensor& other) const { return to(other.scalar_type()); }
  Tensor toType(ScalarType type) const { return to(type); }
  Tensor cpu() const { return *this; }
  Tensor& fill_(const Scalar& value) const;
  Tensor& fill_(const Tensor& value) const;
  Tensor& zero_() const;

  // ---- ops/rearrange.cpp: the same elements at other places, or several times

  Tensor flip(IntArrayRef dims) const;
  Tensor fliplr() const { return flip(1); }
  Tensor flipud() const { return flip(0); }
  Tensor roll(IntArrayRef shifts, IntArrayRef dims = {}) const;
  Tensor rot90(int64_t k = 1, IntArrayRef dims = {0, 1}) const;
  Tensor repeat(IntArrayRef repeats) const;
  Tensor tile(IntArrayRef dims) const;
  Tensor repeat_interleave(int64_t repeats, std::optional<int64_t> dim = std::nullopt) const;
  Tensor repeat_interleave(const Tensor& repeats, std::optional<int64_t> dim = std::nullopt) const;
  Tensor tril(int64_t diagonal = 0) const;
  Tensor& tril_(int64_t diagonal = 0) const;
  Tensor triu(int64_t diagonal = 0) const;
  Tensor& triu_(int64_t diagonal = 0) const;
  Tensor diag(int64_t diagonal = 0) const;
  Tensor diag_embed(int64_t offset = 0, int64_t dim1 = -2, int64_t dim2 = -1) const;
  Tensor& fill_diagonal_(const Scalar& fill_value, bool wrap = false) const;

  // ---- ops/arithmetic.cpp: sums, differences, products, quotients

  Tensor add(const Tensor& other, const Scalar& alpha = 1) const;
  Tensor add(const Scalar& other, const Scalar& alpha = 1) const;
  Tensor& add_(const Tensor& other, const Scalar& alpha = 1) const;
  Tensor& add_(const Scalar& other, const Scalar& alpha = 1) const;
  Tensor sub(const Tensor& other, const Scalar& alpha = 1) const;
  Tensor sub(const Scalar& other, const Scalar& alpha = 1) const;
  Tensor& sub_(const Tensor& other, const Scalar& alpha = 1) const;
  Tensor& sub_(const Scalar& other, const Scalar& alpha = 1) const;
  Tensor mul(const Tensor& other) const;
  Tensor mul(const Scalar& other) const;
  Tensor& mul_(const Tensor& other) const;
  Tensor& mul_(const Scalar& other) const;
  Tensor div(const Tensor& other) const;
  Tensor div(const Scalar& other) const;
  Tensor& div_(const Tensor& other) const;
  Tensor& div_(const Scalar& other) const;
  Tensor neg() const;
  Tensor& neg_() const;
  Tensor subtract(const Tensor& other, const Scalar& alpha = 1) const { return sub(other, alpha); }
  Tensor subtract(const Scalar& other, const Scalar& alpha = 1) const { return sub(other, alpha); }
  Tensor& subtract_(const Tensor& other, const Scalar& alpha = 1) const {
    return sub_(other, alpha);
  }
  Tensor& subtract_(const Scalar& other, const Scalar& alpha = 1) const {
    return sub_(other, alpha);
  }
  Tensor multiply(const Tensor& other) const { return mul(other); }
  Tensor multiply(const Scalar& other) const { return mul(other); }
  Tensor& multiply_(const Tensor& other) const { return mul_(other); }
  Tensor& multiply_(const Scalar& other) const { return mul_(other); }
  Tensor divide(const Tensor& other) const { return div(other); }
  Tensor divide(const Scalar& other) const { return div(other); }
  Tensor& divide_(const Tensor& other) const { return div_(other); }
  Tensor& divide_(const Scalar& other) const { return div_(other); }
  Tensor true_divide(const Tensor& other) const { return div(other); }
  Tensor true_divide(const Scalar& other) const { return div(other); }
  Tensor& true_divide_(const Tensor& other) const { return div_(other); }
  Tensor& true_divide_(const Scalar& other) const { return div_(other); }
  Tensor negative() const { return neg(); }
  Tensor& negative_() const { return neg_(); }
  Tensor& operator+=(const Tensor& other) { return add_(other); }
  Tensor& operator+=(const Scalar& other) { return add_(other); }
  Tensor& operator-=(const Tensor& other) { return sub_(other); }
  Tensor& operator-=(const Scalar& other) { return sub_(other); }
  Tensor& operator*=(const Tensor& other) { return mul_(other); }
  Tensor& operator*=(const Scalar& other) { return mul_(other); }
  Tensor& operator/=(const Tensor& other) { return div_(other); }
  Tensor& operator/=(const Scalar& other) { return div_(other); }
  Tensor operator-() const { return neg(); }

  // ---- ops/division.cpp: whole quotients and what they leave

  /// rounding_mode: none, "trunc" (towards zero, as C++ divides integers) or "floor".
  Tensor div(const Tensor& other, std::optional<std::string_view> rounding_mode) const;
  Tensor div(const Scalar& other, std::optional<std::string_view> rounding_mode) const;
  Tensor& div_(const Tensor& other, std::optional<std::string_view> rounding_mode) const;
  Tensor& div_(const Scalar& other, std::optional<std::string_view> rounding_mode) const;
  Tensor floor_divide(const Tensor& other) const;
  Tensor floor_divide(const Scalar& other) const;
  Tensor& floor_divide_(const Tensor& other) const;
  Tensor& floor_divide_(const Scalar& other) const;
  Tensor fmod(const Tensor& other) const;
  Tensor fmod(const Scalar& other) const;
  Tensor& fmod_(const Tensor& other) const;
  Tensor& fmod_(const Scalar& other) const;
  Tensor remainder(const Tensor& other) const;
  Tensor remainder(const Scalar& other) const;
  Tensor& remainder_(const Tensor& other) const;
  Tensor& remainder_(const Scalar& other) const;

  // ---- ops/functions.cpp: functions of one variable, and powers

  Tensor pow(const Tensor& exponent) const;
  Tensor pow(const Scalar& exponent) const;
  Tensor& pow_(const Tensor& exponent) const;
  Tensor& pow_(const Scalar& exponent) const;
  Tensor abs() const;
  Tensor& abs_() const;
  Tensor sign() const;
  Tensor& sign_() const;
  Tensor exp() const;
  Tensor& exp_() const;
  Tensor exp2() const;
  Tensor& exp2_() const;
  Tensor expm1() const;
  Tensor& expm1_() const;
  Tensor log() const;
  Tensor& log_() const;
  Tensor log2() const;
  Tensor& log2_() const;
  Tensor log10() const;
  Tensor& log10_() const;
  Tensor log1p() const;
  Tensor& log1p_() const;
  Tensor sqrt() const;
  Tensor& sqrt_() const;
  Tensor rsqrt() const;
  Tensor& rsqrt_() const;
  Tensor square() const;
  Tensor& square_() const;
  Tensor reciprocal() const;
  Tensor& reciprocal_() const;
  Tensor erf() const;
  Tensor& erf_() const;
  Tensor erfc() const;
  Tensor& erfc_() const;
  Tensor absolute() const { return abs(); }
  Tensor& absolute_() const { return abs_(); }

  // ---- ops/trigonometry.cpp: circular and hyperbolic functions

  Tensor sin() const;
  Tensor& sin_() const;
  Tensor cos() const;
  Tensor& cos_() const;
  Tensor tan() const;
  Tensor& tan_() const;
  Tensor asin() const;
  Tensor& asin_() const;
  Tensor arcsin() const { return asin(); }
  Tensor& arcsin_() const { return asin_(); }
  Tensor acos() const;
  Tensor& acos_() const;
  Tensor arccos() const { return acos(); }
  Tensor& arccos_() const { return acos_(); }
  Tensor atan() const;
  Tensor& atan_() const;
  Tensor arctan() const { return atan(); }
  Tensor& arctan_() const { return atan_(); }
  Tensor sinh() const;
  Tensor& sinh_() const;
  Tensor cosh() const;
  Tensor& cosh_() const;
  Tensor asinh() const;
  Tensor& asinh_() const;
  Tensor arcsinh() const { return asinh(); }
  Tensor& arcsinh_() const { return asinh_(); }
  Tensor acosh() const;
  Tensor& acosh_() const;
  Tensor arccosh() const { return acosh(); }
  Tensor& arccosh_() const { return acosh_(); }
  Tensor atanh() const;
  Tensor& atanh_() const;
  Tensor arctanh() const { return atanh(); }
  Tensor& arctanh_() const { return atanh_(); }
  Tensor atan2(const Tensor& other) const;
  Tensor& atan2_(const Tensor& other) const;
  Tensor arctan2(const Tensor& other) const { return atan2(other); }
  Tensor& arctan2_(const Tensor& other) const { return atan2_(other); }

  // ---- ops/log_domain.cpp: sums and products next to a logarithm

  /// log(exp(self) + exp(other)), and the same to the base 2.
  Tensor logaddexp(const Tensor& other) const;
  Tensor logaddexp2(const Tensor& other) const;
  /// self * log(other), which is 0 where self is.
  Tensor xlogy(const Tensor& other) const;
  Tensor xlogy(const Scalar& other) const;
  Tensor& xlogy_(const Tensor& other) const;
  Tensor& xlogy_(const Scalar& other) const;

  // ---- ops/rounding.cpp: to whole numbers; their derivative is zero

  Tensor floor() const;
  Tensor& floor_() const;
  Tensor ceil() const;
  Tensor& ceil_() const;
  Tensor round() const;
  Tensor& round_() const;
  Tensor trunc() const;
  Tensor& trunc_() const;
  Tensor fix() const { return trunc(); }
  Tensor& fix_() const { return trunc_(); }
  /// To that many decimal places.
  Tensor round(int64_t decimals) const;
  Tensor& round_(int64_t decimals) const;
  Tensor frac() const;
  Tensor& frac_() const;

  // ---- ops/activations.cpp: the nonlinearities of networks

  Tensor tanh() const;
  Tensor& tanh_() const;
  Tensor sigmoid() const;
  Tensor& sigmoid_() const;
  Tensor relu() const;
  Tensor& relu_() const;

  // ---- ops/choose.cpp: one of several values

  Tensor maximum(const Tensor& other) const;
  Tensor minimum(const Tensor& other) const;
  Tensor clamp(const std::optional<Scalar>& min = std::nullopt,
               const std::optional<Scalar>& max = std::nullopt) const;
  Tensor& clamp_(const std::optional<Scalar>& min = std::nullopt,
                 const std::optional<Scalar>& max = std::nullopt) const;
  Tensor fmax(const Tensor& other) const;
  Tensor fmin(const Tensor& other) const;
  Tensor clamp(const Tensor& min, const Tensor& max = {}) const;
  Tensor& clamp_(const Tensor& min, const Tensor& max = {}) const;
  Tensor clip(const std::optional<Scalar>& min = std::nullopt,
              const std::optional<Scalar>& max = std::nullopt) const {
    return clamp(min, max);
  }
  Tensor& clip_(const std::optional<Scalar>& min = std::nullopt,
                const std::optional<Scalar>& max = std::nullopt) const {
    return clamp_(min, max);
  }
  Tensor clip(const Tensor& min, const Tensor& max = {}) const { return clamp(min, max); }
  Tensor& clip_(const Tensor& min, const Tensor& max = {}) const { return clamp_(min, max); }
  Tensor clamp_min(const Scalar& min) const { return clamp(min); }
  Tensor clamp_min(const Tensor& min) const { return clamp(min); }
  Tensor& clamp_min_(const Scalar& min) const { return clamp_(min); }
  Tensor& clamp_min_(const Tensor& min) const { return clamp_(min); }
  Tensor clamp_max(const Scalar& max) const { return clamp(std::nullopt, max); }
  Tensor clamp_max(const Tensor& max) const { return clamp({}, max); }
  Tensor& clamp_max_(const Scalar& max) const { return clamp_(std::nullopt, max); }
  Tensor& clamp_max_(const Tensor& max) const { return clamp_({}, max); }
  /// This where the bool tensor `condition` is true, `other` elsewhere.
  Tensor where(const Tensor& condition, const Tensor& other) const;
  Tensor masked_fill(const Tensor& mask, const Scalar& value) const;
  Tensor masked_fill(const Tensor& mask, const Tensor& value) const;
  Tensor& masked_fill_(const Tensor& mask, const Scalar& value) const;
  Tensor& masked_fill_(const Tensor& mask, const Tensor& value) const;
  Tensor nan_to_num(std::optional<double> nan = std::nullopt,
                    std::optional<double> posinf = std::nullopt,
                    std::optional<double> neginf = std::nullopt) const;
  Tensor& nan_to_num_(std::optional<double> nan = std::nullopt,
                      std::optional<double> posinf = std::nullopt,
                      std::optional<double> neginf = std::nullopt) const;

  // ---- ops/update.cpp: sums with a product, as optimizers' steps are

  Tensor addcmul(const Tensor& tensor1, const Tensor& tensor2, const Scalar& value = 1) const;
  Tensor addcdiv(const Tensor& tensor1, const Tensor& tensor2, const Scalar& value = 1) const;
  Tensor lerp(const Tensor& end, const Scalar& weight) const;
  Tensor lerp(const Tensor& end, const Tensor& weight) const;
  Tensor& addcmul_(const Tensor& tensor1, const Tensor& tensor2, const Scalar& value = 1) const;
  Tensor& addcdiv_(const Tensor& tensor1, const Tensor& tensor2, const Scalar& value = 1) const;
  Tensor& lerp_(const Tensor& end, const Scalar& weight) const;
  Tensor& lerp_(const Tensor& end, const Tensor& weight) const;

  // ---- ops/compare.cpp: yes or no, element by element -------------------------------------------

  Tensor eq(const Tensor& other) const;
  Tensor eq(const Scalar& other) const;
  Tensor ne(const Tensor& other) const;
  Tensor ne(const Scalar& other) const;
  Tensor lt(const Tensor& other) const;
  Tensor lt(const Scalar& other) const;
  Tensor le(const Tensor& other) const;
  Tensor le(const Scalar& other) const;
  Tensor gt(const Tensor& other) const;
  Tensor gt(const Scalar& other) const;
  Tensor ge(const Tensor& other) const;
  Tensor ge(const Scalar& other) const;
  Tensor& not_equal_(const Tensor& other) const { return ne_(other); }
  Tensor& not_equal_(const Scalar& other) const { return ne_(other); }
  Tensor& less_(const Tensor& other) const { return lt_(other); }
  Tensor& less_(const Scalar& other) const { return lt_(other); }
  Tensor& less_equal_(const Tensor& other) const { return le_(other); }
  Tensor& less_equal_(const Scalar& other) const { return le_(other); }
  Tensor& greater_(const Tensor& other) const { return gt_(other); }
  Tensor& greater_(const Scalar& other) const { return gt_(other); }
  Tensor& greater_equal_(const Tensor& other) const { return ge_(other); }
  Tensor& greater_equal_(const Scalar& other) const { return ge_(other); }
  Tensor not_equal(const Tensor& other) const { return ne(other); }
  Tensor not_equal(const Scalar& other) const { return ne(other); }
  Tensor less(const Tensor& other) const { return lt(other); }
  Tensor less(const Scalar& other) const { return lt(other); }
  Tensor less_equal(const Tensor& other) const { return le(other); }
  Tensor less_equal(const Scalar& other) const { return le(other); }
  Tensor greater(const Tensor& other) const { return gt(other); }
  Tensor greater(const Scalar& other) const { return gt(other); }
  Tensor greater_equal(const Tensor& other) const { return ge(other); }
  Tensor greater_equal(const Scalar& other) const { return ge(other); }
  Tensor logical_and(const Tensor& other) const;
  Tensor logical_or(const Tensor& other) const;
  Tensor logical_not() const;
  Tensor logical_xor(const Tensor& other) const;
  Tensor& eq_(const Tensor& other) const;
  Tensor& eq_(const Scalar& other) const;
  Tensor& ne_(const Tensor& other) const;
  Tensor& ne_(const Scalar& other) const;
  Tensor& lt_(const Tensor& other) const;
  Tensor& lt_(const Scalar& other) const;
  Tensor& le_(const Tensor& other) const;
  Tensor& le_(const Scalar& other) const;
  Tensor& gt_(const Tensor& other) const;
  Tensor& gt_(const Scalar& other) const;
  Tensor& ge_(const Tensor& other) const;
  Tensor& ge_(const Scalar& other) const;
  Tensor& logical_and_(const Tensor& other) const;
  Tensor& logical_or_(const Tensor& other) const;
  Tensor& logical_xor_(const Tensor& other) const;
  Tensor& logical_not_() const;
  Tensor isnan() const;
  Tensor isinf() const;
  Tensor isfinite() const;
  Tensor isposinf() const;
  Tensor isneginf() const;
  Tensor signbit() const;
  /// One bool: same shape and all elements equal. Throws Error if the dtypes differ.
  bool equal(const Tensor& other) const;
  Tensor isclose(const Tensor& other, double rtol = 1e-05, double atol = 1e-08,
                 bool equal_nan = false) const;
  bool allclose(const Tensor& other, double rtol = 1e-05, double atol = 1e-08,
                bool equal_nan = false) const;

  // ---- ops/bitwise.cpp: integers bit by bit, bools as logic

  Tensor bitwise_and(const Tensor& other) const;
  Tensor bitwise_and(const Scalar& other) const;
  Tensor& bitwise_and_(const Tensor& other) const;
  Tensor& bitwise_and_(const Scalar& other) const;
  Tensor bitwise_or(const Tensor& other) const;
  Tensor bitwise_or(const Scalar& other) const;
  Tensor& bitwise_or_(const Tensor& other) const;
  Tensor& bitwise_or_(const Scalar& other) const;
  Tensor bitwise_xor(const Tensor& other) const;
  Tensor bitwise_xor(const Scalar& other) const;
  Tensor& bitwise_xor_(const Tensor& other) const;
  Tensor& bitwise_xor_(const Scalar& other) const;
  Tensor bitwise_not() const;
  Tensor& bitwise_not_() const;
  /// Bits that are moved by as many places as there are, or more, are lost (what comes in from the
  /// left is the sign); a negative number of places counts as that.
  Tensor bitwise_left_shift(const Tensor& other) const;
  Tensor bitwise_left_shift(const Scalar& other) const;
  Tensor& bitwise_left_shift_(const Tensor& other) const;
  Tensor& bitwise_left_shift_(const Scalar& other) const;
  Tensor bitwise_right_shift(const Tensor& other) const;
  Tensor bitwise_right_shift(const Scalar& other) const;
  Tensor& bitwise_right_shift_(const Tensor& other) const;
  Tensor& bitwise_right_shift_(const Scalar& other) const;
  Tensor operator~() const { return bitwise_not(); }
  Tensor& operator&=(const Tensor& other) { return bitwise_and_(other); }
  Tensor& operator|=(const Tensor& other) { return bitwise_or_(other); }
  Tensor& operator^=(const Tensor& other) { return bitwise_xor_(other); }

  // ---- ops/reduce.cpp, ops/extreme.cpp: fewer elements ------------------------------------------

  Tensor sum(std::optional<ScalarType> dtype = std::nullopt) const;
  Tensor sum(IntArrayRef dim, bool keepdim = false,
             std::optional<ScalarType> dtype = std::nullopt) const;
  Tensor mean(std::optional<ScalarType> dtype = std::nullopt) const;
  Tensor mean(IntArrayRef dim, bool keepdim = false,
              std::optional<ScalarType> dtype = std::nullopt) const;
  Tensor nansum(std::optional<ScalarType> dtype = std::nullopt) const;
  Tensor nansum(IntArrayRef dim, bool keepdim = false,
                std::optional<ScalarType> dtype = std::nullopt) const;
  Tensor nanmean(IntArrayRef dim = {}, bool keepdim = false,
                 std::optional<ScalarType> dtype = std::nullopt) const;
  Tensor prod(std::optional<ScalarType> dtype = std::nullopt) const;
  Tensor prod(int64_t dim, bool keepdim = false,
              std::optional<ScalarType> dtype = std::nullopt) const;
  Tensor logsumexp(IntArrayRef dim, bool keepdim = false) const;
  Tensor count_nonzero(std::optional<int64_t> dim = std::nullopt) const;
  Tensor count_nonzero(IntArrayRef dim) const;
  Tensor max() const;
  std::tuple<Tensor, Tensor> max(int64_t dim, bool keepdim = false) const;
  Tensor min() const;
  std::tuple<Tensor, Tensor> min(int64_t dim, bool keepdim = false) const;
  Tensor amax(IntArrayRef dim = {}, bool keepdim = false) const;
  Tensor amin(IntArrayRef dim = {}, bool keepdim = false) const;
  std::tuple<Tensor, Tensor> aminmax(std::optional<int64_t> dim = std::nullopt,
                                     bool keepdim = false) const;
  Tensor argmax(std::optional<int64_t> dim = std::nullopt, bool keepdim = false) const;
  Tensor argmin(std::optional<int64_t> dim = std::nullopt, bool keepdim = false) const;
  Tensor any() const;
  Tensor any(int64_t dim, bool keepdim = false) const;
  Tensor all() const;
  Tensor all(int64_t dim, bool keepdim = false) const;
  /// The p-norm over all elements, or over those dimensions.
  Tensor norm(const Scalar& p = 2) const;
  Tensor norm(const std::optional<Scalar>& p, IntArrayRef dim, bool keepdim = false) const;
  Tensor var(bool unbiased = true) const;
  Tensor var(IntArrayRef dim, bool unbiased = true, bool keepdim = false) const;
  Tensor var(int dim) const { return var(IntArrayRef(dim)); }  // or 1 would mean unbiased
  Tensor std(bool unbiased = true) const;
  Tensor std(IntArrayRef dim, bool unbiased = true, bool keepdim = false) const;
  Tensor std(int dim) const { return std(IntArrayRef(dim)); }
  /// The sum that undoes a broadcast from `size` to this shape.
  Tensor sum_to_size(IntArrayRef size) const;

  // ---- ops/cumulative.cpp: running sums and products

  Tensor cumsum(int64_t dim, std::optional<ScalarType> dtype = std::nullopt) const;
  Tensor& cumsum_(int64_t dim, std::optional<ScalarType> dtype = std::nullopt) const;
  Tensor cumprod(int64_t dim, std::optional<ScalarType> dtype = std::nullopt) const;
  Tensor& cumprod_(int64_t dim, std::optional<ScalarType> dtype = std::nullopt) const;
  Tensor logcumsumexp(int64_t dim) const;
  std::tuple<Tensor, Tensor> cummax(int64_t dim) const;
  std::tuple<Tensor, Tensor> cummin(int64_t dim) const;
  Tensor diff(int64_t n = 1, int64_t dim = -1) const;

  // ---- ops/sort.cpp: in order; each with the indices that the values had

  std::tuple<Tensor, Tensor> sort(int64_t dim = -1, bool descending = false) const;
  /// Equals stay in their order if stable.
  std::tuple<Tensor, Tensor> sort(std::optional<bool> stable, int64_t dim = -1,
                                  bool descending = false) const;
  /// Sorted along the first dimension, without the indices.
  Tensor msort() const;
  Tensor argsort(int64_t dim = -1, bool descending = false) const;
  std::tuple<Tensor, Tensor> topk(int64_t k, int64_t dim = -1, bool largest = true,
                                  bool sorted = true) const;
  std::tuple<Tensor, Tensor> kthvalue(int64_t k, int64_t dim = -1, bool keepdim = false) const;
  Tensor median() const;
  std::tuple<Tensor, Tensor> median(int64_t dim, bool keepdim = false) const;
  /// How often each of 0, 1, 2, ... is among the elements (ops/unique.cpp).
  Tensor bincount(const std::optional<Tensor>& weights = std::nullopt, int64_t minlength = 0) const;

  // ---- ops/matmul.cpp ---------------------------------------------------------------------------

  Tensor matmul(const Tensor& other) const;
  Tensor mm(const Tensor& mat2) const;
  Tensor bmm(const Tensor& mat2) const;
  Tensor mv(const Tensor& vec) const;
  Tensor dot(const Tensor& other) const;
  Tensor vdot(const Tensor& other) const { return dot(other); }
  Tensor outer(const Tensor& vec2) const;
  Tensor ger(const Tensor& vec2) const { return outer(vec2); }
  Tensor addmm(const Tensor& mat1, const Tensor& mat2, const Scalar& beta = 1,
               const Scalar& alpha = 1) const;
  Tensor& addmm_(const Tensor& mat1, const Tensor& mat2, const Scalar& beta = 1,
                 const Scalar& alpha = 1) const;
  Tensor baddbmm(const Tensor& batch1, const Tensor& batch2, const Scalar& beta = 1,
                 const Scalar& alpha = 1) const;
  Tensor& baddbmm_(const Tensor& batch1, const Tensor& batch2, const Scalar& beta = 1,
                   const Scalar& alpha = 1) const;
  Tensor addmv(const Tensor& mat, const Tensor& vec, const Scalar& beta = 1,
               const Scalar& alpha = 1) const;
  Tensor& addmv_(const Tensor& mat, const Tensor& vec, const Scalar& beta = 1,
                 const Scalar& alpha = 1) const;
  Tensor addr(const Tensor& vec1, const Tensor& vec2, const Scalar& beta = 1,
              const Scalar& alpha = 1) const;
  Tensor& addr_(const Tensor& vec1, const Tensor& vec2, const Scalar& beta = 1,
                const Scalar& alpha = 1) const;
  Tensor inner(const Tensor& other) const;
  Tensor trace() const;

  // ---- ops/softmax.cpp --------------------------------------------------------------------------

  Tensor softmax(int64_t dim, std::optional<ScalarType> dtype = std::nullopt) const;
  Tensor log_softmax(int64_t dim, std::optional<ScalarType> dtype = std::nullopt) const;

  // ---- ops/index.cpp, ops/scatter.cpp, ops/masked.cpp: elements at indices, or under a mask -----

  Tensor index_select(int64_t dim, const Tensor& index) const;
  /// self with `alpha` times the slices of `source` added at the indices.
  Tensor index_add(int64_t dim, const Tensor& index, const Tensor& source,
                   const Scalar& alpha = 1) const;
  Tensor& index_add_(int64_t dim, const Tensor& index, const Tensor& source,
                     const Scalar& alpha = 1) const;
  Tensor index_copy(int64_t dim, const Tensor& index, const Tensor& source) const;
  Tensor& index_copy_(int64_t dim, const Tensor& index, const Tensor& source) const;
  Tensor index_fill(int64_t dim, const Tensor& index, const Scalar& value) const;
  Tensor& index_fill_(int64_t dim, const Tensor& index, const Scalar& value) const;
  Tensor gather(int64_t dim, const Tensor& index) const;
  Tensor take_along_dim(const Tensor& indices, std::optional<int64_t> dim = std::nullopt) const;
  /// self with src's elements, or `value`, where gather would read.
  Tensor scatter(int64_t dim, const Tensor& index, const Tensor& src) const;
  Tensor scatter(int64_t dim, const Tensor& index, const Scalar& value) const;
  Tensor& scatter_(int64_t dim, const Tensor& index, const Tensor& src) const;
  Tensor& scatter_(int64_t dim, const Tensor& index, const Scalar& value) const;
  /// self with every element of `src` added where gather would read it from.
  Tensor scatter_add(int64_t dim, const Tensor& index, const Tensor& src) const;
  Tensor& scatter_add_(int64_t dim, const Tensor& index, const Tensor& src) const;
  /// The elements at these indices of the flattened tensor.
  Tensor take(const Tensor& index) const;
  Tensor put(const Tensor& index, const Tensor& source, bool accumulate = false) const;
  Tensor& put_(const Tensor& index, const Tensor& source, bool accumulate = false) const;
  Tensor masked_select(const Tensor& mask) const;
  Tensor masked_scatter(const Tensor& mask, const Tensor& source) const;
  Tensor& masked_scatter_(const Tensor& mask, const Tensor& source) const;
  /// The indices of all elements that are not zero: [count, dim()].
  Tensor nonzero() const;
  Tensor argwhere() const { return nonzero(); }
  /// The same as a list of indices for each dimension.
  std::vector<Tensor> nonzero_numpy() const;

  // ---- ops/indexing.cpp: x.index({0, Slice(1, None), mask}), as NumPy and libtorch define it

  Tensor index(ArrayRef<indexing::TensorIndex> indices) const;
  Tensor index(std::initializer_list<indexing::TensorIndex> indices) const;
  /// Writes `value`, which broadcasts, to the indexed elements; to accumulate is to add it to them,
  /// as often as an element is indexed.
  Tensor& index_put_(ArrayRef<indexing::TensorIndex> indices, const Tensor& value,
                     bool accumulate = false) const;
  Tensor& index_put_(ArrayRef<indexing::TensorIndex> indices, const Scalar& value) const;
  Tensor& index_put_(std::initializer_list<indexing::TensorIndex> indices, const Tensor& value,
                     bool accumulate = false) const;
  Tensor& index_put_(std::initializer_list<indexing::TensorIndex> indices,
                     const Scalar& value) const;
  Tensor index_put(ArrayRef<indexing::TensorIndex> indices, const Tensor& value,
                   bool accumulate = false) const;
  Tensor index_put(std::initializer_list<indexing::TensorIndex> indices, const Tensor& value,
                   bool accumulate = false) const;
  Tensor operator[](const Tensor& index) const;

  // ---- ops/creation.cpp: new tensors of this one's dtype ----------------------------------------

  Tensor new_empty(IntArrayRef size, const TensorOptions& options = {}) const;
  Tensor new_empty_strided(IntArrayRef size, IntArrayRef stride,
                           const TensorOptions& options = {}) const;
  Tensor new_zeros(IntArrayRef size, const TensorOptions& options = {}) const;
  Tensor new_ones(IntArrayRef size, const TensorOptions& options = {}) const;
  Tensor new_full(IntArrayRef size, const Scalar& fill_value,
                  const TensorOptions& options = {}) const;

  // ---- ops/random.cpp ---------------------------------------------------------------------------

  /// Uniform on [from, to).
  Tensor& uniform_(double from = 0, double to = 1,
                   std::optional<Generator> generator = std::nullopt) const;
  Tensor& normal_(double mean = 0, double std = 1,
                  std::optional<Generator> generator = std::nullopt) const;
  /// Integers from [from, to), where `to` may be left out: up to the greatest the dtype can hold.
  Tensor& random_(int64_t from, std::optional<int64_t> to,
                  std::optional<Generator> generator = std::nullopt) const;
  Tensor& random_(int64_t to, std::optional<Generator> generator = std::nullopt) const;
  Tensor& random_(std::optional<Generator> generator = std::nullopt) const;
  /// 1 with probability p, or that of its element, else 0.
  Tensor bernoulli(std::optional<Generator> generator = std::nullopt) const;
  Tensor bernoulli(double p, std::optional<Generator> generator = std::nullopt) const;
  Tensor& bernoulli_(double p = 0.5, std::optional<Generator> generator = std::nullopt) const;
  Tensor& bernoulli_(const Tensor& p, std::optional<Generator> generator = std::nullopt) const;

 private:
  unsigned add_hook(std::function<Tensor(const Tensor&)> hook) const;

  std::shared_ptr<TensorImpl> impl_;
};

inline TensorDescription Tensor::describe() const { return {*this}; }

/// A new contiguous tensor; its elements are undefined. Throws Error where it is too large.
Tensor empty(IntArrayRef size, const TensorOptions& options = {});
/// The same with the given strides (in elements).
Tensor empty_strided(IntArrayRef size, IntArrayRef stride, const TensorOptions& options = {});
/// A tensor over memory of yours, which has to outlive it; `deleter`, if given, is called at the
/// end.
Tensor from_blob(void* data, IntArrayRef sizes, const TensorOptions& options = {});
Tensor from_blob(void* data, IntArrayRef sizes, const std::function<void(void*)>& deleter,
                 const TensorOptions& options = {});
Tensor from_blob(void* data, IntArrayRef sizes, IntArrayRef strides,
                 const TensorOptions& options = {});
Tensor from_blob(void* data, IntArrayRef sizes, IntArrayRef strides,
                 const std::function<void(void*)>& deleter, const TensorOptions& options = {});

/// Prints the elements as libtorch does, with dtype and shape below.
std::ostream& operator<<(std::ostream& out, const Tensor& tensor);

inline bool is_floating_point(const Tensor& self) { return self.is_floating_point(); }
inline bool is_signed(const Tensor& self) { return self.is_signed(); }
inline bool is_nonzero(const Tensor& self) { return self.is_nonzero(); }

/// The dtype of an operation on these, by PyTorch's rules: tensors with dimensions decide; one
/// without, or a plain number, only if it is of a higher category (bool < integer < float).
ScalarType result_type(const Tensor& a, const Tensor& b);
ScalarType result_type(const Tensor& a, const Scalar& b);

}  // namespace adjoint

template <>
struct fmt::formatter<adjoint::TensorDescription> : fmt::formatter<std::string> {
  fmt::format_context::iterator format(const adjoint::TensorDescription& what,
                                       fmt::format_context& ctx) const;
};
