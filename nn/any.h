#pragma once

#include <any>
#include <concepts>
#include <memory>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "adjoint/core/type_name.h"
#include "adjoint/nn/module.h"

/// FORWARD_HAS_DEFAULT_ARGS: libtorch modules name the default arguments of their forward() again
/// with this macro, so that they work within Sequential. Here those of the declaration itself do.
#define FORWARD_HAS_DEFAULT_ARGS(...)

namespace adjoint::nn {

/// A value of any copyable type: what goes into and comes out of an AnyModule.
class AnyValue {
 public:
  template <class T>
  requires(!std::same_as<std::decay_t<T>, AnyValue>) explicit AnyValue(T&& value)
      : value_(std::in_place_type<std::decay_t<T>>, std::forward<T>(value)) {}

  /// Null if the value is not exactly a T.
  template <class T>
  T* try_get() noexcept {
    return std::any_cast<T>(&value_);
  }
  /// Throws Error if the value is not exactly a T.
  template <class T>
  T get() {
    T* value = try_get<T>();
    check(value != nullptr, "the value is of type {}, but was asked for as {}",
          demangle(type_info()), demangle(typeid(T)));
    return *value;
  }
  const std::type_info& type_info() const noexcept { return value_.type(); }

 private:
  std::any value_;
};

/// A module of any class that has a forward(), called without knowing the class: what Sequential
/// holds. Copies share the module.
class AnyModule {
 public:
  AnyModule() = default;
  template <std::derived_from<Module> M>
  explicit AnyModule(std::shared_ptr<M> module) : content_(make_content(std::move(module))) {}
  template <class M>
  explicit AnyModule(const ModuleHolder<M>& holder) : AnyModule(holder.ptr()) {}
  template <class M>
  requires std::derived_from<std::remove_cvref_t<M>, Module>
  explicit AnyModule(M&& module)
      : AnyModule(std::make_shared<std::remove_cvref_t<M>>(std::forward<M>(module))) {}
  template <std::derived_from<Module> M>
  AnyModule& operator=(std::shared_ptr<M> module) {
    return *this = AnyModule(std::move(module));
  }

  bool is_empty() const noexcept { return content_ == nullptr; }
  /// An AnyModule of the module's clone().
  AnyModule clone(const std::optional<Device>& device = std::nullopt) const {
    AnyModule made;
    if (content_ != nullptr) made.content_ = content_->clone(device);
    return made;
  }

  /// module->forward(arguments...) with the module's hooks. The arguments' types must be those of
  /// forward's parameters without const and &; the last ones may be left out where forward has
  /// defaults. Throws Error otherwise.
  template <class... Arguments>
  AnyValue any_forward(Arguments&&... arguments) {
    std::vector<AnyValue> values;
    values.reserve(sizeof...(Arguments));
    (values.push_back(as_value(std::forward<Arguments>(arguments))), ...);
    return content().forward(values);
  }
  /// The same for a result of a known type; throws Error if it is another.
  template <class Result = Tensor, class... Arguments>
  Result forward(Arguments&&... arguments) {
    return any_forward(std::forward<Arguments>(arguments)...).template get<Result>();
  }

  /// The module as what it is: get<LinearImpl>(), get<Linear>(). Throws Error if it is none.
  template <std::derived_from<Module> M>
  M& get() const {
    return *ptr<M>();
  }
  template <IsModuleHolder Holder>
  Holder get() const {
    return Holder(ptr<typename Holder::ContainedType>());
  }
  std::shared_ptr<Module> ptr() const { return content().ptr(); }
  template <std::derived_from<Module> M>
  std::shared_ptr<M> ptr() const {
    auto typed = std::dynamic_pointer_cast<M>(ptr());
    check(typed != nullptr, "the module is of class {}, but was asked for as {}",
          demangle(type_info()), demangle(typeid(M)));
    return typed;
  }
  const std::type_info& type_info() const {
    const Module& module = *content().ptr();
    return typeid(module);
  }

 private:
  /// A module whose class only the derived one knows.
  struct Content {
    virtual ~Content() = default;
    virtual AnyValue forward(std::vector<AnyValue>& arguments) = 0;
    virtual std::shared_ptr<Module> ptr() const = 0;
    virtual std::shared_ptr<Content> clone(const std::optional<Device>& device) const = 0;
  };
  template <class M, class... Parameters>
  struct TypedContent;

