#include "adjoint/autograd/record.h"

#include <algorithm>

#include <fmt/ranges.h>

#include "adjoint/autograd/meta.h"
#include "adjoint/core/inference.h"

namespace adjoint::autograd {
namespace {

/// Takes the hook that retains the tensor's gradient off its node.
Node::Hook take_retain_hook(TensorImpl* impl) {
  Node::Hook hook;
  AutogradMeta& meta = *impl->meta;
  meta.retains_grad = false;
  if (impl->grad_fn == nullptr) return hook;
  std::erase_if(impl->grad_fn->mutable_hooks().of_outputs, [&](Node::OutputHook& each) {
    const bool found = each.id == meta.retain_hook && each.output_nr == impl->output_nr;
    if (found) hook = std::move(each.hook);
    return found;
  });
  return hook;
}

/// Gives the tensor its place in the graph. Retaining its gradient means that of its last place.
void set_origin(TensorImpl* impl, std::shared_ptr<Node> node, uint32_t output_nr) {
  const bool retains = impl->meta != nullptr && impl->meta->retains_grad;
  Node::Hook retain = retains ? take_retain_hook(impl) : Node::Hook();
  impl->grad_fn = std::move(node);
  impl->output_nr = output_nr;
  if (retain == nullptr || impl->grad_fn == nullptr) return;
  auto& hooks = impl->grad_fn->mutable_hooks().of_outputs;
  impl->meta->retains_grad = true;
  impl->meta->retain_hook = hooks.empty() ? 0 : hooks.back().id + 1;
  hooks.push_back({output_nr, impl->meta->retain_hook, std::move(retain)});
}

/// A view's grad_fn is right as long as nobody has changed its base's elements. Afterwards the
/// view is what the base is now, read through the view's geometry.
void refresh_view(TensorImpl* impl) {
  if (impl->meta == nullptr || !impl->meta->base.defined()) return;
  AutogradMeta& meta = *impl->meta;
  const uint32_t version = impl->storage->version();
  if (meta.view_version == version) return;
  meta.view_version = version;
  if (!meta.base.requires_grad() || meta.view_made_without_grad) return;
  const AutoGradMode recording(true);
  const Tensor again =
      meta.base.as_strided(impl->geometry.sizes, impl->geometry.strides, impl->geometry.offset);
  set_origin(impl, again.impl()->grad_fn, again.impl()->output_nr);
}

template <class InputList>
bool any_requires_grad_in(const InputList& inputs) {
  return std::any_of(inputs.begin(), inputs.end(),
                     [](const Tensor& t) { return t.defined() && t.requires_grad(); });
}

template <class InputList>
EdgeList edges_to(const InputList& inputs) {
  EdgeList edges;
  for (const Tensor& input : inputs) {
    edges.push_back(input.defined() ? gradient_edge(input) : Edge());
  }
  return edges;
}

/// The base with the region that `self` shows replaced by `value`: the functional reading of an
/// in-place change through a view. Both halves of the gradient are read off one flat copy of it,
/// laid out like the base's storage.
void record_change_through_view(const Tensor& base, const Tensor& self, const Tensor& value) {
  const Geometry whole = base.impl()->geometry, part = self.impl()->geometry;
  const Tensor marker = base.detach();
  record("as_strided_scatter", marker, {base, value}, [whole, part](const Tensor& g, Needs needs) {
    // Offsets relative to the base's first element: the flat copy starts there.
    const Tensor flat = g.scatter_strided(whole.strides, 0, span_of(whole.sizes, whole.strides));
    const int64_t offset = part.offset - whole.offset;
    Grads grads(2);
    if (needs[0]) {
      Tensor rest = flat.clone();
      rest.as_strided(part.sizes, part.strides, offset).zero_();
      grads[0] = rest.as_strided(whole.sizes, whole.strides, 0);
    }
    if (needs[1]) grads[1] = flat.as_strided(part.sizes, part.strides, offset);
    return grads;
  });
  set_origin(base.impl(), marker.impl()->grad_fn, marker.impl()->output_nr);
}

[[noreturn]] void fail_unrecorded_view(const char* name, const Tensor& self) {
  fail(
      "{}: a view ({}) that was made under a NoGradGuard, in InferenceMode or by a custom Function "
      "cannot be changed in place with recording on: the tensor it is a view of would not learn of "
      "it; make the view with recording on, change it under the guard too, or change a clone()",
      name, self.describe());
}

}  // namespace

bool detail::any_requires_grad(Inputs inputs) { return any_requires_grad_in(inputs); }
bool detail::any_requires_grad(TensorList inputs) { return any_requires_grad_in(inputs); }
EdgeList detail::edges_of(Inputs inputs) { return edges_to(inputs); }
EdgeList detail::edges_of(TensorList inputs) { return edges_to(inputs); }

void detail::set_history(const Tensor& output, std::shared_ptr<Node> node) {
  const uint32_t output_nr = node->add_output(output);
  if (output.is_floating_point()) set_origin(output.impl(), std::move(node), output_nr);
}

void detail::set_view(const Tensor& view, const Tensor& base) {
  if (base.is_inference()) return;  // no graph, nothing to keep in step
  AutogradMeta& meta = meta_of(view.impl());
  const auto& base_meta = base.impl()->meta;
  const bool base_is_view = base_meta != nullptr && base_meta->base.defined();
  meta.base = base_is_view ? base_meta->base : base;
  meta.view_version = view.impl()->storage->version();
  meta.view_made_without_grad =
      !GradMode::is_enabled() || (base_is_view && base_meta->view_made_without_grad);
}

Edge gradient_edge(const Tensor& tensor) {
  TensorImpl* impl = tensor.impl();
  refresh_view(impl);
  if (impl->grad_fn != nullptr) return {impl->grad_fn, impl->output_nr};
  if (impl->requires_grad) return {accumulate_grad_node(tensor), 0};
  return {};
}

void check_inplace(const char* name, const Tensor& self) {
  // With fail(), not check(): describing the tensor costs more than a small operation.
  const TensorImpl* impl = self.impl();
  if (!impl->contiguous && may_overlap(self.sizes(), self.strides())) {
    fail(
        "{}: cannot write in place to an expanded tensor ({}, strides [{}]), where several "
        "elements share one place in memory; write to its clone()",
        name, self.describe(), fmt::join(self.strides(), ", "));
  }
  if (impl->inference && !adjoint::detail::inference_mode) {
    fail(
        "{}: an inference tensor ({}), one made in InferenceMode, cannot be changed in place "
        "outside "
        "of it; change its clone()",
        name, self.describe());
  }
  if (!GradMode::is_enabled()) return;
  if (impl->requires_grad) {
    fail(
        "{}: a leaf tensor that requires grad ({}) cannot be changed in place; put the change "
        "under a NoGradGuard, or change a copy",
        name, self.describe());
  }
  if (impl->meta == nullptr || !impl->meta->base.defined()) return;
  if (impl->meta->view_made_without_grad &&
      (impl->meta->base.requires_grad() || impl->grad_fn != nullptr)) {
    fail_unrecorded_view(name, self);
  }
  if (impl->meta->base.impl()->requires_grad) {
    fail(
        "{}: a view ({}) of a leaf tensor that requires grad cannot be changed in place; put the "
        "change under a NoGradGuard, or change a copy",
        name, self.describe());
  }
}

void bump_version(const Tensor& self) {
  const TensorImpl* impl = self.impl();
  if (!impl->unversioned && !impl->inference) impl->storage->bump_version();
}

void assign_(const Tensor& self, const Tensor& value, const char* name) {
  check(self.sizes() == value.sizes(),
        "{}: the result's shape [{}] is not that of the tensor it goes to, [{}]", name,
        fmt::join(value.sizes(), ", "), fmt::join(self.sizes(), ", "));
  check_inplace(name, self);
  if (self.is_view() && self.impl()->meta->view_made_without_grad && GradMode::is_enabled() &&
      value.requires_grad()) {
    fail_unrecorded_view(name, self);
  }
  const Tensor converted = value.to(self.scalar_type());
  {
    const NoGradGuard no_grad;
    self.copy_(converted);  // counts as a new version
  }
  if (GradMode::is_enabled()) detail::take_place(self, converted);
}

void detail::take_place(const Tensor& self, const Tensor& value) {
  TensorImpl* impl = self.impl();
  AutogradMeta* meta = impl->meta.get();
  if (meta != nullptr && meta->base.defined()) {
    const Tensor& base = meta->base;
    if (!base.requires_grad() && !value.requires_grad()) return;
    record_change_through_view(base, self, value);
    meta->view_version = impl->storage->version() - 1;  // stale: read off the new base
    refresh_view(impl);
    return;
  }
  Edge origin = gradient_edge(value);
  if (origin.is_valid() && value.grad_fn() == nullptr) {  // a leaf: give self a node of its own
    const Tensor marker = self.detach();
    autograd::record("copy_", marker, {value}, [](const Tensor& g) { return Grads{g}; });
    origin = {marker.impl()->grad_fn, marker.impl()->output_nr};
  }
  set_origin(impl, origin.function, origin.input_nr);
}

bool may_overwrite(const Tensor& gradient) {
  const TensorImpl* impl = gradient.impl();
  return !GradMode::is_enabled() && gradient.use_count() == 1 && impl->storage.use_count() == 1 &&
         !impl->storage->is_foreign() && gradient.is_contiguous();
}

}  // namespace adjoint::autograd
