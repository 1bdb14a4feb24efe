#include "adjoint/nn/serialize/safetensors.h"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <functional>
#include <istream>
#include <iterator>
#include <numeric>
#include <ostream>
#include <set>
#include <tuple>

#include <fcntl.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include "adjoint/nn/serialize/atomic_file.h"

// A file is: 8 bytes, the header's length N, little-endian; N bytes, the header, a JSON object,
// which spaces may follow; then the elements of all tensors, without holes. The header maps every
// name to {"dtype": "F32", "shape": [2, 3], "data_offsets": [begin, end]}, counted from the
// header's end, and "__metadata__" to an object of strings.
static_assert(std::endian::native == std::endian::little, "elements are stored little-endian");

namespace adjoint::serialize {
namespace {

using Json = nlohmann::json;

constexpr const char* kMetadataKey = "__metadata__";
/// The limit of the format's own library; no header of tensors is nearly as long.
constexpr uint64_t kMaxHeaderBytes = 100'000'000;

constexpr std::pair<const char*, ScalarType> kDtypes[] = {{"F32", kFloat32}, {"F64", kFloat64},
                                                          {"I64", kInt64},   {"I32", kInt32},
                                                          {"U8", kUInt8},    {"BOOL", kBool}};

const char* format_name(ScalarType type) {
  for (const auto& [name, dtype] : kDtypes) {
    if (dtype == type) return name;
  }
  fail("the tensor has no dtype");
}

/// A name from a file as it can be shown: quoted, with control characters escaped.
std::string quoted(const std::string& name) {
  return Json(name).dump(-1, ' ', false, Json::error_handler_t::replace);
}

// ---- writing -----------------------------------------------------------------------------------

using Sink = std::function<void(const void*, std::size_t)>;

std::string json_text(const std::string& where, const Json& value) {
  try {
    return value.dump();
  } catch (const Json::exception&) {
    fail("{}: cannot save: a tensor's name or the metadata is not UTF-8 text", where);
  }
}

/// The order in which elements are laid out: those of wide types first, so that every element lies
/// at a multiple of its size and a reader may use the file's memory as it is.
std::vector<std::size_t> layout_order(const NamedTensors& tensors) {
  std::vector<std::size_t> order(tensors.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return tensors[a]->element_size() > tensors[b]->element_size();
  });
  return order;
}

void write_tensors(const std::string& where, const NamedTensors& tensors, const Metadata& metadata,
                   const Sink& sink) {
  for (const auto& item : tensors) {
    check(item->defined(), "{}: cannot save {}: the tensor is undefined", where,
          quoted(item.key()));
    check(item.key() != kMetadataKey, "{}: no tensor can be called {}", where, kMetadataKey);
  }

  const std::vector<std::size_t> order = layout_order(tensors);
  std::vector<std::pair<uint64_t, uint64_t>> offsets(tensors.size());
  uint64_t end = 0;
  for (const std::size_t i : order) {
    const uint64_t begin = end;
    end += tensors[i]->nbytes();
    offsets[i] = {begin, end};
  }

  std::string text = metadata.empty()
                         ? "{"
                         : fmt::format("{{\"{}\":{},", kMetadataKey, json_text(where, metadata));
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const auto& [name, tensor] = tensors[i].pair();
    text += fmt::format(R"({}:{{"dtype":"{}","shape":[{}],"data_offsets":[{},{}]}},)",
                        json_text(where, name), format_name(tensor.scalar_type()),
                        fmt::join(tensor.sizes(), ","), offsets[i].first, offsets[i].second);
  }
  if (text.back() == ',') text.pop_back();
  text += '}';
  text.resize((text.size() + 7) / 8 * 8, ' ');  // the elements begin at a multiple of 8
  check(text.size() <= kMaxHeaderBytes, "{}: cannot save: the header of {} tensors is too long",
        where, tensors.size());

  const uint64_t length = text.size();
  sink(&length, sizeof length);
  sink(text.data(), text.size());
  for (const std::size_t i : order) {
    const Tensor dense = tensors[i]->detach().contiguous();
    sink(dense.data_ptr(), dense.nbytes());
  }
}

// ---- reading -----------------------------------------------------------------------------------

/// Where the bytes come from: read(offset, destination, bytes) is called for ranges inside `size`.
struct Source {
  std::string name;
  uint64_t size;
  std::function<void(uint64_t, void*, std::size_t)> read;
};

/// What the header says of one tensor, after every check that needs no other tensor.
struct Entry {
  std::string name;
  ScalarType dtype;
  Dims shape;
  uint64_t begin, end;
};

