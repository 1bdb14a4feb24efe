#include "adjoint/tests/structure/include_rules.h"

#include <algorithm>
#include <fstream>
#include <map>
#include <optional>
#include <set>
#include <string_view>

#include <fmt/format.h>

namespace adjoint::structure {
namespace {

namespace fs = std::filesystem;

// A folder may include from those before it, and from itself.
const std::vector<std::string> kLayers = {"core", "autograd", "ops", "nn", "examples", "tests"};
constexpr int kNn = 3;
const std::string kUmbrella = "adjoint.h";
const std::set<std::string> kOtherFolders = {"build", "docs", "out", "third_party"};

struct Include {
  std::string spelling;  // what stands between the quotes or the angle brackets
  bool quoted;
};

struct Source {
  std::vector<Include> includes;
  bool has_pragma_once = false;
  bool is_internal = false;
};

// By path relative to the root, as "core/tensor.h".
using Sources = std::map<std::string, Source>;

// The include that a line holds, if it holds one.
std::optional<Include> parse_include(std::string_view line) {
  const auto skip_blanks = [&] {
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
  };
  skip_blanks();
  if (!line.starts_with('#')) return {};
  line.remove_prefix(1);
  skip_blanks();
  if (!line.starts_with("include")) return {};
  line.remove_prefix(std::string_view("include").size());
  skip_blanks();
  if (!line.starts_with('"') && !line.starts_with('<')) return {};
  const bool quoted = line.front() == '"';
  const std::size_t end = line.find(quoted ? '"' : '>', 1);
  if (end == std::string_view::npos) return {};
  return Include{std::string(line.substr(1, end - 1)), quoted};
}

Source read_source(const fs::path& file) {
  Source source;
  source.is_internal = file.parent_path().filename() == "kernels";
  std::ifstream stream(file);
  for (std::string line; std::getline(stream, line);) {
    if (line.starts_with("#pragma once")) source.has_pragma_once = true;
    if (line.starts_with("// Internal")) source.is_internal = true;
    if (auto include = parse_include(line)) source.includes.push_back(*std::move(include));
  }
  return source;
}

Sources read_sources(const fs::path& root) {
  Sources sources;
  if (fs::exists(root / kUmbrella)) sources[kUmbrella] = read_source(root / kUmbrella);
  for (const std::string& layer : kLayers) {
    if (!fs::exists(root / layer)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(root / layer)) {
      const std::string extension = entry.path().extension().string();
      if (extension != ".h" && extension != ".cpp") continue;
      sources[fs::relative(entry.path(), root).generic_string()] = read_source(entry.path());
    }
  }
  return sources;
}

std::string top_folder(const std::string& path) { return path.substr(0, path.find('/')); }

// The place in kLayers; the umbrella comes after nn, as it includes all of the library.
double layer_of(const std::string& path) {
  if (path == kUmbrella) return kNn + 0.5;
  return std::ranges::find(kLayers, top_folder(path)) - kLayers.begin();
}

bool is_header(const std::string& path) { return path.ends_with(".h"); }

// What is installed.
bool is_public(const std::string& path, const Source& source) {
  return is_header(path) && layer_of(path) < layer_of("examples") && !source.is_internal;
}

// "core/tensor.h" for "adjoint/core/tensor.h", empty for an include of something else.
std::string project_path(const std::string& spelling) {
  const std::string prefix = "adjoint/";
  return spelling.starts_with(prefix) ? spelling.substr(prefix.size()) : "";
}

void check_includes(const std::string& path, const Sources& sources,
                    std::vector<std::string>& broken) {
  // Programs of their own: the consumer and the lessons are written as users write theirs, who find
  // an installed Adjoint among the system's headers, and those that write goldens are built with
  // libtorch alone.
  if (path.starts_with("examples/consumer/") || path.starts_with("examples/lessons/")) return;
  if (path.starts_with("tests/golden/") && !is_header(path)) return;
  for (const auto& [spelling, quoted] : sources.at(path).includes) {
    const std::string target = project_path(spelling);
    if (quoted != !target.empty()) {
      broken.push_back(fmt::format(
          "{}: include of {} (the project's own are spelled \"adjoint/...\", others <...>)", path,
          spelling));
    } else if (quoted && !sources.contains(target)) {
      broken.push_back(fmt::format("{}: include of {}, which does not exist", path, spelling));
    } else if (quoted && layer_of(target) > layer_of(path)) {
      broken.push_back(
          fmt::format("{}: include of {} points up (core <- autograd <- ops <- nn <- {})", path,
                      spelling, "examples, tests"));
    } else if (quoted && is_public(path, sources.at(path)) && sources.at(target).is_internal) {
      broken.push_back(
          fmt::format("{}: a public header includes {}, which is internal", path, spelling));
    }
  }
}

void check_header(const std::string& path, const Sources& sources,
                  std::vector<std::string>& broken) {
  if (!sources.at(path).has_pragma_once) broken.push_back(path + ": has no #pragma once");
  const auto own = sources.find(fs::path(path).replace_extension(".cpp").generic_string());
  if (own == sources.end()) return;
  const auto& includes = own->second.includes;
  if (includes.empty() || project_path(includes.front().spelling) != path) {
    broken.push_back(fmt::format("{}: its first include is not adjoint/{}", own->first, path));
  }
}

void check_umbrella(const Sources& sources, std::vector<std::string>& broken) {
  std::set<std::string> reached;
  std::vector<std::string> to_visit = {kUmbrella};
  while (!to_visit.empty()) {
    const std::string path = to_visit.back();
    to_visit.pop_back();
    const auto source = sources.find(path);
    if (source == sources.end() || !reached.insert(path).second) continue;
    for (const Include& include : source->second.includes) {
      to_visit.push_back(project_path(include.spelling));
    }
  }
  for (const auto& [path, source] : sources) {
    // A program that is no test has no GoogleTest: what needs it is included by name.
    if (path.ends_with("_gtest.h")) continue;
    if (is_public(path, source) && !reached.contains(path)) {
      broken.push_back(fmt::format(
          "{}: is not reached from {} (if it is not for users, mark it with `// Internal: why`)",
          path, kUmbrella));
    }
  }
}

void check_top_folders(const fs::path& root, std::vector<std::string>& broken) {
  for (const auto& entry : fs::directory_iterator(root)) {
    const std::string name = entry.path().filename().string();
    const bool known = name.starts_with(".") || name.starts_with("build-") ||
                       kOtherFolders.contains(name) || std::ranges::count(kLayers, name) > 0;
    if (entry.is_directory() && !known) {
      broken.push_back(fmt::format("{}: is no folder of the design", name));
    }
  }
}

}  // namespace

std::vector<std::string> broken_rules(const fs::path& root) {
  const Sources sources = read_sources(root);
  std::vector<std::string> broken;
  for (const auto& [path, source] : sources) {
    check_includes(path, sources, broken);
    if (is_header(path)) check_header(path, sources, broken);
  }
  check_umbrella(sources, broken);
  check_top_folders(root, broken);
  std::ranges::sort(broken);
  return broken;
}

}  // namespace adjoint::structure
