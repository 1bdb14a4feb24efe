#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <tuple>
#include <vector>

#include "adjoint/core/generator.h"
#include "adjoint/core/scalar.h"
#include "adjoint/core/tensor_impl.h"
#include "adjoint/core/tensor_options.h"

namespace adjoint {

class Tensor;
using TensorList = ArrayRef<Tensor>;

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

  // ---- core/tensor.cpp: what the tensor is -----------------------------------------------------

  bool defined() const { return impl_ != nullptr; }
  /// Makes this handle undefined; the tensor lives on in other handles.
  void reset() { impl_.reset(); }
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
  Device device() const { return kCPU; }
  Layout layout() const { return kStrided; }
  TensorOptions options() const { return TensorOptions(scalar_type()); }
  int64_t element_size() const { return elementSize(scalar_type()); }
  int64_t itemsize() const { return element_size(); }
  std::size_t nbytes() const { return static_cast<std::size_t>(numel() * element_size()); }

  void* data_ptr() const { return impl()->data(); }
  /// The first element. Throws Error unless T is the tensor's type.
  template <class T>
  T* data_ptr() const {
    check(scalar_type() == scalar_type_of<T>, "data_ptr<{}>: the tensor's dtype is {}",
          scalar_type_of<T>, scalar_type());
    return static_cast<T*>(data_ptr());
  }
  /// The one element of a tensor that has one. Throws Error otherwise.
  Scalar item() const;
  template <class T>
  T item() const {
    return item().to<T>();
  }
  /// How often the storage has been changed in place: what saved tensors compare with.
  int64_t _version() const { return impl()->storage->version(); }

  /// The same memory in another geometry, unknown to autograd: what every view is made of. Throws
  /// Error if it would reach outside the storage.
  Tensor alias(IntArrayRef sizes, IntArrayRef strides, int64_t offset) const;
  /// Whether both are views of one storage.
  bool is_alias_of(const Tensor& other) const { return impl()->storage == other.impl()->storage; }
  /// `shape [2, 3], float32`: how messages describe a tensor.
  std::string describe() const;
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

  // ---- autograd/
  // ---------------------------------------------------------------------------------

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
  unsigned register_hook(std::function<Tensor(const Tensor&)> hook) const;
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

  // ---- ops/view.cpp: other geometries of the same memory
  // -----------------------------------------

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
  Tensor slice(int64_t dim = 0, std::optional<int64_t> start = std::nullopt,
               std::optional<int64_t> end = std::nullopt, int64_t step = 1) const;
  Tensor narrow(int64_t dim, int64_t start, int64_t length) const;
  Tensor expand(IntArrayRef size, bool implicit = false) const;
  Tensor expand_as(const Tensor& other) const { return expand(other.sizes()); }
  Tensor squeeze() const;
  Tensor squeeze(int64_t dim) const;
  Tensor unsqueeze(int64_t dim) const;
  Tensor flatten(int64_t start_dim = 0, int64_t end_dim = -1) const;
  Tensor unflatten(int64_t dim, IntArrayRef sizes) const;
  Tensor as_strided(IntArrayRef size, IntArrayRef stride,
                    std::optional<int64_t> storage_offset = std::nullopt) const;
  /// as_strided's adjoint: a flat tensor of `numel` zeros, to which each element of this one is
  /// added at offset + i*stride[0] + j*stride[1] + ...
  Tensor scatter_strided(IntArrayRef stride, int64_t offset, int64_t numel) const;
  std::vector<Tensor> split(int64_t split_size, int64_t dim = 0) const;
  std::vector<Tensor> chunk(int64_t chunks, int64_t dim = 0) const;
  std::vector<Tensor> unbind(int64_t dim = 0) const;
  Tensor movedim(int64_t source, int64_t destination) const;

  // ---- ops/copy.cpp: elements from here to there
  // --------------------------------------------------

  Tensor contiguous() const;
  Tensor clone() const;
  /// Overwrites the elements with src's, broadcast and converted. Recorded like any other
  /// operation.
  Tensor& copy_(const Tensor& src, bool non_blocking = false) const;
  Tensor to(ScalarType dtype, bool non_blocking = false, bool copy = false) const;
  Tensor to(const TensorOptions& options, bool non_blocking = false, bool copy = false) const;
  Tensor to(Device device, ScalarType dtype, bool non_blocking = false, bool copy = false) const;
  Tensor to(Device device, bool non_blocking = false, bool copy = false) const;
  Tensor to(const Tensor& other, bool non_blocking = false, bool copy = false) const;
  Tensor type_as(const Tensor& other) const { return to(other.scalar_type()); }
  Tensor toType(ScalarType type) const { return to(type); }
  Tensor cpu() const { return *this; }
  Tensor& fill_(const Scalar& value) const;
  Tensor& fill_(const Tensor& value) const;
  Tensor& zero_() const;
  Tensor flip(IntArrayRef dims) const;

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
  Tensor& operator+=(const Tensor& other) { return add_(other); }
  Tensor& operator+=(const Scalar& other) { return add_(other); }
  Tensor& operator-=(const Tensor& other) { return sub_(other); }
  Tensor& operator-=(const Scalar& other) { return sub_(other); }
  Tensor& operator*=(const Tensor& other) { return mul_(other); }
  Tensor& operator*=(const Scalar& other) { return mul_(other); }
  Tensor& operator/=(const Tensor& other) { return div_(other); }
  Tensor& operator/=(const Scalar& other) { return div_(other); }
  Tensor operator-() const { return neg(); }