/// Parses JSON that has no key twice in one object and is no deeper than a header can be (so that a
/// hostile one cannot make a large tree).
Json parse_header(const Source& source, const std::string& text) {
  constexpr int kMaxDepth = 3;
  std::vector<std::set<std::string>> keys(kMaxDepth + 2);
  const auto watch = [&](int depth, Json::parse_event_t event, Json& parsed) {
    if (event == Json::parse_event_t::object_start || event == Json::parse_event_t::array_start) {
      check(depth < kMaxDepth, "{}: the header is nested too deeply; is it a safetensors file?",
            source.name);
      keys[static_cast<std::size_t>(depth) + 1].clear();
    } else if (event == Json::parse_event_t::key) {
      check(keys[static_cast<std::size_t>(depth)].insert(parsed.get<std::string>()).second,
            "{}: the header has {} twice", source.name, quoted(parsed.get<std::string>()));
    }
    return true;
  };
  try {
    Json header = Json::parse(text, watch);
    check(header.is_object(), "{}: expected a JSON object as header, got {}", source.name,
          header.type_name());
    return header;
  } catch (const Json::exception& error) {
    fail("{}: the header is not valid JSON ({}); is it a safetensors file?", source.name,
         error.what());
  }
}

Json read_header(const Source& source, uint64_t& data_begin) {
  uint64_t length = 0;
  check(source.size >= sizeof length,
        "{}: expected a safetensors file, which begins with 8 bytes of length, but it has {} "
        "bytes; is it truncated?",
        source.name, source.size);
  source.read(0, &length, sizeof length);
  check(length <= kMaxHeaderBytes && length <= source.size - sizeof length,
        "{}: its first 8 bytes announce a header of {} bytes, but {} follow; it is truncated or no "
        "safetensors file",
        source.name, length, source.size - sizeof length);
  std::string text(length, '\0');
  source.read(sizeof length, text.data(), text.size());
  check(text.starts_with('{'), "{}: the header does not begin with '{{'; is it a safetensors file?",
        source.name);
  data_begin = sizeof length + length;
  return parse_header(source, text);
}

/// The dtype, the shape and the two offsets; throws Error where one is missing or not as it should.
Entry parse_entry(const std::string& file, const std::string& name, const Json& value) {
  const auto field = [&](const char* key, Json::value_t type) -> const Json& {
    check(value.is_object() && value.contains(key) && value[key].type() == type,
          "{}: tensor {}: the header gives no valid \"{}\"", file, quoted(name), key);
    return value[key];
  };
  const auto integers = [&](const char* key) {
    std::vector<uint64_t> values;
    for (const Json& item : field(key, Json::value_t::array)) {
      check(item.is_number_unsigned(), "{}: tensor {}: \"{}\" holds {}, expected integers >= 0",
            file, quoted(name), key, item.dump(-1, ' ', true, Json::error_handler_t::replace));
      values.push_back(item.get<uint64_t>());
    }
    return values;
  };

  const auto& dtype_name = field("dtype", Json::value_t::string).get_ref<const std::string&>();
  const auto* dtype = std::ranges::find(kDtypes, dtype_name, [](const auto& d) { return d.first; });
  check(dtype != std::end(kDtypes),
        "{}: tensor {} has dtype {}; expected F32, F64, I64, I32, U8 or BOOL", file, quoted(name),
        quoted(dtype_name));

  const std::vector<uint64_t> shape = integers("shape");
  check(shape.size() <= kMaxDims, "{}: tensor {} has {} dimensions; at most {} are supported", file,
        quoted(name), shape.size(), kMaxDims);
  Dims sizes;
  auto bytes = static_cast<uint64_t>(elementSize(dtype->second));
  bool overflow = false;
  for (const uint64_t size : shape) {
    overflow |= size > INT64_MAX;
    overflow |= __builtin_mul_overflow(bytes, size, &bytes);
    sizes.push_back(static_cast<int64_t>(size));
  }
  check(!overflow, "{}: tensor {}: shape [{}] is larger than any file", file, quoted(name),
        fmt::join(shape, ", "));

  const std::vector<uint64_t> offsets = integers("data_offsets");
  check(offsets.size() == 2 && offsets[0] <= offsets[1],
        "{}: tensor {}: expected data_offsets [begin, end], got [{}]", file, quoted(name),
        fmt::join(offsets, ", "));
  check(offsets[1] - offsets[0] == bytes,
        "{}: tensor {}: shape [{}] of {} takes {} bytes, but data_offsets [{}, {}] hold {}", file,
        quoted(name), fmt::join(shape, ", "), dtype_name, bytes, offsets[0], offsets[1],
        offsets[1] - offsets[0]);
  return {name, dtype->second, sizes, offsets[0], offsets[1]};
}

Metadata parse_metadata(const std::string& file, const Json& value) {
  check(value.is_object(), "{}: {} is no JSON object", file, kMetadataKey);
  Metadata metadata;
  for (const auto& [key, text] : value.items()) {
    check(text.is_string(), "{}: {}: {} is no string", file, kMetadataKey, quoted(key));
    metadata[key] = text.get<std::string>();
  }
  return metadata;
}

