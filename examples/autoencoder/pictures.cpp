#include "adjoint/examples/autoencoder/pictures.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "adjoint/examples/autoencoder/plot.h"
#include "adjoint/nn/serialize/atomic_file.h"

namespace autoencoder {
namespace {

using adjoint::Tensor;

constexpr Color kBackground{24, 25, 29}, kText{222, 222, 226}, kDimmed{150, 151, 158};
constexpr int kColumns = 10, kPairs = 4;
constexpr int kScale = 3, kPicture = 28 * kScale, kGap = 8;
constexpr int kColumnWidth = kPicture + 14;  // as wide as 8 letters, with a space between

/// The numbers of the pictures to show, row by row: each column shows one class.
std::vector<size_t> choose(const Source& source) {
  const Tensor& targets = source.validation.targets();
  const int64_t* target = targets.data_ptr<int64_t>();
  const auto classes = static_cast<int64_t>(source.class_names.size());
  std::vector<size_t> chosen;
  std::vector<int64_t> next(source.class_names.size(), 0);  // where to look for more of a class
  for (int i = 0; i < kPairs * kColumns; ++i) {
    const int64_t wanted = i % kColumns % classes;
    int64_t& at = next[static_cast<size_t>(wanted)];
    while (at < targets.numel() && target[at] != wanted) ++at;
    // Where a class has too few pictures, any will do.
    chosen.push_back(static_cast<size_t>(at < targets.numel() ? at++ : i % targets.numel()));
  }
  return chosen;
}

/// [count, 1, 28, 28] in [0, 1] as bytes [count, 28, 28].
Tensor as_bytes(const Tensor& pictures) {
  Tensor bytes = adjoint::empty({pictures.size(0), 28, 28}, adjoint::kUInt8);
  const Tensor dense = pictures.contiguous();
  std::transform(dense.data_ptr<float>(), dense.data_ptr<float>() + dense.numel(),
                 bytes.data_ptr<uint8_t>(), [](float value) {
                   return static_cast<uint8_t>(std::clamp(value, 0.0f, 1.0f) * 255.0f + 0.5f);
                 });
  return bytes;
}

}  // namespace

void write_reconstructions(const std::string& path, Autoencoder& model, const Source& source) {
  const adjoint::NoGradGuard no_grad;
  const Tensor pictures = source.validation.get_stacked(choose(source)).data;
  const std::array<Tensor, 2> rows{as_bytes(pictures), as_bytes(model->forward(pictures))};
  const std::array<std::string, 2> labels{"original", "autoencoder"};

  const int left = Canvas::text_width(labels[1]) + 2 * kGap, top = Canvas::kTextHeight + 3 * kGap;
  const int pair_height = 2 * kPicture + 3 * kGap;
  Canvas canvas(left + kColumns * kColumnWidth, top + kPairs * pair_height, kBackground);
  for (int column = 0; column < kColumns; ++column) {
    const size_t shown = static_cast<size_t>(column) % source.class_names.size();
    const std::string name = source.class_names[shown].substr(0, 8);
    const int middle = left + column * kColumnWidth + kPicture / 2;
    canvas.text(middle - Canvas::text_width(name) / 2, kGap + kGap / 2, name, kText);
  }
  for (int pair = 0; pair < kPairs; ++pair) {
    for (int row = 0; row < 2; ++row) {
      const std::string& label = labels[static_cast<size_t>(row)];
      const int y = top + pair * pair_height + row * (kPicture + kGap / 2);
      canvas.text(left - kGap - Canvas::text_width(label), y + (kPicture - Canvas::kTextHeight) / 2,
                  label, row == 0 ? kText : kDimmed);
      for (int column = 0; column < kColumns; ++column) {
        canvas.picture(left + column * kColumnWidth, y,
                       rows[static_cast<size_t>(row)][pair * kColumns + column], kScale);
      }
    }
  }
  adjoint::data::write_png(path, canvas.pixels());
}

void write_curve_picture(const std::string& path, const std::vector<CurvePoint>& curve,
                         int64_t epochs) {
  Series training{"training", {120, 160, 220}, {}};
  Series validation{"validation", {214, 90, 49}, {}, true};
  for (const CurvePoint& point : curve) {
    training.points.emplace_back(point.epochs, point.training);
    if (point.validation) validation.points.emplace_back(point.epochs, *point.validation);
  }
  const Canvas canvas =
      plot("mean squared error", "epochs", static_cast<double>(epochs), {training, validation});
  adjoint::data::write_png(path, canvas.pixels());
}

void write_curve_csv(const std::string& path, const std::vector<CurvePoint>& curve) {
  adjoint::serialize::AtomicFile file(path);
  file.write("epoch,training,validation\n");
  for (const CurvePoint& point : curve) {
    const std::string validation = point.validation ? fmt::format("{:.6g}", *point.validation) : "";
    file.write(fmt::format("{:.4f},{:.6g},{}\n", point.epochs, point.training, validation));
  }
  file.commit();
}

}  // namespace autoencoder