  Content& content() const {
    check(content_ != nullptr, "the AnyModule is empty");
    return *content_;
  }
  template <class T>
  static AnyValue as_value(T&& value) {
    return AnyValue(std::forward<T>(value));
  }
  static AnyValue as_value(AnyValue value) { return value; }

  template <class M>
  static std::shared_ptr<Content> make_content(std::shared_ptr<M> module) {
    check(module != nullptr, "AnyModule: the module is null");
    if constexpr (requires { &M::forward; }) {
      return make_content(std::move(module), &M::forward);
    } else {
      // forward is a template, as Sequential's, or overloaded.
      static_assert(
          requires(M & m, const Tensor& x) { m.forward(x); },
          "an AnyModule needs a forward() whose parameters it can see, or one that takes "
          "a Tensor");
      return std::make_shared<TypedContent<M, const Tensor&>>(std::move(module));
    }
  }
  template <class M, class Class, class Result, class... Parameters>
  static std::shared_ptr<Content> make_content(std::shared_ptr<M> module,
                                               Result (Class::*)(Parameters...)) {
    return std::make_shared<TypedContent<M, Parameters...>>(std::move(module));
  }
  template <class M, class Class, class Result, class... Parameters>
  static std::shared_ptr<Content> make_content(std::shared_ptr<M> module,
                                               Result (Class::*)(Parameters...) const) {
    return std::make_shared<TypedContent<M, Parameters...>>(std::move(module));
  }

  std::shared_ptr<Content> content_;
};

template <class M, class... Parameters>
struct AnyModule::TypedContent final : Content {
  static_assert(((!std::is_lvalue_reference_v<Parameters> ||
                  std::is_const_v<std::remove_reference_t<Parameters>>)&&...),
                "forward() of a module in an AnyModule cannot take references to what it changes");

  explicit TypedContent(std::shared_ptr<M> module) : module(std::move(module)) {}

  AnyValue forward(std::vector<AnyValue>& arguments) override {
    return call<sizeof...(Parameters)>(arguments);
  }
  std::shared_ptr<Module> ptr() const override { return module; }
  std::shared_ptr<Content> clone(const std::optional<Device>& device) const override {
    return make_content(std::dynamic_pointer_cast<M>(module->clone(device)));
  }

 private:
  template <std::size_t I>
  using Parameter = std::tuple_element_t<I, std::tuple<Parameters...>>;

  /// Calls forward with its first N parameters if so many arguments are there, else tries fewer.
  template <std::size_t N>
  AnyValue call(std::vector<AnyValue>& arguments) {
    if constexpr (callable(std::make_index_sequence<N>())) {
      if (arguments.size() == N) return call_with(arguments, std::make_index_sequence<N>());
    }
    if constexpr (N > 0) return call<N - 1>(arguments);
    fail("{}: forward() takes {} arguments{}, got {}", demangle(typeid(*module)),
         sizeof...(Parameters),
         sizeof...(Parameters) > 0 &&
                 !callable(std::make_index_sequence<sizeof...(Parameters) - 1>())
             ? ""
             : " (fewer where it has defaults)",
         arguments.size());
  }
  template <std::size_t... I>
  static constexpr bool callable(std::index_sequence<I...>) {
    return requires(M & m) { m.forward(std::declval<Parameter<I>>()...); };
  }
  template <std::size_t... I>
  AnyValue call_with([[maybe_unused]] std::vector<AnyValue>& arguments, std::index_sequence<I...>) {
    return AnyValue(call_with_hooks(*module, argument<I>(arguments[I])...));
  }
  template <std::size_t I>
  std::decay_t<Parameter<I>>&& argument(AnyValue& value) {
    using T = std::decay_t<Parameter<I>>;
    T* found = value.try_get<T>();
    check(found != nullptr, "{}: forward() takes a {} as argument {}, got a {}",
          demangle(typeid(*module)), demangle(typeid(T)), I, demangle(value.type_info()));
    return std::move(*found);
  }

  std::shared_ptr<M> module;
};

/// A name with a module: what Sequential's braced list has.
class NamedAnyModule {
 public:
  template <class M>
  NamedAnyModule(std::string name, M&& module)
      : NamedAnyModule(std::move(name), AnyModule(std::forward<M>(module))) {}
  NamedAnyModule(std::string name, AnyModule module)
      : name_(std::move(name)), module_(std::move(module)) {}

  const std::string& name() const noexcept { return name_; }
  AnyModule& module() noexcept { return module_; }
  const AnyModule& module() const noexcept { return module_; }

 private:
  std::string name_;
  AnyModule module_;
};

}  // namespace adjoint::nn
