#include "adjoint/autograd/gradcheck_differences.h"

#include <algorithm>
#include <unordered_set>

#include <fmt/ranges.h>

namespace adjoint::autograd::gradcheck_detail {

Values values_of(const Tensor& tensor) {
  const Tensor dense = tensor.detach().to(kFloat64).contiguous();
  return Values(dense.data_ptr<double>(), dense.data_ptr<double>() + dense.numel());
}

Tensor tensor_of(const Values& values, const Tensor& like) {
  const Tensor dense = empty(like.sizes(), kFloat64);
  std::copy(values.begin(), values.end(), dense.data_ptr<double>());
  return dense.to(like.scalar_type());
}

namespace {

/// Where a tensor's elements lie, in elements from its first one.
std::vector<int64_t> offsets_of(const Tensor& tensor) {
  std::vector<int64_t> offsets = {0};
  for (std::size_t d = 0; d < tensor.sizes().size(); ++d) {
    std::vector<int64_t> next;
    next.reserve(offsets.size() * static_cast<std::size_t>(tensor.sizes()[d]));
    for (const int64_t offset : offsets) {
      for (int64_t i = 0; i < tensor.sizes()[d]; ++i) {
        next.push_back(offset + i * tensor.strides()[d]);
      }
    }
    offsets = std::move(next);
  }
  return offsets;
}

/// While one exists, an input's elements are moved by t times the direction. It writes past
/// autograd, so that all handles, and what the graph has saved, see the moved values.
class Move {
 public:
  Move(const Tensor& tensor, const std::vector<int64_t>& offsets, const Direction& direction,
       double t)
      : tensor_(tensor), offsets_(offsets), direction_(direction) {
    each([&](auto& element, double component) {
      before_.push_back(static_cast<double>(element));
      element += static_cast<std::decay_t<decltype(element)>>(t * component);
    });
  }
  ~Move() {
    std::size_t i = 0;
    each([&](auto& element, double) {
      element = static_cast<std::decay_t<decltype(element)>>(before_[i++]);
    });
  }
  Move(const Move&) = delete;
  Move& operator=(const Move&) = delete;

 private:
  template <class F>
  void each(const F& f) {
    dispatch_floating("gradcheck", tensor_.scalar_type(), [&]<class T>(std::type_identity<T>) {
      for (const auto& [element, component] : direction_) {
        f(tensor_.data_ptr<T>()[offsets_[static_cast<std::size_t>(element)]], component);
      }
    });
  }

  const Tensor& tensor_;
  const std::vector<int64_t>& offsets_;
  const Direction& direction_;
  Values before_;
};

}  // namespace

Differences::Differences(const GradcheckFunction& function, const variable_list& inputs,
                         const std::vector<std::size_t>& sources, const GradcheckOptions& options,
                         const Wording& wording)
    : function_(function),
      inputs_(inputs),
      sources_(sources),
      options_(options),
      wording_(wording) {
  for (const std::size_t source : sources_) offsets_.push_back(offsets_of(inputs_[source]));
  check_memory();
  outputs_ = function_(inputs_);
}

void Differences::check_memory() const {
  std::vector<std::unordered_set<const std::byte*>> places(inputs_.size());
  for (std::size_t k = 0; k < sources_.size(); ++k) {
    const Tensor& tensor = inputs_[sources_[k]];
    for (const int64_t offset : offsets_[k]) {
      const bool is_new = places[sources_[k]]
                              .insert(static_cast<const std::byte*>(tensor.data_ptr()) +
                                      offset * tensor.element_size())
                              .second;
      check(is_new,
            "{}: {} overlaps itself in memory ({}, strides [{}]): moving one element would move "
            "others; pass its clone()",
            wording_.check, wording_.input(sources_[k]), tensor.describe(),
            fmt::join(tensor.strides(), ", "));
    }
  }
  for (const std::size_t source : sources_) {
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      if (i == source || !inputs_[i].defined() || !inputs_[i].is_alias_of(inputs_[source])) {
        continue;
      }
      for (const int64_t offset : offsets_of(inputs_[i])) {
        check(!places[source].contains(static_cast<const std::byte*>(inputs_[i].data_ptr()) +
                                       offset * inputs_[i].element_size()),
              "{}: {} and {} share memory: moving the one would move the other; pass a clone(), or "
              "pass it once",
              wording_.check, wording_.input(source), wording_.input(i));
      }
    }
  }
}

