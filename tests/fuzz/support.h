#pragma once
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "core/error.h"

namespace bandwright {

// Runs a reader: whatever the bytes, it returns or throws an InputError of one line.
template <class Read>
void attempt(Read read) {
  try {
    read();
  } catch (const InputError& error) {
    if (std::string_view(error.what()).find('\n') != std::string_view::npos) __builtin_trap();
  }
}

inline std::string_view as_text(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

// The bytes as a file, for readers of files: replaced each time, alone in a folder of the process's own, so
// that nothing that lies elsewhere changes what is read.
inline std::filesystem::path as_file(const std::uint8_t* data, std::size_t size, const std::string& ending) {
  static const std::filesystem::path folder = [] {
    std::filesystem::path made =
        std::filesystem::temp_directory_path() / ("bandwright_fuzz_" + std::to_string(getpid()));
    std::filesystem::create_directories(made);
    return made;
  }();
  const std::filesystem::path path = folder / ("input" + ending);
  std::ofstream(path, std::ios::binary) << as_text(data, size);
  return path;
}

}  // namespace bandwright
