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

// The bytes as a file, for readers of files; one per process, replaced each time.
inline std::filesystem::path as_file(const std::uint8_t* data, std::size_t size, const std::string& ending) {
  const std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("bandwright_fuzz_" + std::to_string(getpid()) + ending);
  std::ofstream(path, std::ios::binary) << as_text(data, size);
  return path;
}

}  // namespace bandwright