std::vector<Values> Differences::evaluate() const {
  const variable_list outputs = function_(inputs_);
  check(outputs.size() == outputs_.size(),
        "{}: the function returned {} outputs, then {} for slightly moved inputs", wording_.check,
        outputs_.size(), outputs.size());
  std::vector<Values> values(outputs.size());
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    if (!outputs_[i].defined() && !outputs[i].defined()) continue;
    check(
        outputs_[i].defined() == outputs[i].defined() && outputs_[i].sizes() == outputs[i].sizes(),
        "{}: {} changed from {} to {} when an input was moved slightly", wording_.check,
        wording_.output(i), outputs_[i].describe(), outputs[i].describe());
    values[i] = values_of(outputs[i]);
  }
  return values;
}

std::vector<Values> Differences::evaluate_moved(std::size_t k, const Direction& direction,
                                                double t) const {
  const Move moved(inputs_[sources_[k]], offsets_[k], direction, t);
  return evaluate();
}

/// By central differences:
///   order 2: (f(x+h) - f(x-h)) / 2h                              + O(h²)
///   order 4: (8 (f(x+h) - f(x-h)) - (f(x+2h) - f(x-2h))) / 12h   + O(h⁴)
std::vector<Values> Differences::along(std::size_t k, const Direction& direction) const {
  const double h = options_.eps();
  const auto central = [&](double t) {
    std::vector<Values> result = evaluate_moved(k, direction, t);
    const std::vector<Values> left = evaluate_moved(k, direction, -t);
    for (std::size_t i = 0; i < result.size(); ++i) {
      for (std::size_t e = 0; e < result[i].size(); ++e) result[i][e] -= left[i][e];
    }
    return result;
  };
  std::vector<Values> result = central(h);
  const std::vector<Values> wide = options_.order() == 4 ? central(2 * h) : std::vector<Values>();
  for (std::size_t i = 0; i < result.size(); ++i) {
    for (std::size_t e = 0; e < result[i].size(); ++e) {
      double& value = result[i][e];
      value = wide.empty() ? value / (2 * h) : (8 * value - wide[i][e]) / (12 * h);
    }
  }
  return result;
}

OneSided Differences::one_sided(std::size_t output, std::size_t k, const Mismatch& at) const {
  const double h = std::min(options_.eps(), 1e-6);
  const Direction direction = {{at.column, 1.0}};
  const auto element = static_cast<std::size_t>(at.row);
  const double here = evaluate()[output][element];
  const auto slope = [&](double t) {
    return (evaluate_moved(k, direction, t)[output][element] - here) / t;
  };
  return {slope(-h), slope(h), slope(-h / 2), slope(h / 2)};
}

std::vector<Jacobian> Differences::jacobians(std::size_t k) const {
  const int64_t columns = inputs_[sources_[k]].numel();
  std::vector<Jacobian> jacobians;
  for (const Tensor& output : outputs_) {
    jacobians.emplace_back(output.defined() ? output.numel() : 0, columns);
  }
  for (int64_t column = 0; column < columns; ++column) {
    const std::vector<Values> derivative = along(k, {{column, 1.0}});
    for (std::size_t i = 0; i < derivative.size(); ++i) {
      for (int64_t row = 0; row < jacobians[i].rows; ++row) {
        jacobians[i].at(row, column) = derivative[i][static_cast<std::size_t>(row)];
      }
    }
  }
  return jacobians;
}

}  // namespace adjoint::autograd::gradcheck_detail
