#include "adjoint/autograd/backtrace.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>
#include <memory>

#include <cxxabi.h>
#include <elf.h>
#include <execinfo.h>
#include <link.h>

namespace adjoint::autograd {
namespace {

/// The functions of a program or library by address, read from its file: also those that are not
/// exported, which dladdr does not know.
class Symbols {
 public:
  explicit Symbols(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    ElfW(Ehdr) header{};
    read(file, 0, &header, sizeof header);
    if (!file || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) return;
    std::vector<ElfW(Shdr)> sections(header.e_shnum);
    read(file, header.e_shoff, sections.data(), sections.size() * sizeof sections[0]);
    // .symtab holds all functions; a stripped file has .dynsym alone.
    for (const ElfW(Word) kind : {SHT_SYMTAB, SHT_DYNSYM}) {
      for (const ElfW(Shdr) & section : sections) {
        if (section.sh_type != kind || section.sh_link >= sections.size()) continue;
        read_table(file, section, sections[section.sh_link]);
        if (!functions_.empty()) return;
      }
    }
  }

  /// "" if no function is there.
  std::string name_at(uintptr_t address) const {
    auto after = functions_.upper_bound(address);
    if (after == functions_.begin()) return "";
    const auto& [begin, function] = *--after;
    return address < begin + function.size ? function.name : "";
  }

 private:
  struct Function {
    std::size_t size;
    std::string name;
  };

  static void read(std::ifstream& file, std::size_t offset, void* to, std::size_t size) {
    file.seekg(static_cast<std::streamoff>(offset));
    file.read(static_cast<char*>(to), static_cast<std::streamsize>(size));
  }

  void read_table(std::ifstream& file, const ElfW(Shdr) & symbols, const ElfW(Shdr) & strings) {
    std::vector<ElfW(Sym)> table(symbols.sh_size / sizeof(ElfW(Sym)));
    std::string names(strings.sh_size, '\0');
    read(file, symbols.sh_offset, table.data(), table.size() * sizeof table[0]);
    read(file, strings.sh_offset, names.data(), names.size());
    if (!file) return;
    for (const ElfW(Sym) & symbol : table) {
      if ((symbol.st_info & 0xf) != STT_FUNC || symbol.st_name >= names.size()) continue;
      functions_.insert({symbol.st_value, {symbol.st_size, names.c_str() + symbol.st_name}});
    }
  }

  std::map<uintptr_t, Function> functions_;
};

/// The file that holds the code at an address, and where it was loaded.
struct Object {
  uintptr_t address;
  uintptr_t base = 0;
  std::string path;
};

Object object_at(uintptr_t address) {
  Object object{address, 0, {}};
  dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* data) {
        Object& wanted = *static_cast<Object*>(data);
        for (int i = 0; i < info->dlpi_phnum; ++i) {
          const uintptr_t begin = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
          if (info->dlpi_phdr[i].p_type != PT_LOAD || wanted.address < begin ||
              wanted.address >= begin + info->dlpi_phdr[i].p_memsz) {
            continue;
          }
          wanted.base = info->dlpi_addr;
          wanted.path = *info->dlpi_name != '\0' ? info->dlpi_name : "/proc/self/exe";
          return 1;
        }
        return 0;
      },
      &object);
  return object;
}

std::string demangled(const std::string& name) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> text(
      abi::__cxa_demangle(name.c_str(), nullptr, nullptr, &status), &std::free);
  return status == 0 ? text.get() : name;
}

}  // namespace

std::vector<void*> backtrace_addresses() {
  std::array<void*, 64> frames;
  const int count = backtrace(frames.data(), static_cast<int>(frames.size()));
  return std::vector<void*>(frames.begin(), frames.begin() + count);
}

std::vector<std::string> function_names(const std::vector<void*>& addresses) {
  std::map<std::string, Symbols> files;
  std::vector<std::string> names;
  for (void* const address : addresses) {
    // A return address is behind the call, which may be the function's last instruction.
    const Object object = object_at(reinterpret_cast<uintptr_t>(address) - 1);
    std::string name;
    if (!object.path.empty()) {
      const Symbols& symbols = files.try_emplace(object.path, object.path).first->second;
      name = symbols.name_at(object.address - object.base);
    }
    names.push_back(name.empty() ? "?" : demangled(name));
  }
  return names;
}

}  // namespace adjoint::autograd
