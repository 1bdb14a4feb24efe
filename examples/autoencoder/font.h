#pragma once

#include <string_view>

namespace autoencoder {

inline constexpr int kGlyphWidth = 5, kGlyphHeight = 9;

/// A character of 5x9 pixels, the lower two rows below the base line: the rows from the top, with a
/// space between them, '#' for ink.
struct Glyph {
  char character;
  std::string_view rows;

  bool ink(int row, int column) const {
    return rows[static_cast<std::size_t>(row * (kGlyphWidth + 1) + column)] == '#';
  }
};

/// The glyph of a character; a box for those that the font lacks.
const Glyph& glyph_of(char character);

}  // namespace autoencoder