/// Throws Error unless the tensors, which are sorted by their place, fill the data from the first
/// byte to the last, each byte once.
void check_coverage(const Source& source, const std::vector<Entry>& entries, uint64_t data_bytes) {
  uint64_t covered = 0;
  for (const Entry& entry : entries) {
    check(entry.end <= data_bytes,
          "{}: tensor {} ends at byte {} of the data, but the file has only {}; it is truncated",
          source.name, quoted(entry.name), entry.end, data_bytes);
    check(entry.begin == covered, "{}: tensor {} begins at byte {} of the data, expected {}: {}",
          source.name, quoted(entry.name), entry.begin, covered,
          entry.begin < covered ? "tensors overlap" : "there is a hole");
    covered = entry.end;
  }
  check(covered == data_bytes, "{}: {} bytes follow the last tensor; nothing accounts for them",
        source.name, data_bytes - covered);
}

/// Any other byte in a C++ bool is undefined behaviour.
void check_bools(const Source& source, const Entry& entry, const Tensor& tensor) {
  const auto* bytes = static_cast<const uint8_t*>(tensor.data_ptr());
  const auto* bad = std::find_if(bytes, bytes + tensor.nbytes(), [](uint8_t b) { return b > 1; });
  check(bad == bytes + tensor.nbytes(),
        "{}: tensor {}: element {} is {}, but a BOOL is 0 or 1; the file is damaged", source.name,
        quoted(entry.name), bad - bytes, bad == bytes + tensor.nbytes() ? 0 : int{*bad});
}

SafeTensors read_tensors(const Source& source) {
  uint64_t data_begin = 0;
  const Json header = read_header(source, data_begin);
  SafeTensors loaded;
  std::vector<Entry> entries;
  for (const auto& [name, value] : header.items()) {
    if (name == kMetadataKey) {
      loaded.metadata = parse_metadata(source.name, value);
    } else {
      entries.push_back(parse_entry(source.name, name, value));
    }
  }
  std::ranges::sort(entries, {}, [](const Entry& e) { return std::tie(e.begin, e.end, e.name); });
  check_coverage(source, entries, source.size - data_begin);
  for (const Entry& entry : entries) {
    Tensor tensor = empty(entry.shape, entry.dtype);
    source.read(data_begin + entry.begin, tensor.data_ptr(), tensor.nbytes());
    if (entry.dtype == kBool) check_bools(source, entry, tensor);
    loaded.tensors.insert(entry.name, std::move(tensor));
  }
  return loaded;
}

/// A file that is open for reading, and closed at the end.
class InputFile {
 public:
  explicit InputFile(const std::string& path)
      : path_(path), fd_(open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    check(fd_ >= 0, "cannot open {}: {}", path, std::strerror(errno));
  }
  ~InputFile() { close(fd_); }
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  uint64_t size() const {
    struct stat status {};
    check(fstat(fd_, &status) == 0 && S_ISREG(status.st_mode), "cannot read {}: it is no file",
          path_);
    return static_cast<uint64_t>(status.st_size);
  }

  void read(uint64_t offset, void* destination, std::size_t bytes) const {
    auto* next = static_cast<char*>(destination);
    while (bytes > 0) {
      const ssize_t got =
          pread(fd_, next, std::min(bytes, std::size_t{1} << 30), static_cast<off_t>(offset));
      if (got < 0 && errno == EINTR) continue;
      check(got >= 0, "cannot read {}: {}", path_, std::strerror(errno));
      check(got > 0, "cannot read {}: it became shorter while it was read", path_);
      next += got;
      offset += static_cast<uint64_t>(got);
      bytes -= static_cast<std::size_t>(got);
    }
  }

 private:
  std::string path_;
  int fd_;
};

}  // namespace

void save_safetensors(const std::string& path, const NamedTensors& tensors,
                      const Metadata& metadata) {
  AtomicFile file(path);
  write_tensors(path, tensors, metadata,
                [&](const void* data, std::size_t bytes) { file.write(data, bytes); });
  file.commit();
}

void save_safetensors(std::ostream& out, const NamedTensors& tensors, const Metadata& metadata) {
  write_tensors("save", tensors, metadata, [&](const void* data, std::size_t bytes) {
    out.write(static_cast<const char*>(data), static_cast<std::streamsize>(bytes));
    check(out.good(), "save: the stream failed after some of {} bytes", bytes);
  });
}

SafeTensors load_safetensors(const std::string& path) {
  const InputFile file(path);
  return read_tensors({path, file.size(), [&](uint64_t offset, void* to, std::size_t bytes) {
                         file.read(offset, to, bytes);
                       }});
}

SafeTensors load_safetensors(std::istream& in, const std::string& name) {
  const std::string bytes{std::istreambuf_iterator<char>(in), {}};
  return read_tensors({name, bytes.size(), [&](uint64_t offset, void* to, std::size_t count) {
                         if (count > 0) std::memcpy(to, bytes.data() + offset, count);
                       }});
}

}  // namespace adjoint::serialize
