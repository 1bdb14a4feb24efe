#include "adjoint/nn/modules/conv.h"

#include <vector>

#include <fmt/ranges.h>

#include "adjoint/nn/functional.h"
#include "adjoint/nn/init.h"

namespace adjoint::nn {
namespace {

template <std::size_t D>
detail::ConvNdOptions<D> common_options(const ConvOptions<D>& o) {
  return detail::ConvNdOptions<D>(o.in_channels(), o.out_channels(), o.kernel_size())
      .stride(o.stride())
      .padding(o.padding())
      .dilation(o.dilation())
      .groups(o.groups())
      .bias(o.bias())
      .padding_mode(o.padding_mode());
}

template <std::size_t D>
detail::ConvNdOptions<D> common_options(const ConvTransposeOptions<D>& o) {
  return detail::ConvNdOptions<D>(o.in_channels(), o.out_channels(), o.kernel_size())
      .stride(o.stride())
      .padding(o.padding())
      .dilation(o.dilation())
      .transposed(true)
      .output_padding(o.output_padding())
      .groups(o.groups())
      .bias(o.bias())
      .padding_mode(o.padding_mode());
}

template <std::size_t D>
void check_at_least(int64_t least, const std::string& layer, const char* option,
                    const ExpandingArray<D>& given) {
  for (const int64_t number : *given) {
    check(number >= least, "{}: expected {} >= {}, got [{}]", layer, option, least,
          fmt::join(*given, ", "));
  }
}

/// The padding of a transposed convolution, which is always given in numbers.
template <std::size_t D>
const ExpandingArray<D>& numbers(const detail::conv_padding_t<D>& padding) {
  const auto* given = std::get_if<ExpandingArray<D>>(&padding);
  check(given != nullptr, "a transposed convolution's padding has to be given in numbers");
  return *given;
}

}  // namespace

template <std::size_t D, class Derived>
ConvNdImpl<D, Derived>::ConvNdImpl(const ConvOptions<D>& options)
    : options(common_options(options)) {
  ConvNdImpl::reset();
}

template <std::size_t D, class Derived>
ConvNdImpl<D, Derived>::ConvNdImpl(const ConvTransposeOptions<D>& options)
    : options(common_options(options)) {
  ConvNdImpl::reset();
}

template <std::size_t D, class Derived>
std::string ConvNdImpl<D, Derived>::layer_name() const {
  return fmt::format("{}{}d", options.transposed() ? "ConvTranspose" : "Conv", D);
}

template <std::size_t D, class Derived>
void ConvNdImpl<D, Derived>::check_options() const {
  const std::string layer = layer_name();
  check(options.in_channels() > 0 && options.out_channels() > 0,
        "{}: expected in_channels and out_channels > 0, got {} and {}", layer,
        options.in_channels(), options.out_channels());
  check(options.groups() > 0 && options.in_channels() % options.groups() == 0 &&
            options.out_channels() % options.groups() == 0,
        "{}: groups has to divide in_channels and out_channels, but groups is {}, in_channels {}, "
        "out_channels {}",
        layer, options.groups(), options.in_channels(), options.out_channels());
  check_at_least(1, layer, "kernel_size", options.kernel_size());
  check_at_least(1, layer, "stride", options.stride());
  check_at_least(1, layer, "dilation", options.dilation());
  check_at_least(0, layer, "output_padding", options.output_padding());
  if (const auto* padding = std::get_if<ExpandingArray<D>>(&options.padding())) {
    check_at_least(0, layer, "padding", *padding);
  }
  check(
      std::holds_alternative<enumtype::kZeros>(options.padding_mode()) || !options.transposed(),
      "{}: expected padding_mode kZeros, since a transposed convolution cuts its padding off, got "
      "{}",
      layer, enumtype::get_enum_name(options.padding_mode()));
  for (std::size_t d = 0; d < D; ++d) {
    const int64_t stride = options.stride()->at(d), dilation = options.dilation()->at(d);
    check(stride == 1 || !std::holds_alternative<enumtype::kSame>(options.padding()),
          "{}: padding kSame needs stride 1, got stride [{}]", layer,
          fmt::join(*options.stride(), ", "));
    check(options.output_padding()->at(d) < std::max(stride, dilation) || !options.transposed(),
          "{}: output_padding has to be less than the larger of stride and dilation, but "
          "output_padding is [{}], stride [{}], dilation [{}]",
          layer, fmt::join(*options.output_padding(), ", "), fmt::join(*options.stride(), ", "),
          fmt::join(*options.dilation(), ", "));
  }
}

template <std::size_t D, class Derived>
void ConvNdImpl<D, Derived>::reset() {
  check_options();
  const int64_t in = options.in_channels(), out = options.out_channels();
  std::vector<int64_t> shape = options.transposed() ? std::vector{in, out / options.groups()}
                                                    : std::vector{out, in / options.groups()};
  shape.insert(shape.end(), options.kernel_size()->begin(), options.kernel_size()->end());
  weight = this->register_parameter("weight", adjoint::empty(shape));
  bias = this->register_parameter("bias", options.bias() ? adjoint::empty({out}) : Tensor());
  reset_parameters();
}

template <std::size_t D, class Derived>
void ConvNdImpl<D, Derived>::reset_parameters() {
  init::default_weight_and_bias_(weight, bias);
}

template <std::size_t D, class Derived>
void ConvNdImpl<D, Derived>::pretty_print(std::ostream& out) const {
  const auto print_unless = [&](const char* name, const ExpandingArray<D>& value, int64_t usual) {
    if (*value != *ExpandingArray<D>(usual)) out << ", " << name << '=' << value;
  };
  out << "torch::nn::" << layer_name() << '(' << options.in_channels() << ", "
      << options.out_channels() << ", kernel_size=" << options.kernel_size()
      << ", stride=" << options.stride();
  if (const auto* padding = std::get_if<ExpandingArray<D>>(&options.padding())) {
    print_unless("padding", *padding, 0);
  } else {
    const bool same = std::holds_alternative<enumtype::kSame>(options.padding());
    out << ", padding='" << (same ? "same" : "valid") << '\'';
  }
  print_unless("dilation", options.dilation(), 1);
  print_unless("output_padding", options.output_padding(), 0);
  if (options.groups() != 1) out << ", groups=" << options.groups();
  if (!options.bias()) out << ", bias=false";
  if (!std::holds_alternative<enumtype::kZeros>(options.padding_mode())) {
    out << ", padding_mode=" << enumtype::get_enum_name(options.padding_mode());
  }
  out << ')';
}

template <std::size_t D, class Derived>
Tensor ConvNdImpl<D, Derived>::with_border(const Tensor& input) const {
  std::vector<int64_t> border;  // before and after each dimension, the last one first
  for (std::size_t d = D; d-- > 0;) {
    const auto* numbers = std::get_if<ExpandingArray<D>>(&options.padding());
    const bool same = std::holds_alternative<enumtype::kSame>(options.padding());
    const int64_t overhang = options.dilation()->at(d) * (options.kernel_size()->at(d) - 1);
    border.push_back(numbers ? (*numbers)->at(d) : same ? overhang / 2 : 0);
    border.push_back(numbers ? (*numbers)->at(d) : same ? overhang - overhang / 2 : 0);
  }
  return std::visit(
      [&]<class Mode>(Mode mode) {
        if constexpr (std::is_same_v<Mode, enumtype::kZeros>) {
          return input;
        } else {
          return functional::pad(input, functional::PadFuncOptions(border).mode(mode));
        }
      },
      options.padding_mode());
}

template <std::size_t D, class Derived>
detail::conv_padding_t<D> ConvNdImpl<D, Derived>::padding_inside() const {
  const bool zeros = std::holds_alternative<enumtype::kZeros>(options.padding_mode());
  return zeros ? options.padding() : detail::conv_padding_t<D>(ExpandingArray<D>(0));
}

template <std::size_t D, class Derived>
ExpandingArray<D> ConvNdImpl<D, Derived>::output_padding_for(
    const Tensor& input, const std::optional<IntArrayRef>& output_size) const {
  if (!output_size.has_value()) return options.output_padding();
  const std::size_t rank = static_cast<std::size_t>(input.dim());
  check(rank == D + 1 || rank == D + 2, "{}: expected an input of {} or {} dimensions, got {}",
        layer_name(), D + 1, D + 2, input.describe());
  check(output_size->size() == D || output_size->size() == rank,
        "{}: expected output_size to have {} or {} numbers, got [{}]", layer_name(), D, rank,
        fmt::join(*output_size, ", "));
  const IntArrayRef wanted = output_size->slice(output_size->size() - D);
  const ExpandingArray<D>& padding = numbers<D>(options.padding());
  ExpandingArray<D> output_padding = 0, smallest = 0, largest = 0;
  bool possible = true;
  for (std::size_t d = 0; d < D; ++d) {
    const int64_t stride = options.stride()->at(d);
    smallest->at(d) = (input.sizes()[rank - D + d] - 1) * stride - 2 * padding->at(d) +
                      options.dilation()->at(d) * (options.kernel_size()->at(d) - 1) + 1;
    largest->at(d) = smallest->at(d) + stride - 1;
    output_padding->at(d) = wanted[d] - smallest->at(d);
    possible = possible && smallest->at(d) <= wanted[d] && wanted[d] <= largest->at(d);
  }
  check(possible, "{}: an input of {} can become sizes from [{}] to [{}], but output_size is [{}]",
        layer_name(), input.describe(), fmt::join(*smallest, ", "), fmt::join(*largest, ", "),
        fmt::join(wanted, ", "));
  return output_padding;
}

template class ConvNdImpl<1, Conv1dImpl>;
template class ConvNdImpl<2, Conv2dImpl>;
template class ConvNdImpl<1, ConvTranspose1dImpl>;
template class ConvNdImpl<2, ConvTranspose2dImpl>;

Tensor Conv1dImpl::forward(const Tensor& input) {
  return functional::conv1d(with_border(input), weight,
                            functional::Conv1dFuncOptions()
                                .bias(bias)
                                .stride(options.stride())
                                .padding(padding_inside())
                                .dilation(options.dilation())
                                .groups(options.groups()));
}

Tensor Conv2dImpl::forward(const Tensor& input) {
  return functional::conv2d(with_border(input), weight,
                            functional::Conv2dFuncOptions()
                                .bias(bias)
                                .stride(options.stride())
                                .padding(padding_inside())
                                .dilation(options.dilation())
                                .groups(options.groups()));
}

Tensor ConvTranspose1dImpl::forward(const Tensor& input,
                                    const std::optional<IntArrayRef>& output_size) {
  return functional::conv_transpose1d(input, weight,
                                      functional::ConvTranspose1dFuncOptions()
                                          .bias(bias)
                                          .stride(options.stride())
                                          .padding(numbers<1>(options.padding()))
                                          .output_padding(output_padding_for(input, output_size))
                                          .groups(options.groups())
                                          .dilation(options.dilation()));
}

Tensor ConvTranspose2dImpl::forward(const Tensor& input,
                                    const std::optional<IntArrayRef>& output_size) {
  return functional::conv_transpose2d(input, weight,
                                      functional::ConvTranspose2dFuncOptions()
                                          .bias(bias)
                                          .stride(options.stride())
                                          .padding(numbers<2>(options.padding()))
                                          .output_padding(output_padding_for(input, output_size))
                                          .groups(options.groups())
                                          .dilation(options.dilation()));
}

}  // namespace adjoint::nn
