#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

#include "adjoint/core/error.h"
#include "adjoint/core/mt19937.h"
#include "adjoint/tests/support/error_of.h"

namespace adjoint::test {

/// A folder of this test's own, removed at its end.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "adjoint-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw Error("cannot make a temporary folder");
    path_ = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  std::string operator/(const std::string& name) const { return (path_ / name).string(); }

  /// The names of all that it holds, in order.
  std::vector<std::string> names() const {
    std::vector<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator(path_)) {
      found.push_back(entry.path().filename().string());
    }
    std::sort(found.begin(), found.end());
    return found;
  }

 private:
  std::filesystem::path path_;
};

inline std::string golden(const std::string& name) {
  return std::string(ADJOINT_TESTS_DIR) + "/golden/" + name;
}

inline std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  EXPECT_TRUE(in.good()) << path;
  return {std::istreambuf_iterator<char>(in), {}};
}

inline void write_file(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

/// Damages a file in the ways that files get damaged: changed bytes, a cut, a repeated or inserted
/// piece. The same sequence on every run.
class Mutator {
 public:
  explicit Mutator(uint32_t seed) : random_(seed) {}

  std::string operator()(std::string bytes) {
    for (uint32_t changes = 1 + below(4); changes > 0 && !bytes.empty(); --changes) {
      const std::size_t at = below(static_cast<uint32_t>(bytes.size()));
      switch (below(6)) {
        case 0:
          bytes.resize(at);
          break;
        case 1:
          bytes.insert(at, bytes.substr(below(static_cast<uint32_t>(bytes.size())), below(16)));
          break;
        case 2:
          bytes.erase(at, below(8));
          break;
        case 3:
          bytes[at] = "0123456789[]{}\",:-. e"[below(21)];
          break;
        case 4:
          bytes[at] = static_cast<char>(below(2) ? 0xff : 0);
          break;
        default:
          bytes[at] = static_cast<char>(random_());
      }
    }
    return bytes;
  }

 private:
  uint32_t below(uint32_t n) { return random_() % n; }

  Mt19937 random_;
};

}  // namespace adjoint::test