  // ---- ops/functions.cpp: functions of one variable, and powers

  Tensor pow(const Tensor& exponent) const;
  Tensor pow(const Scalar& exponent) const;
  Tensor& pow_(const Scalar& exponent) const;
  Tensor abs() const;
  Tensor& abs_() const;
  Tensor sign() const;
  Tensor exp() const;
  Tensor& exp_() const;
  Tensor log() const;
  Tensor& log_() const;
  Tensor log1p() const;
  Tensor sqrt() const;
  Tensor& sqrt_() const;
  Tensor rsqrt() const;
  Tensor square() const;
  Tensor reciprocal() const;
  Tensor sin() const;
  Tensor cos() const;

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
  Tensor masked_fill(const Tensor& mask, const Scalar& value) const;
  Tensor& masked_fill_(const Tensor& mask, const Scalar& value) const;

  // ---- ops/update.cpp: sums with a product, as optimizers' steps are

  Tensor& addcmul_(const Tensor& tensor1, const Tensor& tensor2, const Scalar& value = 1) const;
  Tensor& addcdiv_(const Tensor& tensor1, const Tensor& tensor2, const Scalar& value = 1) const;
  Tensor& lerp_(const Tensor& end, const Scalar& weight) const;

  // ---- ops/compare.cpp: yes or no, element by element
  // -----------------------------------------------

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
  Tensor logical_and(const Tensor& other) const;
  Tensor logical_or(const Tensor& other) const;
  Tensor logical_not() const;
  Tensor isnan() const;
  Tensor isinf() const;
  Tensor isfinite() const;
  /// One bool: same shape and all elements equal. Throws Error if the dtypes differ.
  bool equal(const Tensor& other) const;
  Tensor isclose(const Tensor& other, double rtol = 1e-05, double atol = 1e-08,
                 bool equal_nan = false) const;
  bool allclose(const Tensor& other, double rtol = 1e-05, double atol = 1e-08,
                bool equal_nan = false) const;

  // ---- ops/reduce.cpp, ops/extreme.cpp: fewer elements
  // ----------------------------------------------------------------

  Tensor sum(std::optional<ScalarType> dtype = std::nullopt) const;
  Tensor sum(IntArrayRef dim, bool keepdim = false,
             std::optional<ScalarType> dtype = std::nullopt) const;
  Tensor mean(std::optional<ScalarType> dtype = std::nullopt) const;
  Tensor mean(IntArrayRef dim, bool keepdim = false,
              std::optional<ScalarType> dtype = std::nullopt) const;
  Tensor max() const;
  std::tuple<Tensor, Tensor> max(int64_t dim, bool keepdim = false) const;
  Tensor min() const;
  std::tuple<Tensor, Tensor> min(int64_t dim, bool keepdim = false) const;
  Tensor amax(IntArrayRef dim = {}, bool keepdim = false) const;
  Tensor amin(IntArrayRef dim = {}, bool keepdim = false) const;
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

  // ---- ops/matmul.cpp
  // ---------------------------------------------------------------------------------

  Tensor matmul(const Tensor& other) const;
  Tensor mm(const Tensor& mat2) const;
  Tensor bmm(const Tensor& mat2) const;
  Tensor mv(const Tensor& vec) const;
  Tensor dot(const Tensor& other) const;
  Tensor outer(const Tensor& vec2) const;
  Tensor addmm(const Tensor& mat1, const Tensor& mat2, const Scalar& beta = 1,
               const Scalar& alpha = 1) const;

  // ---- ops/softmax.cpp
  // ---------------------------------------------------------------------------------

  Tensor softmax(int64_t dim, std::optional<ScalarType> dtype = std::nullopt) const;
  Tensor log_softmax(int64_t dim, std::optional<ScalarType> dtype = std::nullopt) const;

  // ---- ops/index.cpp
  // ----------------------------------------------------------------------------------

  Tensor index_select(int64_t dim, const Tensor& index) const;
  /// self with `alpha` times the slices of `source` added at the indices.
  Tensor index_add(int64_t dim, const Tensor& index, const Tensor& source,
                   const Scalar& alpha = 1) const;
  Tensor gather(int64_t dim, const Tensor& index) const;
  /// self with every element of `src` added where gather would read it from.
  Tensor scatter_add(int64_t dim, const Tensor& index, const Tensor& src) const;

  // ---- ops/creation.cpp: new tensors of this one's dtype
  // ------------------------------------------------

  Tensor new_empty(IntArrayRef size, const TensorOptions& options = {}) const;
  Tensor new_zeros(IntArrayRef size, const TensorOptions& options = {}) const;
  Tensor new_ones(IntArrayRef size, const TensorOptions& options = {}) const;
  Tensor new_full(IntArrayRef size, const Scalar& fill_value,
                  const TensorOptions& options = {}) const;

  // ---- ops/random.cpp
  // -----------------------------------------------------------------------------------

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
  /// 1 with probability p, else 0.
  Tensor& bernoulli_(double p = 0.5, std::optional<Generator> generator = std::nullopt) const;
  Tensor& bernoulli_(const Tensor& p, std::optional<Generator> generator = std::nullopt) const;

 private:
  std::shared_ptr<TensorImpl> impl_;
};

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

/// The dtype of an operation on these, by PyTorch's rules: tensors with dimensions decide; one
/// without, or a plain number, only if it is of a higher category (bool < integer < float).
ScalarType result_type(const Tensor& a, const Tensor& b);
ScalarType result_type(const Tensor& a, const Scalar& b);

}  // namespace adjoint
